"""One photo from one partner: asked for from where it broke off, verified, held.

Rule: what has come counts for nothing until all of it has the digest that was asked
for, and a size that a record gives it; then the file that it was written to is the
blob. Where the beginning lay on our disk and the whole is not the photo, it is fetched
once more from its first byte before anybody is told to have sent something else: a
power cut spoils files, too.
"""

import asyncio
from contextlib import aclosing
from typing import Final

from federation.blobs.blobs import Blobs
from federation.errors import PeerError, PhotoError
from federation.feeds.resource import blob_of
from federation.flows.photos.partial import Partial
from federation.flows.photos.photorows import NewPhoto, PhotoRows
from federation.flows.photos.sought import Sought
from federation.flows.photos.together import PhotoWay
from federation.photos.kind import Kind, kind_of
from federation.text import Sentence

#: One photo takes no longer from one partner; what has come by then stays.
PHOTO_S: Final = 45.0
#: More than so much is written before all has come, or what waited for so long. Most
#: photos have less, and are written when it has.
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

    def __init__(self, org: str, sought: Sought, partial: Partial) -> None:
        """`org` is asked; `partial` is where it is written as it comes.

        `came`: so many bytes have come; `is_other`: all of it, and it is not the photo.
        """
        self._sought, self._partial = sought, partial
        self._org, self.came, self.is_other = org, 0, False

    async def run(self, way: PhotoWay) -> None:
        """Return when all of it has come; what it is, `keep` says.

        Raises:
            PeerError: it did not come.
            OSError: a disk of ours is full or failed.
        """
        sought, partial = self._sought, self._partial
        if partial.size > sought.most:
            await asyncio.to_thread(partial.drop)
        is_resumed = partial.size > 0
        await self._read(way)
        if is_resumed:
            await asyncio.to_thread(partial.save)
            if partial.digest != sought.digest:
                await asyncio.to_thread(partial.drop)
                await self._read(way)

    @property
    def media_type(self) -> str | None:
        """What it is, as its first bytes say; None: no photo."""
        try:
            return _MEDIA_TYPES.get(kind_of(self._partial.head))
        except PhotoError:
            return None

    async def keep(self, rows: PhotoRows, blobs: Blobs, now: int) -> bool:
        """Hold it, durably: bytes, then row; False: it was removed while it came.

        Raises:
            PeerError: it is not what was asked for.
            OSError: a disk of ours is full or failed.
        """
        digest, partial = self._sought.digest, self._partial
        async with blobs.alone(digest):
            try:
                # One change of threads for all that is to be done with its bytes.
                await blobs.put_file(digest, partial.path, self._finish)
            except FileNotFoundError:
                if await asyncio.to_thread(partial.path.exists):
                    raise
                return False  # what is removed is removed here, too
            media_type = self.media_type
            assert media_type is not None, "it is verified"
            new = NewPhoto(digest, partial.size, media_type, now)
            # Only then it is dropped: where we are killed, it is not asked for again.
            is_held = await rows.hold(new, partial.drop)
            if not is_held:
                # It was swept, perhaps, before these bytes lay there.
                await blobs.delete(digest)
        return is_held

    def _finish(self) -> None:
        """Write the rest of it, and see that it is the photo.

        Raises:
            PeerError: it is not.
            OSError: a disk of ours is full or failed.
        """
        sought, partial = self._sought, self._partial
        partial.save()
        wrong = None
        if partial.digest != sought.digest:
            self.is_other = True
            wrong = "fetch.other-bytes"
        elif partial.size not in sought.sizes:
            wrong = "fetch.other-size"
        elif self.media_type is None:
            wrong = "fetch.no-photo"
        if wrong is not None:
            path = blob_of(sought.digest).path
            raise PeerError(self._org, path, None, Sentence(wrong), "wrong")

    async def _read(self, way: PhotoWay) -> None:
        sought, partial = self._sought, self._partial
        if partial.size and partial.digest == sought.digest:
            return
        resource = blob_of(sought.digest)._replace(max_bytes=sought.most)
        loop = asyncio.get_running_loop()
        saved = loop.time()
        try:
            async with (
                asyncio.timeout(PHOTO_S),
                aclosing(way.stream(resource, partial.size)) as pieces,
            ):
                async for piece in pieces:
                    self.came += len(piece)
                    partial.add(piece)
                    is_due = partial.waiting > _WRITE_BYTES
                    is_due |= loop.time() - saved >= _WRITE_S
                    if is_due:
                        await asyncio.to_thread(partial.save)
                        saved = loop.time()
        except TimeoutError as error:
            slow = Sentence("fetch.too-slow", seconds=f"{PHOTO_S:g}")
            raise PeerError(self._org, resource.path, None, slow, "silent") from error
