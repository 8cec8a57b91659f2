"""Photographs that are to be shown no longer: ours at our word, partners' at theirs.

Rule: one at a time, each step taken up where it was left (`flows/photos/remove.py`):
what logs say is followed, what binds us is noted, what is noted is deleted, what was
deleted is said as soon as a log of ours may be signed. A turn does all that is due.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Final, Protocol

from federation.blobs.blobs import is_digest
from federation.config.peers import Peer
from federation.errors import ConflictError, FormatError, NotFoundError
from federation.flows.ownlog import ingest
from federation.flows.ownlog.ingest import OwnLog
from federation.flows.photos import honour as honouring
from federation.flows.photos.asked import follow_once
from federation.flows.photos.honour import Honouring
from federation.flows.photos.remove import (
    PhotoPlaces,
    elections_of,
    find_own,
    note_gone,
    statement_of,
    sweep,
    sweep_again,
)
from federation.flows.photos.retention import expired, find_expired, make_terms
from federation.node.disk import Disk
from federation.node.gate import Gate
from federation.node.resources import Clocks, Resources
from federation.records.canonical import check_text
from federation.schedule import Duty, Result
from federation.sources.personal import why_personal
from federation.store import actions, evidence, logs, removals
from federation.store import blobs as held
from federation.store.removals import RemovedPhoto
from federation.store.view import Transaction, View
from federation.text import Sentence, as_said
from federation.web.requests.photos import ExpiredHere, RemovedHere, RemovePhoto

NAME: Final = "removed photos"
RETENTION: Final = "photo retention"
INTERVAL_S: Final = 30.0
_DAY_S: Final = 86_400.0
_BATCH: Final = 100
#: So long a command waits for a log that may not be signed yet: the photo is gone.
WAIT_S: Final = 5.0


class RemovalHost(Protocol):
    """What removing needs of the node."""

    resources: Resources
    clocks: Clocks
    gate: Gate
    disk: Disk

    def news(self) -> None:
        """A log of ours has grown."""

    async def index_photos(self) -> None:
        """Note which record names which photo, up to what is stored now."""


class Removals:
    """What is removed here, and what is still to be done about it."""

    def __init__(
        self, host: RemovalHost, peers: Callable[[], Mapping[str, Peer]]
    ) -> None:
        """`host` has its resources; `peers`: as peers.toml has them now."""
        self._host, self._peers = host, peers
        resources, home = host.resources, host.resources.home
        self._places = PhotoPlaces(
            db=resources.db,
            blobs=resources.blobs,
            thumbnails=home.thumbnails,
            partial=home.partial,
            originals=home.originals,
        )
        self._lock = asyncio.Lock()
        self._honoured: Collection[str] | None = None  # when last all were looked at
        self._looked = ""  # behind which digest is looked for what may come after all

    def duties(self) -> tuple[Duty, ...]:
        """What waits for a disk, or for a log, again; what has had its time, daily."""
        return (
            Duty(name=NAME, run=self._run, interval_s=INTERVAL_S, deadline_s=_DAY_S),
            Duty(
                name=RETENTION, run=self._expire, interval_s=_DAY_S, deadline_s=_DAY_S
            ),
        )

    def rules(self) -> Honouring:
        """Whose removals are honoured, as peers.toml has it now."""
        honoured = frozenset(
            org for org, peer in self._peers().items() if peer.honour_removals
        )
        return Honouring(self._host.resources.settings.org, honoured)

    async def turn(self) -> None:
        """Do all that is due.

        Raises:
            OSError: a disk is full or failed; the rest is done by a later turn.
        """
        async with self._lock:
            await self._follow()
            await self._let_in()
            await sweep(self._places)
            await self._say()

    async def remove(self, asked: RemovePhoto) -> RemovedHere:
        """Remove a photograph, and say so where that can be said now.

        Raises:
            FormatError: no digest, or a reason that must not be signed.
            NotFoundError: no record names it, and it is not held.
            OSError: a disk is full or failed: what is noted is deleted later.
        """
        _check(asked)
        await self._host.index_photos()
        db = self._host.resources.db
        await db.read(_check_known, asked.digest)
        removed = RemovedPhoto(
            digest=asked.digest,
            ground=asked.ground,
            reason=asked.reason,
            org=self._host.resources.settings.org,
            person=asked.person,
            removed_at=int(self._host.clocks.wall()),
            is_due=True,
        )
        # At once: nobody is shown it while much else is still being deleted.
        is_new = await db.write(_note_own, removed)
        async with self._lock:
            await self._follow()
            await sweep(self._places)
            why = await self._say(asked.digest, wait_s=WAIT_S)
            found = await db.read(removals.find_removed, asked.digest)
        assert found is not None, "it was noted"
        # What a disk or the store has refused was raised: it keeps what is deleted.
        is_kept = not found.is_swept
        if is_kept:
            place = self._host.resources.home.blobs
            why = Sentence("removal.versions-kept", place=place)
        return RemovedHere(
            digest=found.digest,
            is_new=is_new,
            ground=found.ground,
            org=found.org,
            removed_at=found.removed_at,
            was_held=found.was_held,
            statement=found.statement,
            is_due=found.is_due,
            why=why if found.is_due else "",
            is_kept=is_kept,
        )

    async def expire(self) -> ExpiredHere:
        """Delete here what has had its time.

        Raises:
            OSError: a disk is full or failed; the rest goes the next time.
        """
        resources, now = self._host.resources, int(self._host.clocks.wall())
        days = resources.settings.photos.retention_days or {}
        terms = make_terms(days, resources.profiles)
        count = size = 0
        after: str | None = ""
        # Who names a photo decides until when it stays.
        await self._host.index_photos()
        while after is not None:
            page = await resources.db.read(find_expired, terms, now, after)
            after = page.after or None
            async with self._lock:
                for blob in page.expired:
                    gone = expired(blob, resources.settings.org, now)
                    await resources.db.write(note_gone, gone)
                    count, size = count + 1, size + blob.size
                await sweep(self._places)
        return ExpiredHere(count=count, size=size)

    async def _run(self) -> Result:
        await self.turn()
        return Result(outcome="ok")

    async def _expire(self) -> Result:
        async with self._lock:
            await sweep_again(self._places)
        await self.expire()
        return Result(outcome="ok")

    async def _follow(self) -> None:
        """Follow what the logs say, and note what is to go."""
        db, now = self._host.resources.db, int(self._host.clocks.wall())
        rules = self.rules()
        while (followed := await db.run(follow_once, db, now=now)).moved:
            if followed.digests:
                await db.run(honouring.honour, db, followed.digests, rules, now)
        if rules.honoured != self._honoured:
            await db.run(honouring.honour_all, db, rules, now)
            self._honoured = rules.honoured

    async def _let_in(self) -> None:
        """Let come what was noted as gone before who collected it was heard."""
        db, now = self._host.resources.db, int(self._host.clocks.wall())
        policies = {org: peer.photos for org, peer in self._peers().items()}
        kept = await db.read(honouring.find_kept, now, self._looked)
        self._looked = kept.last
        for digest in kept.digests:
            await db.write(honouring.let_in, digest, policies, now)

    async def _say(self, digest: str = "", wait_s: float = 0.0) -> str:
        """Sign what is due, of one photograph or of all; why not, if it cannot be."""
        db, why = self._host.resources.db, ""
        due = await db.read(removals.list_due, _BATCH)
        if digest:
            found = await db.read(removals.find_removed, digest)
            due = [found] if found and found.is_due and found.is_swept else []
        for removed in due:
            try:
                await self._say_one(removed, wait_s)
            except ConflictError as error:
                why = error.told
        return why

    async def _say_one(self, removed: RemovedPhoto, wait_s: float) -> None:
        """Sign one statement.

        Raises:
            ConflictError: no log of ours may be signed now.
        """
        resources = self._host.resources
        db, org = resources.db, resources.settings.org
        # A crash may lie between our log and the row that says it is said.
        own = await db.read(find_own, org, removed)
        record = "" if own is None else own.record
        if not record:
            log = await db.read(self._pick_log, removed)
            await self._host.gate.passed(log.origin, wait_s)
            election = log.chain.election
            now = self._host.clocks.wall()
            statement = statement_of(removed, org, election, now)
            [verdict] = await self._host.disk.write(
                ingest.append_statements, log, [statement], now
            )
            if verdict.outcome != "logged":
                raise ConflictError(as_said(verdict.reason))
            self._host.news()
            record = verdict.record
        await db.write(removals.note_said, removed.digest, record)

    def _pick_log(self, view: View, removed: RemovedPhoto) -> OwnLog:
        """The log to say it in: of an election that names it, else any that is open.

        Raises:
            ConflictError: all of ours are closed.
        """
        resources = self._host.resources
        ours = resources.settings.elections
        named = elections_of(view, removed)
        for election in dict.fromkeys((*named, *ours)):
            origin = resources.settings.origin_of(election)
            if election in ours and not _is_closed(view, origin):
                return resources.own[origin]
        raise ConflictError(Sentence("removal.logs-closed"))


def _is_closed(view: View, origin: str) -> bool:
    return logs.get_log(view, origin).closed_at is not None


def _note_own(tx: Transaction, removed: RemovedPhoto) -> bool:
    """Write that a photograph is gone, and at whose hand; False: it was gone."""
    is_new = note_gone(tx, removed)
    if is_new:
        # Of people only coordinators remove (`records/readers.py`).
        who = (removed.person, "coordinator") if removed.person else actions.MACHINE
        actions.note_action(tx, *who, "remove", removed.digest, removed.removed_at)
    return is_new


def _check(asked: RemovePhoto) -> None:
    """Refuse what must not be signed, before anything is deleted.

    Raises:
        FormatError: no digest, or a reason that is no text about nobody.
    """
    if not is_digest(asked.digest):
        raise FormatError(Sentence("removal.no-digest", given=repr(asked.digest)))
    if asked.reason:
        check_text(asked.reason, "reason")
        if why := why_personal("reason", asked.reason):
            raise FormatError(why, "reason")


def _check_known(view: View, digest: str) -> None:
    """Refuse a digest that is of nothing here: it was mistyped.

    Raises:
        NotFoundError: no record names it, and nothing of it is held or was removed.
    """
    if (
        held.find_blob(view, digest) is None
        and not evidence.find_evidence(view, digest)
        and not removals.is_removed(view, digest)
    ):
        raise NotFoundError(Sentence("removal.none", digest=digest))
