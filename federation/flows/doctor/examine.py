"""The examination, log by log, then map by map."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from federation.errors import FederationError, VerificationError
from federation.flows.doctor import judgement, merged_map, tree
from federation.flows.doctor.report import DAMAGE, Report
from federation.records.keychain import KeyChain, open_chain
from federation.records.profile import Profile
from federation.store import chains, logs
from federation.store.db import Database, View, check_file
from federation.store.guard import Guard
from federation.store.logs import Log
from federation.tlog.keys import VerifierKey


def _quiet(_: int, __: int) -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class Patient:
    """What is examined, and by what it is judged.

    Args:
        db: Opened to read.
        guard: The guard files.
        identities: The pinned identity keys, ours and the partners', by organisation.
        profiles: By election.
        hidden: Organisations that are kept out of the map.
        scratch: An empty folder, for the map that is made again.
        progress: Called with the leaves that were recomputed, and all there are.
    """

    db: Database
    guard: Guard
    identities: Mapping[str, VerifierKey]
    profiles: Mapping[str, Profile]
    scratch: Path
    hidden: Collection[str] = frozenset()
    progress: Callable[[int, int], None] = field(default=_quiet)


def examine(patient: Patient, *, deep: bool = False) -> Report:
    """What differs from what was signed; with `deep`, everything is recomputed."""
    report = Report(is_deep=deep)
    try:
        with patient.db.view() as view:
            _examine(patient, view, report)
    except VerificationError as error:
        report.error("file", patient.db.path.name, str(error))
    except DAMAGE as error:
        report.error("damaged", patient.db.path.name, repr(error))
    return report


def _examine(patient: Patient, view: View, report: Report) -> None:
    for wrong in check_file(view, deep=report.is_deep):
        report.error("file", patient.db.path.name, wrong)
    held = logs.list_logs(view)
    total = sum(log.next_index for log in held)
    for log in held:
        _examine_log(patient, view, log, report)
        if report.is_deep:
            patient.progress(report.leaves, total)
    if report.is_deep:
        for election in sorted({log.election for log in held}):
            _examine_map(patient, view, election, report)


def _examine_log(patient: Patient, view: View, log: Log, report: Report) -> None:
    report.logs += 1
    signed = _signed(view, log)
    _note_state(log, signed, report)
    try:
        chain = _open_chain(patient, view, log, report)
        if log.own:
            tree.check_guard(view, log, patient.guard, report)
        tree.check_head(view, log, chain, report)
        if report.is_deep:
            tree.check_tree(view, log, report)
            tree.check_checkpoints(view, log, chain, report)
            if chain is not None:
                profile = patient.profiles.get(log.election)
                judgement.check(view, log, chain, profile, signed, report)
    except FederationError as error:
        # Damage that stops the reading of this log does not stop that of others.
        report.error(error.code, log.origin, str(error))
    except DAMAGE as error:
        report.error("damaged", log.origin, repr(error))


def _examine_map(patient: Patient, view: View, election: str, report: Report) -> None:
    try:
        merged_map.check(patient, view, election, report)
    except DAMAGE as error:
        report.error("damaged", election, repr(error))


def _signed(view: View, log: Log) -> int:
    """How many leaves all that follows from leaves is stored of.

    Of an own log those that it has signed: a crash or a failed disk leaves some that
    are signed and not shown, or stored and not signed (`flows/sequence.py`).
    """
    if not log.own or log.pending is not None:
        return log.next_index
    newest = logs.newest_checkpoint(view, log.id)
    return max(log.size, newest[0] if newest else 0)


def _note_state(log: Log, signed: int, report: Report) -> None:
    if log.own and log.size < signed:
        more = f"{signed - log.size} records are signed, kept and not shown yet"
        report.note("unshown", log.origin, f"{more}: the node shows them by itself")
    if signed < log.next_index:
        more = f"{log.next_index - signed} records were written and never signed"
        report.note("unsigned", log.origin, f"{more}: the next start drops them")
    if log.frozen is not None:
        report.note("frozen", log.origin, "two histories were signed; nothing is added")
    if log.stalled is not None:
        report.note("stalled", log.origin, log.stalled)
    if log.pending is not None:
        far = f"{log.next_index} of {log.pending_size} records are here"
        report.note("pending", log.origin, far)


def _open_chain(
    patient: Patient, view: View, log: Log, report: Report
) -> KeyChain | None:
    notes = chains.read_keys(view, log.id)
    identity = patient.identities.get(log.org)
    if not notes:
        if log.next_index:
            report.error("keys", log.origin, "there are records, but no key statements")
        return None
    if identity is None:
        report.note("not-pinned", log.origin, "its organisation is no partner any more")
        return None
    try:
        return open_chain(notes, identity)
    except FederationError as error:
        report.error("keys", log.origin, str(error))
        return None
