"""How a command writes: by itself where nobody does, else through the running node.

Rule: one process writes (a lock on the data folder). A command that gets the lock is a
node for as long as it takes: it asks its partners before it signs, as `serve` does. A
command that finds it held hands its work to the node that holds it, with the address
and the token of `data/control.json`. Either way a command sees the same desk.

    {"url": "http://127.0.0.1:8470", "token": "…"}
"""

import contextlib
import errno
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from random import Random
from typing import Any, Protocol, TypeVar

import aiohttp
import msgspec

from federation.cli.context import Run
from federation.config.keystore import read_handed
from federation.decoding import parse_any_json, parse_json
from federation.errors import (
    ConfigError,
    ConflictError,
    DoubtError,
    FederationError,
    FormatError,
    KeptError,
    NotFoundError,
    PeerError,
    RecordError,
    UnknownPastError,
)
from federation.feeds.connection import judge_failure
from federation.flows.merge import merge_once
from federation.flows.ownlog.ingest import Verdict
from federation.node.api import NodeDesk
from federation.node.node import Node
from federation.node.resources import Clocks, open_resources
from federation.records.register import Register, encode_register
from federation.store import registers
from federation.text import Sentence
from federation.text.cause import cause_of

DEADLINE_S = 600
MAX_BODY_BYTES = 4 << 20  # half of what a node takes by default
_MAX_CONTROL_BYTES = 4096
T = TypeVar("T")
#: What the node's machine refuses is refused by this one.
_REFUSED: Mapping[str, int] = {"disk-full": errno.ENOSPC, "disk-failed": errno.EIO}
_BLAME: Mapping[str, type[FederationError]] = {
    "conflict": ConflictError,
    "format": FormatError,
    "in-doubt": DoubtError,
    "kept": KeptError,
    "not-found": NotFoundError,
    "record": RecordError,
    "unknown-past": UnknownPastError,
}


class ClientDesk(Protocol):
    """Where a command hands in work; it answers when the work is durable."""

    async def take_records(
        self,
        election: str,
        drafts: Sequence[dict[str, Any]],
        *,
        force: bool,
        restate: bool,
        unlisted: bool = False,
    ) -> list[Verdict]:
        """Sign and publish; one verdict per draft, in order.

        With `unlisted` stations go in that the election should not have.
        """

    async def run(self, command: str, arguments: dict[str, Any]) -> object:
        """One of the commands of `node/commands.py`; a JSON value."""

    async def save_register(self, register: Register, source: str) -> None:
        """Put `register` in the place of what its election had."""


@contextlib.asynccontextmanager
async def open_desk(
    run: Run, *, alone: bool = False, signs: bool = True
) -> AsyncIterator[ClientDesk]:
    """The desk of this home: ours, or that of the node that runs.

    Args:
        run: Of the command.
        alone: Sign without having asked the partners; the operator's word.
        signs: Without it our logs are left as they are, see `Node.open`.

    Raises:
        ConflictError: Another command, not a node, holds the lock.
        FederationError: The node cannot be opened, see `open_resources`.
    """
    with contextlib.ExitStack() as stack:
        try:
            resources = stack.enter_context(open_resources(run.home, run.settings))
        except ConflictError:
            if not run.home.control.exists():
                raise
            async with _remote(run) as desk:
                if alone:
                    await desk.run("alone", {})
                yield desk
            return
        clocks = Clocks(wall=run.clock, steady=time.monotonic)
        node = Node(resources, clocks, Random(), alone=alone)  # noqa: S311 - jitter, no secret
        async with node.open(signs=signs):
            yield LocalDesk(node)
            # Nobody will follow the log when this command is gone.
            while await resources.db.run(
                merge_once,
                resources.db,
                resources.profiles,
                hidden=node.peers.hidden,
                now=int(clocks.wall()),
            ):
                pass


class LocalDesk(NodeDesk):
    """The desk of a node that is there for one command."""

    async def save_register(self, register: Register, source: str) -> None:
        """See `ClientDesk`: without the detour through bytes."""
        await self._node.resources.db.write(registers.save_register, register, source)


class _Verdicts(msgspec.Struct, frozen=True):
    verdicts: list[Verdict]


