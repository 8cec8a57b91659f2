"""A guard in a bucket keeps what a folder's promises, whoever else asks it."""

import errno
import itertools
import shutil

import obstore
import pytest
from obstore.store import MemoryStore

from federation.blobs.register import SwapRegister
from federation.errors import (
    GuardAboveError,
    GuardUnreachableError,
    KeptError,
    ProofError,
    RollbackError,
    UnknownPastError,
    VerificationError,
)
from federation.flows.ownlog import begin, ingest, sequence
from federation.flows.ownlog.bucketguard import BucketGuard
from federation.store.folderguard import FolderGuard
from federation.text import Sentence
from tests.bucketguards import ADDRESS, FlakyRegister, memory_guard
from tests.guards import lift
from tests.ownnode import row

ORIGIN = "jagasuara.example/pemilu-2024"
A, B = bytes(32), b"\x01" * 32
NOW = 1_707_900_000


@pytest.fixture
def register():
    FlakyRegister.late.clear()
    return FlakyRegister()


@pytest.fixture(params=["folder", "bucket"])
def guard(request, tmp_path, register):
    if request.param == "folder":
        return FolderGuard(tmp_path / "guard")
    return memory_guard(register)


def test_each_kind_rises_keeps_one_root_and_never_goes_down(guard):
    assert (guard.read(ORIGIN), guard.raised_at(ORIGIN)) == (None, None)
    lift(guard, ORIGIN, 7, A)
    lift(guard, ORIGIN, 7, A)
    lift(guard, ORIGIN, 9, B)
    with pytest.raises(RollbackError):
        lift(guard, ORIGIN, 8, A)
    with pytest.raises(ProofError):
        lift(guard, ORIGIN, 9, A)
    with pytest.raises(ProofError):
        guard.learn(ORIGIN, 9, A)
    assert guard.read(ORIGIN) == (9, B)
    assert guard.is_here(ORIGIN)
    assert guard.read(ORIGIN + "/2") is None
    assert guard.raised_at(ORIGIN) > NOW


def test_each_kind_tells_what_it_wrote_from_what_it_was_told(guard):
    lift(guard, ORIGIN, 7, A)
    guard.learn(ORIGIN, 7, A)
    assert guard.is_here(ORIGIN), "nothing new"
    guard.learn(ORIGIN, 9, B)
    lift(guard, ORIGIN, 9, B)
    assert guard.read(ORIGIN) == (9, B)
    assert not guard.is_here(ORIGIN)
    guard.confirm(ORIGIN, 9, B)
    assert guard.is_here(ORIGIN)
    with pytest.raises(RollbackError):
        guard.confirm(ORIGIN, 8, A)


def test_each_kind_remembers_that_keys_were_made_until_something_is_signed(guard):
    assert not guard.is_founded(ORIGIN)
    assert not guard.was_founded(ORIGIN)
    guard.found(ORIGIN)
    guard.found(ORIGIN)
    assert guard.is_founded(ORIGIN)
    assert guard.was_founded(ORIGIN)
    assert guard.read(ORIGIN) is None
    assert not guard.is_here(ORIGIN)
    assert not guard.is_founded(ORIGIN + "/2")
    lift(guard, ORIGIN, 1, A)
    assert not guard.is_founded(ORIGIN)
    assert guard.is_here(ORIGIN)


def test_in_a_bucket_founding_again_takes_nothing_back(register):
    guard = memory_guard(register)
    lift(guard, ORIGIN, 7, A)
    assert memory_guard(register).found(ORIGIN).startswith(ADDRESS)
    assert memory_guard(register).read(ORIGIN) == (7, A)


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "of another log"])
def test_a_damaged_object_is_refused_and_never_guessed(register, damage):
    lift(memory_guard(register), ORIGIN, 7, A)
    [[found]] = obstore.list(register.memory)
    data = obstore.get(register.memory, found["path"]).bytes().to_bytes()
    wrong = {
        "cut": data[:-2],
        "flipped": data.replace(b"\n7\n", b"\n07\n"),
        "empty": b"",
        "of another log": data.replace(b"jaga", b"java"),
    }
    obstore.put(register.memory, found["path"], wrong[damage])
    for ask in (
        lambda guard: guard.read(ORIGIN),
        lambda guard: lift(guard, ORIGIN, 8, B),
        lambda guard: guard.confirm(ORIGIN, 7, A),
        lambda guard: guard.found(ORIGIN),
    ):
        with pytest.raises(VerificationError):
            ask(memory_guard(register))


