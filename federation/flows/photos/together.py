"""Several photographs out of one answer: who asks takes them as if each came alone.

Rule: one question instead of many saves a signature, a gate and the turn of a
connection for each; nothing else may depend on it. So it stands behind `stream` of a
feed, and whatever it cannot give comes by that feed, alone: the rest of a photo of
which something lies here, what is to be asked for alone, all that stands behind a break
or a line that is none. One bad photo harms only itself; a partner that does not know
such questions is asked the other way.

    <hex> <size>      the bytes follow
    <hex> -           it is not here for whoever asks
    <hex> +           it is, and is to be asked for alone

Source: docs/reference/protocol.md, "Blobs"
"""

import re
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from typing import Final, Protocol

from federation.errors import PeerError
from federation.feeds.resource import Resource, blobs_of
from federation.flows.photos.sought import Sought
from federation.text import Sentence

_LINE: Final = re.compile(rb"([0-9a-f]{64}) (-|\+|[1-9][0-9]{0,8})")
_MAX_LINE_BYTES: Final = 80
_NOTHING: Final = memoryview(b"")
#: A node that knows no such question says one of these.
_UNKNOWN: Final = {400, 404, 405, 410, 414, 501}


#: Some bytes as they came, which stay what they are.
Piece = bytes | memoryview


class PhotoWay(Protocol):
    """As much of a `Feed` as photographs need."""

    def stream(self, resource: Resource, start: int = 0) -> AsyncGenerator[Piece]:
        """See `Feed.stream`."""


class Together:
    """The way to several photos of one partner, which are asked for in this order."""

    def __init__(
        self, org: str, way: PhotoWay, digests: Sequence[str], most: int
    ) -> None:
        """Nothing is asked before the first is; all have at most `most` bytes.

        `is_known`: False once the partner has shown that it does not know the question.
        """
        self._org, self._way = org, way
        self._coming, self._most = deque(digests if len(digests) > 1 else ()), most
        self._all: AsyncGenerator[Piece] | None = None
        self._here, self._has_begun, self.is_known = _NOTHING, False, True

    async def stream(self, resource: Resource, start: int = 0) -> AsyncGenerator[Piece]:
        """One of them, from `start` on; as `Feed.stream`.

        Raises:
            PeerError: it did not come, or not the whole of it.
        """
        digest = resource.path.rpartition("/")[2]
        is_next = not start and bool(self._coming) and self._coming[0] == digest
        if not is_next:
            await self.close()
        size = await self._next_size(resource, digest) if is_next else None
        came = self._way.stream(resource, start)
        if size is not None:
            came = self._take(resource, size)
        async with aclosing(came) as pieces:
            async for piece in pieces:
                yield piece

    async def close(self) -> None:
        """Nothing more of it is wanted."""
        self._coming.clear()
        self._here = _NOTHING
        if self._all is not None:
            came, self._all = self._all, None
            await came.aclose()

    async def _next_size(self, resource: Resource, digest: str) -> int | None:
        """How many bytes of it follow; None: it is to be asked for alone.

        Raises:
            PeerError: the partner cannot be asked, or has it not for us.
        """
        if self._all is None:
            group = blobs_of(tuple(self._coming), self._most)
            self._all = self._way.stream(group)
        try:
            line = await self._line()
        except PeerError as error:
            await self.close()
            if self._has_begun or error.status not in _UNKNOWN:
                raise
            self.is_known = False
            return None
        said = _LINE.fullmatch(line or b"")
        if said is None or said[1] != digest.encode():
            await self.close()
            return None
        self._coming.popleft()
        if said[2] in {b"-", b"+"}:
            await self._end()
            if said[2] == b"-":
                raise PeerError(self._org, resource.path, 404)
            return None
        size = int(said[2])
        if size > resource.max_bytes:
            await self.close()
            why = Sentence("network.too-long", count=resource.max_bytes)
            raise PeerError(self._org, resource.path, 200, why, "wrong")
        return size

    async def _take(self, resource: Resource, size: int) -> AsyncGenerator[Piece]:
        left = size
        try:
            while left:
                if not self._here and not await self._more():
                    why = Sentence("network.broke-off")
                    raise PeerError(self._org, resource.path, None, why, "silent")
                piece, self._here = self._here[:left], self._here[left:]
                left -= len(piece)
                if not left:
                    await self._end()
                yield piece
        finally:
            if left:
                await self.close()

    async def _line(self) -> bytes | None:
        """The next line; None: there is none."""
        while (end := (head := bytes(self._here[:_MAX_LINE_BYTES])).find(b"\n")) < 0:
            if len(head) == _MAX_LINE_BYTES or not await self._more():
                return None
        self._here = self._here[end + 1 :]
        return head[:end]

    async def _more(self) -> bool:
        """Have more here; False: that was all."""
        assert self._all is not None, "it is asked for"
        piece = memoryview(await anext(self._all, b""))
        self._has_begun |= bool(piece)
        self._here = memoryview(b"".join([self._here, piece])) if self._here else piece
        return bool(piece)

    async def _end(self) -> None:
        """Behind the last, see the end: then the connection serves for the next."""
        if not self._coming:
            with suppress(PeerError):
                await self._more()
            await self.close()


class Lane:
    """Along which a partner is asked, for one photo after the other.

    `left`: those that are not asked for yet; `way`: the way to them.
    """

    def __init__(self, org: str, feed: PhotoWay) -> None:
        """Nothing is asked for."""
        self._org, self._feed = org, feed
        self.begin([])

    def begin(self, sought: Sequence[Sought]) -> None:
        """Ask for these, in this order."""
        self.left = list(sought)
        digests = [one.digest for one in sought]
        most = sum(one.most for one in sought)
        self.way = Together(self._org, self._feed, digests, most)

    async def close(self) -> None:
        """Ask for no more."""
        self.left.clear()
        await self.way.close()
