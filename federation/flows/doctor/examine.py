"""The examination, log by log, then map by map."""

import contextlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Concatenate, ParamSpec

from federation.errors import FederationError, RecordError, VerificationError
from federation.flows.doctor import (
    annexes,
    incidents,
    judgement,
    merged_map,
    official,
    photos,
    recaps,
    rows,
    tree,
)
from federation.flows.doctor.annexes import AnnexPlaces
from federation.flows.doctor.report import DAMAGE, DoctorReport
from federation.flows.photos.remove import PhotoPlaces
from federation.records.keychain import KeyChain, open_chain
from federation.records.keystatement import KeyStatement
from federation.records.profile import Profile
from federation.records.sealed import leaf_statement
from federation.store import form, keystatements, logs, mapstate
from federation.store.companions import with_companions
from federation.store.db import Database
from federation.store.guard import Guard
from federation.store.logs import Log
from federation.store.pinned import read_identity
from federation.store.view import View
from federation.text import Sentence, as_said, quote
from federation.text.cause import explain_bug
from federation.tlog.keys import VerifierKey, parse_vkey

P = ParamSpec("P")


def _quiet(_: int, __: int) -> None:
    return None


@dataclass(frozen=True, kw_only=True)
class ExaminationInput:
    """What is examined, and by what it is judged.

    Args:
        db: Opened to read.
        guard: The guard files; None: they are not looked at.
        identities: The pinned identity keys, ours and the partners', by organisation.
        profiles: By election.
        hidden: Organisations that are kept out of the map.
        scratch: An empty folder, for the map that is made again.
        photos: Where photographs lie; None: they are not looked at.
        annexes: Where annexes lie; None: they are not looked at.
        now: Unix time in seconds, by which what waits too long is told.
        progress: Called with the leaves that were recomputed, and all there are.
    """

    db: Database
    guard: Guard | None
    identities: Mapping[str, VerifierKey]
    profiles: Mapping[str, Profile]
    scratch: Path
    photos: PhotoPlaces | None = None
    annexes: AnnexPlaces | None = None
    now: int = 0
    hidden: Collection[str] = frozenset()
    progress: Callable[[int, int], None] = field(default=_quiet)


def examine(examined: ExaminationInput, *, deep: bool = False) -> DoctorReport:
    """What differs from what was signed; with `deep`, everything is recomputed."""
    report = DoctorReport(is_deep=deep)
    try:
        with examined.db.view() as view:
            _examine(examined, view, report)
    except VerificationError as error:
        report.error("file", examined.db.engine.label, error.told)
    except DAMAGE as error:
        report.error("damaged", examined.db.engine.label, explain_bug(error))
    return report


def _examine(examined: ExaminationInput, view: View, report: DoctorReport) -> None:
    for wrong in form.check_form(view, deep=report.is_deep):
        report.error("file", examined.db.engine.label, quote(wrong))
    _told(examined.db.engine.label, report, rows.check_twice, view, report)
    _told(examined.db.engine.label, report, rows.check_strays, view, report)
    _told("photos", report, photos.check_totals, view, report)
    _told("photos", report, photos.check_going, view, report)
    if examined.photos is not None:
        place, kept = "photos", examined.photos
        _told(place, report, photos.check_photos, view, kept.blobs, report)
        _told(place, report, lambda _: photos.check_removed(kept, report), view)
        _told(place, report, photos.check_uncited, view, examined.now, report)
    if examined.annexes is not None:
        given = examined.annexes, examined.now, report
        _told("annexes", report, annexes.check_annexes, view, *given)
    if not report.is_deep:
        for log in logs.list_logs(view):
            _examine_log(examined, view, None, log, report)
        return
    _told("photos", report, photos.check_evidence, view, report)
    _told("incidents", report, incidents.check_incidents, view, report)
    _told("recaps", report, recaps.check_recaps, view, report)
    # What follows from the records is made again in a database beside this one.
    with contextlib.closing(Database.open(examined.scratch)) as beside:
        _examine_deep(examined, view, beside, report)


