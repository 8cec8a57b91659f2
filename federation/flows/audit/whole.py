"""The whole audit: every source, every log, every document, and what it comes to.

Rule: keys and checkpoints of all sources are opened first, because one source's keys
judge another's documents and cosignatures; then each log is led back to its root; then
the sources are compared with each other. No network and no database: feeds and files.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from federation.config.fingerprint import fingerprint
from federation.errors import FormatError, NotFoundError, PeerError
from federation.feeds.feed import Feed, StatusEntry, parse_status
from federation.feeds.files import Files
from federation.flows.audit.beside import check_about, check_basis, check_page
from federation.flows.audit.documents import Documents, unpinned
from federation.flows.audit.finding import Findings
from federation.flows.audit.holders import Ages, Holders
from federation.flows.audit.keys import BAD
from federation.flows.audit.listing import Listing
from federation.flows.audit.log import Counts, Judging, LogAudit
from federation.flows.audit.maps import MapAudit
from federation.flows.audit.opening import OpenedLog, open_log
from federation.flows.audit.pool import Pool
from federation.flows.audit.published import load_basis
from federation.flows.audit.report import LogReport, MapReport, Report
from federation.flows.audit.sides import compare_chains, compare_sides
from federation.flows.audit.source import Reader, Source, kind_of
from federation.flows.audit.trust import Pinned, Trust
from federation.flows.verify.evidence import open_evidence
from federation.records.admission import EncodedClaim
from federation.records.profile import Profile
from federation.records.receipt import MAX_RECEIPT_BYTES
from federation.tlog.checkpoint import MAX_SIZE

_RECEIPTS: Final = "receipts/"
_OF_EXCERPT: Final = frozenset({"checkpoint", "keys"})

Progress = Callable[[int], None]


@dataclass(frozen=True)
class Means:
    """What an audit works with; see `audit`."""

    profiles: Mapping[str, Profile]
    executor: Executor | None
    scratch: Path | None
    progress: Progress


async def audit(  # noqa: PLR0913  # what an auditor can say, each of it once
    sources: Sequence[Source],
    trust: Trust,
    *,
    profiles: Mapping[str, Profile],
    executor: Executor | None,
    scratch: Path | None,
    now: int,
    as_of: int | None = None,
    max_age_s: int | None = None,
    progress: Progress = lambda _: None,
) -> Report:
    """What can be proved of these sources, and what is wrong with them.

    Args:
        sources: Feeds, files and documents, named as the auditor named them.
        trust: Whom the auditor trusts.
        profiles: Of elections, by name; at least one. A published map brings its own.
        executor: Of worker processes, for large logs; None: verify in threads.
        scratch: A folder for what memory does not hold; None: no map is made again.
        now: Unix seconds.
        as_of: Unix seconds after which no cosignature counts.
        max_age_s: How old the newest cosignature may be.
        progress: Is told how many records more were looked at.
    """
    ages = Ages(now=now, as_of=as_of, max_age_s=max_age_s)
    whole = _Whole(trust, ages, Means(profiles, executor, scratch, progress))
    await whole.open(sources)
    await whole.judge_logs()
    await whole.compare()
    await whole.judge_maps()
    return whole.report(sources)


class _Judged(NamedTuple):
    """A log whose leaves were judged, and how its keys are pinned."""

    log: OpenedLog
    counts: Counts
    pinned: Pinned


class _Whole:
    """An audit under way."""

    def __init__(self, trust: Trust, ages: Ages, means: Means) -> None:
        self._trust, self._ages, self._means = trust, ages, means
        self._findings = Findings()
        self._pool = Pool(trust)
        self._holders = Holders(trust, ages)
        self._documents = Documents(self._pool, self._holders, self._findings)
        self._opened = list[OpenedLog]()
        self._listings = dict[str, Listing]()
        self._judged = list[_Judged]()
        self._logs = list[LogReport]()
        self._maps = list[tuple[str, MapAudit]]()
        self._map_reports = list[MapReport]()

    async def open(self, sources: Iterable[Source]) -> None:
        """Open the keys and checkpoints of every source."""
        for source in sources:
            if source.feed is not None:
                await self._open_feed(source, source.feed)
            elif source.files is not None:
                self._open_excerpt(source.name, source.files)
            elif source.fault is not None:
                kind, said = kind_of(source.fault), str(source.fault)
                self._findings.add(kind, source.name, detail=said)
            else:
                self._documents.add(source.name, source.document or b"")
        self._documents.learn_keys()

    async def judge_logs(self) -> None:
        """Lead every leaf of every opened log back to its root, source by source."""
        for name in dict.fromkeys(log.reader.name for log in self._opened):
            mine = [log for log in self._opened if log.reader.name == name]
            for election in sorted({log.chain.election for log in mine}):
                of_it = [log for log in mine if log.chain.election == election]
                await self._judge_election(name, election, of_it)
        self._holders.learn(self._pool.all_pinned())

    async def compare(self) -> None:
        """Who else holds each log; the documents; whether all show one history."""
        for one in self._judged:
            self._logs.append(self._report_log(one))
        self._documents.judge()
        for origin, chains in self._pool.chains.items():
            right = self._pool.longest(origin)
            if right is None:
                continue
            compare_chains(chains, right, self._findings)
            of_log = [log for log in self._opened if log.origin == origin]
            loose = self._documents.seen.get(origin, ())
            await compare_sides(of_log, loose, right, self._findings)

    async def judge_maps(self) -> None:
        """Make every published map again, and compare."""
        for name, one in self._maps:
            found = await asyncio.to_thread(one.judge, name, self._findings)
            if found is not None:
                self._map_reports.append(found)

    def report(self, sources: Sequence[Source]) -> Report:
        """What all of it comes to."""
        kind, code = self._findings.verdict()
        return Report(
            verdict=kind,
            exit=code,
            as_of=self._ages.as_of,
            sources=tuple(source.name for source in sources),
            logs=tuple(self._logs),
            documents=tuple(self._documents.reports),
            maps=tuple(self._map_reports),
            findings=tuple(self._findings.ranked()),
            counts=dict(sorted(self._findings.counts.items())),
            not_proved=self._not_proved(),
            shared=self._trust.shared(),
            evidence=tuple(one.decode() for one in self._findings.evidence),
        )

    async def _open_feed(self, source: Source, feed: Feed) -> None:
        reader = Reader(source, feed, self._findings)
        if source.files is not None:
            self._listings[source.name] = Listing(source.files.names())
        entries = await _read_status(reader)
        opened = [await open_log(reader, entry) for entry in entries]
        for log in opened:
            if log is not None:
                self._opened.append(log)
                self._pool.add(source.name, log.chain)
                await self._read_fork(log)
        await check_about(reader, self._pool)
        if source.files is not None:
            check_basis(reader, source.files)
            check_page(reader, source.files)
        listing = self._listings.get(source.name)
        if listing is not None:
            sizes = {entry.origin: MAX_SIZE for entry in entries}
            sizes |= {log.origin: log.checkpoint.size for log in opened if log}
            for name in listing.unasked(sizes):
                reader.add("extra-file", detail=name)

    async def _read_fork(self, log: OpenedLog) -> None:
        evidence = await log.reader.ask(log.origin, log.reader.feed.fork(log.origin))
        if evidence is None:
            return
        try:
            fork = open_evidence(evidence, log.chain)
        except BAD as error:
            log.reader.add("damaged", log.origin, detail=f"evidence: {error}")
        else:
            self._findings.add_fork(log.reader.name, fork)

    def _open_excerpt(self, name: str, files: Files) -> None:
        """Every file of an excerpt is a document of its own."""
        for path in files.names():
            kind = path.rpartition("/")[2]
            if not path.startswith(_RECEIPTS) and kind not in _OF_EXCERPT:
                if kind != "about":
                    self._findings.add("extra-file", name, detail=path)
                continue
            try:
                data = files.read(path, MAX_RECEIPT_BYTES)
            except (FormatError, NotFoundError) as error:
                kind = "missing" if isinstance(error, NotFoundError) else kind_of(error)
                self._findings.add(kind, name, detail=str(error))
                continue
            self._documents.add(f"{name}:{path}", data)

    async def _judge_election(
        self, name: str, election: str, logs: Sequence[OpenedLog]
    ) -> None:
        means, feed = self._means, logs[0].reader.feed
        profile, maps = means.profiles.get(election), None
        if means.scratch is not None:
            found = await load_basis(feed, name, election, profile, self._findings)
            profile = found.profile or profile
            if found.published is not None:
                maps = MapAudit(found, means.scratch)
                self._maps.append((name, maps))
        # Whether a record holds is never asked of a profile; what it claims is, and
        # without a map nobody asks that.
        profile = profile or next(iter(means.profiles.values()))
        for log in logs:
            listing = self._listings.get(name)
            size = log.checkpoint.size
            start = 0 if listing is None else listing.first_leaf(log.origin, size)
            judging = Judging(
                findings=self._findings,
                executor=means.executor,
                profile=profile,
                chain=self._pool.newest(log.chain),
                claims=_no_claims if maps is None else maps.take,
                progress=means.progress,
            )
            counts = await LogAudit(log, judging, start).run()
            if maps is not None and not counts.has_gaps:
                maps.cover(log.chain, start, size)
            self._judged.append(_Judged(log, counts, self._pin(log, counts)))

    def _pin(self, log: OpenedLog, counts: Counts) -> Pinned:
        if counts.start:
            said = f"records from {counts.start} on"
            log.reader.add("partial", log.origin, detail=said)
        chain = self._pool.newest(log.chain)
        log_key = log.chain.log_key(log.checkpoint.size)
        return self._pool.pin(chain, log_key, counts.first)

    def _report_log(self, one: _Judged) -> LogReport:
        log, counts = one.log, one.counts
        chain, checkpoint = log.chain, log.checkpoint
        if one.pinned == "no":
            log_key = chain.log_key(checkpoint.size)
            kind, said = unpinned(self._pool, chain, log_key)
            log.reader.add(kind, log.origin, detail=said)
        if counts.unknown:
            said = f"{counts.unknown} records"
            log.reader.add("unknown-type", log.origin, detail=said)
        held = self._holders.judge_all((log.note, *log.earlier), chain.org)
        for kind, said in held.findings:
            log.reader.add(kind, log.origin, detail=said)
        return LogReport(
            source=log.reader.name,
            origin=log.origin,
            org=chain.org,
            from_=counts.start,
            size=checkpoint.size,
            root=checkpoint.root.hex(),
            records=counts.records,
            refused=counts.refused,
            unknown=counts.unknown,
            pinned=one.pinned,
            fingerprint=fingerprint(chain.identity),
            quorum=held.quorum,
            held=held.held,
            held_size=held.size,
        )

    def _not_proved(self) -> tuple[str, ...]:
        found = ["form", "later"]
        if not self._trust.shared():
            found.append("fork")
        if self._map_reports:
            found.append("basis")
        if any(log.from_ for log in self._logs):
            found.append("earlier")
        pinned = [log.pinned for log in self._logs]
        pinned += [one.pinned for one in self._documents.reports]
        if "no" in pinned:
            found.append("keys")
        return tuple(found)


async def _read_status(reader: Reader) -> tuple[StatusEntry, ...]:
    try:
        answer = await reader.feed.logs(None)
        return () if answer is None else parse_status(answer[0]).logs
    except (PeerError, FormatError) as error:
        reader.blame(error)
        return ()


def _no_claims(_origin: str, _claims: Sequence[EncodedClaim]) -> None:
    """Nobody asks what the records claim."""
