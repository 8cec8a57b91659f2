"""What a folder or bundle file brings that somebody handed over, on a stick or by post.

Rule: it is taken in as a partner's turn is, by the same verification, and is no
partner: it brings the log of any partner, never speaks for an origin, and leaves no
turn, offer or alarm of its own. What is in it of our own logs is looked at before we
sign anything: it may be all that is left of them.

    look    what it would bring; nothing is verified, nothing changes
    take    bring it, for some seconds; the same call again goes on

Source: docs/reference/protocol.md, "Pulling"
"""

import asyncio
import contextlib
import errno
import os
import stat
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from federation.blobs.blobs import is_digest
from federation.errors import FederationError, FormatError, NotFoundError, PeerError
from federation.feeds.bundle import BundleFile
from federation.feeds.files import FileFeed, Files
from federation.feeds.folder import Folder
from federation.feeds.resource import LOGS, blob_of, checkpoint_of, log_path
from federation.feeds.status import StatusEntry, parse_status
from federation.feeds.unreadable import unreadable
from federation.flows import cosign
from federation.flows.photos.turns import FetchReport
from federation.flows.pull import (
    HandedSource,
    PullContext,
    PullReport,
    import_forks,
    pull_files,
)
from federation.flows.pull.basis import ask_basis
from federation.node.node import Node
from federation.records.keychain import parse_origin
from federation.records.readers import NOBODY, may_know
from federation.store import cosignatures, logs
from federation.store.logs import Log
from federation.store.view import View
from federation.text import Sentence
from federation.text.cause import cause_of
from federation.tlog.checkpoint import read_unverified
from federation.tlog.tile import WIDTH, Bundle, parse_tile_path
from federation.web.requests.partners import WELL, BroughtLog, HandedFiles

_SHOWN_CHARS: Final = 200
NOT_TRIED: Final = "not tried: too many of the other logs have failed"


@contextlib.asynccontextmanager
async def open_files(path: Path) -> AsyncIterator[Files]:
    """The files in a folder or bundle file that has logs.

    Raises:
        NotFoundError: nothing is there.
        UnreadableError: something is there that this machine does not hand over.
        FormatError: not a bundle file, or nothing in it can be taken in; or no file
            can have this name.
    """
    # In a thread: a slow stick must not hold up a node that serves.
    files = await asyncio.to_thread(_open, path)
    try:
        yield files
    finally:
        if isinstance(files, BundleFile):
            files.close()


def _open(path: Path) -> Folder | BundleFile:
    if stat.S_ISDIR(_look_up(path).st_mode):
        return Folder(path)
    files = BundleFile(path)
    if files.is_excerpt:
        files.close()
        reason = Sentence("bundle.excerpt")
        raise FormatError(reason, str(path))
    return files


def _look_up(path: Path) -> os.stat_result:
    shown = show_path(path)
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise NotFoundError(Sentence("bundle.no-file", path=shown)) from None
    except ValueError:
        # A NUL, or half a surrogate pair.
        raise FormatError(Sentence("bundle.impossible-name"), shown) from None
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise FormatError(cause_of(error), shown) from None
        raise unreadable(error, shown) from error


def show_path(path: Path) -> str:
    """A path as it can be shown: whoever names one may name anything."""
    text = str(path)
    shown = text if text.isprintable() else repr(text)
    return shown if len(shown) <= _SHOWN_CHARS else f"{shown[:_SHOWN_CHARS]}…"


async def look(node: Node, path: Path) -> HandedFiles:
    """What the files would bring.

    Raises:
        NotFoundError: nothing is there.
        FormatError: not a bundle file, or its status vector is damaged.
    """
    async with _opened(node, path) as opened:
        brought = await opened.look()
    new = sum(log.after - log.before for log in brought if log.outcome == "new")
    return HandedFiles(path=str(path), new=new, logs=tuple(brought))


async def take(node: Node, path: Path, within_s: float) -> HandedFiles:
    """Take in what the files bring, until `within_s` have passed.

    Raises:
        NotFoundError: nothing is there.
        FormatError: not a bundle file, or its status vector is damaged.
    """
    async with _opened(node, path) as opened:
        return await opened.take(within_s)


