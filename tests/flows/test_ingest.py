"""Rows are answered one by one, and nothing is acknowledged that can be lost."""

import contextlib
import dataclasses
import itertools
import random
import shutil
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import msgspec
import pytest

from federation.errors import (
    ConflictError,
    FederationError,
    KeptError,
    SignatureError,
    UnknownPastError,
    VerificationError,
)
from federation.flows.merge import merge_once
from federation.flows.ownlog import begin, ingest, sequence
from federation.flows.verify.workers import Workers
from federation.records.claim import Claim, bundle_claims
from federation.records.logclosed import LogClosed
from federation.records.result import TpsResult
from federation.records.sealed import open_leaf, seal
from federation.records.withdrawal import Withdrawal
from federation.store import alarms, claims, logs, statements
from federation.store import leaves as stored
from federation.store.db import Database
from federation.text import Text
from federation.tlog.checkpoint import open_checkpoint
from federation.tlog.merkle import hash_leaf, root_of
from tests.fakes import flip_bit
from tests.guards import lift
from tests.mirrored import aim
from tests.ownnode import all_said, row

NOW = 1_707_900_000


def draft(number=1, votes=100, **members):
    members = {"review": "unreviewed"} | members
    return row(f"3171011001{number:03d}", votes, 20, 3, **members)


def append(node, *drafts, now=NOW, **options):
    return ingest.append(node.db, node.guard, node.log, drafts, now, **options)


def outcomes(node, *drafts, **options):
    return [one.outcome for one in append(node, *drafts, **options)]


def list_alarms(node):
    with node.db.view() as view:
        return [(one.code, one.subject) for one in alarms.list_alarms(view)]


def check_whole(node):
    """Everything that is visible, signed and guarded agrees; the visible leaves."""
    with node.db.view() as view:
        log = logs.get_log(view, node.log.origin)
        leaves = stored.read_leaves(view, log.id, 0, log.size)
        checkpoints = list(logs.list_checkpoints(view, log.id))
        held = claims.read_claims(view, log.id, 0, log.next_index + 9, 9999)
        said = all_said(view, log.id)
        assert statements.said_size(view, log.id) == log.size
    hashes = [hash_leaf(leaf) for leaf in leaves]
    for size, root, note in checkpoints:
        checkpoint = open_checkpoint(note, node.log.chain.log_key(size))
        assert (checkpoint.size, checkpoint.root) == (size, root)
        assert root_of(hashes[:size]) == root
    assert log.next_index == log.size == len(leaves)
    assert checkpoints[-1][0] == log.size
    assert log.checkpoint == checkpoints[-1][2]
    assert node.guard.read(log.origin) == (log.size, root_of(hashes))
    results = [
        index
        for index, leaf in enumerate(leaves)
        if not isinstance(open_leaf(leaf, node.log.chain, index).statement, LogClosed)
    ][1:]
    assert [claim.index for claim in held] == results
    assert sorted(one.index for one in said) == results
    return leaves


def test_good_rows_go_in_and_bad_ones_are_answered_with_their_reason(node):
    bad = draft(2, candidates={"01": -1})
    extra = draft(3, org="else.example")
    verdicts = append(node, draft(1), bad, extra, draft(4), {})
    assert [one.row for one in verdicts] == [0, 1, 2, 3, 4]
    assert [one.outcome for one in verdicts] == [
        "logged",
        "refused",
        "refused",
        "logged",
        "refused",
    ]
    assert [one.index for one in verdicts] == [1, None, None, 2, None]
    assert all(one.reason and one.code for one in verdicts if one.index is None)
    leaves = check_whole(node)
    sealed = open_leaf(leaves[2], node.log.chain, 2)
    assert sealed.record == verdicts[3].record
    assert sealed.statement.tps == "3171011001004"
    assert sealed.statement.recorded_at == "2024-02-14T08:40:00Z"


def test_only_refused_rows_leave_the_log_as_it_is(node):
    assert outcomes(node, {}, draft(1, tps="no")) == ["refused", "refused"]
    assert len(check_whole(node)) == 1


def test_a_form_whose_sums_fail_goes_in_with_its_flags(node):
    (verdict,) = append(node, draft(1, figures={"suara_sah": 7}))
    assert (verdict.outcome, verdict.flags) == ("logged", ("votes_sum",))


