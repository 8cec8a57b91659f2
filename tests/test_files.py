"""Regular files only: nothing is waited for, replaced or left behind."""

import fcntl
import os
import stat
from functools import partial

import pytest

from federation.files import (
    open_regular,
    sweep,
    write_aside,
    write_durably,
    write_whole,
)


@pytest.fixture(params=["pipe", "socket", "link", "folder", "device"])
def other(request, tmp_path):
    """Something in the place of a file."""
    path = tmp_path / "it"
    match request.param:
        case "pipe":
            os.mkfifo(path)
        case "socket":
            os.mknod(path, stat.S_IFSOCK)
        case "link":
            (tmp_path / "victim").write_text("precious")
            path.symlink_to("victim")
        case "folder":
            path.mkdir()
        case "device":
            path.symlink_to(os.devnull)
    return path


def test_what_is_no_regular_file_is_not_replaced(other, tmp_path):
    before = os.lstat(other)
    with pytest.raises(OSError, match="not a"), write_whole(other):
        pass
    assert os.lstat(other) == before
    assert not list(tmp_path.glob(".*"))


def test_what_is_no_regular_file_is_not_opened(other):
    with (
        pytest.raises(OSError, match=r".") as caught,
        open_regular(other, follow=False),
    ):
        pass
    assert caught.value.strerror


def test_a_link_to_a_file_is_read_where_that_is_meant(tmp_path):
    (tmp_path / "f").write_bytes(b"x")
    (tmp_path / "link").symlink_to("f")
    with open_regular(tmp_path / "link") as file:
        assert file.read() == b"x"
    (tmp_path / "null").symlink_to(os.devnull)
    with pytest.raises(OSError, match="not a regular file"):
        open_regular(tmp_path / "null")


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path):
    path = tmp_path / "f"
    path.write_bytes(b"old")

    def fill():
        with write_whole(path) as file:
            file.write(b"half")
            raise KeyError

    with pytest.raises(KeyError):
        fill()
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["f"]


@pytest.mark.parametrize(
    ("write", "expected"),
    [
        (partial(write_whole, is_synced=False), ["replace"]),
        (write_whole, ["fsync", "replace"]),
        (write_durably, ["fsync", "replace", "fsync"]),
    ],
)
def test_a_file_is_synced_before_its_name_is_and_its_folder_after(
    write, expected, tmp_path, monkeypatch
):
    done = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)

        def watched(*args, name=name, real=real, **options):
            done.append(name)
            return real(*args, **options)

        monkeypatch.setattr(os, name, watched)
    with write(tmp_path / "f") as file:
        file.write(b"x")
    assert done == expected
    assert (tmp_path / "f").read_bytes() == b"x"


def test_what_a_killed_process_left_goes_and_what_is_being_written_stays(tmp_path):
    path = tmp_path / "f"
    dead, foreign = tmp_path / ".f.00000000.part", tmp_path / ".f.part"
    other = tmp_path / ".g.00000000.part"
    for one in (dead, foreign, other):
        one.touch()
    with write_aside(path) as (_, living):
        with write_whole(path) as file:
            file.write(b"x")
        assert os.path.exists(living)  # noqa: PTH110  a name, not a path
        assert not dead.exists()
        sweep(tmp_path)
        assert not other.exists()
    assert {one.name for one in tmp_path.iterdir()} == {"f", ".f.part"}


def test_a_part_that_is_swept_before_it_is_locked_is_made_again(tmp_path, monkeypatch):
    lock, lost = fcntl.flock, []

    def swept_first(file, how):
        if not lost:
            lost.extend(tmp_path.glob(".*.part"))
            lost[0].unlink()
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", swept_first)
    with write_whole(tmp_path / "f") as file:
        file.write(b"x")
    assert (tmp_path / "f").read_bytes() == b"x"
    assert len(lost) == 1


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_without_a_mode_the_mask_decides(tmp_path, umask):
    before = os.umask(umask)
    try:
        with write_whole(tmp_path / "f"), write_whole(tmp_path / "g", 0o640):
            pass
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / n).stat().st_mode) for n in ("f", "g")]
    assert modes == [0o666 & ~umask, 0o640]
