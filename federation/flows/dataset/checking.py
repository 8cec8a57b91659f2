"""Whether a package is what it says: its files, its map, its rows.

Rule: nothing of a package is believed. Its files are digested again. Its map is the one
that an audit has made again from signed records, or it is not proved. Every row of that
map is looked for in the files, and every row of the files in the map. A package that
is older than its source is made again from the first records of each log, as many as it
names; where that cannot be done, older and changed cannot be told apart.

    stations   status, comparison, flags, organisations, versions, votes from and to
    results    which statements stand, by whom, where they are signed, votes that count

`disputed` are such rows where the map says so. Of gaps and coverage, of KPU's figures
and of forms that are not read back, what holds is that the files are those that were
written; which of it was compared is said.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec
from msgspec import UNSET

from federation.errors import FederationError
from federation.flows.audit import AuditFinding, AuditReport
from federation.flows.dataset.package import digest_file, read_package
from federation.flows.dataset.packagefile import DataPackage
from federation.flows.dataset.reading import READABLE, read_rows
from federation.records.keystatement import parse_origin
from federation.records.merge import Row, decode_row
from federation.records.publishedmap import PublishedMap
from federation.text import Sentence

_COMPARED: Final = frozenset({"stations", "results", "disputed"})
_MAX_TOLD: Final = 20


class PackageVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What can be said of a package.

    `intact`: all files are there and as listed; else `damaged` names them. `map`: the
    digest that it names; `proved`: an audit has made just that map from signed records,
    of which a source has `since` more now; `refuted`: it has made another one of just
    the records that are named.
    `compared`: rows of the map that were looked for; `differing`: stations of which the
    files say something else, the first ones. `holds`: nothing is wrong, and all proved.
    """

    package: str
    files: int
    rows: int
    complete: bool
    intact: bool
    damaged: tuple[str, ...]
    map: str
    proved: bool
    refuted: bool
    since: int
    compared: int
    differing: tuple[str, ...]
    holds: bool

    def findings(self, *, is_alone: bool) -> Iterator[AuditFinding]:
        """What is wrong with it; `is_alone`: nothing else is.

        What is only not proved may follow from what is wrong with the sources.
        """
        if not self.complete:
            yield self._find("missing", Sentence("dataset.check-incomplete"))
        if self.damaged:
            names = ", ".join(self.damaged)
            yield self._find("damaged", Sentence("dataset.check-damaged", names=names))
        if self.refuted:
            yield self._find("map", Sentence("dataset.check-refuted", digest=self.map))
        elif not self.proved and is_alone:
            yield self._find("map", Sentence("dataset.check-unproved", digest=self.map))
        if self.differing:
            names = ", ".join(self.differing)
            yield self._find("map", Sentence("dataset.check-differing", names=names))

    def _find(self, kind: str, detail: Sentence) -> AuditFinding:
        return AuditFinding(
            kind=kind, level="error", source=self.package, detail=detail
        )


class PackageCheck:
    """A package beside the maps that an audit makes again."""

    def __init__(self, folder: Path) -> None:
        """Read what it says, and digest its files.

        Raises:
            FormatError: there is no package of ours in this folder.
            OSError: it cannot be read.
        """
        self._folder = folder
        self._package = read_package(folder)
        self._damaged = tuple(_damaged(folder, self._package))
        self._of_state = set[tuple[str, str]]()
        self._compared = dict[tuple[str, str], ComparedRows]()

    @property
    def map(self) -> PublishedMap:
        """The map that it says it was made of."""
        return self._package.federation.map

    def watch(self, source: str, published: PublishedMap) -> "ComparedRows | None":
        """Takes the rows of a map that is made again, in their order."""
        origin, where = self._package.federation, (source, published.digest)
        if not published.is_same_state(origin.map):
            return None
        self._of_state.add(where)
        if (
            origin.what not in _COMPARED
            or self._damaged
            or not all(part.format in READABLE for part in self._package.resources)
            or origin.format == "excel"
        ):
            return None
        rows = self._compared[where] = ComparedRows(self._folder, self._package)
        return rows

    def judge(self, report: AuditReport) -> PackageVerdict:
        """What it comes to; `report`: of the audit that has made maps again."""
        origin = self._package.federation
        earlier = () if report.earlier is UNSET else report.earlier
        of_state = [
            made
            for made in (*report.maps, *earlier)
            if (made.source, made.published) in self._of_state
        ]
        proving = [made for made in of_state if made.recomputed == origin.map.digest]
        by = proving[0] if proving else None
        rows = self._compared.get((by.source, by.published)) if by else None
        differing = tuple(rows.end()) if rows else ()
        return PackageVerdict(
            package=str(self._folder),
            files=len(self._package.resources),
            rows=sum(part.rows for part in self._package.resources),
            complete=origin.complete,
            intact=not self._damaged,
            damaged=self._damaged,
            map=origin.map.digest,
            proved=bool(proving),
            refuted=bool(of_state and not proving),
            since=self._count_since(report, by.source) if by in earlier else 0,
            compared=rows.count if rows else 0,
            differing=differing,
            holds=bool(
                origin.complete and proving and not self._damaged and not differing
            ),
        )

    def _count_since(self, report: AuditReport, source: str) -> int:
        """How many records more than the package was made of the source has."""
        counted = self.map.vector
        return sum(
            max(0, log.size - counted.get(log.origin, 0))
            for log in report.logs
            if log.source == source
            and parse_origin(log.origin).election == self.map.election
        )


