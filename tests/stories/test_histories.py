"""Copies that come back, copies that go on, and origins that sign two histories."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from federation.config.keystore import load_signer
from federation.config.peers import Peer, format_peer
from federation.tlog.checkpoint import open_checkpoint
from federation.tlog.fork import check_evidence
from tests.fakes import FakeOrg, FakePeer, Tree
from tests.homes import ELECTION
from tests.stories.nodes import start_all
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

LOST = "own-log-successor-needed"


def trust_fake(node, owner: FakeOrg, url: str | None = None) -> None:
    """Pin an organisation that is no node of ours; it may be reached at `url`."""
    peer = Peer(
        org=owner.org,
        identity=owner.identity.key,
        url=url,
        allow_private=url is not None,
    )
    with node.home.peers.open("a") as peers:
        peers.write("\n" + format_peer(peer))


def lay_between(one, other, wire):
    """Partners over wires that can be cut, in both directions."""
    wires = wire(one), wire(other)
    other.trust(one, wires[0].url)
    one.trust(other, wires[1].url)
    return wires


def turn(node, org: str) -> dict[str, object]:
    """One turn with this partner, begun now."""
    status, said = node.post("/v1/control/sync", {"orgs": [org]})
    assert status == 200, said
    return said[0]


@pytest.fixture
def sitara():
    """An organisation whose keys the test holds: it can sign what it likes."""
    return FakeOrg("sitara.example", ELECTION)


# Copies of our own data folder


@pytest.mark.long
def test_a_restored_copy_signs_nothing_until_it_is_refilled(pemilu, suara):
    """The copy is older than the guard, which lies outside, and than a partner."""
    pemilu.trust(suara, suara.url)
    suara.trust(pemilu, pemilu.url)
    start_all(pemilu, suara)
    pemilu.take(0, 100)
    wait_until(lambda: suara.size(pemilu.origin) == 101)
    pemilu.stop()
    backup = pemilu.save(pemilu.home.data, pemilu.home.folder / "backup")
    pemilu.start().take(100, 200)
    wait_until(lambda: suara.size(pemilu.origin) == 201)
    before = pemilu.leaves(pemilu.origin)
    pemilu.stop()
    suara.stop()
    pemilu.put_back(backup)

    # Nobody answers: it serves, and does not sign. Work that comes in waits.
    pemilu.start()
    assert pemilu.ask("/v1/tps/1371011001001")[0] == 200
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(pemilu.take, 200, 250)
        time.sleep(2)
        assert "waiting for the partners' copies" in pemilu.why_not()
        assert pemilu.state(pemilu.origin).next_index == 101
        # The partner is back: refilled from it, then on.
        suara.start()
        waiting.result()
    assert pemilu.why_not() == ""
    assert pemilu.leaves(pemilu.origin)[:201] == before
    wait_until(lambda: suara.size(pemilu.origin) == 251, "the partner goes on")
    assert not suara.state(pemilu.origin).frozen
    assert pemilu.doctor()[0] == 0


@pytest.mark.long
def test_a_database_older_than_its_guard_is_never_signed_again_alone(pemilu):
    """The guard outlived the database, and no partner has the rest."""
    pemilu.start().take(0, 10)
    pemilu.stop()
    backup = pemilu.save(pemilu.home.data, pemilu.home.folder / "backup")
    pemilu.start().take(10, 20)
    pemilu.stop()
    pemilu.put_back(backup)
    pemilu.start("--alone")
    wait_until(lambda: (LOST, pemilu.origin) in pemilu.alarms(), "the alarm")
    assert "no partner more: this log cannot go on" in pemilu.why_not()
    assert pemilu.size(pemilu.origin) == 11


@pytest.mark.long
def test_a_folder_that_was_put_back_whole_waits_for_every_partner(pemilu, suara, kawal):
    """Its guard came back with it; the one partner that has the newest is down."""
    for other in (suara, kawal):
        pemilu.trust(other, other.url)
        other.trust(pemilu, pemilu.url)
    start_all(pemilu, suara, kawal)
    pemilu.take(0, 100)
    for other in (suara, kawal):
        wait_until(lambda other=other: other.size(pemilu.origin) == 101)
    pemilu.stop()
    backup = pemilu.save(pemilu.home.folder, pemilu.home.folder.parent / "backup")
    suara.stop()
    pemilu.start().take(100, 200)
    wait_until(lambda: kawal.size(pemilu.origin) == 201)
    before = pemilu.leaves(pemilu.origin)
    pemilu.stop()
    kawal.stop()
    pemilu.put_back(backup)

    start_all(pemilu, suara)
    held = ("own-log-past-unknown", pemilu.origin)
    wait_until(lambda: held in pemilu.alarms(), "a stale partner is no answer")
    assert "every partner must answer" in pemilu.why_not()
    assert pemilu.size(pemilu.origin) == 101
    kawal.start()
    turn(pemilu, kawal.org)
    wait_until(lambda: pemilu.why_not() == "", "every partner has answered")
    assert pemilu.leaves(pemilu.origin) == before
    pemilu.take(200, 210)
    # From now on a start is an ordinary one again.
    kawal.stop()
    pemilu.stop()
    pemilu.start().take(210, 220)
    assert pemilu.size(pemilu.origin) == 221
    assert not suara.is_frozen(pemilu.origin)
    assert pemilu.alarms() <= {("unreachable", kawal.org)}


def test_data_and_keys_without_the_guard_sign_nothing_alone(pemilu, suara):
    """What the documentation once called a restore, where nobody can be asked."""
    pemilu.trust(suara)
    pemilu.start().take(0, 10)
    pemilu.stop()
    shutil.rmtree(pemilu.home.guard)
    pemilu.start()
    status, said = pemilu.post("/v1/records", {"election": ELECTION, "records": []})
    assert (status, said["code"]) == (409, "unknown-past")
    assert "its guard is lost" in pemilu.why_not()
    pemilu.stop()
    assert pemilu.size(pemilu.origin) == 11
    pemilu.start("--alone").take(10, 20)
    pemilu.stop()
    pemilu.start().take(20, 30)
    assert pemilu.alarms() == set()


def test_a_clone_that_signs_is_found_out_by_everybody_who_hears_both(
    pemilu, suara, kawal, make_node, wire
):
    """One home on two machines; suara hears the one, kawal the other."""
    pemilu.start("--alone").take(0, 50)
    pemilu.stop()
    log_key = load_signer(pemilu.home.log_key(pemilu.origin), pemilu.origin).key
    clone = make_node(pemilu.org, "clone")
    clone.become(pemilu)
    suara.trust(pemilu, pemilu.url)
    kawal.trust(pemilu, clone.url)
    wires = lay_between(suara, kawal, wire)
    start_all(suara, kawal)
    suara.take(400, 410)
    kawal.take(500, 510)
    wait_until(lambda: suara.size(kawal.origin) and kawal.size(suara.origin))
    # Each is alone with its half of the world when it signs.
    for one in wires:
        one.cut()
    pemilu.start("--alone").take(50, 60)
    clone.start("--alone").take(70, 80)
    for node in (suara, kawal):
        wait_until(lambda node=node: node.size(pemilu.origin) == 61, "one half")
        assert not node.is_frozen(pemilu.origin)
    for one in wires:
        one.mend()
    for node in (suara, kawal):
        wait_until(lambda node=node: node.is_frozen(pemilu.origin), "the proof")
        evidence = node.state(pemilu.origin).frozen
        assert check_evidence(evidence, [log_key]).origin == pemilu.origin
        assert ("fork", pemilu.origin) in node.alarms()
    # Everybody else goes on.
    suara.take(410, 420)
    wait_until(lambda: kawal.size(suara.origin) == 21, "the others go on")
    # The original hears of it from a partner and stops by itself.
    pemilu.trust(kawal, kawal.url)
    wait_until(lambda: pemilu.is_frozen(pemilu.origin), "the original stops")
    wait_until(lambda: "two histories were signed" in pemilu.why_not())


# Origins and relays that lie


def test_an_origin_that_shows_two_histories_is_frozen_alone(
    suara, kawal, sitara, serve_origin, wire
):
    one = Tree(sitara).grow(sitara.results(0, 299))
    other = one.fork(200, sitara.results(200, 320, votes=7))
    trees = {suara: one, kawal: other}
    for node, tree in trees.items():
        trust_fake(node, sitara, serve_origin(FakePeer(sitara.org).show(tree)).url)
    wires = lay_between(suara, kawal, wire)
    for way in wires:
        way.cut()
    for node, tree in trees.items():
        node.start("--alone")
        wait_until(lambda n=node, t=tree: n.size(sitara.origin) == t.size, "one side")
    for way in wires:
        way.mend()
    suara.take(0, 10)
    kawal.take(20, 30)
    for node in trees:
        wait_until(lambda node=node: node.is_frozen(sitara.origin), "the proof")
        fork = check_evidence(node.state(sitara.origin).frozen, [sitara.log.key])
        seen = {open_checkpoint(n, sitara.log.key).size for n in (fork.old, fork.new)}
        assert seen == {one.size, other.size}
        assert ("fork", sitara.origin) in node.alarms()
    suara.take(10, 15)
    wait_until(lambda: kawal.size(suara.origin) == 16, "the others go on")
    wait_until(lambda: suara.size(kawal.origin) == 11)
    assert not suara.state(kawal.origin).frozen


def test_a_lying_relay_is_outvoted_and_its_victim_not_accused(
    suara, sitara, serve_origin
):
    tree = Tree(sitara).grow(sitara.results(0, 299))
    relay = FakeOrg("relay.example", ELECTION)

    def spoil(what, _origin, data):
        return data[:-1] + b"!" if what.startswith("bundle") else data

    liar = serve_origin(FakePeer(relay.org, spoil=spoil).show(tree))
    honest = serve_origin(FakePeer(sitara.org).show(tree))
    trust_fake(suara, relay, liar.url)
    suara.start("--alone")
    trust_fake(suara, sitara)
    mismatch = ("feed-mismatch", f"{relay.org} {sitara.origin}")
    wait_until(lambda: mismatch in suara.alarms(), "the liar is named")
    assert suara.size(sitara.origin) == 0
    assert not suara.state(sitara.origin).stalled
    text = suara.home.peers.read_text()
    head, _, entry = text.rpartition("[[peer]]")
    entry += f'url = "{honest.url}"\nallow_private = true\n'
    suara.home.peers.write_text(f"{head}[[peer]]{entry}")
    wait_until(lambda: suara.size(sitara.origin) == tree.size, "the honest feed")
    assert suara.leaves(sitara.origin) == tree.leaves
    assert not suara.state(sitara.origin).frozen
    assert {code for code, _ in suara.alarms()} <= {"feed-mismatch"}


def test_a_stale_checkpoint_takes_nothing_back(suara, sitara, serve_origin):
    tree = Tree(sitara).grow(sitara.results(0, 299))
    origin = serve_origin(FakePeer(sitara.org).show(tree))
    trust_fake(suara, sitara, origin.url)
    suara.start("--alone")
    wait_until(lambda: suara.size(sitara.origin) == 300)
    origin.peer.show(tree.truncate(100))
    behind = ("behind", sitara.origin)
    wait_until(lambda: behind in suara.alarms(), "the alarm")
    assert "new" not in turn(suara, sitara.org)
    assert suara.leaves(sitara.origin) == tree.leaves
    assert not suara.state(sitara.origin).frozen
    origin.peer.show(tree.grow(sitara.results(299, 310)))
    wait_until(lambda: suara.size(sitara.origin) == 311, "on again")
    wait_until(lambda: behind not in suara.alarms(), "the end of the alarm")
