"""A made-up election night of any size, the same for the same numbers.

Rule: every organisation sees the same stations, each in an order of its own (by
kelurahan, as volunteers go) and with its own photos; one form in twenty is misread. A
line is what an organisation's platform would hand in:

    {"tps":"1101010001001","form":"salinan","candidates":{"01":48,…},"figures":{…},
     "evidence":[{"media_type":"image/jpeg","sha256":"…","size":231044}]}
"""

import csv
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

ELECTION = "pemilu-2024"
PER_KELURAHAN, PER_KECAMATAN, PER_KABUPATEN, PER_PROVINCE = 9, 12, 12, 13
PROVINCES = (11, 12, 13, 14, 15, 16, 17, 18, 19, 21, 31, 32, 33, 34, 35, 36, 51, 52)


def station(number: int) -> str:
    """The code of the `number`th station of the country."""
    kelurahan, place = divmod(number, PER_KELURAHAN)
    kecamatan, kelurahan = divmod(kelurahan, PER_KECAMATAN)
    kabupaten, kecamatan = divmod(kecamatan, PER_KABUPATEN)
    province, kabupaten = divmod(kabupaten, PER_PROVINCE)
    assert province < 100, "a country has an end"
    first = PROVINCES[province] if province < len(PROVINCES) else 53 + province
    codes = f"{first:02}{kabupaten + 1:02}{kecamatan + 1:02}{kelurahan + 2001:04}"
    return f"{codes}{place + 1:03}"


def order(org: str, stations: int) -> list[int]:
    """The stations in the order in which an organisation's volunteers come to them."""
    kelurahan = list(range(0, stations, PER_KELURAHAN))
    Random(org).shuffle(kelurahan)
    return [
        number
        for first in kelurahan
        for number in range(first, min(first + PER_KELURAHAN, stations))
    ]


def result(org: str, number: int) -> dict[str, Any]:
    """What this organisation read at a station."""
    form = Random(number)
    came = form.randint(95, 265)
    invalid = form.randint(0, 6)
    first = round((came - invalid) * form.uniform(0.12, 0.45))
    third = round((came - invalid) * form.uniform(0.05, 0.25))
    votes = [first, came - invalid - first - third, third]
    misread = Random(f"{org} {number}")
    if misread.random() < 0.05:
        votes[misread.randrange(3)] += misread.choice((1, 10, 100))
    photo = hashlib.sha256(f"{org} {number}".encode()).hexdigest()
    return {
        "tps": station(number),
        "form": "salinan",
        "candidates": dict(zip(("01", "02", "03"), votes, strict=True)),
        "figures": {
            "suara_sah": came - invalid,
            "suara_tidak_sah": invalid,
            "suara_total": came,
        },
        "evidence": [
            {
                "media_type": "image/jpeg",
                "sha256": photo,
                "size": form.randint(90_000, 900_000),
            }
        ],
        "ref": f"foto/{number}",
        "revision": 1,
    }


def draft(org: str, number: int) -> dict[str, Any]:
    """The same, as `POST /v1/records` takes it."""
    told = {"contest": "ppwp", "round": "reguler", "source": "observer"}
    return {**result(org, number), **told, "review": "unreviewed"}


def write_results(path: Path, org: str, numbers: Iterator[int] | list[int]) -> int:
    """The file of an organisation; how many lines it has."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for number in numbers:
            file.write(json.dumps(result(org, number), separators=(",", ":")) + "\n")
            count += 1
    return count


def write_table(path: Path, org: str, numbers: list[int]) -> int:
    """The same as CSV; how many rows it has."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for number in numbers:
            said = result(org, number)
            (photo,) = said["evidence"]
            votes, figures = said["candidates"].values(), said["figures"].values()
            place = said["tps"], said["form"], said["ref"], said["revision"]
            writer.writerow([*place, *votes, *figures, *photo.values()])
    return len(numbers)


def write_register(path: Path, stations: int) -> None:
    """The list of stations that there should be."""
    with path.open("w", encoding="utf-8") as file:
        file.write("kode_tps,provinsi,kabupaten,kecamatan,kelurahan,dpt_l,dpt_p\n")
        for number in range(stations):
            code = station(number)
            names = (f"{kind} {code[:n]}" for kind, n in _LEVELS)
            file.write(f"{code},{','.join(names)},140,141\n")


_COLUMNS = (
    *("tps", "form", "ref", "revision", "01", "02", "03"),
    *("suara_sah", "suara_tidak_sah", "suara_total"),
    *("media_type", "sha256", "size"),
)
_LEVELS = (("PROVINSI", 2), ("KABUPATEN", 4), ("KECAMATAN", 6), ("DESA", 10))