def test_a_copy_at_another_address_says_that_it_is_one(register):
    lift(memory_guard(register), ORIGIN, 7, A)
    memory_guard(register).found(ORIGIN + "/2")
    copied = FlakyRegister(register.memory, "s3://other/guard")
    guard = memory_guard(copied)
    assert guard.read(ORIGIN) == (7, A)
    assert not guard.is_here(ORIGIN)
    assert (guard.was_founded(ORIGIN + "/2"), guard.is_founded(ORIGIN + "/2")) == (
        True,
        False,
    )
    guard.confirm(ORIGIN, 7, A)
    guard.confirm(ORIGIN + "/2", 0, b"")
    assert guard.is_here(ORIGIN)
    assert guard.is_founded(ORIGIN + "/2")


@pytest.mark.parametrize("outcome", ["lost", "done", "later", "latest"])
def test_what_got_no_answer_is_read_back_and_never_done_twice(register, outcome):
    guard = memory_guard(register)
    lift(guard, ORIGIN, 7, A)
    register.outcomes.append(outcome)
    lift(guard, ORIGIN, 8, B)
    assert guard.read(ORIGIN) == (8, B)
    lift(guard, ORIGIN, 9, A)
    assert memory_guard(register).read(ORIGIN) == (9, A)


def test_without_an_answer_nothing_is_claimed(register):
    guard = memory_guard(register)
    register.is_away = True
    for ask in (guard.read, guard.found, guard.is_here, guard.is_founded):
        with pytest.raises(GuardUnreachableError) as raised:
            ask(ORIGIN)
    assert ADDRESS in str(raised.value.cause)
    assert ADDRESS not in str(raised.value.outside)
    with pytest.raises(GuardUnreachableError):
        lift(guard, ORIGIN, 1, A)
    register.is_away = False
    assert guard.read(ORIGIN) is None


def test_who_only_looks_at_the_node_waits_for_nobody(register):
    guard = memory_guard(register)
    lift(guard, ORIGIN, 1, A)
    register.is_away, register.asked = True, 0
    assert guard.raised_at(ORIGIN) is None
    assert register.asked == 0
    with pytest.raises(GuardUnreachableError):
        guard.look_again(writes=False)
    register.is_away = False
    guard.look_again(writes=False)
    first = guard.raised_at(ORIGIN)
    assert first > NOW
    lift(guard, ORIGIN, 2, B)
    register.asked = 0
    assert guard.raised_at(ORIGIN) >= first
    assert register.asked == 0


def test_a_store_that_does_not_keep_its_word_holds_no_guard(register, monkeypatch):
    def refuse(*, races):
        raise OSError(errno.ENOTSUP, Sentence("blobs.probe-no-swap"), ADDRESS)

    monkeypatch.setattr(register, "prove", refuse)
    with pytest.raises(GuardUnreachableError, match="no guard; choose"):
        lift(memory_guard(register), ORIGIN, 1, A)
    assert memory_guard(register).read(ORIGIN) is None


def test_a_store_that_keeps_its_word_is_tried_once_and_left_clean():
    store = MemoryStore()
    guard = BucketGuard(SwapRegister(ADDRESS, store=store), "node-a")
    lift(guard, ORIGIN, 1, A)
    lift(guard, ORIGIN, 2, A)
    [[found]] = obstore.list(store)
    assert found["path"].endswith(".guard")


class Signer:
    """As `commit` asks a guard: it looks, and then raises what it saw by one."""

    def __init__(self, name, register):
        self.name, self.register = name, FlakyRegister(register.memory)
        self.guard = BucketGuard(self.register, name)
        self.history, self.acknowledged = (), []
        # Who signs more at once must not pass for the other's successor.
        self.step = {"a": 1, "b": 2}[name]

    def look(self):
        held = self.guard.read(ORIGIN)
        self.is_current = held == _signed(self.history)

    def raise_(self, outcome):
        if not self.is_current:
            return
        self.register.outcomes.append(outcome)
        kept = (*self.history, *self.name * self.step)
        self.is_current = False
        try:
            self.guard.raise_to(ORIGIN, *_signed(kept), after=_signed(self.history))
        except (RollbackError, ProofError, GuardUnreachableError):
            return
        finally:
            self.register.outcomes.clear()
        self.history = kept
        self.acknowledged.append(_signed(kept))


def _signed(history):
    """Its size, and a root that says who signed each of its leaves."""
    if not history:
        return None
    return len(history), "".join(history).ljust(32).encode()


