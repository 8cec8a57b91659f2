"""What our log already says, and so what a row that comes in is answered with.

Rule: platforms repeat themselves and send out of order, so the order of arrival decides
nothing. Judged row by row against the log and the rows accepted before it in the batch:

    stale           an older revision of the same thing (`ref`) than was logged
    refused         another content under a revision that was logged
    held            the same content was said of that slot before, even superseded
    kept-reviewed   an unreviewed row where a reviewed one stands
    logged          all others

What was copied from KPU is KPU's to change, back to what it was before, too: there only
what stands is compared, without the time at which KPU says it. `held` is what says the
same as that, or has been said with the same time; `stale` what KPU said earlier.

Source: docs/reference/domain.md, "Import defaults"
"""

from collections.abc import Container, Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias

from federation.errors import FormatError, NotFoundError, RecordError
from federation.flows.ownlog.sequence import OwnLog
from federation.records.claim import Claim, StatementSlot
from federation.records.ownstatement import OwnStatement, said_of
from federation.records.sealed import reopen_leaf
from federation.store import (
    keystatements,
    logs,
    mapreading,
    quarantine,
    statements,
)
from federation.store import leaves as stored
from federation.store.db import Database
from federation.store.statements import Revision
from federation.store.view import View
from federation.text import Sentence

DraftOutcome: TypeAlias = Literal["logged", "held", "stale", "refused", "kept-reviewed"]

RECALL_STEP = 10_000


class Judgement(NamedTuple):
    """The answer to one row, and what else an operator should look at.

    `code` and `at`, the member, of a row that is refused.
    """

    outcome: DraftOutcome
    reason: Sentence | None = None
    several_refs: bool = False
    code: str = ""
    at: str = ""


class Echoes:
    """Which claims repeat a partner's votes and one of its files.

    Two organisations seldom take one and the same photo: it may be an export of the
    partner's data that came back as our own, and then counts as two sources.
    """

    def __init__(self, view: View, election: str, claims: Iterable[Claim]) -> None:
        """Read at once what the map holds beside all these claims."""
        places = {(c.contest, c.tps) for c in claims if _can_echo(c)}
        self._standing = (
            mapreading.read_standing(view, election, places) if places else {}
        )

    def find(self, claim: Claim) -> tuple[str, int] | None:
        """The (origin, index) of the partner's claim that this one repeats."""
        if not _can_echo(claim):
            return None
        for origin, other in self._standing.get((claim.contest, claim.tps), ()):
            if (
                other.org != claim.org
                and other.votes == claim.votes
                and not set(other.files).isdisjoint(claim.files)
            ):
                return origin, other.index
        return None


def _can_echo(claim: Claim) -> bool:
    return bool(claim.files and claim.votes) and not claim.derived


def recall(db: Database, log: OwnLog) -> None:
    """Read again what our log says where it did not grow by our hand: a refill.

    The leaves below its size were verified when they were taken in.
    """
    notes = log.chain.notes
    with db.view() as view:
        start, end = statements.said_size(view, log.log_id), _size(view, log)
        versions = len(keystatements.read_keys(view, log.log_id))
    for at in range(start, end, RECALL_STEP):
        until = min(at + RECALL_STEP, end)
        with db.view() as view:
            new = stored.read_leaves(view, log.log_id, at, until)
            # What a key has signed that was revoked before it says nothing any more.
            refused = quarantine.list_uncounted(view, log.log_id, at, until)
        newer = (notes.index(leaf) + 1 for leaf in new if leaf in notes)
        versions = max([versions, *newer])
        with db.transaction() as tx:
            statements.save_said(tx, log.log_id, said_in(new, at, refused), until)
            keystatements.save_keys(tx, log.log_id, notes[:versions])


def _size(view: View, log: OwnLog) -> int:
    return logs.get_log(view, log.origin).size


def said_in(
    leaves: Iterable[bytes], start: int, refused: Container[int]
) -> Iterator[OwnStatement]:
    """What each of these leaves, the first at index `start`, says of a slot.

    Those at the indexes `refused` say nothing.
    """
    for index, leaf in enumerate(leaves, start):
        if index in refused:
            continue
        try:
            sealed = reopen_leaf(leaf, index)
        except (FormatError, RecordError):
            continue  # a quarantined leaf says nothing
        own = said_of(sealed.statement, sealed.text, index)
        if own is not None:
            yield own


