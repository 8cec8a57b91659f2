"""`federation import`, with the real parts of a node behind it."""

import csv
import json
import re

import pytest

from federation.config.home import Home
from federation.store import leaves as stored
from federation.store import logs
from federation.store.db import Database
from federation.text import Text

HEADER = "kode_kelurahan,no_tps,paslon_01,paslon_02,sah,tidak_sah\n"
GOOD = "1371011001,{n},100,50,150,2\n"
ORIGIN = "jagasuara.example/pilpres-2019"


@pytest.fixture
def results(tmp_path):
    def write(*rows, name="results.csv", header=HEADER):
        path = tmp_path / name
        path.write_text(header + "".join(rows))
        return path

    return write


@pytest.fixture
def bring(federation):
    """Imports with --json; gives the exit code and what was said."""

    def run(*arguments, election="pilpres-2019"):
        ended = federation("import", "--json", "--election", election, *arguments)
        return ended.code, json.loads(ended.out) if ended.out else ended.err

    return run


def size_of(home):
    db = Database.open(Home(home).data, readonly=True)
    try:
        with db.view() as view:
            return logs.get_log(view, ORIGIN).size
    finally:
        db.close()


def test_good_rows_go_in_bad_ones_are_reported_with_row_and_reason(
    own_home, bring, results, tmp_path
):
    report = tmp_path / "report.csv"
    path = results(
        GOOD.format(n=1),
        "1371011001,2,-5,50,45,0\n",
        "1371011001,3,=1+1,50,45,0\n",
        GOOD.format(n=4),
        "1371011001,5,100,50,140,2\n",  # sums do not match: published, marked
        "1371011001,6,,,,\n",
    )
    code, said = bring(path, "--report", report)
    assert code == 1
    assert {name: n for name, n in said["rows"].items() if n} == {
        "logged": 3,
        "refused": 2,
        "no-numbers": 1,
    }
    assert (said["implausible"], said["flags"]) == (1, {"votes_sum": 1})
    lines = list(csv.DictReader(report.read_text().splitlines()))
    assert [(line["row"], line["column"], line["code"]) for line in lines] == [
        ("3", "paslon_01", "count"),
        ("4", "paslon_01", "count"),
        ("7", "", "no-numbers"),
    ]
    assert all(line["reason"] for line in lines)
    assert size_of(own_home) == 4  # the key statement and three results


def test_the_first_entry_is_the_key_statement_however_small_the_file(
    own_home, bring, results
):
    assert bring(results(GOOD.format(n=1)))[0] == 0
    db = Database.open(Home(own_home).data, readonly=True)
    with db.view() as view:
        leaves = stored.read_leaves(view, logs.get_log(view, ORIGIN).id, 0, 2)
    db.close()
    assert [b"key-statement/1" in leaf for leaf in leaves] == [True, False]


def test_importing_twice_publishes_nothing_new(own_home, bring, results):
    path = results(*(GOOD.format(n=n) for n in range(1, 6)))
    assert bring(path)[1]["rows"]["logged"] == 5
    code, said = bring(path)
    assert (code, said["rows"]["logged"], said["rows"]["held"]) == (0, 0, 5)
    assert size_of(own_home) == 6
    assert bring(path, "--restate")[1]["rows"]["logged"] == 5


def test_a_dry_run_says_the_same_and_publishes_nothing(own_home, bring, results):
    path = results(GOOD.format(n=1), "1371011001,2,9,9,9,9\n", "x,2,9,9,9,9\n")
    code, said = bring(path, "--dry-run")
    assert (code, said["dry_run"]) == (1, True)
    assert (said["rows"]["logged"], said["rows"]["refused"]) == (2, 1)
    assert said["implausible"] == 1
    assert not (Home(own_home).data / "federation.db").exists()