def _examine_deep(
    examined: ExaminationInput, view: View, beside: Database, report: DoctorReport
) -> None:
    held = logs.list_logs(view)
    total = sum(log.next_index for log in held)
    chains_of: dict[str, list[KeyChain]] = {}
    for log in held:
        chain = _examine_log(examined, view, beside, log, report)
        if chain is not None:
            chains_of.setdefault(log.org, []).append(chain)
        examined.progress(report.leaves, total)
    _told("about", report, rows.check_about, view, chains_of, report)
    _told("register", report, rows.check_registers, view, report)
    elections = {log.election for log in held} | set(mapstate.list_elections(view))
    for election in sorted(elections):
        rules = examined.profiles.get(election), examined.hidden
        _told(
            election, report, merged_map.check, view, beside, election, *rules, report
        )
    _told("official", report, official.check_official, view, report)


def _examine_log(
    examined: ExaminationInput,
    view: View,
    beside: Database | None,
    log: Log,
    report: DoctorReport,
) -> KeyChain | None:
    """The keys of the log, if they hold; all that is wrong with it is reported."""
    report.logs += 1
    signed = judgement.signed_size(view, log)
    _note_state(log, signed, report)
    chain = None
    try:
        with view.apart():
            chain = open_log_chain(examined, view, log, report)
            if log.own and examined.guard is not None:
                tree.check_guard(view, log, examined.guard, report)
            tree.check_head(view, log, chain, report)
            if chain is not None:
                tree.check_pending(log, chain, report)
                rows.check_copy(view, log, chain, report)
            if beside is not None:
                tree.check_tree(view, log, report)
                tree.check_checkpoints(view, log, chain, report)
                if chain is not None:
                    profile = examined.profiles.get(log.election)
                    judgement.check(view, beside, log, chain, profile, report)
    except FederationError as error:
        # Damage that stops the reading of this log does not stop that of others.
        report.error(error.code, log.origin, error.told)
    except DAMAGE as error:
        report.error("damaged", log.origin, explain_bug(error))
    return chain


def _told(
    subject: str,
    report: DoctorReport,
    look: Callable[Concatenate[View, P], None],
    view: View,
    *args: P.args,
    **kwargs: P.kwargs,
) -> None:
    """Look at one thing; damage that stops the looking is a finding of its own."""
    try:
        with view.apart():
            look(view, *args, **kwargs)
    except DAMAGE as error:
        report.error("damaged", subject, explain_bug(error))


def _note_state(log: Log, signed: int, report: DoctorReport) -> None:
    if log.own and log.size < signed:
        more = Sentence("examined.not-shown", count=signed - log.size)
        report.note("unshown", log.origin, Sentence("examined.shows-itself", more=more))
    if signed < log.next_index:
        more = Sentence("examined.never-signed", count=log.next_index - signed)
        report.note("unsigned", log.origin, Sentence("examined.start-drops", more=more))
    if log.frozen is not None:
        report.note("frozen", log.origin, Sentence("examined.two-histories"))
    if log.stalled is not None:
        report.note("stalled", log.origin, as_said(log.stalled))
    if log.pending is not None:
        far = Sentence("why.behind-of", size=log.next_index, known=log.pending_size)
        report.note("pending", log.origin, far)


def open_log_chain(
    examined: ExaminationInput, view: View, log: Log, report: DoctorReport
) -> KeyChain | None:
    """The keys of a log, judged by the pinned identity; None where they do not hold."""
    notes = keystatements.read_keys(view, log.id)
    identity = examined.identities.get(log.org)
    if not notes:
        if log.next_index:
            report.error("keys", log.origin, Sentence("examined.no-statements"))
        return None
    if keystatements.list_versions(view, log.id) != list(range(1, len(notes) + 1)):
        report.error("keys", log.origin, Sentence("examined.not-version"))
    try:
        if identity is None:
            why = Sentence("examined.no-partner")
            report.note("not-pinned", log.origin, why)
            # Whether it is theirs nobody says; whether it is whole, it says itself.
            identity = _claimed_identity(notes[0])
        identity = read_identity(view, log.origin, identity)
        return with_companions(view, log.id, open_chain(notes, identity))
    except FederationError as error:
        report.error("keys", log.origin, error.told)
        return None


def _claimed_identity(note: bytes) -> VerifierKey:
    """The identity key that a key statement names for itself.

    Raises:
        FormatError: it is no statement.
        RecordError: it is none about keys.
    """
    statement = leaf_statement(note)
    if not isinstance(statement, KeyStatement):
        raise RecordError(Sentence("chain.no-statement"), "type")
    return parse_vkey(statement.identity)
