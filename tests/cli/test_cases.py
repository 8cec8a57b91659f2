"""The importer's files as found in the wild: exactly these records, and no others.

The inputs lie in `shared/cases`, a folder each; here stand the right values. What is
not of an importer is held where its room is: 03 and 42 in `tests/node/test_intake.py`,
09 with KPU's list in `tests/cli/test_candidates.py`, 13, 14 and 35 in
`tests/cli/test_unreachable.py`, 32 in `tests/cli/test_streams.py`, 39 and 46 in
`tests/web` and `tests/flows/publish`, 43 and 44 in `tests/config` and `tests/store`,
47 and 50 in `tests/cli/test_ending.py`.
"""

import json

import pytest

from federation.config.home import Home
from federation.records.sealed import leaf_text, parse_statement
from federation.store import leaves as stored
from federation.store import logs
from federation.store.db import Database

POSO = "7202011001"
ALL = {"01": 61, "02": 98, "03": 20}
FEW = {"01": 1, "02": 2, "03": 3}
KOBO = (
    *("--map", "tps=identitas/kode_tps", "--map", "01=suara/paslon_01"),
    *("--map", "02=suara/paslon_02", "--map", "03=suara/paslon_03"),
)


@pytest.fixture
def case(shared):
    """The path of something in a case's folder; the number is enough."""

    def find(number, name):
        (folder,) = (shared / "cases").glob(f"{number}-*")
        return folder / name

    return find


@pytest.fixture
def bring(federation, own_home):
    """Imports for pemilu-2024; gives the answer, and TPS → votes of what was signed."""

    def run(*words):
        options = ("--json", "--alone", "--election", "pemilu-2024")
        ended = federation("import", *options, "--contest", "ppwp", *words)
        return ended, {one.tps: dict(one.candidates) for one in signed(own_home)}

    return run


def signed(home):
    database = Database.open(Home(home).data, readonly=True)
    try:
        with database.view() as view:
            log = logs.get_log(view, "jagasuara.example/pemilu-2024")
            leaves = stored.read_leaves(view, log.id, 1, log.size)
    finally:
        database.close()
    return [parse_statement(leaf_text(leaf)[:-1]) for leaf in leaves]


@pytest.mark.parametrize(
    ("source", "words", "votes", "refused"),
    [
        ("01/no.csv", (), {"004": ALL, "007": {"01": 50, "02": 40, "03": 10}}, []),
        ("04/dup.csv", (), {"002": FEW}, [2, 4]),
        ("07/lost.csv", (), {}, [2]),
        ("10/ln.csv", (), {}, [2, 3, 4]),
        ("11/in", (), {"001": ALL, "002": FEW}, []),
        ("16/note.csv", (), {"001": ALL}, []),
        (
            "17/kobo.csv",
            KOBO,
            {"001": ALL, "002": {"01": 55, "02": 120, "03": 11}},
            [],
        ),
        ("18/s.csv", (), {"001": ALL}, []),
        ("18/t.csv", (), {"002": ALL}, []),
        ("20/w.csv", (), {"001": ALL}, []),
        ("24/n.csv", (), {"001": ALL}, []),
        ("26/m.csv", (), {"001": ALL, "002": FEW}, []),
        (
            "27/d.csv",
            (),
            {
                "001": {"01": 127, "02": 98, "03": 20},
                "002": {"01": 127, "02": 1, "03": 2},
                "003": {"02": 1, "03": 2},
                "004": {"02": 1, "03": 2},
            },
            [],
        ),
        ("28/f.ndjson", (), {"001": ALL}, []),
        ("30/h.csv", (), {"004": ALL, "005": ALL, "006": FEW}, []),
        ("34/b.csv", (), {}, [2]),
        ("38/t.csv", (), {"001": ALL}, []),
        ("38/title.csv", (), {"001": ALL}, []),
        ("41/ok.csv", (), {"001": ALL}, []),
        ("51/bom.csv", (), {"001": ALL}, []),
        ("51/u16.csv", (), {"002": ALL}, []),
        ("51/cp.csv", (), {"003": ALL}, []),
        ("51/sep.csv", (), {"004": ALL}, []),
        ("52/n.csv", (), {"005": {"02": 1, "03": 2}}, [2, 3, 4, 5]),
    ],
)
def test_a_file_from_the_wild_gives_exactly_these_records(
    bring, case, source, words, votes, refused
):
    ended, found = bring(*words, case(*source.split("/")))
    said = json.loads(ended.out)
    assert found == {f"{POSO}{tps}": of_tps for tps, of_tps in votes.items()}
    assert [one["row"] for one in said["not_logged"]] == refused
    assert ended.code == (1 if refused else 0)


def test_a_time_with_a_dot_is_that_time(bring, case, own_home):
    bring(case("20", "w.csv"))
    assert [one.observed_at for one in signed(own_home)] == ["2024-02-14T16:45:00Z"]


def test_free_text_is_not_signed_unless_it_is_named_and_harmless(bring, case, own_home):
    ended, _ = bring(case("16", "note.csv"))
    (told,) = json.loads(ended.out)["columns"]
    why = {one["header"]: one["left_out"] for one in told["columns"]}
    assert "--map note='Keterangan'" in why["Keterangan"]
    ended, _ = bring("--restate", "--map", "note=Keterangan", case("16", "note.csv"))
    assert "0812-0000-0000" in json.loads(ended.out)["remarks"][0]["reason"]
    assert b"0812" not in b"".join(map(repr_bytes, signed(own_home)))


def repr_bytes(statement):
    return repr(statement).encode()


def test_a_code_of_bps_is_told_before_and_published_only_if_that_is_meant(
    bring, case, federation
):
    assert federation(
        "tps-list", "import", "--election", "pemilu-2024", case("34", "reg.csv")
    ).code == 0  # fmt: skip
    ended, found = bring(case("34", "b.csv"))
    assert found == {}
    assert json.loads(ended.out)["outside_list"] == 1
    assert "1 rows outside the list of polling stations" in ended.err
    ended, found = bring("--allow-unlisted", case("34", "b.csv"))
    assert list(found) == ["7202010001001"]
    assert json.loads(ended.out)["flags"]["outside_register"] == 1


def test_a_list_with_whole_codes_and_their_kelurahan_loads(federation, case):
    words = ("tps-list", "import", "--election", "pemilu-2024", "--json")
    ended = federation(*words, case("22", "reg.csv"))
    assert json.loads(ended.out)["stations"] == 2


def test_an_export_of_this_program_is_named_as_one(bring, case, federation, tmp_path):
    bring(case("41", "ok.csv"))
    out = tmp_path / "x.csv"
    options = ("--election", "pemilu-2024", "--contest", "ppwp", "--out", out)
    assert federation("export", *options).code == 0
    ended, found = bring(out)
    assert ended.code == 2
    assert "federation export --bundle" in ended.err
    assert len(found) == 1
