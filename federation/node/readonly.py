"""`serve --read-only`: a reader, from start to stop.

    settings → database, read only → looked at → web answers

Rule: a reader takes no lock, reads no file of the keys folder and writes nothing
(SQLite makes its `-shm` where there is none). It looks every `LOOK_S` whether the node
has written; what is asked is read from the database as it is then. While it cannot
look, or a standby that it reads lacks something, it goes on with what there is, says
how old that is, and is not ready once that is more than its bound.

It begins anew, with nothing kept, where the database has become another one (a backup
was put in its place; another server is read from) or the files of elections have
changed; it ends where a newer version of the program has changed the tables.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Coroutine, Mapping
from importlib import metadata
from pathlib import Path
from random import Random
from typing import Final, NamedTuple, NoReturn, TypeAlias, TypeVar

from federation.blobs.blobs import open_blobs
from federation.config.embargo import drop_past
from federation.config.home import Home
from federation.config.settings import Settings
from federation.errors import ConfigError, FederationError
from federation.flows.partners import Partners
from federation.flows.photos.honour import Honouring
from federation.flows.photos.removallist import RemovalsAnswer, list_removals
from federation.node.answering import answering
from federation.node.events import say
from federation.node.metrics import read_reader_metrics
from federation.node.peers import Peers
from federation.node.resources import Clocks, read_profiles
from federation.records.readers import Caller, Person
from federation.store import keystatements, logs
from federation.store.alarms import Alarm
from federation.store.blobs import HeldBlob
from federation.store.db import Database
from federation.store.lock import see_writer
from federation.store.mapstate import last_seq
from federation.store.view import View
from federation.store.watch import AnotherDatabaseError, DatabaseWatch, OtherTablesError
from federation.store.writerheard import WriterState
from federation.text import Sentence
from federation.text.cause import tell_refusal
from federation.tlog.keys import VerifierKey
from federation.web.behind import Behind
from federation.web.context import WebContext
from federation.web.readonly import refuse
from federation.web.requests.photos import ListRemovals
from federation.web.requests.request import Request

LOOK_S: Final = 0.1
#: A look that comes later than this is told in the log.
_TOLD_S: Final = 2.0
_AGAIN_S: Final = 1.0
#: Whoever looks at the lock has it for a moment, and whoever wants to write waits.
_LOCK_S: Final = 1.0
_TOKEN_BYTES: Final = 32

A = TypeVar("A")
_FileStamps: TypeAlias = tuple[tuple[str, int, int], ...]

_log = logging.getLogger(__name__)


class ChangedRulesError(Exception):
    """The rules of elections are others than those that were read."""


class ReadOnlyNode:
    """Follows the database of a node; the desk of its web."""

    def __init__(
        self, home: Home, settings: Settings, clocks: Clocks, max_lag_s: float
    ) -> None:
        """Open the database, to read it.

        Args:
            home: Of the node.
            settings: As they stand in the file.
            clocks: Of this process.
            max_lag_s: With more than so many seconds it is not ready.

        Raises:
            NotFoundError: there is no database yet.
            ConfigError: peers.toml, or the file of an election, cannot be used.
            OSError: the database cannot be opened.
        """
        self._rules = _stamp(home.elections)
        self.home, self.clocks, self.max_lag_s = home, clocks, max_lag_s
        self.profiles = read_profiles(home, settings)
        self.peers = Peers(home.peers, _tell_peers_file)
        self.db = Database.open(
            home.data, home.database, readonly=True, is_followed=True
        )
        self._watch = DatabaseWatch(self.db)
        try:
            with self.db.view() as view:
                founded = {log.origin for log in logs.list_logs(view) if log.own}
        except BaseException:
            self.db.close()
            raise
        now = clocks.wall()
        self.settings = settings = drop_past(settings, founded.__contains__, now)
        self.partners = Partners(
            self.db, settings, lambda: self.peers.by_org, clocks.steady
        )
        self.about = b""
        self._moved = asyncio.Condition()
        # When all that there was is known to have been here.
        self._known_at = float("-inf")
        self._is_late, self._sent, self._shown = False, 0, -1
        self._looked_at = self._locked_at = float("-inf")
        self._is_held = False

    def close(self) -> None:
        """Let go of the database."""
        self.db.close()
        self._watch.close()

    def lag(self) -> float:
        """How many seconds ago what is shown was known to be all that there is."""
        return max(0.0, self.clocks.steady() - self._known_at)

    def behind(self) -> Behind:
        """What is told of it, and how it stands with whoever writes.

        What a server that is silent may have written is not known to be here; but a
        reader serves on over it (`lag`): that a node is dead must not end its readers.
        """
        now, writer = self.clocks.steady(), self._watch.writer
        lag_s = max(self.lag(), writer.unheard_s(now))
        return Behind(lag_s, self._writer_state(now), writer.silence_s(now))

    def _writer_state(self, now: float) -> WriterState:
        if now - self._looked_at > _TOLD_S:
            return "unread"
        told = self._watch.writer.state(now)
        if told is not None:
            return told
        # Of a file nobody says who writes it, but the kernel who holds its folder.
        if now - self._locked_at > _LOCK_S:
            lock = self.home.lock
            # Of a lock that another user may not read it cannot be said that nobody
            # holds it; how far behind the database is holds either way.
            is_hidden = lock.exists() and not os.access(lock, os.R_OK)
            self._is_held = is_hidden or see_writer(lock) is not None
            self._locked_at = now
        return "writes" if self._is_held else "ended"

    async def look(self) -> None:
        """Follow what the node has written since.

        Raises:
            AnotherDatabaseError: the database is another file now.
            ChangedRulesError: the files of elections are others now.
            OtherTablesError: its tables are those of another version.
            FederationError: it cannot be read, or is damaged.
            OSError: it is not there, or the disk failed.
        """
        began = self.clocks.steady()
        await self.db.run(self._watch.look, began)
        self._follow_rules()
        if self.peers.refresh():
            self.partners.forget()
        commits = self.db.commits
        if has_changed := commits != self._shown:
            self.about = await self.db.read(_read_about, self.settings.org)
            self._shown = commits
        self._looked_at, behind_s = self.clocks.steady(), self._watch.behind_s
        # A standby that has lost its primary had all of it a moment ago, however long
        # nothing was written before that.
        self._known_at = max(self._known_at, began - behind_s)
        if behind_s >= _TOLD_S:
            self._tell_late(Sentence("serve.standby-behind"))
        elif self._is_late:
            self._is_late = False
            say("reader-follows")
        if has_changed:
            async with self._moved:
                self._moved.notify_all()

    def _follow_rules(self) -> None:
        stamp = _stamp(self.home.elections)
        if stamp == self._rules:
            return
        self._rules = stamp
        try:
            profiles = read_profiles(self.home, self.settings)
        except ConfigError as error:
            # As the node, which reads them when it is told to.
            _log.error("the rules stay as they were: %s", error)
            return
        if profiles != self.profiles:
            raise ChangedRulesError

    async def follow(self) -> None:
        """Look for ever.

        Raises:
            AnotherDatabaseError: as `look`.
            ChangedRulesError: as `look`.
            OtherTablesError: as `look`.
        """
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.look()
            except OtherTablesError:
                raise
            except OSError as error:
                self._tell_late(tell_refusal(error))
            except FederationError as error:
                self._tell_late(error.told)

    def _tell_late(self, why: Sentence) -> None:
        if self._is_late or self.lag() < _TOLD_S:
            return
        self._is_late = True
        say("reader-late", level=logging.ERROR, reason=why)

    # What the web asks (`web/context.py`).

    async def run(self, request: Request[A]) -> A:
        """What changes nothing; see `commands.list_removed`.

        Raises:
            ReadOnlyError: it is for the node.
        """
        if isinstance(request, ListRemovals):
            answer = await self.db.read(
                list_removals, self._honouring(), request.after, request.limit
            )
            assert isinstance(answer, RemovalsAnswer)
            return answer  # type: ignore[return-value]  # of this kind it is `A`
        raise refuse(self.settings)

    def _honouring(self) -> Honouring:
        honoured = (o for o, peer in self.peers.by_org.items() if peer.honour_removals)
        return Honouring(self.settings.org, frozenset(honoured))

    def news(self, org: str) -> bool:
        """Nobody is asked by a reader."""
        del org
        return False

    async def changed(self, election: str, since: int, timeout_s: float) -> None:
        """Return once the map is past change `since`, or after `timeout_s`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._past(election, since)

    async def _past(self, election: str, since: int) -> None:
        def seen() -> int:
            return self.db.last_commit(("merge_election",))

        while True:
            # Before the look: what is merged during it would else wake up nobody.
            before = seen()
            if await self.db.read(last_seq, election) > since:
                return
            async with self._moved:
                await self._moved.wait_for(lambda: seen() != before)  # noqa: B023  awaited in this round

    def readiness(self) -> list[Sentence]:
        """Why nobody should be sent here now."""
        lag = self.lag()
        if lag <= self.max_lag_s:
            return []
        told = {"lag": f"{lag:.0f}", "most": f"{self.max_lag_s:g}"}
        return [Sentence("serve.reader-late", **told)]

    def alarms(self) -> list[Alarm]:
        """Those of the node are in the database."""
        return []

    def asked_by_stranger(self, key: VerifierKey, address: str) -> None:
        """The node notes it, where it is asked itself."""

    def photo_used(self, blob: HeldBlob) -> None:
        """Only the node notes when a photo was last used: it is shown all the same.

        A photo that is looked at nowhere else may be let go of earlier.
        """

    def photo_shown(self, digest: str, person: Person) -> None:
        """Nobody is signed in here, as what they are shown is to be written down.

        Raises:
            ReadOnlyError: always.
        """
        del digest, person
        raise refuse(self.settings)

    async def thumbnail(self, digest: str) -> bytes:
        """For people of ours alone, whom the node knows.

        Raises:
            ReadOnlyError: always.
        """
        del digest
        raise refuse(self.settings)

    def photo_lost(self, blob: HeldBlob) -> None:
        """The node finds it, too, when it reads its photos again."""
        _log.error("the photo %s is missing or damaged", blob.digest)

    def photo_sent(self, count: int) -> None:
        """So many bytes of photos were handed over."""
        self._sent += count

    async def metrics(self, caller: Caller) -> Mapping[str, float]:
        """Gauges by Prometheus name."""
        return await self.db.read(
            read_reader_metrics, caller, self.settings, self.lag(), self._sent
        )


