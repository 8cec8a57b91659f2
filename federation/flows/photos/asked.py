"""What the logs say of removed photographs, and whom it binds.

Rule: followed behind a cursor for each public log, and never beyond what is noted of
its evidence: who asks has named the photo before, in the same log most often. Nearly
every leaf claims something about a station; only those that claim nothing are read.
They were verified when they were admitted; what was refused then is passed over.

An organisation decides about the photos that it collected itself: those that a record
of its own names without citing another's (`derived_from`). Its removal binds others as
far as nobody else collected the same file and stands by it: otherwise whoever names a
photo first could make everybody delete it. An answer binds nobody.

Source: docs/adr/0025-a-photo-is-removed-by-who-named-it.md
"""

from collections.abc import Collection, Iterable
from typing import Final, Literal, NamedTuple

from msgspec import UNSET

from federation.records.readers import is_open
from federation.records.removal import PhotoRemoval
from federation.store import claims, evidence, leaves, quarantine, saidremovals
from federation.store.db import Database
from federation.store.following import LogFollower, end_of
from federation.store.logs import Log
from federation.store.saidremovals import SaidRemoval
from federation.store.view import Transaction, View

BATCH: Final = 10_000


class FollowedRemovals(NamedTuple):
    """Over how many leaves the cursors moved, and of which photographs they told."""

    moved: int
    digests: frozenset[str]


def follow_once(
    db: Database, limit: int = BATCH, now: int | None = None
) -> FollowedRemovals:
    """Look through the next leaves of each log that is ahead; call it until 0 moved.

    `db`, `limit` and `now` as in `LogFollower.step`.
    """
    digests = set[str]()
    moved = _follower(digests, now or 0).step(db, limit, now)
    return FollowedRemovals(moved, frozenset(digests))


def is_followed(view: View, at: float) -> bool:
    """Whether all that is noted of any log was looked through.

    Of those that everybody may read `at` this time, in Unix seconds.
    """
    return not _follower(set(), at).is_behind(view)


def _follower(digests: set[str], at: float) -> LogFollower:
    """`digests`: those of which something is said are added to it."""

    def find_end(view: View, log: Log) -> int:
        return _end(view, log, at)

    def take(tx: Transaction, log: Log, start: int, limit: int) -> int:
        end = min(start + limit, _end(tx, log, at))
        said = read_said(tx, log, start, end)
        saidremovals.replace_said(tx, log.id, start, end, said)
        digests.update(one.digest for one in said)
        return end

    return LogFollower(saidremovals.followed_up_to, find_end, take, BATCH)


def read_said(view: View, log: Log, start: int, end: int) -> list[SaidRemoval]:
    """What leaves [start, end) of a log say of removed photographs."""
    unclaimed = claims.list_unclaimed(view, log.id, start, end)
    if not unclaimed:
        return []
    refused = quarantine.list_uncounted(view, log.id, start, end)
    return [
        said
        for index in unclaimed
        if index not in refused and (said := _read_one(view, log, index))
    ]


def _read_one(view: View, log: Log, index: int) -> SaidRemoval | None:
    sealed = leaves.read_record(view, log.id, index)
    statement = sealed.statement
    if not isinstance(statement, PhotoRemoval):
        return None
    return SaidRemoval(
        log.id,
        index,
        statement.sha256,
        statement.org,
        statement.election,
        statement.ground,
        "" if statement.reason is UNSET else statement.reason,
        statement.recorded_at,
        sealed.record,
        "" if statement.answers is UNSET else statement.answers,
    )


def _end(view: View, log: Log, at: float) -> int:
    # Nothing of a log that is not for everybody is a request to everybody.
    if not is_open(log, at):
        return 0
    return min(end_of(log), evidence.noted_up_to(view, log.id))


def collectors(view: View, digest: str) -> frozenset[str]:
    """The organisations that collected this photograph themselves, as they say."""
    return frozenset(
        named.log.org
        for named in evidence.find_evidence(view, digest)
        if not _is_derived(view, named.log.log_id, named.entry.leaf)
    )


def _is_derived(view: View, log_id: int, index: int) -> bool:
    claim = claims.read_claim(view, log_id, index)
    # Judged again a moment ago, and no record any more: it names nothing.
    return claim is None or claim.derived


#: What a removal is worth: it binds; its organisation did not collect the photo; or
#: somebody else did, and stands by it; or it is an answer to another one.
RemovalStanding = Literal["binds", "not-theirs", "kept", "answer"]


def standing_of(
    said: SaidRemoval, everything: Iterable[SaidRemoval], collected: Collection[str]
) -> RemovalStanding:
    """Whether a removal binds whoever holds the photograph.

    Args:
        said: The removal.
        everything: All that is said of this photograph.
        collected: Who collected it, see `collectors`.
    """
    if said.answers:
        return "answer"
    if said.org not in collected:
        return "not-theirs"
    gone = {one.org for one in everything}
    return "binds" if gone.issuperset(collected) else "kept"


def find_binding(
    view: View, digest: str, honoured: Collection[str]
) -> SaidRemoval | None:
    """The first removal of a photograph that binds us, if one does.

    Args:
        view: A snapshot.
        digest: Of the photograph.
        honoured: The organisations whose removals the operator honours.
    """
    said = saidremovals.said_of(view, digest)
    if not any(one.org in honoured for one in said):
        return None
    collected = collectors(view, digest)
    for one in said:
        if one.org in honoured and standing_of(one, said, collected) == "binds":
            return one
    return None
