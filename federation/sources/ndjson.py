"""Lines of JSON: one result a line, by our member names.

    {"tps":"1371011001001","candidates":{"01":127,"02":27},"figures":{"suara_sah":154}}

Rule: a line is what `POST /v1/records` takes, so a platform can test its export here;
unknown members are refused. Lines of other members, and those that the operator names,
are a table (`jsontable.py`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from federation.records.profile import Profile
from federation.records.result import FIGURES, MOST_FILES
from federation.records.tps import TpsId
from federation.sources.candidate import Aliases
from federation.sources.cell import (
    check_beside,
    check_count,
    check_object,
    join_place,
    parse_place,
)
from federation.sources.mapping import TEXTS, Options
from federation.sources.member import DraftBeginner
from federation.sources.objects import (
    Numbered,
    is_spread_out,
    read_lines,
    read_objects,
)
from federation.sources.row import Bad, BadCell, Remark, SourceRow, clip
from federation.sources.spread import Spread
from federation.sources.stream import LongLine, SourceFile
from federation.text import Sentence

_BLOCKS = ("candidates", "parties", "figures", "evidence")
_OURS = frozenset({"tps", "kelurahan", "number", *TEXTS, *_BLOCKS})
_SIGNED = frozenset({"org", "recorded_at", "type", "election"})


def read_ndjson(
    source: SourceFile,
    options: Options,
    profile: Profile,
    *,
    lines: bool = True,
    spread: Spread | None = None,
) -> Iterator[SourceRow]:
    """Every line, or item of an array, as draft, refusal or remark.

    `spread`: reads lines in several processes.

    Raises:
        ConfigError: A default is none that a result may have.
        FormatError: The file cannot be read.
    """
    members = DraftBeginner(options, profile)
    if spread is None or not lines or is_spread_out(source):
        yield from _read_values(read_objects(source, lines=lines), options, members)
        return
    read = partial(_read_lines, options, profile)
    for rows in spread(read, enumerate(source.lines(), start=1), _weigh):
        yield from rows


def _weigh(numbered: tuple[int, bytes | LongLine]) -> int:
    line = numbered[1]
    return len(line) if isinstance(line, bytes) else 0


def _read_lines(
    options: Options, profile: Profile, lines: Sequence[tuple[int, bytes | LongLine]]
) -> list[SourceRow]:
    members = DraftBeginner(options, profile)
    return list(_read_values(read_lines(lines), options, members))


def _read_values(
    values: Iterable[Numbered], options: Options, members: DraftBeginner
) -> Iterator[SourceRow]:
    left_out = options.left_out
    for row, value in values:
        if isinstance(value, Bad | Remark):
            yield value
            continue
        given: dict[str, Any] = {}
        try:
            given = check_names(value)
            if left_out:
                given = {n: value for n, value in given.items() if n not in left_out}
            yield read_members_of(row, given, members, unpadded=options.unpadded)
        except BadCell as bad:
            slot: Mapping[str, Any] = {}
            if bad.code == "count":
                tps = _read_place(given, unpadded=options.unpadded)
                texts = {name: (given[name], name) for name in TEXTS if name in given}
                slot = members.slot(tps, texts)
            yield Bad(row, bad.code, bad.reason, bad.column, slot)


def is_ours(line: object) -> bool:
    """Whether a value is a result by our member names, though perhaps not only."""
    return isinstance(line, dict) and not line.keys().isdisjoint((*_BLOCKS, *_SIGNED))


def check_names(line: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON is anything
    """The line, if it is an object of our own member names.

    Raises:
        BadCell: It is none, or has another member.
    """
    if not isinstance(line, dict):
        raise BadCell("shape", Sentence("row.no-object"))
    unknown = line.keys() - _OURS
    if unknown & _SIGNED:
        name = min(unknown & _SIGNED)
        raise BadCell("signed", Sentence("row.signed-member", name=clip(name)), name)
    if unknown:
        name = min(unknown)
        raise BadCell("member", Sentence("row.unknown-member", name=clip(name)), name)
    return line


def read_members_of(
    row: int, line: Mapping[str, Any], members: DraftBeginner, *, unpadded: bool = False
) -> SourceRow:
    """A line of our own member names as draft or remark.

    Raises:
        BadCell: It cannot be taken.
    """
    tps = _read_place(line, unpadded=unpadded)
    fields = members.begin(tps, {n: (line[n], n) for n in TEXTS if n in line})
    aliases = members.aliases(fields["contest"])
    candidates = aliases.read_chart(
        check_object(line.get("candidates"), "candidates"), "candidates", tps
    )
    parties = _read_parties(check_object(line.get("parties"), "parties"), aliases, tps)
    figures = _read_figures(check_object(line.get("figures"), "figures"))
    evidence = _read_evidence(line.get("evidence"))
    blocks = (candidates, parties, figures, evidence)
    return members.finish(row, fields, dict(zip(_BLOCKS, blocks, strict=True)))


def _read_place(line: Mapping[str, Any], *, unpadded: bool) -> TpsId:
    if "tps" in line:
        place = parse_place(_code(line["tps"], "tps"), "tps", unpadded=unpadded)
        for name in ("kelurahan", "number"):
            if line.get(name) is not None:
                check_beside(place, name, _code(line[name], name), name)
        return place
    if "kelurahan" in line and "number" in line:
        kelurahan = _code(line["kelurahan"], "kelurahan")
        number = _code(line["number"], "number")
        return join_place(kelurahan, number, ("kelurahan", "number"))
    raise BadCell("tps", Sentence("row.no-place"), "tps")


def _code(value: object, column: str) -> str:
    if type(value) is int:  # codes lose nothing as numbers: none begins with zero
        return str(value)
    if isinstance(value, str):
        return value
    raise BadCell("tps", Sentence("row.no-text", value=clip(value)), column)


def _read_figures(line: Mapping[str, Any]) -> dict[str, int]:
    figures = {}
    for name, value in line.items():
        if name not in FIGURES:
            wrong = Sentence("row.no-figure", name=clip(name))
            raise BadCell("figure", wrong, f"figures.{name}")
        count = check_count(value, f"figures.{name}")
        if count is not None:
            figures[name] = count
    return figures


def _read_parties(
    given: Mapping[str, Any], aliases: Aliases, tps: TpsId
) -> dict[str, Any]:
    parties: dict[str, Any] = {}
    for raw, party in given.items():
        number = aliases.find_party(raw, tps, f"parties.{raw}")
        if number in parties:
            why = Sentence("numbering.twice", raw=clip(raw), name=number)
            raise BadCell("party", why, "parties")
        parties[number] = _read_party(party, raw)
    return parties


def _read_party(party: object, number: str) -> dict[str, Any]:
    where = f"parties.{number}"
    if not isinstance(party, dict) or party.keys() - {"partai", "jumlah", "caleg"}:
        raise BadCell("party", Sentence("row.party-members"), where)
    read: dict[str, Any] = {}
    for name in ("partai", "jumlah"):
        count = check_count(party.get(name), f"{where}.{name}")
        if count is not None:
            read[name] = count
    caleg = check_object(party.get("caleg"), "caleg")
    votes = {who: check_count(n, f"{where}.caleg.{who}") for who, n in caleg.items()}
    if votes:
        read["caleg"] = {who: n for who, n in votes.items() if n is not None}
    return read


def _read_evidence(value: object) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > MOST_FILES:
        raise BadCell("shape", Sentence("row.no-files", most=MOST_FILES), "evidence")
    return value
