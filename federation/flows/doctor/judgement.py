"""Every leaf admitted again: what it claims, what is quarantined, what we said."""

from collections.abc import Sequence

from federation.flows.doctor.report import Report
from federation.flows.screening import said_in
from federation.records.admission import Admission, Rejected, admit
from federation.records.claim import encode_claim
from federation.records.keychain import KeyChain
from federation.records.profile import Profile
from federation.store import chains, claims, contents, cursor, statements
from federation.store import leaves as stored
from federation.store.db import View
from federation.store.logs import Log

STEP_BUNDLES = 16
STEP_LEAVES = STEP_BUNDLES * 256


def check(
    view: View,
    log: Log,
    chain: KeyChain,
    profile: Profile | None,
    signed: int,
    report: Report,
) -> None:
    """Every signature, and all that follows from the leaves one by one.

    Args:
        view: A snapshot.
        log: That is examined.
        chain: Its keys.
        profile: Of its election.
        signed: So many leaves have consequences that are stored.
        report: Is told what differs.

    Raises:
        NotFoundError: a leaf is missing.
        FormatError: a bundle is damaged.
    """
    if profile is None:
        report.note("no-profile", log.origin, f"no profile of {log.election} is here")
        return
    stale = _stale(view, log)
    quarantined = {one.index: one for one in chains.list_rejected(view, log.id)}
    closed_at: int | None = None
    said = 0
    for start in range(0, signed, STEP_LEAVES):
        end = min(start + STEP_LEAVES, signed)
        new = contents.read_leaves(view, log.id, start, end)
        admission = admit(new, start, chain, profile, closed_at)
        closed_at = admission.closed_at
        _check_rejected(log, admission, quarantined, report)
        if not (stale.start < end and start < stale.stop):
            _check_claims(view, log, admission, (start, end), report)
        told = log.size if log.pending is not None else signed
        if log.own and start < told:
            said += _check_said(view, log, start, new[: told - start], report)
    for index in quarantined:
        report.error("quarantine", log.origin, f"index {index} is good")
    if log.own and statements.count_said(view, log.id) != said:
        report.error("said", log.origin, f"not {said} statements")
    _check_ends(view, log, closed_at, signed, report)


def _stale(view: View, log: Log) -> range:
    """The claims that are made again, with a newer profile, as the map passes them."""
    position = cursor.read_positions(view, log.election).get(log.id)
    if position is None:
        return range(0)
    return range(position.index, max(position.index, position.stale_below))


def _check_rejected(
    log: Log, admission: Admission, quarantined: dict[int, Rejected], report: Report
) -> None:
    for one in admission.rejected:
        kept = quarantined.pop(one.index, None)
        if kept != one:
            why = f"index {one.index}: {one.reason}"
            report.error("quarantine", log.origin, why)


def _check_claims(
    view: View, log: Log, admission: Admission, part: tuple[int, int], report: Report
) -> None:
    kept = claims.read_claims(view, log.id, *part, STEP_LEAVES)
    found = {claim.index: encode_claim(claim) for claim in kept}
    expected = {index: body for index, _, _, body in admission.claims}
    if found == expected:
        return
    for index in sorted(found.keys() | expected.keys()):
        if found.get(index) != expected.get(index):
            report.error("claim", log.origin, f"index {index}")


def _check_said(
    view: View, log: Log, start: int, new: Sequence[bytes], report: Report
) -> int:
    """Compare what intake remembers of these leaves; how many of them say something."""
    expected = {one.index: one for one in said_in(new, start)}
    tps = sorted({one.slot.tps for one in expected.values()})
    kept = {
        one.index: one
        for slot in statements.said_at(view, log.id, tps).values()
        for one in slot
    }
    refs = sorted({one.ref for one in expected.values() if one.ref is not None})
    newest = statements.revisions_of(view, log.id, refs)
    for index, one in expected.items():
        if kept.get(index) != one._replace(revision=None):
            report.error("said", log.origin, f"index {index}")
        if one.ref is not None and one.revision is not None:
            known = newest.get((one.ref, one.slot.contest))
            if known is None or known.revision < one.revision:
                report.error("said", log.origin, f"revision of {one.ref}")
    return len(expected)


def _check_ends(
    view: View, log: Log, closed_at: int | None, signed: int, report: Report
) -> None:
    if closed_at != log.closed_at:
        report.error("closed", log.origin, f"{log.closed_at}, not {closed_at}")
    beyond = claims.read_claims(view, log.id, signed, 1 << 62, 1)
    if beyond:
        report.error("claim", log.origin, f"index {beyond[0].index} is not there")
    if stored.frontier(view, log.id, log.next_index).size != log.next_index:
        report.error("leaves", log.origin, "fewer than the next index")
