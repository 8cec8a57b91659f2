"""What is ahead of the map, and whether the map must be made again.

Made again, by the same batches, on: another profile, register or version of the rules;
an organisation hidden whose leaves it holds, or a clock put back before the time from
which a log of it is public; a successor log that names an earlier end
than what was merged of its predecessor.

Everybody reads the map, so only logs that everybody may read are in it.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from msgspec.structs import replace

from federation.records.merge import RULES_VERSION
from federation.records.profile import Profile
from federation.records.readers import is_open
from federation.store import keystatements, logs, mapstate, registers
from federation.store.following import end_of
from federation.store.logs import Log
from federation.store.mapstate import MapInputs, Position
from federation.store.view import View


class Step(NamedTuple):
    """A log, how far the map follows it, and how far it can."""

    log: Log
    position: Position
    end: int


class Plan(NamedTuple):
    """Whether to start again, and every log that belongs in the map."""

    restart: bool
    steps: list[Step]

    def is_idle(self) -> bool:
        """Whether the map is up to date."""
        return not self.restart and all(
            step.end <= step.position.index for step in self.steps
        )


def current_basis(view: View, election: str, profile: Profile) -> MapInputs:
    """What a map made now depends on, beside the leaves."""
    register = registers.register_digest(view, election)
    return MapInputs(profile.digest, register, RULES_VERSION)


def make_plan(
    view: View, election: str, profile: Profile, hidden: Collection[str], at: float
) -> Plan:
    """What is to be done for this election; see the head of this file.

    Args:
        view: The snapshot.
        election: Whose map it is.
        profile: Its rules.
        hidden: Organisations whose statements stay out of the map.
        at: Unix seconds: logs are in it that are for everybody then.
    """
    positions = mapstate.read_positions(view, election)
    shown = [
        log
        for log in logs.list_logs(view)
        if log.election == election and is_open(log, at) and log.org not in hidden
    ]
    basis = mapstate.read_basis(view, election)
    restart = basis is not None and basis != current_basis(view, election, profile)
    # A log that the map holds leaves of, and that is hidden now.
    held = {number for number, position in positions.items() if position.index}
    restart |= not {log.id for log in shown} >= held
    ends = _counted_ends(view, shown)
    steps = []
    for log in shown:
        position = positions.get(log.id, Position(0))
        counted = ends.get(log.origin)
        if counted != position.counted:
            restart |= position.index > _lowest(counted, position.counted)
            position = replace(position, counted=counted)
        steps.append(Step(log, position, end_of(log)))
    return Plan(restart, steps)


def _lowest(*ends: int | None) -> int:
    return min(end for end in ends if end is not None)


def _counted_ends(view: View, shown: Iterable[Log]) -> dict[str, int]:
    """Below which index a log counts, where a successor says so, by origin."""
    ends: dict[str, int] = {}
    for log in shown:
        if log.generation == 1:
            continue
        follows = keystatements.read_follows(view, log.id)
        if follows is not None:
            known = ends.get(follows.origin, follows.size)
            ends[follows.origin] = min(known, follows.size)
    return ends
