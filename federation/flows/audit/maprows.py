"""The rows of a map out of claims that are sorted by station, and their digest.

Rule: the same pure functions as a node's (`records/merge.py`), in two passes, because a
flag of a station can depend on files at another one.

    claims   (contest, station, log, claim), sorted
    rows     the latest claim per slot → a row; set aside where files are counted
    files    (file, station), sorted                     one file at two stations
    shared   (contest, station, file), sorted            beside the rows once more

A line of claims: contest padded to 6, TPS 13, log uint16, claim (`records/claim.py`).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from federation.flows.audit.published import AscendingStations
from federation.records.admission import EncodedClaim
from federation.records.claim import Claim, decode_claim, is_newer
from federation.records.merge import (
    Placed,
    counted_files,
    digest_rows,
    encode_row,
    merge_tps,
)
from federation.records.profile import CONTESTS, Profile
from federation.records.tps import TpsId
from federation.sorting import Sorter, Spool

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


def claim_lines(claims: Sequence[EncodedClaim], log: int, end: int) -> list[bytes]:
    """The lines of those of these claims that stand below `end` in log number `log`."""
    number, padded = log.to_bytes(2), _PADDED
    return [
        padded[contest] + tps.encode() + number + claim
        for index, contest, tps, claim in claims
        if index < end
    ]


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

    def digest(self, claims: Sorter, folder: Path, run_bytes: int) -> tuple[str, int]:
        """The digest of the rows that these claims come to, and how many they are."""
        count = 0

        def counted(rows: Iterator[bytes]) -> Iterator[bytes]:
            nonlocal count
            for row in rows:
                count += 1
                yield row

        spool = Spool(folder)
        files, shared = Sorter(folder, run_bytes), Sorter(folder, run_bytes)
        try:
            spool.write(self._fold(claims, files))
            _find_shared(files, shared)
            return digest_rows(counted(self._finish(spool, shared))), count
        finally:
            for one in (spool, files, shared):
                one.close()

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
            placed = [one.placed for one in standing]
            is_expected = self._is_expected(key)
            row = _row(key, placed, frozenset(), is_expected=is_expected)
            found = _counted_files([claim for _, claim in placed])
            if not found:
                yield row
                continue
            station = key[_CONTEST:] + key[:_CONTEST]
            files.add([file.encode() + station for file in found])
            lines = [one.line for one in standing]
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
            placed = [self._placed(one) for one in aside.lines]
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
