"""Photographs put into the bucket of a node elsewhere, or handed to the node itself.

Rule: whatever breaks off is asked again from the beginning, and a photograph is taken
in once all the same (`web/uploads.py`). The token goes to the node alone: the store is
asked by the address that the node has signed, and that is shown to nobody.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Any, Final

import aiohttp
import msgspec

from federation.blobs.fault import shown_address
from federation.cli.remote import error_of
from federation.decoding import parse_any_json
from federation.errors import FormatError, PeerError
from federation.feeds.connection import judge_failure
from federation.photos.kind import kind_of
from federation.records.result import Evidence
from federation.text import Language, Sentence
from federation.web.uploads import KINDS

_DEADLINE_S: Final = 600
_WAITS_S: Final = (1.0, 2.0, 4.0, 8.0, 16.0)
#: It lies there already, or was taken in.
_THERE: Final = {HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.PRECONDITION_FAILED}
_MEDIA_TYPES: Final = {kind: name for name, kind in KINDS.items()}


class PhotoSender:
    """Hands photographs to one node, by its bucket as long as it offers one."""

    def __init__(
        self, node: aiohttp.ClientSession, store: aiohttp.ClientSession, url: str
    ) -> None:
        """`node` carries the token, `store` nothing; `url` is the node's."""
        self._node, self._store, self._url = node, store, url.rstrip("/")
        self.is_direct = False

    async def send(self, original: bytes) -> Evidence:
        """The entry of a photograph that the node has taken in, durably.

        Raises:
            PhotoError: it is none, or not taken.
            PhotoRoomError: the node has no room for more.
            PeerError: the node, or its store, does not answer or not as it should.
            FederationError: what the node answered.
        """
        digest = hashlib.sha256(original).hexdigest()
        media_type = _MEDIA_TYPES[kind_of(original[:1024])]
        said = {"media_type": media_type, "sha256": digest, "size": len(original)}
        if not self.is_direct and (entry := await self._by_bucket(said, original)):
            return entry
        path, kind = "/v1/evidence", "application/octet-stream"
        return _entry(await self._ask(path, original, kind), self._url + path)

    async def _by_bucket(
        self, said: Mapping[str, object], original: bytes
    ) -> Evidence | None:
        """The entry; None: this node, or its store, takes nothing this way."""
        body, done = msgspec.json.encode(said), "/v1/evidence/uploaded"
        status, answer = await self._ask(done, body)
        if status == HTTPStatus.OK:
            return _entry((status, answer), self._url + done)
        status, answer = await self._ask("/v1/evidence/uploads", body)
        if status == HTTPStatus.NOT_FOUND:
            self.is_direct = True
            return None
        _check(status, answer, self._url)
        if not await self._put(answer, original):
            self.is_direct = True
            return None
        return _entry(await self._ask(done, body), self._url + done)

    async def _put(self, offered: Mapping[str, Any], original: bytes) -> bool:
        """Put it into the store; False: it cannot be reached, or takes nothing."""
        for wait_s in _WAITS_S[:3]:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with self._store.put(
                    offered["url"], data=original, headers=offered["headers"]
                ) as answer:
                    if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                        return answer.status in _THERE
            await asyncio.sleep(wait_s)
        return False

    async def _ask(
        self, path: str, body: bytes, media_type: str = "application/json"
    ) -> tuple[int, Any]:
        """Status and answer of the node, which is asked again where it is busy.

        Raises:
            PeerError: it does not answer.
        """
        url = self._url + path
        for wait_s in (*_WAITS_S, None):
            try:
                async with self._node.post(
                    url, data=body, headers={"Content-Type": media_type},
                    allow_redirects=False,
                ) as answer:  # fmt: skip
                    status, data = answer.status, await answer.read()
                if status != HTTPStatus.SERVICE_UNAVAILABLE or wait_s is None:
                    return status, parse_any_json(data)
            except (aiohttp.ClientError, TimeoutError) as error:
                if wait_s is None:
                    failure = judge_failure(error, url, seconds=_DEADLINE_S)
                    raise PeerError("node", url, None, failure.reason) from error
            except FormatError as error:
                garbled = Sentence("network.garbled")
                raise PeerError("node", url, None, garbled) from error
            await asyncio.sleep(wait_s or 0)
        raise AssertionError(url)


@contextlib.asynccontextmanager
async def open_sender(
    url: str, token: str, language: Language
) -> AsyncIterator[PhotoSender]:
    """What hands photographs to the node there, which refuses in this language."""
    headers = {"Authorization": f"Bearer {token}", "Accept-Language": language}
    timeout = aiohttp.ClientTimeout(total=_DEADLINE_S)
    async with (
        aiohttp.ClientSession(headers=headers, timeout=timeout) as node,
        aiohttp.ClientSession(timeout=timeout) as store,
    ):
        yield PhotoSender(node, store, url)


def _entry(answered: tuple[int, Any], url: str) -> Evidence:
    status, answer = answered
    _check(status, answer, url)
    try:
        return msgspec.convert(answer, Evidence)
    except msgspec.ValidationError as error:
        garbled = Sentence("network.garbled")
        raise PeerError("node", url, None, garbled) from error


def _check(status: int, answer: object, url: str) -> None:
    if status != HTTPStatus.OK:
        raise error_of(shown_address(url), status, answer)
