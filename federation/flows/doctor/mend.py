"""What can be made whole again without anybody's help, made whole: `doctor --mend`.

Rule: what was signed stays, and is put where its signature holds; what follows from it
is made again from the leaves; a row that nothing signed proves stands in the writing
that agrees with what was signed, else it is forgotten, where it can be fetched or made
again. A leaf, a signed state or a database file that is damaged is nobody's to guess:
it is told, as before. Nothing is signed here.

Broken off, it is begun again: each step leaves what the next examination understands.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from federation.errors import FederationError
from federation.flows.doctor import rows, tree
from federation.flows.doctor.examine import ExaminationInput, examine, open_log_chain
from federation.flows.doctor.judgement import STEP_LEAVES, signed_size, told_size
from federation.flows.doctor.photos import mend_photos
from federation.flows.doctor.report import DAMAGE, DoctorReport
from federation.flows.incidents.index import index_all_incidents
from federation.flows.merge import follow_official, merge_once
from federation.flows.ownlog.duplicates import said_in
from federation.flows.photos.index import index_all
from federation.flows.recap.index import index_all_recaps
from federation.records.admission import admit
from federation.records.keychain import KeyChain
from federation.records.keystatement import KeyStatement, parse_origin
from federation.records.sealed import leaf_statement
from federation.store import (
    blobs,
    claims,
    companions,
    cosignatures,
    form,
    leaves,
    logs,
    mending,
    quarantine,
    removals,
    saidremovals,
    statements,
    strays,
    twice,
)
from federation.store.db import Database
from federation.store.logs import Log
from federation.store.view import Transaction, View
from federation.text import as_said
from federation.tlog.checkpoint import read_unverified
from federation.tlog.cosignature import open_cosignatures
from federation.tlog.keys import VerifierKey, parse_vkey
from federation.tlog.merkle import hash_leaf
from federation.tlog.tile import WIDTH

#: Told, fetched or made again, or given anew by the operator.
_FORGOTTEN: Final = (
    "action",
    "agency_answer",
    "alarm",
    "notice",
    "observation",
    "offered",
    "original",
    "outbox",
    "peer_seen",
    "peer_turn",
    "person",
    "pull",
    "said_followed",
    "said_removal",
    "session",
    "settled",
    "stranger",
    "stranger_ignored",
    "taken",
    "photo_answer",
    "reading_lease",
    "rejected",
    "token",
    "told",
    "webhook",
)
#: Notes that are a difference where two writings are weighed.
_DOUBTFUL: Final = frozenset({"about-unchecked"})
_END: Final = 1 << 62


@dataclass(frozen=True)
class _Mending:
    """A database that is mended; `org` is ours."""

    examined: ExaminationInput
    org: str

    @property
    def db(self) -> Database:
        return self.examined.db


def mend(examined: ExaminationInput, org: str) -> DoctorReport:
    """Make whole what can be; what was found before it was.

    Args:
        examined: Its database is opened to write.
        org: Our organisation: its about note is not forgotten, but signed again at the
            next start, above the issue that it had.

    Raises:
        VerificationError: the file itself is damaged.
    """
    job, before = _Mending(examined, org), examine(examined, deep=True)
    if before.is_clean:
        return before
    # More is damaged than can be mended: the rest is left as it was, and told.
    with contextlib.suppress(*DAMAGE):
        _mend_all(job, before)
    return before


def _mend_all(job: _Mending, before: DoctorReport) -> None:
    with job.db.transaction() as tx:
        _mend_rows(job, tx, before)
    held = _list_logs(job.db)
    for log in held:
        _mend_log(job, log)
    # A node makes maps of the elections that it takes part in.
    known = job.examined.profiles
    ours = {log.election for log in held if log.own} & known.keys()
    profiles = {election: known[election] for election in ours}
    while merge_once(job.db, profiles, hidden=job.examined.hidden, at=job.examined.now):
        pass
    while follow_official(job.db):
        pass
    index_all(job.db)
    index_all_incidents(job.db)
    index_all_recaps(job.db)
    if job.examined.photos is not None:
        asyncio.run(mend_photos(job.examined.photos))


def _list_logs(db: Database) -> list[Log]:
    with db.view() as view:
        return logs.list_logs(view)


def _mend_rows(job: _Mending, tx: Transaction, before: DoctorReport) -> None:
    """Everything that takes one look: all of it, or nothing."""
    if any(finding.code == "file" for finding in before.findings):
        mending.reindex(tx)
        form.keep_schema(tx)
    differing = {row.table for row in twice.find_differing(tx)}
    _forget(tx, differing)
    _place_bundles(tx)
    if "log" in differing:
        _choose(tx, "log", partial(_are_logs_right, job, tx))
    _place_statements(tx)
    _note_companions(tx)
    keys = _chains(job, tx)
    _place_checkpoints(tx, keys)
    _place_cosignatures(tx, keys)
    for table, look in (
        ("about", partial(rows.check_about, tx, _by_org(keys))),
        ("larger_copy", partial(_check_copies, tx, keys)),
    ):
        if table in differing and not _choose(tx, table, partial(_is_content, look)):
            # Not ours: the number that its next issue must be above is in it.
            twice.drop_differing(tx, table, but=job.org)
    if differing & {"register", "register_region", "register_village"}:
        # Names and voters nobody has signed: with them the stations go, too.
        mending.clear_registers(tx)
    mending.clear_following(tx)
    strays.drop_strays(tx)


def _forget(tx: Transaction, differing: set[str]) -> None:
    """Forget what comes again by itself; what is gone for good is never forgotten."""
    for table in _FORGOTTEN:
        if table in differing:
            twice.drop_differing(tx, table)
    if not differing.isdisjoint({"said_followed", "said_removal"}):
        saidremovals.clear_said(tx)  # followed again, from the beginning of each log
    if "removed_photo" in differing:
        removals.restore_removed(tx)
        twice.take_one(tx, "removed_photo", second=False)
    if "blob" in differing:
        blobs.restore_blobs(tx)
        twice.take_one(tx, "blob", second=False)
    blobs.recount_blobs(tx)


def _choose(tx: Transaction, table: str, is_right: Callable[[], bool]) -> bool:
    """Let the one writing stand that is right; False where both are, or none."""
    right = []
    for second in (False, True):
        take = partial(twice.take_one, tx, table, second=second)

        def note(second: bool = second) -> bool:  # noqa: FBT001  bound now
            if is_right():
                right.append(second)
            return False

        # A writing that cannot even be read is not the right one.
        with contextlib.suppress(*DAMAGE):
            mending.attempt(tx, take, note)
    if len(right) != 1 and not (right and table == "log"):
        return False
    # Of a log only what stalls it is said by nothing else: the next turn says it again.
    twice.take_one(tx, table, second=right[0])
    return True


def _is_content(look: Callable[[DoctorReport], None]) -> bool:
    report = DoctorReport(is_deep=True)
    try:
        look(report)
    except DAMAGE:
        return False
    # A note, too: an about note of nobody who is known here is in the wrong row.
    return not any(
        finding.level == "error" or finding.code in _DOUBTFUL
        for finding in report.findings
    )


def _are_logs_right(job: _Mending, view: View) -> bool:
    """Whether every row of a log agrees with what its organisation has signed."""
    for log in logs.list_logs(view):
        named = (log.org, log.election, log.visibility, log.generation)
        if named != parse_origin(log.origin)[: len(named)] or log.own != (
            log.org == job.org
        ):
            return False
        if not _is_content(partial(_check_log, job, view, log)):
            return False
    return True


def _check_log(job: _Mending, view: View, log: Log, report: DoctorReport) -> None:
    # Without the guard: where it is lost, or above us, no writing would be right.
    chain = open_log_chain(job.examined, view, log, report)
    tree.check_head(view, log, chain, report)
    tree.check_tree(view, log, report)
    if chain is not None:
        tree.check_pending(log, chain, report)
        profile = job.examined.profiles.get(log.election)
        if profile is not None:
            new = leaves.read_leaves(view, log.id, 0, log.next_index)
            if admit(new, 0, chain, profile).closed_at != log.closed_at:
                report.error("closed", log.origin, as_said("-"))


def _chains(job: _Mending, view: View) -> dict[int, tuple[Log, KeyChain]]:
    """The logs whose keys hold, by their numbers."""
    opened = {}
    for log in logs.list_logs(view):
        chain = open_log_chain(job.examined, view, log, DoctorReport(is_deep=True))
        if chain is not None:
            opened[log.id] = log, chain
    return opened


def _by_org(keys: Mapping[int, tuple[Log, KeyChain]]) -> dict[str, list[KeyChain]]:
    chains_of: dict[str, list[KeyChain]] = {}
    for log, chain in keys.values():
        chains_of.setdefault(log.org, []).append(chain)
    return chains_of


def _check_copies(
    view: View, keys: Mapping[int, tuple[Log, KeyChain]], report: DoctorReport
) -> None:
    for log, chain in keys.values():
        rows.check_copy(view, log, chain, report)


def _place_bundles(tx: Transaction) -> None:
    """Put a bundle that is of no log where one is missing and its leaves belong."""
    for old in mending.misplaced_bundles(tx):
        for log in logs.list_logs(tx):
            for index in mending.missing_bundles(tx, log.id, log.next_index):
                move = partial(mending.move_bundle, tx, old, (log.id, index))
                is_right = partial(_is_content, partial(tree.check_tree, tx, log))
                if mending.attempt(tx, move, is_right):
                    break


def _place_statements(tx: Transaction) -> None:
    """Put key statements where they say that they belong."""
    ids = {log.origin: log.id for log in logs.list_logs(tx)}
    for kept in mending.list_statements(tx):
        try:
            statement = leaf_statement(kept.note)
        except FederationError:
            continue
        if isinstance(statement, KeyStatement) and statement.origin in ids:
            right = kept._replace(
                log_id=ids[statement.origin], number=statement.version
            )
            if right != kept:
                mending.move_statement(tx, kept, right)


def _note_companions(tx: Transaction) -> None:
    """Note again where companion keys are named: they open the logs that follow."""
    for log in logs.list_logs(tx):

        def note(log: Log = log) -> None:
            companions.forget_from(tx, log.id, 0)
            parts = leaves.bundles(tx, log.id, 0, log.next_index)
            for number, part in enumerate(parts):
                companions.save_companions(tx, log.id, number * WIDTH, part)

        with contextlib.suppress(*DAMAGE):  # damaged leaves are told as such
            mending.attempt(tx, note, lambda: True)


def _place_checkpoints(
    tx: Transaction, keys: Mapping[int, tuple[Log, KeyChain]]
) -> None:
    """Put checkpoints whose signature holds where they say that they belong."""
    by_origin = {log.origin: (log.id, chain) for log, chain in keys.values()}
    for kept in mending.list_checkpoints(tx):
        try:
            log_id, chain = by_origin[read_unverified(kept.note).origin]
            signed = chain.open_checkpoint(kept.note)
        except (FederationError, KeyError):
            continue
        right = mending.Kept(log_id, signed.size, kept.note, signed.root)
        if right != kept:
            mending.move_checkpoint(tx, kept, right)


def _place_cosignatures(
    tx: Transaction, keys: Mapping[int, tuple[Log, KeyChain]]
) -> None:
    """Put each cosignature where it holds; forget one that holds nowhere."""
    bad = [row for row in mending.list_cosigned(tx) if not _holds(tx, row)]
    every = {key for _, chain in keys.values() for key in chain.mirror_keys()}
    for row in bad:
        mending.drop_cosigned(tx, row)
        known = every | _named_key(row.vkey)
        for line in row.lines:
            for log_id, size, key, time in _places_of(tx, line, known):
                cosignatures.save_cosignature(tx, log_id, size, line, key, time)


def _holds(view: View, row: mending.Cosigned) -> bool:
    lines = [
        line
        for line in cosignatures.list_cosignatures(view, row.log_id)
        if line[:2] == (row.size, row.vkey)
    ]
    return all(tree.is_cosigned(view, row.log_id, line) for line in lines)


def _named_key(vkey: str) -> set[VerifierKey]:
    try:
        return {parse_vkey(vkey)}
    except FederationError:
        return set()


def _places_of(
    view: View, line: bytes, keys: set[VerifierKey]
) -> Iterator[tuple[int, int, VerifierKey, int]]:
    """The checkpoint, of all that are kept, that a signature line is of."""
    for kept in mending.list_checkpoints(view):
        try:
            signed = open_cosignatures(kept.note + line, keys)
        except FederationError:
            continue
        for cosignature in signed:
            yield kept.log_id, kept.number, cosignature.key, cosignature.time


def _mend_log(job: _Mending, log: Log) -> None:
    """Hashes, claims, verdicts and what we said, made again from the leaves."""
    try:
        with job.db.view() as view:
            chain = open_log_chain(job.examined, view, log, DoctorReport(is_deep=True))
            signed, told = signed_size(view, log), told_size(view, log)
        with job.db.transaction() as tx:
            is_whole = mending.attempt(
                tx,
                partial(mending.replace_tiles, tx, log.id, _hashes(tx, log)),
                partial(_is_content, partial(tree.check_tree, tx, log)),
            )
        profile = job.examined.profiles.get(log.election)
        # What follows from leaves that are not those that were signed is no better.
        if not is_whole or chain is None or profile is None:
            return
        closed_at: int | None = None
        for start in range(0, max(signed, 1), STEP_LEAVES):
            end = min(start + STEP_LEAVES, signed)
            with job.db.view() as view:
                new = leaves.read_leaves(view, log.id, start, end)
            admission = admit(new, start, chain, profile, closed_at)
            closed_at = admission.closed_at
            with job.db.transaction() as tx:
                if start == 0:
                    statements.clear_said(tx, log.id)
                until = end if end < signed else _END
                quarantine.drop_verdicts(tx, log.id, start, until)
                claims.replace_claims(tx, log.id, start, until, admission.claims)
                quarantine.save_rejected(tx, log.id, admission.rejected)
                quarantine.save_unknown(tx, log.id, admission.unknown)
                if log.own and start < told:
                    refused = {one.index for one in admission.rejected}
                    own = said_in(new[: told - start], start, refused)
                    statements.save_said(tx, log.id, own, min(end, told))
    except DAMAGE:
        return  # its leaves are damaged: the examination says so


def _hashes(view: View, log: Log) -> Iterator[tuple[int, list[bytes]]]:
    start = 0
    for part in leaves.bundles(view, log.id, 0, log.next_index):
        yield start, [hash_leaf(leaf) for leaf in part]
        start += WIDTH
