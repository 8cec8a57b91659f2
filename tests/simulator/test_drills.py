"""Two of each drill; all of them: `make attack ARGS="drills --times 50"`."""

import contextlib

import pytest

from federation.flows.ownlog import reconcile
from federation.flows.ownlog.reconcile import Decision
from federation.node import ownlogs
from tests.simulator import member
from tests.simulator.test_seeds import play_some

SHARE = (1, 2)
#: In which two partners hand back the same at once, after only the keys were left.
AT_ONCE = (24,)
#: In which records that a partner has are signed anew, if nobody asks.
HASTY = (4, 5)
#: In which a partner saw a total signed whose records were in nobody's hands.
SEEN = (45,)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["restore", "rebuild", "clone"])
def test_who_is_put_back_rebuilt_or_cloned_loses_nothing_and_harms_nobody(kind):
    wrong, counts = play_some(kind, SHARE)
    assert wrong == {}
    assert counts["drills"] == len(SHARE)
    assert counts["acknowledged, back"] > 0


@pytest.mark.slow
def test_what_two_partners_hand_back_at_once_leaves_no_alarm_behind():
    assert play_some("rebuild", AT_ONCE)[0] == {}


@pytest.mark.slow
def test_who_is_rebuilt_and_signs_before_all_have_answered_would_be_seen(monkeypatch):
    sign = Decision("sign", None)
    monkeypatch.setattr(reconcile, "decide", lambda *_, **__: sign)
    assert play_some("rebuild", HASTY)[0].keys() == set(HASTY)


@pytest.mark.slow
def test_a_total_that_only_a_partner_saw_is_signed_no_second_time():
    wrong, counts = play_some("rebuild", SEEN)
    assert wrong == {}
    assert counts["of them by what partners saw"] == len(SEEN)


@pytest.mark.slow
def test_who_asks_no_partner_for_what_it_saw_would_be_seen_to_fork(monkeypatch):
    async def nothing(*_):
        return []

    monkeypatch.setattr(ownlogs, "fetch_pending", nothing)
    [faults] = play_some("rebuild", SEEN)[0].values()
    assert any("proof of two histories on one host" in fault for fault in faults)


@pytest.mark.slow
def test_a_second_process_on_one_home_would_be_seen(monkeypatch):
    monkeypatch.setattr(member, "hold", contextlib.nullcontext)
    wrong, _ = play_some("clone", SHARE[:1])
    assert "two processes have one home on one host" in wrong[SHARE[0]]
