"""A made-up general election over the real list of stations of 2024, of any size.

Each station has five contests, each read by three organisations. Rule: the same `seed`
gives the same rows. Kelurahan come in a shuffled order, as they do in a night;
all contests of a station come together, and each organisation goes through a part in an
order of its own. What goes wrong goes wrong as often as it did:

    a form      its sums do not hold, whoever reads it (`FORMS_WRONG`)
    a reading   one organisation has one figure off by 1, 10 or 100 (`MISREAD`)

Left out: the DPRD of a kabupaten where there is none (Jakarta), and stations abroad,
whose codes in that list are not KPU's (docs/reference/domain.md).
Source: docs/reference/domain.md, "Sums"; data/README.md of the shared data, "939 TPS"
"""

import gzip
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

ELECTION: Final = "pemilu-2024"
ORGS: Final = ("kawalpemilu.example", "jagasuara.example", "jagapemilu.example")
CONTESTS: Final = ("ppwp", "pdpr", "pdprdp", "pdprdk", "pdpd")
#: Of 465 documents with figures: valid and invalid votes are not the total, 11; the
#: total is not the number of voters who came, or of ballots used, 50.
FORMS_WRONG: Final = {"suara_total": 11 / 465, "pengguna_total_j": 50 / 465}
#: Of 939 stations that three organisations read, 42 had one that differs.
MISREAD: Final = 42 / 939 / 3
_OFF: Final = (1, 10, 100)
_PARTIES: Final = tuple(map(str, (*range(1, 18), 24)))
_IDS: Final = {
    "ppwp": ("01", "02", "03"),
    "pdpr": _PARTIES,
    "pdprdp": _PARTIES,
    "pdprdk": _PARTIES,
    "pdpd": tuple(f"{number:02}" for number in range(1, 13)),
}
_WITHOUT_KABUPATEN: Final = "31"
_OVERSEAS: Final = "99"


def read_stations(register: Path, seed: int) -> list[str]:
    """The codes of all stations at home, kelurahan by kelurahan in a shuffled order."""
    with gzip.open(register, "rt", encoding="utf-8") as text:
        villages: dict[str, list[int]] = json.load(text)["tps"]
    codes = sorted(code for code in villages if not code.startswith(_OVERSEAS))
    Random(seed).shuffle(codes)
    return [f"{code}{n:03}" for code in codes for n in _numbers(villages[code])]


def _numbers(ranges: Sequence[int]) -> Iterator[int]:
    """`[4, 901, 902]` are 1 to 4 and 901 to 902; `[-26]` is number 26 alone."""
    first, *others = ranges
    yield from range(1, first + 1) if first > 0 else [-first]
    for start, end in zip(others[::2], others[1::2], strict=True):
        yield from range(start, end + 1)


def read_by(org: str, stations: Sequence[str], seed: int) -> Iterator[dict[str, Any]]:
    """What an organisation hands in of these stations, as rows of a file of lines.

    `seed`: as `read_stations` had it.
    """
    order = list(range(0, len(stations), 10))
    Random(f"{seed} {org} {stations[0]}").shuffle(order)
    for start in order:
        for code in stations[start : start + 10]:
            came = 95 + _draw(f"{seed} {code}")[0] * 170 // 255
            for contest in CONTESTS:
                if contest == "pdprdk" and code.startswith(_WITHOUT_KABUPATEN):
                    continue
                form = _draw(f"{seed} {code} {contest}")
                eye = _draw(f"{seed} {code} {contest} {org}")
                yield _read(code, contest, came, form, eye)


def _draw(what: str) -> bytes:
    """64 bytes of chance, the same for the same words; far quicker than `Random`."""
    return hashlib.blake2b(what.encode()).digest()


def _happens(share: float, drawn: bytes) -> bool:
    """Whether something does that happens so often; `drawn`: eight bytes."""
    return int.from_bytes(drawn, "big") < share * (1 << 64)


def _read(
    code: str, contest: str, came: int, form: bytes, eye: bytes
) -> dict[str, Any]:
    """One form as an organisation read it; `form` and `eye` decide what is wrong."""
    invalid = form[24] % (1 + came // 12)
    ids = _IDS[contest]
    votes = _divide(came - invalid, ids, form)
    figures = {
        "suara_sah": came - invalid,
        "suara_tidak_sah": invalid,
        "suara_total": came,
        "pengguna_total_j": came,
    }
    for at, (name, share) in zip((32, 41), FORMS_WRONG.items(), strict=True):
        if _happens(share, form[at : at + 8]):
            figures[name] += _OFF[form[at + 8] % len(_OFF)]
    if _happens(MISREAD, eye[:8]):
        votes[ids[eye[8] % len(ids)]] += _OFF[eye[9] % len(_OFF)]
    return {
        "tps": code,
        "contest": contest,
        "form": "salinan",
        **_shape(contest, votes),
        "figures": figures,
        "evidence": [
            {
                "media_type": "image/jpeg",
                "sha256": eye[32:].hex(),
                "size": 90_000 + int.from_bytes(form[50:53], "big") % 810_000,
            }
        ],
        "ref": f"foto/{code}/{contest}",
        "revision": 1,
    }


def _divide(valid: int, ids: Sequence[str], form: bytes) -> dict[str, int]:
    """The valid votes among those who stand there, a byte of chance for each."""
    weights = [1 + byte for byte in form[: len(ids)]]
    whole = sum(weights)
    votes = {one: valid * w // whole for one, w in zip(ids, weights, strict=True)}
    votes[ids[0]] += valid - sum(votes.values())
    return votes


def _shape(contest: str, votes: dict[str, int]) -> dict[str, Any]:
    if contest in {"ppwp", "pdpd"}:
        return {"candidates": votes}
    return {"parties": {one: {"jumlah": count} for one, count in votes.items()}}
