"""Bringing our totals to witnesses from outside, and keeping what they sign.

Rule: a witness is told of what everybody may read, and of nothing else. What it signed
last is known from its own lines; what it says that it did is believed only to prove it
another way. Its lines are published with the checkpoint, and make it no holder.

Source: C2SP tlog-witness (draft) section add-checkpoint
"""

from typing import Final, NamedTuple

from federation.errors import FormatError
from federation.feeds.witness import WitnessReply
from federation.flows.cosign import save_collected
from federation.records.readers import Nobody, may_read
from federation.store import cosignatures, keystatements, leaves, logs
from federation.store.logs import Log
from federation.store.view import Transaction, View
from federation.text import Sentence
from federation.tlog.checkpoint import parse_decimal
from federation.tlog.keys import VerifierKey
from federation.tlog.merkle import prove_consistency
from federation.tlog.witness import CheckpointOffer, format_offer

#: A line is as good as new for so long, while nothing is signed.
REFRESH_S: Final = 3_600
_REFUSED: Final = {400: "bad", 403: "forbidden", 404: "not-ours", 422: "refused-proof"}


class WitnessError(Exception):
    """A witness did not sign; `told` says why and what to do."""

    def __init__(self, told: Sentence) -> None:
        """`told`: why, and what to do."""
        super().__init__(told)
        self.told = told


class Submission(NamedTuple):
    """What is brought to a witness.

    Attributes:
        origin: Of our log.
        size: Of its checkpoint.
        checkpoint: The note, signed by us alone.
        body: Of the request.
    """

    origin: str
    size: int
    checkpoint: bytes
    body: bytes


def list_due(view: View, key: VerifierKey, now: int) -> list[Submission]:
    """What a witness has not signed yet, or long ago.

    Args:
        view: The snapshot.
        key: Of the witness.
        now: Unix seconds.
    """
    due = []
    for log in logs.list_logs(view):
        if not (log.own and log.size and may_read(Nobody(at=now), log)):
            continue
        if log.frozen is not None or log.checkpoint is None:
            continue
        if keystatements.counted_end(view, log.origin) is not None:
            continue  # continued: a witness may have signed more of it than is left
        last = cosignatures.newest_by(view, log.id, key)
        is_signed = last is not None and last.size == log.size
        if last is None or not is_signed or not 0 <= now - last.time < REFRESH_S:
            due.append(_submission(view, log, 0 if last is None else last.size))
    return due


def prove_from(view: View, origin: str, old: int) -> Submission | None:
    """The same from what the witness says that it signed last; None: we have less."""
    log = logs.get_log(view, origin)
    return _submission(view, log, old) if old <= log.size else None


def _submission(view: View, log: Log, old: int) -> Submission:
    assert log.checkpoint is not None, "it is signed"
    read = leaves.reader(view, log.id, log.size)
    proof = tuple(prove_consistency(old, log.size, read))
    body = format_offer(CheckpointOffer(old, proof, log.checkpoint))
    return Submission(log.origin, log.size, log.checkpoint, body)


def read_size(reply: WitnessReply) -> int | None:
    """The size that a witness says it signed last; None: it does not say."""
    if reply.status != 409:
        return None
    try:
        return parse_decimal(reply.body.decode("ascii").removesuffix("\n"))
    except (FormatError, UnicodeDecodeError):
        return None


def save_lines(
    tx: Transaction, submission: Submission, reply: WitnessReply, key: VerifierKey
) -> None:
    """Keep what the witness signed.

    Raises:
        WitnessError: it did not.
    """
    if reply.status != 200:
        raise WitnessError(explain(submission, reply))
    try:
        kept = save_collected(
            tx, submission.origin, submission.checkpoint + reply.body, [key]
        )
    except FormatError as error:
        raise WitnessError(error.told) from error
    if not kept:
        raise WitnessError(Sentence("witness.other-key", name=key.name))


def explain(submission: Submission, reply: WitnessReply) -> Sentence:
    """Why it did not sign, and what to do."""
    told = {"origin": submission.origin, "ours": submission.size}
    size = read_size(reply)
    if size is not None and size > submission.size:
        return Sentence("witness.ahead", **told, theirs=size)
    if size is not None:
        return Sentence("witness.other-history", **told, theirs=size)
    name = _REFUSED.get(reply.status)
    if name is None:
        return Sentence("witness.answered", status=reply.status)
    return Sentence(f"witness.{name}", **told)
