import asyncio

import pytest

from federation.errors import ConflictError, UnknownPastError
from federation.flows.ownlog.reconcile import PAST, WAITING, Decision
from federation.node.gate import Gate
from federation.text import Text
from tests.fakes import FixedClock

LOG = "jagasuara.example/pilpres-2019"


SIGN = Decision("sign", None)


def gate(*partners, logs=(LOG,), alone=False, clock=None):
    return Gate(logs, partners, 30, clock or FixedClock(), alone=alone)


async def test_nothing_is_signed_before_it_was_decided():
    with pytest.raises(ConflictError, match="the node is starting"):
        await gate().passed(LOG, 0.01)


async def test_a_log_that_may_be_signed_waits_for_its_key_statement():
    one = gate()
    await one.decided(LOG, SIGN)
    with pytest.raises(ConflictError, match="the node is starting"):
        await one.passed(LOG, 0.01)
    await one.begun(LOG)
    await one.passed(LOG, 0.01)
    assert one.reasons() == []


async def test_a_log_that_may_not_be_signed_says_who_is_silent():
    one = gate("a.example")
    await one.begun(LOG)
    await one.decided(LOG, Decision("wait", "waiting for the partners' copies"))
    with pytest.raises(ConflictError, match=r"no answer yet from: a\.example"):
        await one.passed(LOG, 0.01)
    await one.decided(LOG, SIGN)
    await one.passed(LOG, 0.01)


async def test_one_log_that_may_not_be_signed_does_not_shut_the_others():
    other = LOG + "/2"
    one = gate(logs=(LOG, other))
    for origin, decision in ((LOG, SIGN), (other, Decision("never", "open another"))):
        await one.decided(origin, decision)
        await one.begun(origin)
    await one.passed(LOG, 0.01)
    assert one.reasons() == [f"{other}: open another"]


def test_answers_count_once_for_each_partner_and_never_for_others():
    clock = FixedClock()
    one = gate("a.example", "b.example", clock=clock)
    one.answered(LOG, "a.example")
    one.answered(LOG, "a.example")
    one.answered(LOG, "stranger.example")
    assert one.asked(LOG) == (2, 1, False, False, False)
    clock.advance(30)
    assert one.asked(LOG).waited


def test_who_has_said_what_it_saw_of_one_log_has_not_answered_of_another():
    other = LOG + "/2"
    one = gate("a.example", logs=(LOG, other))
    one.answered(LOG, "a.example")
    assert (one.asked(LOG).are_all, one.asked(other).are_all) == (True, False)


def test_the_operator_may_take_the_responsibility():
    assert gate("a.example", alone=True).asked(LOG).alone


async def test_who_parts_is_waited_for_no_longer_and_who_comes_before_we_sign_is():
    one = gate("a.example", "gone.example")
    one.answered(LOG, "a.example")
    one.follow(["a.example"])
    assert one.asked(LOG).are_all
    one.follow(["a.example", "new.example"])
    assert one.asked(LOG)[:2] == (2, 1)
    await one.decided(LOG, SIGN)
    one.follow(["a.example", "new.example", "newer.example"])
    assert one.asked(LOG)[:2] == (2, 1)  # a word that was given stands
    one.follow(["newer.example"])
    assert one.asked(LOG)[:2] == (0, 0)


async def test_it_is_said_what_helps_and_nothing_else():
    one = gate("a.example")
    await one.decided(LOG, Decision("wait", WAITING))
    with pytest.raises(ConflictError, match="--alone does not wait"):
        await one.passed(LOG, 0.01)
    with pytest.raises(ConflictError) as caught:
        await one.passed(LOG, 0.01)
    assert "belum menjawab: a.example" in Text("id").say(caught.value.args[0])
    lost = "7 records were signed, this database holds 4"
    await one.decided(LOG, Decision("wait", lost))
    with pytest.raises(ConflictError) as caught:
        await one.passed(LOG, 0.01)
    assert "a.example" in str(caught.value)
    assert "alone" not in str(caught.value)
    await one.decided(LOG, Decision("never", "it cannot go on"))
    with pytest.raises(ConflictError) as caught:
        await one.passed(LOG, 0.01)
    assert str(caught.value) == f"{LOG} is not signed: it cannot go on"


async def test_a_log_of_unknown_past_is_refused_at_once_where_nobody_is_asked():
    one = gate()
    await one.decided(LOG, Decision("hold", PAST))
    async with asyncio.timeout(1):
        with pytest.raises(UnknownPastError, match="not known here"):
            await one.passed(LOG, 3600)
    assert one.reasons() == [f"{LOG}: {PAST}"]


async def test_a_log_of_unknown_past_waits_for_a_partner_that_is_asked():
    one = gate("a.example")
    await one.decided(LOG, Decision("hold", PAST))
    one.answered(LOG, "a.example")
    with pytest.raises(UnknownPastError):
        await one.passed(LOG, 0.01)
    waiting = asyncio.create_task(one.passed(LOG, 10))
    await one.decided(LOG, SIGN)
    await one.begun(LOG)
    await waiting
