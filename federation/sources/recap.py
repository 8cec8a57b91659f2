"""The sums of regions, as tables, lines of JSON and programs bring them.

    {"region":"317101","candidates":{"01":2432},"figures":{"suara_sah":5120},
     "stations":{"counted":80,"total":82}}

    wilayah;01;02;suara_sah;tps_masuk;jumlah_tps
    317101;2432;2688;5120;80;82

Rule: a row that names a region in place of a station is such a sum; the nation is `0`.
Candidates and parties go through the profile as everywhere. A column or member that is
not known is refused, for nobody would see that it was left out of a sum.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from federation.errors import ConfigError, FormatError
from federation.records.problem import Problem
from federation.records.profile import Profile
from federation.records.recap import NATION_CODE, RECAP_REGION
from federation.records.result import FIGURES, MOST_FILES
from federation.records.tally import race_level
from federation.records.tps import TPS_LENGTH
from federation.sources.candidate import NO_ID, Aliases
from federation.sources.cell import check_object, check_sum
from federation.sources.csv import Cells, CsvTable
from federation.sources.headers import KNOWN, PLAIN_TPS, guess
from federation.sources.mapping import Options
from federation.sources.member import only_contest, read_member
from federation.sources.names import names_of
from federation.sources.numbered import OtherCandidateError, normalise
from federation.sources.objects import read_objects
from federation.sources.row import (
    NO_NUMBERS,
    Bad,
    BadCell,
    Columns,
    Draft,
    Remark,
    SourceRow,
    Use,
    clip,
)
from federation.sources.stream import SourceFile
from federation.text import Sentence

_TEXTS: Final = ("contest", "source", "observed_at", "ref", "revision", "note")
_BLOCKS: Final = ("candidates", "parties", "figures", "stations", "evidence")
RECAP_MEMBERS: Final = frozenset({"region", *_TEXTS, *_BLOCKS})
#: How people head the column of the region; what a table says of the stations.
REGION_HEADERS: Final = frozenset({"region", "wilayah", "kode_wilayah"})
_STATION_HEADERS: Final = frozenset(
    name for target in ("tps", PLAIN_TPS, "number") for name in KNOWN[target]
)
_STATIONS: Final = {
    **dict.fromkeys(("counted", "progres", "tps_masuk"), "counted"),
    **dict.fromkeys(("total", "jumlah_tps", "total_tps"), "total"),
}
_FORMS: Final = frozenset({"d_hasil", "dhasil", "d_hasil_kecamatan", "d_hasil_kabko"})
_NATION: Final = frozenset({NATION_CODE, "indonesia", "nasional", "nation"})


class RecapDrafter:
    """Reads sums for one file, or one program."""

    def __init__(self, options: Options, profile: Profile) -> None:
        """Check the defaults of `options`.

        Raises:
            ConfigError: A default is none that such a record may have.
        """
        self._profile = profile
        self._aliases: dict[str, Aliases] = {}
        self.contest = options.contest or only_contest(profile)
        try:
            self._source = read_member("source", options.source, "source")
            if self.contest is not None:
                self._check_contest(self.contest)
        except BadCell as bad:
            raise ConfigError("--" + bad.column, "", bad.reason) from bad

    def read(self, row: int, line: Mapping[str, Any]) -> SourceRow:
        """A line of the members above as draft or remark.

        Raises:
            BadCell: It cannot be taken.
        """
        fields = self._begin(line)
        contest, region = fields["contest"], fields["region"]
        place = "" if region == NATION_CODE else region
        if len(place) < race_level(contest):
            # KPU's list of all races says how far they are, and no votes.
            if not _says_votes(line):
                return Remark(row, NO_NUMBERS, _nothing(region))
            raise BadCell("region", Sentence("recap.several-races"), "region")
        blocks = {
            "candidates": self._votes(line.get("candidates"), contest, place),
            "parties": self._parties(line.get("parties"), contest, place),
            "figures": _figures(line.get("figures")),
            "stations": _stations(line.get("stations")),
            "evidence": _evidence(line.get("evidence")),
        }
        fields.update({name: block for name, block in blocks.items() if block})
        right, wrong = "candidates", "parties"
        if self._profile.is_party_contest(contest):
            right, wrong = wrong, right
        if wrong in fields:
            raise BadCell("votes", Sentence(f"row.no-{wrong}", contest=contest), wrong)
        if right not in fields:
            return Remark(row, NO_NUMBERS, _nothing(region))
        return Draft(row, fields)

    def _begin(self, line: Mapping[str, Any]) -> dict[str, Any]:
        """The members before the sums."""
        unknown = line.keys() - RECAP_MEMBERS
        if unknown:
            name = min(unknown)
            why = Sentence("row.unknown-member", name=clip(name))
            raise BadCell("member", why, name)
        fields: dict[str, Any] = {"source": self._source}
        for name in _TEXTS:
            value = read_member(name, line.get(name), name)
            if value is not None:
                fields[name] = value
        contest = fields.setdefault("contest", self.contest)
        if contest is None:
            raise BadCell("contest", Sentence("columns.no-contest"), "contest")
        self._check_contest(contest)
        fields["region"] = self._region(line.get("region"))
        return fields

    def problems(self, line: Mapping[str, Any]) -> list[Problem]:
        """All that is wrong with a line that `read` refuses, each member by itself."""
        basis = {n: line[n] for n in ("region", "contest") if n in line}
        alone: list[Mapping[str, Any]] = [basis]
        alone += [{**basis, n: line[n]} for n in line if n not in basis]
        found = dict[Problem, None]()
        for part in (*alone, line):
            try:
                self.read(0, part)
            except BadCell as bad:
                found[Problem(bad.column, bad.code, bad.reason)] = None
        return list(found)

    def _check_contest(self, contest: str) -> None:
        if contest not in self._profile.contests:
            held = ", ".join(self._profile.contests)
            why = Sentence(
                "row.no-contest",
                contest=clip(contest),
                election=self._profile.election,
                held=held,
            )
            raise BadCell("contest", why, "contest")

    def _region(self, value: object) -> str:
        text = str(value).strip() if isinstance(value, str | int) else ""
        if text.lower() in _NATION:
            text = NATION_CODE
        if not RECAP_REGION.match(text):
            why = Sentence("recap.no-region", value=clip(value))
            raise BadCell("region", why, "region")
        return text

    def _alias(self, contest: str) -> Aliases:
        if contest not in self._aliases:
            self._aliases[contest] = Aliases(self._profile, contest)
        return self._aliases[contest]

    def _votes(self, given: object, contest: str, place: str) -> dict[str, int]:
        find = self._alias(contest).find
        return _read_each(given, "candidates", lambda raw, at: find(raw, at, place))

    def _parties(self, given: object, contest: str, place: str) -> dict[str, Any]:
        find = self._alias(contest).find_party
        sums = {
            raw: party.get("jumlah") if isinstance(party, dict) else party
            for raw, party in check_object(given, "parties").items()
        }
        read = _read_each(sums, "parties", lambda raw, at: find(raw, place, at))
        return {number: {"jumlah": count} for number, count in read.items()}


def _says_votes(line: Mapping[str, Any]) -> bool:
    return any(line.get(name) for name in ("candidates", "parties"))


def _nothing(region: str) -> Sentence:
    return Sentence("recap.nothing-summed", region=region)


def _read_each(
    given: object, name: str, find: Callable[[str, str], str]
) -> dict[str, int]:
    votes: dict[str, int] = {}
    for raw, value in check_object(given, name).items():
        at = f"{name}.{raw}"
        count = None if raw == NO_ID else check_sum(value, at)
        if count is None:
            continue
        known = find(raw, at)
        if known in votes:
            why = Sentence("numbering.twice", raw=clip(raw), name=known)
            raise BadCell("candidate", why, name)
        votes[known] = count
    return votes


def _figures(given: object) -> dict[str, int]:
    figures = {}
    for name, value in check_object(given, "figures").items():
        at = f"figures.{name}"
        if name not in FIGURES:
            raise BadCell("figure", Sentence("row.no-figure", name=clip(name)), at)
        count = check_sum(value, at)
        if count is not None:
            figures[name] = count
    return figures


def _stations(given: object) -> dict[str, int]:
    said = check_object(given, "stations")
    if not said:
        return {}
    counts = {n: check_sum(said.get(n), f"stations.{n}") for n in ("counted", "total")}
    counted, total = counts["counted"], counts["total"]
    if said.keys() != counts.keys() or counted is None or total is None:
        raise BadCell("shape", Sentence("recap.stations"), "stations")
    if counted > total:
        raise BadCell("value", Sentence("recap.more-counted"), "stations.counted")
    return {"counted": counted, "total": total}


def _evidence(value: object) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > MOST_FILES:
        raise BadCell("shape", Sentence("row.no-files", most=MOST_FILES), "evidence")
    return value


def is_recap_header(cells: Sequence[str]) -> bool:
    """Whether a table's header names regions and no stations.

    `kode_wilayah` is a kelurahan's code in a table that has the numbers of its TPS.
    """
    names = {normalise(cell) for cell in cells}
    return bool(names & REGION_HEADERS) and not names & _STATION_HEADERS


def is_recap_table(header: Sequence[str], first: Sequence[str]) -> bool:
    """Whether a table is of sums, by its header and its first row.

    People head the codes of stations with `kode_wilayah`, too.
    """
    places = [
        cell.strip()
        for name, cell in zip(header, first, strict=False)
        if normalise(name) in REGION_HEADERS
    ]
    return is_recap_header(header) and not any(len(p) == TPS_LENGTH for p in places)


def is_recap_line(line: object) -> bool:
    """Whether a value of a file is such a sum, by its members."""
    return isinstance(line, dict) and "region" in line and "tps" not in line


def read_recaps(
    source: SourceFile, options: Options, profile: Profile
) -> Iterator[SourceRow]:
    """Every row of a table, or every line of JSON, as draft, refusal or remark.

    Raises:
        ConfigError: A default is none that such a record may have.
        FormatError: The file cannot be read.
    """
    drafter = RecapDrafter(options, profile)
    start = source.peek().lstrip()[:1]
    if start in {b"{", b"["}:
        rows = _lines(source, is_list=start == b"[")
    else:
        rows = _cells(source, options, profile)
    for row, line in rows:
        if not isinstance(line, dict):
            yield line
            continue
        try:
            yield drafter.read(row, line)
        except BadCell as bad:
            yield Bad(row, bad.code, bad.reason, bad.column)


def _lines(
    source: SourceFile, *, is_list: bool
) -> Iterator[tuple[int, SourceRow | dict[str, Any]]]:
    for row, line in read_objects(source, lines=not is_list):
        if isinstance(line, Bad | Remark | dict):
            yield row, line
        else:
            yield row, Bad(row, "shape", Sentence("row.no-object"))


def _cells(
    source: SourceFile, options: Options, profile: Profile
) -> Iterator[tuple[int, SourceRow | dict[str, Any]]]:
    table = CsvTable(source, options.delimiter, is_header=is_recap_header)
    where = Sentence("file.row", row=table.header_row)
    targets = [_target(cell, options, profile) for cell in table.header]
    twice = sorted({t for t in targets if targets.count(t) > 1})
    if twice:
        raise FormatError(Sentence("recap.column-twice", name=twice[0]), where)
    unknown = [h for h, target in zip(table.header, targets, strict=True) if not target]
    if unknown:
        raise FormatError(Sentence("recap.column", name=clip(unknown[0])), where)
    uses = tuple(map(Use, table.header, targets))
    yield table.header_row, Columns(table.header_row, uses)
    for line in table.rows():
        if not isinstance(line, Cells):
            yield line.row, line
            continue
        yield line.row, _read_cells(line, targets)


def _read_cells(line: Cells, targets: Sequence[str]) -> SourceRow | dict[str, Any]:
    members: dict[str, Any] = {}
    for target, cell in zip(targets, line.cells, strict=True):
        head, _, rest = target.partition(".")
        if not cell.strip():
            continue
        if rest:
            members.setdefault(head, {})[rest.partition(".")[0]] = cell
        else:
            members[head] = cell
    form = members.pop("form", "")
    if form and normalise(form) not in _FORMS:
        why = Sentence("recap.form", form=clip(form))
        return Bad(line.row, "form", why, "form")
    return members


def _target(header: str, options: Options, profile: Profile) -> str:
    """The member that a column holds; "": none that is known."""
    name = normalise(header)
    if name in REGION_HEADERS:
        return "region"
    if name in _STATIONS:
        return f"stations.{_STATIONS[name]}"
    contest = options.contest or only_contest(profile)
    of_parties = contest is not None and profile.is_party_contest(contest)
    try:
        target = guess(header, names_of(profile, options), parties=of_parties).target
    except OtherCandidateError:
        return ""
    group = target.partition(".")[0]
    known = {*_TEXTS, "candidates", "parties", "figures", "form"}
    return target if group in known and ".caleg." not in target else ""
