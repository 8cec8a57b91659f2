"""The merged map made again from verified leaves, without a database, and compared.

Rule: the rows are made by the same pure functions as a node's (`records/merge.py`), of
the same claims: those of each log below the size that the published map names for it,
below the end that a successor log names, of no other log. All claims are sorted by
station on disk, so memory does not grow with the country. Where the disk is full the
map is not made again, and that is said; what was proved of the records stands.

Used so: `load_basis`, then a `MapAudit` for each source and election; `take` the
claims of each bundle; `cover` each log when it is done, with its chain and how far it
was verified; `judge` once, in a thread: it takes a while. Claims have to be made with
`MapAudit.profile`.

The rows are made in two passes, because a flag of a station can depend on files at
another one:

    claims   (contest, station, log, claim), sorted
    rows     the latest claim per slot → a row; set aside where files are counted
    files    (file, station), sorted                     one file at two stations
    shared   (contest, station, file), sorted            beside the rows once more

A line of claims: contest padded to 6, TPS 13, log uint16, claim (`records/claim.py`).
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol, TypeAlias

import msgspec
from msgspec import UNSET

from federation.flows.audit.published import AscendingStations, MapBasis
from federation.flows.audit.report import Findings, MapReport
from federation.records.claim import (
    Claim,
    EncodedClaims,
    decode_claim,
    decode_places,
    is_newer,
    split_claims,
)
from federation.records.keychain import KeyChain
from federation.records.keystatement import Follows, parse_origin
from federation.records.merge import (
    Placed,
    counted_files,
    digest_rows,
    encode_row,
    merge_tps,
)
from federation.records.profile import CONTESTS, Profile
from federation.records.publishedmap import PublishedMap
from federation.records.tps import TpsId
from federation.sorting import RUN_BYTES, Sorter, Spool
from federation.text import Sentence
from federation.text.cause import cause_of
from federation.tlog.tile import WIDTH

_CONTEST: Final = 6
_KEY: Final = _CONTEST + 13
_CLAIM: Final = _KEY + 2
_FILE: Final = 64
# Padding sorts before every letter, so that lines sort as (contest, station) do.
_PADDED: Final = {name: name.ljust(_CONTEST).encode() for name in CONTESTS}
_NAMES: Final = {padded: name for name, padded in _PADDED.items()}


class _Aside(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A row with counted files, until it is known which of them are shared."""

    key: bytes
    is_expected: bool
    row: bytes
    lines: list[bytes]


_MARK: Final = b"\0"  # a row begins with a brace
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Aside).decode


class _Standing(NamedTuple):
    """The latest statement of a slot, and the line that it was read from."""

    line: bytes
    placed: Placed


def claim_lines(claims: Sequence[EncodedClaims], log: int, end: int) -> list[bytes]:
    """The lines of those of these claims that stand below `end` in log number `log`."""
    number, padded = log.to_bytes(2), _PADDED
    return [
        padded[place.contest] + place.tps.encode() + number + claim
        for _, body in claims
        for place, claim in zip(
            decode_places(body), split_claims(body).values(), strict=True
        )
        if place.index < end
    ]


class RowWatch(Protocol):
    """Looks at the rows of a map that is made again, in their order."""

    def take(self, data: bytes) -> None:
        """The next one, as it is digested."""


#: Who looks at the rows of this map of a source as it is made again; None: nobody.
MapWatcher: TypeAlias = Callable[[str, PublishedMap], RowWatch | None]


def watch_nothing(_source: str, _published: PublishedMap) -> None:
    """Nobody looks at the rows."""


class Counted(NamedTuple):
    """A log, and below which index its claims count."""

    origin: str
    end: int


