"""`federation photos import` and `import --photos`: beside what stands, once."""

import csv
import hashlib
import json
import shutil

import pytest

from federation.config.home import Home
from federation.records.sealed import leaf_text, parse_statement
from federation.store import leaves as stored
from federation.store import logs
from federation.store.blobs import list_blobs
from federation.store.db import Database
from tests.photos.pictures import photo

ORIGIN = "jagasuara.example/pilpres-2019"
TPS = "1371011001001"
HEADER = "kode_tps,paslon_01,paslon_02,sah,tidak_sah"
PATTERN = "{tps}_{page}.jpg"


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "photos"
    made.mkdir()
    return made


def put(folder, name, number=0):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(photo(size=(200 + number, 150)))
    return path


@pytest.fixture
def take(federation, folder):
    def run(*words):
        ended = federation(
            "photos", "import", folder, "--json", "--election", "pilpres-2019", *words
        )
        return ended.code, json.loads(ended.out) if ended.out else ended.err

    return run


@pytest.fixture
def bring(federation, tmp_path):
    def run(text, *words):
        path = tmp_path / "results.csv"
        path.write_text(text)
        given = ("import", "--json", "--election", "pilpres-2019", path, *words)
        ended = federation(*given)
        return ended.code, json.loads(ended.out) if ended.out else ended.err

    return run


def statements(home):
    db = Database.open(Home(home).data, readonly=True)
    try:
        with db.view() as view:
            log = logs.get_log(view, ORIGIN)
            lines = stored.read_leaves(view, log.id, 1, log.size)
            blobs = [blob.digest for blob in list_blobs(view)]
    finally:
        db.close()
    return [parse_statement(leaf_text(line)[:-1]) for line in lines], blobs


def pages_of(statement):
    return [getattr(file, "page", None) for file in statement.evidence]


def test_names_say_the_station_and_the_page_in_every_spelling(own_home, take, folder):
    put(folder, "1371011001001_1.jpg", 1)
    put(folder, "below/1371011001-1_2.JPEG", 2)
    put(folder, "1371011001 TPS 2_003.png", 3)
    code, said = take("--pattern", PATTERN, "--form", "plano")
    assert (code, said["photos"]["taken"], said["results"]["logged"]) == (0, 3, 2)
    results, blobs = statements(own_home)
    assert [(one.tps, pages_of(one)) for one in results] == [
        (TPS, [1, 2]),
        ("1371011001002", [3]),
    ]
    named = {file.sha256 for one in results for file in one.evidence}
    assert named == set(blobs)
    assert {one.form for one in results} == {"plano"}


def test_to_run_it_again_changes_nothing(own_home, take, folder):
    put(folder, f"{TPS}_1.jpg")
    take("--pattern", PATTERN)
    before = statements(own_home)
    code, said = take("--pattern", PATTERN)
    assert (code, said["results"]) == (0, {"logged": 0, "held": 1, "refused": 0})
    assert statements(own_home) == before


def test_a_dry_run_keeps_nothing_and_tells_what_would_be_refused(
    own_home, take, folder
):
    put(folder, f"{TPS}_1.jpg")
    (folder / f"{TPS}_2.jpg").write_bytes(b"%PDF-1.7")
    code, said = take("--pattern", PATTERN, "--dry-run")
    assert (code, said["photos"]["taken"], said["photos"]["refused"]) == (1, 1, 1)
    assert not (own_home / "data").exists() or not any(
        (own_home / "data").glob("blobs/**/*")
    )


def test_at_the_bound_each_is_told_its_own_reason_dry_or_not(
    own_home, take, folder, tmp_path
):
    settings = Home(own_home).settings
    bound = "[photos]\nown_max_photos = 1\n"
    settings.write_text(settings.read_text().replace("[photos]\n", bound))
    put(folder, f"{TPS}_1.jpg")
    take("--pattern", PATTERN)
    put(folder, f"{TPS}_2.jpg", 2)
    (folder / f"{TPS}_3.jpg").write_bytes(b"a list of what to buy")
    for words in (["--dry-run"], []):
        report = tmp_path / f"report{len(words)}.csv"
        code, said = take("--pattern", PATTERN, "--report", report, *words)
        assert (code, said["photos"]["taken"], said["photos"]["refused"]) == (1, 1, 2)
        rows = list(csv.DictReader(report.read_text().splitlines()))
        assert {row["file"]: row["code"] for row in rows} == {
            f"{TPS}_2.jpg": "photos-full",
            f"{TPS}_3.jpg": "photo",
        }, words
        (why,) = (row["reason"] for row in rows if row["code"] == "photos-full")
        assert "own_max_photos" in why


