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


async def test_what_went_by_itself_and_what_somebody_saw_to_is_told_apart(db, watched):
    look, _, now = watched
    change(db, alarms.raise_alarm, "stalled", "a", "why", 90)
    change(db, alarms.raise_alarm, "rejected", "b", "why", 91)
    await look()
    change(db, alarms.clear_alarm, "stalled", "a")
    with db.transaction() as tx:
        [seen_to] = [one for one in alarms.list_alarms(tx) if one.code == "rejected"]
        alarms.clear_alarm(tx, "rejected", "b")
        alarms.note_settled(tx, [seen_to], 110, "Sari", "coordinator")
    now[0] = 120.0
    await look()
    with db.view() as view:
        settled = alarms.list_settled(view)
    assert [(one.code, one.settled_at, one.person) for one in settled] == [
        ("stalled", 120, ""),
        ("rejected", 110, "Sari"),
    ]


def test_only_the_newest_that_were_settled_are_kept(db):
    with db.transaction() as tx:
        for at in range(alarms.KEPT_SETTLED + 5):
            old = alarms.Alarm(
                code="stalled", subject="a", detail="", first_at=at, last_at=at, times=1
            )
            alarms.note_settled(tx, [old], at, *alarms.BY_ITSELF)
        kept = alarms.list_settled(tx)
    assert len(kept) == alarms.KEPT_SETTLED
    assert kept[0].first_at == alarms.KEPT_SETTLED + 4
