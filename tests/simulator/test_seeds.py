"""A share of the runs; all of them: `make attack ARGS="adversary"` and `"weather"`."""

import pytest

from federation.flows.ownlog import reconcile
from federation.flows.ownlog.reconcile import Decision
from federation.tlog import mirror
from tests.simulator.play import moves_of, play

SHARE = range(4, 15)
#: Seeds in which somebody is shown two histories; in which a copy is put back.
SHOWN_TWO, RESTORED = (11, 21), (10,)


def play_some(game, seeds):
    """What was wrong, by seed, and what was played in all."""
    outcomes = {seed: play(game, seed, moves_of(game, seed)) for seed in seeds}
    wrong = {seed: one.faults for seed, one in outcomes.items() if one.faults}
    names = {name for one in outcomes.values() for name in one.counts}
    return wrong, {
        name: sum(one.counts.get(name, 0) for one in outcomes.values())
        for name in names
    }


@pytest.mark.slow
def test_whoever_signs_two_histories_is_found_and_nobody_else_is_accused():
    wrong, counts = play_some("adversary", SHARE)
    assert wrong == {}
    assert counts["forked"] > 0
    assert counts["behind"] > 0


@pytest.mark.slow
def test_after_any_weather_all_maps_are_equal_and_nothing_acknowledged_is_lost():
    wrong, counts = play_some("weather", SHARE)
    assert wrong == {}
    assert min(counts["crashes"], counts["restores"], counts["acknowledged"]) > 0


def test_one_seed_is_one_run():
    moves = moves_of("adversary", 2)[:40]
    assert play("adversary", 2, moves) == play("adversary", 2, moves)


@pytest.mark.slow
def test_a_mirror_that_compares_no_smaller_checkpoint_would_be_seen(monkeypatch):
    monkeypatch.setattr(mirror, "_check_smaller", lambda *_: None)
    monkeypatch.setattr(mirror, "_check_equal", lambda *_: None)
    wrong, _ = play_some("adversary", SHOWN_TWO)
    assert wrong.keys() == set(SHOWN_TWO)


@pytest.mark.slow
def test_a_restored_copy_that_signs_at_once_would_be_seen(monkeypatch):
    sign = Decision("sign", None)
    monkeypatch.setattr(reconcile, "decide", lambda *_, **__: sign)
    wrong, _ = play_some("weather", RESTORED)
    assert wrong.keys() == set(RESTORED)
