"""Logs as a pull leaves them, without a pull."""

from federation.store import logs
from federation.store.logs import Log
from federation.store.view import Transaction
from federation.tlog.checkpoint import Checkpoint, SignedCheckpoint
from federation.tlog.mirror import Mirror


def signed(origin: str, size: int, root: bytes, note: bytes) -> SignedCheckpoint:
    """A checkpoint that passes for one whose signature was verified."""
    return SignedCheckpoint(Checkpoint(origin, size, root), note, b"", note)


def aim(tx: Transaction, log: Log, note: bytes, size: int, root: bytes) -> Log:
    """The log with this checkpoint pending."""
    log = logs.get_log(tx, log.origin)
    held = None
    if log.checkpoint is not None:
        held = signed(log.origin, log.size, bytes(32), log.checkpoint)
    pending = signed(log.origin, size, root, note)
    return logs.save_mirror(
        tx, log, Mirror(origin=log.origin, held=held, pending=pending)
    )


def hold(tx: Transaction, log: Log, note: bytes, root: bytes) -> Log:
    """The log with the checkpoint of all its leaves held."""
    log = logs.get_log(tx, log.origin)
    held = signed(log.origin, log.next_index, root, note)
    return logs.save_mirror(tx, log, Mirror(origin=log.origin, held=held))
