"""Drills: an honest organisation is put back, rebuilt or cloned at a random moment.

Five nodes that all ask each other, in which records come in, processes crash and ways
are cut. At some moment, in the middle of a batch, one of them

    restore    has an older database or the one it had, and a guard that was never away,
               is lost, older, newer, or damaged
    rebuild    has lost its disk, and its guard: only its keys are left
    clone      runs twice: on one host, and on another from a copy of its folder

Must hold. On one host no second process starts, and nobody ever sees a second history;
where the guard, or a partner that has seen it, tells what was signed, none is even
signed. What any partner held is
back. Of what was acknowledged each record is back, or named: by the alarm of a log that
cannot go on, or by the answer when the desk hands in its rows again. Two hosts that
sign are found out by everybody, with proof, both stop, and the size that `election
continue` proposes is what all copies have in common, as far as a partner has it.
"""

import contextlib
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from federation.errors import PeerError
from federation.flows.ownlog.reconcile import UNKNOWN
from federation.flows.ownlog.successor import has_ended, look_at_copy, proposed_size
from federation.flows.ownlog.verdict import Verdict
from federation.store import copies, logs
from federation.store.db import Database
from federation.store.leaves import read_leaves
from federation.store.view import View
from federation.tlog.merkle import Frontier, hash_leaf
from tests.simulator.member import Member, copy_files
from tests.simulator.verdict import (
    HARMLESS,
    alarms_of,
    has_proof,
    hide,
    judge_calm,
    judge_equal,
    judge_kept,
    judge_maps,
    record_at,
)
from tests.simulator.weather import Weather
from tests.simulator.world import ORGS, Acknowledged, Move, draw_rows, owner_of

WEIGHTS: Final = {
    "append": 24,
    "turn": 48,
    "merge": 2,
    "crash": 4,
    "start": 10,
    "cut": 3,
    "mend": 5,
    "backup": 4,
}
#: Whose drill it is.
STRUCK: Final = ORGS[0]
ORIGIN: Final = owner_of(STRUCK).origin


class Handed(NamedTuple):
    """A row that a desk handed in, and what was acknowledged of it."""

    row: dict[str, object]
    index: int
    record: str