def test_text_is_signed_in_its_composed_form(node):
    append(node, draft(1, note="Cafe\u0301", ref="e\u0301", revision=1))
    sealed = open_leaf(check_whole(node)[1], node.log.chain, 1)
    assert sealed.statement.note == "Caf\u00e9"
    again = draft(1, note="Caf\u00e9", ref="\u00e9", revision=1)
    assert outcomes(node, again) == ["held"]


def test_what_was_said_before_is_held_even_when_superseded(node):
    first, second = draft(1, 100), draft(1, 101)
    assert outcomes(node, first, first) == ["logged", "held"]
    # Why is text of both languages until it is sent.
    for one in hand_in(node, first, first):
        assert Text("id").say(one.reason) != Text("en").say(one.reason)
    assert outcomes(node, second) == ["logged"]
    assert outcomes(node, first, now=NOW + 99) == ["held"]
    assert outcomes(node, second, second) == ["held", "held"]
    assert outcomes(node, first, restate=True) == ["logged"]
    assert len(check_whole(node)) == 4


def test_the_same_content_for_another_slot_is_another_statement(node):
    rows = (
        draft(1),
        draft(2),
        draft(1, round="psu"),
        draft(1, source="kpu"),
    )
    assert outcomes(node, *rows) == ["logged"] * 4


def revised(revision, votes=None, **members):
    votes = 100 + revision if votes is None else votes
    return draft(1, votes, ref="r-1", revision=revision, **members)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_revisions_in_any_order_end_at_the_newest(node, order):
    append(node, *(revised(number) for number in order))
    with node.db.view() as view:
        (slot,) = statements.said_at(view, node.log.log_id, ["3171011001001"]).values()
        newest = stored.read_leaf(view, node.log.log_id, slot[-1].index)
    assert b'"revision":2' in newest
    repeated = [revised(number) for number in order]
    assert set(outcomes(node, *repeated)) <= {"held", "stale"}
    check_whole(node)


def test_a_revision_is_stale_held_or_refused(node):
    assert outcomes(node, revised(5)) == ["logged"]
    assert outcomes(node, revised(4), revised(5)) == ["stale", "held"]
    assert outcomes(node, revised(5, votes=7)) == ["refused"]
    assert outcomes(node, revised(5), restate=True) == ["logged"]
    moved = revised(3) | {"tps": "3171011001002"}
    assert outcomes(node, moved) == ["stale"]


def test_unreviewed_replaces_reviewed_only_by_force(node):
    assert outcomes(node, draft(1, 50, review="reviewed")) == ["logged"]
    # What repeats a row shares its fate: it is not "counted" where that one is not.
    assert outcomes(node, draft(1, 60), draft(1, 60)) == ["kept-reviewed"] * 2
    assert outcomes(node, draft(1, 60), force=True) == ["logged"]
    assert outcomes(node, draft(1, 70)) == ["logged"]
    assert outcomes(node, draft(1, 80, review="reviewed")) == ["logged"]


def test_different_refs_for_one_slot_raise_an_alarm(node):
    first, second = draft(1, 50, ref="a"), draft(1, 60, ref="b")
    assert append(node, first)[0].flags == ()
    (verdict,) = append(node, second)
    assert verdict.outcome == "logged"
    assert ingest.SEVERAL_REFS in verdict.flags
    assert list_alarms(node) == [(ingest.SEVERAL_REFS, "3171011001001 ppwp reguler")]


def withdrawal(number=1):
    return Withdrawal(
        contest="ppwp",
        election="pemilu-2024",
        official=0,
        org="jagasuara.example",
        reason="wrong station",
        recorded_at="2024-02-15T00:00:00Z",
        round="reguler",
        tps=f"3171011001{number:03d}",
    )


def say(node, *said):
    return ingest.append_statements(node.db, node.guard, node.log, said, NOW)


def test_a_withdrawal_needs_something_to_withdraw(node):
    assert [one.outcome for one in say(node, withdrawal())] == ["refused"]
    append(node, draft(1, review="reviewed"))
    assert [one.outcome for one in say(node, withdrawal(), withdrawal())] == [
        "logged",
        "held",
    ]
    # What was withdrawn does not come back by itself, and protects nothing.
    assert outcomes(node, draft(1, review="reviewed")) == ["held"]
    assert outcomes(node, draft(1, 7)) == ["logged"]
    check_whole(node)


