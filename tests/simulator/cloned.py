"""An organisation whose home is used twice: on one host, and on two.

What must hold stands at the head of `drills.py`.
"""

import contextlib
from pathlib import Path
from random import Random

from federation.errors import ConflictError
from federation.records.evidence import open_evidence
from federation.store import logs
from tests.simulator.drills import ORIGIN, STRUCK, Drill, aged_guard, record_at
from tests.simulator.member import Member, copy_files
from tests.simulator.verdict import (
    HARMLESS,
    alarms_of,
    hide,
    judge_calm,
    judge_equal,
    judge_kept,
    judge_maps,
)
from tests.simulator.world import ORGS, Move, owner_of


class Clone(Drill):
    """The same home, twice."""

    #: Beyond a heartbeat: which logs are forked is asked anew.
    heal_s = 400.0

    def __init__(self, folder: Path, chance: Random) -> None:
        """See `World`."""
        super().__init__(folder, chance)
        self.clone: Member | None = None
        #: Who is answered by the clone where it asks the struck one.
        self.misled: set[str] = set()
        #: How often all have asked all since the ways are good.
        self._rounds = 0
        self._proved_after: int | None = None

    def strike(self, chance: Random) -> None:
        """See `Drill`."""
        copy_files(self.folder / STRUCK, place := self.folder / f"{STRUCK}.clone")
        for path in (place / "guard").iterdir():
            path.write_bytes(aged_guard(path.read_bytes()))
        others = chance.sample(ORGS[1:], len(ORGS) - 1)
        self.misled = set(others[: chance.randrange(1, len(others))])
        self.clone = self._open(place)
        self.spawn(self.clone, self.clone.begin())

    def begin(self, org: str) -> None:
        """See `Weather`; of the struck one a second process is tried beside it."""
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
            if self._proved_after is None and all(map(self._has_proof, self._all())):
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
            who = [m.folder.name for m in self._all() if self._has_proof(m)]
            self.fault(f"two histories were signed, proved is it to {who}")
        else:
            self.counts[f"proved to all after {self._proved_after} turns"] += 1
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
        self._acknowledge(kept)
        self.honest = tuple(org for org in self.honest if org != STRUCK)
        for org in self.honest:
            self._judge_others(self.up[org])
            hide(self.up[org], STRUCK)
        await self.merge()
        judge_kept(self)
        judge_equal(self)
        judge_maps(self)

    def _judge_others(self, member: Member) -> None:
        """Nobody else is accused."""
        for code, subject in alarms_of(member):
            if code not in HARMLESS and (code, subject) != ("fork", ORIGIN):
                self.fault(f"{member.org}: alarm {code} of {subject}")

    def _all(self) -> list[Member]:
        found = [*self.up.values(), self.clone]
        return [member for member in found if member is not None]

    @staticmethod
    def _has_proof(member: Member) -> bool:
        with member.db.view() as view:
            frozen = [o.frozen for o in logs.list_logs(view) if o.origin == ORIGIN]
        if not frozen or frozen[0] is None:
            return False
        open_evidence(frozen[0], owner_of(STRUCK).chain)
        return True

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
