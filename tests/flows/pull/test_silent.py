"""Signed sizes whose records do not come: remembered for ever, in nobody's way."""

import pytest

from federation.errors import PeerError
from federation.flows.publish.readable import read_pending
from federation.flows.pull.alarms import Alarms
from federation.store import logs
from federation.tlog.fork import check_evidence
from federation.tlog.keys import Signer
from federation.tlog.note import decode_notes

SIZE = 600


class EndedError(BaseException):
    """A process ends; nothing may catch it."""


async def ended(*_):
    """In place of what a process that ended did not do any more."""
    raise EndedError


@pytest.fixture
def tree(fakes, suara):
    return fakes.Tree(suara).grow(suara.results(0, SIZE - 1))


@pytest.fixture
def show(fakes, puller, suara, kawal):
    """What becomes of the log when suara itself, or kawal as a relay, shows this."""
    puller.trust(suara, max_rows_per_turn=1000)
    puller.trust(kawal)

    async def show_one(owner, tree, note=None, *, is_silent=False):
        def fail(what):
            if is_silent and what.startswith("bundle"):
                raise PeerError(owner.org, "fake:", None)

        feed = fakes.FakePeer(owner.org, before=fail).show(tree, note=note)
        (report,) = (await puller.pull(feed)).logs
        return report.outcome, feed.count("bundle")

    return show_one


@pytest.fixture
async def silent(show, suara, tree):
    """The origin has shown 600 records and their hashes, and handed over none."""
    assert await show(suara, tree, is_silent=True) == ("failed", 3)


@pytest.fixture
async def half(puller, show, suara, tree):
    """Of 600 records 256 are here, and so in the history that was signed with them."""
    puller.trust(suara, max_rows_per_turn=200)
    assert await show(suara, tree) == ("partial", 1)
    assert state(puller, suara) == (0, 256, 600)


def state(puller, owner):
    log = puller.log(owner)
    return log.size, log.next_index, log.pending_size


def told(puller, owner):
    with puller.db.view() as view:
        notes = read_pending(view, logs.get_log(view, owner.origin).id)
    return decode_notes(notes, 2)


def fork_of(puller, owner):
    evidence = puller.log(owner).frozen
    assert evidence is not None
    fork = check_evidence(evidence, [owner.log.key])
    return fork.old, fork.new


@pytest.mark.usefixtures("silent")
async def test_what_others_have_is_taken_in_and_the_rest_when_it_comes(
    puller, show, suara, kawal, tree
):
    assert state(puller, suara) == (0, 0, 600)
    assert await show(kawal, tree.truncate(500)) == ("extended", 2)
    assert state(puller, suara) == (500, 500, 0)
    assert puller.leaves(suara) == tree.leaves[:500]
    assert puller.log(suara).checkpoint == tree.note(500)
    assert await show(suara, tree, is_silent=True) == ("failed", 2)
    assert state(puller, suara) == (500, 500, 600)
    assert await show(suara, tree) == ("extended", 2)
    assert state(puller, suara) == (600, 600, 0)
    assert puller.leaves(suara) == tree.leaves


@pytest.mark.usefixtures("half")
@pytest.mark.parametrize("size", [100, 255, 256, 257, 550])
async def test_in_the_middle_of_fetching_only_what_is_not_here_is_fetched(
    puller, show, suara, kawal, tree, size
):
    bundles = (size > 256) + (size > 512)
    assert await show(kawal, tree.truncate(size)) == ("extended", bundles)
    pending = 0 if size > 256 else 600
    assert state(puller, suara) == (size, max(256, size), pending)
    assert puller.log(suara).checkpoint == tree.note(size)
    while state(puller, suara)[0] < SIZE:
        await show(suara, tree)
    assert puller.leaves(suara) == tree.leaves
    assert puller.claimed(suara) == list(range(1, SIZE))
    assert puller.alarms() == set()


@pytest.mark.usefixtures("silent")
async def test_an_origin_that_shows_less_than_it_signed_is_behind(
    puller, show, suara, tree
):
    assert await show(suara, tree.truncate(500)) == ("behind", 2)
    assert state(puller, suara) == (500, 500, 0)
    assert puller.alarms() == {("behind", suara.origin)}
    await show(suara, tree.truncate(500))
    assert puller.alarms() == {("behind", suara.origin)}
    assert await show(suara, tree) == ("extended", 2)
    assert puller.alarms() == set()


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("at", [0, 256, 499])
async def test_another_history_taken_in_instead_is_proved_when_the_first_is_shown(
    puller, show, suara, kawal, tree, at
):
    rival = tree.fork(at, suara.results(0, 500 - at, votes=7))
    assert await show(kawal, rival) == ("extended", 2)
    assert puller.leaves(suara) == rival.leaves
    assert await show(suara, tree, is_silent=True) == ("frozen", 0)
    assert fork_of(puller, suara) == (rival.note(), tree.note())


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("size", [600, 601, 900])
async def test_another_history_of_that_size_or_more_is_proved_at_once(
    puller, show, suara, kawal, tree, size
):
    rival = tree.fork(599, suara.results(0, size - 599, votes=7))
    assert (await show(kawal, rival))[0] == "frozen"
    assert fork_of(puller, suara) == (tree.note(), rival.note())


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("size", [600, 601, 900])
async def test_also_when_something_smaller_was_taken_in_meanwhile(
    puller, show, suara, kawal, tree, size
):
    await show(kawal, tree.truncate(500))
    assert state(puller, suara) == (500, 500, 0)
    rival = tree.fork(599, suara.results(0, size - 599, votes=7))
    assert (await show(kawal, rival))[0] == "frozen"
    assert fork_of(puller, suara) == (tree.note(), rival.note())


