"""One message about alarms brought out: by e-mail, to a program, by another service.

Rule: what failed is told precisely, and never with a secret in it. Own code only for
what the project has anyway: e-mail as it goes to agencies, and a signed POST. All other
services are `apprise`'s, an optional package that is loaded for the first message, in a
thread: a node that uses none pays nothing for it (pyproject.toml says why this one).
A message may arrive twice (its number is the same then), never silently not at all.
"""

import asyncio
import importlib
import logging
import re
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate
from random import Random
from typing import Any, Final

from federation.config.home import Home
from federation.config.keystore import read_private
from federation.config.recipients import Recipient
from federation.config.settings import Settings
from federation.errors import ConfigError, FederationError
from federation.feeds.signature import RequestSigner, SharedSecret
from federation.flows.refer.mail import MailError, MailHandover
from federation.node.couriers import mail_server
from federation.node.noticetext import NoticeMessage
from federation.node.posting import (
    SEND_S,
    SessionOf,
    UndeliveredError,
    one_line,
    post,
)
from federation.text import Sentence
from federation.text.cause import tell_refusal
from federation.tlog.keys import Signer

_MIN_SECRET: Final = 6


class NoticeSender:
    """The ways out of one node."""

    def __init__(
        self,
        settings: Settings,
        home: Home,
        key: Signer,
        session_of: SessionOf,
        clock: Callable[[], float],
        random: Random,
    ) -> None:
        """`key` is the node's; `clock` gives Unix seconds."""
        self._settings, self._home, self._key = settings, home, key
        self._session_of, self._clock, self._random = session_of, clock, random

    async def send(self, recipient: Recipient, message: NoticeMessage) -> None:
        """Bring it there, within `SEND_S`.

        Raises:
            UndeliveredError: why not.
        """
        try:
            if recipient.email is not None:
                await self.mail(recipient.email, message)
            elif recipient.webhook is not None:
                await self._post(recipient, recipient.webhook, message)
            else:
                await self._hand_on(recipient, message)
        except ConfigError as error:
            raise UndeliveredError(
                Sentence("notices.config", why=error.told)
            ) from error
        except (FederationError, OSError) as error:
            told = tell_refusal(error) if isinstance(error, OSError) else error.told
            raise UndeliveredError(told) from error

    async def mail(self, address: str, message: NoticeMessage) -> None:
        """Hand it to our mail server.

        Raises:
            UndeliveredError: it was not taken.
            ConfigError: no server is named, or its password cannot be read.
        """
        server = await asyncio.to_thread(mail_server, self._settings, self._home)
        handover, where = MailHandover(server), f"{server.host}:{server.port}"
        sender = self._settings.mail.sender or ""
        mail = _write(message, sender, address, self._settings.name, self._clock())
        timer = asyncio.get_running_loop().call_later(SEND_S, handover.abort)
        try:
            await asyncio.to_thread(handover.begin, sender, address)
            await asyncio.to_thread(handover.deliver, mail)
        except MailError as error:
            raise UndeliveredError(
                Sentence("notices.mail-failed", server=where, answer=error.answer)
            ) from error
        finally:
            timer.cancel()
            # Who stops the node does not wait for a server that says nothing.
            handover.abort()
            handover.close()

    async def _post(
        self, recipient: Recipient, url: str, message: NoticeMessage
    ) -> None:
        secret = recipient.webhook_key
        signer: Signer | SharedSecret = self._key
        if secret is not None:
            data = await asyncio.to_thread(read_private, self._home.folder / secret)
            signer = SharedSecret(self._settings.org, data.strip())
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": f'"{message.number.strip("<>")}"',
        }
        signed = RequestSigner(signer, self._clock, self._random)
        headers |= signed.sign("POST", url, message.payload)
        session = self._session_of(allow_private=recipient.allow_private)
        await post(session, url, message.payload, headers, self._clock())

    async def _hand_on(self, recipient: Recipient, message: NoticeMessage) -> None:
        path = self._home.folder / (recipient.address_file or "")
        address = (await asyncio.to_thread(read_private, path)).decode(
            "utf-8", "replace"
        )
        await asyncio.to_thread(_notify, address.strip(), message)


def _notify(address: str, message: NoticeMessage) -> None:
    """Let the package bring it to the service of this address.

    Raises:
        UndeliveredError: the package is missing, the address says nothing to it, or the
            service did not take it.
    """
    try:
        apprise: Any = importlib.import_module("apprise")
    except ImportError:
        raise UndeliveredError(Sentence("notices.no-apprise")) from None
    # Its own lines may hold the address; they are taken apart here, and go nowhere.
    log = apprise.logger
    log.propagate = False
    services, is_known, is_taken, told = apprise.Apprise(), True, False, ""
    with apprise.LogCapture(level=logging.WARNING) as captured:
        try:
            is_known = services.add(address)
            if is_known:
                given = {"body": message.body, "title": message.subject}
                is_taken = services.notify(**given)
            told = captured.getvalue()
        except Exception as error:  # noqa: BLE001  of a hundred services, each by somebody else, any may break
            told = f"{type(error).__name__}: {error}"
    if not is_known:
        raise UndeliveredError(Sentence("notices.unknown-service"))
    if not is_taken:
        answer = hide_secrets(one_line(told), address)
        raise UndeliveredError(
            Sentence("notices.service-refused", answer=answer or "-")
        )


def hide_secrets(text: str, address: str) -> str:
    """The text without any part of an address that may be a secret."""
    parts = re.split(r"[/:@?&=,;]+", address)[1:]
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= _MIN_SECRET:
            text = text.replace(part, "…")
    return text


def _write(
    message: NoticeMessage, sender: str, address: str, name: str, now: float
) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["Subject"] = message.subject
    shown = re.sub(r"[^\w .-]", " ", name)
    mail["From"] = f'"{shown}" <{sender}>'
    mail["To"] = address
    mail["Date"] = formatdate(now)
    mail["Message-ID"] = message.number
    # No vacation answers it.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.body)
    return mail
