"""KPU's list of the pairs that stand in a Pilkada, by region: who has which number.

    {"3207": {"1000561": {"nama": "DR. H. HERDIAT SUNARYA - H. YANA DIANA PUTRA",
                          "nomor_urut": 2, "ts": "…", "warna": "#8CB9BD"},
              "1000562": {"nama": "KOLOM KOSONG - ", "nomor_urut": 1, …}}, …}

Rule: the number on the ballot is whose votes they are, and KPU's id is another name for
it; the order of the ids says nothing (as above). A list is whole or it is refused: a
pair that is missing would make every result there incomplete. Members other than these
two are KPU's own and left out.

Shape as served by KPU for `pkwkp` (regions of two digits) and `pkwkk` (of four).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from federation.errors import FormatError, RecordError
from federation.records.canonical import check_text
from federation.records.roster import Candidate
from federation.sources.json import decode_json
from federation.sources.row import Bad, BadCell, clip
from federation.sources.stream import SourceFile
from federation.text import Sentence

MAX_BYTES: Final = 16 << 20  # the country's lists are 340 kB
MAX_NAME: Final = 300
MAX_NUMBER: Final = 99
MAX_PAIRS: Final = 99

RaceCandidates: TypeAlias = dict[str, Candidate]
Races: TypeAlias = dict[str, RaceCandidates]


def read_paslon(source: SourceFile, races: Races) -> Iterator[Bad]:
    """Fill `races`: region → ballot number → who it is; what cannot be comes back.

    Args:
        source: The file.
        races: Is added to; regions that come back as bad are not.

    Raises:
        FormatError: The file as a whole is none of this shape.
    """
    why = Sentence("numbering.too-long", most=MAX_BYTES)
    document = decode_json(source.read_whole(MAX_BYTES, why))
    if not isinstance(document, dict) or not document:
        raise FormatError(Sentence("numbering.no-paslon"), str(source.path))
    seen: dict[str, str] = {}
    for row, (region, pairs) in enumerate(document.items(), start=1):
        try:
            races[region] = _read_race(region, pairs, seen)
        except BadCell as bad:
            yield Bad(row, bad.code, bad.reason, bad.column)


def _read_race(
    region: str, pairs: object, seen: dict[str, str]
) -> dict[str, Candidate]:
    if not isinstance(pairs, dict) or not 0 < len(pairs) <= MAX_PAIRS:
        raise BadCell("shape", Sentence("numbering.paslon-region"), clip(region))
    race: RaceCandidates = {}
    for kpu, pair in pairs.items():
        at = f"{region}.{kpu}"
        number = _read_number(pair, at)
        if number in race:
            why = Sentence("numbering.paslon-number-twice", number=number)
            raise BadCell("candidate", why, at)
        _check_id(kpu, at)
        if seen.setdefault(kpu, region) != region:
            why = Sentence("numbering.paslon-id-twice", kpu=kpu, region=seen[kpu])
            raise BadCell("candidate", why, at)
        race[number] = Candidate(name=_read_name(pair, at), aliases=(kpu,))
    return dict(sorted(race.items()))


def _read_number(pair: object, at: str) -> str:
    number = pair.get("nomor_urut") if isinstance(pair, Mapping) else None
    if isinstance(number, str) and number.isascii() and number.isdigit():
        number = int(number[:9])
    if type(number) is not int or not 1 <= number <= MAX_NUMBER:
        why = Sentence("numbering.paslon-number", said=clip(number))
        raise BadCell("candidate", why, at)
    return f"{number:02d}"


def _check_id(kpu: str, at: str) -> None:
    # Shorter ones would be ballot numbers: the very confusion that this ends.
    if not (kpu.isascii() and kpu.isdigit() and 3 <= len(kpu) <= 32):
        raise BadCell("candidate", Sentence("numbering.paslon-id", kpu=clip(kpu)), at)


def _read_name(pair: Any, at: str) -> str:  # noqa: ANN401 - JSON is anything
    name = pair.get("nama")
    # KPU joins two names by a dash: of an empty box the second is empty.
    text = " ".join(name.split()).strip(" -–—") if isinstance(name, str) else ""
    if not 0 < len(text) <= MAX_NAME:
        raise BadCell("name", Sentence("numbering.paslon-name", said=clip(name)), at)
    try:
        check_text(text, at)
    except RecordError as error:
        raise BadCell("name", error.rule, at) from error
    return text
