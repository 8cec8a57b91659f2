"""The whole audit: every source, every log, every document, and what it comes to.

Rule: keys and checkpoints of all sources are opened first, because one source's keys
judge another's documents and cosignatures; then each log is led back to its root; then
the sources are compared with each other. No network and no database: feeds and files.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from msgspec import UNSET

from federation.flows.audit.cosignatures import Ages, HolderKeys
from federation.flows.audit.crosscheck import (
    ShownNote,
    compare_chains,
    compare_sides,
)
from federation.flows.audit.document import Context
from federation.flows.audit.documents import Documents
from federation.flows.audit.keyring import Keyring, Pinned, Trust
from federation.flows.audit.log import Progress
from federation.flows.audit.logs import Logs, Means
from federation.flows.audit.maps import MapWatcher, watch_nothing
from federation.flows.audit.mentions import PhotoSearch
from federation.flows.audit.report import (
    UNASKED,
    AuditedLog,
    AuditReport,
    Findings,
    MapReport,
)
from federation.flows.audit.source import AuditSource, kind_of, tell
from federation.flows.verify.workers import Workers
from federation.records.profile import Profile
from federation.records.publishedmap import PublishedMap
from federation.text import as_said


async def audit(  # noqa: PLR0913  # what an auditor can say, each of it once
    sources: Sequence[AuditSource],
    trust: Trust,
    *,
    profiles: Mapping[str, Profile],
    workers: Workers | None,
    scratch: Path | None,
    now: int,
    as_of: int | None = None,
    max_age_s: int | None = None,
    partial: bool = False,
    photos: PhotoSearch | None = None,
    watching: MapWatcher = watch_nothing,
    held: PublishedMap | None = None,
    progress: Progress = lambda _: None,
) -> AuditReport:
    """What can be proved of these sources, and what is wrong with them.

    Args:
        sources: Feeds, files and documents, named as the auditor named them.
        trust: Whom the auditor trusts.
        profiles: Of elections, by name; at least one. A published map brings its own.
        workers: Processes, for large logs; None: verify in threads.
        scratch: A folder for what memory does not hold; None: no map is made again.
        now: Unix seconds.
        as_of: Unix seconds after which no cosignature counts.
        max_age_s: How old the newest cosignature may be.
        partial: Whether the earlier records of a log may be left out of files.
        photos: Looks for photos that the records name.
        watching: Says who looks at the rows of a source's map as it is made again.
        held: A map that the auditor has of some state: made again as well, where a
            source has all that it was made from.
        progress: Is told how many records more were looked at.
    """
    ages = Ages(now=now, as_of=as_of, max_age_s=max_age_s)
    under_way = _Audit(
        trust,
        ages,
        Means(
            profiles,
            workers,
            scratch,
            progress,
            is_partial=partial,
            photos=photos,
            watching=watching,
            held=held,
        ),
    )
    await under_way.open(sources)
    await under_way.judge()
    report = under_way.report(sources)
    if photos is not None:
        for document in report.documents:
            if document.holds and document.statement:
                where = document.source, document.origin, document.index
                photos.take_record(*where, document.statement.encode())
    return report


class _Audit:
    """An audit under way."""

    def __init__(self, trust: Trust, ages: Ages, means: Means) -> None:
        self._trust, self._ages = trust, ages
        self._findings = Findings()
        self._keyring = Keyring(trust)
        self._holders = HolderKeys(trust, ages)
        self._context = Context(self._keyring, self._holders, self._findings)
        self._documents = Documents(self._context)
        self._logs = Logs(self._keyring, self._findings, means)
        self._log_reports = tuple[AuditedLog, ...]()
        self._map_reports = tuple[MapReport, ...]()
        self._earlier_reports = tuple[MapReport, ...]()

    async def open(self, sources: Iterable[AuditSource]) -> None:
        """Open the keys and checkpoints of every source."""
        for source in sources:
            if source.feed is not None:
                await self._logs.open(source, source.feed)
            elif source.files is not None:
                self._documents.add_excerpt(source.name, source.files)
            elif source.fault is not None:
                kind, detail = kind_of(source.fault), tell(source.fault)
                self._findings.add(kind, source.name, detail=detail)
            else:
                self._documents.add(source.name, source.document or b"")
        self._documents.learn_keys()

    async def judge(self) -> None:
        """Judge the logs, then the documents, and compare all that they show."""
        self._keyring.is_open = bool(self._findings.counts[UNASKED])
        await self._logs.judge()
        self._holders.learn(self._keyring.all_pinned(), self._keyring.strangers())
        self._log_reports = tuple(self._logs.report(self._holders))
        self._documents.judge()
        for origin, chains in self._keyring.chains.items():
            right = self._keyring.longest(origin)
            if right is None:
                continue
            is_pinned = self._keyring.is_pinned(origin)
            compare_chains(chains, right, self._findings, is_pinned=is_pinned)
            of_log = [log for log in self._logs.opened if log.origin == origin]
            loose = list(self._context.seen.get(origin, {}).values())
            # Keys that did not come must not hide what the log's own key has signed.
            shut = [log for log in self._logs.shut if log.origin == origin]
            loose += (ShownNote(log.source, log.note) for log in shut)
            await compare_sides(of_log, loose, right, self._findings)
        self._map_reports = tuple(await self._logs.judge_maps())
        self._earlier_reports = tuple(await self._logs.judge_earlier())
        self._check_any_pinned()

    def _check_any_pinned(self) -> None:
        """Strangers beside those who are known are a note; strangers alone are not.

        Unless those who are known may be the ones who could not be asked.
        """
        is_open = bool(self._findings.counts[UNASKED])
        if is_open or any(how != "no" for how in self._pins()):
            return
        for finding in [
            finding for finding in self._findings.kept if finding.kind == "stranger"
        ]:
            where = finding.source, finding.origin
            self._findings.add("wrong-key", *where, detail=as_said(finding.detail))

    def report(self, sources: Sequence[AuditSource]) -> AuditReport:
        """What all of it comes to."""
        kind, code = self._findings.verdict()
        return AuditReport(
            verdict=kind,
            exit=code,
            as_of=self._ages.as_of,
            sources=tuple(source.name for source in sources),
            logs=self._log_reports,
            documents=tuple(self._documents.reports),
            maps=self._map_reports,
            earlier=self._earlier_reports or UNSET,
            findings=tuple(self._findings.ranked()),
            counts=dict(sorted(self._findings.counts.items())),
            not_proved=self._not_proved(),
            shared=self._trust.shared(),
            evidence=tuple(fork.decode() for fork in self._findings.evidence),
        )

    def _not_proved(self) -> tuple[str, ...]:
        unproved = ["form", "later"]
        if not self._trust.shared():
            unproved.append("fork")
        if self._map_reports:
            unproved.append("basis")
        if any(log.from_ for log in self._log_reports):
            unproved.append("earlier")
        if "no" in self._pins():
            unproved.append("keys")
        return tuple(unproved)

    def _pins(self) -> list[Pinned]:
        """How each log and document is pinned."""
        logs = [log.pinned for log in self._log_reports]
        return [*logs, *(report.pinned for report in self._documents.reports)]
