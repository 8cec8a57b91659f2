"""Sealed annexes as files: whole or damaged, replaced whole, gone when they go."""

import random
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from federation.errors import FormatError, NotFoundError, StoredError
from federation.store.annex import AnnexFolder, format_annex, parse_annex
from tests.annexed import ELECTION, ID, sealed

OTHER = "f" * 32


@pytest.fixture
def folder(tmp_path):
    return AnnexFolder(tmp_path / "annex")


def lying(folder):
    return sorted(path.name for path in folder.path(ELECTION, ID).parent.iterdir())


def test_what_was_saved_is_there_for_its_owner_alone(folder):
    annex = sealed()
    folder.save(annex)
    assert folder.load(ELECTION, ID) == annex
    path = folder.path(ELECTION, ID)
    modes = [stat.S_IMODE(one.stat().st_mode) for one in (path, path.parent)]
    modes.append(stat.S_IMODE(path.parent.parent.stat().st_mode))
    assert modes == [0o600, 0o700, 0o700]


def test_a_replaced_one_leaves_nothing_beside_the_new(folder):
    first, second = sealed(), sealed()
    folder.save(first)
    folder.save(second)
    assert folder.load(ELECTION, ID) == second
    assert lying(folder) == [ID]
    below = folder.path(ELECTION, ID).parent.parent
    kept = b"".join(path.read_bytes() for path in below.rglob("*") if path.is_file())
    assert format_annex(first) not in kept


def test_with_one_that_goes_go_the_parts_of_killed_processes(folder):
    folder.save(sealed())
    part = folder.path(ELECTION, ID).with_name(f".{ID}.0123abcd.part")
    part.write_bytes(b"half")
    assert folder.drop(ELECTION, ID)
    assert lying(folder) == []
    assert not folder.drop(ELECTION, ID)
    with pytest.raises(NotFoundError, match=ID):
        folder.load(ELECTION, ID)


def test_every_flipped_bit_is_damage_and_is_not_believed():
    data = format_annex(sealed())
    for bit in random.Random(27).sample(range(8 * len(data)), 500):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(FormatError):
            parse_annex(bytes(flipped))


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda _: b"",
        lambda data: data[:-1],
        lambda data: data + b"\n",
        lambda data: data[: len(data) // 2],
        lambda data: data.replace(b"annex/v1", b"annex/v2"),
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda data: b"x" * (1 << 20) + data,
    ],
    ids=["empty", "no end", "more", "half", "later version", "mail", "huge"],
)
def test_what_is_no_whole_file_is_damaged(folder, spoilt):
    folder.save(sealed())
    path = folder.path(ELECTION, ID)
    path.write_bytes(spoilt(path.read_bytes()))
    with pytest.raises(StoredError, match="damaged"):
        folder.load(ELECTION, ID)
    [found] = folder.walk()
    assert (found.incident, found.head) == (ID, None)


def test_one_under_the_name_of_another_is_damaged(folder):
    folder.save(sealed())
    folder.path(ELECTION, OTHER).write_bytes(folder.path(ELECTION, ID).read_bytes())
    assert [found.head is None for found in folder.walk()] == [False, True]


def test_all_are_listed_and_nothing_else(folder):
    assert list(folder.walk()) == []
    for incident in (OTHER, ID):
        folder.save(sealed(incident))
    beside = folder.path(ELECTION, ID).parent
    (beside / "note.txt").write_text("of a person")
    (beside / f".{ID}.0123abcd.part").write_bytes(b"half")
    (beside.parent / "Notes").mkdir()
    assert [found.incident for found in folder.walk()] == [ID, OTHER]
    folder.sweep()
    assert lying(folder) == [ID, OTHER, "note.txt"]


KILLED = """
import os, signal, sys
from pathlib import Path
from federation.store.annex import AnnexFolder, parse_annex
calls, stop = 0, int(sys.argv[2])
def dying(call):
    def one(*given, **more):
        global calls
        calls += 1
        if calls == stop:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*given, **more)
    return one
for name in ("fsync", "replace", "open"):
    setattr(os, name, dying(getattr(os, name)))
AnnexFolder(Path(sys.argv[1])).save(parse_annex(sys.stdin.buffer.read()))
os.write(1, b"acknowledged")
"""


@pytest.mark.slow
def test_who_is_killed_at_any_step_leaves_the_one_before_or_the_new_one(folder):
    first, second = sealed(), sealed()
    folder.save(first)
    root = folder.path(ELECTION, ID).parent.parent
    acknowledged = stop = 0
    while not acknowledged:
        stop += 1
        done = subprocess.run(
            [sys.executable, "-c", KILLED, str(root), str(stop)],
            input=format_annex(second),
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
            check=False,
        )
        acknowledged = done.stdout == b"acknowledged"
        assert done.returncode == (0 if acknowledged else -signal.SIGKILL)
        kept = folder.load(ELECTION, ID)
        assert kept == second if acknowledged else kept in (first, second)
    assert stop > 3
    folder.sweep()
    assert lying(folder) == [ID]
