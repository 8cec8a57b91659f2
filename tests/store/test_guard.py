"""The guard only rises, is whole after any crash, and is never guessed."""

import os

import pytest

from federation.errors import ProofError, RollbackError, VerificationError
from federation.store.guard import Guard

ORIGIN = "jagasuara.example/pemilu-2024"
A, B = bytes(32), b"\x01" * 32


@pytest.fixture
def guard(tmp_path):
    return Guard(tmp_path / "guard")


def test_a_new_log_has_none(guard):
    assert guard.read(ORIGIN) is None


def test_it_gives_back_what_was_raised(guard, tmp_path):
    guard.raise_to(ORIGIN, 7, A)
    guard.raise_to(ORIGIN, 9, B)
    assert Guard(tmp_path / "guard").read(ORIGIN) == (9, B)
    assert guard.read(ORIGIN + "/2") is None


def test_it_tells_when_a_size_was_signed_not_when_it_was_looked_at(guard, tmp_path):
    assert guard.raised_at(ORIGIN) is None
    guard.raise_to(ORIGIN, 7, A)
    (path,) = (tmp_path / "guard").iterdir()
    os.utime(path, (1_707_900_000, 1_707_900_000))
    guard.raise_to(ORIGIN, 7, A)
    assert guard.raised_at(ORIGIN) == 1_707_900_000
    guard.raise_to(ORIGIN, 8, B)
    assert guard.raised_at(ORIGIN) > 1_707_900_000


def test_it_never_goes_down(guard):
    guard.raise_to(ORIGIN, 7, A)
    with pytest.raises(RollbackError):
        guard.raise_to(ORIGIN, 6, A)
    assert guard.read(ORIGIN) == (7, A)


def test_one_size_keeps_one_root(guard):
    guard.raise_to(ORIGIN, 7, A)
    guard.raise_to(ORIGIN, 7, A)
    with pytest.raises(ProofError):
        guard.raise_to(ORIGIN, 7, B)


def test_only_the_owner_may_look(guard, tmp_path):
    guard.raise_to(ORIGIN, 7, A)
    assert (tmp_path / "guard").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "of another log"])
def test_a_damaged_file_is_refused(guard, tmp_path, damage):
    guard.raise_to(ORIGIN, 7, A)
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
        guard.raise_to(ORIGIN, 8, B)


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_disk_that_fails_leaves_the_old_or_the_new_one(guard, monkeypatch, call):
    guard.raise_to(ORIGIN, 7, A)

    def fail(*_):
        raise OSError(5, "input/output error")

    target = os if call == "fsync" else type(guard._folder)
    with monkeypatch.context() as patch:
        patch.setattr(target, call, fail)
        with pytest.raises(OSError, match="input/output"):
            guard.raise_to(ORIGIN, 9, B)
    assert guard.read(ORIGIN) in {(7, A), (9, B)}
    guard.raise_to(ORIGIN, 9, B)
    assert guard.read(ORIGIN) == (9, B)


def test_it_remembers_for_each_log_whether_its_keys_were_made_here(guard, tmp_path):
    assert not guard.is_founded(ORIGIN)
    path = guard.found(ORIGIN)
    assert path.read_bytes() == f"{ORIGIN}\n".encode()
    again = Guard(tmp_path / "guard")
    assert again.is_founded(ORIGIN)
    assert not again.is_founded(ORIGIN + "/2")
    # It says nothing of sizes, and they nothing of it.
    assert again.read(ORIGIN) is None
    guard.raise_to(ORIGIN + "/2", 7, A)
    assert not again.is_founded(ORIGIN + "/2")
    guard.raise_to(ORIGIN, 7, A)
    assert again.is_founded(ORIGIN)


@pytest.mark.parametrize("damage", [b"", b"another.example/pemilu-2024\n"])
def test_a_damaged_mark_founds_nothing(guard, damage):
    guard.found(ORIGIN).write_bytes(damage)
    assert not guard.is_founded(ORIGIN)