class ComparedRows:
    """The rows of the files, beside those of a map that come in the same order."""

    def __init__(self, folder: Path, package: DataPackage) -> None:
        self.count = 0
        self._origin = package.federation
        self._differing = list[str]()
        self._lines = (
            row for part in package.resources for row in read_rows(folder, part)
        )
        self._next: Mapping[str, str] | None = self._read()

    def take(self, data: bytes) -> None:
        """The next row of the map."""
        row = decode_row(data)
        origin = self._origin
        if row.contest != origin.contest or not row.tps.startswith(origin.region):
            return
        if origin.what == "disputed" and row.status != "disputed":
            return
        said = self._read_until(row.tps)
        self.count += 1
        is_same = (
            len(said) == 1 and _is_station(said[0], row)
            if origin.what == "stations"
            else _are_statements(said, row)
        )
        if not is_same:
            self._differ(row.tps)

    def end(self) -> list[str]:
        """Nothing more comes; the stations that differ."""
        while self._next is not None:
            self._differ(self._next.get("tps", ""))
            self._next = self._read()
        return self._differing

    def _read_until(self, tps: str) -> list[Mapping[str, str]]:
        """The lines of a station; any before it are of none that the map has."""
        said = []
        while self._next is not None and self._next.get("tps", "") <= tps:
            if self._next.get("tps") == tps:
                said.append(self._next)
            else:
                self._differ(self._next.get("tps", ""))
            self._next = self._read()
        return said

    def _read(self) -> Mapping[str, str] | None:
        try:
            return next(self._lines, None)
        except FederationError as error:
            self._differ(str(error))
            return None

    def _differ(self, where: str) -> None:
        if len(self._differing) < _MAX_TOLD and where not in self._differing:
            self._differing.append(where)


def _is_station(said: Mapping[str, str], row: Row) -> bool:
    orgs = {org for group in row.groups for org in group.orgs}
    told = {
        "status": row.status,
        "compared_with_kpu": row.official or "",
        "flags": " ".join(row.flags),
        "orgs": " ".join(sorted(orgs)),
        "versions": str(len(row.groups)),
    }
    return all(said.get(name) == value for name, value in told.items()) and all(
        said[f"{part}_{number}"] == str(pick(votes)) if votes else not said[name]
        for name in said
        for part, _, number in [name.partition("_")]
        if part in {"least", "most"} and number
        for pick in [min if part == "least" else max]
        for votes in [[g.votes[number] for g in row.groups if number in g.votes]]
    )


def _are_statements(said: list[Mapping[str, str]], row: Row) -> bool:
    standing = {
        (claim.origin, str(claim.index), claim.record, claim.org, claim.round)
        for claim in row.claims
    }
    written = [
        (one.get("origin"), one.get("index"), one.get("record"), one.get("org"),
         one.get("round"))
        for one in said
    ]  # fmt: skip
    votes = {org: group.votes for group in row.groups for org in group.orgs}
    # A row that says of itself that it is KPU's, or does not count, hides no votes.
    counted = {one.get("org", "") for one in said if not _is_unsaid(one)}
    return (
        votes.keys() <= counted
        and set(written) == standing
        and len(written) == len(standing)
        and all(
            one.get("status") == row.status
            and one.get("flags") == " ".join(row.flags)
            and one.get("compared_with_kpu") == (row.official or "")
            and (_is_unsaid(one) or _has(one, votes.get(one["org"])))
            for one in said
        )
    )


def _is_unsaid(one: Mapping[str, str]) -> bool:
    """Of KPU's, and of rounds that do not count, a map says who stands, no votes."""
    return one.get("source") != "monitor" or one.get("counted") != "1"


def _has(one: Mapping[str, str], votes: Mapping[str, int] | None) -> bool:
    written = {
        name.removeprefix("votes_"): cell
        for name, cell in one.items()
        if name.startswith("votes_") and name != "votes_other" and cell
    }
    others = (pair.partition("=") for pair in one.get("votes_other", "").split())
    written |= {number: count for number, _, count in others}
    return written == {number: str(count) for number, count in (votes or {}).items()}


def _damaged(folder: Path, package: DataPackage) -> Iterator[str]:
    for part in package.resources:
        try:
            is_same = digest_file(folder / part.path) == part.hash
        except OSError:
            is_same = False
        if not is_same:
            yield part.path
