"""`federation incidents import`: reports out of tables that others have made."""

import json
import time

import pytest

from federation.cli.output import OK
from federation.config.home import Home
from federation.config.sealingkey import load_sealing_key
from federation.flows.annex.contents import IncidentAnnex
from federation.flows.annex.sealing import open_sealed
from federation.sources.incidenttable import ReportColumns
from federation.store.annex import AnnexFolder
from tests import annexed
from tests.homes import PASSPHRASE
from tests.sources.books import make, row

USHAHIDI = """\
Post ID,Survey,Post Status,Post Date (UTC),Contact ID,Contact,Title,Description,Kode,Categories
7,Pelanggaran,published,2019-04-17 01:00:00,4,0812-3456-7890,Saksi diusir,Dari TPS,3171,Intimidasi
8,Pelanggaran,published,2019-04-17 02:00:00,5,budi@example.org,Amplop,"Pak Budi membagi",3171,Vote buying
"""  # noqa: E501  as the export has it
KOBO = [
    {
        "_uuid": "b4a2c7f0-7c11-4b9e-9d0e-1f2a3b4c5d6e",
        "_submission_time": "2019-04-17T03:00:00",
        "kejadian/summary": "Alat peraga di dekat TPS",
        "kejadian/waktu kejadian": "2019-04-17T08:00:00+07:00",
        "pelapor/nama": "x",
        "kejadian/region": "3171",
    }
]


@pytest.fixture
def import_file(federation, own_home, tmp_path):
    path = tmp_path / "passphrase"
    path.touch(0o600)
    path.write_text(PASSPHRASE)
    words = ("keys", "chain", "--election", "pilpres-2019", "--incidents")
    assert federation(*words, "--passphrase-file", path).code == 0

    def run(text, *options):
        path = tmp_path / "reports"
        if isinstance(text, str):
            path.write_text(text, encoding="utf-8")
        else:
            path = text
        which = ("--election", "pilpres-2019", "--json")
        return federation("incidents", "import", path, *options, *which)

    return run


def test_a_header_of_very_many_columns_is_read_in_time_by_its_length():
    headers = [f"kejadian/c{number}" for number in range(40_000)]
    begun = time.process_time()
    columns = ReportColumns([*headers, "kejadian/summary"], {})
    assert time.process_time() - begun < 20
    assert columns.unread == headers


def test_what_looks_personal_in_a_table_is_replaced_by_its_row(import_file):
    options = (
        *("--map", "happened_at=Post Date (UTC)", "--map", "region=Kode"),
        *("--word", "Vote buying=politik_uang", "--law", "pidana", "--redact"),
    )
    ended = import_file(USHAHIDI, *options)
    assert ended.code == 0, ended
    answer = json.loads(ended.out)
    assert [one["outcome"] for one in answer["verdicts"]] == ["logged", "logged"]
    assert [tuple(one.values()) for one in answer["redacted"]] == [
        (3, "description", 5, "name", "Budi")
    ]


def test_an_export_of_ushahidi_is_read_and_its_contacts_are_not(
    import_file, federation
):
    options = (
        *("--map", "happened_at=Post Date (UTC)", "--map", "region=Kode"),
        *("--word", "Vote buying=politik_uang", "--law", "pidana"),
    )
    ended = import_file(USHAHIDI, *options)
    assert ended.code == 1
    good, bad = json.loads(ended.out)["verdicts"]
    assert [(one["row"], one["outcome"]) for one in (good, bad)] == [
        *((2, "logged"), (3, "refused")),
    ]
    assert bad["errors"][0]["at"] == "description"
    assert "Contact" in ended.err
    shown = json.loads(federation("incidents", "show", good["incident"], "--json").out)
    assert shown["said"] | {"reported_at": ""} == {
        "category": "intimidasi",
        "description": "Dari TPS",
        "happened_at": "2019-04-17T01:00:00Z",
        "law": "pidana",
        "ref": "7",
        "region": "3171",
        "reported_at": "",
        "summary": "Saksi diusir",
    }
    assert shown["said"]["reported_at"] == "2019-04-17T01:00:00Z"
    again = json.loads(import_file(USHAHIDI, *options).out)["verdicts"]
    assert [one["outcome"] for one in again] == ["held", "refused"]