def result_leaf(node, number, votes, **more):
    members = draft(number, votes, **more)
    members |= {"org": "jagasuara.example", "election": "pemilu-2024"}
    members |= {"recorded_at": "2024-02-14T08:40:00Z"}
    return seal(msgspec.convert(members, TpsResult), node.log.records_signer)


@pytest.mark.parametrize("between", [withdrawal(2), withdrawal(1)])
def test_a_withdrawal_elsewhere_does_not_hide_a_contradiction(node, between):
    append(node, draft(2))
    slots = [result_leaf(node, 3, 5), result_leaf(node, 3, 6)]
    leaf = seal(between, node.log.records_signer)
    verdicts = hand_in(node, slots[0], leaf, slots[1])
    assert [verdicts[row].code for row in (0, 2)] == ["contradiction"] * 2
    check_whole(node)


def test_what_is_handed_in_signed_is_about_nobody_either(node):
    append(node, draft(1))
    words = "Pak Budi 0812-0000-0000"
    members = _members(withdrawal()) | {"reason": words}
    back = seal(Withdrawal(**members), node.log.records_signer)
    told = [
        result_leaf(node, 2, 5, note=words),
        result_leaf(node, 3, 5, ref="0812-0000-0000"),
    ]
    verdicts = hand_in(node, back, *told, result_leaf(node, 4, 5, note="redup"))
    codes = [(one.code, one.errors[0].at) for one in verdicts[:3]]
    assert codes == [("personal", at) for at in ("reason", "note", "ref")]
    assert verdicts[3].outcome == "logged"
    assert [one.code for one in say(node, Withdrawal(**members))] == ["personal"]
    check_whole(node)


def test_a_batch_with_a_withdrawal_that_is_sent_again_says_nothing_twice(node):
    leaf = seal(withdrawal(), node.log.records_signer)
    batch = [result_leaf(node, 1, 5), leaf, result_leaf(node, 1, 6)]
    assert [one.outcome for one in hand_in(node, *batch)] == ["logged"] * 3
    assert [one.outcome for one in hand_in(node, *batch)] == ["held"] * 3
    check_whole(node)


def closing(origin):
    return LogClosed(
        election="pemilu-2024",
        org="jagasuara.example",
        origin=origin,
        reason="the election is over",
        recorded_at="2024-06-01T00:00:00Z",
    )


def test_nothing_goes_in_after_the_closing(node):
    append(node, draft(1))
    verdicts = say(node, closing(node.log.origin), withdrawal())
    assert [one.outcome for one in verdicts] == ["logged", "refused"]
    assert node.state().closed_at == 2
    with pytest.raises(ConflictError, match="closed"):
        append(node, draft(2))
    check_whole(node)


def test_a_closing_of_another_log_is_refused(node):
    (verdict,) = say(node, closing("jagasuara.example/pemilu-2024/2"))
    assert verdict.outcome == "refused"
    assert node.state().closed_at is None


def hand_in(node, *leaves):
    return ingest.append(node.db, node.guard, node.log, leaves, NOW)


def test_leaves_signed_elsewhere_go_in_as_they_are(node, open_node):
    signer = node.log.records_signer
    good = seal(withdrawal(), signer)
    other = open_node("kawal.example").log.records_signer
    foreign = seal(
        Withdrawal(**{**_members(withdrawal()), "org": "kawal.example"}), other
    )
    flipped = bytes([good[0] ^ 1]) + good[1:]
    close = seal(closing(node.log.origin), signer)
    append(node, draft(1))
    verdicts = hand_in(node, good, good, foreign, flipped, close, b"")
    assert [one.outcome for one in verdicts] == [
        "logged",
        "held",
        "refused",
        "refused",
        "refused",
        "refused",
    ]
    assert check_whole(node)[-1] == good


def _members(struct):
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


