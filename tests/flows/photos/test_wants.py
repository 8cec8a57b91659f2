"""What is wanted follows from the settings, the records and the map: all of it."""

import itertools
from typing import get_args

import msgspec
import pytest

from federation.config.peers import PhotoPolicy
from federation.flows.merge import merge_once
from federation.flows.photos import wants
from federation.flows.photos.index import index_all
from federation.store import wanted
from federation.store.removals import RemovedPhoto, note_removed
from federation.store.wanted import ALL, DOUBTED, OPENED
from tests.fetching import PhotoFeed, Wanting, digest_of, named, photo
from tests.ownnode import ELECTION, small_profile
from tests.photographed import A, B, add_leaves, add_named, file_of, result

STATIONS = [f"31710100010{number:02d}" for number in range(1, 6)]
TPS, OTHER = STATIONS[:2]
ONE, TWO = photo(1), photo(2)


@pytest.fixture
def node(db, tmp_path):
    return Wanting(db, tmp_path)


def merge(db):
    while merge_once(db, {ELECTION: small_profile()}, now=0):
        pass


def say(org, tps, votes, *photos):
    """A record of this result, or of none where somebody is yet to read it."""
    record = result(org, tps, named(*photos))
    candidates = msgspec.UNSET if votes is None else {"01": votes, "02": 1, "03": 1}
    return msgspec.structs.replace(record, candidates=candidates)


#: What stands at a station: what A says, then what B says.
STATES = {
    "single": (5, None),
    "agreed": (5, 5),
    "disputed": (5, 6),
    "unread": ("unread", None),
    "implausible": (999, None),
}
IN_DOUBT = {"disputed", "unread", "implausible"}


@pytest.mark.parametrize("order", ["records first", "map first"])
@pytest.mark.parametrize(
    ("policy", "state"),
    list(itertools.product(get_args(PhotoPolicy), STATES)),
)
async def test_each_policy_wants_what_it_says(node, db, policy, state, order):
    of_a, of_b = STATES[state]
    log_a, log_b = (add_named(db, org, []) for org in (A, B))
    votes = None if of_a == "unread" else of_a
    add_leaves(db, log_a, [say(A, TPS, votes, ONE)])
    if of_b is not None:
        add_leaves(db, log_b, [say(B, TPS, of_b, TWO)])
    if order == "map first":
        merge(db)
        await node.look(a=policy, b="none")
    else:
        await node.look(a=policy, b="none")
        merge(db)
        await node.look(a=policy, b="none")
    urgency = {
        "none": None,
        "on-demand": None,
        "all": ALL,
        "disputed": DOUBTED if state in IN_DOUBT else None,
    }[policy]
    expected = {} if urgency is None else {digest_of(ONE): urgency}
    assert node.wanted() == expected


async def test_a_doubt_that_comes_later_makes_wanted_what_came_before(node, db):
    log_a, log_b = (add_named(db, org, []) for org in (A, B))
    add_leaves(db, log_a, [say(A, TPS, 5, ONE), say(A, OTHER, 5, TWO)])
    merge(db)
    await node.look(a="disputed")
    assert node.wanted() == {}
    add_leaves(db, log_b, [say(B, TPS, 6)])
    merge(db)
    await node.look(a="disputed")
    assert node.wanted() == {digest_of(ONE): DOUBTED}


async def test_another_policy_looks_at_all_again(node, db):
    add_leaves(db, add_named(db, A, []), [say(A, TPS, 5, ONE)])
    merge(db)
    await node.look(a="on-demand")
    await node.look(a="disputed")
    assert node.wanted() == {}
    await node.look(a="all")
    assert node.wanted() == {digest_of(ONE): ALL}


async def test_nothing_is_looked_at_twice(node, db):
    add_named(db, A, [(TPS, named(ONE))])
    merge(db)
    index_all(db)
    policies = {A: "disputed", B: "all"}
    assert await wants.find_wanted(db, policies, 1) > 0
    while await wants.find_wanted(db, policies, 1):
        pass
    written = db._writer.total_changes
    assert await wants.find_wanted(db, policies, 1) == 0
    assert db._writer.total_changes == written


@pytest.mark.parametrize("step", [1, 2, 7, 300])
async def test_steps_of_any_size_find_the_same(node, db, monkeypatch, step):
    monkeypatch.setattr(wants, "STEP", step)
    photos = [photo(number) for number in range(300)]
    add_named(db, A, [(TPS, named(data)) for data in photos])
    await node.look(a="all")
    assert node.wanted() == dict.fromkeys(map(digest_of, photos), ALL)


async def test_what_is_held_or_removed_or_no_photo_is_not_wanted(node, db):
    await node.blobs.put(digest_of(ONE), ONE)
    node.open(A, ONE)
    gone = photo(3)
    with db.transaction() as tx:
        note_removed(
            tx,
            RemovedPhoto(
                digest=digest_of(gone), ground="other", reason="", org=A, removed_at=1
            ),
        )
    files = [
        *named(gone),
        file_of(digest_of(b"video"), media_type="video/mp4"),
        file_of(digest_of(b"huge"), size=(16 << 20) + 1),
        *named(TWO),
    ]
    add_named(db, A, [(TPS, files)])
    await node.look(a="all")
    assert node.wanted() == {digest_of(ONE): OPENED, digest_of(TWO): ALL}


async def test_our_own_logs_ask_for_nothing(node, db):
    add_named(db, A, [(TPS, named(ONE))], own=True)
    await node.look(a="all")
    assert node.wanted() == {}


async def test_what_went_for_want_of_room_is_not_wanted_again(db, tmp_path):
    node = Wanting(db, tmp_path, room=5_000)
    add_named(db, A, [(TPS, named(ONE, TWO))])
    await node.look(a="all")
    feed = PhotoFeed(A).have(ONE, TWO)
    await node.fetch(feed)
    node.clock.advance(200_000)
    await node.fetch(feed)
    await node.look(a="all")
    assert len(node.held()) == 1
    assert node.wanted() == {}


async def test_more_urgent_stays_more_urgent(node, db):
    add_named(db, A, [(TPS, named(ONE))])
    await node.look(a="all")
    node.open(A, ONE)
    assert node.wanted() == {digest_of(ONE): OPENED}
    with db.transaction() as tx:
        wanted.want_photos(tx, [(digest_of(ONE), A)], ALL, 1)
    assert node.wanted() == {digest_of(ONE): OPENED}
