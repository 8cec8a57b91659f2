"""Tables with a row for each candidate, joined to one result a polling station.

    kode_tps,calon,suara,sah
    1371011001001,01,127,154
    1371011001001,02,27,154

Rule: the rows of one polling station are joined wherever they stand; the order of the
file decides nothing. A station of which one row cannot be read, or which lacks a
candidate, is refused as a whole: a result without somebody's votes would be false.
"""

import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from federation.sorting import Sorter
from federation.sources.member import DraftBeginner
from federation.sources.row import Bad, BadCell, Draft, SourceRow
from federation.text import Sentence

Lacking = Callable[[str, str, Collection[str]], list[str]]  # contest, TPS, ids

_SLOT: Final = ("contest", "round", "source")
_CODE: Final = "candidate-rows"
FIGURE: Final = "="  # in the place of a candidate: the row is about a figure


class CandidateRow(NamedTuple):
    """One candidate's row: the members before the votes, and the other blocks.

    Without a candidate it only marks its station: that row could not be read.
    """

    row: int
    fields: dict[str, Any]
    candidate: str = ""
    votes: int | None = None
    blocks: dict[str, Any] = {}  # noqa: RUF012  never written to
    names: Mapping[int, str] = {}


class _Line(msgspec.Struct, frozen=True, array_like=True):
    """A part on its way through the sorter."""

    row: int
    fields: dict[str, Any]
    candidate: str
    votes: int | None
    blocks: dict[str, Any]
    names: Mapping[int, str]


_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Line).decode


def join_parts(
    parts: Iterator[CandidateRow | SourceRow], members: DraftBeginner, lacking: Lacking
) -> Iterator[SourceRow]:
    """A draft, or refusals, for each polling station; other rows pass at once.

    Args:
        parts: In the order of the file, each code of 13 characters.
        members: Finishes drafts.
        lacking: Names who stands at a station and is not among these ids.
    """
    sorter = Sorter(Path(tempfile.gettempdir()))
    try:
        for part in parts:
            if isinstance(part, CandidateRow):
                sorter.add([_sortable(part)])
            else:
                yield part
        for _, group in groupby(sorter.read(), key=_key_of):
            yield from _join_station([_open(line) for line in group], members, lacking)
    finally:
        sorter.close()


def _sortable(part: CandidateRow) -> bytes:
    # The row number behind the code: the parts of a station stay in the file's order.
    key = part.fields["tps"].encode() + part.row.to_bytes(6, "big")
    return b"".join((key, _encode(_Line(*part))))


def _key_of(line: bytes) -> bytes:
    return line[:13]


def _open(line: bytes) -> _Line:
    return _decode(line[19:])


def _join_station(
    lines: Sequence[_Line], members: DraftBeginner, lacking: Lacking
) -> Iterator[SourceRow]:
    spoilt = [line for line in lines if not line.candidate]
    slots: dict[tuple[str, ...], list[_Line]] = {}
    for line in lines:
        if line.candidate:
            slot = tuple(line.fields[name] for name in _SLOT)
            slots.setdefault(slot, []).append(line)
    for of_slot in slots.values():
        if spoilt:
            yield from _refuse(of_slot, spoilt[0].row, "incomplete", "")
            continue
        try:
            yield _join(of_slot, members, lacking)
        except BadCell as bad:
            first, *rest = of_slot
            yield Bad(first.row, bad.code, bad.reason, bad.column)
            yield from _refuse(rest, first.row, bad.code, bad.column)


def _refuse(
    lines: Sequence[_Line], other: int, code: str, column: str
) -> Iterator[Bad]:
    for line in lines:
        tps = line.fields["tps"]
        reason = Sentence("row.row-of-group", tps=tps, other=other)
        yield Bad(line.row, code, reason, column)


def _join(
    lines: Sequence[_Line], members: DraftBeginner, lacking: Lacking
) -> SourceRow:
    votes = _join_votes(lines)
    fields, blocks = _join_rest(lines)
    # Who has a row without votes was not read; who has none would be passed over.
    named = {line.candidate for line in lines}
    absent = lacking(fields["contest"], fields["tps"], named) if votes else []
    if absent:
        names = ", ".join(absent)
        reason = Sentence("row.no-such-votes", tps=fields["tps"], names=names)
        raise BadCell("candidate", reason)
    row = members.finish(lines[0].row, fields, {"candidates": votes, **blocks})
    places = {level: name for line in lines for level, name in line.names.items()}
    return row._replace(names=places) if places and isinstance(row, Draft) else row


def _join_votes(lines: Sequence[_Line]) -> dict[str, int]:
    votes: dict[str, int] = {}
    first: dict[str, _Line] = {}
    for line in lines:
        if line.votes is None:
            continue
        before = first.setdefault(line.candidate, line)
        if before.votes != line.votes:
            twice = Sentence(
                "row.candidate-twice",
                tps=line.fields["tps"],
                name=line.candidate,
                first=before.votes,
                first_row=before.row,
                second=line.votes,
                second_row=line.row,
            )
            raise BadCell(_CODE, twice)
        votes[line.candidate] = line.votes
    return dict(sorted(votes.items()))


def _join_rest(lines: Sequence[_Line]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Members and blocks that all lines agree on; what only some say counts as said."""
    fields: dict[str, Any] = {}
    blocks: dict[str, Any] = {}
    first: dict[str, tuple[object, int]] = {}
    for line in lines:
        figures = line.blocks.get("figures", {})
        for name, value in (*line.fields.items(), *figures.items()):
            before, row = first.setdefault(name, (value, line.row))
            if before != value:
                differ = Sentence(
                    "row.rows-differ",
                    tps=line.fields["tps"],
                    name=name,
                    first=before,
                    first_row=row,
                    second=value,
                    second_row=line.row,
                )
                raise BadCell(_CODE, differ, name)
        fields |= line.fields
        for name, block in line.blocks.items():
            if isinstance(block, dict):
                blocks[name] = blocks.get(name, {}) | block
            elif block:
                blocks[name] = block
    return fields, blocks
