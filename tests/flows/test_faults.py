"""An error at each step of the order of writing: what is answered is true.

A step fails before it wrote (`clean`), or after (`done`): the disk kept what it says
it has not. Whatever is answered, a restart and a second handing in show what holds.
"""

import contextlib
import errno

import pytest

from federation.errors import DoubtError, FencedError, KeptError, RollbackError
from federation.flows.ownlog import ingest, sequence
from federation.store import db, logs, refusal
from federation.store import leaves as stored
from federation.store.folderguard import FolderGuard
from federation.store.refusal import DoubtfulError, UnreplicatedError
from federation.text import Sentence
from federation.tlog.checkpoint import Checkpoint
from federation.tlog.merkle import Frontier
from tests.ownnode import row

NOW = 1_707_900_000
NOTHING, KEPT, DOUBT = OSError, KeptError, DoubtError


def draft(tps="3171011001001", first=1):
    return row(tps, first, 2, 3)


class Disk:
    """A disk that fails at the `at`-th transaction of a batch, from 1 on.

    Args:
        path: Of the database that lies on it; what the doctor makes lies elsewhere.
        at: T1, T2, T3 are the first three; a later one is `settle`'s.
        code: What SQLite says: 13 full, 1034 a sync that failed.
        is_done: Whether it wrote all the same.
        ever: Whether every later write fails, too.
    """

    def __init__(self, monkeypatch, path, at, code, *, is_done, ever):
        self.at, self.code, self.is_done, self.ever = at, code, is_done, ever
        self.count, self.is_well = 0, False
        real = db.Database.transaction
        disk = self

        @contextlib.contextmanager
        def transaction(self, *, durable=True):
            disk.count += self.path == path
            fails = self.path == path and (
                disk.count == disk.at or (disk.ever and disk.count > disk.at)
            )
            if disk.is_well or not fails:
                with real(self, durable=durable) as tx:
                    yield tx
                return
            writes = disk.is_done and disk.count == disk.at
            with contextlib.suppress(_UndoneError), real(self, durable=durable) as tx:
                yield tx
                if not writes:
                    raise _UndoneError
            with refusal.translated(self.path), refusal.committing(self.path):
                error = refusal.sqlite3.OperationalError("injected")
                error.sqlite_errorcode = disk.code
                raise error

        monkeypatch.setattr(db.Database, "transaction", transaction)


class _UndoneError(Exception):
    """Rolls a transaction back."""


def is_kept(node):
    """Whether a restart finds the batch: its leaf is covered by a signed checkpoint."""
    with node.db.view() as view:
        newest = logs.newest_checkpoint(view, node.log.log_id)
    return newest is not None and newest[0] == 2


FULL, SYNC = 13, 1034
TABLE = [
    # step, SQLite's code, written all the same, every later write fails: the answer
    (1, FULL, False, False, NOTHING),
    (1, FULL, False, True, NOTHING),
    (1, SYNC, False, False, NOTHING),
    (1, SYNC, True, False, NOTHING),
    (1, SYNC, True, True, NOTHING),
    (2, FULL, False, False, NOTHING),
    (2, FULL, False, True, NOTHING),
    (2, SYNC, False, False, NOTHING),
    (2, SYNC, True, False, None),
    (2, SYNC, False, True, DOUBT),
    (2, SYNC, True, True, KEPT),
    (3, FULL, False, True, KEPT),
    (3, SYNC, False, True, KEPT),
    (3, SYNC, True, False, KEPT),
]


def append(node, *drafts):
    return ingest.append(node.db, node.guard, node.log, drafts, NOW)


@pytest.mark.parametrize(("at", "code", "is_done", "ever", "answer"), TABLE)
def test_what_is_answered_to_a_failed_write_is_true(  # noqa: PLR0917  a row of the table
    node, tmp_path, monkeypatch, at, code, is_done, ever, answer
):
    new = draft("3171011001002")
    disk = Disk(monkeypatch, node.db.path, at, code, is_done=is_done, ever=ever)
    if answer is None:
        assert append(node, new)[0].outcome == "logged"
    else:
        with pytest.raises(answer) as raised:
            append(node, new)
        assert isinstance(raised.value, OSError) == (answer is NOTHING)
    if answer is not DOUBT:
        assert is_kept(node) == (answer in {KEPT, None})
    check_doctor(node, tmp_path / "while")
    disk.is_well = True
    # Whatever was answered, handing it in again does no harm.
    wanted = "held" if is_kept(node) else "logged"
    assert append(node, new)[0].outcome == wanted
    assert append(node, new)[0].outcome == "held"
    check_finished(node, tmp_path / "after")


def break_guard(monkeypatch, number, *, is_done):
    real = FolderGuard._write

    def write(self, path, data, *, here):
        if is_done:
            real(self, path, data, here=here)
        raise OSError(number, "injected", str(path))

    monkeypatch.setattr(FolderGuard, "_write", write)


