"""KPU's figures imported again and again, and what `federation kpu` then tells."""

import json

import pytest

CODE, OTHER = "3171011001001", "3171011001002"
THERE, GONE = (44, 78, 18), None


def document(votes, ts="2024-02-16 23:00:00", **members):
    chart = {f"10002{5 + n}": count for n, count in enumerate(votes)} if votes else None
    code = members.pop("code", CODE)
    image = f"https://sirekap-obj-formc.kpu.go.id/aa/pemilu/ppwp/31/{code}-1.jpg"
    usual = {"chart": chart, "administrasi": None, "psu": None, "ts": ts}
    return usual | {"images": [image, None, None]} | members


@pytest.fixture
def bring(federation, tmp_path):
    """Imports documents as KPU's; the counts that are not 0."""

    def run(documents, *options):
        path = tmp_path / "kpu.json"
        path.write_text(json.dumps(documents))
        ended = federation(
            "import", path, "--election", "pemilu-2024", "--source", "kpu",
            "--allow-unlisted", "--json", *options,
        )  # fmt: skip
        told = json.loads(ended.out)["rows"]
        return {name: count for name, count in told.items() if count}

    return run


@pytest.fixture
def kpu(federation):
    """What `federation kpu` tells as JSON."""

    def run(*options):
        return json.loads(
            federation("kpu", "--json", "--election", "pemilu-2024", *options).out
        )

    return run


def test_a_newer_snapshot_says_only_what_changed(own_home, bring, kpu):
    first = {CODE: document(THERE), OTHER: document((1, 2, 3), code=OTHER)}
    assert bring(first) == {"logged": 2}
    assert bring(first) == {"held": 2}
    # Published again at another time, but one figure changed.
    later = "2024-02-17 10:00:00"
    second = {
        CODE: document((54, 78, 18), later),
        OTHER: document((1, 2, 3), later, code=OTHER),
    }
    assert bring(second) == {"logged": 1, "held": 1}
    [changed] = kpu("--kind", "changed")["changes"]
    assert (changed["tps"], changed["before"]["01"], changed["now"]["01"]) == (
        CODE,
        44,
        54,
    )
    assert changed["published"] == "2024-02-17T03:00:00Z"


def test_an_older_snapshot_changes_nothing_and_one_that_goes_back_does(
    own_home, bring, kpu
):
    first, second = (
        {CODE: document(votes, f"2024-02-1{day} 10:00:00")}
        for day, votes in ((6, THERE), (8, (54, 78, 18)))
    )
    bring(first)
    bring(second)
    assert bring(first) == {"held": 1}
    assert bring({CODE: document((1, 1, 1), "2024-02-17 10:00:00")}) == {"stale": 1}
    assert bring({CODE: document(THERE, "2024-02-19 10:00:00")}) == {"logged": 1}
    assert kpu()["counts"]["kinds"]["changed"] == 2


@pytest.mark.slow
def test_a_document_without_figures_withdraws_what_it_had_and_nothing_else(
    own_home, bring, kpu
):
    bring({CODE: document(THERE)})
    empty = document(GONE, "2024-02-17 10:00:00")
    never = document(GONE, code=OTHER)
    assert bring({CODE: empty, OTHER: never}) == {"withdrawn": 1, "no-numbers": 1}
    assert bring({CODE: empty, OTHER: never}) == {"no-numbers": 2}
    # What is missing in a folder that holds a part of them is not withdrawn.
    assert bring({OTHER: document((1, 2, 3), code=OTHER)}) == {"logged": 1}
    assert [one["kind"] for one in kpu()["changes"]].count("withdrawn") == 1
    # Neither is what an earlier document does not have.
    assert bring({CODE: document(THERE, "2024-02-18 10:00:00")}) == {"logged": 1}
    assert bring({CODE: empty}) == {"no-numbers": 1}
    assert kpu("--kind", "withdrawn")["counts"]["kinds"]["appeared"] == 3


def test_people_are_told_in_a_table_and_get_all_of_it_as_a_file(
    own_home, bring, federation, tmp_path
):
    stations = tmp_path / "stations.csv"
    stations.write_text(
        f"kode_tps,kode_kelurahan,kelurahan,dpt\n{CODE},{CODE[:10]},Gambir,200\n"
    )
    federation("tps-list", "import", "--election", "pemilu-2024", stations)
    bring({CODE: document(THERE)})
    empty = federation("kpu", "--election", "pemilu-2024", "--contest", "pdpr")
    assert "--source kpu" in empty.out
    told = federation("kpu", "--election", "pemilu-2024", "--lang", "en")
    assert f"{CODE} Gambir" in " ".join(told.out.split())
    assert "01=44 02=78 03=18" in told.out
    assert "no monitor to compare with" in told.out
    path = tmp_path / "all.csv"
    federation("kpu", "--election", "pemilu-2024", "--csv", path)
    head, row = path.read_text("utf-8-sig").splitlines()
    assert "now_01" in head
    assert CODE in row
