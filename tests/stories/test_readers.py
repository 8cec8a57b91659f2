"""A node and two readers of it, each a process: they follow it, and outlive it."""

import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest

from federation.store.db import Database
from tests.readernode import without_lag
from tests.store.test_upgrade import STEP
from tests.stories.nodes import ELECTION, PROJECT, free_port
from tests.stories.readers import ReaderProcess, events, get, wait_shown
from tests.waiting import LIMIT_S, wait_until

pytestmark = pytest.mark.slow

PATHS = ("/", "/wilayah/13", "/v1/regions", "/v1/tps/1371011001001", "/logs")
ENDED_BY_MACHINE = 74


def wait_signing(node) -> None:
    wait_until(lambda: not node.why_not(), "it signs")


@pytest.fixture
def readers(pemilu, opened):
    """Two of a node that has signed 300 results."""
    pemilu.start()
    wait_signing(pemilu)
    pemilu.take(0, 300)
    found = [ReaderProcess(pemilu.home.folder) for _ in range(2)]
    opened += found
    wait_shown(found, pemilu.origin, 301)
    return found


def test_readers_follow_a_node_outlive_it_and_go_on_with_the_next(pemilu, readers):
    # What comes in is shown by both within a moment; whoever listens hears of it.
    since = json.loads(readers[1].get("/v1/status")[1])["cursors"][ELECTION]
    first = [reader.get("/v1/regions")[1] for reader in readers]
    with events(readers[1], since) as heard:
        pemilu.take(300, 600)
        taken = time.monotonic()
        assert json.loads(next(heard)[6:])["cursor"] != since
    wait_shown(readers, pemilu.origin, 601)
    late = time.monotonic() - taken
    sys.stdout.write(f"the map and both readers had it after {late:.2f} s\n")
    assert first[0] == first[1]
    # On a busy machine a page is given as it was a moment ago (`web/pagecache.py`).
    wait_until(lambda: readers[0].get("/v1/regions")[1] != first[0], "the new map")

    # Equal bytes, equal tags, of all three, but for how a page asks for its age.
    for path in PATHS:

        def told(url: str, path: str = path) -> tuple[int, bytes, str]:
            status, body, headers = get(url, path)
            # A page of a reader has one line more, so another tag.
            is_page = headers["Content-Type"].startswith("text/html")
            return status, without_lag(body), "" if is_page else headers["ETag"]

        urls = [pemilu.url, *(reader.url for reader in readers)]
        wait_until(lambda told=told: len(set(map(told, urls))) == 1, path)  # noqa: B023  called in this round
        assert told(pemilu.url)[0] == 200

    # The node is killed: both go on; nothing is taken in.
    pemilu.stop(signal.SIGKILL)
    for reader in readers:
        assert reader.get("/")[0] == reader.get("/readyz")[0] == 200
        status, body, _ = reader.get("/v1/records", b"{}")
        assert (status, json.loads(body)["code"]) == (503, "read-only")

    # It comes again, and they follow.
    pemilu.start()
    wait_signing(pemilu)
    pemilu.take(600, 610)
    wait_shown(readers, pemilu.origin, 611)


@pytest.mark.of_file  # another file takes the place of this one
def test_another_database_begins_readers_anew_and_a_newer_one_ends_them(
    pemilu, readers
):
    # `status` tells how far behind they are, and who is not there.
    gone = f"http://127.0.0.1:{free_port()}"
    words = ["status", "--home", str(pemilu.home.folder), "--json"]
    asked = [word for url in (readers[0].url, gone) for word in ("--reader", url)]
    done = subprocess.run(
        [sys.executable, "-m", "federation", *words, *asked],
        capture_output=True, cwd=PROJECT, text=True, check=True,
    )  # fmt: skip
    here, away = json.loads(done.stdout)["readers"]
    assert (here["is_ready"], here["lag_s"] < 10) == (True, True)
    assert (away["is_ready"], away["lag_s"]) == (False, None)

    # A whole folder of before is put in the place of this one, as of a backup.
    pemilu.stop()
    home = pemilu.home
    restored = home.folder / "restored"
    restored.mkdir()
    with contextlib.closing(Database.open(home.data, readonly=True)) as db:
        db.copy_to(restored / db.path.name)
    with contextlib.closing(Database.open(restored)) as db, db.transaction() as tx:
        tx.execute("UPDATE merge_epoch SET epoch = '00000000000000ff'")
    home.data.rename(home.folder / "lost")
    restored.rename(home.data)
    for reader in readers:
        wait_until(
            lambda reader=reader: b"00000000000000ff" in reader.get("/v1/status")[1],
            "the other file",
        )
        assert reader.process.poll() is None

    # A newer version changes the tables: each ends, and says what to do.
    with contextlib.closing(Database.open(home.data)) as db, db.transaction() as tx:
        tx.execute(STEP[1])
        tx.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('federation.alarms', '9999-test', '')"
        )
    for reader in readers:
        assert reader.process.wait(LIMIT_S) == ENDED_BY_MACHINE
        said = reader.log.read_text()
        assert re.search("newer version.*Start the reader again", said, re.DOTALL)


@pytest.mark.of_file  # a server has a database with its tables for each node
def test_a_reader_says_that_there_is_no_database(pemilu):
    home = pemilu.home.folder
    words = [sys.executable, "-m", "federation", "serve", "--read-only", "--home", home]
    done = subprocess.run(
        words, capture_output=True, cwd=PROJECT, text=True, check=False, timeout=LIMIT_S
    )
    assert (done.returncode, "no database" in done.stderr) == (7, True)


def test_a_reader_starts_without_keys(pemilu, opened, tmp_path):
    pemilu.start()
    pemilu.take(0, 3)
    pemilu.stop()
    for folder in (pemilu.home.keys, pemilu.home.guard):
        shutil.move(folder, tmp_path / folder.name)
    reader = ReaderProcess(pemilu.home.folder)
    opened.append(reader)
    assert reader.get("/")[0] == reader.get("/readyz")[0] == 200
