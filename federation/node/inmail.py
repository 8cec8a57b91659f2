"""Mail that comes back from agencies, at a node that runs.

Rule: it is sealed for the coordinator's key and durable before it is noted, and noted
before it is answered: whoever is killed in between is sent it once more, and it takes
the place of what is there. What cannot be kept is refused, to be sent again, and told:

    agency-mail-refused  stays until it was seen to          mail

Nothing of what a mail says is in a log line, an alarm or an error.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from federation.config.agencies import Agency, load_agencies
from federation.config.annexkey import load_annex_public
from federation.config.sealingkey import key_id
from federation.errors import ConfigError, ConflictError
from federation.flows.annex.sealing import seal_bytes
from federation.flows.refer import received
from federation.flows.refer.inmail import mail_id, read_facts
from federation.flows.refer.received import MailUse
from federation.flows.refer.row import Hand
from federation.node.disk import Disk
from federation.node.node import Node
from federation.node.resources import Resources
from federation.records.canonical import format_time
from federation.schedule import OF_DISK, Duty, Result
from federation.store import alarms
from federation.store.agencyanswers import AgencyAnswer, find_answer, list_answers
from federation.store.mailbox import Mailbox, MailHead, SealedMail, bound_to_mail
from federation.web.requests.mail import (
    EndMail,
    MailTaken,
    PurgeMail,
    TakeMail,
    UseMail,
)
from federation.web.requests.request import Request

REFUSED: Final = "agency-mail-refused"
SUBJECT: Final = "mail"
NAME: Final = "mail of agencies"  # no organisation's: theirs have no space
_DAY_S: Final = 86_400.0
_HOUR_S: Final = 3_600.0

_log = logging.getLogger(__name__)


async def take_mail(node: Node, given: TakeMail) -> MailTaken:
    """Keep a mail, once.

    Raises:
        ConfigError: this node has no key that it could be sealed for.
        ConflictError: there is no room for more mail now.
        OSError: a disk is full or failed.
    """
    resources, now = node.resources, int(node.clocks.wall())
    db, org = resources.db, resources.settings.org
    node.disk.check()
    name, facts = await asyncio.to_thread(_read, given.data)
    if await db.read(find_answer, name) is not None:
        return MailTaken(id=name, outcome="held")
    item = await db.read(received.find_answered, facts, org)
    answer = received.to_answer(name, len(given.data), facts, item, now)
    answer = received.compare_sender(answer, facts.sender, _agencies(resources))
    try:
        await db.read(received.check_room, answer)
        public = load_annex_public(resources.home)
    except (ConfigError, ConflictError) as error:
        await db.write(alarms.raise_alarm, REFUSED, SUBJECT, error.told, now)
        raise
    head = MailHead(id=name, key=key_id(public), org=org, received_at=format_time(now))
    await asyncio.to_thread(_save, resources, head, given.data, public)
    is_new = await db.write(received.note_mail, answer)
    return MailTaken(id=name, outcome="kept" if is_new else "held")


def _read(data: bytes) -> tuple[str, Any]:
    return mail_id(data), read_facts(data)


def _save(resources: Resources, head: MailHead, data: bytes, public: bytes) -> None:
    sealed = SealedMail(head, seal_bytes(data, bound_to_mail(head), public))
    Mailbox(resources.home.mailbox).save(sealed)


def _agencies(resources: Resources) -> tuple[Agency, ...]:
    try:
        return load_agencies(resources.home.agencies)
    except ConfigError as error:
        # What came is kept all the same.
        _log.warning("nobody's address is compared: %s", error)
        return ()


class MailCare:
    """What is done with mail by the clock."""

    def __init__(
        self, resources: Resources, disk: Disk, clock: Callable[[], float]
    ) -> None:
        """`clock` gives Unix seconds."""
        self._resources, self._disk, self._clock = resources, disk, clock

    def duty(self) -> Duty:
        """Once a day."""
        return Duty(name=NAME, run=self._turn, interval_s=_DAY_S, deadline_s=_DAY_S)

    async def _turn(self) -> Result:
        if not self._disk.takes():
            return Result(outcome=OF_DISK)
        await sweep_mail(self._resources, self._clock())
        return Result(outcome="ok")


async def sweep_mail(resources: Resources, now: float) -> int:
    """Delete what has had its time, and note again what lies here unknown; how many.

    Raises:
        OSError: a disk is full or failed; the rest goes the next time.
    """
    db, box = resources.db, Mailbox(resources.home.mailbox)
    days = resources.settings.annex.days
    due = await db.read(received.find_due_mail, days, now)
    for answer in due:
        # First the file: what is noted no more would never be deleted.
        await asyncio.to_thread(box.drop, answer.id)
        await db.write(received.forget_mail, answer, int(now))
    await asyncio.to_thread(box.sweep)
    known = {one.id for one in await db.read(list_answers)}
    for name, size, written_at in await asyncio.to_thread(lambda: list(box.walk())):
        # Its row was lost, or its node was killed before it wrote one; it may yet.
        if name not in known and written_at + _HOUR_S < now:
            lost = AgencyAnswer(id=name, way="mail", size=size, received_at=int(now))
            await db.write(received.note_mail, lost)
    return len(due)


async def use_mail(node: Node, given: UseMail) -> None:
    """Write down that a mail is about to be read.

    Raises:
        NotFoundError: no such mail came, or nobody of that name may read it.
        FormatError: the reason tells of a person.
    """
    at = int(node.clocks.wall())
    use = MailUse(given.use, given.id, given.person, given.why, at)
    await node.resources.db.write(received.note_mail_use, use)


async def end_mail(node: Node, given: EndMail) -> AgencyAnswer:
    """Somebody has dealt with it.

    Raises:
        NotFoundError: no such mail came, or nobody of that name may say so.
    """
    hand = Hand(given.person, int(node.clocks.wall()))
    return await node.resources.db.write(received.end_mail, given.id, hand)


async def purge_mail(node: Node, given: PurgeMail) -> AgencyAnswer:
    """Delete what it says.

    Raises:
        NotFoundError: no such mail came, or nobody of that name may delete it.
        FormatError: the reason tells of a person.
        OSError: a disk failed; it is there still, and can be deleted once more.
    """
    db, hand = node.resources.db, Hand(given.person, int(node.clocks.wall()))
    gone = await db.write(received.note_purge, given.id, given.why, hand)
    box = Mailbox(node.resources.home.mailbox)
    await asyncio.to_thread(box.drop, given.id)
    return gone


#: The function of each request, for `commands.run`.
WORK: Final[Mapping[type[Request[Any]], Callable[[Any, Any], Awaitable[Any]]]] = {
    TakeMail: take_mail,
    UseMail: use_mail,
    EndMail: end_mail,
    PurgeMail: purge_mail,
}
