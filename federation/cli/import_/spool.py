"""All that an import has read and not yet handed over: drafts on the disk, in order.

Rule: nothing is signed before everything was read, because rows of one polling station
may contradict each other wherever they stand (`records/contradiction.py`). Memory holds
eight bytes a row; the drafts lie in a file without a name, which goes with the process.
Only slots that are there twice are looked at again.
"""

import tempfile
from array import array
from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from federation.records.contradiction import (
    BatchRow,
    Referred,
    SlotAnswer,
    has_votes,
    judge_refs,
    judge_slot,
)
from federation.records.kinds import place_of
from federation.sorting import Sorter, Spool

BLOCK: Final = 256
Fields = dict[str, Any]

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(tuple[int, int, Fields]).decode


class SpooledDraft(NamedTuple):
    """A draft: its number among all, its file (by number), its row there."""

    number: int
    file: int
    row: int
    fields: Fields


class Drafts:
    """The drafts of one import, in the order in which they were read.

    `dropped`: the files, by number, whose drafts are not given back.
    """

    def __init__(self) -> None:
        """Open nothing that is seen; to be closed."""
        self._folder = Path(tempfile.gettempdir())
        self._spool = Spool(self._folder)
        self.dropped: set[int] = set()
        self._block: list[bytes] = []
        self._slots, self._refs = array("q"), array("q")
        self._spoilt: dict[int, tuple[str, int]] = {}  # by the hash of the slot

    def __len__(self) -> int:
        return len(self._slots)

    def close(self) -> None:
        """Give the disk back."""
        self._spool.close()

    def add(self, file: int, row: int, fields: Fields) -> None:
        """Keep one draft."""
        self._slots.append(hash(_slot(fields)))
        if "revision" in fields and "ref" in fields:
            self._refs.append(hash((fields["ref"], fields["contest"])))
        self._block.append(_encode((file, row, fields)))
        if len(self._block) == BLOCK:
            self._flush()

    def spoil(self, slot: Mapping[str, Any], file: str, row: int) -> None:
        """Note a slot of which a row could not be read."""
        self._spoilt.setdefault(hash(_slot(slot)), (file, row))

    def find_spoilt(self) -> Iterator[tuple[SpooledDraft, str, int]]:
        """Each draft of such a slot, and the file and row that could not be read."""
        for entry in self.read() if self._spoilt else ():
            spoilt = self._spoilt.get(self._slots[entry.number])
            if spoilt is not None and "revision" not in entry.fields:
                yield entry, *spoilt

    def read(self) -> Iterator[SpooledDraft]:
        """Every draft, in the order in which they were added."""
        self._flush()
        for number, data in enumerate(self._spool.read()):
            entry = SpooledDraft(number, *_decode(data))
            if entry.file not in self.dropped:
                yield entry

    def judge(self) -> Iterator[tuple[SpooledDraft, SlotAnswer, list[SpooledDraft]]]:
        """Each draft that does not simply count, its answer, and whom that names.

        Slots come in the order of their codes, the drafts of one in that of the file.
        """
        answered = set[int]()
        for judged in self._judge_refs():
            answered.add(judged[0].number)
            yield judged
        for entries in self._repeated():
            left = [entry for entry in entries if entry.number not in answered]
            rows = [BatchRow(entry.number, entry.fields) for entry in left]
            yield from _name(left, judge_slot(rows))

    def _judge_refs(
        self,
    ) -> Iterator[tuple[SpooledDraft, SlotAnswer, list[SpooledDraft]]]:
        """Revisions of one `ref` that are of several stations."""
        twice = _find_twice(self._refs)
        if not twice:
            return
        entries = [
            entry
            for entry in self.read()
            if "revision" in entry.fields
            and "ref" in entry.fields
            and hash((entry.fields["ref"], entry.fields["contest"])) in twice
        ]
        rows = (
            Referred(
                entry.number,
                (entry.fields["ref"], entry.fields["contest"]),
                entry.fields["revision"],
                _slot(entry.fields),
            )
            for entry in entries
        )
        yield from _name(entries, judge_refs(rows))

    def unread(self) -> Iterator[SpooledDraft]:
        """Of slots that are there twice the drafts that only show a photo.

        They go in first: behind the votes that somebody read from one they would stand
        in their place.
        """
        for entries in self._repeated():
            yield from (entry for entry in entries if not has_votes(entry.fields))

    def _repeated(self) -> Iterator[list[SpooledDraft]]:
        """The drafts of each slot that has several."""
        twice = _find_twice(self._slots)
        if not twice:
            return
        sorter = Sorter(self._folder)
        try:
            for entry in self.read():
                if self._slots[entry.number] in twice:
                    sorter.add([_sortable(entry)])
            group: list[SpooledDraft] = []
            for line in sorter.read():
                entry = SpooledDraft(*_decode_sorted(line.partition(b"\0")[2]))
                if group and _slot(group[0].fields) != _slot(entry.fields):
                    if len(group) > 1:  # else two slots have one hash
                        yield group
                    group = []
                group.append(entry)
            if len(group) > 1:
                yield group
        finally:
            sorter.close()

    def _flush(self) -> None:
        if self._block:
            self._spool.write(self._block)
            self._block = []


_decode_sorted: Final = msgspec.msgpack.Decoder(tuple[int, int, int, Fields]).decode


def _find_twice(hashes: Iterable[int]) -> set[int]:
    return {first for first, second in pairwise(sorted(hashes)) if first == second}


def _name(
    entries: Iterable[SpooledDraft], answers: Mapping[int, SlotAnswer]
) -> Iterator[tuple[SpooledDraft, SlotAnswer, list[SpooledDraft]]]:
    by_number = {entry.number: entry for entry in entries}
    for number, answer in sorted(answers.items()):
        yield by_number[number], answer, [by_number[other] for other in answer.rows]


def _slot(fields: Mapping[str, Any]) -> tuple[Hashable, ...]:
    """Where a draft says its one thing."""
    return (
        place_of(fields),
        fields["contest"],
        fields.get("round", ""),
        fields["source"] == "kpu",
    )


def _sortable(entry: SpooledDraft) -> bytes:
    key = "\1".join(map(str, _slot(entry.fields))).encode()
    # The number as hexadecimal sorts as it counts, and holds no zero byte.
    return b"%s\1%012x\0%s" % (key, entry.number, _encode(tuple(entry)))
