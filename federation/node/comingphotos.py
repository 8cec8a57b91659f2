"""What came of photographs and was not gone on with is forgotten.

In pieces, or in a bucket, where their senders put them themselves.

Rule: by the clock, whether somebody sends anything or not: what lies there is as a
telephone took it. Now is by the clock of the node; since when something lies in a
bucket says its store.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from federation.blobs.incoming import SWEEP_S, Incoming, open_incoming
from federation.errors import ConfigError
from federation.node.resources import Resources
from federation.schedule import Duty, Result
from federation.store.comingphotos import ComingPhotos
from federation.text import Sentence

NAME: Final = "photographs in pieces"  # no organisation's: theirs have no space
BUCKET_NAME: Final = "photographs in the bucket"
INTERVAL_S: Final = 3_600
DEADLINE_S: Final = 600.0


def tidy_coming(folder: Path, clock: Callable[[], float]) -> Duty:
    """The duty, of a folder; `clock` gives Unix seconds."""

    async def tidy() -> Result:
        await asyncio.to_thread(ComingPhotos(folder).tidy, clock())
        return Result(outcome="ok")

    return Duty(name=NAME, run=tidy, interval_s=INTERVAL_S, deadline_s=DEADLINE_S)


def open_uploads(resources: Resources) -> Incoming | None:
    """Where others put photographs themselves; None: the settings name no such place.

    Raises:
        ConfigError: they do, and nothing says by which key an address is signed.
    """
    reached_at = resources.settings.photos.uploads
    incoming = open_incoming(resources.home.blobs, reached_at, os.environ)
    if reached_at is not None and incoming is None:
        why = Sentence("machine.uploads-no-key")
        raise ConfigError(str(resources.home.settings), "photos.uploads", why)
    return incoming


def sweep_incoming(
    incoming: Incoming | None, clock: Callable[[], float]
) -> Iterator[Duty]:
    """The duty, of a bucket, where there is one; `clock` gives Unix seconds."""
    if incoming is None:
        return

    async def sweep() -> Result:
        swept = await incoming.sweep(clock())
        return Result(outcome="ok" if swept else "unchanged")

    yield Duty(name=BUCKET_NAME, run=sweep, interval_s=SWEEP_S, deadline_s=DEADLINE_S)
