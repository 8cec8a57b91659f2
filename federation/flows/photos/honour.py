"""Whose removals are followed: ours as they stand in our logs, partners' by our choice.

Rule: what our own log says was removed is gone here, too, though the row that said so
was lost with a database: a restored copy shows nothing again. What a partner removed
goes where its removal binds (`asked.py`) and the operator honours it
(`honour_removals` in peers.toml), whether or not we hold it yet: then it is never
fetched. A photo that was taken in here and that no record of ours names yet is ours.

Who names a photo of another and removes it may be heard before that other: nothing of
it lies here yet then. As soon as the record of who collected it is here, too, and
stands by it, the photo may come after all (`find_kept`, `let_in`).
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from federation.config.peers import PhotoPolicy
from federation.flows.photos.asked import collectors, find_binding, is_followed
from federation.flows.photos.remove import note_gone
from federation.flows.photos.wants import want_again
from federation.store import blobs as held
from federation.store import evidence, removals, saidremovals
from federation.store.db import Database
from federation.store.removals import RemovedPhoto
from federation.store.saidremovals import SaidRemoval
from federation.store.view import Transaction, View

_BATCH: Final = 100
_LOOKED_AT: Final = 1_000


class Honouring(NamedTuple):
    """Our organisation, and those whose removals are honoured here."""

    org: str
    honoured: Collection[str]


def honour(
    db: Database, digests: Iterable[str], rules: Honouring, now: int
) -> list[str]:
    """Note as gone what is to go of these photographs; those that do now.

    Args:
        db: Its writer thread is the caller's.
        digests: Of which logs say something.
        rules: Whose word counts.
        now: Unix seconds.
    """
    gone = []
    for digest in digests:
        with db.view() as view:
            # Most often nothing is to be done: that must not cost a write.
            is_settled = removals.is_removed(view, digest)
        with db.transaction() as tx:
            if is_settled:
                _settle(tx, digest, rules)
            elif (removed := find_gone(tx, digest, rules, now)) is not None:
                note_gone(tx, removed)
                gone.append(digest)
    return gone


def honour_all(db: Database, rules: Honouring, now: int) -> list[str]:
    """The same for all that logs say something of: the operator may have changed it."""
    gone, after = list[str](), ""
    while True:
        with db.view() as view:
            page = saidremovals.list_unsettled(view, after, _BATCH)
        if not page:
            return gone
        gone += honour(db, page, rules, now)
        after = page[-1]


class KeptPhotos(NamedTuple):
    """Photographs that may come after all; `last`: behind it the next page begins."""

    digests: list[str]
    last: str


def find_kept(view: View, at: float, after: str = "") -> KeptPhotos:
    """Of the next that never lay here, those that somebody else stands by.

    Args:
        view: A snapshot.
        at: Unix seconds, now.
        after: `last` of the page before; empty: from the beginning.
    """
    page = removals.list_unheld(view, after, _LOOKED_AT)
    # What is not followed yet may be the removal of that other.
    if not page or not is_followed(view, at):
        return KeptPhotos([], "")
    kept = [one.digest for one in page if _is_kept(view, one)]
    return KeptPhotos(kept, page[-1].digest if len(page) == _LOOKED_AT else "")


def let_in(
    tx: Transaction, digest: str, policies: Mapping[str, PhotoPolicy], now: int
) -> bool:
    """Let a photograph come that somebody else stands by; whether it may, now.

    Args:
        tx: The transaction.
        digest: Of the photograph.
        policies: Which photographs of each partner are fetched by themselves.
        now: Unix seconds.
    """
    removed = removals.find_removed(tx, digest)
    if removed is None or not _is_kept(tx, removed):
        return False
    if not removals.let_again(tx, digest):
        return False
    want_again(tx, digest, policies, now)
    return True


def _is_kept(view: View, removed: RemovedPhoto) -> bool:
    """Whether what we honoured stands, and binds nobody any more."""
    said = saidremovals.said_of(view, removed.digest)
    if all(one.record != removed.honours for one in said):
        return False  # it is followed anew, or damaged: nothing is known
    return not {one.org for one in said}.issuperset(collectors(view, removed.digest))


def find_gone(
    tx: Transaction, digest: str, rules: Honouring, now: int
) -> RemovedPhoto | None:
    """What is to be noted of a photograph that stands as held or wanted; None: nothing.

    Our own answer stands for what it answers: then it is not said again.
    """
    everything = saidremovals.said_of(tx, digest)
    for said in everything:
        if said.org == rules.org:
            return _restored(said, everything)
    if _is_unnamed_own(tx, digest):
        return None
    asked = find_binding(tx, digest, rules.honoured)
    if asked is None:
        return None
    return RemovedPhoto(
        digest=digest,
        ground=asked.ground,
        reason=asked.reason,
        org=asked.org,
        removed_at=now,
        honours=asked.record,
        is_due=True,
    )


def _restored(own: SaidRemoval, everything: Iterable[SaidRemoval]) -> RemovedPhoto:
    """What our own statement says is gone; it is said."""
    asking = (one.org for one in everything if one.record == own.answers)
    return RemovedPhoto(
        digest=own.digest,
        ground=own.ground,
        reason=own.reason,
        org=next(asking, own.org),
        removed_at=int(datetime.fromisoformat(own.recorded_at).timestamp()),
        honours=own.answers,
        statement=own.record,
    )


def _settle(tx: Transaction, digest: str, rules: Honouring) -> None:
    """Note that what was to be said is said: a crash may lie between the two."""
    removed = removals.find_removed(tx, digest)
    if removed is None or not removed.is_due:
        return
    for said in saidremovals.said_of(tx, digest):
        if said.org == rules.org and said.answers == removed.honours:
            removals.note_said(tx, digest, said.record)
            return


def _is_unnamed_own(tx: Transaction, digest: str) -> bool:
    """Whether it was taken in here, and its record is not signed yet."""
    blob = held.find_blob(tx, digest)
    if blob is None or not blob.is_own:
        return False
    return not any(one.log.is_own for one in evidence.find_evidence(tx, digest))
