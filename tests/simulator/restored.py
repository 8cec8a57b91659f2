"""An organisation of which something older comes back, or only the keys are left.

What must hold stands at the head of `drills.py`.
"""

import shutil
from pathlib import Path
from random import Random
from typing import Final

from tests.simulator.drills import ORIGIN, STRUCK, Drill
from tests.simulator.member import copy_files, found_home
from tests.simulator.verdict import alarms_of
from tests.simulator.world import owner_of

#: Of what comes back: whether the database is an older one, and what the guard is.
STATES: Final = (
    *((True, guard) for guard in ("here", "lost", "older", "newer", "damaged")),
    *((False, guard) for guard in ("lost", "older", "newer", "damaged")),
)
#: The guard says what was signed last, so that no second history can be signed.
KNOWING: Final = ("here", "newer")


class Restore(Drill):
    """Something older comes back, or the guard does not."""

    def __init__(self, folder: Path, chance: Random) -> None:
        """See `World`."""
        super().__init__(folder, chance)
        self.is_older, self.guard = chance.choice(STATES)

    def strike(self, chance: Random) -> None:
        """See `Drill`."""
        del chance
        home, backup = self.folder / STRUCK, self._backup(STRUCK)
        self.counts[f"guard {self.guard}"] += 1
        if self.is_older:
            shutil.rmtree(home / "data")
            (home / "data").mkdir()
            if backup.exists():
                copy_files(backup / "data", home / "data")
        if self.guard == "here":
            return
        guard = {path.name: path.read_bytes() for path in (home / "guard").iterdir()}
        shutil.rmtree(home / "guard")
        if self.guard == "older" and backup.exists():
            copy_files(backup / "guard", home / "guard")
            guard = {p.name: p.read_bytes() for p in (home / "guard").iterdir()}
        elif self.guard in {"older", "lost"}:
            return
        for name, data in guard.items():
            path = home / "guard" / name
            path.parent.mkdir(exist_ok=True)
            is_cut = self.guard == "damaged" and path.suffix == ".guard"
            path.write_bytes(data[:40] if is_cut else aged_guard(data))

    def is_known(self) -> bool:
        """See `Drill`."""
        return not self.is_older or self.guard in KNOWING

    async def heal(self) -> None:
        """See `Drill`; a damaged guard stops all signing until it is taken away."""
        await super().heal()
        if not self.is_struck or self.guard != "damaged":
            return
        member = self.up[STRUCK]
        if not member.gate.reason(ORIGIN) or ("own-log", ORIGIN) not in alarms_of(
            member
        ):
            self.fault("the guard is damaged, and it signs or does not say so")
        self.ended(member)
        shutil.rmtree(member.folder / "guard")
        await super().heal()


class Rebuild(Drill):
    """Only the keys are left."""

    def strike(self, chance: Random) -> None:
        """See `Drill`."""
        del chance
        home = self.folder / STRUCK
        shutil.rmtree(home)
        found_home(home, owner_of(STRUCK), self.peers_of(STRUCK))
        shutil.rmtree(home / "guard")


def aged_guard(guard: bytes) -> bytes:
    """A guard file as of an hour ago: within seconds an inode may be given again."""
    text, _, made = guard.decode().rstrip().rpartition(" ")
    return f"{text} {int(made) - 3600}\n".encode()
