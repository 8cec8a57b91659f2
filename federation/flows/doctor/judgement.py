"""Every leaf admitted again: what it claims, what is quarantined, what we said."""

from federation.errors import FormatError
from federation.flows.doctor.report import DoctorReport
from federation.flows.ownlog.duplicates import said_in
from federation.records.admission import Admission, Rejected, admit
from federation.records.claim import decode_claims, decode_places
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
from federation.store.db import Database
from federation.store.logs import Log
from federation.store.view import View
from federation.text import Sentence, as_said
from federation.tlog.tile import WIDTH

STEP_BUNDLES = 16
#: Whole bundles: claims are put right without a look at what is damaged of them.
STEP_LEAVES = STEP_BUNDLES * WIDTH


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
    records = (
        (place.index, place.record)
        for _, body in admission.claims
        for place in decode_places(body)
    )
    for index in recordindex.missing(view, log.id, records):
        report.error("place", log.origin, Sentence("examined.index", index=index))


def _check_claims(
    view: View,
    log: Log,
    admission: Admission,
    part: tuple[int, int],
    report: DoctorReport,
) -> None:
    expected = {
        claim.index: claim
        for _, body in admission.claims
        for claim in decode_claims(body)
    }
    for start in range(*part, WIDTH):
        end = min(start + WIDTH, part[1])
        try:
            held = claims.read_claims(view, log.id, start, end, WIDTH)
        except FormatError as error:
            report.error("claim", log.origin, error.told)
            continue
        kept = {claim.index: claim for claim in held}
        for index in range(start, end):
            if kept.get(index) != expected.get(index):
                where = Sentence("examined.index", index=index)
                report.error("claim", log.origin, where)


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
    _check_beyond(view, log, signed, report)
    if quarantine.list_unknown(view, log.id, signed, 1 << 62):
        report.error("unknown", log.origin, Sentence("examined.beyond-last"))
    if stored.frontier(view, log.id, log.next_index).size != log.next_index:
        report.error("leaves", log.origin, Sentence("examined.fewer"))


def _check_beyond(view: View, log: Log, signed: int, report: DoctorReport) -> None:
    """No leaf claims anything behind the last one."""
    try:
        for claim in claims.read_claims(view, log.id, signed, 1 << 62, 1):
            where = Sentence("examined.index-not-there", index=claim.index)
            report.error("claim", log.origin, where)
    except FormatError as error:
        report.error("claim", log.origin, error.told)
