"""A node on a PostgreSQL primary, two readers on its standby, one address for all.

Each is a process, HAProxy with the file that is handed out. The node is killed: who
reads notices nothing; a standby that lacks something is asked only where nobody else is
left. The primary stands still: readers answer, and say that they may be late; nothing
is lost by that.
"""

import contextlib
import http.client
import json
import secrets
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest

from federation.config.home import Home
from federation.config.rewrite import set_database
from federation.config.settings import load_settings
from tests.certificates import Authority
from tests.proxies import NAME, readers_file, running
from tests.stories.nodes import ELECTION, PROJECT, free_port, station
from tests.stories.readers import ReaderProcess, events, wait_shown
from tests.waiting import LIMIT_S, wait_until

# It has servers of its own, whichever engine is asked for.
pytestmark = [pytest.mark.slow, pytest.mark.of_file]


class Site:
    """What the proxy answers at the one address."""

    def __init__(self, port: int, trusting: ssl.SSLContext) -> None:
        self.url, self._trusting = f"https://{NAME}:{port}", trusting

    def get(self, path: str) -> tuple[int, bool]:
        """The status of an answer; whether a reader has given it."""
        try:
            with urllib.request.urlopen(
                self.url + path, timeout=LIMIT_S, context=self._trusting
            ) as answer:
                return answer.status, "Federation-Lag" in answer.headers
        except urllib.error.HTTPError as error:
            with error:
                return error.code, "Federation-Lag" in error.headers

    @contextlib.contextmanager
    def listen(self, since: str):
        """What comes over a stream of news of some reader; it ends with that reader."""
        url = f"{self.url}/events?election={ELECTION}&since={since}"
        with urllib.request.urlopen(
            url, timeout=LIMIT_S, context=self._trusting
        ) as stream:

            def heard():
                with contextlib.suppress(http.client.IncompleteRead, OSError):
                    yield from (line for line in stream if line.startswith(b"data: "))

            yield heard()


#: As the how-to has it, but sooner: after so long a standby gives a primary up that
#: says nothing. The readers here may be as late.
SILENCE_S = 2


@pytest.fixture
def node(pemilu, postgres_pair_session):
    """One that signs on the primary, with 300 results."""
    name = f"read_{secrets.token_hex(4)}"
    set_database(pemilu.home.settings, postgres_pair_session.create(name))
    folder = pemilu.home.folder
    pemilu.home = Home.of(folder, load_settings(pemilu.home.settings))
    pemilu.start()
    wait_until(lambda: not pemilu.why_not(), "it signs")
    pemilu.take(0, 300)
    return pemilu


@pytest.fixture
def readers(node, opened):
    """Two of its standby, level with it."""
    found = [
        ReaderProcess(node.home.folder, "--max-lag", str(SILENCE_S)) for _ in range(2)
    ]
    opened += found
    wait_shown(found, node.origin, 301)
    return found


@pytest.fixture
def site(node, readers, tmp_path):
    """The address of all three, with the file that is handed out."""
    authority, port = Authority(tmp_path), free_port()
    ports = [node.port, *(reader.port for reader in readers)]
    text = readers_file("haproxy", port, ports, authority.server_file(NAME))
    with running("haproxy", tmp_path / "proxy", text, port):
        found = Site(port, authority.trusting())
        wait_until(lambda: found.get("/") == (200, True), "a reader answers")
        yield found


def cursor_of(reader):
    return json.loads(reader.get("/v1/status")[1])["cursors"][ELECTION]


def test_a_standby_that_lacks_something_is_asked_where_nobody_else_is_left(
    node, readers, site, postgres_pair_session
):
    standby = postgres_pair_session.standby.server
    # A standby that does not apply what comes: the node answers in its place.
    standby.ask("SELECT pg_wal_replay_pause()")
    try:
        wait_until(lambda: site.get("/") == (200, False), "the node answers")
        assert {reader.get("/readyz")[0] for reader in readers} == {503}
        # Nor does that: what there is, with its age, is more than nothing.
        node.stop(signal.SIGKILL)
        wait_until(lambda: site.get("/") == (200, True), "a late reader answers")
        assert {reader.get("/readyz")[0] for reader in readers} == {503}
        node.start()
        wait_until(lambda: site.get("/") == (200, False), "the node, again")
    finally:
        standby.ask("SELECT pg_wal_replay_resume()")
    wait_until(lambda: site.get("/") == (200, True), "readers answer again")


