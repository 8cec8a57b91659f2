"""Who asks and is no partner: noted within bounds, told, and believed in nothing."""

import pytest

from federation.flows.partners import PartnerBook
from federation.node import strangers as node
from federation.node.strangers import Strangers
from federation.records.readers import Partner
from federation.store import pulls
from federation.store import strangers as store
from federation.tlog.keys import Signer

OURS, HERE = "c.example", "198.51.100.7"


def key_of(org, number=0):
    return Signer.from_seed(f"{org}/node", number.to_bytes(32)).key


class Clock:
    now = 1_700_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def noted(db, clock):
    return Strangers(db, clock)


def kept(db):
    with db.view() as view:
        return {one.org: one for one in store.list_strangers(view)}


async def test_who_asks_is_told_until_it_is_added_or_has_not_asked_for_a_week(
    db, clock, noted
):
    noted.asked(key_of("a.example"), HERE, OURS)
    noted.asked(key_of("a.example"), HERE, OURS)
    assert await noted.look(PartnerBook()) == "a.example"
    assert kept(db)["a.example"].times == 2
    clock.now += 3600
    noted.asked(key_of("a.example"), HERE, OURS)
    noted.asked(key_of("b.example"), HERE, OURS)
    assert await noted.look(PartnerBook()) == "a.example, b.example"
    assert kept(db)["a.example"].times == 3
    book = PartnerBook(orgs={str(key_of("a.example")): "a.example"})
    assert await noted.look(book) == "b.example"
    clock.now += node.TOLD_FOR_S + 1
    assert await noted.look(PartnerBook()) is None
    assert kept(db) == {}


async def test_a_crowd_of_names_from_one_address_keeps_nobody_else_out(db, noted):
    for number in range(1000):
        noted.asked(key_of(f"n{number}.example"), HERE, OURS)
    noted.asked(key_of("true.example"), "203.0.113.9", OURS)
    await noted.look(PartnerBook())
    assert "true.example" in kept(db)
    assert len(kept(db)) == node.MOST_OF_ADDRESS + 1


async def test_a_crowd_from_everywhere_is_bounded_and_covers_up_nobody_from_before(
    db, clock, noted
):
    noted.asked(key_of("true.example"), HERE, OURS)
    await noted.look(PartnerBook())
    for night in range(3):
        clock.now += 3600
        for number in range(500):
            org = f"n{night}-{number}.example"
            noted.asked(key_of(org), f"2001:db8::{number:x}", OURS)
        said = await noted.look(PartnerBook())
        assert said.endswith("more")
        assert len(said) < 1000
    assert len(kept(db)) == store.MOST_KEPT
    assert "true.example" in kept(db)


def ignored(db, *orgs, at=0):
    made = [
        store.IgnoredStranger(
            vkey=str(key_of(org)), org=org, ignored_at=at, person="", role="machine"
        )
        for org in orgs
    ]
    with db.transaction() as tx:
        store.ignore_strangers(tx, made)


async def test_who_is_ignored_is_told_no_more_by_that_key_and_takes_no_room(db, noted):
    noted.asked(key_of("a.example"), HERE, OURS)
    await noted.look(PartnerBook())
    ignored(db, "a.example")
    assert kept(db) == {}
    noted.asked(key_of("a.example"), HERE, OURS)
    assert await noted.look(PartnerBook()) is None
    assert kept(db) == {}
    noted.asked(key_of("a.example", 1), HERE, OURS)
    assert await Strangers(db, Clock()).look(PartnerBook()) is None
    noted._saved_at = float("-inf")  # a minute later
    assert await noted.look(PartnerBook()) == "a.example"


def test_whom_we_ignore_is_bounded_and_the_oldest_go(db):
    for number in range(store.MOST_IGNORED + 9):
        ignored(db, f"n{number}.example", f"n{number}.example", at=number)
    with db.view() as view:
        left = store.list_ignored(view)
    assert len(left) == store.MOST_IGNORED
    assert min(one.ignored_at for one in left) == 9


@pytest.mark.parametrize("org", ["<b>x", "A.EXAMPLE", "nodots", "ünïcode.example"])
async def test_a_key_that_names_no_organisation_is_not_noted(db, noted, org):
    noted.asked(key_of(org), HERE, OURS)
    assert await noted.look(PartnerBook()) is None
    assert kept(db) == {}


async def test_our_own_name_and_endless_names_are_not_noted(db, noted):
    noted.asked(key_of(OURS), HERE, OURS)
    noted.asked(key_of("a." * 300 + "example"), HERE, OURS)
    assert await noted.look(PartnerBook()) is None


async def test_a_partner_whose_keys_are_not_here_yet_is_no_stranger(db, noted):
    """But a key in its name beside those that it has shown is told."""
    noted.asked(key_of("a.example"), HERE, OURS)
    a_partner = {"a.example": Partner(org="a.example", asked=OURS)}
    assert await noted.look(PartnerBook(partners=a_partner)) is None
    noted.asked(key_of("a.example", 1), HERE, OURS)
    shown = {str(key_of("a.example")): "a.example"}
    book = PartnerBook(orgs=shown, partners=a_partner)
    assert await noted.look(book) == "a.example"


async def test_the_name_of_a_partner_is_told_only_after_a_turn_has_shown_its_keys(
    db, clock, noted
):
    book = PartnerBook(orgs={str(key_of("a.example")): "a.example"})
    clock.now += 100
    noted.asked(key_of("a.example", 1), HERE, OURS)
    asked_at = int(clock.now)
    # The turn before it asked, and one since that has failed, show nothing.
    for at, outcome in ((asked_at - 1, "ok"), (asked_at + 1, "failed")):
        add_turn(db, at, outcome)
        assert await noted.look(book, {"a.example"}) is None
        assert noted.awaited == {"a.example"}
    # With whom there are no turns is not waited for.
    assert await noted.look(book, ()) == "a.example"
    add_turn(db, asked_at + 2, "unchanged")
    assert await noted.look(book, {"a.example"}) == "a.example"
    assert not noted.awaited


async def test_a_name_is_told_all_the_same_where_no_turn_goes_well_for_an_hour(
    db, clock, noted
):
    book = PartnerBook(orgs={str(key_of("a.example")): "a.example"})
    for wanted in (None, "a.example"):
        noted.asked(key_of("a.example", 1), HERE, OURS)
        assert await noted.look(book, {"a.example"}) == wanted
        clock.now += store.AWAITED_S + 1


def add_turn(db, at, outcome):
    turn = pulls.Turn(org="a.example", at=at, seconds=1.0, outcome=outcome)
    with db.transaction() as tx:
        pulls.save_turn(tx, pulls.PeerTurn(org="a.example"), turn)
