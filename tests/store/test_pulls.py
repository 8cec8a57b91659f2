"""What is remembered of peers, and that it stays bounded."""

from msgspec.structs import replace

from federation.store import pulls
from federation.store.pulls import (
    KEPT_OFFERS,
    KEPT_TURNS,
    Offered,
    PeerSeen,
    PeerTurn,
    Turn,
)

ORG = "jagasuara.example"


def turn(at: int, org: str = ORG) -> Turn:
    return Turn(org=org, at=at, seconds=0.5, outcome="ok", new_leaves=at, reason="r")


def test_a_turn_comes_back_as_it_was_kept(db):
    state = PeerTurn(org=ORG, failures=3, next_due=17.25)
    with db.transaction() as tx:
        pulls.save_turn(tx, replace(state, failures=2, next_due=1.0), turn(0))
        pulls.save_turn(tx, state, turn(1))
    with db.view() as view:
        assert pulls.load_turns(view) == {ORG: state}
        assert pulls.list_turns(view, ORG) == [turn(1), turn(0)]
        assert pulls.list_turns(view, "other.example") == []


def test_only_the_newest_turns_are_kept_newest_first(db):
    with db.transaction() as tx:
        for at in range(KEPT_TURNS + 20):
            # All in one second: the order is that of the turns, not of the clock.
            pulls.save_turn(tx, PeerTurn(org=ORG), replace(turn(at), at=7))
        pulls.save_turn(tx, PeerTurn(org="b.example"), turn(1, "b.example"))
    with db.view() as view:
        found = pulls.list_turns(view, ORG, limit=1000)
        assert [one.new_leaves for one in found] == list(
            reversed(range(20, KEPT_TURNS + 20))
        )
        assert len(pulls.list_turns(view, ORG, limit=3)) == 3
        assert len(pulls.list_turns(view, "b.example")) == 1


def test_what_a_peer_showed_comes_back(db):
    seen = PeerSeen(
        org=ORG, etag='"x"', wanted="w", answered_at=5, sizes={"b": 2, "a": 1}
    )
    with db.transaction() as tx:
        pulls.save_seen(tx, replace(seen, etag="older"))
        pulls.save_seen(tx, seen)
    with db.view() as view:
        assert pulls.load_seen(view, ORG) == seen
        assert pulls.load_seen(view, "b.example") == PeerSeen(org="b.example")


def test_offers_are_replaced_and_bounded(db):
    many = [f"o{number:05}.example/e" for number in range(KEPT_OFFERS * 3)]
    with db.transaction() as tx:
        pulls.save_offered(tx, ORG, many, 1)
        pulls.save_offered(tx, "b.example", ["x.example/e", "x.example/e"], 2)
    with db.view() as view:
        assert len(pulls.list_offered(view)) == KEPT_OFFERS + 1
    with db.transaction() as tx:
        pulls.save_offered(tx, ORG, [], 3)
    with db.view() as view:
        assert pulls.list_offered(view) == [
            Offered(peer="b.example", origin="x.example/e", at=2)
        ]


def test_a_peer_that_is_removed_leaves_nothing(db):
    with db.transaction() as tx:
        pulls.save_turn(tx, PeerTurn(org=ORG), turn(1))
        pulls.save_seen(tx, PeerSeen(org=ORG, etag="x"))
        pulls.save_offered(tx, ORG, ["a"], 1)
        pulls.save_turn(tx, PeerTurn(org="b.example"), turn(1, "b.example"))
        pulls.forget_peer(tx, ORG)
    with db.view() as view:
        assert set(pulls.load_turns(view)) == {"b.example"}
        assert pulls.list_turns(view, ORG) == []
        assert pulls.load_seen(view, ORG).etag == ""
        assert pulls.list_offered(view) == []
