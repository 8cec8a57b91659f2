"""Real figures of 2019, three snapshots with planted changes: all found, none invented.

The whole country, by processes of their own: `make attack ARGS="kpu --data nation"`.
"""

import json
import random

import pytest

from tests.attacks import kpu

VILLAGES = ("1371011001", "1371011002", "1371011003", "1371011004", "1371011005")


@pytest.mark.slow
def test_every_planted_change_of_kpus_figures_is_found_and_none_invented(
    federation, shared, tmp_path
):
    data = shared / "data/pilpres2019"
    register, copies, situng = (data / name for name in kpu.FILES["sample"])
    whole = kpu.read_country(copies, situng)
    few = kpu.Country(
        {
            code: votes
            for code, votes in whole.monitors.items()
            if code[:10] in VILLAGES
        },
        {code: one for code, one in whole.kpu.items() if code[:10] in VILLAGES},
    )
    lines = copies.read_text().splitlines()
    mine = tmp_path / "copies.csv"
    kept = [line for line in lines[1:] if line[:10] in VILLAGES]
    mine.write_text("\n".join([lines[0], *kept]) + "\n")

    def told(*arguments):
        first, *rest = arguments
        ended = federation(first, *rest, "--election", kpu.ELECTION, "--json")
        assert ended.code == 0, ended
        return json.loads(ended.out)

    federation("tps-list", "import", register, "--election", kpu.ELECTION)
    told("import", mine, "--form", "salinan")
    assert len(few.kpu) > 2 * len(kpu.PLANTS)
    assert kpu.play(told, tmp_path, few, 2, random.Random(3)) == 0