class Screen:
    """What a log says of the slots of one batch, kept current while it is judged."""

    def __init__(self, view: View, log: OwnLog, rows: Iterable[OwnStatement]) -> None:
        """Read at once what is known about all `rows`, also by logs before this one."""
        batch = list(rows)
        tps = sorted({row.slot.tps for row in batch})
        refs = sorted({row.ref for row in batch if row.ref is not None})
        self._history = dict[StatementSlot, list[OwnStatement]]()
        self._revisions = dict[tuple[str, str], Revision]()
        for log_id, end in reversed(_continued(view, log)):
            self._read_ended(view, log_id, end, tps, refs)
        for slot, said in statements.said_at(view, log.log_id, tps).items():
            self._history.setdefault(slot, []).extend(said)
        if refs:
            self._revisions |= statements.revisions_of(view, log.log_id, refs)

    def _read_ended(
        self, view: View, log_id: int, end: int, tps: list[str], refs: list[str]
    ) -> None:
        """What a log before this one says below the size that counts of it."""
        contents = set[bytes]()
        for slot, said in statements.said_at(view, log_id, tps).items():
            counted = [one for one in said if one.index < end]
            self._history.setdefault(slot, []).extend(counted)
            contents.update(one.content for one in counted)
        revisions = statements.revisions_of(view, log_id, refs) if refs else {}
        for thing, newest in revisions.items():
            # A revision that lies above was never said; nor is one that was moved.
            if newest.content in contents:
                self._revisions[thing] = newest

    def judge(self, row: OwnStatement, *, force: bool, restate: bool) -> Judgement:
        """The answer to a row; `add` it if it is logged."""
        history = self._history.get(row.slot, [])
        if row.review == "withdrawn":
            return _judge_withdrawal(row, history)
        if late := self._judge_revision(row, restate=restate):
            return late
        if row.slot.official:
            held = None if restate else _judge_official(row, history)
            return held or Judgement("logged")
        if not restate and any(row.content == earlier.content for earlier in history):
            return Judgement("held", Sentence("intake.held"))
        standing = history[-1].review if history else "withdrawn"
        if standing == "reviewed" and row.review == "unreviewed" and not force:
            return Judgement("kept-reviewed", Sentence("intake.kept-reviewed"))
        refs = {earlier.ref for earlier in history if earlier.ref is not None}
        several = standing != "withdrawn" and bool(row.ref) and bool(refs - {row.ref})
        return Judgement("logged", several_refs=several)

    def history_of(self, slot: StatementSlot) -> list[OwnStatement]:
        """What was said of a slot, the oldest first."""
        return self._history.get(slot, [])

    def add(self, row: OwnStatement) -> None:
        """Judge what follows as if `row` were logged, which it will be."""
        self._history.setdefault(row.slot, []).append(row)
        if row.ref is not None and row.revision is not None:
            newest = Revision(row.revision, row.content)
            self._revisions[row.ref, row.slot.contest] = newest

    def _judge_revision(self, row: OwnStatement, *, restate: bool) -> Judgement | None:
        if row.ref is None or row.revision is None:
            return None
        known = self._revisions.get((row.ref, row.slot.contest))
        if known is None or known.revision < row.revision:
            return None
        if known.revision > row.revision:
            number = known.revision
            newer = Sentence("intake.stale", revision=number, ref=row.ref)
            return Judgement("stale", newer)
        if known.content == row.content:
            same = Judgement("held", Sentence("intake.held"))
            return None if restate else same
        other = Sentence("intake.revision", revision=row.revision, ref=row.ref)
        return Judgement("refused", other, code="revision", at="revision")


def _continued(view: View, log: OwnLog) -> list[tuple[int, int]]:
    """The logs that this one continues, newest first: their ids and what counts."""
    ended, follows = list[tuple[int, int]](), log.chain.follows()
    while follows is not None:
        try:
            before = logs.get_log(view, follows.origin)
        except NotFoundError:
            break  # lost with a disk, and nobody had any of it
        ended.append((before.id, follows.size))
        follows = keystatements.read_follows(view, before.id)
    return ended


def newest_observed(history: Iterable[OwnStatement]) -> str:
    """The latest time at which KPU said any of these, "" where none tells."""
    return max((said.observed for said in history), default="")


def _judge_official(row: OwnStatement, history: list[OwnStatement]) -> Judgement | None:
    """Why what was copied from KPU is not logged; None: it is."""
    if not history:
        return None
    same = (row.content, row.observed)
    if row.content == history[-1].content or any(
        same == (earlier.content, earlier.observed) for earlier in history
    ):
        return Judgement("held", Sentence("intake.held"))
    if row.observed and row.observed < (newest := newest_observed(history)):
        return Judgement("stale", Sentence("intake.kpu-stale", newest=newest))
    return None


def _judge_withdrawal(row: OwnStatement, history: list[OwnStatement]) -> Judgement:
    if not history:
        nothing = Sentence("intake.nothing-to-withdraw")
        return Judgement("refused", nothing, code="nothing-to-withdraw", at="tps")
    if history[-1].review == "withdrawn":
        return Judgement("held", Sentence("intake.withdrawn-already"))
    if any(row.content == earlier.content for earlier in history):
        # A batch sent again after a broken line: what came after it stands.
        return Judgement("held", Sentence("intake.held"))
    return Judgement("logged")
