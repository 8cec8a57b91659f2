"""Annexes kept, purged, and purged by themselves when their time has come.

Rule: the use is written down and durable, then the file is durable or gone, then it is
answered. Whatever is killed in between leaves the annex of before or the new one,
whole, and a line of what was begun; to hand the same in again is right. One writer at a
time: all of it runs on the database's writer thread.
"""

import datetime as dt
from typing import Final, NamedTuple

from federation.errors import ConflictError, NotFoundError, StoredError
from federation.flows.annex.papers import OwnPapers, drop_papers
from federation.flows.annex.uses import AnnexUse, list_kept, note_use
from federation.store.annex import AnnexFolder, FoundAnnex, SealedAnnex
from federation.store.db import Database
from federation.store.outbox import OutboxItem
from federation.text import Sentence

_DAY_S: Final = 86_400


class DueAnnexes(NamedTuple):
    """Which annexes have had their time, and which others are damaged."""

    due: list[FoundAnnex]
    damaged: list[FoundAnnex]


def save_annex(
    db: Database,
    folder: AnnexFolder,
    annex: SealedAnnex,
    use: AnnexUse,
    *,
    replace: bool = False,
) -> bool:
    """Keep an annex; whether it took the place of another.

    The very same one, handed in again, is kept already and no fault.

    Raises:
        ConflictError: there is another, and it is not to be replaced.
        NotFoundError: nobody of that name may do it.
        FormatError: the reason tells of a person.
        OSError: a disk is full or failed; the one before is there still.
    """
    before = _kept(folder, use)
    if before == annex:
        return False
    is_there = folder.path(use.election, use.incident).exists()
    if is_there and not replace:
        why = Sentence("annex.exists", incident=use.incident)
        raise ConflictError(why)
    with db.transaction() as tx:
        note_use(tx, use)
    folder.save(annex)
    return is_there


def purge_annex(
    db: Database, folder: AnnexFolder, papers: OwnPapers, use: AnnexUse
) -> list[OutboxItem]:
    """Delete the annex of an incident, damaged or not, and what was drawn of it.

    Which papers are on their way to an agency, and stay until they are there.

    One that is lost, though the log of actions has it, is written down as gone.

    Raises:
        NotFoundError: none is kept, or nobody of that name may do it.
        FormatError: the reason tells of a person.
        OSError: a disk is full or failed; the annex is there still.
    """
    name = use.election, use.incident
    if not folder.path(*name).exists():
        with db.view() as view:
            if name not in list_kept(view):
                why = Sentence("annex.none", incident=name[1], election=name[0])
                raise NotFoundError(why)
    with db.transaction() as tx:
        note_use(tx, use)
    left = drop_papers(db, papers, use.election, use.incident, use.at)
    folder.drop(use.election, use.incident)
    return left


def find_due(folder: AnnexFolder, days: int, now: float) -> DueAnnexes:
    """Which have had their time, and which of the others are damaged.

    Args:
        folder: Of the annexes.
        days: For how long one is kept that no longer says it: `annex.days`.
        now: Unix seconds.

    Raises:
        OSError: the folder cannot be read.
    """
    found = list(folder.walk())
    due = [one for one in found if is_due(one, days, now)]
    damaged = [one for one in found if one.head is None and one not in due]
    return DueAnnexes(due, damaged)


def purge_due(
    db: Database,
    folder: AnnexFolder,
    papers: OwnPapers,
    found: FoundAnnex,
    days: int,
    now: float,
) -> list[OutboxItem] | None:
    """Delete an annex whose time has come; None: it was purged or replaced meanwhile.

    Which papers are on their way, as of `purge_annex`.

    Raises:
        OSError: a disk is full or failed; the annex is there still.
    """
    still = folder.look(found.election, found.incident)
    if still is None or not is_due(still, days, now):
        return None
    use = AnnexUse("expire", found.election, found.incident, "", "", int(now))
    with db.transaction() as tx:
        note_use(tx, use)
    left = drop_papers(db, papers, found.election, found.incident, int(now))
    folder.drop(found.election, found.incident)
    return left


def is_due(found: FoundAnnex, days: int, now: float) -> bool:
    """Whether the last day of an annex is over, in UTC.

    One that is damaged says no day: it is kept for so many days since it was written.
    """
    if found.head is None:
        return found.written_at + (days + 1) * _DAY_S <= now
    today = dt.datetime.fromtimestamp(now, dt.UTC).date()
    return found.head.keep_until < today.isoformat()


def _kept(folder: AnnexFolder, use: AnnexUse) -> SealedAnnex | None:
    """The annex that is there, if it is there whole."""
    try:
        return folder.load(use.election, use.incident)
    except (NotFoundError, StoredError):
        return None