def test_readers_of_a_standby_answer_for_a_node_that_was_killed(
    node, readers, site, postgres_pair_session
):
    theirs = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'federation'"
    )
    assert postgres_pair_session.standby.server.ask(theirs) > [(1,)]
    # Whoever listens to a reader hears what the node takes in.
    since = cursor_of(readers[1])
    with events(readers[1], since) as heard:
        node.take(300, 310)
        assert json.loads(next(heard)[6:])["cursor"] != since
    wait_shown(readers, node.origin, 311)

    # The node is killed. It says nothing any more, and nothing lacks.
    node.stop(signal.SIGKILL)
    killed_at = time.monotonic()
    wait_until(lambda: {r.get("/readyz")[0] for r in readers} == {200}, "level")
    for path in ("/", "/v1/regions", "/v1/tps/1371011001001", "/logs"):
        assert site.get(path) == (200, True), path
    words = ["status", "--home", str(node.home.folder), "--json"]
    asked = [word for one in readers for word in ("--reader", one.url)]
    done = subprocess.run(
        [sys.executable, "-m", "federation", *words, *asked],
        capture_output=True, cwd=PROJECT, text=True, check=True,
    )  # fmt: skip
    told = json.loads(done.stdout)["readers"]
    assert [one["is_ready"] for one in told] == [True, True]
    # Nobody can say of a silent server that it has written nothing.
    assert max(one["lag_s"] for one in told) <= time.monotonic() - killed_at + 2

    # It comes again, and they follow.
    node.start()
    wait_until(lambda: not node.why_not(), "it signs")
    node.take(310, 320)
    wait_shown(readers, node.origin, 321)


def test_of_two_readers_of_a_standby_one_is_killed_amid_a_stream(node, readers, site):
    """The other's streams go on; who listened to it comes again and hears it all."""
    wait_until(lambda: {r.get("/readyz")[0] for r in readers} == {200}, "level")
    since = cursor_of(readers[1])
    with site.listen(since) as one, site.listen(since) as other:
        readers[0].process.kill()
        node.take(300, 310)
        # It may be that both were the other's, where this one was late for a moment.
        heard = [next(stream, None) for stream in (one, other)]
        assert any(heard), "the other's go on"
    with site.listen(since) as again:
        assert json.loads(next(again)[6:])["cursor"] != since
    wait_until(lambda: site.get("/") == (200, True), "the other answers")


@pytest.fixture
def standby(postgres_pair_session):
    """Its server, which soon gives a primary up that says nothing."""
    server = postgres_pair_session.standby.server
    server.ask(f"ALTER SYSTEM SET wal_receiver_timeout = '{SILENCE_S}s'")
    server.ask("SELECT pg_reload_conf()")
    yield server
    server.ask("ALTER SYSTEM RESET wal_receiver_timeout")
    server.ask("SELECT pg_reload_conf()")


def test_readers_of_a_primary_that_stands_still_answer_and_say_that_they_may_be_late(
    node, readers, site, standby, postgres_pair_session
):
    primary, answers = postgres_pair_session.primary, list[bool]()
    taking = threading.Thread(target=lambda: answers.append(takes(node, 300, 310)))
    try:
        primary.stall()
        taking.start()
        for reader in readers:
            wait_until(lambda r=reader: r.get("/readyz")[0] == 503, "it may be late")
            for path in ("/", "/v1/regions", "/v1/tps/1371011001001", "/logs"):
                assert reader.get(path)[0] == 200, path
            said = json.loads(reader.get("/v1/lag?lang=en")[1])
            assert not said["is_ready"]
            assert said["lag_s"] >= SILENCE_S
            assert (node.origin, 301, 301) in reader.sizes()
        # Nor does the node answer, which waits for the same server.
        wait_until(lambda: site.get("/v1/regions") == (200, True), "a late reader")
        assert True not in answers, "nothing is acknowledged meanwhile"
    finally:
        primary.go_on()
    taking.join()

    # Whoever was told nothing hands it in again: each is there once.
    wait_until(lambda: takes(node, 300, 310), "it takes in again")
    node.take(310, 320)
    wait_shown(readers, node.origin, 321)
    wait_until(lambda: {r.get("/readyz")[0] for r in readers} == {200}, "level again")


def takes(node, start: int, end: int) -> bool:
    """Whether these results are known to be held now, whenever they came."""
    drafts = [station(number, 127) for number in range(start, end)]
    status, said = node.post("/v1/records", {"election": ELECTION, "records": drafts})
    return status == 200 and {one["outcome"] for one in said["verdicts"]} <= {
        "logged",
        "held",
    }
