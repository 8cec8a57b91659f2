"""The provinces of the elections of 2024, by KPU's codes: their names, their capitals.

Rule: facts that every list of regions shares and none of ours says: a node without a
register still calls a province by its name, and a figure of a province still has a
point on a map. The codes are those of Kemendagri, with the four provinces of Papua that
were made in 2022. Another numbering may give a code another province: where a register
calls it by another name, nothing here speaks of it (`is_province`).

A capital stands where its name does on any map, to a tenth of a degree, some 11 km: it
is the point of a province, never of what happened there.

Sources: names, KPU's register of 2024; capitals, the laws by which the provinces were
made (Kalimantan Selatan: UU 8/2022; Papua: UU 14, 15, 16, 29/2022); coordinates, those
of the cities in GeoNames, rounded.
"""

from functools import lru_cache
from typing import Final, NamedTuple

from federation.records.tps import OVERSEAS

_SHORTER: Final = ("daerahistimewa", "dki", "di", "kepulauan")


class Province(NamedTuple):
    """A province; its capital's place in degrees east and north, to one decimal."""

    name: str
    capital: str
    longitude: float
    latitude: float


PROVINCES: Final[dict[str, Province]] = {
    "11": Province("Aceh", "Banda Aceh", 95.3, 5.5),
    "12": Province("Sumatera Utara", "Medan", 98.7, 3.6),
    "13": Province("Sumatera Barat", "Padang", 100.4, -1.0),
    "14": Province("Riau", "Pekanbaru", 101.4, 0.5),
    "15": Province("Jambi", "Jambi", 103.6, -1.6),
    "16": Province("Sumatera Selatan", "Palembang", 104.8, -2.9),
    "17": Province("Bengkulu", "Bengkulu", 102.3, -3.8),
    "18": Province("Lampung", "Bandar Lampung", 105.3, -5.4),
    "19": Province("Kepulauan Bangka Belitung", "Pangkalpinang", 106.1, -2.1),
    "21": Province("Kepulauan Riau", "Tanjungpinang", 104.5, 0.9),
    "31": Province("DKI Jakarta", "Jakarta", 106.8, -6.2),
    "32": Province("Jawa Barat", "Bandung", 107.6, -6.9),
    "33": Province("Jawa Tengah", "Semarang", 110.4, -7.0),
    "34": Province("Daerah Istimewa Yogyakarta", "Yogyakarta", 110.4, -7.8),
    "35": Province("Jawa Timur", "Surabaya", 112.8, -7.2),
    "36": Province("Banten", "Serang", 106.2, -6.1),
    "51": Province("Bali", "Denpasar", 115.2, -8.7),
    "52": Province("Nusa Tenggara Barat", "Mataram", 116.1, -8.6),
    "53": Province("Nusa Tenggara Timur", "Kupang", 123.6, -10.2),
    "61": Province("Kalimantan Barat", "Pontianak", 109.3, 0.0),
    "62": Province("Kalimantan Tengah", "Palangka Raya", 113.9, -2.2),
    "63": Province("Kalimantan Selatan", "Banjarbaru", 114.8, -3.4),
    "64": Province("Kalimantan Timur", "Samarinda", 117.1, -0.5),
    "65": Province("Kalimantan Utara", "Tanjung Selor", 117.4, 2.8),
    "71": Province("Sulawesi Utara", "Manado", 124.8, 1.5),
    "72": Province("Sulawesi Tengah", "Palu", 119.9, -0.9),
    "73": Province("Sulawesi Selatan", "Makassar", 119.4, -5.2),
    "74": Province("Sulawesi Tenggara", "Kendari", 122.5, -4.0),
    "75": Province("Gorontalo", "Gorontalo", 123.1, 0.5),
    "76": Province("Sulawesi Barat", "Mamuju", 118.9, -2.7),
    "81": Province("Maluku", "Ambon", 128.2, -3.7),
    "82": Province("Maluku Utara", "Sofifi", 127.6, 0.7),
    "91": Province("Papua", "Jayapura", 140.7, -2.5),
    "92": Province("Papua Barat", "Manokwari", 134.1, -0.9),
    "93": Province("Papua Selatan", "Merauke", 140.4, -8.5),
    "94": Province("Papua Tengah", "Nabire", 135.5, -3.4),
    "95": Province("Papua Pegunungan", "Wamena", 138.9, -4.1),
    "96": Province("Papua Barat Daya", "Sorong", 131.3, -0.9),
}


def is_province(code: str, name: str) -> bool:
    """Whether a register that calls `code` so means the province of this table.

    `name`: "" where the register says none. Votes cast abroad are of no province, and
    there is one code for them in all registers.
    """
    known = PROVINCES.get(code)
    if code == OVERSEAS or known is None or not name:
        return code == OVERSEAS or known is not None
    return _plain(known.name) == _plain(name)


@lru_cache(maxsize=256)
def _plain(name: str) -> str:
    """A name as it is compared: KPU writes "P A P U A" and leaves out "Kepulauan"."""
    letters = "".join(filter(str.isalpha, name.casefold()))
    for prefix in _SHORTER:
        if letters.startswith(prefix) and len(letters) > len(prefix) + 3:
            letters = letters.removeprefix(prefix)
    return letters