def test_a_copy_of_a_partners_photo_and_figures_is_reported(node):
    photo = {"media_type": "image/jpeg", "sha256": "ab" * 32, "size": 9}
    claim = Claim(
        index=0,
        kind="votes",
        org="kawal.example",
        official=False,
        contest="ppwp",
        tps="3171011001001",
        round="reguler",
        record="cd" * 32,
        votes='{"01":100,"02":20,"03":3}',
        complete=True,
        files=("ab" * 32,),
    )
    with node.db.transaction() as tx:
        other = logs.add_log(tx, "kawal.example/pemilu-2024", own=False)
        logs.append_leaves(tx, other.id, 0, [b"leaf"], [hash_leaf(b"leaf")])
        claims.save_claims(tx, other.id, bundle_claims([claim]))
    while merge_once(node.db, {"pemilu-2024": node.log.profile}):
        pass
    differs, derived, same = [
        append(node, row)[0]
        for row in (
            draft(1, 99, evidence=[photo]),
            draft(1, 100, evidence=[photo], derived_from="cd" * 32),
            draft(1, 100, evidence=[photo]),
        )
    ]
    assert (differs.flags, derived.flags) == ((), ())
    assert same.outcome == "logged"
    assert same.flags == (ingest.ECHO,)
    assert [code for code, _ in list_alarms(node)] == [ingest.ECHO]


@pytest.mark.parametrize("pool", [ThreadPoolExecutor, ProcessPoolExecutor])
@pytest.mark.slow
def test_verifying_elsewhere_changes_no_answer(node, pool):
    rows = [
        draft(
            tps=f"317101100{number // 900 + 1}{number % 900 + 1:03d}",
            round="no" if number % 7 == 0 else "reguler",
        )
        for number in range(1, 1300)
    ]
    with pool(2) as makers:
        node.log = node.log._replace(makers=Workers(makers))
        verdicts = append(node, *rows)
    expected = ["refused" if number % 7 == 0 else "logged" for number in range(1, 1300)]
    assert [one.outcome for one in verdicts] == expected
    check_whole(node)


@pytest.mark.slow
def test_leaves_with_a_bad_signature_are_found_elsewhere_too(node):
    append(node, *(draft(number) for number in range(1, 601)))
    signed = [
        seal(withdrawal(number), node.log.records_signer) for number in range(1, 601)
    ]
    signed[550] = signed[550].replace(b"wrong station", b"other station")
    with ThreadPoolExecutor(2) as makers:
        node.log = node.log._replace(makers=Workers(makers))
        verdicts = hand_in(node, *signed)
    assert [one.row for one in verdicts if one.outcome != "logged"] == [550]
    check_whole(node)


class Fault:
    """Makes one step of the next `commit` fail, after or before it is kept."""

    def __init__(self, node, monkeypatch, step, *, kept):
        self.node, self.patch, self.kept = node, monkeypatch, kept
        getattr(self, step)()

    def t1(self):
        self.fail_transaction(0)

    def t2(self):
        self.fail_transaction(1)

    def t3(self):
        self.fail_transaction(2)

    def read_back(self):
        self.fail_call(sequence, "_read_back")

    def sign(self):
        self.fail_call(sequence, "sign_checkpoint")

    def guard(self):
        start = self.node.state().size
        self.fail_call(self.node.guard, "raise_to", lambda _, size, __: size > start)

    def fail_transaction(self, number):
        original, count = self.node.db.transaction, itertools.count()

        @contextlib.contextmanager
        def failing(**options):
            fails = next(count) == number
            with original(**options) as tx:
                yield tx
                if fails and not self.kept:
                    raise OSError(5, "the disk failed")
            if fails:
                raise OSError(5, "the disk failed")

        self.patch.setattr(self.node.db, "transaction", failing)

    def fail_call(self, owner, name, when=lambda *_: True):
        original = getattr(owner, name)

        def failing(*args, **options):
            if not when(*args):
                return original(*args, **options)
            if self.kept:
                original(*args, **options)
            raise OSError(5, "the disk failed")

        self.patch.setattr(owner, name, failing)


STEPS = ("t1", "read_back", "sign", "t2", "guard", "t3")


@pytest.mark.parametrize("restart", [False, True], ids=["goes on", "restarts"])
@pytest.mark.parametrize("kept", [False, True], ids=["not kept", "kept"])
@pytest.mark.parametrize("step", STEPS)
def test_after_any_failed_write_the_log_is_as_before_or_as_after(
    node, monkeypatch, step, kept, restart
):
    append(node, *(draft(number) for number in range(1, 255)))
    before = check_whole(node)
    rows = [draft(number, 77) for number in range(1, 10)]
    with monkeypatch.context() as patch:
        Fault(node, patch, step, kept=kept)
        # As `test_faults.py` has it, step by step.
        kind = KeptError if step in {"guard", "t3"} else OSError
        with pytest.raises(kind, match="the disk"):
            append(node, *rows)
    visible = node.state().size
    assert visible in {255, 264}
    if visible == 264:  # nothing above the guard is ever visible
        assert node.guard.read(node.log.origin)[0] == 264
    if restart:
        node.db.close()
        node.db = Database.open(node.folder / "data")
        node.log = begin.open_own(node.db, node.keys, node.log.profile)
    done = step in {"guard", "t3"} or (step == "t2" and kept)
    again = outcomes(node, *rows, draft(10, 5), now=NOW + 60)
    assert again == ["held" if done else "logged"] * 9 + ["logged"]
    after = check_whole(node)
    assert after[:255] == before
    assert len(after) == 265


