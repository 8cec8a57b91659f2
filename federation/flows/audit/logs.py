"""The logs of all feeds: opened, judged leaf by leaf, reported.

Rule: source by source, so that each makes its own published map again from the records
that it has shown itself. A log that does not open leaves its findings and nothing else.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from federation.config.fingerprint import fingerprint
from federation.errors import FormatError, PeerError
from federation.feeds.feed import Feed
from federation.feeds.files import Files
from federation.feeds.resource import fork_of
from federation.feeds.status import StatusEntry, parse_status
from federation.flows.audit.cosignatures import HolderKeys
from federation.flows.audit.extras import Listing, check_about, check_basis, check_page
from federation.flows.audit.keyring import BAD, Keyring, Pinned, log_key_of
from federation.flows.audit.log import Judging, LeafCounts, LogAudit, Progress
from federation.flows.audit.maps import MapAudit, MapWatcher, watch_nothing
from federation.flows.audit.mentions import PhotoSearch
from federation.flows.audit.published import MapBasis, load_basis
from federation.flows.audit.report import UNASKED, AuditedLog, Findings, MapReport
from federation.flows.audit.source import (
    AuditSource,
    OpenedLog,
    Reader,
    ShutLog,
    kind_of,
    open_log,
    open_signed,
    tell,
)
from federation.flows.verify.workers import Workers
from federation.records.claim import EncodedClaims
from federation.records.companion import bind_companions
from federation.records.evidence import open_evidence
from federation.records.keychain import KeyChain
from federation.records.keystatement import parse_origin
from federation.records.profile import Profile
from federation.records.publishedmap import PublishedMap
from federation.text import Sentence, as_said
from federation.tlog.checkpoint import MAX_SIZE
from federation.tlog.keys import VerifierKey


@dataclass(frozen=True)
class Means:
    """What an audit works with; see `audit`."""

    profiles: Mapping[str, Profile]
    workers: Workers | None
    scratch: Path | None
    progress: Progress
    is_partial: bool = False
    photos: PhotoSearch | None = None
    watching: MapWatcher = watch_nothing
    held: PublishedMap | None = None


class _JudgedLog(NamedTuple):
    """A log whose leaves were judged, its keys pinned or not, signed by a companion."""

    log: OpenedLog
    counts: LeafCounts
    pinned: Pinned
    companion: VerifierKey | None


class Logs:
    """Every log of every feed; `opened` are those whose keys and checkpoint hold.

    `shut`: what those showed whose keys did not come.
    """

    def __init__(self, keyring: Keyring, findings: Findings, means: Means) -> None:
        self.opened = list[OpenedLog]()
        self.shut = list[ShutLog]()
        self._keyring, self._findings, self._means = keyring, findings, means
        self._listings = dict[str, Listing]()
        self._judged = list[_JudgedLog]()
        self._maps = dict[tuple[str, str], MapAudit]()
        self._earlier = dict[tuple[str, str], MapAudit]()

    async def open(self, source: AuditSource, feed: Feed) -> None:
        """Open the keys and checkpoints of a feed."""
        reader = Reader(source, feed, self._findings)
        if source.files is not None:
            self._list(reader, source.files)
        entries = await _read_status(reader)
        if entries is None:
            return
        if self._means.scratch is not None:
            await self._open_maps(reader, entries, self._means.scratch)
        opened = [log async for log in _open_logs(reader, entries, self.shut)]
        for log in opened:
            self.opened.append(log)
            self._keyring.add(source.name, log.chain)
            await self._read_fork(log)
        await check_about(reader, self._keyring)
        if source.files is not None:
            check_basis(reader, source.files)
            check_page(reader, source.files)
            sizes = {entry.origin: MAX_SIZE for entry in entries}
            sizes |= {log.origin: log.checkpoint.size for log in opened}
            for name in self._listings[source.name].unasked(sizes):
                reader.add("extra-file", detail=as_said(name))

    def _list(self, reader: Reader, files: Files) -> None:
        listing = self._listings[reader.name] = Listing(files.names())
        for name in listing.closed:
            reason = Sentence("network.folder-closed")
            detail = Sentence("network.because", said=name, reason=reason)
            reader.add(UNASKED, detail=detail)

    async def judge(self) -> None:
        """Lead every leaf of every opened log back to its root, source by source."""
        for name in dict.fromkeys(log.reader.name for log in self.opened):
            mine = [log for log in self.opened if log.reader.name == name]
            for election in sorted({log.chain.election for log in mine}):
                of_it = [log for log in mine if log.chain.election == election]
                await self._judge_election(name, election, of_it)

    def report(self, holders: HolderKeys) -> Iterator[AuditedLog]:
        """What each log comes to, with who else holds it."""
        for judged in self._judged:
            yield self._report(judged, holders)

    async def judge_maps(self) -> list[MapReport]:
        """Make every published map again, and compare."""
        judged = [
            await asyncio.to_thread(maps.judge, name, self._findings)
            for (name, _), maps in self._maps.items()
        ]
        return [report for report in judged if report is not None]

    async def judge_earlier(self) -> list[MapReport]:
        """Make the map that the auditor holds again, by each source that can.

        That it comes to something else is no fault of the source: nothing is noted.
        """
        judged = [
            await asyncio.to_thread(earlier.judge, name, Findings())
            for (name, _), earlier in self._earlier.items()
        ]
        return [report for report in judged if report is not None]

    async def _open_maps(
        self, reader: Reader, entries: Iterable[StatusEntry], scratch: Path
    ) -> None:
        """Ask for the maps before the checkpoints.

        A node that takes records in meanwhile would show a map that is ahead of them.
        """
        for election in sorted(set(_elections(entries))):
            ours = self._means.profiles.get(election)
            findings = self._findings
            basis = await load_basis(reader.feed, reader.name, election, ours, findings)
            if basis.published is not None and basis.profile is not None:
                watch = self._means.watching(reader.name, basis.published)
                maps = MapAudit(basis, scratch, watch=watch)
                self._maps[reader.name, election] = maps
                self._open_earlier(reader.name, basis, scratch)

    def _open_earlier(self, name: str, basis: MapBasis, scratch: Path) -> None:
        """Make the map that the auditor holds, where what it rests on is here."""
        held, shown = self._means.held, basis.published
        if held is None or shown is None or held.is_same_state(shown):
            return
        if held.has_same_basis(shown):
            watch = self._means.watching(name, held)
            earlier = MapAudit(basis._replace(published=held), scratch, watch=watch)
            self._earlier[name, held.election] = earlier

    async def _read_fork(self, log: OpenedLog) -> None:
        evidence = await log.reader.ask(fork_of(log.origin))
        if evidence is None:
            return
        try:
            fork = open_evidence(evidence, log.chain)
        except BAD as error:
            log.reader.add(
                "damaged",
                log.origin,
                detail=Sentence("audited.evidence", error=error.told),
            )
        else:
            self._findings.add_fork(log.reader.name, fork)

    async def _judge_election(
        self, name: str, election: str, logs: Sequence[OpenedLog]
    ) -> None:
        means, maps = self._means, self._maps.get((name, election))
        earlier = self._earlier.get((name, election))
        made = [one for one in (maps, earlier) if one is not None]

        def take(origin: str, claims: Sequence[EncodedClaims]) -> None:
            for one in made:
                one.take(origin, claims)

        # Whether a record holds is never asked of a profile; what it claims is, and
        # without a map nobody asks that.
        profile = means.profiles.get(election) or next(iter(means.profiles.values()))
        for log in logs:
            listing = self._listings.get(name)
            size = log.checkpoint.size
            start = 0 if listing is None else listing.first_leaf(log.origin, size)
            judging = Judging(
                findings=self._findings,
                workers=means.workers,
                profile=profile if maps is None else maps.profile,
                chain=self._keyring.newest(log.chain),
                claims=take,
                progress=means.progress,
                photos=means.photos,
            )
            counts = await LogAudit(log, judging, start).run()
            if not counts.has_gaps:
                for one in made:
                    one.cover(log.chain, start, size)
            chain = bind_companions(judging.chain, counts.companions)
            companion = _check_companion(log, chain)
            pinned = self._pin(log, counts)
            if pinned != "no":
                self._keyring.companions[log.origin] = chain.companions
            self._judged.append(_JudgedLog(log, counts, pinned, companion))

    def _pin(self, log: OpenedLog, counts: LeafCounts) -> Pinned:
        self._check_whole(log, counts)
        chain = self._keyring.newest(log.chain)
        log_key = log.chain.log_key(log.checkpoint.size)
        return self._keyring.pin(chain, log_key, counts.first)

    def _check_whole(self, log: OpenedLog, counts: LeafCounts) -> None:
        """Whoever hides the oldest records must not pass for a bundle made `--since`.

        Nothing shows which of the two it is, so the auditor has to say; and of a log
        of which nothing at all is here, nothing is proved whatever they say.
        """
        if not counts.start:
            return
        if counts.start < log.checkpoint.size and self._means.is_partial:
            detail = Sentence("audited.records-from", start=counts.start)
            log.reader.add("partial", log.origin, detail=detail)
        else:
            detail = Sentence("audited.records-to", start=0, end=counts.start - 1)
            log.reader.add("missing", log.origin, detail=detail)

    def _report(self, judged: _JudgedLog, holders: HolderKeys) -> AuditedLog:
        log, counts = judged.log, judged.counts
        chain, checkpoint = log.chain, log.checkpoint
        if judged.pinned == "no":
            log_key = log_key_of(chain, checkpoint.size)
            kind, detail = self._keyring.tell_unpinned(chain, log_key)
            log.reader.add(kind, log.origin, detail=detail)
        if counts.unknown:
            unknown = Sentence("audited.records", count=counts.unknown)
            log.reader.add("unknown-type", log.origin, detail=unknown)
        for reason, apart in counts.set_apart.items():
            told = Sentence("audited.set-apart", count=apart.count, reason=reason)
            log.reader.add("set-apart", log.origin, apart.first, told)
        held = holders.judge_all((log.signed, *log.earlier), chain.org)
        for found, why in held.findings:
            log.reader.add(found, log.origin, detail=why)
        follows = chain.follows()
        return AuditedLog(
            source=log.reader.name,
            origin=log.origin,
            org=chain.org,
            from_=counts.start,
            size=checkpoint.size,
            root=checkpoint.root.hex(),
            records=counts.records,
            refused=counts.refused,
            unknown=counts.unknown,
            set_apart=sum(apart.count for apart in counts.set_apart.values()),
            pinned=judged.pinned,
            fingerprint=fingerprint(chain.identity),
            quorum=held.quorum,
            held=held.held,
            held_size=held.size,
            companion="" if judged.companion is None else str(judged.companion),
            continues="" if follows is None else follows.origin,
            counted=0 if follows is None else follows.size,
        )


def _check_companion(log: OpenedLog, chain: KeyChain) -> VerifierKey | None:
    """The companion key that signed the newest checkpoint, as its log announced.

    Known only now that its leaves are: without it a checkpoint is not signed as the log
    itself says that they are.
    """
    opened = [open_signed(log.reader, chain, log.signed.note)]
    opened += (open_signed(log.reader, chain, one.note) for one in log.earlier)
    return None if opened[0] is None else opened[0].companion


async def _read_status(reader: Reader) -> tuple[StatusEntry, ...] | None:
    """The rows of the status vector; None, and a finding, if nobody could be asked."""
    try:
        answer = await reader.feed.logs(None)
        entries = () if answer is None else parse_status(answer[0]).logs
    except (PeerError, FormatError) as error:
        is_absent = isinstance(error, PeerError) and error.is_absent
        # An address without a list is no node's: nothing that it had could be missing.
        kind = UNASKED if is_absent and not reader.is_file else kind_of(error)
        reader.add(kind, detail=tell(error))
        # Whoever could not be asked has shown nothing, and is not asked on and on.
        return None if kind == UNASKED else ()
    # Nothing to be wrong in is not proved: whoever leaves all out must not pass.
    if not entries:
        reader.add("missing", detail=Sentence("audited.no-histories"))
    return entries


async def _open_logs(
    reader: Reader, entries: Sequence[StatusEntry], shut: list[ShutLog]
) -> AsyncIterator[OpenedLog]:
    """Every log that opens, as long as the source answers."""
    for at, entry in enumerate(entries):
        if reader.feed.is_spent():
            detail = Sentence("network.unasked-logs", count=len(entries) - at)
            is_unasked = reader.feed.is_any_unasked()
            reader.add(UNASKED if is_unasked else "missing", detail=detail)
            return
        log = await open_log(reader, entry, shut)
        if log is not None:
            yield log


def _elections(entries: Iterable[StatusEntry]) -> Iterator[str]:
    for entry in entries:
        with suppress(FormatError):  # told of when the log is opened
            yield parse_origin(entry.origin).election