def test_a_dry_run_tells_people_what_it_does_not_check(
    federation, own_home, bring, results
):
    path = results(GOOD.format(n=1))
    arguments = ("import", path, "--home", own_home, "--election", "pilpres-2019")
    said = "Only the form of the rows was checked"
    assert said in federation(*arguments, "--contest", "ppwp", "--dry-run").err
    assert said not in federation(*arguments, "--contest", "ppwp").err


@pytest.mark.slow
def test_more_rows_than_a_batch_keep_their_numbers(bring, results, monkeypatch):
    monkeypatch.setattr("federation.cli.import_.intake.HANDED_OVER", 7)
    rows = [GOOD.format(n=n) for n in range(1, 31)]
    rows[16] = "1371011001,17,100,50,150,2000000\n"
    rows[29] = "1371011001,30,100,50,150,x\n"
    _, said = bring(results(*rows))
    assert said["rows"]["logged"] == 28
    assert [one["row"] for one in said["not_logged"]] == [18, 31]


def test_an_older_revision_is_answered_stale_with_its_row(bring, results):
    header = "tps,01,02,ref,revision\n"
    newer = results("1371011001001,5,6,foto-1,3\n", header=header)
    assert bring(newer)[1]["rows"]["logged"] == 1
    older = results("1371011001001,5,7,foto-1,2\n", header=header)
    code, said = bring(older)
    assert (code, said["rows"]["stale"]) == (0, 1)
    assert said["not_logged"][0]["row"] == 2
    assert said["not_logged"][0]["code"] == "stale"


def test_unreviewed_rows_replace_reviewed_ones_only_by_force(bring, results):
    assert bring(results(GOOD.format(n=1)), "--review", "reviewed")[0] == 0
    changed = results("1371011001,1,101,50,151,2\n")
    assert bring(changed)[1]["rows"]["kept-reviewed"] == 1
    assert bring(changed, "--force")[1]["rows"]["logged"] == 1


def test_flags_say_what_rows_do_not(bring, results, federation):
    path = results("A;1371011001001;5;6\n", header="x;Lokasi;Biru;Merah\n")
    options = ("--map", "tps=Lokasi", "--map", "01=Biru", "--map", "02=#4")
    code, said = bring(path, *options, "--form", "plano", "--source", "citizen")
    assert (code, said["rows"]["logged"]) == (0, 1)
    (told,) = said["columns"]
    assert told["files"] == [str(path)]
    assert [(one["header"], one["read_as"]) for one in told["columns"]] == [
        ("x", None),
        ("Lokasi", "tps"),
        ("Biru", "candidates.01"),
        ("Merah", "candidates.02"),
    ]
    assert told["columns"][0]["left_out"]


def test_a_mapping_file_does_the_same(bring, results, tmp_path):
    mapping = tmp_path / "peta.toml"
    mapping.write_text(
        '[columns]\ntps="Lokasi"\n"candidates.01"="Biru"\n"candidates.02"="#3"\n'
        '[defaults]\nform="plano"\n'
    )
    path = results("1371011001001;5;6\n", header="Lokasi;Biru;Merah\n")
    assert bring(path, "--mapping", mapping)[1]["rows"]["logged"] == 1


def test_a_folder_of_documents_is_read_in_one_run(bring, tmp_path):
    folder = tmp_path / "unduhan"
    for number in range(1, 4):
        code = f"310101100100{number}"
        (folder / "31").mkdir(parents=True, exist_ok=True)
        text = '{"chart":{"100025":1,"100026":2,"100027":3},"administrasi":null}'
        (folder / "31" / f"{code}.json").write_text(text)
    (folder / "31" / "README").write_text("not a document")
    (folder / "31" / "3101011001009.json").write_text("[1]")
    code, said = bring(folder, "--source", "kpu", election="pemilu-2024")
    assert said["formats"] == {"sirekap-one": 3}
    assert (said["rows"]["logged"], said["rows"]["refused"]) == (3, 1)
    assert said["not_logged"][0]["code"] == "file"
    (passed,) = said["remarks"]
    assert "README" in passed["reason"]
    assert code == 1


