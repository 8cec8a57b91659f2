"""The register of an election: which polling stations there should be.

Rule: a register is the denominator of coverage and nothing else; what lies outside it
is flagged, never refused. Two partners with one register have one digest: SHA-256 of
the sorted codes, LF after each. Names and numbers of voters (DPT) are only shown, so
they are not part of it.

Held per village as two arrays: a country (823,236 stations) fits in 30 MB. No register
is larger than `MAX_STATIONS`, however few bytes say so: what is larger is refused
before it is held, since a range of seventeen bytes can stand for 999 stations.

Wire form between a command and the running node of the same machine: zlib over
msgpack `[election, {region: name}, [[village, [number, …], [voters, …]], …]]`.
"""

import hashlib
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import chain, repeat
from typing import NamedTuple

import msgspec

from federation.decoding import REFUSALS, explain
from federation.errors import FormatError
from federation.records.tps import TpsId, format_tps
from federation.text import Sentence, quote

UNKNOWN_VOTERS = -1
MAX_VOTERS = 999_999
MAX_STATIONS = 2_000_000  # of the largest election so far: 823,236
MAX_WIRE_BYTES = 64 << 20  # unpacked; a country is 12 MB
LEVELS = (0, 2, 4, 6, 10)  # lengths of the codes of regions, the nation to the village


class Village(NamedTuple):
    """The stations of one kelurahan: their numbers, ascending, and voters of each."""

    code: str
    numbers: "array[int]"
    voters: "array[int]"  # UNKNOWN_VOTERS where nobody said

    def codes(self) -> Iterator[TpsId]:
        """The stations' codes, ascending."""
        return (TpsId(f"{self.code}{number:03d}") for number in self.numbers)


class Register:
    """A register while it is read; stations in any order."""

    def __init__(self, election: str) -> None:
        self.election = election
        self.names: dict[str, str] = {}
        self.size = 0
        self._villages: dict[str, Village] = {}

    def add(self, tps: TpsId, voters: int | None = None) -> bool:
        """Add a station; False if it is there already (then nothing changes).

        Raises:
            FormatError: the register would be too large.
        """
        number = int(tps[10:])
        village = self._village(tps[:10])
        numbers = village.numbers
        # Files are sorted, nearly always: then this is an append.
        at = len(numbers)
        if at and numbers[-1] >= number:
            at = bisect_left(numbers, number)
            if numbers[at] == number:
                return False
        self._grow(1, tps)
        numbers.insert(at, number)
        village.voters.insert(at, UNKNOWN_VOTERS if voters is None else voters)
        return True

    def add_ranges(self, kelurahan: str, pairs: Iterable[tuple[int, int]]) -> None:
        """Add the stations of a kelurahan from each first number to its last one.

        They are counted before they are held, and each number once, however often
        the ranges say it.

        Raises:
            FormatError: the kelurahan or a number is not one, or the register would
                be too large.
        """
        missing = list[tuple[int, int]]()
        end = 0  # up to here every number of the ranges is seen
        for first, last in sorted(pairs):
            format_tps(kelurahan, first)
            format_tps(kelurahan, last)
            if last > end:
                missing.append((max(first, end + 1), last))
                end = last
        numbers = chain.from_iterable(range(a, b + 1) for a, b in missing)
        if not missing or kelurahan in self._villages:
            for number in numbers:
                self.add(format_tps(kelurahan, number))
            return
        count = sum(b - a + 1 for a, b in missing)
        self._grow(count, kelurahan)
        village = self._village(kelurahan)
        village.numbers.extend(numbers)
        village.voters.extend(repeat(UNKNOWN_VOTERS, count))

    def _village(self, code: str) -> Village:
        village = self._villages.get(code)
        if village is None:
            village = self._villages[code] = Village(code, array("H"), array("i"))
        return village

    def _grow(self, count: int, code: str) -> None:
        if self.size + count > MAX_STATIONS:
            raise FormatError(Sentence("tps_list.too-many", most=MAX_STATIONS), code)
        self.size += count

    def villages(self) -> Iterator[Village]:
        """Every village, by code."""
        return (self._villages[code] for code in sorted(self._villages))

    def codes(self) -> Iterator[TpsId]:
        """Every station, sorted."""
        return (tps for village in self.villages() for tps in village.codes())

    def count_regions(self) -> dict[str, int]:
        """How many stations each region has, from the nation down to the villages."""
        counts: dict[str, int] = {"": 0}
        for village in self._villages.values():
            for level in LEVELS:
                region = village.code[:level]
                counts[region] = counts.get(region, 0) + len(village.numbers)
        return counts

    def digest(self) -> str:
        """See `format_register_digest`."""
        return format_register_digest(self.codes())


def format_register_digest(codes: Iterable[str]) -> str:
    """Hex SHA-256 of the sorted codes, LF after each.

    Source: docs/reference/domain.md, "TPS codes"
    """
    digest = hashlib.sha256()
    for code in codes:
        digest.update(code.encode() + b"\n")
    return digest.hexdigest()


class _Wire(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    election: str
    names: dict[str, str]
    villages: list[tuple[str, list[int], list[int]]]


def encode_register(register: Register) -> bytes:
    """The register as bytes, to be handed to the running node."""
    villages = [
        (village.code, list(village.numbers), list(village.voters))
        for village in register.villages()
    ]
    wire = _Wire(register.election, register.names, villages)
    return zlib.compress(msgspec.msgpack.encode(wire), 1)


def decode_register(data: bytes) -> Register:
    """The register that `encode_register` wrote.

    Raises:
        FormatError: The bytes are damaged, or hold what is no station.
    """
    unpack = zlib.decompressobj()
    try:
        body = unpack.decompress(data, MAX_WIRE_BYTES)
        wire = msgspec.msgpack.decode(body, type=_Wire)
    except zlib.error as error:
        raise FormatError(
            Sentence("member.register-because", error=quote(error))
        ) from error
    except REFUSALS as error:
        raise explain(error, what=Sentence("member.a-register")) from error
    if not unpack.eof:
        raise FormatError(Sentence("member.register-cut-off"))
    register = Register(wire.election)
    register.names = wire.names
    for village, numbers, voters in wire.villages:
        if len(numbers) != len(voters):
            raise FormatError(Sentence("member.register-voters"), village)
        for number, held in zip(numbers, voters, strict=True):
            known = None if held == UNKNOWN_VOTERS else held
            if known is not None and not 0 <= known <= MAX_VOTERS:
                raise FormatError(Sentence("member.voters", known=known), village)
            register.add(format_tps(village, number), known)
    return register
