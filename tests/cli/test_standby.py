"""`serve --standby`: whom it waits for, what it says, and that it takes over once."""

import contextlib
import errno
from types import SimpleNamespace

import pytest

from federation.cli import serve
from federation.errors import HeldError
from federation.node.resources import Resources
from federation.store.refusal import ServerLostError
from federation.text import Sentence, Text

HELD = {"pid": 7, "host": "box", "since": "2024-02-14 21:00"}


class Supervisor:
    def __init__(self):
        self.told = []

    def tell(self, **said):
        self.told.append(said["STATUS"])


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A command whose notes are kept, and that waits for nobody."""
    monkeypatch.setattr(serve.time, "sleep", lambda _: None)
    notes = []
    return SimpleNamespace(
        home=SimpleNamespace(lock=tmp_path / "lock"),
        settings=None,
        t=Text("en"),
        out=SimpleNamespace(note=notes.append),
        notes=notes,
    )


def opening(monkeypatch, *ends):
    """What opening all of it ends in, one time after the other; then it is there."""
    left = list(ends)
    resources = object.__new__(Resources)

    @contextlib.contextmanager
    def open_resources(home, settings):
        del home, settings
        if left:
            raise left.pop(0)
        yield resources

    monkeypatch.setattr(serve, "open_resources", open_resources)
    return resources


def away(words="Connection refused"):
    told = Sentence("machine.server-lost", words=words)
    return ServerLostError(errno.EIO, told, "postgresql://db/x")


def held():
    return HeldError(Sentence("machine.database-held", **HELD), 7, "box", 1_707_919_200)


def test_it_waits_through_a_server_that_is_away_and_says_from_whom_it_took_over(
    run, monkeypatch
):
    ends = [away(), away(), held(), held(), away("is starting up"), held()]
    resources = opening(monkeypatch, *ends)
    supervisor = Supervisor()
    with contextlib.ExitStack() as stack:
        assert serve._take_over(run, supervisor, stack) is resources
    assert supervisor.told == run.notes[:-1]
    lost, writes, starting, again, took = run.notes
    assert "Connection refused" in lost
    assert "process 7 on box" in writes
    assert "is starting up" in starting
    assert again == writes
    assert took.startswith("Took over: process 7 on box")


def test_where_nobody_wrote_nothing_is_said_to_be_taken_over(run, monkeypatch):
    opening(monkeypatch)
    with contextlib.ExitStack() as stack:
        serve._take_over(run, Supervisor(), stack)
    assert run.notes == []
