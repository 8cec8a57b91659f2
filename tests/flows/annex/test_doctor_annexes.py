"""What the doctor says of sealed annexes, without opening one."""

import os

import pytest

from federation.config.sealingkey import key_id
from federation.flows.annex import sealing
from federation.flows.annex.keep import purge_annex, purge_due, save_annex
from federation.flows.annex.papers import OwnPapers
from federation.flows.annex.uses import AnnexUse, list_kept
from federation.flows.doctor.annexes import AnnexPlaces, check_annexes
from federation.flows.doctor.report import DoctorReport
from federation.store.annex import AnnexFolder
from federation.store.db import Database
from federation.store.papers import PapersFolder
from federation.text import Text
from tests.annexed import ELECTION, ID, ORG, public_key, sealed

NOW = 1_800_000_000  # 2027-01-15; the annexes of these tests go after 2027-05-29
LAST = 1_811_721_600  # 2027-05-31T00:00:00Z: gone since yesterday
OTHER = "ff" * 16


class Annexes:
    """A folder of annexes and the log of what was done with them."""

    def __init__(self, folder):
        self.root, self.folder = folder / "annex", AnnexFolder(folder / "annex")
        self.db = Database.open(folder / "data")
        self.papers = OwnPapers(PapersFolder(folder / "outbox"), ORG)
        self.key = key_id(public_key())

    def use(self, what="add", incident=ID):
        return AnnexUse(what, ELECTION, incident, "", "", NOW)

    def keep(self, incident=ID):
        save_annex(self.db, self.folder, sealed(incident), self.use("add", incident))
        return self.folder.path(ELECTION, incident)

    def found(self, now=NOW, key=None):
        report = DoctorReport(is_deep=False)
        places = AnnexPlaces(self.folder, self.key if key is None else key, 180)
        with self.db.view() as view:
            check_annexes(view, places, now, report)
        for one in report.findings:
            for language in ("en", "id"):
                assert Text(language).has(f"doctor.found-{one.code}")
        return [(one.level, one.code, one.subject) for one in report.findings]


@pytest.fixture
def annexes(tmp_path, monkeypatch):
    def refuse(*_):
        pytest.fail("an annex was opened")

    monkeypatch.setattr(sealing, "open_sealed", refuse)
    made = Annexes(tmp_path)
    yield made
    made.db.close()


def test_nothing_is_said_of_annexes_that_are_as_they_should_be(annexes):
    assert annexes.found() == []
    assert annexes.found(key="") == []  # whoever keeps none needs no key
    annexes.keep()
    annexes.keep(OTHER)
    assert annexes.found() == []


@pytest.mark.parametrize("at", [0, 22, 60, 200, -70, -30, -2])
def test_a_byte_that_is_another_is_damage_wherever_it_lies(annexes, at):
    path = annexes.keep()
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    assert annexes.found() == [("error", "annex-damaged", f"{ELECTION}/{ID}")]


@pytest.mark.parametrize("spoil", ["cut", "empty", "link", "folder", "another"])
def test_what_is_no_whole_annex_of_this_report_is_damage(annexes, spoil, tmp_path):
    path = annexes.keep()
    data = path.read_bytes()
    path.unlink()
    if spoil == "link":
        (tmp_path / "else").write_bytes(data)
        path.symlink_to(tmp_path / "else")
    elif spoil == "folder":
        path.mkdir(0o700)
    else:
        path.touch(0o600)
        others = annexes.keep(OTHER).read_bytes() if spoil == "another" else b""
        path.write_bytes({"cut": data[:-9], "empty": b""}.get(spoil, others))
    assert annexes.found() == [("error", "annex-damaged", f"{ELECTION}/{ID}")]


def test_one_that_was_kept_and_not_purged_is_missed_until_it_is(annexes):
    path = annexes.keep()
    annexes.keep(OTHER)
    path.unlink()
    assert annexes.found() == [("error", "annex-missing", f"{ELECTION}/{ID}")]
    purge_annex(annexes.db, annexes.folder, annexes.papers, annexes.use("purge"))
    assert annexes.found() == []
    with annexes.db.view() as view:
        assert list_kept(view) == {(ELECTION, OTHER)}
    annexes.keep()
    assert annexes.found() == []


def test_one_that_went_in_its_time_is_not_missed(annexes):
    annexes.keep()
    [found] = annexes.folder.walk()
    later = LAST + 400 * 86_400
    given = annexes.db, annexes.folder, annexes.papers, found, 180, later
    assert purge_due(*given) is not None
    assert annexes.found(later) == []


def test_one_that_lies_there_beyond_its_last_day_is_told_a_day_later(annexes):
    path = annexes.keep()
    assert annexes.found(LAST - 86_400) == []
    assert annexes.found(LAST) == []
    overdue = ("error", "annex-overdue", f"{ELECTION}/{ID}")
    assert annexes.found(LAST + 86_400) == [overdue]
    # What says no day any more is kept for so many days since it was written.
    path.write_bytes(b"?")
    os.utime(path, (NOW, NOW))
    assert [code for _, code, _ in annexes.found(NOW + 182 * 86_400)] == [
        "annex-damaged"
    ]
    assert [code for _, code, _ in annexes.found(NOW + 183 * 86_400)] == [
        *("annex-overdue", "annex-damaged"),
    ]


@pytest.mark.parametrize("mode", [0o604, 0o620, 0o610, 0o640])
def test_what_others_may_look_into_is_told_by_its_name(annexes, mode):
    path = annexes.keep()
    path.chmod(mode)
    path.parent.chmod(0o755)
    assert annexes.found() == [
        ("error", "annex-open", ELECTION),
        ("error", "annex-open", ID),
    ]
    path.parent.chmod(0o700)
    path.chmod(0o400)  # less than it has is no fault
    assert annexes.found() == []
    annexes.root.chmod(0o750)
    assert annexes.found() == [("error", "annex-open", "annex")]


def test_a_key_that_is_missing_or_another_is_told(annexes):
    annexes.keep()
    assert annexes.found(key="") == [("error", "annex-key", "annex.pub")]
    other = ("note", "annex-other-key", f"{ELECTION}/{ID}")
    assert annexes.found(key="0" * 16) == [other]


def test_a_folder_that_cannot_be_read_stops_nothing_else(annexes, monkeypatch):
    annexes.keep()

    def refuse(*_):
        raise PermissionError(13, "Permission denied", str(annexes.root))

    monkeypatch.setattr(AnnexFolder, "walk", refuse)
    assert annexes.found() == [("error", "annex-store", str(annexes.root))]
