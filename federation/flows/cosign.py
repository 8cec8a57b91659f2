"""Cosigning what we hold of others, and collecting what others say to hold.

Rule: a cosignature says "I hold and have verified every leaf below this size", and is
the only thing that carries a time. So it is given once for every checkpoint that was
completed, and repeated on a heartbeat only where the origin itself has shown that
checkpoint again: otherwise a relay could make a dead log look alive.

Everybody collects: a peer that shows a log which we hold is asked for its checkpoint,
once per size and once per heartbeat, and our partners' lines in it are kept. So an
origin hears of those whom it reaches through a relay, and a receipt names more holders
than whoever gives it. An earlier size counts too: a node that is seldom on, or never
idle, would else be confirmed by nobody, and a receipt wants the earliest. A lost disk
has taken the earlier checkpoints of ours with it; one that comes back in a file with a
confirmation is kept again, if our own key signed it and what we hold leads to it.

Source: docs/reference/protocol.md, "Pulling" step 5; C2SP tlog-cosignature v1
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from federation.config.peers import Peer
from federation.errors import (
    FormatError,
    NotFoundError,
    PeerError,
    RecordError,
    SignatureError,
)
from federation.feeds.feed import Feed
from federation.feeds.resource import checkpoint_of, cosigned_of
from federation.records.keychain import KeyChain, newest_keys
from federation.store import cosignatures, keystatements, leaves, logs
from federation.store.db import Database
from federation.store.logs import Log
from federation.store.view import Transaction, View
from federation.text import Sentence
from federation.tlog.checkpoint import MAX_FURTHER, read_unverified
from federation.tlog.cosignature import (
    Cosignature,
    cosign,
    open_cosignatures,
    select_cosignatures,
)
from federation.tlog.keys import Signer, VerifierKey
from federation.tlog.merkle import root_at
from federation.tlog.note import (
    MAX_SIGNATURES,
    Signature,
    decode_notes,
    encode_notes,
    format_signature,
    parse_note,
)

MAX_COSIGNED: Final = 1_000


def cosign_held(
    tx: Transaction,
    signer: Signer,
    answered: Collection[str],
    now: int,
    heartbeat_s: int,
) -> list[str]:
    """Cosign every mirrored log that is to be; their origins.

    Args:
        tx: The transaction.
        signer: Our `mirror` key.
        answered: Origins that have themselves just shown what we hold of them.
        now: Unix seconds.
        heartbeat_s: How old our cosignature may grow where the origin answers.
    """
    cosigned = []
    for log in logs.list_logs(tx):
        if log.own or log.checkpoint is None or log.frozen is not None:
            continue
        last = _last_time(tx, log, (signer.key,))
        is_due = last is None or (log.origin in answered and now - last >= heartbeat_s)
        # Never a time that is not later: of two, the newer wins everywhere.
        if is_due and (last is None or now > last):
            line = cosign(parse_note(log.checkpoint).text, signer, now)
            _save(tx, log, log.size, [(line, Cosignature(signer.key, now))])
            cosigned.append(log.origin)
    return cosigned


class _CosignRequest(NamedTuple):
    size: int
    at: int


class Collector:
    """What collects cosignatures of the logs held; remembers whom it asked when."""

    def __init__(self, db: Database, heartbeat_s: int) -> None:
        """One for a node: an idle turn stays one request."""
        self._db, self._heartbeat_s = db, heartbeat_s
        self._asked: dict[tuple[str, str], _CosignRequest] = {}
        self._keys = MirrorKeys()

    async def collect(
        self,
        peers: Mapping[str, Peer],
        org: str,
        feed: Feed,
        sizes: Mapping[str, int],
        now: int,
    ) -> int:
        """Ask a peer for the checkpoints that it holds too; how many lines were kept.

        Args:
            peers: The partners, whose cosignatures count.
            org: The peer that is asked.
            feed: The way to it.
            sizes: The sizes of the logs there, current or earlier ones:
                `PullReport.sizes`.
            now: Unix seconds.

        Raises:
            PeerError: the peer did not deliver.
            FormatError: it delivered something else than a checkpoint of that log.
        """
        kept = 0
        held = {log.origin: log for log in await self._db.read(logs.list_logs)}
        for origin, size in sizes.items():
            log = held.get(origin)
            # A larger one is a matter for `reconcile`, or for the next pull.
            if log is None or not 0 < size <= log.size:
                continue
            asked = self._asked.get((org, origin))
            if asked and asked.size == size and now - asked.at < self._heartbeat_s:
                continue
            note = await feed.fetch(checkpoint_of(origin))
            keys = await self._db.read(self._keys.read, peers)
            kept += await self._db.write(save_collected, origin, note, keys)
            self._asked[org, origin] = _CosignRequest(size, now)
        return kept


def save_collected(
    tx: Transaction, origin: str, note: bytes, keys: Sequence[VerifierKey]
) -> int:
    """Keep the good cosignatures in a note of a checkpoint that is held; how many.

    None of a size that is not: an earlier one that was lost with a disk or passed over
    in pulling, or one that another's log has grown to since the peer was asked. There
    is nothing that they could stand under, and that is no fault of the partner.

    Raises:
        FormatError: another checkpoint than the one held, or of ours than we signed.
    """
    checkpoint = read_unverified(note)
    log = logs.get_log(tx, origin)
    root = logs.root_of_size(tx, log.id, checkpoint.size)
    is_beyond = log.own and checkpoint.size > log.size
    if root is None and checkpoint.origin == origin and not is_beyond:
        return 0
    if checkpoint.origin != origin or root != checkpoint.root:
        raise FormatError(Sentence("held.not-held-state"), origin)
    times = open_cosignatures(note, keys)
    lines = select_cosignatures(note, keys)
    _save(tx, log, checkpoint.size, zip(lines, times, strict=True))
    return len(lines)


async def recollect(
    db: Database, feed: Feed, chain: KeyChain, keys: Sequence[VerifierKey]
) -> None:
    """Keep the good cosignatures of a log of ours that are in the files.

    Args:
        db: Of this node.
        feed: The way into the files.
        chain: Of our log.
        keys: By which partners cosign; others say nothing.
    """
    notes = list[bytes]()
    with suppress(PeerError, FormatError):
        notes += decode_notes(await feed.fetch(cosigned_of(chain.origin)), MAX_COSIGNED)
    with suppress(PeerError):
        notes.append(await feed.fetch(checkpoint_of(chain.origin)))
    await db.write(_keep_shown, chain, keys, notes)


def _keep_shown(
    tx: Transaction,
    chain: KeyChain,
    keys: Sequence[VerifierKey],
    notes: Sequence[bytes],
) -> None:
    for note in notes:
        # One bad note hides no other.
        with suppress(FormatError, SignatureError):
            _keep_checkpoint(tx, chain, note)
            save_collected(tx, chain.origin, note, keys)


def _keep_checkpoint(tx: Transaction, chain: KeyChain, note: bytes) -> None:
    """Keep an earlier checkpoint of ours that is not here any more.

    Raises:
        FormatError: not a checkpoint, or not of what we hold.
        SignatureError: our own key did not sign it.
    """
    size = read_unverified(note).size
    log = logs.get_log(tx, chain.origin)
    if not 0 < size < log.size or logs.root_of_size(tx, log.id, size) is not None:
        return
    signed = chain.open_checkpoint(note)
    if signed.root != root_at(size, leaves.reader(tx, log.id, log.size)):
        raise FormatError(Sentence("held.not-our-state"), chain.origin)
    logs.keep_earlier(tx, log.id, size, signed.root, signed.bare)


def read_cosigned(view: View, log_id: int) -> bytes:
    """The earlier checkpoints of a log that others cosigned, as `note.encode_notes`.

    Each with the first cosignatures of it: since when its entries were held. The
    smallest size first, of very many the newest thousand.
    """
    log = logs.log_by_id(view, log_id)
    sizes = cosignatures.cosigned_sizes(view, log_id, log.org, log.size)
    return encode_notes(read_first_held(view, log_id, size) for size in sizes)


def read_first_held(view: View, log_id: int, size: int) -> bytes:
    """The kept checkpoint of this size with the first cosignature of each key.

    Raises:
        NotFoundError: none of this size is kept.
    """
    kept = next(logs.list_checkpoints(view, log_id, after=size - 1), None)
    if kept is None or kept[0] != size:
        raise NotFoundError(Sentence("held.no-state", size=size, log_id=log_id))
    lines = cosignatures.first_cosignatures(view, log_id, size)
    return kept[2] + b"".join(lines[: MAX_SIGNATURES - 1 - MAX_FURTHER])


class MirrorKeys:
    """The keys that partners cosign with, looked up once for each key chain."""

    def __init__(self) -> None:
        """Of one node, whose readers may ask side by side."""
        self._known: dict[int, tuple[object, tuple[VerifierKey, ...]]] = {}

    def read(self, view: View, peers: Mapping[str, Peer]) -> tuple[VerifierKey, ...]:
        """The keys that our partners cosign with, as far as we hold their chains."""
        keys: dict[VerifierKey, None] = {}
        for log in logs.list_logs(view):
            peer = peers.get(log.org)
            if peer is None or log.own:
                continue
            # Statements only ever grow in number; those of a log are never replaced.
            state = peer.identity, keystatements.count_keys(view, log.id)
            known = self._known.get(log.id)
            if known is None or known[0] != state:
                notes = keystatements.read_keys(view, log.id)
                known = self._known[log.id] = state, _mirror_keys(notes, peer)
            keys.update(dict.fromkeys(known[1]))
        return tuple(keys)


def mirror_keys(view: View, peers: Mapping[str, Peer]) -> tuple[VerifierKey, ...]:
    """The keys that our partners cosign with, as far as we hold their key chains."""
    return MirrorKeys().read(view, peers)


def _mirror_keys(notes: Sequence[bytes], peer: Peer) -> tuple[VerifierKey, ...]:
    try:
        return newest_keys(notes, peer.identity, "mirror") if notes else ()
    except (FormatError, RecordError, SignatureError):
        return ()  # pinned anew since: pull says so, and these keys do not count


def _last_time(view: View, log: Log, keys: Sequence[VerifierKey]) -> int | None:
    assert log.checkpoint is not None, "only what is held is cosigned"
    lines = cosignatures.read_cosignatures(view, log.id, log.size)
    opened = open_cosignatures(log.checkpoint + b"".join(lines), keys)
    return max((cosignature.time for cosignature in opened), default=None)


def _save(
    tx: Transaction, log: Log, size: int, lines: Iterable[tuple[Signature, Cosignature]]
) -> None:
    for line, cosignature in lines:
        cosignatures.save_cosignature(
            tx, log.id, size, format_signature(line), cosignature.key, cosignature.time
        )
