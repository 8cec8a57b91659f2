"""`federation forensics` on a terminal."""

import json
import random
import re

VILLAGE = "3171011001"


def test_a_pattern_names_its_stations_with_their_kelurahan(
    own_home, federation, tmp_path
):
    draw = random.Random(1)
    codes = [f"{VILLAGE}{number:03}" for number in range(1, 13)]
    votes = [[draw.randrange(60, 90) for _ in range(3)] for _ in codes]
    votes[-1] = votes[0]
    stations, results = tmp_path / "stations.csv", tmp_path / "results.csv"
    stations.write_text(
        "kode_tps,kode_kelurahan,kelurahan,dpt\n"
        + "".join(f"{code},{VILLAGE},Gambir,290\n" for code in codes)
    )
    results.write_text(
        "kode_tps,paslon_01,paslon_02,paslon_03\n"
        + "".join(
            f"{c},{','.join(map(str, v))}\n" for c, v in zip(codes, votes, strict=True)
        )
    )
    which = ("--election", "pemilu-2024")
    assert federation("tps-list", "import", *which, stations).code == 0
    assert federation("import", *which, "--contest", "ppwp", results).code == 0
    asked = ("forensics", "3171", *which, "--pattern", "equal")
    told = json.loads(federation(*asked, "--json").out)
    named = [one["tps"] for found in told["patterns"] for one in found["stations"]]
    assert named == codes[:1]
    out = federation(*asked, "--lang", "en").out
    assert re.search(rf"^{codes[0]} Gambir: .*{codes[-1]}", out, re.MULTILINE)
