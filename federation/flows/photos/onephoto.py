"""One photo from one partner: asked for from where it broke off, verified, held.

Rule: what has come counts for nothing until all of it has the digest that was asked
for, and a size that a record gives it. Where the beginning lay on our disk and the
whole is not the photo, it is fetched once more from its first byte before anybody is
told to have sent something else: a power cut spoils files, too.
"""

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Final

from federation.blobs.blobs import Blobs
from federation.errors import PeerError, PhotoError
from federation.feeds.feed import Feed
from federation.feeds.resource import blob_of
from federation.flows.photos.partial import Partial
from federation.flows.photos.photorows import NewPhoto, PhotoRows
from federation.flows.photos.sought import Sought
from federation.photos.kind import Kind, kind_of
from federation.text import Sentence

#: One photo takes no longer from one partner; what has come by then stays.
PHOTO_S: Final = 45.0
#: What waits for more is written when it is so much, or has waited so long.
_WRITE_BYTES: Final = 1 << 20
_WRITE_S: Final = 2.0
#: What shared copies are. A partner's word is not taken for it: a browser will be told.
_MEDIA_TYPES: Final = {
    Kind.JPEG: "image/jpeg",
    Kind.PNG: "image/png",
    Kind.WEBP: "image/webp",
}


class Download:
    """One photo from one partner."""

    def __init__(self, folder: Path, sought: Sought, org: str) -> None:
        """`folder` is where what has come in part lies.

        `came`: so many bytes have come; `is_other`: all of it, and it is not the photo.
        """
        self._folder, self._sought, self._org = folder, sought, org
        self._partial: Partial | None = None
        self.came, self.is_other = 0, False

    async def run(self, feed: Feed) -> bytes:
        """The photo, verified.

        Raises:
            PeerError: it did not come.
            OSError: a disk of ours is full or failed.
        """
        sought = self._sought
        partial = self._partial = await asyncio.to_thread(
            Partial, self._folder, sought.digest, self._org
        )
        if partial.size > sought.most:
            await asyncio.to_thread(partial.drop)
        try:
            return await self._run(feed, partial)
        except PeerError as error:
            if error.is_wrong:
                await asyncio.to_thread(partial.drop)
            raise

    async def _run(self, feed: Feed, partial: Partial) -> bytes:
        sought = self._sought
        is_resumed = partial.size > 0
        data, digest = await self._read(feed, partial)
        if is_resumed and digest != sought.digest:
            await asyncio.to_thread(partial.drop)
            data, digest = await self._read(feed, partial)
        if digest != sought.digest:
            self.is_other = True
            raise self._wrong("fetch.other-bytes")
        if len(data) not in sought.sizes:
            raise self._wrong("fetch.other-size")
        return data

    async def keep(self, rows: PhotoRows, blobs: Blobs, data: bytes, now: int) -> bool:
        """Hold it, durably: bytes, then row; False: it was removed while it came.

        Raises:
            PeerError: it is no photograph.
            OSError: a disk of ours is full or failed.
        """
        digest = self._sought.digest
        try:
            media_type = _MEDIA_TYPES[kind_of(data)]
        except (PhotoError, KeyError):
            raise self._wrong("fetch.no-photo") from None
        async with blobs.alone(digest):
            await blobs.put(digest, data)
            is_held = await rows.hold(NewPhoto(digest, len(data), media_type, now))
            if not is_held:
                # It was swept, perhaps, before these bytes lay there.
                await blobs.delete(digest)
        partial, self._partial = self._partial, None
        if partial is not None and partial.is_begun:
            await asyncio.to_thread(partial.drop)
        return is_held

    def close(self) -> None:
        """What has come, and is not held, stays.

        Raises:
            OSError: a disk of ours is full or failed.
        """
        if self._partial is not None:
            try:
                self._partial.save()
            finally:
                self._partial.close()

    async def _read(self, feed: Feed, partial: Partial) -> tuple[bytes, str]:
        resource = blob_of(self._sought.digest)._replace(max_bytes=self._sought.most)
        loop = asyncio.get_running_loop()
        saved = loop.time()
        try:
            async with (
                asyncio.timeout(PHOTO_S),
                aclosing(feed.stream(resource, partial.size)) as pieces,
            ):
                async for piece in pieces:
                    self.came += len(piece)
                    partial.add(piece)
                    is_due = partial.waiting >= _WRITE_BYTES
                    is_due |= loop.time() - saved >= _WRITE_S
                    if is_due and partial.size < self._sought.most:
                        await asyncio.to_thread(partial.save)
                        saved = loop.time()
        except TimeoutError as error:
            slow = Sentence("fetch.too-slow", seconds=f"{PHOTO_S:g}")
            raise PeerError(self._org, resource.path, None, slow, "silent") from error
        return await asyncio.to_thread(partial.whole)

    def _wrong(self, key: str) -> PeerError:
        path = blob_of(self._sought.digest).path
        return PeerError(self._org, path, None, Sentence(key), "wrong")