class MapRows:
    """The rows of one map; to be read once."""

    def __init__(
        self,
        logs: Sequence[Counted],
        profile: Profile,
        stations: AscendingStations | None,
    ) -> None:
        """`logs` by their number in the lines; no `stations`: all are expected."""
        self._logs, self._profile, self._stations_of = logs, profile, stations

    def digest(
        self, claims: Sorter, folder: Path, run_bytes: int, watch: RowWatch | None
    ) -> tuple[str, int]:
        """The digest of the rows that these claims come to, and how many they are.

        `watch` is given each of them.
        """
        count = 0

        def counted(rows: Iterator[bytes]) -> Iterator[bytes]:
            nonlocal count
            for row in rows:
                count += 1
                if watch is not None:
                    watch.take(row)
                yield row

        spool = Spool(folder)
        files, shared = Sorter(folder, run_bytes), Sorter(folder, run_bytes)
        try:
            spool.write(self._fold(claims, files))
            _find_shared(files, shared)
            return digest_rows(counted(self._finish(spool, shared))), count
        finally:
            for file in (spool, files, shared):
                file.close()

    def _stations(self, claims: Sorter) -> Iterator[tuple[bytes, list[_Standing]]]:
        """What stands at each station and contest, in the order of the map."""
        key, slots = b"", dict[tuple[str, bool, str], _Standing]()
        for line in claims.read():
            if not line.startswith(key) or not key:
                if slots:
                    yield key, list(slots.values())
                key, slots = line[:_KEY], {}
            number = int.from_bytes(line[_KEY:_CLAIM])
            claim, log = decode_claim(line[_CLAIM:]), self._logs[number]
            if claim.index < log.end:
                slot = claim.org, claim.official, claim.round
                held = slots.get(slot)
                if held is None or is_newer(claim, held.placed[1]):
                    slots[slot] = _Standing(line, (log.origin, claim))
        if slots:
            yield key, list(slots.values())

    def _fold(self, claims: Sorter, files: Sorter) -> Iterator[bytes]:
        """Every row, but set aside where it counts files, which go to `files`."""
        for key, standing in self._stations(claims):
            placed = [statement.placed for statement in standing]
            is_expected = self._is_expected(key)
            row = _row(key, placed, frozenset(), is_expected=is_expected)
            counted = _counted_files([claim for _, claim in placed])
            if not counted:
                yield row
                continue
            station = key[_CONTEST:] + key[:_CONTEST]
            files.add([file.encode() + station for file in counted])
            lines = [statement.line for statement in standing]
            yield _MARK + _encode(_Aside(key, is_expected, row, lines))

    def _is_expected(self, key: bytes) -> bool:
        """Whether the register has the station, and the contest is held there."""
        stations, tps = self._stations_of, TpsId(key[_CONTEST:].decode())
        if not self._profile.stands(_NAMES[key[:_CONTEST]], tps):
            return False
        return stations is None or stations.has(key[_CONTEST:])

    def _finish(self, spool: Spool, shared: Sorter) -> Iterator[bytes]:
        """The rows as they are digested."""
        pairs = shared.read()
        pair = next(pairs, b"")
        for line in spool.read():
            if line[:1] != _MARK:
                yield line
                continue
            aside = _decode(line[1:])
            names = set[str]()
            while pair and pair.startswith(aside.key):
                names.add(pair[_KEY:].decode())
                pair = next(pairs, b"")
            if not names:
                yield aside.row
                continue
            placed = [self._placed(claim) for claim in aside.lines]
            shown = frozenset(names)
            yield _row(aside.key, placed, shown, is_expected=aside.is_expected)

    def _placed(self, line: bytes) -> Placed:
        number = int.from_bytes(line[_KEY:_CLAIM])
        return self._logs[number].origin, decode_claim(line[_CLAIM:])


def _find_shared(files: Sorter, shared: Sorter) -> None:
    """Put (row, file) of the files that are counted at two stations in `shared`."""
    file, first, held = b"", b"", list[bytes]()
    for line in files.read():
        station, key = line[_FILE : _FILE + 13], line[_FILE + 13 :]
        key += station
        if line[:_FILE] != file:
            file, first, held = line[:_FILE], station, []
        if station == first:
            held.append(key + file)  # at most one for each contest
            continue
        shared.add([*held, key + file])
        held = []


def _row(
    key: bytes, placed: Sequence[Placed], shared: frozenset[str], *, is_expected: bool
) -> bytes:
    contest, tps = _NAMES[key[:_CONTEST]], key[_CONTEST:].decode()
    row = merge_tps(contest, tps, placed, in_register=is_expected, shared_files=shared)
    assert row is not None, "something stands there"
    return encode_row(row)


def _counted_files(claims: Sequence[Claim]) -> frozenset[str]:
    for claim in claims:
        if claim.files:
            return counted_files(claims)
    return frozenset()  # for most