@pytest.mark.usefixtures("silent")
async def test_the_total_is_told_to_whoever_asks_until_its_records_are_here(
    puller, show, suara, kawal, tree
):
    """Its origin may have lost disk and guard, and not know that it signed it."""
    assert told(puller, suara) == [tree.note()]
    await show(kawal, tree.truncate(500))
    assert told(puller, suara) == [tree.note()]
    await show(suara, tree)
    assert told(puller, suara) == []


@pytest.mark.usefixtures("half")
@pytest.mark.parametrize("size", [200, 257, 500])
async def test_what_contradicts_the_records_here_is_not_believed_and_told(
    puller, show, suara, kawal, tree, size
):
    """The relay is honest: it has what the origin showed to it."""
    rival = tree.fork(100, suara.results(0, size - 100, votes=7))
    assert await show(kawal, rival) == ("waiting", 0)
    assert state(puller, suara) == (0, 256, 600)
    assert puller.leaves(suara) == tree.leaves[:256]
    assert puller.alarms() == {("stalled", suara.origin)}
    assert puller.log(suara).frozen is None
    # Once the rest is here, the same is proof.
    while state(puller, suara)[0] < SIZE:
        await show(suara, tree)
    assert puller.alarms() == set()
    assert await show(kawal, rival) == ("frozen", 0)
    assert fork_of(puller, suara) == (rival.note(), tree.note())


@pytest.mark.usefixtures("half")
@pytest.mark.parametrize("size", [200, 257, 500])
async def test_what_contradicts_them_is_proved_where_the_hashes_are_shown(
    puller, show, suara, kawal, tree, size
):
    rival = tree.fork(100, suara.results(0, size - 100, votes=7))
    assert await show(kawal, tree, rival.note()) == ("frozen", 0)
    assert fork_of(puller, suara) == (rival.note(), tree.note())


@pytest.mark.parametrize("size", [200, 550])
async def test_what_contradicts_what_is_held_is_proved_at_once(
    puller, show, suara, kawal, tree, size
):
    await show(suara, tree.truncate(100))
    puller.trust(suara, max_rows_per_turn=200)
    assert await show(suara, tree) == ("partial", 2)
    assert state(puller, suara) == (100, 512, 600)
    rival = tree.fork(50, suara.results(0, size - 50, votes=7))
    assert await show(kawal, rival) == ("frozen", 0)
    assert fork_of(puller, suara) == (tree.note(100), rival.note())


@pytest.mark.usefixtures("silent")
async def test_a_size_signed_by_a_key_that_was_revoked_since_binds_nobody(
    puller, show, suara, kawal, tree
):
    await show(kawal, tree.truncate(500))
    stolen, suara.log = suara.log, Signer.from_seed(suara.origin, b"7" * 32)
    suara.statements.append(
        suara.restate(
            add=[("log", suara.log.key, 501)], revoke=[(stolen.key, 501, "stolen")]
        )
    )
    other = tree.fork(500, suara.results(0, 200, votes=7))
    assert await show(suara, other) == ("extended", 2)
    assert puller.leaves(suara) == other.leaves
    assert puller.alarms() == set()


@pytest.mark.usefixtures("silent")
async def test_a_note_in_mind_that_turned_round_here_accuses_nobody(
    puller, show, fakes, suara, kawal, tree
):
    await show(kawal, tree.truncate(500))
    with puller.db.transaction() as tx:
        note = fakes.flip_bit(tree.note(), 8 * len(tree.note()) - 100)
        tx.execute("UPDATE larger_copy SET note = ?", (note,))
    assert await show(suara, tree) == ("damaged", 0)
    assert puller.alarms() == {("stored-damaged", suara.origin)}


