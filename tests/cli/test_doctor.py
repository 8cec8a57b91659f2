"""`federation doctor` says by its exit code whether anything differs."""

import contextlib
import json
import re
import sqlite3
from pathlib import Path

import pytest

import federation.flows.doctor as package
from federation import errors
from federation.config.home import Home
from federation.config.settings import load_settings
from federation.flows.ownlog import begin, ingest
from federation.node.resources import open_resources
from federation.store.annex import AnnexFolder
from federation.store.db import Database
from federation.store.removals import RemovedPhoto, note_removed, note_swept
from federation.text import Text
from tests.annexed import ELECTION as ANNEX_ELECTION
from tests.annexed import ID, give_key, sealed


@pytest.fixture
def filled(own_home):
    """A home whose database holds three signed results."""
    settings = load_settings(Home(own_home).settings)
    with open_resources(Home.of(own_home, settings), settings) as parts:
        for log in parts.own.values():
            begin.introduce(parts.db, parts.guard, log)
        drafts = [
            {
                "contest": "ppwp",
                "tps": f"317101100100{number}",
                "round": "reguler",
                "form": "plano",
                "source": "observer",
                "review": "reviewed",
                "candidates": {"01": 1, "02": 2, "03": 3},
            }
            for number in range(3)
        ]
        log = parts.log_of("pemilu-2024")
        ingest.append(parts.db, parts.guard, log, drafts, 1_707_900_000)
    return own_home / "data"


def damage(data, statement):
    connection = sqlite3.connect(data / "federation.db")
    with connection:
        assert connection.execute(statement).rowcount
    connection.close()


def test_a_removed_photo_that_a_backup_put_back_is_named_and_deleted(
    filled, federation
):
    digest = "ab" * 32
    gone = RemovedPhoto(
        digest=digest, ground="request", reason="", org="a.example", removed_at=1
    )
    with contextlib.closing(Database.open(filled)) as db, db.transaction() as tx:
        note_removed(tx, gone)
        note_swept(tx, digest)
    path = filled / "blobs" / digest[:2] / digest
    path.parent.mkdir(parents=True)
    path.write_bytes(b"a photo")
    ended = federation("doctor", "--json")
    assert ended.code == 1
    found = [(f["code"], f["subject"]) for f in json.loads(ended.out)["findings"]]
    assert found == [("photo-removed", digest)]
    assert federation("doctor", "--mend").code == 0
    assert not path.exists()


@pytest.mark.parametrize("options", [(), ("--deep",)])
def test_a_whole_database_ends_well(filled, federation, options):
    ended = federation("doctor", "--lang", "en", *options)
    assert ended.code == 0, ended
    assert "What is stored is as it was signed" in ended.out
    assert not list(filled.glob("doctor-*")), "the scratch folder is gone"


def test_a_guard_that_differs_is_no_reason_to_move_the_data_away(filled, federation):
    [guard] = [
        path
        for path in (filled.parent / "guard").glob("*.guard")
        if b"pemilu-2024" in path.read_bytes()
    ]
    guard.write_bytes(b"x" + guard.read_bytes())
    for options in ((), ("--mend",)):
        ended = federation("doctor", "--lang", "en", *options)
        assert ended.code == 1
        assert "Leave the database where it is" in ended.out
        assert "Moved away" not in ended.out
    assert "nothing that --mend can mend" in ended.out


@pytest.mark.parametrize("harm", ["flipped", "gone", "another's"])
def test_a_key_file_that_keeps_the_node_from_starting_is_a_finding(
    filled, federation, harm
):
    path = filled.parent / "keys" / "node.pem"
    if harm == "flipped":
        whole = path.read_bytes()
        path.write_bytes(whole[:60] + bytes([whole[60] ^ 1]) + whole[61:])
    elif harm == "gone":
        path.unlink()
    else:
        path.write_bytes((filled.parent / "keys" / "records.pem").read_bytes())
    for options in ((), ("--deep",), ("--mend",)):
        ended = federation("doctor", "--lang", "en", *options)
        assert ended.code == 1
        assert "node.pem" in ended.out
        assert "the database is not touched by it" in ended.out
        assert "Moved away" not in ended.out


def test_why_a_history_stands_still_is_said_once(filled, federation):
    (filled.parent / "guard").rename(filled.parent / "away")
    results = filled.parent / "r.csv"
    results.write_text("tps,01,02,03\n3171011001009,1,2,3\n")
    which = ("--election", "pemilu-2024", "--contest", "ppwp")
    assert federation("import", results, *which).code == 6
    shown = federation("status", "--lang", "en").out
    assert "on hold: own-log-past-unknown" in shown
    assert shown.count("its guard is lost, so more") == shown.count("on hold")


