"""A node whose disk is full, fails, or can only be read: it serves, says so, goes on.

The disk is a fake here: what SQLite, the guard and the file system say is injected.
`stories/test_disks.py` has real ones.
"""

import asyncio
import contextlib
import errno
import json
import os

import pytest

from federation.config.settings import load_settings
from federation.node.disk import Disk as DiskCare
from federation.node.resources import open_resources
from federation.store import db, reserve
from federation.store.db import Database
from federation.store.folderguard import FolderGuard
from federation.store.refusal import ServerLostError
from federation.text import Sentence
from tests.homes import ELECTION, add_peer, draft, make_home, serving
from tests.waiting import until

pytestmark = pytest.mark.slow  # it looks once a second

#: In place of a number: the server that has the database does not answer.
LOST = -1


async def hand_in(node, number):
    rows = [draft(tps=f"1371011001{number:03}")]
    body = {"election": ELECTION, "records": rows}
    return await node.post("/v1/records", body)


async def reasons(node):
    status, body, _ = await node.get("/readyz")
    return body.decode() if status == 503 else ""


async def alarms(node):
    _, body, _ = await node.get("/v1/status")
    return {(a["code"], a["subject"]) for a in json.loads(body)["alarms"]}


async def metrics(node):
    _, body, _ = await node.get("/metrics")
    return body.decode()


def is_ready(node):
    async def check():
        return not await reasons(node)

    return check


class Disk:
    """What the disks of every node of this process say from now on."""

    def __init__(self, patch):
        self._patch = patch
        self.number = self.guard = 0
        self.free = None
        real, write, free = Database.transaction, FolderGuard._write, reserve.free_bytes
        disk = self

        @contextlib.contextmanager
        def transaction(self, *, durable=True):
            with self._writing_to():
                if disk.number == LOST:
                    words = Sentence("machine.server-lost", words="-")
                    raise ServerLostError(errno.EIO, words, "postgresql://db/x")
                if disk.number:
                    words = os.strerror(disk.number)
                    raise OSError(disk.number, words, str(self.path))
            with real(self, durable=durable) as tx:
                yield tx

        def guarded(self, path, data, *, here):
            if disk.guard:
                raise OSError(disk.guard, os.strerror(disk.guard), str(path))
            write(self, path, data, here=here)

        def counted(folder):
            return free(folder) if disk.free is None else disk.free

        patch.setattr(db.Database, "transaction", transaction)
        patch.setattr(FolderGuard, "_write", guarded)
        patch.setattr(reserve, "free_bytes", counted)


@pytest.fixture
def disk(monkeypatch):
    return Disk(monkeypatch)


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path)


@pytest.mark.parametrize(
    ("number", "status", "code"),
    [
        (errno.ENOSPC, 507, "disk-full"),
        (errno.EDQUOT, 507, "disk-full"),
        (errno.EIO, 500, "disk-failed"),
        (errno.EROFS, 500, "disk-failed"),
        (LOST, 503, "database-away"),
    ],
)
async def test_a_disk_that_takes_nothing_is_said_everywhere_and_goes_on_by_itself(
    home, disk, number, status, code
):
    async with serving(home, alone=True) as node:
        assert (await hand_in(node, 1))[0] == 200
        disk.number = number
        found, said = await hand_in(node, 2)
        assert (found, said["code"]) == (status, code)
        assert "nothing of it was taken" in said["detail"]
        assert "fault of this" not in said["detail"]
        await until(lambda: reasons(node))
        assert (code, "data") in await alarms(node), "though no database keeps it"
        assert 'federation_disk_refuses{disk="data"} 1' in await metrics(node)
        for path in ("/logs", "/v1/summary", "/", "/livez"):
            assert (await node.get(path))[0] == 200
        disk.number = 0
        await until(is_ready(node))
        assert (await hand_in(node, 2))[1]["verdicts"][0]["outcome"] == "logged"
        # Room comes back without a word; a disk that failed wants to be looked at.
        kept = code == "disk-failed"

        async def told():
            return ((code, "data") in await alarms(node)) == kept

        await until(told)


async def test_what_the_guard_does_not_take_is_kept_and_shown_without_a_restart(
    home, disk
):
    async with serving(home, alone=True) as node:
        await hand_in(node, 1)
        disk.guard = errno.ENOSPC
        status, said = await hand_in(node, 2)
        assert (status, said["code"]) == (503, "kept")
        assert "need not be sent again" in said["detail"]
        assert str(home.folder) not in said["detail"]
        status, said = await hand_in(node, 3)
        assert (status, said["code"]) == (507, "disk-full")
        await until(lambda: reasons(node))
        assert ("disk-full", "guard") in await alarms(node)
        disk.guard = 0

        async def shown():
            _, body, _ = await node.get("/v1/status")
            return json.loads(body)["logs"][0]["size"] == 3

        await until(shown)
        await until(is_ready(node))
        assert (await hand_in(node, 2))[1]["verdicts"][0]["outcome"] == "held"
        assert (await hand_in(node, 3))[1]["verdicts"][0]["outcome"] == "logged"


