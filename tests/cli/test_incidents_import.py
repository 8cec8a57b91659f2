"""`federation incidents import`: reports out of tables that others have made."""

import json

import pytest

from tests.homes import PASSPHRASE

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
        path.write_text(text, encoding="utf-8")
        which = ("--election", "pilpres-2019", "--json")
        return federation("incidents", "import", path, *options, *which)

    return run


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
