"""The guard only rises, is whole after any crash, and is never guessed."""

import os
import shutil
import time
from pathlib import Path

import pytest

from federation.errors import ProofError, RollbackError, VerificationError
from federation.store import folderguard as store_guard
from federation.store.folderguard import FolderGuard
from tests.guards import lift

ORIGIN = "jagasuara.example/pemilu-2024"
A, B = bytes(32), b"\x01" * 32


@pytest.fixture
def guard(tmp_path):
    return FolderGuard(tmp_path / "guard")


def test_a_new_log_has_none(guard):
    assert guard.read(ORIGIN) is None


def test_it_gives_back_what_was_raised(guard, tmp_path):
    lift(guard, ORIGIN, 7, A)
    lift(guard, ORIGIN, 9, B)
    assert FolderGuard(tmp_path / "guard").read(ORIGIN) == (9, B)
    assert guard.read(ORIGIN + "/2") is None


def test_it_tells_when_a_size_was_signed_not_when_it_was_looked_at(guard, tmp_path):
    assert guard.raised_at(ORIGIN) is None
    lift(guard, ORIGIN, 7, A)
    (path,) = (tmp_path / "guard").iterdir()
    os.utime(path, (1_707_900_000, 1_707_900_000))
    lift(guard, ORIGIN, 7, A)
    assert guard.raised_at(ORIGIN) == 1_707_900_000
    lift(guard, ORIGIN, 8, B)
    assert guard.raised_at(ORIGIN) > 1_707_900_000


def test_it_never_goes_down(guard):
    lift(guard, ORIGIN, 7, A)
    with pytest.raises(RollbackError):
        lift(guard, ORIGIN, 6, A)
    assert guard.read(ORIGIN) == (7, A)


def test_one_size_keeps_one_root(guard):
    lift(guard, ORIGIN, 7, A)
    lift(guard, ORIGIN, 7, A)
    with pytest.raises(ProofError):
        lift(guard, ORIGIN, 7, B)


def test_only_the_owner_may_look(guard, tmp_path):
    lift(guard, ORIGIN, 7, A)
    assert (tmp_path / "guard").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "of another log"])
