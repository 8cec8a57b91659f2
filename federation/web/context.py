"""What the handlers share: database, photographs, the node that does what is asked.

Rule: a handler reads by itself (`db.read`) and changes nothing by itself: whatever
writes is a request to the node (`requests/`), so that the web floor does not know
how records are signed or peers are pulled.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Protocol

from aiohttp import web

from federation.blobs.blobs import Blobs
from federation.blobs.incoming import Incoming
from federation.config.agencies import Agency
from federation.config.peers import Peer
from federation.config.settings import Settings
from federation.errors import NotFoundError
from federation.flows.incidents.counts import CountsCache
from federation.flows.incidents.due import DueDates
from federation.flows.incidents.regioncounts import RegionCountsCache
from federation.flows.partners import PartnerBook
from federation.flows.query.forensics.answers import PatternShelf
from federation.flows.query.mapcache import MapCache
from federation.flows.query.margincount import MarginShelf
from federation.flows.recap.shelf import RecapShelf
from federation.records.profile import Profile
from federation.records.readers import Caller, Person
from federation.store.alarms import Alarm
from federation.store.blobs import HeldBlob
from federation.store.db import Database
from federation.store.namesearch import NameIndexes
from federation.text import Sentence
from federation.tlog.keys import VerifierKey
from federation.web.behind import Behind
from federation.web.countedparts import PartCounting
from federation.web.countedpictures import CountedPictures
from federation.web.mapchanges import MapChanges
from federation.web.pagecache import PageCache
from federation.web.requests.request import Desk
from federation.web.toldmargins import ToldMargins


class NodeApi(Desk, Protocol):
    """What the web asks of the node: work, and how it is."""

    def news(self, org: str) -> bool:
        """Somebody says `org` has news; whether that was worth waking up for."""

    async def changed(self, election: str, since: int, timeout_s: float) -> None:
        """Return once the map is past change `since`, or after `timeout_s`."""

    def readiness(self) -> Sequence[Sentence]:
        """Why this node is not ready; empty when it is."""

    def alarms(self) -> Sequence[Alarm]:
        """What stands and may not be in the database."""

    def asked_by_stranger(self, key: VerifierKey, address: str) -> None:
        """Somebody signs well, by a key of nobody here, from this address."""

    def photo_used(self, blob: HeldBlob) -> None:
        """Somebody was given this photo of a partner's: it is evicted later."""

    def photo_shown(self, digest: str, person: Person) -> None:
        """Somebody of ours is shown this photo: it is kept in the log of actions."""

    async def thumbnail(self, digest: str) -> bytes:
        """A photo that is held, made small: a JPEG; for people of ours alone.

        Raises:
            NotFoundError: it is not here.
            PhotoError: it is no picture that can be opened.
            ConfigError: no process that draws can be started.
            OSError: the disk failed.
        """

    def photo_lost(self, blob: HeldBlob) -> None:
        """The bytes of this photo are not there, or are not as many as they were."""

    def photo_sent(self, count: int) -> None:
        """So many bytes of photos were handed over."""

    async def metrics(self, caller: Caller) -> Mapping[str, float]:
        """Counters and gauges by Prometheus name (with labels), for whoever asks."""


async def _know_nobody() -> PartnerBook:
    return PartnerBook()


def _writes_itself() -> None:
    """The node is behind nobody."""


def _share_none(_: str) -> bytes:
    raise NotFoundError(Sentence("asked.no-agency"))


@dataclass(frozen=True, kw_only=True)
class WebContext:
    """The parts that handlers use."""

    db: Database
    blobs: Blobs
    settings: Settings
    profiles: Mapping[str, Profile]
    desk: NodeApi
    about: Callable[[], bytes]
    control_token: str
    clock: Callable[[], int]
    #: 256 random bits as text, for whoever signs in.
    new_secret: Callable[[], str]
    #: By which it is known who handed a report in (`flows/incidents/handedin.py`).
    report_key: Callable[[], bytes] = bytes
    #: Whether there is a key that what is personal of a report is sealed for.
    has_annex_key: Callable[[], bool] = bool
    #: Where photographs lie that come in pieces.
    coming: Path = Path("coming")
    #: Where others put photographs themselves; None: they come through this node.
    incoming: Incoming | None = None
    #: Those of agencies.toml, as it is now.
    agencies: Callable[[], tuple[Agency, ...]] = tuple
    #: The secret that we share with an agency, by its key; see `load_answer_secret`.
    answer_secret: Callable[[str], bytes] = _share_none
    partners: Callable[[], Awaitable[PartnerBook]] = _know_nobody
    #: Those of peers.toml, by organisation, as it is now.
    peers: Callable[[], Mapping[str, Peer]] = dict
    #: How far a reader may be behind the node; None: this is the node.
    behind: Callable[[], Behind | None] = _writes_itself
    maps: MapCache = field(default_factory=MapCache)
    changes: MapChanges = field(default_factory=MapChanges)
    pages: PageCache = field(default_factory=PageCache)
    names: NameIndexes = field(default_factory=NameIndexes)
    pictures: CountedPictures = field(default_factory=CountedPictures)
    margins: MarginShelf = field(default_factory=MarginShelf)
    margins_counting: PartCounting = field(default_factory=PartCounting)
    told_margins: ToldMargins = field(default_factory=ToldMargins)
    patterns: PatternShelf = field(default_factory=PatternShelf)
    patterns_counting: PartCounting = field(default_factory=PartCounting)
    recaps: RecapShelf = field(default_factory=RecapShelf)
    counts: CountsCache = field(default_factory=CountsCache)
    region_counts: RegionCountsCache = field(default_factory=RegionCountsCache)
    counting: asyncio.Lock = field(default_factory=asyncio.Lock)
    # One at a time of each, however many ask: most of the database's readers stay free
    # for short questions.
    large_answers: asyncio.Lock = field(default_factory=asyncio.Lock)
    # A country takes seconds of these: apart, so that no search waits for them.
    recap_answers: asyncio.Lock = field(default_factory=asyncio.Lock)
    kpu_answers: asyncio.Lock = field(default_factory=asyncio.Lock)
    export_pages: asyncio.Lock = field(default_factory=asyncio.Lock)
    # Photographs on their way in: each has a file; those in memory, beside their copy.
    photos_coming: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(16)
    )
    # Each is in memory as a whole.
    mail_coming: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    photos_drawn: asyncio.Semaphore = field(
        default_factory=lambda: asyncio.Semaphore(2)
    )

    def due_dates(self) -> DueDates:
        """Until when reports can be brought to an agency, as it is now."""
        return DueDates(self.profiles, datetime.fromtimestamp(self.clock(), UTC))


SITE = web.AppKey("site", WebContext)
#: Of a request: its token was looked at, and is good.
ENTITLED: Final = web.RequestKey("entitled", bool)