class _Control(msgspec.Struct, frozen=True):
    url: str
    token: str


@contextlib.asynccontextmanager
async def _remote(run: Run) -> AsyncIterator["RemoteDesk"]:
    path = run.home.control
    try:
        data = read_handed(path, _MAX_CONTROL_BYTES, any_owner=True)
        control = parse_json(data, _Control)
    except OSError as error:
        reason = Sentence("machine.not-read", cause=cause_of(error))
        raise ConfigError(str(path), "", reason) from error
    except FormatError as error:
        reason = Sentence("machine.control-damaged")
        raise ConfigError(str(path), "", reason) from error
    async with aiohttp.ClientSession(
        headers={"Authorization": f"Bearer {control.token}"},
        timeout=aiohttp.ClientTimeout(total=DEADLINE_S),
    ) as session:
        yield RemoteDesk(session, control.url)


class RemoteDesk:
    """The desk of the node that runs on this machine."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        """`session` carries the token."""
        self._session, self._url = session, url

    async def take_records(
        self,
        election: str,
        drafts: Sequence[dict[str, Any]],
        *,
        force: bool,
        restate: bool,
        unlisted: bool = False,
    ) -> list[Verdict]:
        """See `ClientDesk`; a batch too large for one request goes in two.

        Raises:
            FederationError: What the node answered.
            OSError: Its disk is full, or failed.
        """
        body = msgspec.json.encode(
            {
                "election": election,
                "records": drafts,
                "force": force,
                "restate": restate,
                "unlisted": unlisted,
            }
        )
        if len(body) > MAX_BODY_BYTES and len(drafts) > 1:
            half = len(drafts) // 2
            return [
                msgspec.structs.replace(one, row=one.row + start)
                for start, part in ((0, drafts[:half]), (half, drafts[half:]))
                for one in await self.take_records(
                    election, part, force=force, restate=restate, unlisted=unlisted
                )
            ]
        # 422 where not one row was taken: each of them says why.
        answer = await self._post("/v1/records", body, {200, 422})
        return self._convert(answer, _Verdicts).verdicts

    async def run(self, command: str, arguments: dict[str, Any]) -> object:
        """See `ClientDesk`.

        Raises:
            FederationError: What the node answered.
        """
        body = msgspec.json.encode(arguments)
        return await self._post(f"/v1/control/{command}", body)

    async def save_register(self, register: Register, source: str) -> None:
        """See `ClientDesk`.

        Raises:
            FederationError: What the node answered.
        """
        data = encode_register(register)
        await self.run("register", {"register": data, "source": source})

    def _convert(self, answer: object, kind: type[T]) -> T:
        try:
            return msgspec.convert(answer, kind)
        except msgspec.ValidationError as error:
            raise PeerError("this node", self._url, reason=str(error)) from error

    async def _post(
        self, path: str, body: bytes, expected: Collection[int] = (200,)
    ) -> Any:  # noqa: ANN401 - JSON is anything
        try:
            async with self._session.post(
                self._url + path,
                data=body,
                headers={"Content-Type": "application/json"},
                allow_redirects=False,
            ) as answer:
                data = await answer.read()
                status = answer.status
            value = parse_any_json(data)
        except (aiohttp.ClientError, OSError) as error:
            found = judge_failure(error, self._url, seconds=DEADLINE_S)
            raise PeerError("this node", self._url, None, found.reason) from error
        except FormatError as error:
            reason = Sentence("network.garbled")
            raise PeerError("this node", self._url, None, reason) from error
        is_answer = isinstance(value, dict) and "verdicts" in value
        if status not in expected or (status != 200 and not is_answer):
            raise _error(self._url, status, value)
        return value


def _error(url: str, status: int, problem: object) -> FederationError | OSError:
    """What a Problem Details answer says, as the error it was on the other side."""
    members = problem if isinstance(problem, dict) else {}
    detail = str(members.get("detail", ""))
    code = str(members.get("code", ""))
    if code in _REFUSED:
        return OSError(_REFUSED[code], detail, url)
    kind = _BLAME.get(code)
    return kind(detail) if kind else PeerError("this node", url, status, detail)
