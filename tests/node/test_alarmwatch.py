"""An alarm is told when it comes and when it goes, whoever raised it."""

import logging

import pytest

from federation.node import events
from federation.node.alarmwatch import AlarmWatch
from federation.store import alarms
from federation.store.alarms import Alarm


class NoDisk:
    """A disk that may say that it is full."""

    def __init__(self):
        self.wrong = []

    def alarms(self):
        return self.wrong


@pytest.fixture
def watched(db, caplog):
    caplog.set_level(logging.INFO, logger=events.LOG.name)
    disk, now = NoDisk(), [100.0]
    watch = AlarmWatch(db, disk, lambda: now[0])

    async def look():
        caplog.clear()
        await watch.look()
        return [(r.msg.code, r.msg.facts["alarm"]) for r in caplog.records]

    return look, disk, now


def change(db, function, *given):
    with db.transaction() as tx:
        function(tx, *given)


async def test_it_is_told_once_when_it_comes_and_once_when_it_goes(db, watched):
    look, _, _ = watched
    assert await look() == []
    change(db, alarms.raise_alarm, "stalled", "a", "why", 90)
    assert await look() == [("alarm-raised", "stalled")]
    change(db, alarms.raise_alarm, "stalled", "a", "why else", 95)
    assert await look() == []
    change(db, alarms.raise_alarm, "stalled", "b", "why", 95)
    assert await look() == [("alarm-raised", "stalled")]
    change(db, alarms.clear_alarm, "stalled", "a")
    assert await look() == [("alarm-settled", "stalled")]
    assert await look() == []


async def test_what_stood_before_the_start_is_told_as_such(db, watched):
    look, _, _ = watched
    change(db, alarms.raise_alarm, "fork", "a", "why", 90)
    assert await look() == [("alarm-stands", "fork")]


async def test_what_no_database_could_keep_is_told_as_well(watched):
    look, disk, _ = watched
    await look()
    full = Alarm(
        code="disk-full", subject="data", detail="", first_at=1, last_at=1, times=1
    )
    disk.wrong = [full]
    assert await look() == [("alarm-raised", "disk-full")]
    disk.wrong = []
    assert await look() == [("alarm-settled", "disk-full")]
