"""Alarms leave the machine: what is due is sent, kept where it cannot be, sent later.

Rule: nothing the node does waits for it. Each recipient has its own task and its own
backoff, so that one that is gone holds nobody up; what was told stands in the database
and in memory, so that a full disk tells nobody twice. A proved fork goes to the contact
in the partner's own signed note first: it knows best whether its key was stolen.
"""

import asyncio
import contextlib
import logging
import re
from collections.abc import Mapping
from random import Random
from typing import Final, Protocol

from aiohttp import ClientSession

from federation.config.member import EMAIL
from federation.config.recipients import Recipient
from federation.errors import FederationError, FormatError, RecordError
from federation.node.alarmwatch import AlarmKey, AlarmWatch
from federation.node.backoff import Backoff
from federation.node.events import say
from federation.node.noticeplan import UNSENT, DueNotice, NoticePlan, Wish
from federation.node.noticesending import NoticeSender
from federation.node.noticetext import write_notice, write_to_partner
from federation.node.peers import Peers
from federation.node.posting import UndeliveredError
from federation.node.resources import Clocks, Resources
from federation.records.about import open_about_unpinned
from federation.store import keystatements, notices
from federation.store.alarms import Alarm, find_details
from federation.store.notices import Notice
from federation.store.view import View
from federation.text import Sentence

FORK: Final = "fork"
FIRST_WAIT_S: Final = 15.0
MAX_WAIT_S: Final = 1_800.0
_WATCH_S: Final = 1.0
_log = logging.getLogger(__name__)
#: A partner is told of its fork so long before all others are told as well.
_FIRST_S: Final = 20.0
_TO_PARTNER: Final = "partner "


class NoticeHost(Protocol):
    """What telling needs of the node."""

    resources: Resources
    clocks: Clocks
    alarm_watch: AlarmWatch
    peers: Peers

    def session(self, *, allow_private: bool) -> ClientSession:
        """The connections to others than partners."""

    async def alarm(self, code: str, subject: str, detail: Sentence | None) -> None:
        """Raise an alarm, or clear it where `detail` is None."""