class Drill(Weather):
    """Something befalls one organisation, once."""

    once = ("strike",)
    linked = 1.0
    #: Beyond a heartbeat: which logs are forked is asked anew.
    heal_s = 400.0

    def __init__(self, folder: Path, chance: Random) -> None:
        """See `World`."""
        super().__init__(folder, chance)
        self.desk: list[Handed] = []
        self.due: Move | None = None
        self.is_struck = False
        #: More was signed than anybody has, and that is known.
        self.is_ended = False
        #: Of what others held when it was struck, the most.
        self.held: list[bytes] = []
        #: The largest size that any of them had seen signed.
        self.seen = 0
        #: What was signed before: size and root.
        self.signed: list[tuple[int, bytes]] = []

    def do_append(self, move: Move) -> None:
        """See `World`; half of the work is that of the organisation of the drill."""
        super().do_append(move._replace(who=STRUCK) if move.number % 2 else move)

    def do_turn(self, move: Move) -> None:
        """See `World`; most turns are those of that organisation, or with it."""
        other = move.who if move.who != STRUCK else move.whom
        pair = [(STRUCK, other), (other, STRUCK), (move.who, move.whom)]
        who, whom = pair[move.number % 3]
        super().do_turn(move._replace(who=who, whom=whom))

    async def play(self, moves: Iterable[Move]) -> None:
        """See `World`; everybody knows everybody before."""
        await self.ask_all()
        await super().play(moves)

    def do_backup(self, move: Move) -> None:
        """The database is copied as the program does it; its guard beside that."""
        del move
        member, place = self.up.get(STRUCK), self._backup(STRUCK)
        if member and any(member.folder.rglob("*.guard")):
            shutil.rmtree(place, ignore_errors=True)
            (place / "data").mkdir(parents=True)
            member.db.copy_to(place / "data" / member.db.path.name)
            copy_files(member.folder / "guard", place / "guard")

    def do_strike(self, move: Move) -> None:
        """It comes at one of the next steps, in the middle of a batch."""
        if not any((self.folder / STRUCK).rglob("*.guard")):
            return  # nothing was ever signed, so that nothing can be lost
        self.due, member = move, self.up.get(STRUCK)
        if member is None:
            self.come()
            return
        member.fuse.left = move.number % 12
        rows = draw_rows(Random(move.number))
        self.spawn(member, self._append(member, rows))

    def ended(self, member: Member) -> None:
        """See `World`."""
        super().ended(member)
        if member.org == STRUCK and self.due:
            self.come()

    def come(self) -> None:
        """What is due, now."""
        move, self.due, self.is_struck = self.due, None, True
        assert move is not None
        self.counts["drills"] += 1
        for org in ORGS:
            with self._stored(org) as view:
                if org != STRUCK:
                    self.held = max(self.held, _leaves(view), key=len)
                    self.seen = max(self.seen, _seen(view))
                if org == STRUCK:
                    log = logs.get_log(view, ORIGIN)
                    found = logs.list_checkpoints(view, log.id)
                    self.signed = [(size, root) for size, root, _ in found]
        self.strike(Random(move.number))
        self.begin(STRUCK)

    def begin(self, org: str) -> None:
        """See `Weather`; whoever starts asks everybody at once."""
        super().begin(org)
        self.ask_others(self.up[org])

    def ask_others(self, member: Member) -> None:
        """A member asks all others, but those that it asks already."""
        for org in ORGS:
            if org != member.org and (member.org, org) not in self._chances:
                self._chances[member.org, org] = Random(1)
                self.spawn(member, self._turn(member, org))

    def strike(self, chance: Random) -> None:
        """What befalls the home of the organisation, whose process has ended."""
        raise NotImplementedError

    async def heal(self) -> None:
        """See `World`; what was due comes now, at the latest."""
        if self.due:
            if member := self.up.get(STRUCK):
                self.ended(member)
            else:
                self.come()
        await super().heal()

    async def judge(self) -> None:
        """See the head of this file."""
        member = self.up[STRUCK]
        if self.is_struck:
            self._judge_back(member)
            await self._judge_named(member)
        for one in self.up.values():
            if has_proof(one, owner_of(STRUCK)):
                self.fault(f"{one.org} has proof of two histories on one host")
        judge_kept(self)
        judge_equal(self)
        judge_maps(self)
        judge_calm(self, ORIGIN if self.is_ended else "")

    async def _append(
        self, member: Member, rows: list[dict[str, object]]
    ) -> list[Verdict]:
        verdicts = await super()._append(member, rows)
        for row, one in zip(rows, verdicts, strict=True):
            if one.outcome == "logged" and member.org == STRUCK:
                self.desk.append(Handed(row, one.index or 0, one.record))
        return verdicts

    def _judge_back(self, member: Member) -> None:
        own = self.leaves_of(member, ORIGIN)
        if own[: len(self.held)] != self.held:
            self.fault(f"a partner held {len(self.held)}, back are {len(own)}")
        self.counts["records back"] += len(self.held)
        second = [size for size, root in self.signed if _root(own[:size]) != root]
        second = [size for size in second if size <= len(own)]
        if second and self.is_known():
            self.fault(f"the guard knew, and was signed anew: {second}")
        self.counts["unseen sizes signed anew"] += len(second)

    def is_known(self) -> bool:
        """Whether what the struck one has tells what was signed last."""
        return False

    async def _judge_named(self, member: Member) -> None:
        """What is not back is told: by an alarm, or by the answers to the same rows."""
        alarms = {code for code, subject in alarms_of(member) if subject == ORIGIN}
        with member.db.view() as view:
            self.is_ended = has_ended(view, logs.get_log(view, ORIGIN))
        if self.is_ended:
            await self._judge_ended(member)
            return
        if UNKNOWN in alarms:
            if self.held:
                self.fault("it is held back, though every partner has answered")
            # Nobody has anything of it, which is what the operator says, once.
            self.counts["by the operator's word"] += 1
            await member.own_logs.go_alone()
        again: list[Handed] = []
        for row, index, record in self.desk:
            is_back = record_at(member, index) == record
            [said] = await member.append([row])
            if said.outcome != ("held" if is_back else "logged"):
                self.fault(f"handed in again, back: {is_back}: {said}")
            self.counts["acknowledged, back" if is_back else "and named"] += 1
            known = (index, record) if is_back else (said.index or 0, said.record)
            again.append(Handed(row, *known))
        self._acknowledge(again)
        await self._settle()

    async def _judge_ended(self, member: Member) -> None:
        """More was signed than anybody has: a successor says how much of it counts."""
        self.counts["logs that ended"] += 1
        kept = [one for one in self.desk if record_at(member, one.index) == one.record]
        self.counts["acknowledged, back"] += len(kept)
        self.counts["and named"] += len(self.desk) - len(kept)
        size = len(self.leaves_of(member, ORIGIN))
        is_told = self.is_known() or self.seen > len(self.held)
        self.counts["of them by what partners saw"] += not self.is_known()
        if not is_told or size >= max(self.signed)[0]:
            self.fault("the log ended, and nothing told that more was signed")
        if (counts := await self.size_that_counts(member)) != size:
            self.fault(f"of {size} undisputed records {counts} are to count")
        self._acknowledge(kept)
        # That it stands still is what is right here.
        self.honest = tuple(org for org in self.honest if org != STRUCK)

    async def size_that_counts(self, member: Member) -> int:
        """What `election continue` would propose."""
        with member.db.view() as view:
            log = logs.get_log(view, ORIGIN)
        held = []
        for org in ORGS[1:]:
            self._chances[STRUCK, org] = Random(1)
            feed = self.feed(member, org)
            chain = member.owner.chain
            with contextlib.suppress(PeerError):  # it holds nothing of it
                held.append(await look_at_copy(member.db, log, chain, feed, org))
            del self._chances[STRUCK, org]
        return proposed_size(log, held)

    async def judge_without(self, kept: Iterable[Handed]) -> None:
        """What is judged where the log of the struck one has ended by two histories.

        `kept`: what of it counts all the same.
        """
        self._acknowledge(kept)
        self.honest = tuple(org for org in self.honest if org != STRUCK)
        for org in self.honest:
            for code, subject in alarms_of(self.up[org]):
                if code not in HARMLESS and not subject.endswith(ORIGIN):
                    self.fault(f"{org}: alarm {code} of {subject}")
            hide(self.up[org], STRUCK)
        await self.merge()
        judge_kept(self)
        judge_equal(self)
        judge_maps(self)

    def _acknowledge(self, handed: Iterable[Handed]) -> None:
        """From now on this is what has to be in the log of the struck one."""
        others = [one for one in self.acknowledged if one.org != STRUCK]
        mine = [Acknowledged(STRUCK, one.index, one.record) for one in handed]
        self.acknowledged = others + mine

    async def _settle(self) -> None:
        for _ in range(2):
            await self.ask_all()
        await self.merge()

    @contextlib.contextmanager
    def _stored(self, org: str) -> Iterator[View]:
        """What is on a disk, whether its node is up or not."""
        db = Database.open(self.folder / org / "data", readonly=True)
        with contextlib.closing(db), db.view() as view:
            yield view


def _seen(view: View) -> int:
    for log in logs.list_logs(view):
        if log.origin == ORIGIN:
            copy = copies.read_copy(view, log.id)
            return max(log.pending_size, copy[0] if copy else 0)
    return 0


def _leaves(view: View) -> list[bytes]:
    for log in logs.list_logs(view):
        if log.origin == ORIGIN:
            return read_leaves(view, log.id, 0, log.size)
    return []


def _root(leaves: list[bytes]) -> bytes:
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(hash_leaf(leaf))
    return frontier.root()