def test_each_file_that_is_refused_stands_in_the_report(take, folder, tmp_path):
    put(folder, f"{TPS}_1.jpg")
    put(folder, "IMG_20240214.jpg")
    put(folder, "7202011_1.jpg")
    put(folder, "2871011001001_1.jpg")
    (folder / f"{TPS}_2.jpg").write_bytes(photo()[:100])
    (folder / f"{TPS}_3.pdf").write_bytes(b"%PDF-1.7")
    (folder / "notes.txt").write_text("x")
    report = tmp_path / "report.csv"
    code, said = take("--pattern", "{tps}_{page}.jpg", "--report", report)
    assert code == 1
    assert said["photos"] == {"taken": 1, "refused": 5, "unnamed": 1}
    rows = list(csv.DictReader(report.read_text().splitlines()))
    assert {row["file"]: row["code"] for row in rows} == {
        "IMG_20240214.jpg": "no-match",
        "7202011_1.jpg": "tps",
        "2871011001001_1.jpg": "region",
        f"{TPS}_2.jpg": "photo",
        f"{TPS}_3.pdf": "ending",
        "notes.txt": "unnamed",
    }
    assert ".pdf is no photograph" in next(
        row["reason"] for row in rows if row["code"] == "ending"
    )
    assert [(one["file"], one["code"]) for one in said["unnamed"]] == [
        ("notes.txt", "unnamed")
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "--pattern or --names"),
        (("--pattern", "{page}.jpg"), "--pattern: the pattern does not say"),
        (("--pattern", "{tps}_{tps}.jpg"), "each once"),
        (("--pattern", "{tps}_{who}.jpg"), "{tps} {kelurahan}"),
        (("--pattern", "x{tps}.jpg"), "no file fits"),
    ],
)
def test_what_is_no_way_to_tell_is_refused_before_anything(take, folder, words, says):
    put(folder, f"{TPS}_1.jpg")
    code, said = take(*words)
    assert code == 2
    assert says in said.replace(", ", " ") or says in said


def test_a_table_names_them_as_several_in_a_cell_or_by_page(
    own_home, take, folder, tmp_path
):
    for number, name in enumerate(("a.jpg", "b.jpg", "c/d.png", "e.jpg")):
        put(folder, name, number)
    table = tmp_path / "table.csv"
    table.write_text(
        "tps;photos;page\n"
        f"{TPS};A.JPG | https://x.example/y/b.jpg;2\n"
        "1371011001-2;c/d.png;\n"
        "1371011001003;none.jpg;1\n"
        "x;e.jpg;1\n"
    )
    code, said = take("--names", table, "--page", "7")
    assert (code, said["photos"]) == (1, {"taken": 3, "refused": 2, "unnamed": 1})
    results, _ = statements(own_home)
    assert [(one.tps, pages_of(one)) for one in results] == [
        (TPS, [2, 2]),
        ("1371011001002", [7]),
    ]


def test_a_cell_leads_nowhere_but_to_the_folder(own_home, take, folder, tmp_path):
    outside = put(tmp_path, "secret.jpg")
    put(folder, "a.jpg")
    (folder / "link.jpg").symlink_to(outside)
    table = tmp_path / "table.csv"
    table.write_text(
        f"tps,photos\n{TPS},{outside}\n{TPS},../secret.jpg\n{TPS},link.jpg\n"
        f"{TPS},a.jpg\n"
    )
    code, said = take("--names", table)
    assert (code, said["photos"]["taken"], said["photos"]["refused"]) == (1, 1, 3)


KOBO = (
    '"start";"username";"kode_tps";"paslon_01";"paslon_02";"foto_1";"foto_2";'
    '"_uuid";"_submission_time"\n'
    f'"x";"relawan";"{TPS}";"61";"98";"17.jpg";"18.jpg";'
    '"7b2e1d53-aaaa-4b7b-9d5e-0a0a0a0a0a01";"2019-04-17T08:36:44"\n'
    '"x";"relawan";"1371011001002";"55";"120";"17.jpg";"";'
    '"7b2e1d53-aaaa-4b7b-9d5e-0a0a0a0a0a02";"2019-04-17T08:46:44"\n'
)
COLUMNS = ("--map", "photos.1=foto_1", "--map", "photos.2=foto_2")


@pytest.fixture
def kobo(folder):
    above = folder / "relawan" / "attachments" / "form-uuid"
    for number, uuid in enumerate(("0a01", "0a01", "0a02")):
        inside = above / f"7b2e1d53-aaaa-4b7b-9d5e-0a0a0a0a{uuid}"
        put(inside, "18.jpg" if number == 1 else "17.jpg", number)
    return folder