@pytest.mark.parametrize("is_done", [False, True])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
def test_what_the_guard_does_not_take_is_kept_and_said_to_be(
    node, tmp_path, monkeypatch, number, is_done
):
    new, other = draft("3171011001002"), draft("3171011001003")
    with monkeypatch.context() as patch:
        break_guard(patch, number, is_done=is_done)
        with pytest.raises(KeptError) as raised:
            append(node, new)
        assert "need not be sent again" in str(raised.value)
        assert str(tmp_path) not in str(raised.value)
        assert is_kept(node)
        assert node.state().size == 1, "what the guard does not know is not shown"
        check_doctor(node, tmp_path / "while", {"unshown", "guard-behind"})
        if not is_done:
            with pytest.raises(OSError, match="injected"):
                append(node, other)
            assert node.state().next_index == 2, "of the next batch nothing is kept"
    assert append(node, new)[0].outcome == "held"
    assert append(node, other)[0].outcome == "logged"
    check_finished(node, tmp_path / "after", size=3)


def test_an_error_of_a_commit_that_no_write_settles_is_told_as_doubt(node, monkeypatch):
    def fail(*_):
        raise OSError(errno.EIO, "not now")

    monkeypatch.setattr(sequence, "settle", fail)
    error = DoubtfulError(errno.EIO, "sync", "x")
    with pytest.raises(DoubtError, match="Send them again"):
        sequence._find_out(node.db, node.guard, node.log, signed(node, 9), error)


def signed(node, size):
    """The checkpoint of that size that is kept; of any root where none is."""
    with node.db.view() as view:
        root = logs.root_of_size(view, node.log.log_id, size) or bytes(32)
    return Checkpoint(node.log.origin, size, root)


def test_what_another_writer_has_kept_at_that_size_is_not_taken_for_ours(node):
    append(node, draft("3171011001002"))
    error = DoubtfulError(errno.EIO, "sync", "x")
    other = signed(node, 2)._replace(root=bytes(32))
    with pytest.raises(OSError, match="sync"):
        sequence._find_out(node.db, node.guard, node.log, other, error)


def test_one_that_was_taken_over_from_does_not_look_what_became_of_its_commit(node):
    append(node, draft("3171011001002"))
    node.db.fenced = FencedError(Sentence("held.fenced-unsaid"))
    error = DoubtfulError(errno.EIO, "sync", "x")
    with pytest.raises(DoubtError, match="another machine"):
        sequence._find_out(node.db, node.guard, node.log, signed(node, 2), error)


def test_who_is_taken_over_from_amid_settling_calls_its_database_no_older_copy(
    node, monkeypatch
):
    append(node, draft("3171011001002"))

    @contextlib.contextmanager
    def refuse(*, durable=True):
        raise FencedError(Sentence("held.fenced-unsaid"))
        yield

    def read(_):
        # Between our look at the database and ours at the guard somebody took over,
        # and signed; that is found out by the next transaction, and by no view.
        monkeypatch.setattr(node.db, "transaction", refuse)
        return 9, bytes(32)

    monkeypatch.setattr(node.guard, "read", read)
    with pytest.raises(FencedError):
        sequence.settle(node.db, node.guard, node.log.origin)


@pytest.mark.parametrize(
    ("root", "answer"), [(None, KeptError), (bytes(32), DoubtError)]
)
def test_who_is_fenced_calls_kept_only_what_whoever_writes_now_has(
    node, monkeypatch, root, answer
):
    append(node, draft("3171011001002"))
    ours = signed(node, 2)
    theirs = ours if root is None else ours._replace(root=root)

    def refuse(*_, **__):
        node.db.fenced = FencedError(Sentence("held.fenced-unsaid"))
        raise RollbackError(2, 1)

    monkeypatch.setattr(node.guard, "raise_to", refuse)
    head = sequence.Head(0, Frontier())
    with pytest.raises(answer, match="another machine has taken over"):
        sequence._raise_guard(node.db, node.guard, node.log, theirs, head)


@pytest.mark.parametrize(
    ("again", "answer"), [(OSError, KeptError), (UnreplicatedError, DoubtError)]
)
def test_what_may_be_on_one_server_alone_is_in_doubt_and_not_kept(
    node, monkeypatch, again, answer
):
    append(node, draft("3171011001002"))

    def fail(*_):
        raise again(errno.EIO, "not now")

    monkeypatch.setattr(sequence, "settle", fail)
    error = DoubtfulError(errno.EIO, "sync", "x")
    with pytest.raises(answer):
        sequence._find_out(node.db, node.guard, node.log, signed(node, 2), error)


def check_doctor(node, scratch, expected=frozenset()):
    """No damage, whatever was cut off; and told as what it is."""
    report = node.examine(scratch)
    assert report.errors == 0, report.findings
    codes = {one.code for one in report.findings}
    assert codes <= {"unshown", "unsigned", "guard-behind"}
    if expected and len(codes) == 1:
        assert codes <= expected
    with node.db.view() as view:
        newest = logs.newest_checkpoint(view, node.log.log_id)
    assert ("unshown" in codes) == (newest[0] > node.state().size)


def check_finished(node, scratch, size=2):
    state = node.state()
    assert (state.size, state.next_index) == (size, size)
    with node.db.view() as view:
        leaves = stored.read_leaves(view, node.log.log_id, 0, size)
    assert len(set(leaves)) == size, "nothing is taken in twice"
    assert node.guard.read(node.log.origin)[0] == size
    check_doctor(node, scratch)
