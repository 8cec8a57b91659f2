"""Every leaf admitted again: what it claims, what is quarantined, what we said."""

from federation.flows.doctor.report import DoctorReport
from federation.flows.ownlog.duplicates import said_in
from federation.records.admission import Admission, Rejected, admit
from federation.records.claim import decode_claim, encode_claim
from federation.records.companion import find_companions
from federation.records.keychain import KeyChain
from federation.records.profile import Profile
from federation.store import (
    claims,
    companions,
    logs,
    mapstate,
    quarantine,
    recordindex,
    scratch,
    statements,
)
from federation.store import leaves as stored
from federation.store.db import Database, View
from federation.store.logs import Log
from federation.text import Sentence, as_said

STEP_BUNDLES = 16
STEP_LEAVES = STEP_BUNDLES * 256


def signed_size(view: View, log: Log) -> int:
    """How many leaves all that follows from leaves is stored of.

    Of an own log those that it has signed: a crash or a failed disk leaves some that
    are signed and not shown, or stored and not signed (`flows/ownlog/sequence.py`).
    """
    if not log.own or log.pending is not None:
        return log.next_index
    newest = logs.newest_checkpoint(view, log.id)
    return max(log.size, newest[0] if newest else 0)


def told_size(view: View, log: Log) -> int:
    """How many leaves of an own log import remembers: of a refill, when it is whole."""
    return log.size if log.pending is not None else signed_size(view, log)


def check(
    view: View,
    beside: Database,
    log: Log,
    chain: KeyChain,
    profile: Profile | None,
    report: DoctorReport,
) -> None:
    """Every signature, and all that follows from the leaves one by one.

    Args:
        view: The snapshot that is examined.
        beside: An empty database, for what import remembers, made again.
        log: That is judged.
        chain: Its keys.
        profile: Of its election, if it is known here.
        report: Is told what differs.

    Raises:
        NotFoundError: a leaf is missing.
        FormatError: a bundle is damaged.
    """
    if profile is None:
        report.note(
            "no-profile",
            log.origin,
            Sentence("examined.no-profile", election=log.election),
        )
        return
    stale = _stale(view, log)
    quarantined = {
        rejected.index: rejected for rejected in quarantine.list_rejected(view, log.id)
    }
    closed_at: int | None = None
    signed, told = signed_size(view, log), told_size(view, log)
    noted = companions.list_companions(view, log.id)
    for start in range(0, signed, STEP_LEAVES):
        end = min(start + STEP_LEAVES, signed)
        new = stored.read_leaves(view, log.id, start, end)
        admission = admit(new, start, chain, profile, closed_at)
        closed_at = admission.closed_at
        _check_rejected(log, admission, quarantined, report)
        _check_unknown(view, log, admission, (start, end), report)
        if not (stale.start < end and start < stale.stop):
            _check_claims(view, log, admission, (start, end), report)
        _check_places(view, log, admission, report)
        for index in set(find_companions(start, new)).difference(noted):
            place = Sentence("examined.index", index=index)
            report.error("companion", log.origin, place)
        if log.own and start < told:
            refused = {one.index for one in admission.rejected}
            remembered = said_in(new[: told - start], start, refused)
            with beside.transaction(durable=False) as tx:
                statements.save_said(tx, log.id, remembered, end)
    for index in quarantined:
        report.error(
            "quarantine", log.origin, Sentence("examined.is-good", index=index)
        )
    if log.own:
        _check_said(view, beside, log, report)
    _check_ends(view, log, closed_at, signed, report)


def _stale(view: View, log: Log) -> range:
    """The claims that are made again, with a newer profile, as the map passes them."""
    position = mapstate.read_positions(view, log.election).get(log.id)
    if position is None:
        return range(0)
    return range(position.index, max(position.index, position.stale_below))


def _check_rejected(
    log: Log,
    admission: Admission,
    quarantined: dict[int, Rejected],
    report: DoctorReport,
) -> None:
    for rejected in admission.rejected:
        kept = quarantined.pop(rejected.index, None)
        # The words of the reason are those of the version that wrote them.
        if kept is None or kept.code != rejected.code:
            index = Sentence("examined.index", index=rejected.index)
            why = Sentence("machine.at", place=index, cause=rejected.reason)
            report.error("quarantine", log.origin, why)


def _check_unknown(
    view: View,
    log: Log,
    admission: Admission,
    part: tuple[int, int],
    report: DoctorReport,
) -> None:
    if quarantine.list_unknown(view, log.id, *part) != admission.unknown:
        report.error(
            "unknown",
            log.origin,
            Sentence("examined.of-to", first=part[0], last=part[1]),
        )


def _check_places(
    view: View, log: Log, admission: Admission, report: DoctorReport
) -> None:
    records = ((i, decode_claim(body).record) for i, _, _, body in admission.claims)
    for index in recordindex.missing(view, log.id, records):
        report.error("place", log.origin, Sentence("examined.index", index=index))


def _check_claims(
    view: View,
    log: Log,
    admission: Admission,
    part: tuple[int, int],
    report: DoctorReport,
) -> None:
    kept = claims.read_claims(view, log.id, *part, STEP_LEAVES)
    kept_claims = {claim.index: encode_claim(claim) for claim in kept}
    expected = {index: body for index, _, _, body in admission.claims}
    if kept_claims == expected:
        return
    for index in sorted(kept_claims.keys() | expected.keys()):
        if kept_claims.get(index) != expected.get(index):
            report.error("claim", log.origin, Sentence("examined.index", index=index))


def _check_said(view: View, beside: Database, log: Log, report: DoctorReport) -> None:
    """Compare what intake remembers of our leaves with what they say."""
    with beside.view() as other:
        for table in ("said", "reference"):
            if scratch.differ(view, other, table, (log.id, log.id)):
                report.error("said", log.origin, as_said(table))


def _check_ends(
    view: View, log: Log, closed_at: int | None, signed: int, report: DoctorReport
) -> None:
    if closed_at != log.closed_at:
        report.error(
            "closed",
            log.origin,
            Sentence("examined.not-but", found=log.closed_at, made=closed_at),
        )
    beyond = claims.read_claims(view, log.id, signed, 1 << 62, 1)
    if beyond:
        report.error(
            "claim",
            log.origin,
            Sentence("examined.index-not-there", index=beyond[0].index),
        )
    if quarantine.list_unknown(view, log.id, signed, 1 << 62):
        report.error("unknown", log.origin, Sentence("examined.beyond-last"))
    if stored.frontier(view, log.id, log.next_index).size != log.next_index:
        report.error("leaves", log.origin, Sentence("examined.fewer"))
