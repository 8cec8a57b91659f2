"""The database to a server and back; ended anywhere, the same command goes on."""

import contextlib
import json

import pytest

from federation.cli import move
from federation.config.home import Home
from federation.config.rewrite import set_database
from federation.config.settings import load_settings
from federation.flows.doctor import DoctorFinding, DoctorReport
from federation.store.db import Database
from federation.store.enginechoice import FILE_NAME
from federation.store.upgrade import MOVED_NAME
from federation.text import Text
from tests.cli.filled_home import rows
from tests.homes import ELECTION


class EndedError(Exception):
    """As if the process were killed there."""


@pytest.fixture
def home(own_home, federation):
    home = Home(own_home)
    words = ("--election", ELECTION, "--alone")
    ended = federation("import", rows(home, range(1, 20)), *words)
    assert ended.code == 0, ended.err
    return home


@pytest.fixture
def ended_at(monkeypatch, federation):
    """Has a move come no further than to the call of this name."""

    def move_to(place, name):
        def end(*_):
            raise EndedError

        with monkeypatch.context() as patch:
            patch.setattr(move, name, end)
            ended = federation("move", "--to", place)
        assert "EndedError" in ended.err

    return move_to


def moved(federation, place):
    ended = federation("move", "--to", place, "--json")
    assert ended.code == 0, ended.err
    return json.loads(ended.out)


def database_of(home):
    return load_settings(home.settings).database


def test_a_move_that_ended_before_the_settings_is_compared_and_gone_over_to(
    home, federation, postgres, ended_at
):
    ended_at(postgres, "set_database")
    assert database_of(home) is None
    said = moved(federation, postgres)
    assert said["resumed"]
    assert said["clean"]
    assert said["rows"]["log"] == 2
    assert database_of(home) == postgres
    assert not (home.data / FILE_NAME).exists()
    ended = federation("status")
    assert "has ended in order" in ended.out
    # Until when the file stays is told by whoever is asked how the house is.
    assert MOVED_NAME in federation("doctor").out
    assert federation("doctor", "--deep").code == 0


def test_a_move_that_ended_behind_the_settings_has_the_file_put_aside(
    home, federation, postgres, ended_at
):
    ended_at(postgres, "_rename")
    assert database_of(home) == postgres
    assert moved(federation, postgres)["resumed"]
    assert (home.data / MOVED_NAME).exists()
    assert "already" in federation("move", "--to", postgres).err


@pytest.mark.parametrize("place", ["a server that is away", "an empty database"])
def test_the_file_stays_where_it_is_while_the_server_named_lacks_its_rows(
    home, federation, postgres, place
):
    is_away = place == "a server that is away"
    address = "postgresql://a@127.0.0.1:1/none" if is_away else postgres
    set_database(home.settings, address)
    refused = federation("move", "--to", address)
    assert refused.code != 0
    assert ("does not answer" if is_away else "does not have what") in refused.err
    assert (home.data / FILE_NAME).exists()
    assert not (home.data / MOVED_NAME).exists()


def test_a_file_of_an_earlier_move_is_never_replaced(home, federation):
    earlier = home.data / MOVED_NAME
    earlier.write_bytes(b"earlier")
    address = "postgresql://a@127.0.0.1:1/none"
    for named in (None, address):
        set_database(home.settings, named)
        refused = federation("move", "--to", address)
        assert refused.code != 0
        assert str(earlier) in refused.err
        assert (home.data / FILE_NAME).exists()
    assert earlier.read_bytes() == b"earlier"


@pytest.mark.slow  # seconds of examining
def test_a_move_back_that_ended_is_gone_over_to_and_another_file_is_left_alone(
    home, federation, postgres, ended_at
):
    assert not moved(federation, postgres)["resumed"]
    ended_at("file", "set_database")
    assert database_of(home) == postgres
    assert moved(federation, "file")["resumed"]
    assert database_of(home) is None

    # The server has what the file has, until the node goes on from that.
    (home.data / MOVED_NAME).unlink()
    assert moved(federation, postgres)["resumed"]
    (home.data / MOVED_NAME).rename(home.data / FILE_NAME)
    with contextlib.closing(Database.open(home.data)) as db, db.transaction() as tx:
        tx.execute("UPDATE log SET stalled = NULL")
        tx.execute("INSERT INTO observation VALUES ('w', 's', 1, 1)")
    refused = federation("move", "--to", "file")
    assert "is not what is to be moved" in refused.err
    assert database_of(home) == postgres


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("postgresql://a@/none?sslmod=require", "sslmod"),
        ("mysql://a@/none", "no address"),
        ("postgresql://a:secret@b/none", "password"),
    ],
)
def test_what_is_wrong_with_the_address_is_told_of_the_option(
    own_home, federation, place, told
):
    ended = federation("move", "--to", place)
    assert ended.code != 0
    assert "--to" in ended.err
    assert told in ended.err
    assert "federation.toml" not in ended.err


def test_what_the_examination_finds_there_is_named_and_the_node_stays(
    home, federation, postgres, monkeypatch
):
    found = DoctorFinding(level="error", code="photo-likeness", subject="a", detail="")
    report = DoctorReport(is_deep=True, findings=[found], errors=1)
    monkeypatch.setattr(move, "examine", lambda *_, **__: report)
    ended = federation("move", "--to", postgres)
    assert ended.code == 1
    assert Text("en")("doctor.found-photo-likeness") in " ".join(ended.out.split())
    assert database_of(home) is None
