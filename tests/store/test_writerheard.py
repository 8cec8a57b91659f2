"""Whoever writes is heard of by its words, by our own clock; else it is said how."""

import pytest

from federation.store.engine import WRITER_LEASE_S, WriterWord
from federation.store.writerheard import WriterHeard

LATE = WRITER_LEASE_S + 1


def word(writer=1, server="0/1", age_s=0.5, *, is_ended=False, is_cut_off=False):
    return WriterWord(writer, server, age_s, is_ended, is_cut_off)


def heard(*words):
    """After these (word, when)."""
    one = WriterHeard()
    for said, now in words:
        one.hear(said, now)
    return one


def test_of_a_database_that_says_nothing_nothing_is_known():
    assert (WriterHeard().state(5), WriterHeard().silence_s(5)) == (None, None)


@pytest.mark.parametrize(
    ("words", "now", "state", "silence_s"),
    [
        ([(word(), 10)], 10, "writes", 0.5),
        # The first word may be old; what comes later is timed here, whatever it says.
        ([(word(age_s=60), 10)], 10, "silent", 60),
        ([(word(age_s=60), 10), (word(2, "0/2", age_s=3600), 11)], 11, "writes", 0),
        ([(word(), 10), (word(age_s=9), 10 + LATE)], 10 + LATE, "silent", LATE + 0.5),
        # Its server still sends: a transaction of long, or the node alone is dead.
        ([(word(), 10), (word(1, "0/2"), 10 + LATE)], 10 + LATE, "quiet", LATE + 0.5),
        # Read where it writes: nothing can lack.
        ([(word(server=None), 10), (word(server=None), 30)], 30, "quiet", 20.5),
        ([(word(is_ended=True), 10)], 99, "ended", 89.5),
        ([(word(is_ended=True, is_cut_off=True), 10)], 10, "cut-off", 0.5),
        ([(word(is_cut_off=True), 10), (word(2, "0/2"), 20)], 20, "writes", 0),
    ],
)
def test_how_it_stands_with_whoever_writes(words, now, state, silence_s):
    one = heard(*words)
    assert (one.state(now), one.silence_s(now)) == (state, pytest.approx(silence_s))


@pytest.mark.parametrize(
    ("words", "now", "unheard_s"),
    [
        ([], 10, 0),
        ([(word(), 10)], 10, 0),
        ([(word(), 10)], 10 + LATE, LATE + 0.5),
        ([(word(), 10), (word(1, "0/2"), 15)], 15 + LATE, LATE),
        ([(word(server=None), 10)], 10 + LATE, LATE),
        ([(word(server=None), 10), (word(server=None), 60)], 60, 0),
        ([(word(is_ended=True), 10)], 99, 0),
    ],
)
def test_what_a_silent_server_may_have_written_is_not_known(words, now, unheard_s):
    assert heard(*words).unheard_s(now) == pytest.approx(unheard_s)
