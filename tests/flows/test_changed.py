"""A figure that changed after others held it is told once, to whom it concerns."""

import json

import pytest

from federation.flows.merge import merge_once
from federation.profiles import load_shipped
from federation.records.claim import Claim, bundle_claims
from federation.store import alarms, claims, cosignatures, logs, mapstate
from federation.store.db import Database
from federation.tlog.keys import ALG_COSIGNATURE, Signer
from tests.mirrored import hold

ELECTION = "pemilu-2024"
ORG = "a.example"
ORIGIN = f"{ORG}/{ELECTION}"
TPS = "1371011001001"
CODE = "changed-after-held"


class World:
    """A node with one log, and what it is told."""

    def __init__(self, db):
        self.db, self.profiles = db, load_shipped()

    def say(self, *votes, own=False, publish=True):
        """Leaves with these votes of the first candidate; then a checkpoint."""
        with self.db.transaction() as tx:
            log = logs.add_log(tx, ORIGIN, own=own)
            start = log.next_index
            end = start + len(votes)
            many = len(votes)
            logs.append_leaves(tx, log.id, start, [b"x"] * many, [bytes(32)] * many)
            found = [claim(at, count) for at, count in enumerate(votes, start)]
            claims.save_claims(tx, log.id, bundle_claims(found))
            if publish and own:
                logs.publish(tx, log.id, log.size, b"n", end, end.to_bytes(32))
            elif publish:
                hold(tx, log, b"n", end.to_bytes(32))
        self.merge()

    def merge(self):
        while merge_once(self.db, self.profiles, now=7):
            pass

    def merge_again(self):
        """As after a change of the rules: the same claims, from the first on."""
        with self.db.transaction() as tx:
            basis = mapstate.read_basis(tx, ELECTION)
            mapstate.restart(tx, ELECTION, basis._replace(rules=0))
        self.merge()

    def confirm(self, org, size):
        signer = Signer.from_seed(f"{org}/mirror", bytes(32), ALG_COSIGNATURE)
        with self.db.transaction() as tx:
            log = logs.get_log(tx, ORIGIN)
            cosignatures.save_cosignature(tx, log.id, size, b"line\n", signer.key, 1)

    def told(self):
        with self.db.view() as view:
            found = alarms.list_alarms(view)
        return [(one.subject, one.detail, one.times) for one in found]


def claim(index, votes):
    return Claim(
        index=index,
        kind="votes" if votes is not None else "withdrawal",
        org=ORG,
        official=False,
        contest="ppwp",
        tps=TPS,
        round="reguler",
        record=f"{index:064x}",
        votes="" if votes is None else json.dumps({"01": votes}),
    )


@pytest.fixture
def world(tmp_path):
    db = Database.open(tmp_path)
    yield World(db)
    db.close()


def test_a_partners_correction_after_we_held_it_is_told(world):
    world.say(127)
    world.say(97)
    said = f'ppwp {TPS}: {{"01": 127}} -> {{"01": 97}}, index 0 -> 1'
    assert world.told() == [(ORIGIN, said, 1)]
    world.say(98)
    assert world.told()[0][1:] == (said.replace("97", "98").replace(
        "127", "97").replace("0 -> 1", "1 -> 2"), 2)  # fmt: skip


def test_a_map_made_again_tells_nothing_twice(world):
    world.say(127)
    world.say(97)
    before = world.told()
    world.merge_again()
    assert world.told() == before
    with world.db.transaction() as tx:
        alarms.clear_alarm(tx, CODE, ORIGIN)
    world.merge_again()
    assert world.told() == []


@pytest.mark.parametrize(
    "votes", [(127, 127), (127, None), (None, 127)], ids=["same", "taken", "again"]
)
def test_what_replaces_no_votes_by_others_is_not_told(world, votes):
    for one in votes:
        world.say(one)
    assert world.told() == []


def test_what_was_corrected_before_anybody_held_it_is_not_told(world):
    world.say(127, 97)
    assert world.told() == []


def test_our_own_correction_is_told_where_a_partner_had_confirmed(world):
    world.say(127, own=True)
    world.say(97, own=True)
    assert world.told() == []
    world.confirm(ORG, 2)
    world.say(96, own=True)
    assert world.told() == []
    world.confirm("b.example", 3)
    world.say(95, own=True)
    [(subject, said, times)] = world.told()
    assert (subject, times) == (ORIGIN, 1)
    assert said.endswith("index 2 -> 3")
