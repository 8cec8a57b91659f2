"""One report handed over to an agency's server, by e-mail or to a program of it.

Rule: whatever can be found out before the first byte of the papers leaves is found out
before; then the row says `sending`, durably; then the bytes go; then the row says what
became of them. An answer that cannot be written down is tried to be written until it
is: who is killed meanwhile is unsure. In this process, at most one at a time.
"""

import asyncio
import logging
from random import Random
from typing import Final, Protocol

import aiohttp
from yarl import URL

from federation.config.agencies import Agency, load_agencies
from federation.config.home import Home
from federation.config.keystore import read_private
from federation.config.settings import Settings
from federation.errors import ConfigError, ConflictError, FederationError, NotFoundError
from federation.feeds.signature import RequestSigner, SharedSecret
from federation.flows.refer import sending as steps
from federation.flows.refer.hook import MAX_ANSWER_BYTES, judge_answer, write_hook
from federation.flows.refer.mail import (
    MAIL_S,
    MailError,
    MailHandover,
    MailServer,
    write_mail,
)
from federation.flows.refer.row import quote_answer
from federation.flows.refer.sending import TryEnd
from federation.node.resources import Clocks, Resources
from federation.records.referral import ReferralWay
from federation.store.outbox import OutboxItem, find_item
from federation.store.papers import PapersFolder
from federation.store.trymark import TryMark, newest_action
from federation.text import Sentence
from federation.text.cause import tell_refusal
from federation.tlog.keys import Signer

#: A program of an agency may take so long.
HOOK_S: Final = 120.0
#: Tried again after so long, twice as long each time.
FIRST_WAIT_S: Final = 60
MAX_WAIT_S: Final = 4 * 3_600
_AGAIN_S: Final = 1.0

_log = logging.getLogger(__name__)


class CourierHost(Protocol):
    """What handing over needs of the node."""

    resources: Resources
    clocks: Clocks

    def session(self, *, allow_private: bool) -> aiohttp.ClientSession:
        """The connections to others than partners."""


class Courier:
    """Hands over, and writes down what became of it."""

    def __init__(self, host: CourierHost, random: Random, mark: TryMark) -> None:
        """`host` has its resources and clocks already."""
        self._host, self._random, self._mark = host, random, mark

    async def send(self, item: OutboxItem) -> OutboxItem:
        """Try once; how far it is then."""
        resources = self._host.resources
        try:
            agency = find_agency(resources, item.agency, item.way)
            papers = PapersFolder(resources.home.outbox)
            data = await asyncio.to_thread(papers.load, item.dossier, item.kind)
            if item.way == "webhook":
                return await self._post(item, agency, data)
            return await self._mail(item, agency, data)
        except ConflictError:
            # It was withdrawn while the server was asked.
            found = await resources.db.read(find_item, *item.key)
            return found or item
        except (FederationError, OSError) as error:
            # Of ours: a file that is missing or wrong. Whoever mends it need not hurry.
            told = tell_refusal(error) if isinstance(error, OSError) else error.told
            return await self._end(item, self._later(item, told))

    async def _mail(self, item: OutboxItem, agency: Agency, data: bytes) -> OutboxItem:
        resources = self._host.resources
        settings = resources.settings
        sender = settings.mail.sender or ""
        handover = MailHandover(mail_server(settings, resources.home))
        # A server that speaks one letter a minute is cut off.
        timer = asyncio.get_running_loop().call_later(MAIL_S, handover.abort)
        try:
            try:
                await asyncio.to_thread(handover.begin, sender, agency.email or "")
            except MailError as error:
                return await self._end(item, self._refused(item, error))
            item, now = await self._begin(item), self._now()
            mail = write_mail(
                item,
                agency,
                data,
                sender=sender,
                name=settings.name,
                org=settings.org,
                now=now,
            )
            try:
                answer = await asyncio.to_thread(handover.deliver, mail)
            except MailError as error:
                return await self._end(item, self._refused(item, error))
            return await self._end(item, TryEnd("sent", quote_answer(answer)))
        finally:
            timer.cancel()
            handover.close()

    async def _post(self, item: OutboxItem, agency: Agency, data: bytes) -> OutboxItem:
        resources, wall = self._host.resources, self._host.clocks.wall
        settings, url = resources.settings, agency.webhook or ""
        signer = await asyncio.to_thread(_signer_for, resources, agency)
        item = await self._begin(item)
        sender = {"org": settings.org, "name": settings.name}
        body, headers = write_hook(item, data, contact=settings.contact, **sender)
        headers |= RequestSigner(signer, wall, self._random).sign("POST", url, body)
        session = self._host.session(allow_private=agency.allow_private)
        try:
            async with session.post(
                URL(url, encoded=True),
                data=body,
                headers=headers,
                timeout=aiohttp.ClientTimeout(total=HOOK_S),
                allow_redirects=False,
            ) as answer:
                said = await answer.content.read(MAX_ANSWER_BYTES)
                outcome, reference = judge_answer(answer.status, said)
                told = quote_answer(f"{answer.status} {answer.reason or ''}")
        except aiohttp.ClientConnectorError as error:  # no byte has left
            return await self._end(item, self._later(item, _told(error)))
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return await self._end(item, TryEnd("unsure", _told(error)))
        if outcome == "later":
            return await self._end(item, self._later(item, told))
        return await self._end(item, TryEnd(outcome, told, reference=reference))

    async def _begin(self, item: OutboxItem) -> OutboxItem:
        """The row says so, then the mark outside of the database, then it may leave.

        Raises:
            ConflictError: it is not to go; its row says why.
            OSError: no disk takes that it goes.
        """
        db = self._host.resources.db
        item = await db.write(steps.begin_try, item, self._now())
        try:
            await asyncio.to_thread(self._mark.write, await db.read(newest_action))
        except OSError as error:
            await self._end(item, self._later(item, tell_refusal(error)))
            raise ConflictError(tell_refusal(error)) from error
        return item

    def _refused(self, item: OutboxItem, error: MailError) -> TryEnd:
        if not error.is_known:
            return TryEnd("unsure", error.answer)
        if error.is_final:
            return TryEnd("failed", error.answer)
        return self._later(item, error.answer)

    def _later(self, item: OutboxItem, answer: Sentence) -> TryEnd:
        # As long again as it has been tried: so each wait is twice the last one, also
        # of a process that was started anew.
        wait = min(max(FIRST_WAIT_S, self._now() - item.approved_at), MAX_WAIT_S)
        return TryEnd("later", answer, self._now() + wait)

    async def _end(self, item: OutboxItem, end: TryEnd) -> OutboxItem:
        """Write down what became of it, as soon as a disk takes it."""
        db = self._host.resources.db
        while True:
            try:
                return await db.write(steps.end_try, item, end, self._now())
            except OSError:
                _log.warning("%s %s is not written yet", item.incident, item.agency)
                await asyncio.sleep(_AGAIN_S)

    def _now(self) -> int:
        return int(self._host.clocks.wall())


