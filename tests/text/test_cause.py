"""One cause for each number that a system gives, and no list of guesses."""

import errno
import os
import socket

import pytest

from federation.text import LANGUAGES, Text
from federation.text.cause import (
    AddressError,
    blame_file,
    cause_of,
    name_address,
    place_of,
)

CAUSES = {
    errno.ENOSPC: "there is no space left on this disk",
    errno.EDQUOT: "the space that this user may take",
    errno.EACCES: "this user has no permission",
    errno.EPERM: "this user has no permission",
    errno.EROFS: "it lies on a medium that can only be read",
    errno.ENOENT: "there is no such file or folder",
    errno.ENOTDIR: "is a link or a file, not a folder",
    errno.EISDIR: "it is a folder, not a file",
    errno.EMFILE: "too many files are open at once",
    errno.ENFILE: "too many files are open at once",
    errno.ENAMETOOLONG: "this name is longer than",
    errno.EIO: "the disk did not read or write it",
    errno.EBUSY: "another program holds it",
    errno.EAGAIN: "another program holds it",
    errno.ENOLCK: "does not lock files",
    errno.EFBIG: "it is larger than",
    errno.ELOOP: "its links lead in a circle",
    errno.ENOMEM: "not enough free memory",
    errno.ESTALE: "is no longer there",
    errno.ENOTSUP: "the file system there cannot do this",
}


@pytest.mark.parametrize(
    ("number", "words"), CAUSES.items(), ids=lambda v: errno.errorcode.get(v, "")
)
def test_each_number_has_its_one_cause(number, words):
    cause = cause_of(OSError(number, os.strerror(number), "/a/b"))
    assert words in cause
    for language in LANGUAGES:
        said = Text(language).say(cause)
        assert os.strerror(number) not in said
        assert "?" not in said
        assert "Errno" not in said


def test_a_number_without_words_is_told_with_those_of_the_system():
    cause = cause_of(OSError(errno.EXDEV, "Invalid cross-device link"))
    assert "Invalid cross-device link (number 18)" in cause
    assert cause_of(OSError("no number")) == "the system refused it: no number"


@pytest.mark.parametrize(
    ("error", "place"),
    [
        (OSError(2, "x", "/a"), "/a"),
        (OSError(2, "x", b"/a\xff"), "/a\\xff"),
        (OSError(2, "x", "/a", None, "/b"), "/a"),
        (OSError(2, "x", 7), ""),
        (OSError(2, "x"), ""),
    ],
)
def test_the_place_is_the_path_that_the_system_names(error, place):
    assert place_of(error) == place


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EADDRINUSE, "x"), "already answers on this port"),
        (OSError(errno.EACCES, "x"), "choose a number from 1024 on"),
        (OSError(errno.EADDRNOTAVAIL, "x"), "no network interface"),
        (socket.gaierror(socket.EAI_NONAME, "x"), "leads to no address"),
        (OSError(errno.EMFILE, "x"), "too many files"),
        (OSError("could not bind on any address"), "no network interface"),
    ],
)
def test_an_address_is_named_with_what_to_change(error, words):
    named = name_address(error, "10.0.0.1:80")
    assert isinstance(named, AddressError)
    assert place_of(named) == "10.0.0.1:80"
    assert words in cause_of(named)


@pytest.mark.parametrize(
    ("place", "named"),
    [
        (None, "/d/out.csv"),
        ("/d/out.csv", "/d/out.csv"),
        ("/d/.out.csv.01234567.part", "/d/out.csv"),
        ("/d", "/d"),
    ],
)
def test_what_is_written_is_blamed_and_not_the_part_beside_it(tmp_path, place, named):
    error = OSError(errno.ENOSPC, "x", place and place.replace("/d", str(tmp_path)))
    path, reason = blame_file(error, tmp_path / "out.csv")
    assert path == named.replace("/d", str(tmp_path))
    assert reason.startswith("cannot be written: there is no space")


def test_what_was_read_is_not_blamed_on_what_is_written(tmp_path):
    error = OSError(errno.EIO, "x", "/elsewhere/federation.db")
    with pytest.raises(OSError, match="elsewhere"):
        blame_file(error, tmp_path / "out.csv")