@pytest.mark.of_file
@pytest.mark.parametrize("tail", ["cut", "flipped", "zeroed"])
def test_a_power_cut_after_the_guard_loses_nothing(node, monkeypatch, tail):
    append(node, draft(1))
    wal = node.folder / "data" / "federation.db-wal"
    synced = []
    original = node.guard.raise_to

    def raise_to(*args, **options):
        synced.append(wal.stat().st_size)
        original(*args, **options)

    monkeypatch.setattr(node.guard, "raise_to", raise_to)
    verdicts = append(node, *(draft(number) for number in range(2, 40)))
    assert {one.outcome for one in verdicts} == {"logged"}
    data, safe = wal.read_bytes(), synced[-1]
    assert len(data) > safe, "the last step is not synced"
    chance = random.Random(safe)
    for number in range(8):
        image = node.folder / f"image-{number}"
        shutil.copytree(node.folder / "data", image)
        at = chance.randrange(safe, len(data))
        torn = {
            "cut": data[:at],
            "flipped": data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :],
            "zeroed": data[:at] + bytes(len(data) - at),
        }[tail]
        (image / wal.name).write_bytes(torn)
        (image / "federation.db-shm").unlink()
        again = dataclasses.replace(node, db=Database.open(image))
        again.log = begin.open_own(again.db, node.keys, node.log.profile)
        append(again)
        assert len(check_whole(again)) == 40
        again.db.close()


def test_a_flipped_bit_on_the_disk_is_not_signed(node, monkeypatch):
    original = sequence.stored.read_leaves

    def flipped(*args):
        leaves = original(*args)
        return [bytes([leaves[0][0] ^ 1]) + leaves[0][1:], *leaves[1:]]

    signed = []
    monkeypatch.setattr(sequence, "sign_checkpoint", signed.append)
    monkeypatch.setattr(sequence.stored, "read_leaves", flipped)
    with pytest.raises(VerificationError, match="does not give back"):
        append(node, draft(1))
    assert signed == []
    monkeypatch.undo()
    assert outcomes(node, draft(1)) == ["logged"]
    check_whole(node)


@pytest.mark.of_file
def test_a_hash_that_changed_on_the_disk_stops_signing(node):
    append(node, draft(1), draft(2))
    with node.db.transaction() as tx:
        tx.execute("UPDATE tile SET body = zeroblob(length(body))")
    with pytest.raises(VerificationError, match="not the signed one"):
        append(node, draft(3))


@pytest.mark.of_file
def test_a_restored_copy_does_not_sign(node):
    copy = node.folder / "copy"
    append(node, draft(1))
    with node.db.view() as view:
        view.execute("PRAGMA query_only=OFF")
        copy.mkdir()
        view.execute("ROLLBACK")
        view.execute(f"VACUUM INTO '{copy / 'federation.db'}'")
        view.execute("BEGIN")
    append(node, draft(2))
    restored = Database.open(copy)
    with pytest.raises(ConflictError, match="older copy") as raised:
        ingest.append(restored, node.guard, node.log, [draft(3)], NOW)
    assert raised.value.known_size == 2
    restored.close()
    assert node.guard.read(node.log.origin)[0] == 3


def test_a_copy_that_went_on_elsewhere_does_not_sign_here(node):
    append(node, draft(1))
    node.guard._path(node.log.origin).unlink()
    lift(node.guard, node.log.origin, 2, bytes(32))
    with pytest.raises(VerificationError, match="another history"):
        append(node, draft(2))


def test_a_guard_that_is_behind_is_raised(node):
    before = node.guard.read(node.log.origin)
    append(node, draft(1))
    node.guard._path(node.log.origin).unlink()
    node.guard.confirm(node.log.origin, *before)
    append(node, draft(2))
    check_whole(node)


