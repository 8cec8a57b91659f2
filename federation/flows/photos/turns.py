"""A turn that fetches photographs: whom it asks, what it works with, how it went."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from federation.blobs.blobs import Blobs
from federation.feeds.feed import Feed
from federation.flows.photos.photorows import PhotoRows
from federation.flows.photos.room import PhotoRoom
from federation.store.db import Database


@dataclass(frozen=True, kw_only=True)
class PhotoSource:
    """A partner that is asked.

    Attributes:
        org: Who.
        feed: The way to it.
        silent: Partners that cannot be asked now, and whose records it has.
        others: Partners that can be asked, and whose records it has.
        max_bytes: So many it may hand over in one turn.
        together: For so many photos it is asked at once.
    """

    org: str
    feed: Feed
    silent: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    max_bytes: int = 1 << 29
    together: int = 1


@dataclass(kw_only=True)
class FetchContext:
    """What the turns of all partners use together.

    Attributes:
        db: The database.
        blobs: Where the bytes will lie.
        folder: Where what has come in part lies.
        room: What those of partners may take.
        holding: What writes rows.
        taken: Digests that some turn is fetching.
        begun: Digests of photos that have come in part.
        turns: So many are at work.
        held: So many photos they have had since the process began.
        wall: Unix seconds.
        is_busy: Whether records of this partner are being fetched.
        told_wrong: Is told who sent whole bytes that are not the photo.
    """

    db: Database
    blobs: Blobs
    folder: Path
    room: PhotoRoom
    holding: PhotoRows
    wall: Callable[[], float]
    taken: set[str] = field(default_factory=set)
    begun: set[str] = field(default_factory=set)
    turns: int = 0
    held: int = 0
    is_busy: Callable[[str], bool] = lambda _: False
    told_wrong: Callable[[str, str], object] = lambda _org, _digest: None


@dataclass(kw_only=True)
class FetchReport:
    """How a turn went.

    Attributes:
        fetched: So many photos are held that were not.
        size: So many bytes those have.
        failed: So many questions were in vain.
        reason: Why the partner could not be asked any more.
        retry_after: Seconds that it asked to wait.
        more: It may be asked for more at once.
        lacks_room: Something waits for room.
    """

    fetched: int = 0
    size: int = 0
    failed: int = 0
    reason: str = ""
    retry_after: float = 0.0
    more: bool = False
    lacks_room: bool = False