def test_what_is_recognised_is_said_in_the_language_of_the_call(federation, results):
    path = results(GOOD.format(n=1))
    arguments = ("import", path, "--election", "pilpres-2019", "--dry-run")
    assert "Recognised: table (CSV)" in federation(*arguments).out
    assert "Dikenali: tabel (CSV)" in federation(*arguments, "--lang", "id").out


def test_each_kind_of_mistake_in_rows_is_explained_once(federation, results):
    path = results("1371011001,2,-5,50,45,0\n", "1371011001,3,x,50,45,0\n")
    arguments = ("import", path, "--election", "pilpres-2019", "--dry-run")
    said = federation(*arguments, "--lang", "id").err
    assert said.count(Text("id")("import.advice-count")) == 1
    assert Text("id")("import.advice-tps") not in said


def test_kpus_documents_without_a_source_get_a_hint(federation, tmp_path):
    path = tmp_path / "c.ndjson"
    path.write_text('{"kode":"1371011001001","chart":{"21":1,"22":2}}\n')
    arguments = ("import", path, "--election", "pilpres-2019", "--dry-run")
    hint = Text("en")("import.kpu-hint")
    assert hint in federation(*arguments).err
    assert hint not in federation(*arguments, "--source", "kpu").err
    assert hint not in federation(*arguments, "--source", "observer").err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--election", "pemilu-2029"], 7),
        ([], 2),  # this node has two elections
        (["--election", "pilpres-2019", "--map", "x=y"], 3),
        (["--election", "pilpres-2019", "--delimiter", "::"], 3),
        (["--election", "pilpres-2019", "--contest", "pdpr"], 3),
        (["--election", "pilpres-2019", "--mapping", "none.toml"], 3),
        (["--election", "pilpres-2019", "--source", "me"], 2),
        (["--election", "pilpres-2019", "--map", "01=tidak_ada"], 2),
    ],
)
def test_a_mistake_of_the_operator_has_its_exit_code(
    federation, results, arguments, code
):
    ended = federation("import", results(GOOD.format(n=1)), "--dry-run", *arguments)
    assert ended.code == code
    assert ended.err.strip()


def test_formulas_of_a_strangers_file_are_harmless_in_the_report(
    federation, results, tmp_path
):
    report = tmp_path / "report.csv"
    header = '=cmd|"/c calc"!A1,tps,02\n'.replace('"', "")
    path = results("-1,1371011001001,1\n", header=header, name="=f.csv")
    federation(
        "import", path, "--election", "pilpres-2019", "--dry-run", "--report", report,
        "--map", f"01={header.split(',', maxsplit=1)[0]}",
    )  # fmt: skip
    cells = [
        cell for line in csv.reader(report.read_text().splitlines()) for cell in line
    ]
    assert any("=cmd" in cell for cell in cells)
    assert not any(re.match(r"[=+@-]", cell) for cell in cells)


@pytest.mark.slow
def test_the_real_thousand_documents_once_more_through_the_log(bring, shared):
    path = shared / "data/sirekap2024/sirekap2024-ppwp-dki-1000tps.json"
    code, said = bring(path, "--source", "kpu", election="pemilu-2024")
    assert (code, said["implausible"]) == (0, 93)
    assert (said["rows"]["logged"], said["rows"]["no-numbers"]) == (578, 422)
    assert said["flags"]["votes_sum"] == 28
    assert said["flags"]["max_votes"] == 5
    assert (
        bring(path, "--source", "kpu", election="pemilu-2024")[1]["rows"]["held"] == 578
    )


