"""What `federation status` says of partners, clocks, certificates and disks.

Rule: nothing is hidden and nothing guessed. A partner that is paused, has no address or
fails is told in a word; what was not measured, or not for a while, is "unknown".
"""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from federation.cli.context import Run
from federation.config.peers import Peer
from federation.flows.query.answers import StatusAnswer
from federation.flows.query.partners import host_of
from federation.node.disk import PLACES
from federation.store.db import View
from federation.store.observations import Observation, load_observations
from federation.store.pulls import QUICK_FAILURES
from federation.store.reserve import free_bytes

PartnerState: TypeAlias = Literal[
    "well", "trying-again", "failing", "paused", "no-address", "never-asked"
]
#: A certificate lasts for weeks; all else is measured again each hour.
_KNOWN_FOR_S: Final = {"certificate": 7 * 86_400}
_USUALLY_S: Final = 2 * 3_600
_HOUR_S: Final = 3_600
_GB: Final = 10**9


class PartnerSeen(Struct, frozen=True, kw_only=True):
    """A partner as it is now; None: not known.

    Attributes:
        org: Which.
        state: In a word.
        clock_s: Seconds that its clock is ahead of ours.
        is_plain: It is asked without TLS, and has no certificate.
        certificate_until: Unix seconds at which its certificate ends.
    """

    org: str
    state: PartnerState
    clock_s: int | None
    is_plain: bool
    certificate_until: int | None


class DiskSeen(Struct, frozen=True, kw_only=True):
    """A disk of this node; None: not known. `full_in_s`: at the pace of an hour."""

    place: str
    free: int | None
    bytes_per_hour: int | None
    full_in_s: int | None


class CertificateSeen(Struct, frozen=True, kw_only=True):
    """Ours, as it is seen at our public address; None: not known."""

    host: str
    until: int | None


class NodeSeen(Struct, frozen=True, kw_only=True):
    """All of it; `own_certificate` None: no public address with TLS is named."""

    partners: list[PartnerSeen]
    own_certificate: CertificateSeen | None
    disks: list[DiskSeen]


def see_node(run: Run, view: View, answer: StatusAnswer) -> NodeSeen:
    """What is known now."""
    known = _Observed(load_observations(view), run.clock())
    failures = {peer.org: peer.failures for peer in answer.peers}
    asked = {peer.org for peer in answer.peers if isinstance(peer.last_at, int)}
    own = host_of(run.settings.listen.public_url)
    return NodeSeen(
        partners=[
            PartnerSeen(
                org=peer.org,
                state=_state(peer, failures.get(peer.org, 0), asked),
                clock_s=known.value("clock", peer.org),
                is_plain=peer.url is not None and host_of(peer.url) is None,
                certificate_until=known.value("certificate", host_of(peer.url)),
            )
            for peer in run.peers
        ],
        own_certificate=None
        if own is None
        else CertificateSeen(host=own, until=known.value("certificate", own)),
        disks=[_see_disk(run, place, known) for place in PLACES],
    )


class _Observed:
    """What was measured not too long ago."""

    def __init__(
        self, observed: Mapping[tuple[str, str], Observation], now: float
    ) -> None:
        self._observed, self._now = observed, now

    def value(self, what: str, subject: str | None) -> int | None:
        """It, or None where it is not known."""
        one = self._observed.get((what, subject or ""))
        most_s = _KNOWN_FOR_S.get(what, _USUALLY_S)
        if one is None or abs(self._now - one.at) > most_s:
            return None
        return one.value


def _state(peer: Peer, failures: int, asked: set[str]) -> PartnerState:
    if peer.paused:
        return "paused"
    if peer.url is None:
        return "no-address"
    if peer.org not in asked:
        return "never-asked"
    if failures > QUICK_FAILURES:
        return "failing"
    return "trying-again" if failures else "well"


def _see_disk(run: Run, place: str, known: _Observed) -> DiskSeen:
    folder = run.home.data if place == "data" else run.home.guard
    try:
        free = free_bytes(folder)
    except OSError:
        free = None
    pace = known.value("disk-pace", place)
    full_in = None
    if free is not None and pace:
        full_in = free * _HOUR_S // pace
    return DiskSeen(place=place, free=free, bytes_per_hour=pace, full_in_s=full_in)


def print_seen(run: Run, seen: NodeSeen) -> None:
    """Print it for people."""
    t = run.t
    if seen.partners:
        headers = [t(f"views.seen-{key}") for key in ("partner", "state", "clock")]
        headers.append(t("views.seen-certificate"))
        rows = [
            (
                one.org,
                t(f"views.seen-{one.state}"),
                _clock(run, one.clock_s),
                t("views.seen-plain")
                if one.is_plain
                else _until(run, one.certificate_until),
            )
            for one in seen.partners
        ]
        run.out.table(headers, rows)
    own = seen.own_certificate
    if own is not None:
        until = _until(run, own.until)
        run.out.line(t("views.seen-own", host=own.host, until=until))
    for disk in seen.disks:
        run.out.line(_disk(run, disk))


def _clock(run: Run, ahead_s: int | None) -> str:
    if ahead_s is None:
        return run.t("views.seen-unknown")
    if ahead_s == 0:
        return run.t("views.seen-same")
    key = "ahead" if ahead_s > 0 else "behind"
    return run.t(f"views.seen-{key}", seconds=run.t.number(abs(ahead_s)))


def _until(run: Run, seconds: int | None) -> str:
    if seconds is None:
        return run.t("views.seen-unknown")
    days = int((seconds - run.clock()) // 86_400)
    key = "ends" if days >= 0 else "ended"
    return run.t(f"views.seen-{key}", days=run.t.number(abs(days)))


def _disk(run: Run, disk: DiskSeen) -> str:
    t = run.t
    free = t("views.seen-unknown")
    if disk.free is not None:
        free = t("views.seen-gb", count=f"{disk.free / _GB:.1f}")
    if disk.bytes_per_hour is None:
        pace = t("views.seen-pace-unknown")
    elif disk.full_in_s is None:
        pace = t("views.seen-steady")
    else:
        hours = t.number(disk.full_in_s // _HOUR_S)
        pace = t("views.seen-full-in", hours=hours)
    return t("views.seen-disk", place=disk.place, free=free, pace=pace)
