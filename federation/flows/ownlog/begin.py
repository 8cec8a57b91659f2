"""Begin an own log, or take it up again.

Rule: the key chain comes first. `open_own` makes the log known here and signs nothing,
so that a node can serve, and compare with its partners, before it signs; `introduce`
copies into the log what its key chain says and the log does not yet: version 1 of the
key statement is leaf 0.
"""

import contextlib
from typing import NamedTuple

from federation.errors import (
    ConfigError,
    ConflictError,
    NotFoundError,
    SignatureError,
)
from federation.flows.ownlog.duplicates import recall
from federation.flows.ownlog.sequence import OwnLog, commit, settle
from federation.records.companion import (
    CompanionKeys,
    OwnCompanions,
    bind_companions,
)
from federation.records.keychain import LAST, KeyChain
from federation.records.profile import Profile
from federation.records.sealed import seal
from federation.store import keystatements, logs, statements
from federation.store.companions import read_companions
from federation.store.db import Database
from federation.store.guard import Guard
from federation.store.view import Transaction, View
from federation.text import Sentence
from federation.tlog.keys import Signer


class OwnKeys(NamedTuple):
    """What a node signs one of its logs with."""

    chain: KeyChain
    log_signer: Signer
    records_signer: Signer
    companions: OwnCompanions = OwnCompanions()


def open_own(db: Database, keys: OwnKeys, profile: Profile) -> OwnLog:
    """The log of this chain, added to the database if it was not there.

    Raises:
        SignatureError: a key is not the one that the chain names.
        ConfigError: the profile is of another election.
    """
    chain = keys.chain
    if profile.election != chain.election:
        raise ConfigError(
            profile.election, "election", Sentence("chain.not-of", origin=chain.origin)
        )
    log = _find_log(db, chain.origin)
    # Not the keys of its size: the database may come from a backup, and be refilled.
    if chain.log_key(LAST) != keys.log_signer.key:
        raise SignatureError(Sentence("chain.key-file", origin=chain.origin))
    if keys.records_signer.key not in chain.record_keys(LAST).values():
        raise SignatureError(Sentence("chain.records-key", origin=chain.origin))
    own = OwnLog(
        chain.origin,
        log.id,
        chain,
        keys.log_signer,
        keys.records_signer,
        profile,
        keys.companions,
    )
    recall(db, own)
    return own


def _find_log(db: Database, origin: str) -> logs.Log:
    # Looked up first: on a full disk nothing can be written, and it may be served.
    with contextlib.suppress(NotFoundError), db.view() as view:
        return logs.get_log(view, origin)
    with db.transaction() as tx:
        return logs.add_log(tx, origin, own=True)


def introduce(db: Database, guard: Guard, log: OwnLog) -> int:
    """Log the key statements that the log does not hold yet; how many they were.

    Those about companions as well, behind the others. A log that has ended takes none,
    and lacks none that could matter.

    Raises:
        ConflictError: the log must not be signed, see `sequence.settle`; or it says
            more of companions than the file that we have.
        VerificationError: the database is not what was signed.
    """
    with db.view() as view:
        if logs.get_log(view, log.origin).closed_at is not None:
            return 0
    head = settle(db, guard, log.origin)
    with db.view() as view:
        held = len(keystatements.read_keys(view, log.log_id))
        spoken = _spoken(view, log)
    chained = log.chain.notes[held:]
    unspoken = log.companions.statements[len(spoken) :]
    # What the log announces already binds it: by an older file it would not sign so.
    if spoken != log.companions.statements[: len(spoken)]:
        raise ConflictError(Sentence("chain.companion-older", origin=log.origin))
    new = [*chained, *(seal(one, log.records_signer) for one in unspoken)]
    if not new:
        return 0

    def write(tx: Transaction) -> None:
        keystatements.save_keys(tx, log.log_id, log.chain.notes)
        statements.save_said(tx, log.log_id, (), head.size + len(new))

    commit(db, guard, log, head, new, write)
    return len(new)


def _spoken(view: View, log: OwnLog) -> tuple[CompanionKeys, ...]:
    """The statements of companions that the log holds, as far as they count."""
    stated = tuple(read_companions(view, log.log_id))
    counting = {start for start, _ in bind_companions(log.chain, stated).companions}
    return tuple(one for index, one in stated if index + 1 in counting)
