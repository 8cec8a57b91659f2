"""Folders: regular files inside, nothing else."""

import os

import pytest

from federation.errors import FormatError, NotFoundError
from federation.feeds.folder import Folder


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "site"
    (root / "v1").mkdir(parents=True)
    (root / "logs").write_bytes(b"vector")
    (root / "v1" / "elections").write_bytes(b"{}")
    (tmp_path / "secret").write_bytes(b"key")
    return root


def test_a_file_is_read_whole(folder):
    assert Folder(folder).read("logs", 6) == b"vector"
    assert Folder(folder).read("v1/elections", 100) == b"{}"


def test_a_file_of_more_than_it_may_have_is_refused(folder):
    with pytest.raises(FormatError, match="more than 5 bytes"):
        Folder(folder).read("logs", 5)


@pytest.mark.parametrize(
    "path",
    ["", "nothing", "v1", "logs/x", "../secret", "/etc/hostname", "v1/../logs", "a\0b"],
)
def test_there_is_nothing_at_any_other_path(folder, path):
    with pytest.raises(NotFoundError):
        Folder(folder).read(path, 100)


def test_a_link_that_leads_outside_is_not_followed(folder):
    (folder / "keys").symlink_to("../secret")
    (folder / "up").symlink_to("..")
    for path in ("keys", "up/secret"):
        with pytest.raises(NotFoundError, match="outside"):
            Folder(folder).read(path, 100)
    assert "keys" not in Folder(folder).names()


def test_a_link_that_stays_inside_is_read(folder):
    (folder / "again").symlink_to("logs")
    assert Folder(folder).read("again", 100) == b"vector"


def test_a_link_to_itself_is_nothing(folder):
    (folder / "loop").symlink_to("loop")
    with pytest.raises(NotFoundError):
        Folder(folder).read("loop", 100)


def test_a_pipe_is_not_waited_for(folder):
    os.mkfifo(folder / "pipe")
    with pytest.raises(NotFoundError, match="no regular file"):
        Folder(folder).read("pipe", 100)
    assert "pipe" not in Folder(folder).names()


def test_a_folder_behind_a_link_is_a_folder(folder, tmp_path):
    (tmp_path / "stick").symlink_to(folder)
    assert Folder(tmp_path / "stick").read("logs", 100) == b"vector"


def test_names_are_sorted_paths(folder):
    assert list(Folder(folder).names()) == ["logs", "v1/elections"]


def test_a_file_that_may_not_be_read_says_why(folder):
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    (folder / "logs").chmod(0)
    with pytest.raises(FormatError, match="cannot be read"):
        Folder(folder).read("logs", 100)


def test_a_name_that_is_no_text_is_shown_escaped(folder):
    os.close(os.open(os.fsencode(folder) + b"/bad\xff", os.O_CREAT | os.O_WRONLY))
    assert [*Folder(folder).names()] == ["bad\\xff", "logs", "v1/elections"]


def test_a_folder_deeper_than_any_path_is_told_and_not_walked(folder):
    # Not deeper: whoever clears up after the tests walks down by recursion.
    (folder / ("a/" * 300)).mkdir(parents=True)
    names = [*Folder(folder).names()]
    assert names == ["a/" * 200, "logs", "v1/elections"]
    with pytest.raises(NotFoundError):
        Folder(folder).read(names[0], 100)


def test_a_closed_folder_is_told(folder, monkeypatch):
    true = os.scandir

    def scan(path):
        if str(path).endswith("v1"):
            raise PermissionError(13, "Permission denied")
        return true(path)

    monkeypatch.setattr(os, "scandir", scan)
    assert [*Folder(folder).names()] == ["logs", "v1/"]
