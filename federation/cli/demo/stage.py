"""Three nodes on this machine, each a real process with a home of its own.

Rule: everything is done through the doors that operators use: the commands of
`federation`, and HTTP. The stage ends what it started, by session, and nothing else. It
waits for processes only: a pipe is closed when the last who holds it has gone.
"""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import aiohttp

from federation.errors import FederationError, PeerError
from federation.text import Sentence, quote

START_S, STOP_S, COMMAND_S = 120.0, 10.0, 120.0
#: What a command of the demonstration runs as.
CHILD = "federation.cli.demo.child"
#: A federation of one laptop may ask every second; the default is a minute.
SYNC_EVERY_S = 1


@dataclass(kw_only=True)
class DemoMember:
    """One organisation of the demonstration and its node."""

    key: str
    name: str
    home: Path
    port: int = 0
    process: asyncio.subprocess.Process | None = field(default=None, repr=False)

    @property
    def org(self) -> str:
        """Its domain; `.example` belongs to nobody (RFC 2606)."""
        return f"{self.key}.example"

    @property
    def url(self) -> str:
        """Where its node answers."""
        return f"http://127.0.0.1:{self.port}"


class CommandError(FederationError):
    """A command of the demonstration failed."""


class Stage:
    """The members, how to give them commands, and how to ask their nodes."""

    def __init__(
        self, folder: Path, environ: Mapping[str, str], language: str = "en"
    ) -> None:
        """`folder` is empty and belongs to us; refusals are in this `language`."""
        names = {"jagapemilu": "Jaga Pemilu", "jagasuara": "Jaga Suara"}
        names["kawalpemilu"] = "Kawal Pemilu"
        self.members = {
            key: DemoMember(key=key, name=name, home=folder / key)
            for key, name in names.items()
        }
        self._environ = {**environ, "PYTHONUNBUFFERED": "1"}
        self._language = language
        self._session: aiohttp.ClientSession | None = None
        self._input = -1  # while it is open

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["Stage"]:
        """The stage; every node that was started is stopped at the end."""
        timeout = aiohttp.ClientTimeout(total=START_S)
        said = {"Accept-Language": self._language}
        async with aiohttp.ClientSession(
            timeout=timeout, trust_env=False, headers=said
        ) as session:
            self._session = session
            # Nobody writes into it: it ends when this process does, however it does.
            self._input, lifeline = os.pipe()
            try:
                yield self
            finally:
                await asyncio.gather(*map(self._stop, self.members.values()))
                os.close(lifeline)
                os.close(self._input)

    async def command(self, member: DemoMember, *words: str) -> Any:  # noqa: ANN401  # JSON
        """What `federation WORDS --json` printed for this member.

        Raises:
            CommandError: it failed; with its own words.
        """
        with TemporaryFile() as out, TemporaryFile() as err:
            process = await self._spawn(member, *words, "--json", out=out, err=err)
            try:
                async with asyncio.timeout(COMMAND_S):
                    await process.wait()
            finally:
                await _end(process)
            printed, complaint = _read(out), _read(err)
        if process.returncode:
            text = complaint.decode(errors="replace").strip()
            text = text or f"exit {process.returncode}"
            raise CommandError(
                Sentence("demo.command", words=" ".join(words), text=text)
            )
        return json.loads(printed) if printed.strip() else None

    async def set_up(self, member: DemoMember, election: str) -> None:
        """Keys and settings; the identity key's passphrase lies in the folder.

        Raises:
            CommandError: `federation init` failed.
        """
        member.home.mkdir(parents=True)
        passphrase = member.home / "passphrase"
        passphrase.touch(mode=0o600)
        passphrase.write_text("demonstration only\n")
        member.port = free_port()
        await self.command(
            member, "init", "--yes", "--org", member.org, "--name", member.name,
            "--contact", f"data@{member.org}", "--election", election,
            "--port", str(member.port), "--passphrase-file", str(passphrase),
        )  # fmt: skip
        settings = member.home / "federation.toml"
        text = settings.read_text()
        for key, value in (("interval_s", SYNC_EVERY_S), ("reconcile_wait_s", 5)):
            # The first is that of [sync]; other tables have an interval, too.
            line = rf"(?m)^#? ?{key} = .*$"
            text, changed = re.subn(line, f"{key} = {value}", text, count=1)
            assert changed == 1, f"federation init writes {key}"
        settings.write_text(text)

    async def start(self, member: DemoMember) -> None:
        """Start the member's node; return when it answers.

        Raises:
            PeerError: it did not start; with what it printed.
        """
        # Into a file: nobody reads a pipe while the story goes on, and a full one
        # would stop the node.
        with (member.home / "serve.log").open("wb") as log:
            member.process = await self._spawn(member, "serve", out=log, err=log)
        try:
            async with asyncio.timeout(START_S):
                while not await self._answers(member):  # noqa: ASYNC110  another process cannot set an event here
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise PeerError(
                member.org, member.url, reason=Sentence("demo.not-started")
            ) from None

    async def connect(self, member: DemoMember, others: Sequence[DemoMember]) -> None:
        """Add others as partners; an address is given only for neighbours.

        Raises:
            CommandError: `federation peers add` failed.
        """
        for other in others:
            shown = await self.command(other, "keys", "show")
            await self.command(
                member, "peers", "add", other.url, "--allow-private",
                "--expect", shown["fingerprint"],
            )  # fmt: skip

    async def get(self, member: DemoMember, path: str) -> Any:  # noqa: ANN401  # JSON
        """What a node answers on a path, decoded.

        Raises:
            PeerError: no answer, or a refusal.
        """
        assert self._session is not None, "used outside `open`"
        try:
            async with self._session.get(member.url + path) as answer:
                if answer.status != 200:
                    raise PeerError(member.org, path, answer.status)
                if answer.content_type == "application/json":
                    return await answer.json()
                return await answer.read()
        except aiohttp.ClientError as error:
            raise PeerError(member.org, path, reason=quote(error)) from error

    async def post(self, member: DemoMember, path: str, body: object) -> Any:  # noqa: ANN401  # JSON
        """What a node answers to its operator, who may read its control token."""
        assert self._session is not None, "used outside `open`"
        control = json.loads((member.home / "data" / "control.json").read_text())
        headers = {"Authorization": f"Bearer {control['token']}"}
        url = member.url + path
        async with self._session.post(url, json=body, headers=headers) as answer:
            return await answer.json()

    async def _answers(self, member: DemoMember) -> bool:
        process = member.process
        assert process is not None
        if process.returncode is not None:
            log = (member.home / "serve.log").read_text(errors="replace").strip()
            raise PeerError(member.org, member.url, reason=quote(log))
        with contextlib.suppress(PeerError, TimeoutError):
            await self.get(member, "/livez")
            return True
        return False

    async def _spawn(
        self, member: DemoMember, *words: str, out: IO[bytes], err: IO[bytes]
    ) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", CHILD, *words, "--home", str(member.home),
            stdin=self._input,
            stdout=out,
            stderr=err,
            env=self._environ,
            # Ctrl-C reaches the demonstration only, which then stops its nodes.
            start_new_session=True,
        )  # fmt: skip

    async def _stop(self, member: DemoMember) -> None:
        process = member.process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_S):
                await process.wait()
        await _end(process)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Have the kernel end it and whatever it has started, if it has not ended."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def _read(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def free_port() -> int:
    """A port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment() -> dict[str, str]:
    """The environment that nodes run in: ours, without a home of another node."""
    return {k: v for k, v in os.environ.items() if k != "FEDERATION_HOME"}
