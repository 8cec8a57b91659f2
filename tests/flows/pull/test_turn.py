"""A whole turn: what is asked for, what is taken in, what is left alone."""

import asyncio
from dataclasses import replace

import pytest

from federation.errors import FormatError, PeerError
from federation.flows.pull import HandedSource, extend, pull


@pytest.mark.parametrize("count", [0, 1, 254, 255, 256, 257, 511, 600])
async def test_a_first_turn_brings_every_leaf(puller, fakes, suara, count):
    puller.trust(suara)
    tree = fakes.Tree(suara).grow(suara.results(0, count))
    report = await puller.pull(fakes.FakePeer(suara.org).show(tree))
    log = puller.log(suara)
    assert report.failures == ()
    assert report.new_leaves == tree.size
    assert report.extended == (suara.origin,)
    assert (log.size, log.next_index, log.pending) == (tree.size, tree.size, None)
    assert log.checkpoint == tree.note()
    assert puller.leaves(suara) == tree.leaves
    assert puller.claimed(suara) == list(range(1, tree.size))


async def test_each_step_but_the_last_is_told_when_it_is_durable(
    puller, fakes, suara, monkeypatch
):
    """What the map may follow by then stands below a checkpoint that was verified."""
    monkeypatch.setattr(extend, "STEP_LEAVES", 256)
    puller.trust(suara)
    tree = fakes.Tree(suara).grow(suara.results(0, 999))
    told = []

    def stored():
        log = puller.log(suara)
        told.append(log.next_index)
        assert (log.size, log.pending) == (0, tree.note())

    puller.ctx = replace(puller.ctx, stored=stored)
    await puller.pull(fakes.FakePeer(suara.org).show(tree))
    assert told == [256, 512, 768]


async def test_an_idle_turn_is_one_conditional_request(puller, fakes, suara):
    puller.trust(suara)
    feed = fakes.FakePeer(suara.org).show(fakes.Tree(suara))
    await puller.pull(feed)
    feed.asked.clear()
    report = await puller.pull(feed)
    assert feed.asked == ["logs"]
    assert report.unchanged
    assert report.answered == (suara.origin,)


