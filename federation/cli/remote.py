"""The node that runs on this machine, asked over HTTP.

It says in `data/control.json` (0600) where it is, and with which token:

    {"url": "http://127.0.0.1:8470", "token": "…"}
"""

import contextlib
import errno
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

import aiohttp
import msgspec
from msgspec import ValidationError, convert
from msgspec.structs import replace

from federation.config.disk import refused
from federation.config.keystore import read_handed
from federation.decoding import parse_any_json, parse_json
from federation.errors import (
    ConfigError,
    ConflictError,
    DoubtError,
    FederationError,
    FencedError,
    FormatError,
    GuardUnreachableError,
    KeptError,
    NotFoundError,
    PeerError,
    PhotoError,
    PhotoRoomError,
    RecordError,
    UnknownPastError,
)
from federation.feeds.connection import judge_failure
from federation.text import Language, Sentence, as_said
from federation.text.mistyped import explain_mistyped
from federation.web.requests.records import MAX_ROWS, Batch, Verdicts
from federation.web.requests.request import Request
from federation.web.requests.wire import encode_request

DEADLINE_S = 600
MAX_BODY_BYTES = 4 << 20  # half of what a node takes by default
_MAX_CONTROL_BYTES = 4096
A = TypeVar("A")
#: What the node's machine refuses is refused by this one.
_REFUSED: Mapping[str, int] = {
    "database-away": errno.EIO,
    "disk-failed": errno.EIO,
    "disk-full": errno.ENOSPC,
    "store-away": errno.EIO,
}
_BLAME: Mapping[str, Callable[[Sentence], FederationError]] = {
    "conflict": ConflictError,
    "format": FormatError,
    "fenced": FencedError,
    "guard-unreachable": GuardUnreachableError.answered,
    "in-doubt": DoubtError,
    "kept": KeptError,
    "not-found": NotFoundError,
    "photo": PhotoError,
    "photos-full": PhotoRoomError,
    "record": RecordError,
    "unknown-past": UnknownPastError,
}


class _Control(msgspec.Struct, frozen=True):
    url: str
    token: str


def running_at(path: Path) -> str | None:
    """The address of the node that has written this file; None: no node runs.

    Raises:
        ConfigError: the file cannot be used.
    """
    return _read_control(path).url if path.exists() else None


def _read_control(path: Path) -> _Control:
    try:
        data = read_handed(path, _MAX_CONTROL_BYTES, any_owner=True)
        return parse_json(data, _Control)
    except OSError as error:
        raise refused(path, "read", error) from error
    except FormatError as error:
        raise ConfigError(str(path), "", Sentence("machine.control-damaged")) from error


@contextlib.asynccontextmanager
async def connect(path: Path, language: Language) -> AsyncIterator["RemoteDesk"]:
    """The desk of the node that has written this file; it refuses in this language.

    Raises:
        ConfigError: the file cannot be used.
    """
    control = _read_control(path)
    async with aiohttp.ClientSession(
        headers={
            "Authorization": f"Bearer {control.token}",
            "Accept-Language": language,
        },
        timeout=aiohttp.ClientTimeout(total=DEADLINE_S),
        # A node keeps no connection longer: each request has all of its time.
        connector=aiohttp.TCPConnector(force_close=True),
    ) as session:
        yield RemoteDesk(session, control.url)


class RemoteDesk:
    """The desk of the node that runs on this machine; a `web.requests.Desk`."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        """`session` carries the token."""
        self._session, self._url = session, url

    async def run(self, request: Request[A]) -> A:
        """Send the request; a batch too large for one goes in several.

        Raises:
            FederationError: What the node answered.
            OSError: Its disk is full, or failed.
        """
        rows = len(request.records) if isinstance(request, Batch) else 0
        if isinstance(request, Batch) and rows > MAX_ROWS:
            answer: Any = await self._send_parts(request, MAX_ROWS)
            return cast("A", answer)
        body = encode_request(request)
        if isinstance(request, Batch) and len(body) > MAX_BODY_BYTES and rows > 1:
            answer = await self._send_parts(request, -(-rows // 2))
            return cast("A", answer)
        return await self._send(request, body)

    async def _send_parts(self, batch: Batch, size: int) -> Verdicts:
        verdicts = [
            replace(verdict, row=verdict.row + start)
            for start in range(0, len(batch.records), size)
            for verdict in (
                await self.run(
                    replace(batch, records=batch.records[start : start + size])
                )
            ).verdicts
        ]
        return Verdicts(verdicts=verdicts)

    async def _send(self, request: Request[A], body: bytes) -> A:
        try:
            async with self._session.post(
                self._url + request.route,
                data=body,
                headers={"Content-Type": request.media_type},
                allow_redirects=False,
            ) as answer:
                data = await answer.read()
                status = answer.status
            value = parse_any_json(data)
        except (aiohttp.ClientError, OSError) as error:
            failure = judge_failure(error, self._url, seconds=DEADLINE_S)
            raise PeerError("this node", self._url, None, failure.reason) from error
        except FormatError as error:
            reason = Sentence("network.garbled")
            raise PeerError("this node", self._url, None, reason) from error
        # 422 where not one row was taken: each of them says why.
        is_answer = isinstance(value, dict) and "verdicts" in value
        if status != 200 and not (status == 422 and is_answer):
            raise error_of(self._url, status, value)
        try:
            answered: A = convert(value, request.answer_type())
        except ValidationError as error:
            raise PeerError(
                "this node", self._url, reason=explain_mistyped(str(error))
            ) from error
        return answered


def error_of(url: str, status: int, problem: object) -> FederationError | OSError:
    """What a Problem Details answer says, as the error it was on the other side."""
    members = problem if isinstance(problem, dict) else {}
    detail = str(members.get("detail", ""))
    code = str(members.get("code", ""))
    if code in _REFUSED:
        return OSError(_REFUSED[code], detail, url)
    if code == ConfigError.code:
        return _settings_error(detail)
    kind = _BLAME.get(code)
    said = as_said(detail)
    return kind(said) if kind else PeerError("this node", url, status, said)


def _settings_error(detail: str) -> ConfigError:
    """The node's words in the three parts of which they are joined again when told.

    Where a path holds ": " itself it is cut elsewhere, and reads the same.
    """
    path, _, rest = detail.partition(": ")
    key, colon, reason = rest.partition(": ")
    if not colon:
        key, reason = "", key
    return ConfigError(path, key, as_said(reason))