@contextlib.asynccontextmanager
async def _opened(node: Node, path: Path) -> AsyncIterator["_OpenedFiles"]:
    async with open_files(path) as files:
        vector = await asyncio.to_thread(_read_vector, files, str(path))
        yield _OpenedFiles(node, files, path, vector)


class _OpenedFiles:
    """Files that are being taken in."""

    def __init__(
        self, node: Node, files: Files, path: Path, vector: tuple[StatusEntry, ...]
    ) -> None:
        self._node, self._files, self._label = node, files, str(path)
        self._feed = FileFeed(files, self._label)
        self._source = HandedSource(org=self._label)
        self._vector = vector

    async def look(self) -> list[BroughtLog]:
        """Each log beside what is held of it."""
        held = await self._node.resources.db.read(_held)
        ctx = self._node.pull_context()
        return [
            await self._look(ctx, entry, held.get(entry.origin))
            for entry in self._vector
        ]

    async def take(self, within_s: float) -> HandedFiles:
        node, now = self._node, int(self._node.clocks.wall())
        known = {log.origin: log for log in await self.look()}
        shown = [e for e in self._vector if known[e.origin].outcome in {"new", "same"}]
        ctx = node.pull_context()
        until = ctx.clock() + within_s
        report = await pull_files(
            ctx, self._source, self._feed, shown, now, until=until
        )
        tried = {pulled.origin for pulled in report.logs}
        for entry in shown:
            if entry.origin not in tried:
                known[entry.origin] = msgspec.structs.replace(
                    known[entry.origin], outcome="failed", reason=NOT_TRIED
                )
        for pulled in report.logs:
            known[pulled.origin] = msgspec.structs.replace(
                known[pulled.origin], outcome=pulled.outcome, reason=pulled.reason
            )
        for copy in report.own_larger:
            try:
                await node.own_logs.restore(copy, self._feed, self._label)
            except FederationError as error:
                known[copy.origin] = msgspec.structs.replace(
                    known[copy.origin], outcome="refused", reason=error.told
                )
        await self._import_forks(ctx, now)
        if not node.peers.reachable:  # nobody is there to be asked
            await node.own_logs.begin_alike()
        confirmed = await self._confirm(report, now)
        photos = await self._take_photos(until - ctx.clock())
        after = await node.resources.db.read(_held)
        brought = [_grown(log, after.get(log.origin)) for log in known.values()]
        own = sum(log.after - log.before for log in brought if log.own)
        # A log of which a part came shows none of it; the part is progress.
        new = report.new_leaves + own
        if new:
            node.merge_soon()
        return HandedFiles(
            path=self._label,
            new=new,
            logs=tuple(brought),
            held_by=confirmed,
            more=report.more or photos.more,
            photos=photos.fetched,
        )

    async def _take_photos(self, within_s: float) -> FetchReport:
        """Those that records name which are held by now; others are nobody's."""
        digests = await asyncio.to_thread(_photos_in, self._files)
        if not digests:
            return FetchReport()
        await self._node.index_photos()
        photos = self._node.photographs.fetching
        return await photos.take_files(self._feed, digests, max(within_s, 1.0))

    async def _look(
        self, ctx: PullContext, entry: StatusEntry, held: Log | None
    ) -> BroughtLog:
        size = 0 if held is None else held.size
        there, own = _size_of(entry), entry.origin in ctx.own
        log = BroughtLog(
            origin=entry.origin,
            outcome="same",
            before=size,
            after=size,
            there=there,
            own=own,
        )
        if not own and ctx.wants(self._source, entry.origin) is None:
            passed = _why_not(ctx, entry.origin)
            return msgspec.structs.replace(log, outcome=passed)
        start = size if held is None else held.next_index
        if there <= start:
            return log
        if await self._lacks(entry.origin, start, there):
            begins = await asyncio.to_thread(_begins, self._files, entry.origin)
            if begins > start:
                return msgspec.structs.replace(log, outcome="missing", begins=begins)
            reason = f"records from number {start} on are missing"
            return msgspec.structs.replace(log, outcome="failed", reason=reason)
        return msgspec.structs.replace(log, outcome="new", after=there)

    async def _lacks(self, origin: str, start: int, there: int) -> bool:
        """Whether the first records that are new to us are not in the files.

        A damaged bundle of records is not missing: taking it in says so.
        """
        number = start // WIDTH
        first = Bundle(number, min(WIDTH, there - number * WIDTH))
        try:
            await self._feed.tile(origin, first)
        except PeerError as error:
            return error.is_absent
        return False

    async def _import_forks(self, ctx: PullContext, now: int) -> None:
        # Files without maps say nothing of forks; only proof counts in any case.
        with contextlib.suppress(PeerError, FormatError):
            basis = await ask_basis(self._feed, self._label)
            await import_forks(ctx, self._feed, self._label, basis.frozen, now)

    async def _confirm(
        self, report: PullReport, now: int
    ) -> Mapping[str, Mapping[str, int]]:
        """Cosign what came, collect what was said of ours; who holds what of it."""
        node, db = self._node, self._node.resources.db
        heartbeat_s = node.resources.settings.sync.heartbeat_s
        # Nobody answered here: what was cosigned before is not cosigned anew.
        await db.write(
            cosign.cosign_held, node.resources.keys.mirror, (), now, heartbeat_s
        )
        keys = await db.read(cosign.mirror_keys, node.peers.by_org)
        own = node.pull_context().own
        mine = sorted(report.sizes.keys() & own.keys())
        for origin in mine:
            await cosign.recollect(db, self._feed, own[origin], keys)
        for origin in sorted(report.sizes.keys() - own.keys()):
            with contextlib.suppress(PeerError, FormatError):
                note = await self._feed.fetch(checkpoint_of(origin))
                await db.write(cosign.save_collected, origin, note, keys)
        return await db.read(cosignatures.load_holders, mine)


