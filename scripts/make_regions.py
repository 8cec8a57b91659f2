"""Write `federation/profiles/regions-2024.z`: the codes of the kelurahan of 2024.

    python scripts/make_regions.py            write it, and print what was counted
    python scripts/make_regions.py --count    print only

The data lie beside the project (`FEDERATION_SHARED`, default `../shared`; its README
names the sources): the register of Kawal Pemilu of 2024 is the list; the register of
2019 and KPU's documents of 2024 say how far it can be believed.
"""

import csv
import gzip
import io
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from federation.records.regions import encode_regions, is_kpu_overseas

ROOT: Final = Path(__file__).resolve().parent.parent
FILE: Final = ROOT / "federation" / "profiles" / "regions-2024.z"
OVERSEAS: Final = "99"


def shared_folder() -> Path:
    """Where the shared data lie."""
    return Path(os.environ.get("FEDERATION_SHARED", ROOT.parent / "shared")) / "data"


def read_2024(data: Path) -> list[str]:
    """The codes of kelurahan of 2024, overseas too, sorted."""
    path = data / "register2024" / "kp24-tps-register.json.gz"
    return sorted(json.loads(gzip.decompress(path.read_bytes()))["tps"])


def read_2019(data: Path) -> list[str]:
    """The codes of kelurahan in the register of 2019, sorted."""
    path = data / "pilpres2019" / "nation-register.csv.gz"
    text = gzip.decompress(path.read_bytes()).decode()
    return sorted({row["kode_tps"][:10] for row in csv.DictReader(io.StringIO(text))})


def read_sirekap(data: Path) -> list[str]:
    """The codes of kelurahan in KPU's documents of 2024, sorted."""
    folder = data / "sirekap2024"
    presidential = folder / "sirekap2024-ppwp-dki-1000tps.json"
    return sorted({code[:10] for code in json.loads(presidential.read_bytes())})


def main(arguments: list[str]) -> None:
    """Count, and write the list unless told only to count."""
    data = shared_folder()
    codes = read_2024(data)
    home = [code for code in codes if not code.startswith(OVERSEAS)]
    earlier, kpu = read_2019(data), read_sirekap(data)
    abroad = [code for code in codes if code.startswith(OVERSEAS)]
    packed = encode_regions(home)
    for line in (
        f"2024: {len(home)} kelurahan at home, {len(abroad)} abroad",
        f"2024: abroad, of KPU's form {sum(map(is_kpu_overseas, abroad))}",
        f"2024: seventh digit at home {_seventh(home)}",
        f"2024: of digit 3, by kabupaten {_of_adat(home)}",
        f"2019: {len(earlier)} kelurahan, {_missing(earlier, home)} not of 2024",
        f"2019: seventh digit {_seventh(earlier)}",
        f"KPU 2024: {len(kpu)} kelurahan, {_missing(kpu, home)} not of the list",
        f"{FILE.name}: {len(packed)} bytes",
    ):
        sys.stdout.write(f"{line}\n")
    if "--count" not in arguments:
        FILE.write_bytes(packed)


def _seventh(codes: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(code[6] for code in codes).items()))


def _of_adat(codes: Iterable[str]) -> dict[str, int]:
    return dict(Counter(code[:4] for code in codes if code[6] == "3"))


def _missing(some: Iterable[str], known: Iterable[str]) -> int:
    return len(set(some) - set(known))


if __name__ == "__main__":
    main(sys.argv[1:])
