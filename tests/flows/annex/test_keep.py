"""Annexes kept and purged: written down first, then done, and by whom it may be."""

import errno
from pathlib import Path

import pytest

from federation.errors import ConflictError, FormatError, NotFoundError, RecordError
from federation.flows.annex.keep import (
    find_due,
    is_due,
    purge_annex,
    purge_due,
    save_annex,
)
from federation.flows.annex.papers import OwnPapers
from federation.flows.annex.uses import AnnexUse
from federation.store import actions, people
from federation.store.annex import AnnexFolder, FoundAnnex
from federation.store.outbox import OutboxItem, find_item, save_item
from federation.store.papers import PapersFolder
from tests.annexed import ELECTION, ID, ORG, head_of, sealed

NOW = 1_800_000_000  # 2027-01-15
DAY = 86_400
PAPERS = OwnPapers(PapersFolder(Path("nowhere")), ORG)


@pytest.fixture
def folder(tmp_path):
    return AnnexFolder(tmp_path / "annex")


def use(what="add", person="", why="", at=NOW):
    return AnnexUse(what, ELECTION, ID, person, why, at)


def sweep(db, folder, days, now):
    """How many had had their time and went, and how many others are damaged."""
    found = find_due(folder, days, now)
    gone = [purge_due(db, folder, PAPERS, one, days, now) for one in found.due]
    return sum(one is not None for one in gone), len(found.damaged)


def done(db):
    """What the log of actions says, the oldest first."""
    with db.view() as view:
        found = actions.read_actions(view, 1 << 62, 100)
    lines = [(one.person, one.role, one.what, one.subject) for one in found]
    return [line for line in lines[::-1] if line[2].startswith("annex-")]


def line(what, who=("", "machine"), why=""):
    return (*who, f"annex-{what}", f"{ELECTION} {ID} {why}".rstrip())


def test_what_is_kept_stays_until_it_is_to_be_replaced(db, folder):
    first, second = sealed(), sealed()
    assert not save_annex(db, folder, first, use())
    assert not save_annex(db, folder, first, use()), "handed in again"
    with pytest.raises(ConflictError, match="--replace"):
        save_annex(db, folder, second, use())
    assert folder.load(ELECTION, ID) == first
    assert save_annex(db, folder, second, use(), replace=True)
    assert folder.load(ELECTION, ID) == second
    assert done(db) == [line("add"), line("add")]


def test_a_damaged_one_is_replaced_and_purged_like_any(db, folder):
    save_annex(db, folder, sealed(), use())
    folder.path(ELECTION, ID).write_bytes(b"\xff\n")
    with pytest.raises(ConflictError):
        save_annex(db, folder, sealed(), use())
    assert save_annex(db, folder, sealed(), use(), replace=True)
    folder.path(ELECTION, ID).write_bytes(b"\xff\n")
    purge_annex(db, folder, PAPERS, use("purge", why="sudah selesai"))
    assert list(folder.walk()) == []
    assert done(db)[-1] == line("purge", why="sudah selesai")
    with pytest.raises(NotFoundError, match="annex list"):
        purge_annex(db, folder, PAPERS, use("purge", why="sudah selesai"))


def test_where_it_cannot_be_written_down_nothing_is_done(db, folder, monkeypatch):
    kept = sealed()
    save_annex(db, folder, kept, use())

    def full(*_):
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr("federation.flows.annex.keep.note_use", full)
    with pytest.raises(OSError, match="full"):
        save_annex(db, folder, sealed(), use(), replace=True)
    with pytest.raises(OSError, match="full"):
        purge_annex(db, folder, PAPERS, use("purge", why="sudah selesai"))
    with pytest.raises(OSError, match="full"):
        sweep(db, folder, 1, NOW + 1000 * DAY)
    assert folder.load(ELECTION, ID) == kept


def test_on_a_full_disk_the_one_before_is_there_still(db, folder, monkeypatch):
    kept, other = sealed(), sealed()
    save_annex(db, folder, kept, use())

    def full(*_):
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr("federation.files.os.fsync", full)
        with pytest.raises(OSError, match="full"):
            save_annex(db, folder, other, use(), replace=True)
    assert folder.load(ELECTION, ID) == kept
    names = [one.name for one in folder.path(ELECTION, ID).parent.iterdir()]
    assert names == [ID]
    assert save_annex(db, folder, other, use(), replace=True)


@pytest.mark.parametrize(
    ("name", "role", "change"),
    [
        ("Nobody", None, None),
        ("Pembaca", "viewer", None),
        ("Editor", "editor", None),
        ("Lama", "coordinator", "ended"),
        ("Dicabut", "coordinator", "revoked"),
    ],
)
def test_only_a_coordinator_who_is_let_in_now_may(db, folder, name, role, change):
    with db.transaction() as tx:
        if role:
            until = NOW if change == "ended" else NOW + DAY
            people.save_person(tx, name, role, "l" * 43, NOW - 9, until)
        if change == "revoked":
            people.revoke_person(tx, name, NOW - 1)
    save_annex(db, folder, sealed(), use())
    with pytest.raises(NotFoundError, match="no coordinator"):
        save_annex(db, folder, sealed(), use(person=name), replace=True)
    with pytest.raises(NotFoundError, match="no coordinator"):
        purge_annex(db, folder, PAPERS, use("purge", name, "sudah selesai"))
    assert done(db) == [line("add")]
    assert len(list(folder.walk())) == 1