def _read_vector(files: Files, label: str) -> tuple[StatusEntry, ...]:
    try:
        return parse_status(files.read(LOGS.path, LOGS.max_bytes)).logs
    except NotFoundError:
        raise FormatError(Sentence("bundle.no-logs"), label) from None


def _photos_in(files: Files) -> list[str]:
    """The digests of the photographs in files.

    Raises:
        UnreadableError: the folder was pulled out, or is closed to us.
    """
    prefix = blob_of("").path
    try:
        names = [name for name in files.names() if name.startswith(prefix)]
    except OSError as error:
        raise unreadable(error, prefix) from error
    digests = (name.removeprefix(prefix) for name in names)
    return [digest for digest in digests if is_digest(digest)]


def _held(view: View) -> dict[str, Log]:
    return {log.origin: log for log in logs.list_logs(view)}


def _size_of(entry: StatusEntry) -> int:
    """How large the files say that a log is; 0 where they make no sense of it."""
    try:
        return read_unverified(entry.checkpoint.encode()).size
    except (FormatError, UnicodeEncodeError):
        return 0


def _why_not(ctx: PullContext, origin: str) -> str:
    try:
        parts = parse_origin(origin)
    except FormatError:
        return "refused"
    if not may_know(NOBODY, parts):
        return "private"
    partner = ctx.peers.get(parts.org)
    if parts.election not in ctx.profiles:
        return "election"
    if partner is None:
        return "no-partner"
    return "paused" if partner.paused else "election"


def _begins(files: Files, origin: str) -> int:
    """The first record of a log that the files hold.

    Raises:
        UnreadableError: the folder was pulled out, or is closed to us.
    """
    prefix = log_path(origin, "tile/entries/")
    starts: list[int] = []
    try:
        names = list(files.names())
    except OSError as error:
        raise unreadable(error, prefix) from error
    for name in names:
        if name.startswith(prefix):
            with contextlib.suppress(FormatError):
                path = name.partition("/")[2]
                starts.append(parse_tile_path(path).index * WIDTH)
    return min(starts, default=0)


def _grown(log: BroughtLog, held: Log | None) -> BroughtLog:
    """What became of a log, with what is held of it now."""
    size = 0 if held is None else held.size
    after = max(size, log.before)
    is_back = log.own and after > log.before and log.outcome in WELL
    outcome = "restored" if is_back else log.outcome
    return msgspec.structs.replace(log, after=after, outcome=outcome)
