"""What is personal of incidents: kept sealed here, purged when its time has come.

Rule: a node never reads an annex. It is handed sealed ones, and deletes. Once a day,
what has had its time goes, and all others are read for damage:

    annex-damaged    goes away by itself        annex: which
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from federation.config.annexkey import load_annex_public
from federation.config.sealingkey import key_id
from federation.errors import ConflictError
from federation.flows.annex import keep
from federation.flows.annex.papers import OwnPapers
from federation.flows.annex.uses import AnnexUse, note_use
from federation.node.disk import Disk
from federation.node.node import Node
from federation.node.resources import Resources
from federation.schedule import OF_DISK, Duty, Result
from federation.store import alarms
from federation.store.annex import AnnexFolder, parse_annex
from federation.store.outbox import OutboxItem
from federation.store.papers import PapersFolder
from federation.store.view import Transaction
from federation.text import Sentence
from federation.web.requests.annexes import (
    PapersLeft,
    PurgeAnnex,
    PurgedAnnex,
    PurgedAnnexes,
    PurgeDueAnnexes,
    SaveAnnex,
    SavedAnnex,
    UseAnnex,
)
from federation.web.requests.request import Request

ALARM: Final = "annex-damaged"
SUBJECT: Final = "annex"
NAME: Final = "annexes of incidents"  # no organisation's: theirs have no space
_DAY_S: Final = 86_400.0
_MOST_NAMED: Final = 10

_log = logging.getLogger(__name__)


class AnnexCare:
    """What is done with annexes by the clock."""

    def __init__(
        self, resources: Resources, disk: Disk, clock: Callable[[], float]
    ) -> None:
        """`clock` gives Unix seconds."""
        self._resources, self._disk, self._clock = resources, disk, clock

    def duty(self) -> Duty:
        """Once a day."""
        return Duty(name=NAME, run=self._turn, interval_s=_DAY_S, deadline_s=_DAY_S)

    async def _turn(self) -> Result:
        if not self._disk.takes("data"):
            return Result(outcome=OF_DISK)
        await sweep(self._resources, self._clock())
        return Result(outcome="ok")


async def sweep(resources: Resources, now: float) -> PurgedAnnexes:
    """Purge what has had its time, and say how many annexes are damaged.

    Raises:
        OSError: a disk is full or failed; the rest goes the next time.
    """
    db, days = resources.db, resources.settings.annex.days
    folder, papers = AnnexFolder(resources.home.annex), _papers_of(resources)
    found = await asyncio.to_thread(keep.find_due, folder, days, now)
    purged, left = 0, list[OutboxItem]()
    # One by one: whoever else has something to write waits for one only.
    for one in found.due:
        given = db, folder, papers, one, days, now
        if (still := await db.run(keep.purge_due, *given)) is not None:
            purged += 1
            left += still
    await db.run(folder.sweep)
    org = resources.settings.org
    named = [f"{org}/{one.incident}" for one in found.damaged]
    await db.write(_tell, named, int(now))
    for item in left:
        _log.warning("%s: purged, papers go on to %s", item.incident, item.agency)
    return PurgedAnnexes(purged=purged, damaged=len(named), left=_tell_left(left))


def _papers_of(resources: Resources) -> OwnPapers:
    return OwnPapers(PapersFolder(resources.home.outbox), resources.settings.org)


def _tell_left(left: Iterable[OutboxItem]) -> list[PapersLeft]:
    return [PapersLeft(incident=one.incident, agency=one.agency) for one in left]


def _tell(tx: Transaction, damaged: Sequence[str], now: int) -> None:
    if damaged:
        # By its names the gate knows whom the alarm is for (`readers.may_hear`).
        told = ", ".join(damaged[:_MOST_NAMED])
        detail = Sentence("why.of-them-named", count=len(damaged), names=told)
        alarms.raise_alarm(tx, ALARM, SUBJECT, detail, now)
    else:
        alarms.clear_alarm(tx, ALARM, SUBJECT)


async def save_annex(node: Node, given: SaveAnnex) -> SavedAnnex:
    """Keep an annex that was sealed for this organisation's key.

    Raises:
        FormatError: it is none, or the reason tells of a person.
        ConfigError: this node has no key for annexes.
        ConflictError: it is another organisation's, was sealed for another key, or
            there is one that is not to be replaced.
        NotFoundError: the election is none of this node's, or nobody of that name may
            do it.
        OSError: a disk is full or failed; nothing has changed.
    """
    resources = node.resources
    annex = parse_annex(given.annex.encode())
    head = annex.head
    resources.log_of(head.election)
    key = key_id(load_annex_public(resources.home))
    if (head.org, head.key) != (resources.settings.org, key):
        raise ConflictError(Sentence("annex.sealed-for-another", org=head.org))
    use = AnnexUse(
        what="add",
        election=head.election,
        incident=head.incident,
        person=given.person,
        why=given.why,
        at=int(node.clocks.wall()),
    )
    is_replaced = await resources.db.run(
        keep.save_annex,
        resources.db,
        AnnexFolder(resources.home.annex),
        annex,
        use,
        replace=given.replace,
    )
    return SavedAnnex(keep_until=head.keep_until, replaced=is_replaced)


async def use_annex(node: Node, given: UseAnnex) -> None:
    """Write down that an annex is about to be read.

    Raises:
        NotFoundError: nobody of that name may do it.
        FormatError: the reason tells of a person.
        OSError: a disk is full or failed.
    """
    at = int(node.clocks.wall())
    use = AnnexUse(
        given.use, given.election, given.incident, given.person, given.why, at
    )
    await node.resources.db.write(note_use, use)


async def purge_annex(node: Node, given: PurgeAnnex) -> PurgedAnnex:
    """Delete an annex, and what was drawn of it that is not on its way.

    Raises:
        NotFoundError: none is kept, or nobody of that name may do it.
        FormatError: the reason tells of a person.
        OSError: a disk is full or failed; the annex is there still.
    """
    resources, at = node.resources, int(node.clocks.wall())
    use = AnnexUse("purge", given.election, given.incident, given.person, given.why, at)
    left = await resources.db.run(
        keep.purge_annex,
        resources.db,
        AnnexFolder(resources.home.annex),
        _papers_of(resources),
        use,
    )
    return PurgedAnnex(left=_tell_left(left))


async def purge_due(node: Node, _: PurgeDueAnnexes) -> PurgedAnnexes:
    """Delete now what has had its time."""
    return await sweep(node.resources, node.clocks.wall())


#: The function of each request, for `commands.run`.
WORK: Final[Mapping[type[Request[Any]], Callable[[Node, Any], Awaitable[Any]]]] = {
    SaveAnnex: save_annex,
    UseAnnex: use_annex,
    PurgeAnnex: purge_annex,
    PurgeDueAnnexes: purge_due,
}