def test_a_coordinator_is_in_the_log_by_name(db, folder):
    with db.transaction() as tx:
        people.save_person(tx, "Koor 1", "coordinator", "l" * 43, NOW, NOW + DAY)
    save_annex(db, folder, sealed(), use(person="Koor 1"))
    assert done(db) == [line("add", ("Koor 1", "coordinator"))]


@pytest.mark.parametrize(
    ("why", "told"),
    [
        ("diminta Pak Budi", "Budi"),
        ("telepon 0812-0000-0000", "telephone"),
        ("x" * 201, "200 characters"),
        ("a\u202eb", "202E"),
    ],
)
def test_the_log_takes_no_reason_that_tells_of_a_person(db, folder, why, told):
    save_annex(db, folder, sealed(), use())
    with pytest.raises((FormatError, RecordError), match=told):
        purge_annex(db, folder, PAPERS, use("purge", why=why))
    assert len(list(folder.walk())) == 1
    assert done(db) == [line("add")]


def test_what_has_had_its_time_goes_and_the_rest_stays(db, folder):
    for number, day in enumerate(["2027-01-13", "2027-01-14", "2027-01-15"]):
        folder.save(sealed(f"{number:032x}", keep_until=day))
    assert sweep(db, folder, 180, NOW) == (2, 0)
    assert [found.head.keep_until for found in folder.walk()] == ["2027-01-15"]
    lines = [f"{ELECTION} {number:032x}" for number in range(2)]
    assert [one[2:] for one in done(db)] == [("annex-expire", one) for one in lines]
    assert sweep(db, folder, 180, NOW) == (0, 0)


@pytest.mark.parametrize("how", ["asked", "due"])
def test_with_an_annex_go_its_papers_that_are_not_on_their_way(
    db, folder, tmp_path, how
):
    papers = OwnPapers(PapersFolder(tmp_path / "outbox"), ORG)
    states = {"prepared": "withdrawn", "sent": "sent", "failed": "failed"}
    states |= {state: state for state in ("intended", "sending", "unsure")}
    digests = {}
    with db.transaction() as tx:
        for state in states:
            digests[state] = papers.folder.save(b"%PDF-1.4 " + state.encode())
            save_item(tx, row(state, dossier=digests[state]))
        # A partner's report may have the same id, and two reports the same papers.
        theirs = papers.folder.save(b"%PDF-1.4 lain")
        for dossier in (theirs, digests["failed"]):
            other = f"lain.example/{ID}"
            save_item(tx, row("prepared", dossier[:9], incident=other, dossier=dossier))
    folder.save(sealed(keep_until="2027-01-13"))
    if how == "asked":
        left = purge_annex(db, folder, papers, use("purge", why="sudah selesai"))
    else:
        [due] = find_due(folder, 180, NOW).due
        left = purge_due(db, folder, papers, due, 180, NOW)
    assert {one.agency for one in left} == {"intended", "sending", "unsure"}
    kept = {path.stem for path in (tmp_path / "outbox").iterdir()}
    gone = {digests["prepared"], digests["sent"]}
    assert kept == {theirs, *digests.values()} - gone
    with db.view() as view:
        found = {one: find_item(view, f"{ORG}/{ID}", one).state for one in states}
    assert found == states


def row(state, agency="", **members):
    given = {"incident": f"{ORG}/{ID}", "election": ELECTION, "way": "email"}
    return OutboxItem(state=state, agency=agency or state, **given | members)


def test_papers_that_stay_leave_the_annex_to_be_purged_again(db, folder, monkeypatch):
    def broken(*_):
        raise OSError(errno.EIO, "broken")

    folder.save(sealed())
    with db.transaction() as tx:
        save_item(tx, row("prepared", dossier="0" * 64))
    with monkeypatch.context() as patch:
        patch.setattr(PapersFolder, "drop", broken)
        with pytest.raises(OSError, match="broken"):
            purge_annex(db, folder, PAPERS, use("purge", why="sudah selesai"))
    assert len(list(folder.walk())) == 1
    purge_annex(db, folder, PAPERS, use("purge", why="sudah selesai"))
    assert list(folder.walk()) == []


def test_what_was_replaced_since_it_was_due_stays(db, folder):
    folder.save(sealed(keep_until="2027-01-13"))
    [due] = find_due(folder, 180, NOW).due
    folder.save(sealed(keep_until="2027-05-29"))
    assert purge_due(db, folder, PAPERS, due, 180, NOW) is None
    assert len(list(folder.walk())) == 1
    folder.drop(ELECTION, ID)
    assert purge_due(db, folder, PAPERS, due, 180, NOW) is None
    assert done(db) == []


def test_a_damaged_one_is_told_and_goes_when_the_longest_time_is_over(db, folder):
    folder.save(sealed())
    folder.path(ELECTION, ID).write_bytes(b"damaged")
    at = int(folder.path(ELECTION, ID).stat().st_mtime)
    assert sweep(db, folder, 10, at + 10 * DAY) == (0, 1)
    assert sweep(db, folder, 10, at + 11 * DAY) == (1, 0)
    assert list(folder.walk()) == []


def test_the_last_day_is_kept_to_its_end():
    found = FoundAnnex(ELECTION, ID, head_of(keep_until="2027-01-15"), 1, 0)
    assert not is_due(found, 1, NOW)
    end = 1_799_971_200 + DAY  # of 2027-01-15, in UTC
    assert not is_due(found, 1, end - 1)
    assert is_due(found, 1, end)
