"""One import: rows in, batches out, everything counted, nothing lost in silence.

Rule: every row of a file ends in exactly one of the counts. What was not logged stands
in the report with file, row, column, code and reason, while the good rows go in. All is
read before the first row is handed over (`spool.py`): rows that contradict each other
are both known then, and so are stations that should not exist.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from itertools import chain
from typing import Any

from federation.cli.import_.phototaking import RefusedPhoto
from federation.cli.import_.spool import Drafts, SpooledDraft
from federation.cli.import_.stations import StationList
from federation.cli.report import RefusalReport, ReportLine
from federation.errors import FormatError
from federation.flows.naming import Stated
from federation.flows.ownlog.emptied import EmptiedDocument
from federation.flows.ownlog.ingest import MAX_BATCH, Verdict
from federation.records.contradiction import MAX_NAMED, SlotAnswer, explain_whole
from federation.records.kinds import place_of
from federation.records.profile import Profile
from federation.records.result import RULES
from federation.sources.row import (
    NO_NUMBERS,
    Bad,
    Columns,
    Draft,
    Remark,
    SourceRow,
    Use,
)
from federation.text import Sentence, Text

SendEmptied = Callable[[list[EmptiedDocument]], Awaitable[list[Verdict]]]
Send = Callable[[list[dict[str, Any]]], Awaitable[list[Verdict]]]

HANDED_OVER = 3 * MAX_BATCH
MAX_REMARKS = 1000
MAX_HEADERS = 100  # different ones that are told; a folder may hold thousands of tables
WITHDRAWN = "withdrawn"
REPEATED, MISNAMED = "repeated", "misnamed"
WITHOUT_VOTES, PARTLY_READ = "without-votes", "partly-read"
ALL_ZERO = "all-zero"
MAX_PREVIEW = 10
_CONTRADICTION = "contradiction"


class Intake:
    """Takes rows in, settles what they say of each other, and hands them over."""

    def __init__(
        self,
        t: Text,
        report: RefusalReport,
        stations: StationList,
        profile: Profile,
        *,
        allow_unlisted: bool = False,
    ) -> None:
        """Open nothing that is seen; to be closed.

        Args:
            t: The language that causes are told in.
            report: Is told of every row that is not logged.
            stations: Says which ones the election has, and what they are called.
            profile: Of the election: who stands where.
            allow_unlisted: Hand those over, too.
        """
        self.counts: Counter[str] = Counter()
        self.flags: Counter[str] = Counter()
        self.remarks: list[ReportLine] = []
        self.headers: dict[tuple[Use, ...], list[str]] = {}
        self._t, self._report, self._profile = t, report, profile
        self._stations, self._allow_unlisted = stations, allow_unlisted
        self.preview: list[Draft] = []
        self._files: list[str] = []
        self._chunk: list[tuple[int, Draft]] = []
        self._drafts = Drafts()
        self._passed: set[int] = set()
        self._emptied: list[EmptiedDocument] = []

    def close(self) -> None:
        """Give the disk back."""
        self._drafts.close()

    def __len__(self) -> int:
        """How many drafts wait to be handed over."""
        return len(self._drafts) - len(self._passed)

    async def take(self, file: str, row: SourceRow) -> None:
        """One row of `file`, in its order."""
        if isinstance(row, Draft):
            if not self._files or self._files[-1] != file:
                self._files.append(file)
            self._chunk.append((len(self._files) - 1, row))
            if len(self._chunk) == MAX_BATCH:
                await self._look_up()
        elif isinstance(row, Bad):
            self._refuse(ReportLine(file, row.row, row.column, row.code, row.reason))
            if row.slot:
                self._drafts.spoil(row.slot, file, row.row)
        elif isinstance(row, Columns):
            self._note_header(file, row)
        else:
            self._note(file, row)

    def _note(self, file: str, remark: Remark) -> None:
        line = ReportLine(file, remark.row, "", remark.code, self._t.say(remark.reason))
        if remark.code == NO_NUMBERS:
            self.counts[NO_NUMBERS] += 1
            if remark.emptied:
                self._emptied.append(_document(remark.emptied))
            self._report.add(line)
            return
        self.counts["remarks"] += 1
        if len(self.remarks) < MAX_REMARKS:
            self.remarks.append(line)

    def _note_header(self, file: str, columns: Columns) -> None:
        if columns.uses in self.headers or len(self.headers) < MAX_HEADERS:
            self.headers.setdefault(columns.uses, []).append(file)

    def _refuse(self, finding: ReportLine) -> None:
        self.counts["refused"] += 1
        self._report.add(finding._replace(reason=self._t.say(finding.reason)))

    def refuse_file(self, file: str, error: FormatError) -> None:
        """Note a file that could not be read at all, or not to its end."""
        self._refuse(ReportLine(file, 0, "", "file", self._t.say(error.told)))

    def refuse_photo(self, photo: RefusedPhoto) -> None:
        """Note a photograph that is not taken; its row may be, without it."""
        why = self._t.say(photo.reason)
        self._report.add(ReportLine(photo.file, 0, "photos", photo.code, why))

    def skip_photo(self, name: str, reason: Sentence) -> None:
        """Note a file among the photographs that no row names."""
        why = self._t.say(reason)
        self._report.skip(ReportLine(name, 0, "photos", "unnamed", why))

    def drop_file(self, file: str, error: FormatError) -> None:
        """Take back every draft of a file; to be called before `settle`."""
        numbers = (at for at, name in enumerate(self._files) if name == file)
        self._drafts.dropped.update(numbers)
        self.refuse_file(file, error)

    async def _look_up(self) -> None:
        """Keep the drafts of a chunk, but for those of stations that should not be.

        Raises:
            FederationError: The list cannot be asked.
        """
        drafts = [row for _, row in self._chunk]
        codes = [place_of(draft.fields) for draft in drafts]
        outside = await self._stations.find_unlisted(codes)
        misnamed = await self._find_misnamed(drafts)
        for at, (file, row) in enumerate(self._chunk):
            if outside and (doubt := outside.get(place_of(row.fields))):
                self.counts[doubt.code] += 1
                if not self._allow_unlisted:
                    where = self._files[file]
                    self._refuse(
                        ReportLine(where, row.row, "", doubt.code, doubt.reason)
                    )
                    continue
            if at in misnamed:
                where = self._files[file]
                self._refuse(ReportLine(where, row.row, "", MISNAMED, misnamed[at]))
                continue
            self._keep(file, row)
        self._chunk.clear()

    async def _find_misnamed(self, drafts: list[Draft]) -> dict[int, Sentence]:
        """Why the code and the names of a draft contradict each other, by its place."""
        named = [at for at, draft in enumerate(drafts) if draft.names]
        if not named:
            return {}
        rows = [Stated(drafts[at].fields["tps"], drafts[at].names) for at in named]
        reasons = await self._stations.find_misnamed(rows)
        return {at: why for at, why in zip(named, reasons, strict=True) if why}

    def _keep(self, file: int, row: Draft) -> None:
        self._note_unread(row.fields)
        if len(self.preview) < MAX_PREVIEW:
            self.preview.append(row)
        self._drafts.add(file, row.row, row.fields)

    def _note_unread(self, fields: dict[str, Any]) -> None:
        """Count a draft that says nothing of the votes, or not of everybody's."""
        votes = fields.get("candidates") or fields.get("parties")
        if "region" in fields:
            return
        if votes is None:
            self.counts[WITHOUT_VOTES] += 1
            return
        ids = self._profile.place(fields["contest"], fields["tps"]).ids
        if ids is not None and not ids <= votes.keys():
            self.counts[PARTLY_READ] += 1
        elif not any(votes.values()):
            self.counts[ALL_ZERO] += 1

    async def settle(self) -> None:
        """All was read: find the rows that say one thing twice, or contradict others.

        Raises:
            FederationError: The list cannot be asked.
        """
        await self._look_up()
        for entry, place, row in self._drafts.find_spoilt():
            # What cannot be read may be what contradicts it.
            file = self._files[entry.file]
            other = str(row) if place == file else f"{place}: {row}"
            why = Sentence("row.row-of-group", tps=place_of(entry.fields), other=other)
            self._passed.add(entry.number)
            self._refuse(ReportLine(file, entry.row, "", _CONTRADICTION, why))
        for entry, answer, others in self._drafts.judge():
            if entry.number in self._passed:
                continue
            self._passed.add(entry.number)
            reason = self._explain(entry, answer, others)
            line = ReportLine(self._files[entry.file], entry.row, "", "", reason)
            if answer.kind == "contradicts":
                self._refuse(line._replace(code=_CONTRADICTION))
                continue
            outcome = REPEATED if answer.kind == "repeats" else "stale"
            self.counts[outcome] += 1
            told = self._t.say(reason)
            self._report.add(line._replace(code=outcome, reason=told))

    def _explain(
        self, entry: SpooledDraft, answer: SlotAnswer, others: list[SpooledDraft]
    ) -> Sentence:
        shown = [
            str(other.row)
            if other.file == entry.file
            else f"{self._files[other.file]}: {other.row}"
            for other in others[:MAX_NAMED]
        ]
        rows = ", ".join(shown) + (", …" if len(others) > MAX_NAMED else "")
        if answer.kind == "repeats":
            return Sentence("import.repeats", rows=rows)
        if whole := explain_whole(answer, rows):
            return whole
        members = [
            f"{name} {_value_of(entry, name)} / {_value_of(others[0], name)}"
            for name in answer.members[:MAX_NAMED]
        ]
        tps = place_of(entry.fields)
        return Sentence(
            "import.contradicts", tps=tps, rows=rows, members=", ".join(members)
        )

    async def publish(self, send: Send, advance: Callable[[int], None]) -> None:
        """Hand everything over, some batches of `MAX_BATCH` at a time, and count it.

        Several, as the second is signed while the first is written.

        Raises:
            FederationError: A batch as a whole could not be logged.
        """
        batch: list[SpooledDraft] = []
        sending: asyncio.Task[None] | None = None
        for entry in self._in_order():
            batch.append(entry)
            if len(batch) == HANDED_OVER:
                sending = await self._hand_over(send, batch, advance, sending)
                batch = []
        sending = await self._hand_over(send, batch, advance, sending)
        if sending is not None:
            await sending

    async def withdraw(self, send: SendEmptied) -> None:
        """Hand over the documents of KPU's that have no numbers, after all others.

        Raises:
            FederationError: None of them could be looked at.
        """
        for start in range(0, len(self._emptied), MAX_BATCH):
            for verdict in await send(self._emptied[start : start + MAX_BATCH]):
                outcome = WITHDRAWN if verdict.outcome == "logged" else verdict.outcome
                self.counts[outcome] += 1
                self.counts[NO_NUMBERS] -= 1

    def _in_order(self) -> Iterator[SpooledDraft]:
        first = [entry for entry in self._drafts.unread() if self._counts(entry)]
        done = {entry.number for entry in first}
        rest = (entry for entry in self._drafts.read() if entry.number not in done)
        return chain(first, filter(self._counts, rest))

    def _counts(self, entry: SpooledDraft) -> bool:
        return entry.number not in self._passed

    async def _hand_over(
        self,
        send: Send,
        batch: list[SpooledDraft],
        advance: Callable[[int], None],
        before: asyncio.Task[None] | None,
    ) -> asyncio.Task[None] | None:
        """Send a batch once the one before it is through."""
        if before is not None:
            await before
        if not batch:
            return None
        return asyncio.create_task(self._send_batch(send, batch, advance))

    async def _send_batch(
        self, send: Send, batch: list[SpooledDraft], advance: Callable[[int], None]
    ) -> None:
        for verdict in await send([entry.fields for entry in batch]):
            entry = batch[verdict.row]
            self._count(verdict, self._files[entry.file], entry.row)
        advance(len(batch))

    def _count(self, verdict: Verdict, file: str, row: int) -> None:
        self.counts[verdict.outcome] += 1
        if verdict.outcome not in ("logged", "held"):
            code = verdict.code or verdict.outcome
            at = verdict.errors[0].at if len(verdict.errors) == 1 else ""
            self._report.add(ReportLine(file, row, at, code, self._say(verdict)))
        if verdict.flags:
            self.flags.update(verdict.flags)
            self.counts["implausible"] += not _RULES.isdisjoint(verdict.flags)

    def _say(self, verdict: Verdict) -> str:
        """Why a row was not logged; a running node has said it in our language."""
        is_one = len(verdict.errors) == 1
        reason = self._t.say(verdict.errors[0].reason if is_one else verdict.reason)
        return self._t.word(f"import.reason-{verdict.outcome}", reason)


def _document(fields: Mapping[str, Any]) -> EmptiedDocument:
    """A document of KPU's without numbers, by the members before the votes."""
    return EmptiedDocument(
        contest=fields["contest"],
        tps=fields["tps"],
        round=fields["round"],
        published=fields.get("observed_at", ""),
    )


def _value_of(entry: SpooledDraft, name: str) -> object:
    value: Any = entry.fields
    for step in name.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return "–" if value is None else value


_RULES = frozenset(RULES)