def test_an_export_of_kobotoolbox_is_read_below_its_groups(import_file, federation):
    options = ("--category", "alat_peraga", "--law", "administrasi")
    ended = import_file(json.dumps(KOBO), *options)
    assert ended.code == 0, ended
    assert "pelapor/nama" in ended.err
    [found] = json.loads(
        federation("incidents", "list", "--election", "pilpres-2019", "--json").out
    )["incidents"]
    assert found["said"]["ref"] == KOBO[0]["_uuid"]
    assert found["said"]["reported_at"] == "2019-04-17T03:00:00Z"
    assert found["said"]["happened_at"] == "2019-04-17T01:00:00Z"


@pytest.mark.parametrize(
    "options",
    [("--map", "reporter=Contact"), ("--map", "ref=Nomor"), ("--word", "x")],
    ids=["no member", "no column", "no pair"],
)
def test_what_is_not_there_is_named(import_file, options):
    ended = import_file(USHAHIDI, *options)
    assert ended.code in {2, 3}
    assert any(word in ended.err for word in ("reporter", "Nomor", "--word"))


# The columns that every export of Ushahidi has, those of a survey behind them, and its
# second header, which has tags or nothing.
EXPORT = """\
"Post ID","Post Status","Created (UTC)","Updated (UTC)","Post Date (UTC)","Contact ID",Contact,Sets,"Unstructured Description",Survey,Judul,"Apa yang terjadi?",Lokasi.lat,Lokasi.lon,Kode,Categories
{tags}
11,published,"2019-04-17 05:10:00","2019-04-17 06:00:00","2019-04-17 04:00:00",3,0812-3456-7890,,,Pelanggaran,"Saksi diusir","{story}",-6.17511,106.86503,3171,"Intimidasi,Saksi"
12,draft,"2019-04-17 05:20:00","2019-04-17 05:20:00","2019-04-17 05:00:00",,,"Set A","Amplop dibagikan",Unstructured,Amplop,,,,3171,"Vote buying,Intimidasi"
"""  # noqa: E501  as the export has it
STORY = "Saksi diminta keluar.\n" * 60
BY_HAND = (
    *("--map", "summary=Judul", "--map", "description=Apa yang terjadi?"),
    *("--map", "happened_at=Post Date (UTC)", "--map", "region=Kode"),
    *("--word", "Vote buying=politik_uang", "--word", "Saksi=intimidasi"),
    *("--law", "pidana"),
)


@pytest.mark.parametrize(
    "tags", ["," * 15, "#meta +id,,#date +created" + "," * 13], ids=["none", "some"]
)
def test_a_whole_export_of_ushahidi_is_read_with_its_second_header(
    import_file, federation, tags
):
    ended = import_file(EXPORT.format(tags=tags, story=STORY), *BY_HAND)
    good, bad = json.loads(ended.out)["verdicts"]
    assert (good["outcome"], bad["outcome"]) == ("logged", "refused"), ended
    # Of two categories that mean one thing, that; of two that do not, none.
    assert bad["errors"][0]["at"] == "category"
    shown = json.loads(federation("incidents", "show", good["incident"], "--json").out)
    said = shown["said"]
    assert said["category"] == "intimidasi"
    assert said["description"] == " ".join(STORY.split())
    assert said["reported_at"] == "2019-04-17T04:00:00Z"
    assert said["ref"] == "11"
    for left in ("Lokasi.lat", "Contact", "Created (UTC)"):
        assert left in ended.err


# As KoboToolbox's CSV is by default: semicolons, all quoted, questions by their labels,
# the answers of one that takes several as columns of their own, tags below.
KOBO_CSV = """\
"start";"end";"Ringkasan";"Wilayah";"Waktu kejadian";"Yang terlihat";"Yang terlihat/Summary";"Yang terlihat/TPS";"_Lokasi_latitude";"_id";"_uuid";"_submission_time";"_validation_status";"_notes";"_status";"_submitted_by";"__version__";"_tags";"_index"
"";"";"#desc";"#adm2 +code";"#date +occurred";"#event +type";"";"";"";"";"";"";"";"";"";"";"";"";""
"2019-04-17T10:00:00.000+07:00";"2019-04-17T10:05:00.000+07:00";"Alat peraga di dekat TPS";"3171";"2019-04-17T08:00:00.000+07:00";"Summary TPS";"1";"1";"-6.17511";"61";"b4a2c7f0-7c11-4b9e-9d0e-1f2a3b4c5d6e";"2019-04-17T03:05:10";"";"";"submitted_via_web";"budi";"vX1";"";"1"
"""  # noqa: E501  as the export has it
DEFAULTS = ("--category", "alat_peraga", "--law", "administrasi")


