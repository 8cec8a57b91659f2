"""Take in an organisation's own records: check, sign, append, answer row by row.

Rule: one bad row refuses that row only, and nothing is answered `logged` before a
durable checkpoint covers it (`flows/sequence.py`). What repeats or comes late is
answered, not logged (`flows/screening.py`).

    append             drafts, signed here
    append_leaves      records that were signed elsewhere by a `records` key
    append_statements  withdrawals and the closing of the log
"""

import datetime as dt
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeAlias

import msgspec

from federation.errors import FormatError, RecordError, SignatureError
from federation.flows.screening import Judgement, Outcome, Screen, find_echo, said_of
from federation.flows.sequence import OwnLog, commit, settle
from federation.records.canonical import convert
from federation.records.claim import encode_claim, to_claim
from federation.records.logclosed import LogClosed
from federation.records.result import TpsResult
from federation.records.sealed import Sealed, open_leaf, seal
from federation.records.withdrawal import Withdrawal
from federation.store import alarms, claims, logs, statements
from federation.store.db import Database, Transaction, View
from federation.store.guard import Guard
from federation.store.statements import Said

__all__ = (
    "MAX_BATCH",
    "Draft",
    "OwnLog",
    "Verdict",
    "append",
    "append_leaves",
    "append_statements",
)

MAX_BATCH = 5_000
INLINE_ROWS = 500
SIGNING_THREADS = 2

ECHO = "suspected-echo"
SEVERAL_REFS = "several-refs"

