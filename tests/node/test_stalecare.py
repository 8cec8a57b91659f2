"""Old confirmations are told when they were old at two looks in a row, and go."""

from types import SimpleNamespace

import pytest

from federation.config.witness import WitnessSettings
from federation.node.stalecare import StaleCare
from federation.store import alarms, logs
from tests.flows.test_staleness import NOW, OURS, A, confirm, hold, peer


@pytest.fixture
def host(db):
    with db.transaction() as tx:
        hold(tx, OURS, 2, own=True)
    return SimpleNamespace(
        resources=SimpleNamespace(
            db=db,
            settings=SimpleNamespace(witness=WitnessSettings()),
            guard=SimpleNamespace(raised_at=lambda _: NOW - 86_400),
        ),
        clocks=SimpleNamespace(wall=lambda: NOW),
        peers=SimpleNamespace(by_org={A: peer(A)}),
    )


def standing(db):
    with db.view() as view:
        return {(one.code, one.subject) for one in alarms.list_alarms(view)}


async def test_what_is_old_at_one_look_only_is_no_alarm_and_one_goes_by_itself(
    host, db
):
    care = StaleCare(host)
    with db.transaction() as tx:
        alarms.raise_alarm(tx, "fork", "x", "of others", NOW)
    others = {("fork", "x")}
    await care.turn()
    assert standing(db) == others
    await care.turn()
    assert standing(db) == others | {("not-held", OURS)}
    # A node that starts anew leaves what stands, and does not wait for a second look.
    await StaleCare(host).turn()
    assert standing(db) == others | {("not-held", OURS)}
    with db.transaction() as tx:
        confirm(tx, ours(tx), A, 2, 0)
    await care.turn()
    assert standing(db) == others


async def test_a_partner_that_is_paused_is_awaited_by_nobody(host, db):
    host.peers.by_org = {A: peer(A, paused=True)}
    care = StaleCare(host)
    await care.turn()
    await care.turn()
    assert standing(db) == set()


def ours(tx):

    return logs.get_log(tx, OURS)
