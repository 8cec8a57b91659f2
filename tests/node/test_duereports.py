"""Deadlines of reports: an alarm while there is time, until an agency has it."""

import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from federation.flows.incidents.due import DueDates
from federation.node import duereports
from federation.node.duereports import DueReports
from federation.profiles import load_shipped
from federation.records.incident import IncidentName
from federation.records.readers import NOBODY, THIS_MACHINE, may_hear
from federation.records.sealed import seal
from federation.store import alarms, logs
from federation.store.db import Database
from federation.tlog.merkle import hash_leaf
from tests.fakes import ELECTION, FakeOrg
from tests.homes import make_home, serving
from tests.records.test_incident import (
    NAME,
    ONE,
    ORG,
    OTHER,
    TWO,
    make_incident,
    make_referral,
    make_status,
)
from tests.refer import make_referring, standing, write_report
from tests.waiting import until

# Counted from Wednesday 14 February, voting day: the last day is Friday the 23rd.
KNOWN = {"known_at": "2024-02-14T05:00:00Z", "reported_at": "2024-02-17T05:00:00Z"}
LAST = "until 2024-02-23 (WIB)"
TWIN = IncidentName(id=TWO, org=ORG)


class Watched:
    """The duty, a clock that is set, and logs of two organisations."""

    def __init__(self, db):
        self.db, self.day = db, 1
        self.orgs = {org: FakeOrg(org) for org in (ORG, OTHER)}
        resources = SimpleNamespace(
            db=db, profiles=load_shipped(), settings=SimpleNamespace(org=ORG)
        )
        disk = SimpleNamespace(takes=lambda: True)
        self.duty = DueReports(resources, disk, self.now).duty()

    def now(self):
        begin = datetime(2024, 2, 1, 5, tzinfo=UTC)
        return (begin + timedelta(days=self.day - 1)).timestamp()

    def add(self, *statements, org=ORG):
        leaves = [seal(one, self.orgs[org].records) for one in statements]
        with self.db.transaction() as tx:
            log = logs.add_log(tx, f"{org}/{ELECTION}/incidents", own=False)
            hashes = list(map(hash_leaf, leaves))
            logs.append_leaves(tx, log.id, log.next_index, leaves, hashes)

    async def on(self, day):
        """What stands after a turn on this day of February 2024."""
        self.day = day
        assert (await self.duty.run()).outcome == "ok"
        with self.db.view() as view:
            return alarms.find_details(view, "report-due")


@pytest.fixture
def watched(tmp_path):
    database = Database.open(tmp_path)
    yield Watched(database)
    database.close()


async def test_the_alarm_comes_two_office_days_before_and_stays_when_it_passed(watched):
    assert watched.duty.interval_s == 3_600
    watched.add(make_incident(**KNOWN))
    name = str(NAME)
    assert await watched.on(20) == {}
    assert await watched.on(21) == {name: f"2 working day(s) left, {LAST}"}
    assert await watched.on(22) == {name: f"1 working day(s) left, {LAST}"}
    passed = {name: "the deadline passed on 2024-02-23 (WIB)"}
    assert await watched.on(24) == passed
    assert await watched.on(24 + 300) == passed
    # Strangers do not learn that there is such a report.
    assert not may_hear(NOBODY, name)
    assert may_hear(THIS_MACHINE, name)


async def test_what_was_too_late_when_it_came_raises_none(watched):
    watched.add(make_incident(**KNOWN))
    assert await watched.on(24) == {}


@pytest.mark.parametrize(
    "said",
    [
        make_status("referred"),
        make_status("closed"),
        make_status("rejected"),
        make_referral("sent"),
        make_incident(**KNOWN | {"known_at": "2024-02-19T04:00:00Z"}),
    ],
)
async def test_it_goes_when_the_report_is_referred_closed_rejected_or_not_due(
    watched, said
):
    watched.add(make_incident(**KNOWN))
    assert await watched.on(21)
    watched.add(said)
    assert await watched.on(21) == {}


async def test_a_partners_report_is_told_and_anybodys_referral_of_ours_counts(watched):
    theirs = replace(make_incident(id=TWO, **KNOWN), org=OTHER)
    watched.add(make_incident(**KNOWN))
    watched.add(theirs, org=OTHER)
    assert (await watched.on(21)).keys() == {str(NAME), f"{OTHER}/{TWO}"}
    watched.add(replace(make_referral("sent"), org=OTHER), org=OTHER)
    assert (await watched.on(21)).keys() == {f"{OTHER}/{TWO}"}


async def test_so_many_stand_at_once_and_those_that_end_first(watched, monkeypatch):
    monkeypatch.setattr(duereports, "MOST", 1)
    monkeypatch.setattr(duereports, "_STEP", 1)
    later = KNOWN | {"known_at": "2024-02-15T05:00:00Z"}
    watched.add(make_incident(id=ONE, **later), make_incident(id=TWO, **KNOWN))
    assert (await watched.on(22)).keys() == {str(TWIN)}
    # What passed makes way for what can still be brought.
    assert (await watched.on(24)).keys() == {str(NAME)}


def test_nothing_is_counted_from_a_day_that_has_not_come():
    due = DueDates(load_shipped(), datetime(2024, 2, 14, 5, tzinfo=UTC))
    assert due.of(make_incident(reported_at="2024-02-15T04:00:00Z")) is not None
    assert due.of(make_incident(reported_at="2099-01-01T00:00:00Z")) is None
    assert due.of(make_incident(known_at="2099-01-01T00:00:00Z")) is None


async def test_a_node_at_work_looks_by_itself(tmp_path):
    home = make_home(tmp_path)
    make_referring(home)
    known = datetime.fromtimestamp(time.time(), UTC) - timedelta(days=8)
    write_report(home, known_at=known.strftime("%Y-%m-%dT%H:%M:%SZ"))
    async with serving(home, alone=True):

        async def is_told():
            return "report-due" in standing(home)

        await until(is_told)