def test_settling_drops_what_nothing_signs_and_nothing_that_is_kept(node, monkeypatch):
    append(node, draft(1))
    with monkeypatch.context() as patch:
        Fault(node, patch, "t3", kept=False)
        with pytest.raises(KeptError):
            append(node, draft(2), draft(3))
    log = node.state()
    assert (log.size, log.next_index) == (2, 4)
    with node.db.transaction() as tx:
        logs.append_leaves(tx, log.id, 4, [b"unsigned"], [hash_leaf(b"unsigned")])
    assert sequence.settle(node.db, node.guard, node.log.origin).size == 4
    assert outcomes(node, draft(2), draft(3)) == ["held", "held"]
    assert len(check_whole(node)) == 4


def test_settling_goes_by_what_the_writer_holds_whatever_others_read(node, monkeypatch):
    """A view of this thread has the leaves, and not yet the checkpoint over them."""
    append(node, draft(1))
    sign = sequence.sign_checkpoint
    with contextlib.ExitStack() as older:

        def sign_later(*words):
            view = older.enter_context(node.db.view())
            assert logs.get_log(view, node.log.origin).next_index == 4
            return sign(*words)

        with monkeypatch.context() as patch:
            patch.setattr(sequence, "sign_checkpoint", sign_later)
            Fault(node, patch, "t3", kept=False)
            with pytest.raises(KeptError):
                append(node, draft(2), draft(3))
        assert sequence.settle(node.db, node.guard, node.log.origin).size == 4
    assert outcomes(node, draft(2), draft(3)) == ["held", "held"]
    assert len(check_whole(node)) == 4


def test_without_its_guard_a_log_that_has_signed_signs_nothing(node):
    """Whether this folder is a copy, nobody knows: partners are to be asked first."""
    append(node, draft(1))
    before = node.guard.read(node.log.origin)
    node.guard._path(node.log.origin).unlink()
    with pytest.raises(UnknownPastError):
        append(node, draft(2))
    assert node.state().next_index == before[0]
    node.guard.confirm(node.log.origin, *before)
    assert outcomes(node, draft(2)) == ["logged"]


def test_settling_raises_a_guard_that_is_behind(node):
    """Before anything is signed: the checkpoint that we hold may have been shown."""
    before = node.guard.read(node.log.origin)
    append(node, draft(1))
    node.guard._path(node.log.origin).unlink()
    node.guard.confirm(node.log.origin, *before)
    sequence.settle(node.db, node.guard, node.log.origin)
    check_whole(node)


class Faulty:
    """A signer whose signatures come out wrong: a bit turned round while it signed."""

    def __init__(self, signer):
        self.key, self.name, self._signer = signer.key, signer.name, signer

    def sign(self, message):
        return flip_bit(self._signer.sign(message), 300)


def test_a_signature_that_came_out_wrong_is_not_kept(node):
    """It would be refused by all, and can give away the key that made it."""
    append(node, draft(1))
    before = check_whole(node)
    good = node.log
    node.log = good._replace(log_signer=Faulty(good.log_signer))
    with pytest.raises(SignatureError):
        append(node, draft(2))
    node.log = good
    with node.db.view() as view:
        assert logs.newest_checkpoint(view, good.log_id)[0] == len(before)
    assert outcomes(node, draft(2)) == ["logged"]
    assert check_whole(node)[:2] == before


@pytest.mark.parametrize("why", ["frozen", "stalled", "pending"])
def test_a_log_in_doubt_is_not_signed(node, why):
    with node.db.transaction() as tx:
        log_id = node.log.log_id
        if why == "frozen":
            logs.freeze(tx, log_id, b"evidence")
        elif why == "stalled":
            logs.stall(tx, log_id, "waiting for the partners' copies")
        else:
            aim(tx, node.state(), b"note", 9, bytes(32))
    with pytest.raises(ConflictError):
        append(node, draft(1))
    assert node.state().next_index == 1


def test_rows_across_the_end_of_a_key_are_sent_again(node):
    (name,) = node.log.chain.records_key_ranges
    key = node.log.chain.records_key_ranges[name]
    node.log.chain.records_key_ranges[name] = key._replace(end=3)
    with pytest.raises(FederationError, match="key ends at 3"):
        append(node, draft(1), draft(2), draft(3))
    assert outcomes(node, draft(1), draft(2)) == ["logged", "logged"]
    assert outcomes(node, draft(3)) == ["refused"]