def test_a_difference_ends_with_1_and_says_where(filled, federation):
    damage(filled, "UPDATE claim_bundle SET body = CAST(body || 'x' AS BLOB)")
    assert federation("doctor").code == 0, "not seen without looking deep"
    ended = federation("doctor", "--deep", "--json")
    assert ended.code == 1
    report = json.loads(ended.out)
    assert report["errors"]
    assert "jagasuara.example/pemilu-2024" in {
        one["subject"] for one in report["findings"]
    }
    spoken = federation("doctor", "--deep", "--lang", "id")
    assert spoken.code == 1
    assert "Perbedaan: " in spoken.out


def test_damage_is_found_without_deep_where_it_stops_signing(filled, federation):
    damage(filled, "UPDATE tile SET body = zeroblob(length(body))")
    assert federation("doctor").code == 1


UNREADABLE = "UPDATE bundle SET body = substr(body, 1, length(body) - 3)"


@pytest.mark.parametrize(
    "statements",
    [
        (UNREADABLE, "UPDATE said_below SET size = 1"),
        (UNREADABLE, "UPDATE claim_bundle SET body = x'00'"),
        ("UPDATE log SET org = CAST(x'ff' AS TEXT)",),  # the second writing, too
    ],
)
def test_what_cannot_be_mended_is_told_and_stops_nothing(
    filled, federation, statements
):
    for statement in statements:
        damage(filled, statement)
    ended = federation("doctor", "--mend", "--lang", "en")
    assert ended.code == 1, ended
    assert "There was nothing that --mend can mend." in ended.out


def test_no_database_is_not_a_whole_one(own_home, federation):
    ended = federation("doctor", "--json")
    assert ended.code == 1
    assert json.loads(ended.out)["steps"][-1]["problem"] == "no-data"


def test_every_finding_has_its_sentence():
    kinds = {kind for kind in vars(errors).values() if hasattr(kind, "code")}
    # Nobody asks over HTTP while a node examines its files, nor is a reader asked.
    # Nor is a photograph brought.
    asked = (errors.RequestSignatureError, errors.ReadOnlyError)
    asked += (errors.PhotoRoomError, errors.UploadAwaitedError, errors.UploadEndedError)
    codes = {kind.code for kind in kinds if not issubclass(kind, asked)}
    for path in Path(package.__file__).parent.glob("*.py"):
        codes |= set(
            re.findall(r'report\.(?:error|note)\(\s*"([a-z-]+)"', path.read_text())
        )
        codes |= set(
            re.findall(r'_report\.(?:error|note)\(\s*"([a-z-]+)"', path.read_text())
        )
    assert len(codes) > 20
    for code in codes - {"error", "config", "peer", "fork"}:
        assert Text("id")(f"doctor.found-{code}")


def test_what_can_be_made_again_is_mended_and_told(filled, federation):
    connection = sqlite3.connect(filled / "federation.db")
    connection.execute("UPDATE said SET review = 'unreviewed'")
    connection.execute("DELETE FROM claim_bundle")
    connection.execute("UPDATE merge_epoch_twice SET epoch = 'other'")
    connection.commit()
    connection.close()
    found = federation("doctor", "--deep")
    assert found.code == 1
    assert "--mend" in found.out
    mended = federation("doctor", "--mend")
    assert mended.code == 0, mended
    assert "Mended: " in mended.out
    assert federation("doctor", "--deep", "--json").code == 0


def test_a_row_is_told_with_its_table_and_its_key(filled, federation):
    connection = sqlite3.connect(filled / "federation.db")
    connection.execute("INSERT INTO told_twice VALUES ('fork', 'a.example', 3)")
    connection.commit()
    connection.close()
    [finding] = json.loads(federation("doctor", "--json").out)["findings"]
    assert finding["subject"] == "told"
    assert finding["detail"] == "fork, a.example"
    assert "told once more" in federation("doctor").out


def test_a_damaged_annex_is_told_and_its_key_is_not_needed(filled, federation):
    home = Home(filled.parent)
    give_key(home, private=False)
    folder = AnnexFolder(home.annex)
    folder.save(sealed())
    assert federation("doctor").code == 0
    folder.path(ANNEX_ELECTION, ID).write_bytes(b"?")
    ended = federation("doctor", "--lang", "id")
    assert ended.code == 1
    assert "lampiran tersegel rusak" in ended.out
    folder.drop(ANNEX_ELECTION, ID)
    home.annex_public.write_text("?")
    ended = federation("doctor", "--json")
    assert ended.code == 1
    steps = {one["code"]: one for one in json.loads(ended.out)["steps"]}
    assert steps["keys"]["state"] == "failed"
    assert steps["keys"]["facts"]["files"] == [str(home.annex_public)]