def test_a_name_beside_a_code_that_is_another_place_is_refused(
    federation, bring, results, tmp_path
):
    register = tmp_path / "register.csv"
    register.write_text(
        "kode_tps,kecamatan,kelurahan\n1371011001001,X,ALAI\n1371011002001,X,BELANTI\n"
    )
    assert federation(
        "tps-list", "import", "--election", "pilpres-2019", register
    ).code == 0  # fmt: skip
    path = results(
        "1371011001001,Alai,1,2\n",
        "1371011002001,Alai,3,4\n",
        header="kode_tps,Kelurahan,01,02\n",
    )
    code, said = bring(path)
    assert (code, said["rows"]["logged"], said["rows"]["refused"]) == (1, 1, 1)
    (refused,) = said["not_logged"]
    assert (refused["row"], refused["code"]) == (3, "misnamed")
    assert "BELANTI" in refused["reason"]


def test_a_dry_run_shows_what_would_be_signed(federation, results):
    path = results(GOOD.format(n=1))
    arguments = ("import", path, "--election", "pilpres-2019", "--dry-run")
    said = federation(*arguments, "--lang", "id").out
    assert "1371011001001" in said
    assert "01: 100  02: 50" in said


def test_rows_of_zeros_and_rows_that_were_read_in_part_are_counted(bring, results):
    path = results("1371011001,1,0,0,0,0\n", "1371011001,2,5,,5,0\n")
    _, said = bring(path)
    assert (said["all_zero"], said["partly_read"]) == (1, 1)


def test_rows_that_were_not_read_for_every_party_are_counted(federation, tmp_path):
    table = tmp_path / "parties.csv"
    table.write_text("kode_tps,PKB,Gerindra\n7202011001001,2,5\n")
    words = ("import", table, "--election", "pemilu-2024", "--contest", "pdpr")
    found = federation(*words, "--dry-run", "--json")
    assert json.loads(found.out)["partly_read"] == 1


def test_without_a_list_it_is_said_that_nobody_checked_the_stations(
    federation, results
):
    arguments = ("import", results(GOOD.format(n=1)), "--election", "pilpres-2019")
    assert "there is no list of them" in federation(*arguments, "--dry-run").err


def test_a_row_beside_an_unreadable_one_of_its_station_is_not_signed(bring, tmp_path):
    head, one, other = "kode_tps,01,02", "1371011001001", "1371011001002"
    table = tmp_path / "t.csv"
    table.write_text(f"{head}\n{one},1,2\n{one},9,x\n{other},1,2\n")
    lines = tmp_path / "l.ndjson"
    lines.write_text(
        f'{{"tps":"{other}","candidates":{{"01":"x","02":2}}}}\n'
        '{"tps":"1371011001003","candidates":{"01":1,"02":2}}\n'
    )
    _, said = bring(table, lines)
    refused = sorted((one["file"][-5:], one["row"]) for one in said["not_logged"])
    assert refused == [("djson", 1), ("t.csv", 2), ("t.csv", 3), ("t.csv", 4)]


@pytest.mark.parametrize(("size", "is_large"), [(-1, True), (1, False)])
def test_what_makes_leaves_starts_while_a_large_file_is_read(
    bring, results, monkeypatch, size, is_large
):
    path = results(GOOD.format(n=1))
    least = path.stat().st_size + size
    monkeypatch.setattr("federation.cli.import_.results.LARGE_BYTES", least)
    started = []
    monkeypatch.setattr("federation.node.node.start_makers", started.append)
    assert bring(path)[1]["rows"]["logged"] == 1
    assert len(started) == is_large


@pytest.mark.slow
def test_a_file_that_others_read_is_reported_as_one_that_is_read_here(
    bring, results, monkeypatch
):
    rows = [GOOD.format(n=n) for n in range(1, 31)]
    rows[16] = "1371011001,17,100,50,150,2000000\n"
    rows[29] = "1371011001,30,100,50,150,x\n"
    path = results(*rows)
    said = bring(path, "--dry-run")[1]
    monkeypatch.setattr("federation.flows.verify.spread.BLOCK_ITEMS", 4)
    monkeypatch.setattr("federation.cli.import_.results.LARGE_BYTES", 0)
    told = bring(path)[1]
    assert told["rows"]["logged"] == 28
    for name in ("rows", "not_logged", "columns", "flags", "implausible"):
        assert told[name] == said[name]
