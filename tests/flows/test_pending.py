"""A total that only a partner has seen is signed no second time.

That partner was cut off before the records came; then disk and guard were lost.
"""

import shutil

import pytest

from federation.errors import ConflictError, FormatError, PeerError
from federation.flows.ownlog import begin
from federation.flows.ownlog.pending import fetch_pending
from federation.flows.ownlog.reconcile import Copy
from federation.flows.ownlog.refill import refill
from federation.tlog.note import encode_notes
from tests.fakes import FakeOrg, Tree
from tests.flows.test_reconcile import (
    ALL,
    NOW,
    DatabaseFeed,
    append,
    ask,
    codes,
    copy_of,
    open_own,
)


class Says:
    """A partner that answers so."""

    def __init__(self, answer):
        self.answer = answer

    async def fetch(self, resource):
        assert resource.path.endswith("/pending")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def lost(open_node):
    """A node that signed 31 records, the one it was at 11, without its guard."""
    live = open_node(folder="live")
    begin.introduce(live.db, live.guard, live.log)
    append(live, 0, 10)
    live.db.close()
    shutil.copytree(live.folder / "data", live.folder.with_name("old") / "data")
    live.db = type(live.db).open(live.folder / "data")
    append(live, 10, 30)
    return live, open_node(folder="old")


def seen(live):
    return Copy("kawal.example", open_own(live), whole=False)


@pytest.mark.parametrize("asked", [ALL, ALL._replace(alone=True)])
def test_what_a_partner_saw_signed_and_nobody_has_ends_the_log_and_says_how_to_go_on(
    lost, asked
):
    live, node = lost
    assert ask(node, seen(live), asked=asked).action == "never"
    assert codes(node) == ["own-log-successor-needed"]
    assert node.guard.read(node.log.origin)[0] == 31
    with pytest.raises(ConflictError, match="election continue"):
        append(node, 10, 11)
    # The guard has it now: the partner need not say so again.
    assert ask(node, asked=asked).action == "never"


async def test_whoever_has_the_records_ends_that(lost):
    live, node = lost
    ask(node, seen(live))
    decision = ask(node, copy_of(live), seen(live))
    assert decision.action == "refill"
    ctx, feed = node.pull_context(), DatabaseFeed(live)
    await refill(ctx, node.guard, node.log, feed, decision.copy, NOW)
    assert ask(node, seen(live)).action == "sign"
    assert append(node, 30, 31)[0].index == 31


@pytest.mark.of_file
def test_without_a_word_of_the_partner_it_would_have_been_signed_anew(lost):
    _, node = lost
    assert ask(node).action == "sign"


@pytest.mark.of_file
def test_what_is_here_already_stops_nothing_and_another_history_is_proof(lost):
    live, node = lost
    assert ask(live, seen(node)).action == "sign"
    assert live.guard.read(live.log.origin)[0] == 31
    assert ask(node).action == "sign"
    append(node, 10, 15, votes=9)
    assert ask(live, seen(node)).action == "never"
    assert live.state().frozen is not None


async def test_only_what_our_own_key_has_signed_is_heard(lost):
    live, node = lost
    note, other = live.state().checkpoint, Tree(FakeOrg("kawal.example")).note()
    forged = note.replace(b"\n31\n", b"\n99\n")
    for told in ([], [other], [forged], [b"nonsense"]):
        assert await fetch_pending(Says(encode_notes(told)), node.log) == []
    both = encode_notes([forged, note])
    [heard] = await fetch_pending(Says(both), node.log)
    assert (heard.origin, heard.size) == (node.log.origin, 31)


async def test_who_knows_no_such_question_is_believed_to_know_nothing(lost):
    _, node = lost
    absent = PeerError("kawal.example", "http://peer", 404)
    assert await fetch_pending(Says(absent), node.log) == []


async def test_who_did_not_say_has_not_answered(lost):
    live, node = lost
    silent = PeerError("kawal.example", "http://peer")
    with pytest.raises(PeerError):
        await fetch_pending(Says(silent), node.log)
    cut = encode_notes([live.state().checkpoint])[:-1]
    with pytest.raises(FormatError):
        await fetch_pending(Says(cut), node.log)