def check_kobo(ended, federation):
    assert ended.code == 0, ended
    [verdict] = json.loads(ended.out)["verdicts"]
    name = verdict["incident"]
    said = json.loads(federation("incidents", "show", name, "--json").out)["said"]
    assert said == {
        "category": "alat_peraga",
        "happened_at": "2019-04-17T01:00:00Z",
        "law": "administrasi",
        "ref": "b4a2c7f0-7c11-4b9e-9d0e-1f2a3b4c5d6e",
        "region": "3171",
        "reported_at": "2019-04-17T03:05:10Z",
        "summary": "Alat peraga di dekat TPS",
    }


def test_a_csv_of_kobotoolbox_is_read_by_labels_and_no_answer_is_a_column(
    import_file, federation
):
    ended = import_file(KOBO_CSV, *DEFAULTS)
    check_kobo(ended, federation)
    for left in ("Yang terlihat/TPS", "_submitted_by", "_Lokasi_latitude"):
        assert left in ended.err


def kobo_cells():
    lines = KOBO_CSV.splitlines()
    return [[cell.strip('"') for cell in line.split(";")] for line in lines]


def test_a_workbook_of_kobotoolbox_is_read_and_a_sheet_named(
    import_file, federation, tmp_path
):
    rows = "".join(row(at, *cells) for at, cells in enumerate(kobo_cells(), 1))
    book = make(tmp_path / "export.xlsx", {"Laporan": rows})
    check_kobo(import_file(book, *DEFAULTS), federation)
    # A group that repeats has a sheet of its own.
    other = row(1, "nama", "_index", "_parent_index") + row(2, "x", "1", "1")
    book = make(tmp_path / "export.xlsx", {"Laporan": rows, "saksi": other})
    ended = import_file(book, *DEFAULTS)
    assert ended.code != 0
    assert "saksi" in ended.err
    ended = import_file(book, "--sheet", "Laporan", *DEFAULTS)
    assert json.loads(ended.out)["verdicts"][0]["outcome"] == "held"


def test_a_page_of_kobotoolboxs_api_is_read(import_file, federation):
    page = {"count": 1, "next": None, "previous": None, "results": KOBO}
    ended = import_file(json.dumps(page), *DEFAULTS)
    assert ended.code == 0, ended
    [verdict] = json.loads(ended.out)["verdicts"]
    assert verdict["outcome"] == "logged"


@pytest.mark.parametrize("cell", ["#", "#1", "# x", "bukan #tag", "#tag teks"])
def test_a_row_with_more_than_tags_is_a_report(import_file, cell):
    table = f"summary,category,law,region,happened_at\n{cell},,,,\n"
    ended = import_file(table)
    [verdict] = json.loads(ended.out)["verdicts"]
    assert verdict["outcome"] == "refused"


SEALED = """\
ref,summary,category,law,region,happened_at,Nama Pelapor,HP Pelapor,Email Pelapor,Terlapor,Lokasi.lat,Lokasi.lon,_uuid_
1,Amplop dibagikan,politik_uang,pidana,3171,2019-04-16T22:00:00Z,Zulkifli Manurung,0813-5555-0117,zul@contoh.example,Hendrawan Tobing,"-0,947083",100.417181,x
2,Alat peraga,alat_peraga,administrasi,3171,2019-04-16T22:00:00Z,,,,,samping balai,,x
3,Saksi diusir,intimidasi,pidana,3171,2019-04-16T22:00:00Z,,,,,,,x
"""  # noqa: E501  as the export has it
WORDS = ("Zulkifli", "5555-0117", "zul@contoh", "Hendrawan", "947083", "samping balai")


