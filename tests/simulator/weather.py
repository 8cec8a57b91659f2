"""What nature does to honest organisations: crashes, cut ways, clocks, old copies.

Must hold: when the way is good again all maps are equal, every log is the same
everywhere, nothing that was acknowledged is lost, and nobody is accused of anything.
"""

import shutil
from pathlib import Path
from random import Random
from typing import Final

from tests.simulator.member import copy_files
from tests.simulator.verdict import judge_calm, judge_equal, judge_kept, judge_maps
from tests.simulator.wire import Air
from tests.simulator.world import ORGS, Move, World, owner_of

WEIGHTS: Final = {
    "append": 24,
    "turn": 48,
    "merge": 3,
    "crash": 8,
    "start": 8,
    "cut": 4,
    "mend": 4,
    "jump": 3,
    "backup": 5,
    "restore": 5,
}
_JUMPS: Final = (2, 3_600, 86_400 * 20)


class Weather(World):
    """Five honest organisations."""

    air = Air(lost=0.03, cut=0.03, late=0.05)

    def __init__(self, folder: Path, chance: Random) -> None:
        """See `World`."""
        super().__init__(folder, chance, ORGS)

    def do_crash(self, move: Move) -> None:
        """A process will end at one of the next steps that its disk keeps."""
        if member := self.up.get(move.who):
            member.fuse.left = move.number % 12

    def do_start(self, move: Move) -> None:
        """Whoever is down is started again."""
        down = [org for org in self.honest if org not in self.up]
        for org in down[: 1 + move.number % 2]:
            self.begin(org)

    def do_cut(self, move: Move) -> None:
        """Nobody answers on this way."""
        self.cut.add(frozenset((move.who, move.whom)))

    def do_mend(self, move: Move) -> None:
        """All ways of somebody are good again."""
        self.cut = {pair for pair in self.cut if move.who not in pair}

    def do_jump(self, move: Move) -> None:
        """A clock is put forward or back, and stays so."""
        if member := self.up.get(move.who):
            sign = 1 if move.number % 2 else -1
            member.skew_s = sign * float(_JUMPS[move.number // 2 % len(_JUMPS)])

    def do_backup(self, move: Move) -> None:
        """A home is copied, if it has ever signed.

        Of one that never has nobody could tell, and an operator would be asked.
        """
        if any((self.folder / move.who).rglob("*.guard")):
            place = self._backup(move.who)
            shutil.rmtree(place, ignore_errors=True)
            copy_files(self.folder / move.who, place)

    def do_restore(self, move: Move) -> None:
        """A disk dies, and the copy is put back; partners have what it lacks."""
        copied = [org for org in self.honest if self._backup(org).exists()]
        if not copied:
            return
        who = copied[move.number % len(copied)]
        promised = [one.index for one in self.acknowledged if one.org == who]
        held = [
            len(self.leaves_of(other, owner_of(who).origin))
            for other in self.up.values()
            if other.org != who
        ]
        if max(promised, default=-1) < max(held, default=0):
            if member := self.up.get(who):
                self.ended(member)
            shutil.rmtree(self.folder / who)
            self._backup(who).rename(self.folder / who)
            self.counts["restores"] += 1

    async def heal(self) -> None:
        """Clocks are put right, too."""
        for member in self.up.values():
            member.skew_s, member.fuse.left = 0.0, None
        await super().heal()

    def begin(self, org: str) -> None:
        """The process of an organisation begins, beside all else."""
        member = self.make(org)
        self.spawn(member, member.begin())

    async def judge(self) -> None:
        """See the head of this file."""
        judge_kept(self)
        judge_equal(self)
        judge_maps(self)
        judge_calm(self)

    def _backup(self, org: str) -> Path:
        return self.folder / f"{org}.backup"
