"""What stands against a peer or a log goes when it no longer holds, and not before."""

import pytest


@pytest.fixture
def tree(fakes, suara):
    return fakes.Tree(suara).grow(suara.results(0, 299))


async def test_a_relay_that_shows_what_came_from_elsewhere_is_blamed_no_longer(
    puller, fakes, suara, kawal, tree
):
    puller.trust(suara)
    puller.trust(kawal)
    relay = fakes.FakePeer(kawal.org).show(tree)
    relay.spoil = lambda what, _origin, data: b"" if "bundle" in what else data
    await puller.pull(relay)
    assert puller.alarms() == {("feed-refused", f"{kawal.org} {suara.origin}")}
    await puller.pull(fakes.FakePeer(suara.org).show(tree))
    relay.spoil = lambda _what, _origin, data: data
    await puller.pull(relay)
    assert puller.alarms() == set()


async def test_an_origin_that_shows_again_all_that_is_held_is_behind_no_longer(
    puller, fakes, suara, tree
):
    puller.trust(suara)
    origin = fakes.FakePeer(suara.org).show(tree)
    await puller.pull(origin)
    await puller.pull(origin.show(tree.truncate(100)))
    assert puller.alarms() == {("behind", suara.origin)}
    await puller.pull(origin.show(tree))
    assert puller.alarms() == set()


async def test_an_origin_whose_vector_stays_as_it_was_is_behind_what_others_brought(
    puller, fakes, suara, kawal, tree
):
    """It shows us one view and others a longer one: nothing changes in ours."""
    puller.trust(suara)
    puller.trust(kawal)
    origin = fakes.FakePeer(suara.org).show(tree.truncate(100))
    await puller.pull(origin)
    await puller.pull(fakes.FakePeer(kawal.org).show(tree))
    assert puller.alarms() == set()
    report = await puller.pull(origin)
    assert puller.alarms() == {("behind", suara.origin)}
    # What it does not show again is not confirmed by it either.
    assert report.answered == ()


async def test_only_the_origin_itself_ends_its_being_behind(
    puller, fakes, suara, kawal, tree
):
    puller.trust(suara)
    puller.trust(kawal)
    origin = fakes.FakePeer(suara.org).show(tree)
    await puller.pull(origin)
    await puller.pull(origin.show(tree.truncate(100)))
    # Looked at anew for an about note that is not known here.
    relay = fakes.FakePeer(kawal.org).show(tree, about=b"another")
    await puller.pull(relay)
    assert puller.alarms() == {("behind", suara.origin)}


async def test_an_origin_whose_larger_size_never_came_is_behind_with_what_is_held(
    puller, fakes, suara, kawal, tree
):
    """It signs 300 leaves and hands none of them over; a relay has 100."""
    puller.trust(suara)
    puller.trust(kawal)
    origin = fakes.FakePeer(suara.org).show(tree)
    origin.spoil = lambda what, _origin, data: b"" if "bundle" in what else data
    await puller.pull(origin)
    less = tree.truncate(100)
    await puller.pull(fakes.FakePeer(kawal.org).show(less))
    await puller.pull(fakes.FakePeer(suara.org).show(less))
    assert ("behind", suara.origin) in puller.alarms()
