"""Keys of a log over time, and the about note behind it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.flows.merge import merge_once
from federation.flows.pull.rejudge import changed_from
from federation.profiles import load_shipped
from federation.records.about import About, OfferedLog, sign_about
from federation.records.keychain import (
    KeyRange,
)
from federation.records.keysigning import sign_statement
from federation.records.keystatement import Follows, first_statement
from federation.store import keystatements, mapreading, mapstate
from federation.tlog.keys import Signer, format_vkey
from federation.tlog.note import parse_note, sign_note
from tests.fakes import RECORDED_AT
from tests.statements import next_statement

PROFILE = "pemilu-2024"


@pytest.fixture
def rows(puller):
    """The stations of the merged map, after all that there is to merge."""

    def merged():
        while merge_once(puller.db, load_shipped()):
            pass
        with puller.db.view() as view:
            return len(mapreading.list_rows(view, PROFILE, "ppwp"))

    return merged


async def test_a_revoked_key_takes_its_records_out_from_that_index(
    puller, fakes, suara, rows, monkeypatch
):
    monkeypatch.setattr("federation.flows.pull.rejudge.STEP_LEAVES", 7)
    puller.trust(suara)
    tree = fakes.Tree(suara).grow(suara.results(0, 40))
    feed = fakes.FakePeer(suara.org).show(tree)
    await puller.pull(feed)
    assert rows() == 40
    stolen = suara.records.key
    suara.statements.append(suara.restate(revoke=[(stolen, 21, "stolen")]))
    await puller.pull(feed)
    assert puller.claimed(suara) == list(range(1, 21))
    assert [index for index, _ in puller.rejected(suara)] == list(range(21, 41))
    assert rows() == 20


async def test_a_key_that_is_announced_late_lets_its_records_in(
    puller, fakes, suara, rows
):
    puller.trust(suara)
    first = suara.results(0, 10)
    fresh = Signer.from_seed(suara.records.name, bytes(32))
    suara.records, old = fresh, suara.records
    tree = fakes.Tree(suara).grow(first).grow(suara.results(10, 20))
    feed = fakes.FakePeer(suara.org).show(tree)
    await puller.pull(feed)
    assert puller.claimed(suara) == list(range(1, 11))
    assert rows() == 10
    suara.statements.append(suara.restate(add=[("records", fresh.key, 11)]))
    await puller.pull(feed)
    assert puller.claimed(suara) == list(range(1, 21))
    assert puller.rejected(suara) == []
    assert rows() == 20
    assert old.key != fresh.key


async def test_a_statement_that_changes_no_verdict_leaves_the_map_alone(
    puller, fakes, suara, rows
):
    """Else any partner could empty the map of everybody, a hundred bytes a time."""
    puller.trust(suara)
    tree = fakes.Tree(suara).grow(suara.results(0, 10))
    feed = fakes.FakePeer(suara.org).show(tree)
    await puller.pull(feed)
    assert rows() == 10
    with puller.db.view() as view:
        before = mapstate.epoch(view)
    fresh = Signer.from_seed(suara.records.name, bytes(32))
    suara.statements.append(suara.restate(add=[("records", fresh.key, 1)]))
    await puller.pull(feed)
    with puller.db.view() as view:
        assert len(keystatements.read_keys(view, puller.log(suara).id)) == 2
        assert mapstate.epoch(view) == before
    assert rows() == 10


async def test_a_statement_about_the_future_judges_nothing_again(
    puller, fakes, suara, monkeypatch
):
    puller.trust(suara)
    tree = fakes.Tree(suara).grow(suara.results(0, 10))
    feed = fakes.FakePeer(suara.org).show(tree)
    await puller.pull(feed)
    monkeypatch.setattr("federation.flows.pull.rejudge.admit", None)
    fresh = Signer.from_seed(suara.records.name, bytes(32))
    suara.statements.append(suara.restate(add=[("records", fresh.key, 11)]))
    assert (await puller.pull(feed)).failures == ()
    with puller.db.view() as view:
        log = puller.log(suara)
        assert keystatements.read_keys(view, log.id) == suara.statements


async def test_an_identity_pinned_anew_goes_on(puller, fakes, suara):
    """The chain shows that the old key named the new one; either may be pinned."""
    puller.trust(suara)
    feed = fakes.FakePeer(suara.org).show(fakes.Tree(suara))
    await puller.pull(feed)
    new = Signer.from_seed(suara.identity.name, bytes(32))
    following = next_statement(suara.chain, fakes.RECORDED_AT, identity=new.key)
    signed = fakes.sign_statement(following, suara.identity, new)
    suara.statements.append(signed)
    assert (await puller.pull(feed)).failures == ()
    suara.identity = new
    puller.trust(suara)
    assert (await puller.pull(feed)).failures == ()


async def test_another_pinned_identity_stops_the_log(puller, fakes, suara, kawal):
    puller.trust(suara)
    tree = fakes.Tree(suara)
    feed = fakes.FakePeer(suara.org).show(tree)
    await puller.pull(feed)
    suara.identity = kawal.identity
    puller.trust(suara)
    tree.grow(suara.results(0, 3))
    report = await puller.pull(feed)
    assert report.logs[0].outcome == "other-key"
    assert puller.log(suara).size == 1


def about(owner, signer, issue):
    return sign_about(
        About(
            attribution="Suara",
            audience=(),
            contact="a@jagasuara.example",
            identity=format_vkey(owner.identity.key),
            issue=issue,
            licence="CC-BY-4.0",
            logs=(OfferedLog(origin=owner.origin, visibility="public"),),
            name="Jaga Suara",
            org=owner.org,
            versions=(1,),
        ),
        signer,
    )


async def test_the_newest_about_note_is_kept(puller, fakes, suara):
    puller.trust(suara)
    tree = fakes.Tree(suara)
    notes = {issue: about(suara, suara.node, issue) for issue in (1, 2, 3)}

    async def shown(issue):
        tree.grow([suara.result(tree.size)])
        feed = fakes.FakePeer(suara.org).show(tree, about=notes[issue])
        report = await puller.pull(feed)
        with puller.db.view() as view:
            return report.logs[0].outcome, keystatements.read_about(view, suara.org)

    assert await shown(2) == ("extended", notes[2])
    assert await shown(1) == ("extended", notes[2])
    assert await shown(3) == ("extended", notes[3])


@pytest.mark.parametrize("bad", ["another key", "another organisation"])
async def test_a_bad_about_note_does_not_stop_the_log(puller, fakes, suara, kawal, bad):
    puller.trust(suara)
    if bad == "another key":
        thief = Signer.from_seed(suara.node.name, bytes(32))
        bad = about(suara, thief, 1)
    else:
        text = parse_note(about(kawal, kawal.node, 1)).text
        bad = sign_note(text, suara.node)
    tree = fakes.Tree(suara).grow(suara.results(0, 3))
    report = await puller.pull(fakes.FakePeer(suara.org).show(tree, about=bad))
    assert report.logs[0].outcome == "extended"
    with puller.db.view() as view:
        assert keystatements.about_orgs(view) == set()


async def test_a_log_for_partners_waits_for_the_note_that_says_for_whom(
    puller, fakes, suara
):
    """The note held may be of before there was such a log, and leave nobody out."""
    puller.trust(suara)
    private = fakes.FakeOrg(suara.org, f"{suara.election}/incidents")
    thief = Signer.from_seed(private.node.name, bytes(32))
    shown = fakes.Tree(private)
    for signer, became, size in ((thief, "waiting", 0), (private.node, "extended", 1)):
        note = about(private, signer, 1)
        feed = fakes.FakePeer(suara.org).show(shown, about=note)
        report = await puller.pull(feed)
        assert [(log.outcome, log.after) for log in report.logs] == [(became, size)]


KEYS = [("a", b"1"), ("b", b"2"), ("c", b"3")]
RANGES = st.dictionaries(
    st.sampled_from(KEYS),
    st.tuples(st.integers(0, 9), st.integers(0, 9)).map(
        lambda two: KeyRange(None, min(two), max(two) + 1)
    ),
)


@given(RANGES, RANGES)
def test_below_the_first_change_every_key_is_valid_as_before(old, new):
    def valid(ranges, index):
        return {name for name, r in ranges.items() if r.start <= index < r.end}

    first = changed_from(old, new)
    differing = [i for i in range(12) if valid(old, i) != valid(new, i)]
    assert not differing or first == min(differing)


def next_generation(fakes, owner):
    """The log that follows `owner`'s, with another node key."""
    later = fakes.FakeOrg(owner.org, owner.election)
    later.origin = f"{owner.origin}/2"
    later.log = Signer.from_seed(later.origin, b"2" * 32)
    later.node = Signer.from_seed(owner.node.name, b"3" * 32)
    keys = [
        ("log", later.log.key),
        ("records", later.records.key),
        ("mirror", later.mirror.key),
        ("node", later.node.key),
    ]
    follows = Follows(origin=owner.origin, reason="lost", size=1)
    first = first_statement(
        later.origin, later.identity.key, keys, RECORDED_AT, follows
    )
    later.statements = [sign_statement(first, later.identity)]
    return later


async def test_an_old_note_beside_an_old_generation_takes_no_newer_ones_place(
    puller, fakes, suara, kawal
):
    puller.trust(suara)
    puller.trust(kawal)
    later, tree = next_generation(fakes, suara), fakes.Tree(suara)
    newest, old = about(later, later.node, 9), about(suara, suara.node, 1)
    both = fakes.FakePeer(suara.org).show(tree).show(fakes.Tree(later), about=newest)
    await puller.pull(both)
    with puller.db.view() as view:
        assert keystatements.read_about(view, suara.org) == newest
    grown = tree.grow(suara.results(0, 3))
    await puller.pull(fakes.FakePeer(kawal.org).show(grown, about=old))
    with puller.db.view() as view:
        assert keystatements.read_about(view, suara.org) == newest