class ReaderPlace(NamedTuple):
    """Where a reader answers, and how far behind it may be.

    Attributes:
        port: On the host of the settings; 0: any that is free.
        max_lag_s: With more than so many seconds it is not ready.
    """

    port: int
    max_lag_s: float


class ReaderService:
    """A reader, from start to stop; it begins anew by itself.

    `url`: where it answers, once it does.
    """

    def __init__(
        self,
        home: Home,
        settings: Settings,
        clocks: Clocks,
        random: Random,
        place: ReaderPlace,
    ) -> None:
        """Nothing is opened yet.

        Args:
            home: Of the node.
            settings: As they stand in the file.
            clocks: Of this process.
            random: The secret of its own token comes out of it.
            place: See there.
        """
        self.settings, self.url = settings, ""
        self._home, self._clocks, self._place = home, clocks, place
        # Nobody is told it: whoever has a token is for the node.
        self._token = random.randbytes(_TOKEN_BYTES).hex()
        self._reader: ReadOnlyNode | None = None

    def lag(self) -> float:
        """How many seconds what it shows may be behind."""
        return 0.0 if self._reader is None else self._reader.lag()

    async def run(self, stop: asyncio.Event, up: asyncio.Event) -> None:
        """Answer until `stop` is set.

        Args:
            stop: Is set from outside.
            up: Is set as soon as it answers.

        Raises:
            ConfigError: a settings file cannot be used.
            FederationError: at the start: the database is not there, or is damaged.
            OSError: likewise: it cannot be opened, or the port is taken; or, at any
                time, the tables are those of another version.
        """
        began, port = self._clocks.steady(), self._place.port
        while not stop.is_set():
            try:
                reader = await self._begin()
            except OtherTablesError:
                raise
            except (FederationError, OSError):
                if not up.is_set():
                    raise
                # Between the old file and the new one there is none.
                await asyncio.sleep(_AGAIN_S)
                continue
            self._reader = reader
            with contextlib.closing(reader):
                site = _site_of(reader, self._token)
                async with answering(site, port) as (self.url, port):
                    self._tell(is_anew=up.is_set())
                    up.set()
                    await _until(stop, reader.follow())
        say(
            "reader-stopped",
            org=self.settings.org,
            ran_s=round(self._clocks.steady() - began),
        )

    async def _begin(self) -> ReadOnlyNode:
        reader = ReadOnlyNode(
            self._home, self.settings, self._clocks, self._place.max_lag_s
        )
        try:
            await reader.look()
        except BaseException:
            reader.close()
            raise
        return reader

    def _tell(self, *, is_anew: bool) -> None:
        say(
            "reader-anew" if is_anew else "reader-started",
            address=self.url,
            public_url=self.settings.listen.public_url or "",
            org=self.settings.org,
            version=metadata.version("tps-federation"),
            elections=" ".join(self.settings.elections),
        )