def find_agency(resources: Resources, key: str, way: ReferralWay | None) -> Agency:
    """The agency of this key in agencies.toml.

    Raises:
        NotFoundError: there is none, or it cannot be reached by this way.
        ConfigError: the file cannot be used.
    """
    known = load_agencies(resources.home.agencies)
    found = next((one for one in known if one.key == key), None)
    if found is None:
        why = Sentence("outbox.no-agency", key=key, path=resources.home.agencies)
        raise NotFoundError(why)
    if way is not None and way != "by-hand" and way not in found.ways:
        why = Sentence("outbox.no-such-way", key=key, way=Sentence(f"refer.way-{way}"))
        raise NotFoundError(why)
    return found


def _signer_for(resources: Resources, agency: Agency) -> Signer | SharedSecret:
    """Who signs what goes to a program: our node key, or the secret shared with it.

    Raises:
        ConfigError: the secret cannot be read, or others can read it, too.
    """
    if agency.webhook_key is None:
        return resources.keys.node
    secret = read_private(agency.webhook_key)
    return SharedSecret(resources.settings.org, secret.strip())


def mail_server(settings: Settings, home: Home) -> MailServer:
    """Where mail goes.

    Raises:
        ConfigError: no server is named, or the password cannot be read.
    """
    mail, folder = settings.mail, home.folder
    if mail.host is None:
        where = str(home.settings)
        raise ConfigError(where, "mail.host", Sentence("outbox.no-mail"))
    password = ""
    if mail.password_file is not None:
        data = read_private(folder / mail.password_file)
        password = data.decode("utf-8", "replace").strip()
    return MailServer(
        host=mail.host,
        port=mail.port,
        security=mail.security,
        user=mail.user or "",
        password=password,
        ca_file=None if mail.ca_file is None else folder / mail.ca_file,
    )


def _told(error: Exception) -> Sentence:
    """Why nobody could be spoken with, in words of ours where there are some."""
    if isinstance(error, OSError):
        return tell_refusal(error)
    return quote_answer(str(error) or type(error).__name__)