async def test_too_little_room_is_refused_before_a_byte_is_written(home, disk):
    async with serving(home, alone=True) as node:
        await hand_in(node, 1)
        await until(is_reserved(home))
        disk.free = 4096
        status, said = await hand_in(node, 2)
        assert (status, said["code"]) == (507, "disk-full")
        await until(lambda: reasons(node))
        await until(is_given_up(home))
        disk.free = None
        await until(is_ready(node))
        await until(is_reserved(home))

        async def is_taken():
            return (await hand_in(node, 2))[0] == 200

        # A look that was on its way may still say that there is too little.
        await until(is_taken)


def is_reserved(home):
    async def check():
        return (home.data / "reserve").exists()

    return check


def is_given_up(home):
    async def check():
        return not (home.data / "reserve").exists()

    return check


async def test_a_partner_is_neither_asked_nor_blamed_while_our_disk_is_full(
    tmp_path, disk
):
    one, other = (make_home(tmp_path, f"jaga{n}.example") for n in ("suara", "pemilu"))
    async with serving(one, alone=True) as node, serving(other, alone=True) as partner:
        add_peer(one, other, partner.url)
        add_peer(other, one, node.url)
        await hand_in(partner, 1)

        async def covered():
            _, body, _ = await node.get("/v1/summary")
            return "jagapemilu.example" in json.loads(body)["coverage"]

        async def noted():  # a turn is written down behind what it brought
            return json.loads((await node.get("/v1/status"))[1])["peers"]

        await until(covered)
        await until(noted)
        disk.free = 4096
        await until(lambda: reasons(node))
        before = (await node.get("/v1/status"))[1]
        await asyncio.sleep(2.5)  # turns are due every second
        after = (await node.get("/v1/status"))[1]
        (was,), (peer,) = (json.loads(said)["peers"] for said in (before, after))
        assert peer["failures"] == 0
        assert peer["last_at"] <= was["last_at"] + 1, "a turn that ran may have ended"
        assert not {a for a, _ in await alarms(node)} & {"crashed", "feed-refused"}
        disk.free = None
        await until(is_ready(node))


async def test_a_full_disk_is_no_flood_of_its_own_log(home, disk, caplog):
    async with serving(home, alone=True) as node:
        await hand_in(node, 1)
        disk.number = errno.EIO
        for number in range(2, 6):
            await hand_in(node, number)
        await asyncio.sleep(3)
        said = [r for r in caplog.records if r.name.startswith("federation.node")]
        assert len(said) <= 2
        assert all(record.exc_info is None for record in caplog.records)
        disk.number = 0
        await until(is_ready(node))


def test_room_that_went_before_anybody_looked_is_a_reason_already(home, disk):
    with open_resources(home, load_settings(home.settings)) as parts:
        looked = DiskCare(parts, lambda: 0.0, lambda _: True)
        assert (looked.takes("data"), looked.reasons()) == (True, [])
        disk.free = 4096
        assert not looked.takes("data")
        assert "the disk is full" in looked.reasons()[0]


def test_a_start_on_a_full_disk_gives_the_reserve_up(home, monkeypatch):
    settings = load_settings(home.settings)
    with open_resources(home, settings) as parts:
        parts.reserve.keep()
        assert parts.reserve.is_kept
    monkeypatch.setattr(reserve, "free_bytes", lambda _: 0)
    with open_resources(home, settings) as parts:
        assert not parts.reserve.is_kept


async def test_a_log_that_may_not_be_signed_is_not_told_to_the_guard(home):
    """A copy without its guard holds back: looking after a disk must not make one."""
    async with serving(home, alone=True) as node:
        assert (await hand_in(node, 1))[0] == 200
    for one in home.guard.glob("*.guard"):
        one.unlink()
    other = make_home(home.folder.parent, "jagapemilu.example")
    add_peer(home, other, "http://127.0.0.1:9")
    settings = home.settings.read_text()
    home.settings.write_text(
        settings.replace("reconcile_wait_s = 1", "reconcile_wait_s = 3600")
    )
    async with serving(home):
        await asyncio.sleep(2.5)
        assert not list(home.guard.glob("*.guard"))


async def test_a_guard_that_is_full_at_the_first_start_is_a_full_disk_and_no_bug(
    home, disk, caplog
):
    disk.guard = errno.ENOSPC
    async with serving(home, alone=True) as node:
        await until(lambda: reasons(node))
        await until_alarm(node, ("disk-full", "guard"))
        assert "crashed" not in {code for code, _ in await alarms(node)}
        disk.guard = 0
        await until(is_ready(node))
        assert (await hand_in(node, 1))[0] == 200

        async def told():
            return not await alarms(node)

        await until(told)
    assert not [r for r in caplog.records if r.exc_info]


async def until_alarm(node, alarm):
    async def is_told():
        return alarm in await alarms(node)

    await until(is_told)


async def test_what_the_thread_that_writes_waits_for_is_told_beside_it(
    home, monkeypatch
):
    async with serving(home, alone=True) as node:
        assert (await hand_in(node, 1))[0] == 200
        monkeypatch.setattr(Database, "waits_s", 7.2)
        assert ("standby-silent", "data") in await alarms(node)
        assert "waited 7 s for its synchronous standby" in str(await reasons(node))
        monkeypatch.setattr(Database, "waits_s", 1.0)
        assert not await reasons(node)
        monkeypatch.setattr(Database, "is_silent", True)
        assert ("database-away", "data") in await alarms(node)
        assert "server does not answer" in str(await reasons(node))
        monkeypatch.setattr(Database, "is_silent", False)
        assert not await reasons(node)
