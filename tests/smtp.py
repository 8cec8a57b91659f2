"""A mail server of one test: it takes messages, or does whatever goes wrong."""

import asyncio
import contextlib
import email
import email.policy
import re
from ssl import SSLContext

#: How a server may behave: what it answers to a command, or behind the last dot.
MOODS = {
    "takes": {},
    "rcpt-later": {"RCPT": b"450 4.2.1 mailbox busy\r\n"},
    "rcpt-never": {"RCPT": b"550 5.1.1 no such mailbox\r\n"},
    "mail-never": {"MAIL": b"553 5.7.1 not from you\r\n"},
    "dot-later": {".": b"451 4.3.0 try again\r\n"},
    "dot-never": {".": b"554 5.7.1 refused\r\n"},
    "hangs-at-mail": {"MAIL": None},
    "hangs-at-dot": {".": None},
    "cuts-at-dot": {".": b""},
    "takes-and-cuts": {".": b"", "kept": True},
}


class Postbox:
    """What it was handed, in order, and how it behaves now (`mood`)."""

    def __init__(self, tls: SSLContext | None = None, *, implicit: bool = False):
        self.mood, self.messages, self.commands = "takes", [], []
        self.delay_s = 0.0  # between taking a message and saying so
        self._tls, self._implicit = tls, implicit
        self._tasks = []

    @contextlib.asynccontextmanager
    async def open(self):
        """The port on which it listens until the end of the block."""
        tls = self._tls if self._implicit else None
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0, ssl=tls)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _talk(self, reader, writer):
        self._tasks.append(asyncio.current_task())
        try:
            with contextlib.suppress(OSError, EOFError, asyncio.CancelledError):
                await self._answer(reader, writer)
        finally:
            writer.transport.abort()

    async def _answer(self, reader, writer):
        writer.write(b"220 postbox\r\n")
        while line := await reader.readline():
            verb = line.split()[0].decode().upper() if line.split() else ""
            self.commands.append(verb)
            offered = b"250-STARTTLS\r\n" if self._tls else b""
            answers = {
                "EHLO": b"250-postbox\r\n" + offered + b"250 AUTH PLAIN\r\n",
                "STARTTLS": b"220 go on\r\n",
                "DATA": b"354 go on\r\n",
                "AUTH": b"235 in\r\n",
                **MOODS[self.mood],
            }
            answer = answers.get(verb, b"250 yes\r\n")
            if answer is None:
                await asyncio.sleep(3_600)
            writer.write(answer)
            await writer.drain()
            if verb == "STARTTLS":
                await writer.start_tls(self._tls)
            if verb == "DATA" and not await self._take(reader, writer):
                return

    async def _take(self, reader, writer):
        lines = []
        while (line := await reader.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line.removeprefix(b"."))
        says = MOODS[self.mood]
        if "." not in says or says.get("kept"):
            self.messages.append(b"".join(lines))
            await asyncio.sleep(self.delay_s)
        answer = says.get(".", b"250 2.0.0 taken as 4711\r\n")
        if answer is None:
            await asyncio.sleep(3_600)
        writer.write(answer)
        await writer.drain()
        return bool(answer)

    def mails(self):
        """The messages, read."""
        return [
            email.message_from_bytes(one, policy=email.policy.default)
            for one in self.messages
        ]

    def report_of(self, mail):
        """The name of the incident that a message is about."""
        return re.search(r"[a-z.]+/[0-9a-f]{32}", mail.get_body().get_content())[0]

    def reports(self):
        """The names of all, in order."""
        return [self.report_of(mail) for mail in self.mails()]