def test_kobotoolbox_folders_are_read_as_they_are(own_home, bring, kobo):
    code, said = bring(KOBO, "--photos", kobo, *COLUMNS)
    assert (code, said["photos"]) == (0, {"taken": 3, "refused": 0, "unnamed": 0})
    results, blobs = statements(own_home)
    assert [pages_of(one) for one in results] == [[1, 2], [1]]
    assert len(set(blobs)) == 3
    assert results[0].candidates == {"01": 61, "02": 98}
    before = statements(own_home)
    assert bring(KOBO, "--photos", kobo, *COLUMNS)[1]["rows"]["held"] == 2
    assert statements(own_home) == before


def test_photos_come_to_what_stands_and_its_figures_stay(
    own_home, take, bring, kobo, tmp_path
):
    assert bring(KOBO, "--review", "reviewed")[0] == 0
    table = tmp_path / "results.csv"
    code, said = take("--names", table, *COLUMNS)
    assert (code, said["results"]["logged"]) == (0, 2)
    results, _ = statements(own_home)
    for before, after in zip(results[:2], results[2:], strict=True):
        assert after.candidates == before.candidates
        assert after.review == "reviewed"
        assert after.evidence
    # And the same from the other side: unreviewed rows add their photos only.
    code, said = bring(KOBO, "--photos", kobo, *COLUMNS)
    assert (code, said["rows"]["kept-reviewed"]) == (0, 2)
    assert len(statements(own_home)[0]) == 4


def test_photos_of_rows_that_nobody_reviewed_come_to_what_somebody_did(
    own_home, bring, kobo
):
    bring(KOBO, "--review", "reviewed")
    code, said = bring(KOBO.replace("61", "62"), "--photos", kobo, *COLUMNS)
    assert (code, said["rows"]["kept-reviewed"]) == (0, 2)
    results, _ = statements(own_home)
    assert [one.candidates["01"] for one in results[2:]] == [61, 55]
    assert [pages_of(one) for one in results[2:]] == [[1, 2], [1]]


def test_a_photo_that_is_refused_holds_no_figures_up(own_home, bring, kobo):
    shutil.rmtree(next(kobo.glob("relawan/attachments/*/*0a02")))
    (next(kobo.rglob("18.jpg"))).write_bytes(b"GIF89a")
    code, said = bring(KOBO, "--photos", kobo, *COLUMNS)
    assert (code, said["photos"]) == (1, {"taken": 2, "refused": 1, "unnamed": 0})
    results, _ = statements(own_home)
    assert [one.candidates["01"] for one in results] == [61, 55]


def test_files_that_no_row_names_are_told_by_name(bring, folder, tmp_path):
    for name in ("a.jpg", "b.jpg"):
        put(folder, name)
    (folder / "voice.m4a").write_bytes(b"x")
    text = f"{HEADER},foto\n{TPS},,,,,a.jpg\n"
    report = tmp_path / "report.csv"
    words = ("--photos", folder, "--map", "photos=foto", "--report", report)
    code, said = bring(text, *words)
    assert (code, said["photos"]["unnamed"]) == (0, 2)
    assert [one["file"] for one in said["unnamed"]] == ["b.jpg", "voice.m4a"]
    rows = list(csv.DictReader(report.read_text().splitlines()))
    assert {row["file"]: row["code"] for row in rows} == {
        "b.jpg": "unnamed",
        "voice.m4a": "unnamed",
    }
    assert all("no row" in row["reason"] for row in rows)


def test_a_photo_without_figures_is_taken_unread(own_home, bring, folder):
    put(folder, "a.jpg")
    text = f"{HEADER},foto\n{TPS},,,,,a.jpg\n"
    code, said = bring(text, "--photos", folder, "--map", "photos=foto")
    assert (code, said["rows"]["logged"], said["without_votes"]) == (0, 1, 1)
    assert len(statements(own_home)[0][0].evidence) == 1


def test_photos_are_named_only_where_a_folder_is(bring):
    code, said = bring(f"{HEADER},foto\n", "--map", "photos=foto")
    assert code == 2
    assert "--photos" in said


def test_without_a_folder_a_column_of_that_name_is_told(bring):
    code, said = bring(f"{HEADER},photos\n{TPS},1,2,3,0,a.jpg\n")
    assert code == 0
    left = said["columns"][0]["columns"][-1]
    assert (left["header"], left["read_as"]) == ("photos", None)
    assert "--photos" in left["left_out"]


def test_the_original_stays_where_the_organisation_wants_it(own_home, take, folder):
    settings = own_home / "federation.toml"
    text = settings.read_text()
    settings.write_text(text.replace('# originals = "', 'originals = "'))
    data = put(folder, f"{TPS}_1.jpg").read_bytes()
    take("--pattern", PATTERN)
    (kept,) = [p for p in (own_home / "originals").rglob("*") if p.is_file()]
    assert kept.name == hashlib.sha256(data).hexdigest()
    assert kept.read_bytes() == data
