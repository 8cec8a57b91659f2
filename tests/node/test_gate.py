import pytest

from federation.errors import ConflictError
from federation.flows.reconcile import Decision
from federation.node.gate import Gate
from tests.fakes import FixedClock

LOG = "jagasuara.example/pilpres-2019"


def gate(*partners, alone=False, clock=None):
    return Gate(partners, 30, clock or FixedClock(), alone=alone)


async def test_nothing_is_signed_before_the_first_decision():
    with pytest.raises(ConflictError, match="the node is starting"):
        await gate().passed(0.01)


async def test_it_opens_when_every_log_may_be_signed():
    one = gate("a.example")
    await one.decided(LOG, Decision("wait", "waiting for the partners' copies"))
    with pytest.raises(ConflictError, match=r"no answer yet from: a\.example"):
        await one.passed(0.01)
    await one.decided(LOG, Decision("sign", ""))
    await one.passed(0.01)
    assert one.reasons() == []


async def test_one_log_that_may_not_be_signed_shuts_it_for_all():
    one = gate()
    await one.decided(LOG, Decision("sign", ""))
    await one.decided(LOG + "/2", Decision("never", "open a successor"))
    assert one.reasons() == [f"{LOG}/2: open a successor"]


def test_answers_count_once_for_each_partner_and_never_for_others():
    clock = FixedClock()
    one = gate("a.example", "b.example", clock=clock)
    one.answered("a.example")
    one.answered("a.example")
    one.answered("stranger.example")
    assert one.asked() == (2, 1, False, False)
    clock.advance(30)
    assert one.asked().waited


def test_the_operator_may_take_the_responsibility():
    assert gate("a.example", alone=True).asked().alone