@pytest.mark.usefixtures("silent")
async def test_a_second_silent_size_is_waited_for(puller, show, suara, kawal, tree):
    """One is in mind; what a second one would displace could be another history."""
    rival = tree.fork(0, suara.results(0, 500, votes=7))
    assert (await show(suara, rival, is_silent=True))[0] == "failed"
    assert state(puller, suara) == (0, 0, rival.size)
    assert await show(kawal, tree.truncate(300)) == ("waiting", 0)
    assert puller.alarms() == {("stalled", suara.origin)}
    assert state(puller, suara) == (0, 0, rival.size)
    # Shown again, the first one proves what was signed instead.
    assert (await show(suara, tree))[0] == "frozen"


@pytest.mark.usefixtures("silent")
async def test_what_is_in_mind_is_kept_when_a_larger_one_begins_with_it(
    puller, show, suara, kawal, tree
):
    rival = tree.fork(400, suara.results(0, 300, votes=7))  # the true history, 700
    assert await show(kawal, rival.truncate(250)) == ("extended", 1)
    larger = tree.truncate(SIZE).grow(suara.results(700, 1300))
    assert (await show(suara, larger, is_silent=True))[0] == "failed"
    assert await show(kawal, rival.truncate(280)) == ("waiting", 0)
    assert await show(suara, rival.truncate(SIZE)) == ("frozen", 0)
    assert fork_of(puller, suara) == (tree.note(), rival.note(SIZE))


@pytest.mark.usefixtures("silent")
async def test_what_binds_nobody_any_more_takes_no_room(
    puller, show, suara, kawal, tree
):
    """A size of a revoked key was in mind; the next silent one is kept in its place."""
    assert await show(kawal, tree.truncate(300)) == ("extended", 2)
    old, suara.log = suara.log, Signer.from_seed(suara.origin, b"7" * 32)
    suara.statements.append(
        suara.restate(
            add=[("log", suara.log.key, 301)], revoke=[(old.key, 301, "stolen")]
        )
    )
    next_one = tree.fork(300, suara.results(0, 200, votes=7))
    assert (await show(suara, next_one, is_silent=True))[0] == "failed"
    assert await show(kawal, next_one.truncate(400)) == ("extended", 1)
    rival = next_one.fork(400, suara.results(0, 100, votes=9))
    assert rival.size == next_one.size < SIZE
    assert (await show(suara, rival))[0] == "frozen"
    assert fork_of(puller, suara) == (next_one.note(), rival.note())


async def test_a_log_that_goes_on_is_not_stalled_any_more(puller, show, suara, tree):
    assert (await show(suara, tree))[0] == "extended"
    assert (await show(suara, tree, b"no checkpoint"))[0] == "refused"
    assert puller.log(suara).stalled is not None
    assert await show(suara, tree) == ("same", 0)
    assert puller.log(suara).stalled is None
    assert puller.alarms() == set()


@pytest.mark.usefixtures("half")
async def test_no_alarm_outlives_a_process_that_ended_right_before_it_was_cleared(
    puller, show, suara, kawal, tree, monkeypatch
):
    """The log stands still no more, and whoever asks next sees nothing new."""
    rival = tree.fork(100, suara.results(0, 100, votes=7))
    assert await show(kawal, rival) == ("waiting", 0)
    monkeypatch.setattr(Alarms, "settle", ended)
    puller.trust(suara, max_rows_per_turn=1000)
    with pytest.raises(EndedError):
        await show(suara, tree)
    monkeypatch.undo()
    assert puller.alarms() == {("stalled", suara.origin)}
    assert await show(suara, tree) == ("same", 0)
    assert puller.alarms() == set()


@pytest.mark.parametrize("start", [500, 501, 550])
async def test_a_key_that_was_revoked_does_not_make_our_own_bytes_others(
    puller, show, suara, tree, start
):
    """What it signed is held still; by the new key the log goes on, if it continues."""
    assert (await show(suara, tree.truncate(550)))[0] == "extended"
    old, suara.log = suara.log, Signer.from_seed(suara.origin, b"7" * 32)
    suara.statements.append(
        suara.restate(
            add=[("log", suara.log.key, start)], revoke=[(old.key, start, "stolen")]
        )
    )
    rest = tree.fork(550, suara.results(0, 49))
    assert (await show(suara, rest))[0] == "extended"
    assert puller.alarms() == set()
    other = tree.fork(540, suara.results(0, 100, votes=7))
    assert (await show(suara, other))[0] == "frozen"


async def test_what_a_revoked_key_signed_accuses_nobody(puller, show, suara, tree):
    assert (await show(suara, tree.truncate(550)))[0] == "extended"
    old, suara.log = suara.log, Signer.from_seed(suara.origin, b"7" * 32)
    suara.statements.append(
        suara.restate(
            add=[("log", suara.log.key, 501)], revoke=[(old.key, 501, "stolen")]
        )
    )
    other = tree.fork(500, suara.results(0, 200, votes=7))
    assert (await show(suara, other))[0] == "waiting"
    assert puller.log(suara).frozen is None
    assert puller.alarms() == {("stalled", suara.origin)}
