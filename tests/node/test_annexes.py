"""Annexes at a node at work: purged once a day, damage said aloud, a full disk told."""

import asyncio
import errno
import time

import pytest

from federation.config.settings import load_settings
from federation.node import annexes
from federation.node.annexes import AnnexCare
from federation.node.resources import open_resources
from federation.records.readers import NOBODY, may_hear
from federation.store import alarms
from federation.store.annex import AnnexFolder
from tests.annexed import ELECTION, ID, file_text, give_key, sealed
from tests.homes import make_home, serving
from tests.waiting import until

OTHER = "f" * 32


@pytest.fixture
def home(tmp_path):
    found = make_home(tmp_path)
    give_key(found, private=False)
    return found


class Room:
    """A disk that takes all, or nothing."""

    def __init__(self, free):
        self.free = free

    def takes(self, place):
        return place == "data" and self.free > 0


def standing(resources):
    with resources.db.view() as view:
        return {(one.code, one.subject, one.detail) for one in alarms.list_alarms(view)}


async def test_the_duty_purges_and_says_what_is_damaged_until_it_is_mended(home):
    folder = AnnexFolder(home.annex)
    folder.save(sealed(keep_until="2020-01-01"))
    folder.save(sealed(OTHER))
    path = folder.path(ELECTION, OTHER)
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"a", b"b", 1))
    with open_resources(home, load_settings(home.settings)) as resources:
        care = AnnexCare(resources, Room(1), time.time)
        assert care.duty().interval_s == 86_400
        assert (await care.duty().run()).outcome == "ok"
        assert [found.incident for found in folder.walk()] == [OTHER]
        detail = f"1 of them: {resources.settings.org}/{OTHER}"
        assert standing(resources) == {("annex-damaged", "annex", detail)}
        # That there is a report at all is for nobody outside.
        assert not may_hear(NOBODY, "annex", detail)
        path.write_bytes(whole)
        await care.duty().run()
        assert standing(resources) == set()


async def test_on_a_full_disk_the_duty_waits(home):
    folder = AnnexFolder(home.annex)
    folder.save(sealed(keep_until="2020-01-01"))
    with open_resources(home, load_settings(home.settings)) as resources:
        care = AnnexCare(resources, Room(0), time.time)
        assert (await care.duty().run()).outcome == "disk"
        assert len(list(folder.walk())) == 1


async def test_a_node_that_stays_does_it_by_itself(home):
    folder = AnnexFolder(home.annex)
    folder.save(sealed(keep_until="2020-01-01"))
    async with serving(home, alone=True):

        async def is_gone():
            return not list(folder.walk())

        await until(is_gone)


async def test_two_at_once_leave_one_whole_and_one_refused(home):
    texts = [file_text() for _ in range(6)]
    async with serving(home, alone=True) as node:
        answers = await asyncio.gather(
            *(node.post("/v1/control/save-annex", {"annex": text}) for text in texts)
        )
    assert sorted(status for status, _ in answers) == [200] + [409] * 5
    kept = AnnexFolder(home.annex).path(ELECTION, ID).read_text()
    assert kept == texts[[status for status, _ in answers].index(200)]


async def test_a_full_disk_is_told_and_nothing_is_acknowledged(home, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "full", str(home.annex))

    async with serving(home, alone=True) as node:
        body = {"annex": file_text()}
        with monkeypatch.context() as patch:
            patch.setattr("federation.store.annex.write_durably", full)
            status, said = await node.post("/v1/control/save-annex", body)
        assert (status, said["code"]) == (507, "disk-full"), said
        assert list(AnnexFolder(home.annex).walk()) == []
        assert (await node.post("/v1/control/save-annex", body))[0] == 200
        status, _ = await node.post("/v1/control/save-annex", body)
        assert status == 200, "the same, handed in again"


async def test_only_this_machine_may_ask_it(home):
    async with serving(home, alone=True) as node:
        for name, kind in annexes.WORK.items():
            status, _ = await node.post(name.route, {}, None)
            assert status in {401, 403, 404}, kind
        status, _ = await node.post("/v1/control/save-annex", {}, "x" * 43)
        assert status in {401, 403, 404}
    assert not home.annex.exists()
