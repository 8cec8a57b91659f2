"""A log that nobody can fill."""

import io
import logging

import pytest

from federation.cli.serve.seldom import EVERY_S, Seldom


@pytest.fixture
def written():
    """A log behind the filter, its clock, and what it writes."""
    now, out = [0.0], io.StringIO()
    handler = logging.StreamHandler(out)
    handler.addFilter(Seldom(lambda: now[0]))
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
    assert lines() == ["bug in path-0"]
    now[0] = EVERY_S
    complain(log, "path-1000")
    assert lines()[1:] == ["bug in path-1000 (and 999 more like this)"]


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
    assert sum(line.startswith("Traceback") for line in lines()) == 2
    assert len([line for line in lines() if line.startswith("bug in")]) == 2


def test_what_strangers_send_makes_no_kinds(written):
    log, _, _ = written
    [kept] = [one._kinds for one in log.handlers[0].filters]
    for number in range(500):
        message = f"a message that holds <object at {number:#x}>"
        log.error(message)
    assert len(kept) == 1