Draft: TypeAlias = Mapping[str, Any]
Statement: TypeAlias = TpsResult | Withdrawal | LogClosed


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one row: `record` and `index` where it was logged.

    `flags`: the sums that the form breaks, `several-refs`, `suspected-echo`.
    """

    row: int
    outcome: Outcome
    record: str = ""
    index: int | None = None
    reason: str = ""
    flags: tuple[str, ...] = ()
    code: str = ""


class _Batch(NamedTuple):
    """Rows, how each becomes a leaf, and how they are judged."""

    rows: Sequence[Any]
    signed: Callable[[Any], bytes]
    now: float
    force: bool = False
    restate: bool = False
    taken: tuple[type[Statement], ...] = (TpsResult, Withdrawal)


class _Row(NamedTuple):
    """A row that is signed and verified, on its way into the log."""

    row: int
    leaf: bytes
    sealed: Sealed
    said: Said | None
    flags: tuple[str, ...] = ()


def append(  # noqa: PLR0913  three callers hold exactly these
    db: Database,
    guard: Guard,
    log: OwnLog,
    drafts: Sequence[Draft],
    now: float,
    *,
    force: bool = False,
    restate: bool = False,
) -> list[Verdict]:
    """Sign and log drafts; on the writer thread, at most `MAX_BATCH` at once.

    Args:
        db: The database.
        guard: The guard files.
        log: Of the election that the drafts are of.
        drafts: Members of a tps-result/1 but type, org, election and recorded_at.
        now: Unix time in seconds, for `recorded_at`.
        force: Let unreviewed rows replace reviewed ones.
        restate: Log again what this log has said before.

    Returns:
        A verdict for each draft, in their order.

    Raises:
        ConflictError: the log must not be signed, see `sequence.settle`.
        VerificationError: the database is not what was signed.
        OSError: the disk failed; nothing is acknowledged.
    """
    stamp = _format_time(now)

    def signed(draft: Draft) -> bytes:
        return seal(_result(draft, log, stamp), log.records_signer)

    return _take(db, guard, log, _Batch(drafts, signed, now, force, restate))


def append_leaves(
    db: Database, guard: Guard, log: OwnLog, leaves: Sequence[bytes], now: float
) -> list[Verdict]:
    """Log results and withdrawals that a `records` key signed elsewhere.

    Raises:
        ConflictError: the log must not be signed, see `sequence.settle`.
        VerificationError: the database is not what was signed.
        OSError: the disk failed; nothing is acknowledged.
    """
    return _take(db, guard, log, _Batch(leaves, bytes, now))


def append_statements(
    db: Database,
    guard: Guard,
    log: OwnLog,
    said: Sequence[Statement],
    now: float,
) -> list[Verdict]:
    """Sign and log whole statements: withdrawals, or the closing of the log.

    Raises:
        ConflictError: the log must not be signed, see `sequence.settle`.
        VerificationError: the database is not what was signed.
        OSError: the disk failed; nothing is acknowledged.
    """
    taken = (TpsResult, Withdrawal, LogClosed)

    def signed(statement: Statement) -> bytes:
        return seal(statement, log.records_signer)

    return _take(db, guard, log, _Batch(said, signed, now, taken=taken))


def _take(db: Database, guard: Guard, log: OwnLog, batch: _Batch) -> list[Verdict]:
    assert len(batch.rows) <= MAX_BATCH, "the caller cuts batches"
    head = settle(db, guard, log.origin)
    rows: list[_Row] = []
    verdicts: list[Verdict] = []
    for opened in _open_rows(log, batch, head.size):
        (rows if isinstance(opened, _Row) else verdicts).append(opened)  # type: ignore[arg-type]  # told apart in the same expression
    with db.view() as view:
        screen = Screen(view, log.log_id, [row.said for row in rows if row.said])
        kept = _screen(rows, screen, batch, head.size, verdicts)
        derived = _derive(view, log, kept)
    if kept:
        _check_keys(log, head.size, head.size + len(kept))

        def write(tx: Transaction) -> None:
            _write(tx, log, derived, int(batch.now))

        commit(db, guard, log, head, [row.leaf for row in kept], write)
    verdicts += derived.verdicts
    verdicts.sort(key=lambda verdict: verdict.row)
    return verdicts


def _result(draft: Draft, log: OwnLog, stamp: str) -> TpsResult:
    members = {
        **draft,
        "type": "tps-result/1",
        "org": log.chain.org,
        "election": log.chain.election,
        "recorded_at": stamp,
    }
    if len(members) != len(draft) + 4:
        raise RecordError("a draft does not say type, org, election or recorded_at")
    return convert(members, TpsResult)


def _open_rows(log: OwnLog, batch: _Batch, size: int) -> list[_Row | Verdict]:
    """Every row signed and verified, or refused with the reason."""

    def work(numbers: range) -> list[_Row | Verdict]:
        return [_open_row(log, batch, size, number) for number in numbers]

    count = len(batch.rows)
    if count < INLINE_ROWS:
        return work(range(count))
    # Half of the time is libsodium's, which lets other threads run meanwhile.
    step = -(-count // SIGNING_THREADS)
    parts = [range(at, min(at + step, count)) for at in range(0, count, step)]
    with ThreadPoolExecutor(SIGNING_THREADS, "ingest") as pool:
        return list(itertools.chain.from_iterable(pool.map(work, parts)))


def _open_row(log: OwnLog, batch: _Batch, size: int, number: int) -> _Row | Verdict:
    try:
        leaf = batch.signed(batch.rows[number])
        sealed = _open(log, leaf, size, batch.taken)
    except (FormatError, RecordError, SignatureError) as error:
        return Verdict(
            row=number, outcome="refused", reason=str(error), code=error.code
        )
    return _Row(number, leaf, sealed, said_of(sealed))


def _open(
    log: OwnLog, leaf: bytes, size: int, taken: tuple[type[Statement], ...]
) -> Sealed:
    sealed = open_leaf(leaf, log.chain, size)
    if not isinstance(sealed.statement, taken):
        raise RecordError("not a type that is taken in here", "type")
    return sealed


def _screen(
    rows: Iterable[_Row],
    screen: Screen,
    batch: _Batch,
    size: int,
    verdicts: list[Verdict],
) -> list[_Row]:
    """The rows to log, each with its index; the verdicts on the others are added."""
    kept: list[_Row] = []
    closed = False
    for row in rows:
        judged = (
            Judgement("refused", "the log was closed before it")
            if closed
            else screen.judge(row.said, force=batch.force, restate=batch.restate)
            if row.said
            else Judgement("logged")
        )
        if judged.outcome != "logged":
            verdicts.append(
                Verdict(row=row.row, outcome=judged.outcome, reason=judged.reason)
            )
            continue
        closed = isinstance(row.sealed.statement, LogClosed)
        index = size + len(kept)
        said = row.said and row.said._replace(index=index)
        if said:
            screen.add(said)
        kept.append(
            row._replace(
                sealed=row.sealed._replace(index=index),
                said=said,
                flags=(SEVERAL_REFS,) if judged.several_refs else (),
            )
        )
    return kept


class _Derived(NamedTuple):
    """All that follows from the leaves of a batch and is kept with its checkpoint."""

    claims: list[tuple[int, str, str, bytes]]
    said: list[Said]
    closed_at: int | None
    alarms: list[tuple[str, str, str]]
    verdicts: list[Verdict]


def _derive(view: View, log: OwnLog, kept: Sequence[_Row]) -> _Derived:
    derived = _Derived([], [], None, [], [])
    for row in kept:
        sealed, flags = row.sealed, row.flags
        claim = to_claim(sealed, log.profile, log.generation)
        if claim is not None:
            body = encode_claim(claim)
            derived.claims.append((sealed.index, claim.contest, claim.tps, body))
            flags = (*claim.rules, *flags)
            if echo := find_echo(view, log.chain.election, claim):
                flags = (*flags, ECHO)
                place = f"{claim.tps} {claim.contest}: {log.origin} {sealed.index}"
                derived.alarms.append((ECHO, place, f"{echo[0]} {echo[1]}"))
        if row.said:
            derived.said.append(row.said)
            if SEVERAL_REFS in row.flags:
                slot = row.said.slot
                place = f"{slot.tps} {slot.contest} {slot.round}"
                derived.alarms.append((SEVERAL_REFS, place, str(row.said.ref)))
        derived.verdicts.append(
            Verdict(
                row=row.row,
                outcome="logged",
                record=sealed.record,
                index=sealed.index,
                flags=flags,
            )
        )
    last = kept[-1].sealed if kept else None
    if last and isinstance(last.statement, LogClosed):
        return derived._replace(closed_at=last.index)
    return derived


def _write(tx: Transaction, log: OwnLog, derived: _Derived, now: int) -> None:
    claims.save_claims(tx, log.log_id, derived.claims)
    statements.save_said(tx, log.log_id, derived.said)
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
            raise SignatureError(f"a records key ends at {key.end}: send fewer rows")


def _format_time(now: float) -> str:
    moment = dt.datetime.fromtimestamp(int(now), dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
