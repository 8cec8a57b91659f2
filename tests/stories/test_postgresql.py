"""A node on a PostgreSQL server and one on its file: the same records, the same map."""

import json
import signal
import subprocess
import sys
import urllib.request
from dataclasses import replace

import pytest

from federation.store.engine import WRITER_LEASE_S
from tests.stories.nodes import PROJECT, is_level, start_all, trust_each_other
from tests.waiting import LIMIT_S, wait_until

# One of the two nodes has its file, whichever engine is asked for.
pytestmark = [pytest.mark.slow, pytest.mark.of_file]


@pytest.fixture
def address(postgres_session):
    yield postgres_session.create("story")
    postgres_session.ask("DROP DATABASE story WITH (FORCE)")


@pytest.fixture
def on_server(pemilu, address):
    pemilu.lie_with(address)
    return pemilu


def federation(node, *words):
    """A command in this home that ends well; what it said, as JSON."""
    line = [*words, "--home", str(node.home.folder), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "federation", *line],
        capture_output=True, cwd=PROJECT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def gauges(node):
    """What `/metrics` says to whoever has a token of this machine, by its name."""
    token = json.loads(node.home.control.read_text())["token"]
    request = urllib.request.Request(f"{node.url}/metrics")
    request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
        lines = answer.read().decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def takes(node, start, end):
    """Whether these results are taken in now, all of them for the first time."""
    try:
        node.take(start, end)
    except AssertionError:
        return False
    return True


def test_a_node_on_a_server_and_one_on_a_file_show_the_same_map(
    on_server, suara, postgres_session
):
    trust_each_other(on_server, suara)
    start_all(on_server, suara)
    on_server.take(0, 300)
    suara.take(200, 400, first=128)
    wait_until(lambda: is_level(on_server, suara), "both have all")
    said = federation(on_server, "status")
    assert said["writer"]["pid"] == on_server.process.pid
    assert said["lease"]["term"] == 1
    assert any("synchronous_standby_names" in one for one in said["weak"])
    assert gauges(on_server)["federation_database_term"] == 1

    # The server lets go of every connection, as when it is started again.
    postgres_session.ask(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'federation'"
    )
    # Who writes just then is told that nothing was taken, and hands it in again.
    wait_until(lambda: takes(on_server, 400, 500), "it takes in again")
    on_server.stop(signal.SIGKILL)
    on_server.start()
    on_server.take(500, 600)
    wait_until(lambda: is_level(on_server, suara), "both have all again")
    # A monitor sees that another process writes, and how the server is set.
    told = gauges(on_server)
    assert told["federation_database_term"] == 2
    assert told["federation_database_lease_age_seconds"] <= WRITER_LEASE_S
    assert told["federation_database_weaknesses"] == len(said["weak"])
    assert not any(name.startswith("federation_database_") for name in gauges(suara))
    assert not (on_server.home.data / "federation.db").exists()
    held = on_server.leaves(on_server.origin), on_server.leaves(suara.origin)
    assert held == (suara.leaves(on_server.origin), suara.leaves(suara.origin))

    assert on_server.doctor()[0] == suara.doctor()[0] == 0


@pytest.mark.long
def test_a_backup_is_a_file_and_a_node_moves_to_its_file_and_back(
    on_server, suara, address, postgres_session, tmp_path
):
    trust_each_other(on_server, suara)
    start_all(on_server, suara)
    on_server.take(0, 300)
    suara.take(200, 400, first=128)
    wait_until(lambda: is_level(on_server, suara), "both have all")
    digest = suara.digest()

    # A backup has the same database, as a file; and so has a node that moves back.
    backup = federation(on_server, "backup", "create", str(tmp_path / "backups"))
    looked = federation(on_server, "backup", "verify", backup["path"])
    assert looked["examined"]["logs"] == 2
    on_server.stop()
    moved = federation(on_server, "move", "--to", "file")
    assert set(moved["digests"].values()) == {digest}
    on_server.home = replace(on_server.home, database=None)
    assert on_server.doctor()[0] == suara.doctor()[0] == 0
    on_server.start()
    on_server.take(600, 650)
    wait_until(lambda: is_level(on_server, suara), "it goes on from its file")
    on_server.stop()

    # The old database is not taken for an empty one; a new one is.
    words = [sys.executable, "-m", "federation", "move", "--to", address]
    words += ["--home", str(on_server.home.folder)]
    refused = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "there is something in postgresql://" in refused.stderr
    postgres_session.ask("DROP DATABASE story WITH (FORCE)")
    postgres_session.create("story")
    federation(on_server, "move", "--to", address)
    on_server.home = replace(on_server.home, database=address)
    assert on_server.doctor()[0] == 0
    assert on_server.start().digest() == suara.digest()
