"""Photographs drawn anew in processes of their own, and what became of each.

Rule: this process opens no picture. A child does (`child.py`), under limits; if it dies
or is late, that photograph is refused, the child replaced, and nothing else happens.
A child is also replaced after `MOST_DRAWN` photographs and ended when nothing came for
`IDLE_S`: a node that is handed none has none. At most as many photographs are in memory
as there are children. What a child hands back is seen to be pixels and nothing else.

    async with Redrawer() as redrawer:
        copy = await redrawer.redraw(original)
"""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Annotated, Final, NamedTuple, Self

import msgspec

import federation
from federation.decoding import parse_json
from federation.errors import ConfigError, FormatError, PhotoError
from federation.photos.kind import Kind, kind_of
from federation.photos.plainjpeg import measure_plain_jpeg
from federation.text import Sentence
from federation.text.cause import cause_of

#: Of an original: 108 million pixels have 30 to 45 MB as JPEG.
MOST_ORIGINAL_BYTES: Final = 64 << 20
MEDIA_TYPE: Final = "image/jpeg"
DEADLINE_S: Final = 60.0
IDLE_S: Final = 30.0
MOST_DRAWN: Final = 100
#: What a child says before its first photograph, and before each answer the length.
READY: Final = b"+"
_HEAD_BYTES: Final = 4
_MOST_HEAD: Final = 4 << 10
_MOST_COPY: Final = 16 << 20
_PIECE: Final = 256 << 10
_CHILD: Final = "federation.photos.child"


class Redrawn(NamedTuple):
    """The copy that may be shared; its width and height in pixels.

    `likeness` is what copies of one scene have nearly in common, "" where not known.
    """

    data: bytes
    media_type: str
    width: int
    height: int
    likeness: str


class _ChildAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a child says of a photograph: of its copy, or why there is none."""

    size: int = 0
    likeness: Annotated[str, msgspec.Meta(pattern=r"^(?:[0-9a-f]{64})?$(?!\n)")] = ""
    key: str = ""
    values: dict[str, str | int] = {}


class Redrawer:
    """Draws photographs anew, as many at a time as it has children."""

    def __init__(self, count: int = 2) -> None:
        """No child is started before there is a photograph."""
        self._seats = asyncio.Semaphore(count)
        self._idle: list[_Child] = []
        self._ending: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End the children; one that is at work is ended by whom it works for."""
        if self._ending is not None:
            self._ending.cancel()
        while self._idle:
            await self._idle.pop().end()

    async def redraw(self, original: bytes) -> Redrawn:
        """The copy of a photograph that may be shared.

        Raises:
            PhotoError: it is not taken; says why, and what to send instead.
            ConfigError: no child can be started on this machine.
        """
        return await self._draw(original, 0)

    async def shrink(self, photo: bytes, side: int) -> bytes:
        """A JPEG of at most `side` pixels on the long side; to be shown, not shared.

        Raises:
            PhotoError: it cannot be opened.
            ConfigError: no child can be started on this machine.
        """
        return (await self._draw(photo, side)).data

    async def _draw(self, original: bytes, side: int) -> Redrawn:
        if len(original) > MOST_ORIGINAL_BYTES:
            most = MOST_ORIGINAL_BYTES >> 20
            raise PhotoError(Sentence("photo.bytes", most=most))
        kind = kind_of(original)
        async with self._seats:
            child = self._idle.pop() if self._idle else await _Child.start()
            try:
                return await child.redraw(original, kind, side)
            finally:
                await self._keep(child)

    async def _keep(self, child: "_Child") -> None:
        """Have it wait for another photograph, if it can draw one."""
        if not child.is_fit:
            await child.end()
            return
        self._idle.append(child)
        if self._ending is not None:
            self._ending.cancel()
        loop = asyncio.get_running_loop()
        self._ending = loop.call_later(IDLE_S, self._end_idle)

    def _end_idle(self) -> None:
        while self._idle:
            self._idle.pop().kill()


class _Child:
    """One process that draws."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._drawn = 0
        self._is_whole = True

    @classmethod
    async def start(cls) -> Self:
        """Start one, and wait until it is ready.

        Raises:
            ConfigError: it cannot be started, or ended before it was.
        """
        root = str(Path(federation.__file__).parents[1])
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", _CHILD,
                stdin=PIPE, stdout=PIPE, stderr=DEVNULL, cwd="/",
                # Nothing of ours is in it, and what is found is what we run.
                env={"PYTHONPATH": os.pathsep.join([root, *filter(None, sys.path)])},
                start_new_session=True,  # Ctrl-C is for us, who end it
            )  # fmt: skip
        except OSError as error:
            raise ConfigError(sys.executable, "", cause_of(error)) from error
        child = cls(process)
        try:
            async with asyncio.timeout(DEADLINE_S):
                is_ready = await child._read(len(READY)) == READY
        except (TimeoutError, EOFError):
            is_ready = False
        except BaseException:
            await child.end()
            raise
        if not is_ready:
            await child.end()
            raise ConfigError(sys.executable, "", Sentence("photo.no-process"))
        return child

    @property
    def is_fit(self) -> bool:
        """Whether it may be handed another photograph."""
        return self._is_whole and self._drawn < MOST_DRAWN

    async def redraw(self, original: bytes, kind: Kind, side: int) -> Redrawn:
        """See `Redrawer.redraw`, and with a side `Redrawer.shrink`."""
        self._is_whole, self._drawn = False, self._drawn + 1
        try:
            async with asyncio.timeout(DEADLINE_S):
                head, data = await self._ask(original, side)
                size = (0, 0) if head.key else measure_plain_jpeg(data)
        except TimeoutError:
            seconds = int(DEADLINE_S)
            cause = Sentence("photo.slow", kind=kind.value, seconds=seconds)
            raise PhotoError(cause) from None
        except (EOFError, OSError, FormatError):
            # It ended, or what it says is nothing that it would say by itself.
            raise PhotoError(Sentence("photo.died", kind=kind.value)) from None
        self._is_whole = True
        if head.key:
            raise PhotoError(_refusal(head, kind))
        return Redrawn(data, MEDIA_TYPE, *size, head.likeness)

    async def _ask(self, original: bytes, side: int) -> tuple[_ChildAnswer, bytes]:
        given = self._process.stdin
        assert given is not None
        given.write(len(original).to_bytes(8) + side.to_bytes(2))
        # In pieces: what the pipe does not take at once is copied.
        for start in range(0, len(original), _PIECE):
            given.write(original[start : start + _PIECE])
            await given.drain()
        length = int.from_bytes(await self._read(_HEAD_BYTES))
        if length > _MOST_HEAD:
            raise FormatError(Sentence("photo.answer-too-long"))
        head = parse_json(await self._read(length), _ChildAnswer)
        if not 0 <= head.size <= _MOST_COPY:
            raise FormatError(Sentence("photo.answer-too-large"))
        return head, await self._read(head.size)

    async def _read(self, count: int) -> bytes:
        given = self._process.stdout
        assert given is not None
        return await given.readexactly(count)

    def kill(self) -> None:
        """Have the kernel end it, if it has not ended."""
        with suppress(ProcessLookupError):
            self._process.kill()

    async def end(self) -> None:
        """End it, and wait until it has."""
        self.kill()
        await self._process.wait()


def _refusal(head: _ChildAnswer, kind: Kind) -> Sentence:
    """Why it drew nothing; only what `text/photo.toml` says."""
    with suppress(KeyError):
        if head.key.startswith("photo."):
            return Sentence(head.key, **head.values)
    return Sentence("photo.died", kind=kind.value)