def test_a_damaged_file_is_refused(guard, tmp_path, damage):
    lift(guard, ORIGIN, 7, A)
    (path,) = (tmp_path / "guard").iterdir()
    data = path.read_bytes()
    path.write_bytes(
        {
            "cut": data[:-2],
            "flipped": data.replace(b"\n7\n", b"\n07\n"),
            "empty": b"",
            "of another log": data.replace(b"jaga", b"java"),
        }[damage]
    )
    with pytest.raises(VerificationError):
        guard.read(ORIGIN)
    with pytest.raises(VerificationError):
        lift(guard, ORIGIN, 8, B)


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_disk_that_fails_leaves_the_old_or_the_new_one(guard, monkeypatch, call):
    lift(guard, ORIGIN, 7, A)

    def fail(*_, **__):
        raise OSError(5, "input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(OSError, match="input/output"):
            lift(guard, ORIGIN, 9, B)
    assert guard.read(ORIGIN) in {(7, A), (9, B)}
    lift(guard, ORIGIN, 9, B)
    assert guard.read(ORIGIN) == (9, B)


def test_it_remembers_for_each_log_whether_its_keys_were_made_here(guard, tmp_path):
    assert not guard.is_founded(ORIGIN)
    path = guard.found(ORIGIN)
    assert path.read_bytes().startswith(f"{ORIGIN}\nhere ".encode())
    again = FolderGuard(tmp_path / "guard")
    assert again.is_founded(ORIGIN)
    assert not again.is_founded(ORIGIN + "/2")
    # It says nothing of sizes, and they nothing of it.
    assert again.read(ORIGIN) is None
    lift(guard, ORIGIN + "/2", 7, A)
    assert not again.is_founded(ORIGIN + "/2")
    # A mark that outlived the guard would say that nothing was ever signed.
    lift(guard, ORIGIN, 7, A)
    assert not again.is_founded(ORIGIN)
    assert not path.exists()


@pytest.mark.parametrize(
    "damage", [b"", b"another.example/pemilu-2024\n", f"{ORIGIN}\n".encode()]
)
def test_a_damaged_mark_founds_nothing(guard, damage):
    guard.found(ORIGIN).write_bytes(damage)
    assert not guard.is_founded(ORIGIN)


def _copy_over(path, copy):
    shutil.copy2(path, copy)
    shutil.copy2(copy, path)
    copy.unlink()


COPIES = {
    "cp": shutil.copyfile,
    "cp -p, tar, rsync -a": shutil.copy2,
    "cp over it": _copy_over,
    "a hard link": lambda path, copy: copy.hardlink_to(path),
    "chmod": lambda path, _: path.chmod(0o600),
}


def test_whatever_brings_it_back_later_is_told_from_what_was_written_here(
    guard, tmp_path
):
    origins = {how: f"jagasuara.example/{n}" for n, how in enumerate(COPIES)}
    for origin in (ORIGIN, *origins.values()):
        lift(guard, origin, 7, A)
    # Not a minute: the number of an inode is given again at once.
    time.sleep(3.1)
    for how, origin in origins.items():
        assert guard.is_here(origin)
        path, copy = guard._path(origin), tmp_path / origin.replace("/", ".")
        COPIES[how](path, copy)
        if copy.exists():
            copy.replace(path)
        assert not guard.is_here(origin), how
        assert guard.read(origin) == (7, A)  # what it says counts all the same
    assert guard.is_here(ORIGIN)


def test_a_guard_of_an_older_version_says_nothing_of_where_it_was_written(guard):
    lift(guard, ORIGIN, 7, A)
    path = guard._path(ORIGIN)
    path.write_bytes(path.read_bytes().partition(b"here ")[0])
    assert guard.read(ORIGIN) == (7, A)
    assert not guard.is_here(ORIGIN)


def test_on_a_slow_disk_it_is_written_again(guard, monkeypatch):
    """Else it would look like a copy at the next start."""
    fsync, slow = os.fsync, [True]

    def sync(handle):
        if slow:
            slow.clear()
            time.sleep(2.1)
        fsync(handle)

    monkeypatch.setattr(store_guard, "WRITING_S", 1)
    lift(guard, ORIGIN, 6, A)
    slow.append(True)
    monkeypatch.setattr(os, "fsync", sync)
    lift(guard, ORIGIN, 7, A)
    assert not slow
    assert FolderGuard(guard._folder).is_here(ORIGIN)


def test_a_disk_that_stays_slow_stops_nothing_before_the_next_start(guard, monkeypatch):
    monkeypatch.setattr(store_guard, "WRITING_S", -1)
    lift(guard, ORIGIN, 7, A)
    assert guard.is_here(ORIGIN)
    assert not FolderGuard(guard._folder).is_here(ORIGIN)
    # Whoever puts another file there, the same bytes even, is found out at once.
    path = guard._path(ORIGIN)
    shutil.copy2(path, path.with_suffix(".save"))
    path.with_suffix(".save").replace(path)
    assert not guard.is_here(ORIGIN)


def test_a_folder_that_is_renamed_and_back_is_not_found_out(guard, tmp_path):
    """The page of restores says so: whoever does it takes the guard away."""
    folder, aside = tmp_path / "guard", tmp_path / "aside"
    lift(guard, ORIGIN, 7, A)
    folder.rename(aside)
    shutil.copytree(aside, folder)
    assert not guard.is_here(ORIGIN)
    guard.confirm(ORIGIN, 9, B)
    shutil.rmtree(folder)
    aside.rename(folder)
    assert guard.read(ORIGIN) == (7, A)
    assert guard.is_here(ORIGIN)


def test_a_copy_put_back_at_once_has_another_inode(guard, tmp_path):
    lift(guard, ORIGIN, 7, A)
    (path,) = (tmp_path / "guard").iterdir()
    shutil.copy2(path, tmp_path / "copy")
    (tmp_path / "copy").replace(path)
    assert not guard.is_here(ORIGIN)


def test_a_guard_that_moves_with_its_folder_is_still_the_one(guard, tmp_path):
    lift(guard, ORIGIN, 7, A)
    moved = (tmp_path / "guard").rename(tmp_path / "moved")
    assert FolderGuard(moved).is_here(ORIGIN)


def test_what_a_partner_holds_is_no_word_of_ours_until_it_is_confirmed(guard):
    lift(guard, ORIGIN, 7, A)
    guard.learn(ORIGIN, 6, B)
    guard.learn(ORIGIN, 7, A)
    assert guard.is_here(ORIGIN)  # nothing that was not known
    with pytest.raises(ProofError):
        guard.learn(ORIGIN, 7, B)
    guard.learn(ORIGIN, 9, B)
    assert guard.read(ORIGIN) == (9, B)
    assert not guard.is_here(ORIGIN)
    lift(guard, ORIGIN, 9, B)
    assert not guard.is_here(ORIGIN)
    guard.confirm(ORIGIN, 9, B)
    assert guard.is_here(ORIGIN)
    with pytest.raises(RollbackError):
        guard.confirm(ORIGIN, 8, A)


def test_the_names_of_folders_are_durable_before_what_lies_in_them(
    tmp_path, monkeypatch
):
    synced = []
    fsync = os.fsync

    def watch(handle):
        synced.append(Path(f"/proc/self/fd/{handle}").readlink())
        fsync(handle)

    monkeypatch.setattr(os, "fsync", watch)
    folder = tmp_path / "disk" / "guard"
    FolderGuard(folder).found(ORIGIN)
    assert synced[:2] == [tmp_path, tmp_path / "disk"]
    assert synced[-1] == folder
