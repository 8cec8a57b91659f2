"""Figures for a monitor: how large the logs are, how old what was signed, who answers.

Rule: gauges, read when asked; what does not grow although the clock goes on (an own
checkpoint, a partner's confirmation) is given as the Unix time at which it was new, so
that whoever watches takes the age from a clock of his own.
"""

from contextlib import suppress

import msgspec

from federation.blobs.blobs import is_remote
from federation.config.lastbackup import read_last
from federation.config.settings import Settings
from federation.flows.photos.ownroom import limits_of
from federation.flows.query import state
from federation.flows.query.answers import StatusAnswer
from federation.node import backups, publishing
from federation.node.disk import Disk
from federation.node.photostore import ALARM as SILENT
from federation.node.resources import Resources
from federation.records.readers import Caller, may_see
from federation.store import alarms, blobs, cosignatures, wanted
from federation.store.db import Database
from federation.store.folderguard import FolderGuard
from federation.store.guard import Guard
from federation.store.view import View


def read_metrics(
    view: View, caller: Caller, resources: Resources, disk: Disk, sent: int = 0
) -> dict[str, float]:
    """Gauges by Prometheus name, labels included, as far as the caller is told.

    Args:
        view: The snapshot.
        caller: Who asks.
        resources: Of the node.
        disk: What its disks take.
        sent: So many bytes of photographs it has handed over.

    Raises:
        OSError: the server of the database does not answer.
    """
    status = state.status(view, caller, resources.settings, further=disk.alarms())
    gauges: dict[str, float] = {"federation_alarms": len(status.alarms)}
    gauges |= _disk_gauges(disk, is_measured=may_see(caller, "partners"))
    gauges |= _log_gauges(status)
    for log in status.logs:
        if log.own:
            gauges |= _own_log_gauges(view, resources.guard, log.origin)
    if may_see(caller, "partners"):
        gauges |= _photo_gauges(view, resources.settings, sent)
        gauges |= _alarm_gauges(view, resources)
    if may_see(caller, "upkeep"):
        gauges |= _backup_gauges(view, resources)
        gauges |= _server_gauges(resources.db)
        # A folder's disk is told of by `federation_disk_refuses`.
        if not isinstance(resources.guard, FolderGuard):
            gauges["federation_guard_unreachable"] = disk.guard.away is not None
    for peer in status.peers:
        label = f'{{org="{peer.org}"}}'
        gauges[f"federation_peer_failures{label}"] = peer.failures
        if peer.last_at is not msgspec.UNSET:
            gauges[f"federation_peer_last_turn_seconds{label}"] = peer.last_at
    return gauges


def read_reader_metrics(
    view: View, caller: Caller, settings: Settings, lag_s: float, sent: int
) -> dict[str, float]:
    """The same of a reader: what the map is made of, and how old it may be.

    Args:
        view: The snapshot.
        caller: Who asks.
        settings: Of the node.
        lag_s: Seconds since the database was looked at.
        sent: So many bytes of photographs this process has handed over.
    """
    status = state.status(view, caller, settings)
    gauges: dict[str, float] = {
        "federation_reader_lag_seconds": lag_s,
        "federation_alarms": len(status.alarms),
        **_log_gauges(status),
    }
    if may_see(caller, "partners"):
        gauges["federation_photo_sent_bytes"] = sent
    return gauges


def _log_gauges(status: StatusAnswer) -> dict[str, float]:
    gauges: dict[str, float] = {}
    for log in status.logs:
        label = f'{{log="{log.origin}"}}'
        gauges[f"federation_log_size{label}"] = log.size
        gauges[f"federation_log_merged{label}"] = log.merged
        gauges[f"federation_log_held_by{label}"] = log.held_by
        gauges[f"federation_log_frozen{label}"] = log.frozen
    return gauges


def _own_log_gauges(view: View, guard: Guard, origin: str) -> dict[str, float]:
    times = {
        "federation_own_checkpoint_seconds": guard.raised_at(origin),
        "federation_newest_confirmation_seconds": cosignatures.newest_time(
            view, origin
        ),
    }
    return {
        f'{name}{{log="{origin}"}}': moment
        for name, moment in times.items()
        if moment is not None
    }


def _photo_gauges(view: View, settings: Settings, sent: int) -> dict[str, float]:
    gauges: dict[str, float] = {
        "federation_photos_damaged": blobs.count_damaged(view),
        "federation_photos_wanted": wanted.count_wanted(view),
        "federation_photo_sent_bytes": sent,
    }
    for name, is_own in (("us", True), ("partners", False)):
        total = blobs.count_blobs(view, is_own=is_own)
        gauges[f'federation_photos_held{{of="{name}"}}'] = total.number
        gauges[f'federation_photos_held_bytes{{of="{name}"}}'] = total.size
    most = limits_of(settings.photos)
    if most.number is not None:
        gauges['federation_photos_room{of="us"}'] = most.number
    if most.size is not None:
        gauges['federation_photos_room_bytes{of="us"}'] = most.size
    return gauges


def _alarm_gauges(view: View, resources: Resources) -> dict[str, float]:
    """What else a node may have, where it has it: 1 while its alarm stands."""
    gauges: dict[str, float] = {}
    if is_remote(resources.home.blobs):
        silent = alarms.find_details(view, SILENT)
        gauges["federation_photo_store_silent"] = bool(silent)
    if (to := resources.settings.publish.to) is not None:
        # One of another place, that the settings named before, is not about this one.
        failed = alarms.find_details(view, publishing.ALARM)
        gauges["federation_site_failed"] = publishing.subject_of(to) in failed
    return gauges


def _backup_gauges(view: View, resources: Resources) -> dict[str, float]:
    gauges: dict[str, float] = {}
    # What a disk does not give is told by `federation_disk_refuses`.
    with suppress(OSError):
        if (last := read_last(resources.home.last_backup)) is not None:
            gauges["federation_backup_made_seconds"] = last.made_at
    if resources.settings.backup.to is not None:
        failed = alarms.find_details(view, backups.ALARM)
        gauges["federation_backup_failed"] = bool(failed)
    return gauges


def _server_gauges(db: Database) -> dict[str, float]:
    held = db.see_writer()
    if held is None:
        return {}
    return {
        "federation_database_term": held.term,
        "federation_database_lease_age_seconds": held.age_s,
        "federation_database_weaknesses": len(db.list_weaknesses()),
    }


def _disk_gauges(disk: Disk, *, is_measured: bool) -> dict[str, float]:
    # By what is free to the byte a stranger sees each report that is written.
    gauges: dict[str, float] = {}
    for place, free in disk.free().items():
        label = f'{{disk="{place}"}}'
        gauges[f"federation_disk_refuses{label}"] = not disk.takes(place)
        if free is not None and is_measured:
            gauges[f"federation_disk_free_bytes{label}"] = free
    if disk.commit_waits_s is not None:
        gauges["federation_database_commit_waits_seconds"] = disk.commit_waits_s
    return gauges
