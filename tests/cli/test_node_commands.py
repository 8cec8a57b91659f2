"""`serve`, `sync` and `keys token`, beside a running node and without one."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys

import pytest

from federation.cli import run
from federation.cli.output import CONFLICT, NOT_FOUND, OK, PEER, USAGE, Output
from federation.store import alarms
from federation.store.db import Database
from federation.text import Text
from tests.homes import add_peer, make_home
from tests.waiting import LIMIT_S, wait_until


def federation(home, *words, language="en", is_json=True):
    """Exit code and what was printed."""
    out, err = io.StringIO(), io.StringIO()
    flags = ["--home", str(home.folder), *(["--json"] if is_json else [])]
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([*words, *flags], Output(Text(language), is_json=is_json))
    return code, out.getvalue(), err.getvalue()


@contextlib.contextmanager
def node_process(home, *words):
    """A node as an operator starts it; stopped as with Ctrl-C."""
    environ = {**os.environ, "FEDERATION_HOME": str(home.folder)}
    log = home.folder / "serve.log"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "federation", "serve", *words, "--lang", "id"],
            stdout=output,
            stderr=output,
            env=environ,
        ) as process,
    ):

        def serves():
            assert process.poll() is None, log.read_text()
            return home.control.exists()

        wait_until(serves, "it starts")
        yield process
        process.send_signal(signal.SIGINT)
        process.wait(LIMIT_S)


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path)


def test_a_token_is_shown_once_listed_by_name_and_removed(home):
    code, out, _ = federation(home, "keys", "token", "add", "web")
    assert (code, len(json.loads(out)["token"])) == (OK, 43)
    assert federation(home, "keys", "token", "add", "web")[0] == CONFLICT
    _, out, _ = federation(home, "keys", "token", "list")
    assert [one["name"] for one in json.loads(out)["tokens"]] == ["web"]
    assert "digest" not in out
    _, out, _ = federation(home, "keys", "token", "list", is_json=False)
    assert "web" in out
    _, out, _ = federation(home, "keys", "token", "add", "kota", "--reports")
    assert json.loads(out)["scope"] == "reports"
    _, out, _ = federation(home, "keys", "token", "list")
    scopes = {one["name"]: one["scopes"] for one in json.loads(out)["tokens"]}
    assert scopes == {"kota": ["reports"], "web": ["intake"]}
    assert federation(home, "keys", "token", "remove", "web")[0] == OK
    assert federation(home, "keys", "token", "remove", "web")[0] == NOT_FOUND


def test_an_alarm_that_was_seen_to_is_taken_away(home):
    assert federation(home, "keys", "token", "add", "makes-the-database")[0] == OK
    database = Database.open(home.data)
    with database.transaction() as tx:
        for org in ("a.example", "b.example"):
            alarms.raise_alarm(tx, "crashed", org, "a fault of ours", 1_700_000_000)
        alarms.raise_alarm(tx, "rejected", "log", "a bad entry", 1_700_000_000)
    database.close()
    code, out, _ = federation(home, "status", "--clear", "crashed")
    assert code == OK
    assert [alarm["code"] for alarm in json.loads(out)["alarms"]] == ["rejected"]
    assert federation(home, "status", "--clear", "crashed")[0] == NOT_FOUND


def test_the_table_of_alarms_stays_narrow_and_their_details_stand_below(home):
    assert federation(home, "keys", "token", "add", "makes-the-database")[0] == OK
    detail = ", told at length" * 20
    with contextlib.closing(Database.open(home.data)) as db, db.transaction() as tx:
        for code in ("crashed", "of-a-newer-version"):
            alarms.raise_alarm(tx, code, "a.example", detail, 1_700_000_000)
    _, out, _ = federation(home, "status", is_json=False)
    lines = out.splitlines()
    told = [line for line in lines if detail in line]
    assert told == [f"  a.example: {detail}"] * 2
    table = lines[[line.strip() for line in lines].index("Please look at") :]
    assert max(map(len, table[: table.index(told[0])])) < 400
    assert all(
        len(line) < 120 for line in table if line.startswith(("crashed  ", " ─"))
    )


def test_syncing_without_partners_says_how_to_add_one(home):
    code, out, _ = federation(home, "sync", "now", is_json=False)
    assert code == OK
    assert "peers add" in out


@pytest.mark.slow
def test_syncing_with_a_dead_partner_ends_with_the_peers_code(home, tmp_path):
    add_peer(home, make_home(tmp_path, "kawalpemilu.example"), "http://127.0.0.1:9")
    for words in (["--dry-run"], []):
        code, out, _ = federation(home, "sync", "now", *words)
        assert code == PEER
        [turn] = json.loads(out)["turns"]
        assert turn["org"] == "kawalpemilu.example"
    code, out, _ = federation(home, "sync", "now", language="id", is_json=False)
    assert code == PEER
    assert "kawalpemilu.example" in out


def test_syncing_with_a_stranger_is_refused(home):
    assert federation(home, "sync", "now", "nobody.example")[0] == NOT_FOUND


@pytest.mark.slow
def test_a_node_says_where_it_is_and_that_everything_is_safe_when_it_stops(home):
    with node_process(home) as process:
        url = json.loads(home.control.read_text())["url"]
        code, _, _ = federation(home, "keys", "token", "add", "while-running")
        assert code == OK
    said = (home.folder / "serve.log").read_text()
    assert url in said
    assert "tersimpan aman" in said
    assert process.returncode == 0
    assert not home.control.exists()


@pytest.mark.slow
def test_a_second_node_of_one_home_is_refused_with_the_conflict_code(home):
    with node_process(home):
        code, _, err = federation(home, "serve")
        assert code == CONFLICT
        assert "another process" in err


def test_a_home_for_an_election_that_nobody_knows_is_not_made(tmp_path):
    out, err = io.StringIO(), io.StringIO()
    words = ["init", "--home", str(tmp_path / "new"), "--yes", "--org", "a.example"]
    words += ["--name", "A", "--contact", "a@a.example", "--election", "pemilu-1955"]
    words += ["--passphrase-file", "/dev/null", "--lang", "id"]
    said = Output(Text("id"), stdout=out, stderr=err)
    assert run(words, said) == USAGE
    assert "pemilu-1955 tidak dikenal" in err.getvalue()
    assert "pilpres-2019" in err.getvalue()
    assert not (tmp_path / "new").exists()