@pytest.mark.parametrize(("held", "new"), [(10, 3), (300, 300), (256, 256), (700, 1)])
async def test_new_records_cost_their_bundles_and_few_requests_more(
    puller, fakes, suara, held, new
):
    puller.trust(suara)
    tree = fakes.Tree(suara).grow(suara.results(0, held))
    feed = fakes.FakePeer(suara.org).show(tree)
    await puller.pull(feed)
    feed.asked.clear()
    tree.grow(suara.results(held, held + new))
    report = await puller.pull(feed)
    assert report.new_leaves == new
    assert feed.count("bundle") <= -(-new // 256) + 1
    assert len(feed.asked) <= feed.count("bundle") + 4
    assert puller.leaves(suara) == tree.leaves


async def test_an_unknown_origin_is_listed_and_never_fetched(
    puller, fakes, suara, kawal
):
    puller.trust(suara)
    feed = fakes.FakePeer(suara.org)
    feed.show(fakes.Tree(suara)).show(fakes.Tree(kawal))
    report = await puller.pull(feed)
    assert report.offered == (kawal.origin,)
    assert puller.offered() == [(suara.org, kawal.origin)]
    assert puller.logs() == [suara.origin]
    assert not [asked for asked in feed.asked if kawal.origin in asked]


@pytest.mark.parametrize(
    "settings", [{"paused": True}, {"elections": ("pilpres-2019",)}]
)
async def test_what_the_operator_does_not_want_is_not_fetched(
    puller, fakes, suara, kawal, settings
):
    puller.trust(suara)
    puller.trust(kawal, **settings)
    feed = fakes.FakePeer(suara.org).show(fakes.Tree(kawal))
    report = await puller.pull(feed)
    assert report.offered == (kawal.origin,)
    assert feed.asked == ["logs"]


async def test_logs_of_others_are_taken_only_from_a_relay(puller, fakes, suara, kawal):
    puller.trust(suara, relay=False)
    puller.trust(kawal)
    feed = fakes.FakePeer(suara.org).show(fakes.Tree(kawal))
    assert (await puller.pull(feed)).offered == (kawal.origin,)


async def test_a_log_that_is_not_for_everybody_is_taken_from_who_shows_it_to_us(
    puller, fakes, suara
):
    """It has been told who asks; a file that is handed over has not."""
    puller.trust(suara)
    private = fakes.FakeOrg(suara.org, f"{suara.election}/incidents")
    feed = fakes.FakePeer(suara.org).show(fakes.Tree(private))
    stick = HandedSource(org="/media/stick")
    assert puller.ctx.wants(stick, private.origin) is None
    report = await puller.pull(feed)
    assert [log.outcome for log in report.logs] == ["extended"]


async def test_a_relay_brings_a_log_whose_origin_has_no_address(
    puller, fakes, suara, kawal
):
    puller.trust(suara)
    puller.trust(kawal)
    tree = fakes.Tree(kawal).grow(kawal.results(0, 20))
    report = await puller.pull(fakes.FakePeer(suara.org).show(tree))
    assert puller.leaves(kawal) == tree.leaves
    assert report.extended == (kawal.origin,)
    # It is the relay that answered, not the origin: nothing to cosign anew.
    assert report.answered == ()


async def test_its_own_logs_come_before_those_that_it_relays(
    puller, fakes, suara, kawal
):
    """What only it must have is not kept from us by the rows of others."""
    puller.trust(kawal, max_rows_per_turn=30)
    puller.trust(suara)
    own = fakes.Tree(kawal).grow(kawal.results(0, 29))
    feed = fakes.FakePeer(kawal.org).show(own)
    feed.show(fakes.Tree(suara).grow(suara.results(0, 40)))
    report = await puller.pull(feed)
    assert [one.origin for one in report.logs] == [kawal.origin, suara.origin]
    assert puller.leaves(kawal) == own.leaves
    assert puller.log(suara).size == 0


async def test_a_partner_trusted_later_is_taken_from_an_unchanged_vector(
    puller, fakes, suara, kawal
):
    puller.trust(suara)
    feed = fakes.FakePeer(suara.org)
    feed.show(fakes.Tree(suara)).show(fakes.Tree(kawal))
    await puller.pull(feed)
    puller.trust(kawal)
    report = await puller.pull(feed)
    assert report.extended == (kawal.origin,)


async def test_the_row_budget_leaves_the_rest_to_the_next_turn(puller, fakes, suara):
    puller.trust(suara, max_rows_per_turn=300)
    tree = fakes.Tree(suara).grow(suara.results(0, 999))
    feed = fakes.FakePeer(suara.org).show(tree)
    sizes = []
    for _ in range(4):
        report = await puller.pull(feed)
        sizes.append((report.new_leaves, report.more, puller.log(suara).next_index))
    assert sizes[-1][1:] == (False, 1000)
    assert all(new <= 300 + 255 for new, _, _ in sizes)
    assert puller.leaves(suara) == tree.leaves
    assert (await puller.pull(feed)).unchanged


async def test_the_byte_budget_leaves_the_rest_to_the_next_turn(puller, fakes, suara):
    puller.trust(suara, max_bytes_per_turn=100_000)
    tree = fakes.Tree(suara).grow(suara.results(0, 999))
    feed = fakes.FakePeer(suara.org).show(tree)
    turns = 1
    while (await puller.pull(feed)).more:
        turns += 1
    assert turns > 2
    assert puller.leaves(suara) == tree.leaves


async def test_a_turn_out_of_time_keeps_what_it_has(puller, fakes, suara):
    puller.trust(suara)
    tree = fakes.Tree(suara).grow(suara.results(0, 999))
    feed = fakes.FakePeer(suara.org).show(tree)
    report = await puller.pull(feed, soft_deadline_s=0)
    assert report.more
    assert puller.log(suara).next_index == 0
    assert not (await puller.pull(feed)).more
    assert puller.leaves(suara) == tree.leaves


async def test_a_vector_that_is_none_ends_the_turn(puller, fakes, suara):
    puller.trust(suara)
    feed = fakes.FakePeer(suara.org, spoil=lambda *_: b"{}")
    with pytest.raises(FormatError):
        await puller.pull(feed)


async def test_a_peer_that_does_not_answer_ends_the_turn(puller, fakes, suara):
    puller.trust(suara)

    def fail(what):
        raise PeerError(suara.org, "fake:", None)

    with pytest.raises(PeerError):
        await puller.pull(fakes.FakePeer(suara.org, before=fail))


async def test_one_log_that_fails_stops_no_other(puller, fakes, suara, kawal, outcomes):
    puller.trust(suara)
    puller.trust(kawal)
    feed = fakes.FakePeer(suara.org).show(fakes.Tree(suara)).show(fakes.Tree(kawal))
    feed.spoil = lambda what, origin, data: (
        b"" if origin == suara.origin and what != "logs" else data
    )
    report = await puller.pull(feed)
    assert outcomes(report) == {suara.origin: "refused", kawal.origin: "extended"}


async def test_two_partners_never_bring_one_log_at_once(
    puller, fakes, suara, kawal, outcomes
):
    puller.trust(suara)
    puller.trust(kawal)
    tree = fakes.Tree(suara).grow(suara.results(0, 600))
    origin = fakes.FakePeer(suara.org).show(tree)
    relay = fakes.FakePeer(kawal.org).show(tree)
    # Contexts are made anew whenever the partners change.
    first, puller.ctx = puller.ctx, replace(puller.ctx)
    assert first is not puller.ctx
    reports = await asyncio.gather(
        pull(first, puller.peers[suara.org], origin, 1), puller.pull(relay)
    )
    # Which of the two is first is up to the threads.
    assert {outcomes(one)[suara.origin] for one in reports} == {"extended", "busy"}
    assert puller.leaves(suara) == tree.leaves
    # Nothing of the busy one's vector was taken for done.
    busy = relay if outcomes(reports[1])[suara.origin] == "busy" else origin
    assert outcomes(await puller.pull(busy)) == {suara.origin: "same"}


async def test_what_a_node_shows_wrongly_is_told_with_its_address(puller, fakes, suara):
    puller.trust(suara, url="https://suara.example")
    feed = fakes.FakePeer(suara.org).show(fakes.Tree(suara))
    feed.spoil = lambda what, _, data: b"\0" if what != "logs" else data
    report = await puller.pull(feed)
    assert report.logs[0].reason.startswith("https://suara.example: ")