def opened_annexes(own_home, answers):
    """What is sealed of each report, by its row."""
    home = Home(own_home)
    folder, private = (
        AnnexFolder(home.annex),
        load_sealing_key(home.annex_private, annexed.PASSPHRASE),
    )
    found = {}
    for one in answers:
        incident = one["incident"].rpartition("/")[2]
        if incident and folder.look("pilpres-2019", incident):
            annex = folder.load("pilpres-2019", incident)
            found[one["row"]] = open_sealed(annex, private)
    return found


def test_who_reported_it_and_where_exactly_is_sealed_and_nowhere_else(
    import_file, own_home, federation
):
    annexed.give_key(Home(own_home))
    ended = import_file(SEALED)
    assert ended.code == OK, ended
    verdicts = json.loads(ended.out)["verdicts"]
    annexes = opened_annexes(own_home, verdicts)
    assert annexes.keys() == {2, 3}, "of the third nothing is personal"
    first = annexes[2]
    assert first.reporter.name == "Zulkifli Manurung"
    assert first.reporter.contact == "0813-5555-0117, zul@contoh.example"
    assert [one.name for one in first.accused] == ["Hendrawan Tobing"]
    assert (first.position.lat, first.position.lon) == (-0.947083, 100.417181)
    assert annexes[3] == IncidentAnnex(notes="position: samping balai")
    told = ended.out + ended.err + federation("incidents", "list", "--json").out
    assert [word for word in WORDS if word in told] == []
    assert "_uuid_" in ended.err
    assert "Terlapor" not in ended.err, "it is read"


def test_an_annex_that_lies_there_stays_and_one_that_is_missing_is_made_up_for(
    import_file, own_home
):
    verdicts = json.loads(import_file(SEALED).out)["verdicts"]
    ended = import_file(SEALED)
    assert "Nama Pelapor" in ended.err
    assert "annex key" in ended.err
    annexed.give_key(Home(own_home))
    again = json.loads(import_file(SEALED).out)["verdicts"]
    assert [one["outcome"] for one in again] == ["held"] * 3
    before = opened_annexes(own_home, again)
    assert before.keys() == {2, 3}
    import_file(SEALED.replace("Zulkifli", "Lain"))
    assert opened_annexes(own_home, verdicts) == before


def test_a_column_of_the_annex_is_named_by_the_operator(import_file, own_home):
    table = SEALED.replace("Nama Pelapor", "Siapa")
    named = ("--annex", "reporter.name=Siapa")
    assert import_file(table, *named).code not in {OK, 1}, "there is no key"
    annexed.give_key(Home(own_home))
    wrong = import_file(table, "--annex", "reporter.nik=Siapa")
    assert "reporter.contact" in wrong.err
    assert import_file(table, "--annex", "reporter.name=Nama").code not in {OK, 1}
    ended = import_file(table, *named)
    assert ended.code == OK, ended
    annexes = opened_annexes(own_home, json.loads(ended.out)["verdicts"])
    assert annexes[2].reporter.name == "Zulkifli Manurung"


def test_what_no_annex_can_say_refuses_its_row_and_repeats_nothing(
    import_file, own_home
):
    annexed.give_key(Home(own_home))
    long = "Zulkifli " * 30
    ended = import_file(SEALED.replace("Zulkifli Manurung", long))
    verdicts = json.loads(ended.out)["verdicts"]
    assert [one["outcome"] for one in verdicts] == ["refused", "logged", "logged"]
    assert verdicts[0]["errors"][0]["at"] == "annex.reporter.name"
    assert "Zulkifli" not in ended.out + ended.err
    assert opened_annexes(own_home, verdicts).keys() == {3}


def test_what_a_mark_took_the_place_of_is_sealed_as_it_came(import_file, own_home):
    annexed.give_key(Home(own_home))
    table = SEALED.replace("Alat peraga,", "Alat peraga Pak Budi,")
    ended = import_file(table, "--redact")
    assert ended.code == OK, ended
    annexes = opened_annexes(own_home, json.loads(ended.out)["verdicts"])
    said = "position: samping balai\nsummary: Alat peraga Pak Budi"
    assert annexes[3] == IncidentAnnex(notes=said)
