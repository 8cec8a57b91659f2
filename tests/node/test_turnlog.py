"""Turns that brought something or failed are told; quiet ones are not."""

import logging

import pytest

from federation.node import events
from federation.node.turnlog import TurnLog
from federation.schedule import OF_DISK, EndedTurn, Result

ORG = "jagasuara.example"


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.INFO, logger=events.LOG.name)
    log = TurnLog()

    def end(**result):
        caplog.clear()
        result = Result(**{"outcome": "ok", **result})
        failures = int(result.is_failed)
        log.ended(EndedTurn(name=ORG, result=result, seconds=1.234, failures=failures))
        return [(r.msg.code, dict(r.msg.facts)) for r in caplog.records]

    return end


def test_a_quiet_turn_is_not_told(said):
    assert said(outcome="unchanged") == []
    assert said() == []


def test_what_a_turn_brought_is_told_with_its_seconds(said):
    brought = {"peer": ORG, "outcome": "ok", "seconds": 1.23}
    assert said(new_leaves=7, new_logs=2) == [
        ("turn", brought | {"logs": 2, "records": 7})
    ]
    assert said(photos=3) == [("turn", brought | {"photos": 3})]


def test_each_failure_is_told_and_that_it_is_well_again(said):
    failed = {"outcome": "failed", "reason": "no answer", "is_failed": True}
    for _ in range(2):
        ((code, facts),) = said(**failed)
        assert (code, facts["reason"]) == ("turn-failed", "no answer")
    assert [code for code, _ in said(outcome="unchanged")] == ["turn"]
    assert said(outcome="unchanged") == []


def test_a_reason_that_stands_is_told_when_it_comes_and_when_it_changes(said):
    stands = {"outcome": "standing", "reason": "frozen"}
    assert [code for code, _ in said(**stands)] == ["turn-failed"]
    assert said(**stands) == []
    assert len(said(**stands | {"reason": "full"})) == 1


def test_a_duty_that_is_no_turn_with_a_partner_is_called_one(caplog):
    caplog.set_level(logging.INFO, logger=events.LOG.name)
    for name in ("static site", "observing", f"photos of {ORG}"):
        result = Result(outcome="failed", reason="x", is_failed=True)
        turn = EndedTurn(name=name, result=result, seconds=0, failures=1)
        TurnLog().ended(turn)
        facts = caplog.records[-1].msg.facts
        assert (facts["duty"], "peer" in facts) == (name, False)


def test_a_disk_of_ours_is_told_by_its_alarm_not_by_every_partner(said):
    assert said(outcome=OF_DISK, reason="disk full") == []
