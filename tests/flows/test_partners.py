"""Whom we know by their keys, and whose signed word lets them have what."""

from federation.config.peers import Peer
from federation.config.settings import Settings
from federation.flows.partners import read_partners
from federation.records.about import About, sign_about
from federation.store import keystatements
from federation.tlog.keys import Signer
from tests.fakes import ELECTION, FakeOrg, Tree
from tests.flows.publish.conftest import hold

OURS, ORIGIN, FRIEND = "jagasuara.example", "kawalpemilu.example", "friend.example"
SETTINGS = Settings(
    org=OURS, name="Jaga Suara", contact="data@jagasuara.example", elections=[ELECTION]
)


def say(db, owner, issue, key, audience):
    """The note of an organisation about itself, as it is held here."""
    about = About(
        attribution="",
        audience=audience,
        contact="data@example.org",
        identity=str(owner.identity.key),
        issue=issue,
        licence="CC-BY-4.0",
        logs=(),
        name="Kawal",
        org=owner.org,
        versions=(1,),
    )
    with db.transaction() as tx:
        keystatements.save_about(tx, owner.org, issue, sign_about(about, key))


def audiences(db, owner):
    peers = {
        org: Peer(org=org, identity=one.identity.key)
        for org, one in ((ORIGIN, owner), (FRIEND, FakeOrg(FRIEND)))
    }
    with db.view() as view:
        return read_partners(view, peers, SETTINGS, {}).partners[FRIEND].audiences


def test_whom_an_organisation_names_may_be_handed_its_things(db):
    owner = FakeOrg(ORIGIN)
    hold(db, Tree(owner))
    assert audiences(db, owner) == set()
    say(db, owner, 1, owner.node, (FRIEND, OURS))
    assert audiences(db, owner) == {ORIGIN}
    say(db, owner, 2, owner.node, (OURS,))
    assert audiences(db, owner) == set()


def test_what_a_key_has_signed_that_was_replaced_lets_nobody_have_anything(db):
    """Whoever stole it has named a friend, in a note whose number stays the highest."""
    owner = FakeOrg(ORIGIN)
    stolen = owner.node
    new = Signer.from_seed(f"{ORIGIN}/node", b"n" * 32)
    say(db, owner, 1 << 40, stolen, (FRIEND, OURS))
    owner.statements.append(owner.restate(add=[("node", new.key, 0)]))
    hold(db, Tree(owner))
    assert audiences(db, owner) == set()


def names(db, *owners, called="", friend=""):
    """What they are called, the first as peers.toml says, and somebody else."""
    peers = {
        one.org: Peer(org=one.org, identity=one.identity.key, name=called)
        for one in owners
    }
    peers[FRIEND] = Peer(org=FRIEND, identity=FakeOrg(FRIEND).identity.key, name=friend)
    with db.view() as view:
        return read_partners(view, peers, SETTINGS, {}).names


def test_an_organisation_is_called_as_our_operator_calls_it_else_as_it_does(db):
    owner = FakeOrg(ORIGIN)
    hold(db, Tree(owner))
    assert names(db, owner) == {OURS: "Jaga Suara"}
    say(db, owner, 1, owner.node, ())
    assert names(db, owner) == {OURS: "Jaga Suara", ORIGIN: "Kawal"}
    assert names(db, owner, called="KP")[ORIGIN] == "KP"


def test_whoever_is_called_as_somebody_else_is_told_by_name_and_domain(db):
    owner = FakeOrg(ORIGIN)
    hold(db, Tree(owner))
    say(db, owner, 1, owner.node, ())
    for alike in ("Kawal", "KAWAL ", "\N{FULLWIDTH LATIN CAPITAL LETTER K}awal"):
        called = names(db, owner, friend=alike)
        assert called[ORIGIN] == f"Kawal ({ORIGIN})"
        assert called[FRIEND].endswith(f"({FRIEND})")
    posing = names(db, owner, friend=f"Kawal ({ORIGIN})")
    assert posing[FRIEND].endswith(f"({FRIEND})")
    assert posing[ORIGIN] == "Kawal"
