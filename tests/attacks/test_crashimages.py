"""A small share of the crash images; the whole of it: `make attack`."""

import os
import shutil
import tempfile
from pathlib import Path
from random import Random

import pytest

from federation.store import sqlite
from tests.attacks import crashimages
from tests.attacks._disk import Call, Disk
from tests.attacks._workload import force

HOME = Path("/home")
NAMES = ("guard/a.new", "guard/a")


@pytest.fixture
def forced(monkeypatch):
    """What `force` changes is put back."""
    monkeypatch.setattr(sqlite, "journal_mode", sqlite.journal_mode)
    monkeypatch.setattr(sqlite, "SYNCHRONOUS", sqlite.SYNCHRONOUS)


@pytest.fixture
def folder():
    """In memory: the images sync whatever they write."""
    with tempfile.TemporaryDirectory(dir=crashimages.memory()) as name:
        yield Path(name)


def examined(folder, kind, images, *, apart=False, synchronous=""):
    if shutil.which("strace") is None:
        say = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
        say("strace is not installed")
    journal, usual = crashimages.JOURNALS[kind]
    force(journal, synchronous or usual)
    calls = crashimages.watch(folder, journal, synchronous or usual)
    chance = Random(20240214)
    return crashimages.examine(folder, calls, images, chance, apart=apart)


@pytest.mark.slow
@pytest.mark.usefixtures("forced")
@pytest.mark.parametrize(
    "apart",
    [
        pytest.param(False, id="beside"),
        pytest.param(True, id="on another disk", marks=pytest.mark.long),
    ],
)
@pytest.mark.parametrize("kind", crashimages.JOURNALS)
def test_no_power_cut_loses_forks_or_ends_a_log(folder, kind, apart):
    found = examined(folder, kind, 300, apart=apart)
    assert not found.is_bad, found
    assert found.counts["distinct"] > 50


@pytest.mark.long
@pytest.mark.usefixtures("forced")
def test_a_journal_that_is_not_removed_durably_would_end_a_log(folder):
    """Why EXTRA; and that the images find what there is to be found."""
    found = examined(folder, "journal", 400, synchronous="FULL")
    assert found.counts["stuck"] > 0


def test_the_rollback_journal_is_removed_durably_and_the_wal_is_synced():
    for journal, synchronous in crashimages.JOURNALS.values():
        assert sqlite.SYNCHRONOUS[journal] == synchronous


def left(*calls, much="none"):
    disk = Disk(HOME)
    for kind, name, *more in calls:
        to = str(HOME / more[0]) if kind == "rename" else ""
        data, at = more if kind == "write" else (b"", 0)
        disk.follow(Call(kind, str(HOME / name) if name else str(HOME), data, at, to))
    found = disk.left(much, Random(1))
    return {str(Path(path).relative_to(HOME)): data for path, data in found.items()}


WRITTEN = (
    ("mkdir", "guard"),
    ("make", NAMES[0]),
    ("write", NAMES[0], b"new", 0),
    ("sync", NAMES[0]),
)


def test_a_file_is_there_when_it_and_all_its_folders_are_synced():
    assert left(*WRITTEN) == {}
    assert left(*WRITTEN, much="all") == {NAMES[0]: b"new"}
    assert left(*WRITTEN, ("sync", "guard")) == {}
    both = (*WRITTEN, ("sync", "guard"), ("sync", ""))
    assert left(*both) == {NAMES[0]: b"new"}
    again = (*both, ("write", NAMES[0], b"old", 0))
    assert left(*again) == {NAMES[0]: b"new"}
    assert left(*again, much="all") == {NAMES[0]: b"old"}


def test_a_rename_is_whole_or_has_not_been():
    renamed = (*WRITTEN, ("sync", "guard"), ("sync", ""), ("rename", *NAMES))
    assert left(*renamed) == {NAMES[0]: b"new"}
    assert left(*renamed, ("sync", "guard")) == {NAMES[1]: b"new"}
    assert left(*renamed, ("unlink", NAMES[1]), ("sync", "guard")) == {}
