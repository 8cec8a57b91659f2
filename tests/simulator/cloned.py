"""An organisation whose home is used twice: on one host, and on two.

What must hold stands at the head of `drills.py`.
"""

import contextlib
from pathlib import Path
from random import Random
from typing import Final

from federation.errors import ConflictError
from tests.simulator.drills import ORIGIN, STRUCK, Drill
from tests.simulator.member import Member, copy_files
from tests.simulator.restored import aged_guard
from tests.simulator.verdict import (
    has_proof,
    judge_calm,
    judge_equal,
    judge_kept,
    judge_maps,
    record_at,
)
from tests.simulator.world import ORGS, Move, owner_of

#: How often the operator of the copy says that nothing newer was signed.
ALONE: Final = 0.75


class Clone(Drill):
    """The same home, twice."""

    def __init__(self, folder: Path, chance: Random) -> None:
        """See `World`."""
        super().__init__(folder, chance)
        self.clone: Member | None = None
        #: Who is answered by the clone where it asks the struck one.
        self.misled: set[str] = set()
        #: How often all have asked all since the ways are good.
        self._rounds = 0
        self._proved_after: int | None = None

    def do_strike(self, move: Move) -> None:
        """See `Drill`; whoever is cloned runs on."""
        if STRUCK not in self.up:
            super().do_strike(move)
        elif any((self.folder / STRUCK).rglob("*.guard")):
            self.due = move
            self.come()

    def strike(self, chance: Random) -> None:
        """See `Drill`."""
        copy_files(self.folder / STRUCK, place := self.folder / f"{STRUCK}.clone")
        for path in (place / "guard").iterdir():
            path.write_bytes(aged_guard(path.read_bytes()))
        others = chance.sample(ORGS[1:], len(ORGS) - 1)
        self.misled = set(others[: chance.randrange(1, len(others))])
        self.clone = self._open(place)
        if chance.random() < ALONE:
            self.clone.gate.go_alone()
        self.spawn(self.clone, self.clone.begin())
        self.ask_others(self.clone)

    def begin(self, org: str) -> None:
        """See `Weather`; of the struck one a second process is tried beside it."""
        if org not in self.up:
            super().begin(org)
        if org == STRUCK:
            with contextlib.suppress(ConflictError):
                self._open(self.folder / STRUCK).end()
                self.fault("two processes have one home on one host")
            self.counts["second processes refused"] += 1

    def acting(self, move: Move) -> Member | None:
        """See `World`; the desks of the struck one reach either."""
        is_other = move.who == STRUCK and move.number // 2 % 2
        return self.clone if is_other and self.clone else super().acting(move)

    def answering(self, member: Member, org: str) -> Member | None:
        """See `World`."""
        if org == STRUCK and self.clone and member.org in self.misled:
            return self.clone
        return super().answering(member, org)

    async def heal(self) -> None:
        """See `Drill`."""
        self._rounds = 0
        if self.clone:
            self.clone.fuse.left = None
        await super().heal()

    async def ask_all(self) -> None:
        """See `World`; the clone asks, too."""
        await super().ask_all()
        self._rounds += 1
        if self.clone is not None:
            for org in ORGS[1:]:
                await self.ask(self.clone, org)
            if self._proved_after is None and not self._unproved():
                self._proved_after = self._rounds

    async def judge(self) -> None:
        """See the head of this file."""
        if self.clone is None:
            await super().judge()
            return
        own, other = (self.leaves_of(m, ORIGIN) for m in (self.up[STRUCK], self.clone))
        pairs = zip(own, other, strict=False)
        alike = next((n for n, (a, b) in enumerate(pairs) if a != b), None)
        if alike is None:
            judge_kept(self)
            judge_equal(self)
            judge_maps(self)
            judge_calm(self)
            return
        self.counts["forked"] += 1
        await self._judge_forked(alike)

    async def _judge_forked(self, alike: int) -> None:
        """`alike`: how many records both histories begin with."""
        if self._proved_after is None:
            who = self._unproved()
            self.fault(f"two histories were signed, and not proved to {who}")
        else:
            self.counts[f"proved to all after {self._proved_after} rounds"] += 1
        for member in (self.up[STRUCK], self.clone):
            if member is None or not member.gate.reason(ORIGIN):
                self.fault("it has signed two histories, and signs on")
        member = self.up[STRUCK]
        held = [self.leaves_of(self.up[org], ORIGIN) for org in ORGS[1:]]
        own = self.leaves_of(member, ORIGIN)
        due = min(alike, max(_common(own, one) for one in held))
        counts = await self.size_that_counts(member)
        if counts != due:
            self.fault(f"{counts} are to count, and {due} are undisputed and held")
        kept = [one for one in self.desk if one.index < counts]
        for one in kept:
            if record_at(member, one.index) != one.record:
                self.fault(f"record {one.index} counts and is another")
        self.counts["acknowledged, back"] += len(kept)
        self.counts["and named"] += len(self.desk) - len(kept)
        await self.judge_without(kept)

    def _unproved(self) -> list[str]:
        """Those, of both homes and of all partners, that have no proof."""
        members, owner = [*self.up.values(), self.clone], owner_of(STRUCK)
        return [m.folder.name for m in members if m and not has_proof(m, owner)]

    def close(self) -> None:
        """See `World`."""
        super().close()
        if self.clone is not None:
            self.clone.end()

    def _open(self, folder: Path) -> Member:
        return Member(folder, owner_of(STRUCK), self, is_honest=True)


def _common(one: list[bytes], other: list[bytes]) -> int:
    """How many leaves two logs begin with."""
    shorter = min(len(one), len(other))
    return next((n for n in range(shorter) if one[n] != other[n]), shorter)