class Notices:
    """What one node tells of its alarms."""

    def __init__(self, host: NoticeHost, random: Random) -> None:
        """`host` has its resources, clocks and alarms already."""
        self._host = host
        settings = host.resources.settings
        self._settings = settings.alarms
        self._plan = NoticePlan((), self._settings.remind_h * 3_600)
        self._saved: list[Notice] | None = None  # None: not loaded yet
        self._sender = NoticeSender(
            settings,
            host.resources.home,
            host.resources.keys.node,
            host.session,
            host.clocks.wall,
            random,
        )
        self._backoff = Backoff(host.clocks.steady, FIRST_WAIT_S, MAX_WAIT_S)
        self._sending: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Look which alarms stand, and tell of them; again and again."""
        try:
            while True:
                await self.look()
                await asyncio.sleep(_WATCH_S)
        finally:
            for task in self._sending.values():
                task.cancel()

    async def look(self) -> None:
        """Begin to tell what is due now."""
        standing = await self._host.alarm_watch.look()
        if not self._settings.to:
            return
        if self._saved is None:
            self._saved = await self._load()
        now = int(self._host.clocks.wall())
        partners = await self._partner_wishes(standing)
        ours = {one.name: one for one in self._settings.to}
        wishes = [
            *partners.values(),
            *(Wish(recipient=n, at_least=one.at_least) for n, one in ours.items()),
        ]
        self._plan.follow(standing, wishes, now)
        first = [t for w in partners.values() if (t := self._begin(w, None, now))]
        if first:
            await asyncio.wait(first, timeout=_FIRST_S)
        for wish in wishes[len(partners) :]:
            self._begin(wish, ours[wish.recipient], now)
        await self._save()

    async def settled(self) -> None:
        """Wait until what is being sent has been, or not."""
        await asyncio.gather(*self._sending.values())

    def _begin(
        self, wish: Wish, recipient: Recipient | None, now: int
    ) -> asyncio.Task[None] | None:
        name = wish.recipient
        if name in self._sending or self._backoff.is_waiting(name):
            return None
        due = self._plan.due(wish, now)
        if not due:
            return None
        task = asyncio.create_task(self._deliver(name, recipient, due))
        self._sending[name] = task
        task.add_done_callback(lambda task: self._ended(name, task))
        return task

    def _ended(self, name: str, task: asyncio.Task[None]) -> None:
        self._sending.pop(name, None)
        if not task.cancelled() and (error := task.exception()):
            # A bug of ours: it is said, and not tried again each second.
            _log.error("a message to %s ended by an error", name, exc_info=error)
            self._backoff.put_off(name)

    async def _deliver(
        self, name: str, recipient: Recipient | None, due: list[DueNotice]
    ) -> None:
        settings = self._host.resources.settings
        try:
            if recipient is None:
                address = name.rpartition(" ")[2]
                message = write_to_partner(settings, name, due)
                await self._sender.mail(address, message)
            else:
                message = write_notice(settings, name, recipient.language, due)
                await self._sender.send(recipient, message)
        except (UndeliveredError, FederationError) as error:
            await self._failed(name, error.told)
            return
        self._plan.told(name, due, int(self._host.clocks.wall()))
        was_failing = self._backoff.forget(name)
        say("told", name, recipient=name, alarms=len(due), number=message.number)
        await self._save()
        if was_failing or await self._is_unsent(name):
            await self._alarm(name, None)

    async def _failed(self, name: str, reason: Sentence) -> None:
        wait = self._backoff.put_off(name)
        say(
            "not-told",
            name,
            level=logging.WARNING,
            recipient=name,
            again_s=wait,
            reason=reason,
        )
        await self._alarm(name, reason)

    async def _is_unsent(self, name: str) -> bool:
        """Whether an earlier run has said that nothing goes there."""
        with contextlib.suppress(FederationError):
            return name in await self._host.resources.db.read(find_details, UNSENT)
        return False

    async def _alarm(self, name: str, reason: Sentence | None) -> None:
        # What the disk does not take was said already.
        with contextlib.suppress(FederationError, OSError):
            await self._host.alarm(UNSENT, name, reason)

    async def _load(self) -> list[Notice]:
        kept: list[Notice] = []
        with contextlib.suppress(FederationError):
            kept = await self._host.resources.db.read(notices.load_notices)
        self._plan = NoticePlan(kept, self._settings.remind_h * 3_600)
        return kept

    async def _save(self) -> None:
        now = self._plan.notices
        if now == self._saved:
            return
        with contextlib.suppress(FederationError, OSError):
            await self._host.resources.db.write(notices.save_notices, now)
            self._saved = now

    async def _partner_wishes(
        self, standing: Mapping[AlarmKey, Alarm]
    ) -> dict[str, Wish]:
        """Of each partner that signed two histories: that it is told so, once."""
        has_mail = self._host.resources.settings.mail.host is not None
        if not (self._settings.tell_partner and has_mail):
            return {}
        forked: dict[str, set[str]] = {}
        for code, origin in standing:
            org = origin.partition("/")[0]
            if code == FORK and org in self._host.peers.by_org:
                forked.setdefault(org, set()).add(origin)
        found = {}
        for org, origins in forked.items():
            address = await self._host.resources.db.read(contact_address, org)
            if address:
                codes, subjects = frozenset({FORK}), frozenset(origins)
                found[org] = Wish(
                    recipient=f"{_TO_PARTNER}{org} {address}",
                    codes=codes,
                    subjects=subjects,
                    is_once=True,
                )
        return found


def contact_address(view: View, org: str) -> str | None:
    """The e-mail address in the contact that an organisation has signed, if any."""
    note = keystatements.read_about(view, org)
    try:
        about = None if note is None else open_about_unpinned(note)
    except (FormatError, RecordError):
        return None
    words = re.split(r"[\s<>,;()]+", about.contact) if about else []
    return next((word for word in words if _is_address(word)), None)


def _is_address(word: str) -> bool:
    return len(word) <= 254 and re.search(EMAIL, word) is not None
