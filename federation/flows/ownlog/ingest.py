"""Take in an organisation's own records: check, sign, append, answer row by row.

Rule: one bad row refuses that row only, and nothing is answered `logged` before a
durable checkpoint covers it (`flows/ownlog/sequence.py`). What others could not read,
what speaks of a station that should not exist and what contradicts itself is refused
(`flows/ownlog/doubting.py`); what repeats or comes late is answered, not logged
(`flows/ownlog/duplicates.py`).

    begin              drafts whose turn comes are signed meanwhile, by other processes
    append             drafts, signed here, and records that were signed elsewhere
    append_statements  withdrawals and the closing of the log
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from federation.errors import SignatureError
from federation.flows.ownlog.carried import carry_photos
from federation.flows.ownlog.doubting import Doubts
from federation.flows.ownlog.duplicates import Echoes, Judgement, Screen
from federation.flows.ownlog.sequence import OwnLog, commit, settle
from federation.flows.ownlog.signing import (
    BegunRows,
    DraftMembers,
    Making,
    Opened,
    Refused,
    begin_rows,
    is_valid_at,
)
from federation.flows.ownlog.verdict import (
    RowError,
    UnreadError,
    UnreadRow,
    Verdict,
    problems_of,
    refuse,
)
from federation.records.canonical import format_time
from federation.records.claim import Claim, bundle_claims
from federation.records.contradiction import SlotAnswer, explain
from federation.records.kinds import Statement, kind_of
from federation.records.ownstatement import OwnStatement
from federation.records.problem import Problem
from federation.store import alarms, claims, logs, statements
from federation.store.db import Database
from federation.store.guard import Guard
from federation.store.view import Transaction, View
from federation.text import Sentence

__all__ = (
    "MAX_BATCH",
    "DraftMembers",
    "OwnLog",
    "RowError",
    "UnreadRow",
    "Verdict",
    "append",
    "append_statements",
)

MAX_BATCH = 5_000

ECHO = "suspected-echo"
SEVERAL_REFS = "several-refs"


class _JudgedBatch(NamedTuple):
    """Rows, how each becomes a leaf, and how they are judged."""

    rows: Sequence[Any]
    now: float
    force: bool = False
    restate: bool = False
    unlisted: bool = False
    also: Callable[[Transaction], None] | None = None
    begun: "BegunBatch | None" = None


class BegunBatch(NamedTuple):
    """Drafts of a batch whose leaves are being made before its turn comes."""

    rows: Sequence[Any]
    numbers: frozenset[int]
    begun: BegunRows


class _IndexedRow(NamedTuple):
    """A row on its way into the log, at its index there."""

    opened: Opened
    index: int  # type: ignore[assignment]  # the log's word; tuple.index is unused
    own: OwnStatement | None
    several_refs: bool


def begin(
    log: OwnLog, rows: Sequence[DraftMembers | bytes | UnreadRow], now: float
) -> BegunBatch | None:
    """Let other processes begin with the drafts of a batch; on any thread.

    What is made so is signed and verified, and in no log: `append` takes it, with the
    same rows and time, or makes it again where the log's keys have changed meanwhile.
    None: it is made when its turn comes.
    """
    drafts = [(n, row) for n, row in enumerate(rows) if isinstance(row, dict)]
    key = log.records_signer.key
    valid = log.chain.records_key_ranges.get((key.name, key.key_id))
    if valid is None:
        return None
    stamp = format_time(now)
    making = Making(log.chain, valid.start, log.records_signer, stamp, log.profile)
    numbers = frozenset(number for number, _ in drafts)
    return BegunBatch(rows, numbers, begin_rows(making, drafts, log.makers))


def append(  # noqa: PLR0913  three callers hold exactly these
    db: Database,
    guard: Guard,
    log: OwnLog,
    rows: Sequence[DraftMembers | bytes | UnreadRow],
    now: float,
    *,
    force: bool = False,
    restate: bool = False,
    unlisted: bool = False,
    begun: BegunBatch | None = None,
) -> list[Verdict]:
    """Sign and log drafts; on the writer thread, at most `MAX_BATCH` at once.

    Args:
        db: The database.
        guard: The guard files.
        log: Of the election that the rows are of.
        rows: Drafts, which are the members of a tps-result/1, or of a recap/1, but
            type, org, election and recorded_at; and results and withdrawals as leaves
            that a `records` key signed elsewhere.
        now: Unix time in seconds, for `recorded_at`.
        force: Let unreviewed rows replace reviewed ones.
        restate: Log again what this log has said before.
        unlisted: Log stations that the election should not have, and flag them.
        begun: What `begin` gave for these rows and this time.

    Returns:
        A verdict for each row, in their order.

    Raises:
        ConflictError: the log must not be signed, see `sequence.settle`.
        VerificationError: the database is not what was signed.
        OSError: the disk failed; none of it is kept.
        KeptError: the disk failed; it is kept, and not shown yet.
        DoubtError: the disk failed; whether it is kept is found out later.
    """
    batch = _JudgedBatch(rows, now, force, restate, unlisted, begun=begun)
    return _take(db, guard, log, batch)


def append_statements(
    db: Database,
    guard: Guard,
    log: OwnLog,
    rows: Sequence[Statement],
    now: float,
    *,
    also: Callable[[Transaction], None] | None = None,
) -> list[Verdict]:
    """Sign and log whole statements: withdrawals, or the closing of the log.

    `also` writes what is to be known of them here, in the transaction that keeps them,
    if any is kept.

    Raises:
        ConflictError: the log must not be signed, see `sequence.settle`.
        VerificationError: the database is not what was signed.
        OSError: the disk failed; none of it is kept.
        KeptError: the disk failed; it is kept, and not shown yet.
        DoubtError: the disk failed; whether it is kept is found out later.
    """
    return _take(db, guard, log, _JudgedBatch(rows, now, also=also))


def _take(
    db: Database, guard: Guard, log: OwnLog, batch: _JudgedBatch
) -> list[Verdict]:
    assert len(batch.rows) <= MAX_BATCH, "the caller cuts batches"
    head = settle(db, guard, log.origin)
    with db.view() as view:
        stamp = format_time(batch.now)
        carried = carry_photos(view, log, batch.rows, stamp, restate=batch.restate)
        batch = batch._replace(rows=carried)
    rows: list[Opened] = []
    verdicts: list[Verdict] = []
    for row in _make_leaves(log, head.size, batch, stamp):
        if isinstance(row, Opened):
            rows.append(row)
        else:
            verdicts.append(refuse(row.row, problems_of(row.error)))
    # The words of a draft were looked through when it was read.
    given = {n for n, row in enumerate(batch.rows) if not isinstance(row, dict)}
    with db.view() as view:
        doubts = Doubts(
            view, log.profile, rows, batch.now, given=given, unlisted=batch.unlisted
        )
        verdicts += [refuse(row, problems) for row, problems in doubts.refused.items()]
        verdicts += [
            Verdict(row=row, outcome="stale", reason=reason)
            for row, reason in doubts.outdated.items()
        ]
        left = doubts.order(rows)
        kept = _screen(view, log, batch._replace(rows=left), head.size, verdicts)
        derived = _derive(view, log, kept, doubts.flags)
    if kept:
        _check_keys(log, head.size, head.size + len(kept))

        def write(tx: Transaction) -> None:
            _write(tx, log, derived, int(batch.now))
            if batch.also is not None:
                batch.also(tx)

        commit(db, guard, log, head, [row.opened.leaf for row in kept], write)
    verdicts += derived.verdicts
    verdicts += _repeat(verdicts, doubts.repeats)
    verdicts.sort(key=lambda verdict: verdict.row)
    return verdicts


def _make_leaves(
    log: OwnLog, index: int, batch: _JudgedBatch, stamp: str
) -> list[Opened | Refused]:
    """A leaf, or a refusal, for each row; what was begun with is not made again."""
    done: list[Opened | Refused] = []
    numbers, begun = frozenset[int](), batch.begun
    if begun is not None and is_valid_at(begun.begun.making, index):
        assert begun.begun.making.stamp == stamp, "begun for another time"
        # What `carry_photos` put photographs beside is another draft now.
        numbers = frozenset(
            number
            for number in begun.numbers
            if batch.rows[number] is begun.rows[number]
        )
        made = (row for row in begun.begun.results() if row.row in numbers)
        done += made
    rest: list[tuple[int, Any]] = []
    for number, row in enumerate(batch.rows):
        if number in numbers:
            continue
        if isinstance(row, UnreadRow):
            done.append(Refused(number, UnreadError(row)))
        else:
            rest.append((number, row))
    if rest:
        making = Making(log.chain, index, log.records_signer, stamp, log.profile)
        done += begin_rows(making, rest, log.makers).results()
    return sorted(done, key=lambda row: row.row)


def _repeat(verdicts: Sequence[Verdict], repeats: Mapping[int, int]) -> list[Verdict]:
    """The answers to rows that say what another one says, from what became of it."""
    asked = set(repeats.values())
    answers = {verdict.row: verdict for verdict in verdicts if verdict.row in asked}
    repeated = []
    for row, other in repeats.items():
        same = answers[other]
        if same.outcome in {"logged", "held"}:
            reason = explain(SlotAnswer("repeats", (other,)))
            repeated.append(Verdict(row=row, outcome="held", reason=reason))
        else:
            repeated.append(msgspec.structs.replace(same, row=row))
    return repeated


def _screen(
    view: View,
    log: OwnLog,
    batch: _JudgedBatch,
    start: int,
    verdicts: list[Verdict],
) -> list[_IndexedRow]:
    """The rows to log, from index `start` on; the verdicts on the others are added."""
    rows: Sequence[Opened] = batch.rows
    screen = Screen(view, log, filter(None, (row.said for row in rows)))
    kept: list[_IndexedRow] = []
    closed = False
    for opened in rows:
        row = opened.row
        if closed:
            gone = Problem("", "closed", Sentence("intake.closed"))
            verdicts.append(refuse(row, [gone]))
            continue
        index = start + len(kept)
        own, judged = opened.said, Judgement("logged")
        if own is not None:
            own = OwnStatement(own.slot, index, *own[2:])
            judged = screen.judge(own, force=batch.force, restate=batch.restate)
        if judged.outcome == "refused":
            assert judged.reason is not None, "refused, and nobody said why"
            verdicts.append(
                refuse(row, [Problem(judged.at, judged.code, judged.reason)])
            )
            continue
        if judged.outcome != "logged":
            verdicts.append(
                Verdict(row=row, outcome=judged.outcome, reason=judged.reason or "")
            )
            continue
        if own is not None:
            screen.add(own)
        kept.append(_IndexedRow(opened, index, own, judged.several_refs))
        # Whatever speaks of a slot ends nothing.
        closed = own is None and kind_of(opened.statement).ends_log
    return kept


class _Derived(NamedTuple):
    """All that follows from the leaves of a batch and is kept with its checkpoint."""

    size: int
    claims: list[Claim]
    statements: list[OwnStatement]
    closed_at: int | None
    alarms: list[tuple[str, str, Sentence]]
    verdicts: list[Verdict]


def _derive(
    view: View,
    log: OwnLog,
    kept: Sequence[_IndexedRow],
    strange: Callable[[Opened], tuple[str, ...]],
) -> _Derived:
    size = kept[-1].index + 1 if kept else 0
    derived = _Derived(size, [], [], None, [], [])
    made = [
        row.opened.claim and msgspec.structs.replace(row.opened.claim, index=row.index)
        for row in kept
    ]
    echoes = Echoes(view, log.chain.election, filter(None, made))
    for row, claim in zip(kept, made, strict=True):
        flags = _alarms(echoes, log, row, claim, derived.alarms)
        if claim is not None:
            derived.claims.append(claim)
            flags = (*claim.rules, *flags)
        flags = (*flags, *strange(row.opened))
        if row.own is not None:
            derived.statements.append(row.own)
        derived.verdicts.append(
            Verdict(
                row=row.opened.row,
                outcome="logged",
                record=row.opened.record,
                index=row.index,
                flags=flags,
            )
        )
    last = kept[-1] if kept else None
    if last and last.own is None and kind_of(last.opened.statement).ends_log:
        return derived._replace(closed_at=last.index)
    return derived


def _alarms(
    echoes: Echoes,
    log: OwnLog,
    row: _IndexedRow,
    claim: Claim | None,
    raised: list[tuple[str, str, Sentence]],
) -> tuple[str, ...]:
    """The codes of what an operator should look at; added to `raised` with the rest."""
    if claim is None:
        return ()
    flags: tuple[str, ...] = ()
    place = f"{claim.tps} {claim.contest} {claim.round}"
    if row.own is not None and row.several_refs:
        flags = (SEVERAL_REFS,)
        # By the name of the log the gate knows whom the alarm is for.
        told = {"ref": row.own.ref, "index": claim.index, "origin": log.origin}
        ref = Sentence("why.ref-in", **told)
        raised.append((SEVERAL_REFS, place, ref))
    if echo := echoes.find(claim):
        flags = (*flags, ECHO)
        both = Sentence(
            "why.echo",
            origin=log.origin,
            index=claim.index,
            their_origin=echo[0],
            their_index=echo[1],
        )
        raised.append((ECHO, place, both))
    return flags


def _write(tx: Transaction, log: OwnLog, derived: _Derived, now: int) -> None:
    claims.save_claims(tx, log.log_id, bundle_claims(derived.claims))
    statements.save_said(tx, log.log_id, derived.statements, derived.size)
    for code, subject, detail in derived.alarms:
        alarms.raise_alarm(tx, code, subject, detail, now)
    if derived.closed_at is not None:
        logs.close(tx, log.log_id, derived.closed_at)


def _check_keys(log: OwnLog, start: int, end: int) -> None:
    """Refuse a batch across the end of a key: rows were verified at its start.

    Raises:
        SignatureError: a records key ends within [start, end).
    """
    for key in log.chain.records_key_ranges.values():
        if key.start <= start < key.end < end:
            raise SignatureError(Sentence("chain.key-ends", end=key.end))
