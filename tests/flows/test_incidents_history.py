"""All that was said of an incident, and where it was taken."""

import itertools

import pytest
from msgspec import structs

from federation.flows.incidents import history
from federation.flows.incidents.history import read_history, told_to
from federation.flows.incidents.index import index_all_incidents
from federation.flows.incidents.merged import MergedReports
from federation.records.sealed import seal
from federation.store import logs
from federation.store.db import Database
from federation.tlog.merkle import hash_leaf
from tests.fakes import ELECTION, FakeOrg
from tests.flows.test_incidents_merged import any_said
from tests.records.test_incidentmerge import (
    NAMES,
    ORGS,
    A,
    B,
    a1,
    b1,
    report,
    same,
    taken,
)
from tests.records.test_incidentmerge import said as any_status

SECONDS = itertools.count()


class Held:
    """Logs of organisations, as they are held here."""

    def __init__(self, db):
        self.db, self.orgs = db, {org: FakeOrg(org) for org in ORGS}

    def say(self, *statements):
        """Each a minute after the one before."""
        with self.db.transaction() as tx:
            for one in statements:
                at = next(SECONDS)
                stamp = (
                    f"2024-02-{14 + at // 1440:02}T{at // 60 % 24:02}:{at % 60:02}:00Z"
                )
                signed = structs.replace(one, recorded_at=stamp)
                log = logs.add_log(tx, f"{one.org}/{ELECTION}/incidents", own=False)
                leaf = seal(signed, self.orgs[one.org].records)
                logs.append_leaves(
                    tx, log.id, log.next_index, [leaf], [hash_leaf(leaf)]
                )
        index_all_incidents(self.db)

    def history(self, name, without=()):
        with self.db.view() as view:
            readable = frozenset(
                log.id for log in logs.list_logs(view) if log.org not in without
            )
            found = MergedReports(view, readable).find(name)
            return found and read_history(view, readable, found.merged)


@pytest.fixture
def held(tmp_path):
    database = Database.open(tmp_path)
    yield Held(database)
    database.close()


@pytest.mark.parametrize("seed", range(6))
def test_each_word_stands_once_in_the_order_of_time_and_as_it_was_said(held, seed):
    said = any_said(seed)
    held.say(*said)
    for name in NAMES[:4]:
        found = held.history(name)
        lines = found.lines
        assert [line.at for line in lines] == sorted(line.at for line in lines)
        assert len({line.record for line in lines}) == len(lines)
        with held.db.view() as view:
            readable = frozenset(log.id for log in logs.list_logs(view))
            merged = MergedReports(view, readable).find(name).merged
        latest = {
            (line.org, line.incident, line.said["status"])
            for line in lines
            if line.is_latest
            and line.type == "incident-status/1"
            and "duplicate_of" not in line.said
        }
        assert latest == {
            (one.org, str(one.incident), one.status) for one in merged.statuses
        }
        told = told_to(lines)
        assert {
            (one.agency, line.org, line.incident, line.said["stage"])
            for one in told
            for line in one.taken
        } == {
            (one.agency, line.org, str(line.incident), line.stage)
            for one in merged.referrals
            for line in one.said
        }
        double = {one.agency for one in told if one.is_double}
        assert double == {one.agency for one in merged.referrals if one.double}


def test_words_of_a_log_that_may_not_be_read_are_not_there(held):
    held.say(
        report(A),
        report(B),
        same(B, b1, a1),
        any_status(B, "verified", a1, reason="hidden"),
    )
    assert {line.org for line in held.history(a1).lines} == {A, B}
    found = held.history(a1, without={B})
    assert {line.org for line in found.lines} == {A}
    assert "hidden" not in str(found)


def test_an_answer_stands_when_its_report_is_closed_and_goes_when_it_is_taken_back(
    held,
):
    number = {"agency": "dkpp", "reference": "12"}

    def answers():
        told = told_to(held.history(a1).lines)
        return [line.said["status"] for one in told for line in one.answers]

    held.say(report(A), any_status(A, "registered", a1, **number))
    assert answers() == ["registered"]
    held.say(any_status(A, "decided", a1, outcome="violation", **number))
    assert answers() == ["decided"]
    held.say(any_status(A, "closed", a1), report(B), same(B, b1, a1))
    assert answers() == ["decided"]
    held.say(any_status(B, "not_registered", b1, agency="bawaslu"))
    assert answers() == ["not_registered", "decided"]
    held.say(any_status(A, "verified", a1))
    assert answers() == ["not_registered"]


def test_whoever_speaks_without_end_is_cut_and_that_is_said(held, monkeypatch):
    monkeypatch.setattr(history, "MOST_LINES", 5)
    states = itertools.cycle(["verified", "rejected"])
    held.say(report(A), *(any_status(B, next(states), a1) for _ in range(6)))
    found = held.history(a1)
    assert (len(found.lines), found.is_cut) == (5, True)
    assert found.lines[-1].said["status"] == "rejected"
    held.say(taken(A, "sent", a1))
    assert held.history(a1).lines[-1].type == "referral/1"


def test_a_note_that_an_agency_has_it_twice_is_not_a_third_time(held):
    held.say(report(A), report(B), same(B, b1, a1), taken(A, "sent", a1))
    held.say(taken(A, "sent", a1, also_by=(B,)))
    [told] = told_to(held.history(a1).lines)
    assert [line.said.get("also_by") for line in told.taken] == [None, (B,)]
    assert not told.is_double
    held.say(taken(B, "acknowledged", b1))
    [told] = told_to(held.history(a1).lines)
    assert told.is_double