class MapAudit:
    """The map of one election, of one source, made again."""

    def __init__(
        self,
        basis: MapBasis,
        folder: Path,
        run_bytes: int = RUN_BYTES,
        *,
        watch: RowWatch | None = None,
    ) -> None:
        """`folder` is for lines that memory does not hold; see `sorting`."""
        self._basis, self._folder, self._run_bytes = basis, folder, run_bytes
        self._watch = watch
        self._vector = {} if basis.published is None else basis.published.vector
        self._numbers = {origin: at for at, origin in enumerate(sorted(self._vector))}
        self._claims = Sorter(folder, run_bytes)
        self._covered: dict[str, tuple[int, int]] = {}
        self._follows: dict[str, Follows] = {}
        self._fault: Sentence | None = None

    @property
    def profile(self) -> Profile:
        """With which the claims have to be made."""
        profile = self._basis.profile
        assert profile is not None, "a map was published, and rests on one"
        return profile

    def wants(self, origin: str) -> bool:
        """Whether the published map names this log."""
        return origin in self._vector

    def take(self, origin: str, claims: Sequence[EncodedClaims]) -> None:
        """Take what some verified leaves of a log claim: each claim once."""
        end = self._vector.get(origin, 0)
        if self._fault or not claims or claims[0].bundle * WIDTH >= end:
            return
        try:
            self._claims.add(claim_lines(claims, self._numbers[origin], end))
        except OSError as error:
            self._fail(error)

    def cover(self, chain: KeyChain, start: int, end: int) -> None:
        """The log of these keys is verified: its leaves from `start` to below `end`."""
        origin = chain.origin
        self._covered[origin] = start, end
        follows = chain.statements[-1].follows
        if self.wants(origin) and follows is not UNSET:
            self._follows[origin] = follows

    def judge(self, source: str, findings: Findings) -> MapReport | None:
        """What the map comes to, beside what was published.

        Returns:
            None where there is no map to compare with, or not all that it is made from
            is at hand; then `findings` has a note that says so.
        """
        published = self._basis.published
        absent = self._find_absent()
        if published is None or absent or self._fault:
            self.close()
            if published is not None:
                self._note(published, source, findings, absent or self._fault)
            return None
        try:
            digest, rows = self.recompute()
        except OSError as error:
            self._fail(error)
            self._note(published, source, findings, self._fault)
            return None
        is_equal = digest == published.digest and rows == published.rows
        if not is_equal:
            findings.add("map", source, detail=_describe(published, digest, rows))
        return MapReport(
            source=source,
            election=published.election,
            published=published.digest,
            recomputed=digest,
            stations=rows,
            equal=is_equal,
        )

    def recompute(self) -> tuple[str, int]:
        """The digest of the map, and how many rows it has; once only."""
        rows = MapRows(self._count_logs(), self.profile, self._basis.stations)
        try:
            return rows.digest(self._claims, self._folder, self._run_bytes, self._watch)
        finally:
            self.close()

    def close(self) -> None:
        """Give memory and disk back; for whoever does not come to `judge`."""
        self._claims.close()

    def _fail(self, error: OSError) -> None:
        """Write no more and give back what was: the disk is full, or fails."""
        self._fault = cause_of(error)
        self.close()

    @staticmethod
    def _note(
        published: PublishedMap, source: str, findings: Findings, why: Sentence | None
    ) -> None:
        detail = Sentence("audited.map-not-made", election=published.election)
        if why is not None:
            detail = Sentence("machine.at", place=detail, cause=why)
        findings.add("no-map", source, detail=detail)

    def _find_absent(self) -> Sentence | None:
        """The first log of which something that the map is made from is not at hand."""
        for origin, size in self._vector.items():
            start, end = self._covered.get(origin, (0, 0))
            if size and (start > 0 or end < size):
                return Sentence(
                    "audited.map-without",
                    start=0 if start else end,
                    end=size - 1,
                    origin=origin,
                )
        return None

    def _count_logs(self) -> list[Counted]:
        """Every log of the map, by number, and below which index it counts."""
        ends = dict(self._vector)
        for origin, follows in self._follows.items():
            if follows.origin in ends and parse_origin(origin).generation > 1:
                ends[follows.origin] = min(ends[follows.origin], follows.size)
        return [Counted(origin, ends[origin]) for origin in self._numbers]


def _describe(published: PublishedMap, digest: str, rows: int) -> Sentence:
    return Sentence(
        "audited.map-other",
        election=published.election,
        published=published.digest,
        published_rows=published.rows,
        digest=digest,
        rows=rows,
    )
