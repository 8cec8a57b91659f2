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
_PARTIES: Final = (*range(1, 18), 24)
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
            form, eye = Random(f"{seed} {code}"), Random(f"{seed} {org} {code}")
            came = form.randint(95, 265)
            for contest in CONTESTS:
                if contest == "pdprdk" and code.startswith(_WITHOUT_KABUPATEN):
                    continue
                yield _read(org, code, contest, came, form, eye)


def _read(
    org: str, code: str, contest: str, came: int, form: Random, eye: Random
) -> dict[str, Any]:
    """One form as an organisation read it; `form` and `eye` decide what is wrong."""
    invalid = form.randrange(1 + came // 12)
    ids, members = _votes(contest, came - invalid, form)
    figures = {
        "suara_sah": came - invalid,
        "suara_tidak_sah": invalid,
        "suara_total": came,
        "pengguna_total_j": came,
    }
    for name, share in FORMS_WRONG.items():
        if form.random() < share:
            figures[name] += form.choice((1, 10, 100))
    if eye.random() < MISREAD:
        members[eye.choice(ids)] += eye.choice((1, 10, 100))
    photo = hashlib.sha256(f"{org} {code} {contest}".encode()).hexdigest()
    return {
        "tps": code,
        "contest": contest,
        "form": "salinan",
        **_shape(contest, members),
        "figures": figures,
        "evidence": [
            {
                "media_type": "image/jpeg",
                "sha256": photo,
                "size": form.randint(90_000, 900_000),
            }
        ],
        "ref": f"foto/{code}/{contest}",
        "revision": 1,
    }


def _votes(
    contest: str, valid: int, form: Random
) -> tuple[tuple[str, ...], dict[str, int]]:
    """Who stands there, and how many of the valid votes each has."""
    if contest == "ppwp":
        ids: tuple[str, ...] = ("01", "02", "03")
    elif contest == "pdpd":
        ids = tuple(f"{number:02}" for number in range(1, 13))
    else:
        ids = tuple(map(str, _PARTIES))
    cuts = sorted(int(form.random() * (valid + 1)) for _ in ids[1:])
    parts = (end - start for start, end in zip([0, *cuts], [*cuts, valid], strict=True))
    return ids, dict(zip(ids, parts, strict=True))


def _shape(contest: str, votes: dict[str, int]) -> dict[str, Any]:
    if contest in {"ppwp", "pdpd"}:
        return {"candidates": votes}
    return {"parties": {one: {"jumlah": count} for one, count in votes.items()}}