@pytest.mark.slow
def test_of_two_that_sign_at_once_in_any_order_one_history_is_acknowledged():
    """All orders of four steps behind both having looked, and all outcomes."""
    steps = [(who, "look", "") for who in "ab"]
    steps += [(who, "raise", how) for who in "ab" for how in ("ok", "later", "latest")]
    stopped = 0
    for order in itertools.product(steps, repeat=4):
        FlakyRegister.late.clear()
        common = FlakyRegister()
        signers = {who: Signer(who, common) for who in "ab"}
        for signer in signers.values():
            signer.look()
        for who, what, how in order:
            signers[who].look() if what == "look" else signers[who].raise_(how)
        held = memory_guard(common).read(ORIGIN)
        said = [one for signer in signers.values() for one in signer.acknowledged]
        assert len({size for size, _ in said}) == len(said), f"two histories: {order}"
        for size, root in said:
            assert held is not None, order
            assert size <= held[0], f"below what was acknowledged: {order}"
            assert held[1].startswith(root.rstrip()), f"another history: {order}"
        stopped += not all(signer.acknowledged for signer in signers.values())
    assert stopped > 1_000, "the races were real"


@pytest.fixture
def node(open_node, register):
    """A node whose guard lies in a bucket, and whose log holds its key statement."""
    one = open_node()
    one.guard = memory_guard(register)
    one.guard.found(one.log.origin)
    begin.introduce(one.db, one.guard, one.log)
    return one


def append(node, *numbers):
    given = [row(f"3171011001{number:03}", number, 2, 3) for number in numbers]
    return ingest.append(node.db, node.guard, node.log, given, NOW)


def size_of(node):
    return node.state().size, node.state().next_index


def test_what_cannot_be_asked_of_the_guard_is_not_begun(node, register):
    register.is_away = True
    with pytest.raises(GuardUnreachableError):
        append(node, 2)
    assert size_of(node) == (1, 1)
    register.is_away = False
    assert append(node, 2)[0].outcome == "logged"
    assert node.guard.read(node.log.origin)[0] == 2


def test_what_was_kept_when_the_bucket_went_is_shown_when_it_is_back(
    node, register, monkeypatch
):
    real = node.guard.raise_to

    def go(*given, after):
        if given[1] == 2:
            register.is_away = True
        real(*given, after=after)

    monkeypatch.setattr(node.guard, "raise_to", go)
    with pytest.raises(KeptError) as raised:
        append(node, 2)
    assert ADDRESS not in str(raised.value)
    assert size_of(node) == (1, 2), "kept, and not shown"
    monkeypatch.undo()
    register.is_away = False
    assert append(node, 2)[0].outcome == "held"
    assert (size_of(node), node.guard.read(node.log.origin)[0]) == ((2, 2), 2)


@pytest.fixture
def clone(node, open_node, register):
    """The same home a second time, copied while it stood still, with the same guard."""
    append(node, 2)
    node.db.shrink()
    copy = open_node(folder="clone", copied_from=node.folder)
    copy.guard = memory_guard(register, "node-b")
    return copy


@pytest.mark.of_file  # a folder is copied with its file; so below
def test_a_clone_that_is_behind_is_found_out_before_it_signs(node, clone):
    append(node, 3)
    before = size_of(clone)
    with pytest.raises(GuardAboveError, match="older copy"):
        append(clone, 4)
    assert size_of(clone) == before, "of it nothing was even written"
    assert append(node, 5)[0].outcome == "logged"


@pytest.mark.of_file
def test_a_clone_that_is_not_behind_may_go_on_and_then_the_other_may_not(node, clone):
    assert append(clone, 3)[0].outcome == "logged"
    with pytest.raises(GuardAboveError):
        append(node, 4)


@pytest.mark.of_file
@pytest.mark.parametrize("more", [1, 2, 5])
def test_of_two_in_the_middle_of_signing_the_later_shows_nothing(
    node, clone, monkeypatch, more
):
    """However much more it has signed than the other."""
    real = sequence._raise_guard

    def overtaken(*given):
        monkeypatch.undo()
        append(node, 3)
        real(*given)

    monkeypatch.setattr(sequence, "_raise_guard", overtaken)
    with pytest.raises(GuardAboveError, match="somebody else signs"):
        append(clone, *range(4, 4 + more))
    assert clone.state().size == 2, "signed, and shown to nobody"
    with pytest.raises((GuardAboveError, VerificationError)):
        append(clone, 90)
    assert append(node, 90)[0].outcome == "logged"


@pytest.mark.of_file
def test_a_database_from_a_backup_does_not_bring_the_guard_along(
    node, open_node, register
):
    node.db.shrink()
    backup = shutil.copytree(node.folder, node.folder.with_name("backup"))
    append(node, 2)
    back = open_node(folder="back", copied_from=backup)
    back.guard = memory_guard(register)
    with pytest.raises(GuardAboveError):
        append(back, 3)


def test_a_guard_that_was_lost_lets_nobody_sign_by_himself(node, register):
    for page in obstore.list(register.memory):
        obstore.delete(register.memory, [one["path"] for one in page])
    with pytest.raises(UnknownPastError):
        append(node, 2)
