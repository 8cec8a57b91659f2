"""What `federation status` says of partners, clocks, certificates and disks.

Rule: nothing is hidden and nothing guessed. How it stands with a partner is told in the
words of `flows/query/partners.py`; what was not measured, or not for a while, is
"unknown".
"""

from collections.abc import Mapping
from typing import Final

from msgspec import Struct, UnsetType

from federation.cli.context import Run
from federation.cli.times import tell_second
from federation.config.lastbackup import is_overdue, read_last
from federation.flows.query.partners import PartnersAnswer, PartnerView, host_of
from federation.node.diskroom import PLACES
from federation.records.timezones import tell_here
from federation.store.observations import Observation, load_observations
from federation.store.reserve import free_bytes
from federation.store.view import View
from federation.text.size import tell_size

#: A certificate lasts for weeks; all else is measured again each hour.
_KNOWN_FOR_S: Final = {"certificate": 7 * 86_400}
_USUALLY_S: Final = 2 * 3_600
_HOUR_S: Final = 3_600


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


class BackupSeen(Struct, frozen=True, kw_only=True):
    """The last good backup; `is_late`: the clock should have made a newer one."""

    path: str
    made_at: int
    has_keys: bool
    is_late: bool


class NodeSeen(Struct, frozen=True, kw_only=True):
    """All of it; `own_certificate` None: no public address with TLS is named.

    `backup` None: none was ever made here.

    `plain`: the partners that are asked without TLS, and have no certificate.
    """

    partners: list[PartnerView]
    plain: list[str]
    own_certificate: CertificateSeen | None
    disks: list[DiskSeen]
    backup: BackupSeen | None


def see_node(run: Run, view: View, told: PartnersAnswer) -> NodeSeen:
    """What is known now; `told`: how it stands with the partners."""
    known = _Observed(load_observations(view), run.clock())
    own = host_of(run.settings.listen.public_url)
    return NodeSeen(
        partners=told.partners,
        plain=[p.org for p in run.peers if p.url is not None and not host_of(p.url)],
        own_certificate=None
        if own is None
        else CertificateSeen(host=own, until=known.value("certificate", own)),
        disks=[_see_disk(run, place, known) for place in PLACES],
        backup=_see_backup(run),
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


def _see_backup(run: Run) -> BackupSeen | None:
    last = read_last(run.home.last_backup)
    if last is None:
        return None
    is_late = is_overdue(last, run.settings.backup, run.clock())
    return BackupSeen(
        path=last.path, made_at=last.made_at, has_keys=last.has_keys, is_late=is_late
    )


def print_seen(run: Run, seen: NodeSeen) -> None:
    """Print it for people."""
    t = run.t
    if seen.partners:
        headers = [t("partners.partner"), t("partners.state")]
        headers += [t("views.seen-clock"), t("views.seen-certificate")]
        rows = [
            (
                one.org,
                _state(run, one),
                _clock(run, one.clock_s),
                t("views.seen-plain")
                if one.org in seen.plain
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
    last = seen.backup
    if last is None:
        run.out.line(t("backup.seen-none"))
        return
    key = "backup.seen-late" if last.is_late else "backup.seen"
    told = {"path": last.path, "hours": run.settings.backup.every_h}
    run.out.line(t(key, moment=tell_second(last.made_at), **told))


def _state(run: Run, one: PartnerView) -> str:
    told = (one.tell(condition, tell_here) for condition in (one.state, *one.also))
    return "; ".join(map(run.t.say, told))


def _clock(run: Run, ahead_s: int | UnsetType) -> str:
    if not isinstance(ahead_s, int):
        return run.t("views.seen-unknown")
    if ahead_s == 0:
        return run.t("views.seen-same")
    key = "ahead" if ahead_s > 0 else "behind"
    return run.t(f"views.seen-{key}", seconds=run.t.number(abs(ahead_s)))


def _until(run: Run, seconds: int | UnsetType | None) -> str:
    if not isinstance(seconds, int):
        return run.t("views.seen-unknown")
    days = int((seconds - run.clock()) // 86_400)
    key = "ends" if days >= 0 else "ended"
    return run.t(f"views.seen-{key}", days=run.t.number(abs(days)))


def _disk(run: Run, disk: DiskSeen) -> str:
    t = run.t
    free = t("views.seen-unknown")
    if disk.free is not None:
        free = t("views.seen-free", size=tell_size(disk.free))
    if disk.bytes_per_hour is None:
        pace = t("views.seen-pace-unknown")
    elif disk.full_in_s is None:
        pace = t("views.seen-steady")
    else:
        hours = t.number(disk.full_in_s // _HOUR_S)
        pace = t("views.seen-full-in", hours=hours)
    return t("views.seen-disk", place=disk.place, free=free, pace=pace)
