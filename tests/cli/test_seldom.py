"""A log that nobody can fill."""

import io
import logging

import pytest

from federation.cli.serve.lines import LineFormatter
from federation.cli.serve.seldom import EVENT_S, EVENTS, EVERY_S, Seldom
from federation.node.events import Event
from federation.text import Text


@pytest.fixture
def written():
    """A log behind the filter, its clock, and what it writes."""
    now, out = [0.0], io.StringIO()
    handler = logging.StreamHandler(out)
    handler.addFilter(Seldom(lambda: now[0]))
    handler.setFormatter(LineFormatter(Text("en"), is_json=False))
    log = logging.getLogger("federation.of-this-test")
    log.propagate = False
    log.addHandler(handler)
    yield log, now, lambda: out.getvalue().splitlines()
    log.removeHandler(handler)
    handler.close()


def one_that_raises(kind):
    raise kind("what a stranger sent")


def complain(log, what):
    log.error("bug in %s", what)


def test_a_kind_is_written_once_a_minute_with_how_many_there_were(written):
    log, now, lines = written
    for number in range(1000):
        complain(log, f"path-{number}")
    place = "place=federation.of-this-test"
    assert [line[21:] for line in lines()] == [f"ERROR note bug in path-0 {place}"]
    now[0] = EVERY_S
    complain(log, "path-1000")
    expected = f"ERROR note bug in path-1000 {place} left_out=999"
    assert [line[21:] for line in lines()][1:] == [expected]


def turn_of(log, org):
    log.error(Event("turn-failed", org, {"peer": org}))


def test_some_events_of_a_kind_come_at_once_and_then_two_a_minute(written):
    log, now, lines = written
    for _ in range(1000):
        turn_of(log, "a.example")
    turn_of(log, "b.example")
    assert [line.split("peer=")[1] for line in lines()] == [
        *["a.example"] * EVENTS,
        "b.example",
    ]
    now[0] = EVENT_S
    turn_of(log, "a.example")
    assert lines()[-1].endswith(f"peer=a.example left_out={1000 - EVENTS}")
    turn_of(log, "a.example")
    assert len(lines()) == EVENTS + 2


@pytest.mark.slow
def test_a_day_of_a_partner_that_never_stops_is_bounded(written):
    log, now, lines = written
    for second in range(86_400):
        now[0] = float(second)
        turn_of(log, "a.example")
    assert len(lines()) <= EVENTS + 86_400 / EVENT_S


def test_another_place_and_another_error_are_other_kinds(written):
    log, _, lines = written

    def fail(kind):
        try:
            one_that_raises(kind)
        except kind:
            log.exception("failed")

    complain(log, "one")
    fail(ValueError)
    fail(ValueError)
    fail(KeyError)
    log.error("bug in %s", "another place")
    assert sum(line.startswith("  Traceback") for line in lines()) == 2
    assert len([line for line in lines() if " bug in " in line]) == 2


def test_what_strangers_send_makes_no_kinds(written):
    log, _, _ = written
    [kept] = [one._kinds for one in log.handlers[0].filters]
    for number in range(500):
        message = f"a message that holds <object at {number:#x}>"
        log.error(message)
    assert len(kept) == 1
