"""A command whose records are kept and not finished says so, by exit code 75."""

import errno
import json
import os

import pytest

from federation.cli.remote import error_of
from federation.errors import (
    DoubtError,
    FederationError,
    FencedError,
    GuardUnreachableError,
    KeptError,
    PeerError,
)
from federation.store.folderguard import FolderGuard

ROW = "kode_tps,01,02,03\n3171011001001,1,2,3\n"


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.csv"
    path.write_text(ROW)
    return path


def imported(federation, table, *words):
    given = ["--election", "pemilu-2024", "--contest", "ppwp", "--alone"]
    return federation("import", table, *given, *words)


def fill(patch):
    real = FolderGuard._write

    def write(self, path, data, *, here):
        # The key statement is in the log before the disk is full.
        if path.suffix == ".guard" and b"\n1\n" not in data:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        real(self, path, data, here=here)

    patch.setattr(FolderGuard, "_write", write)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "need not be sent again"),
        ("id", "Tidak perlu dikirim lagi"),
    ],
)
def test_an_import_whose_guard_is_full_is_kept_and_held_afterwards(
    federation, table, monkeypatch, language, words
):
    with monkeypatch.context() as patch:
        fill(patch)
        ended = imported(federation, table, "--lang", language)
        assert ended.code == 75, ended
        assert words in ended.err
        assert federation("doctor", "--deep").code == 0, "that is no damage"
    ended = imported(federation, table, "--json")
    assert json.loads(ended.out)["rows"]["held"] == 1


def test_a_withdrawal_is_told_in_the_same_way(federation, table, monkeypatch):
    assert imported(federation, table).code == 0
    words = ["withdraw", "3171011001001", "--reason", "wrong", "--alone", "--json"]
    words += ["--election", "pemilu-2024", "--contest", "ppwp"]
    with monkeypatch.context() as patch:
        fill(patch)
        ended = federation(*words)
        assert ended.code == 75
        assert json.loads(ended.err)["error"]["code"] == "kept"
    assert json.loads(federation(*words).out)["outcome"] == "held"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (503, "kept", KeptError),
        (503, "in-doubt", DoubtError),
        (507, "disk-full", OSError),
        (500, "disk-failed", OSError),
        (500, "bug", PeerError),
        (503, "guard-unreachable", GuardUnreachableError),
        (503, "fenced", FencedError),
        (503, "database-away", OSError),
        (503, "store-away", OSError),
    ],
)
def test_what_a_running_node_answers_is_what_a_command_would_say_itself(
    status, code, kind
):
    found = error_of("http://127.0.0.1:1", status, {"code": code, "detail": "x"})
    assert type(found) is kind or (kind is OSError and isinstance(found, OSError))
    if isinstance(found, FederationError) and kind is not PeerError:
        assert str(found) == "x", "in no words of its own around the node's"