async def _until(stop: asyncio.Event, work: Coroutine[object, object, None]) -> None:
    """Return when it is to stop, or begins anew.

    Raises:
        OtherTablesError: it cannot go on.
    """
    tasks = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            with contextlib.suppress(AnotherDatabaseError, ChangedRulesError):
                tasks[0].result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _site_of(reader: ReadOnlyNode, token: str) -> WebContext:
    clocks, settings, home = reader.clocks, reader.settings, reader.home

    def no_secret() -> NoReturn:
        raise refuse(settings)

    return WebContext(
        db=reader.db,
        blobs=open_blobs(home.blobs, home.folder),
        settings=settings,
        profiles=reader.profiles,
        desk=reader,
        about=lambda: reader.about,
        partners=reader.partners.book,
        # Nobody is told it.
        control_token=token,
        clock=lambda: int(clocks.wall()),
        new_secret=no_secret,
        report_key=no_secret,
        peers=lambda: reader.peers.by_org,
        behind=reader.behind,
    )


def _tell_peers_file(fault: Sentence | None) -> None:
    """The node raises the alarm about it."""
    if fault is not None:
        _log.error("peers.toml: %s", fault)


def _read_about(view: View, org: str) -> bytes:
    return keystatements.read_about(view, org) or b""


def _stamp(folder: Path) -> _FileStamps:
    """Changes with the files of a folder."""
    found = []
    for path in sorted(folder.glob("*.json")):
        with contextlib.suppress(FileNotFoundError):
            status = path.stat()
            found.append((path.name, status.st_mtime_ns, status.st_size))
    return tuple(found)
