"""When the last good backup was made, and whether the clock keeps to its hours."""

from federation.config.lastbackup import is_overdue, read_last
from federation.flows.steps import CheckStep, warned, well
from federation.node.house.database import is_there
from federation.node.house.house import House
from federation.records.timezones import tell_moment
from federation.text import Sentence


async def see_backup(house: House) -> CheckStep:
    """How old the last backup is; where none is made by the clock, only that."""
    settings, now = house.sound.backup, int(house.wall())
    last = read_last(house.home.last_backup)
    facts: dict[str, object] = {"to": settings.to}
    if last is None:
        seen = Sentence("steps.backup-none")
        # A node that never ran has nothing to lose yet.
        if settings.to is None or not is_there(house.home):
            return well("backup", seen, **facts)
        return warned("backup", seen, Sentence("steps.mend-backup"), **facts)
    facts |= {"path": last.path, "made_at": last.made_at, "has_keys": last.has_keys}
    told = {"moment": tell_moment(last.made_at, now, ""), "path": last.path}
    if is_overdue(last, settings, now):
        seen = Sentence("steps.backup-late", hours=settings.every_h, **told)
        return warned("backup", seen, Sentence("steps.mend-backup"), **facts)
    if not last.has_keys:
        seen = Sentence("steps.backup-no-keys", **told)
        return warned("backup", seen, Sentence("steps.mend-backup-no-keys"), **facts)
    return well("backup", Sentence("steps.backup", **told), **facts)
