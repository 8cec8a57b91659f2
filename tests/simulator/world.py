"""A federation of five organisations in one process, and what may become of it.

A run is a list of moves, drawn beforehand, each with a number from which its own chance
comes: without some of them, the others do the same. After the moves the way is good
again and everybody asks everybody; then it is judged what must hold.
"""

import asyncio
import traceback
from collections import Counter
from collections.abc import Coroutine, Iterable, Mapping
from functools import cache
from itertools import combinations, pairwise, permutations
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from federation.config.peers import Peer
from federation.errors import ConflictError, FormatError, PeerError
from federation.feeds.feed import Feed
from federation.flows.ownlog.verdict import Verdict
from federation.store import logs
from federation.store.leaves import read_leaves
from tests.fakes import FakeOrg
from tests.ownnode import row
from tests.simulator.member import CrashedError, Member, found_home
from tests.simulator.wire import Air, Spoil, Wire

ORGS: Final = tuple(
    f"{name}.example" for name in ("ambon", "bima", "cepu", "dumai", "ende")
)
ROUNDS: Final = 12
USUAL_S: Final = 60.0  # between two turns with a partner
TURN_S: Final = 120.0
#: What a turn or a batch may end with, and nobody is at fault here.
_USUAL: Final = (PeerError, FormatError, ConflictError, TimeoutError)


class Move(NamedTuple):
    """What somebody does, to whom, `number` says how, and `pause_s` after the last."""

    kind: str
    who: str
    whom: str
    number: int
    pause_s: float


class Acknowledged(NamedTuple):
    """What was answered `logged` to somebody."""

    org: str
    index: int
    record: str


@cache
def owner_of(org: str) -> FakeOrg:
    """An organisation and its keys, the same in every run."""
    return FakeOrg(org)


def draw_moves(weights: Mapping[str, int], count: int, chance: Random) -> list[Move]:
    """So many moves of these kinds."""
    pairs = list(permutations(ORGS, 2))
    kinds = chance.choices(list(weights), list(weights.values()), k=count)
    return [
        Move(
            kind,
            *chance.choice(pairs),
            chance.getrandbits(32),
            chance.expovariate(0.5),
        )
        for kind in kinds
    ]


def draw_rows(chance: Random) -> list[dict[str, object]]:
    """A batch as a desk hands it in; now and then one that fills a bundle."""
    count = 300 if chance.random() < 0.01 else chance.randrange(1, 4)
    stations = chance.sample(range(1, 400 if count > 3 else 40), count)
    return [
        row(f"3171011001{number:03d}", *(chance.randrange(90) for _ in range(3)))
        for number in stations
    ]


class World:
    """The organisations, the ways between them, and what was promised to whom."""

    air: Air
    #: Kinds of moves that are made once in a run, at some moment.
    once: tuple[str, ...] = ()
    #: How likely two ask each other that are no neighbours.
    linked = 0.5
    #: Between the last rounds of questions when the ways are good again.
    heal_s = USUAL_S

    def __init__(self, folder: Path, chance: Random, honest: tuple[str, ...]) -> None:
        """Homes below an empty folder; inside the event loop.

        Who asks whom is drawn: each at least its neighbour in a row, so that all that
        is heard by one is heard by all.
        """
        self.folder, self.honest = folder, honest
        self.faults: list[str] = []
        self.cut = set[frozenset[str]]()
        self.acknowledged: list[Acknowledged] = []
        self.up: dict[str, Member] = {}
        #: What happened how often, for whoever wants to know what was tried.
        self.counts = Counter[str]()
        self.begun = Counter[str]()  # turns, by who asks
        self._chances: dict[tuple[str, str], Random] = {}
        self._wires: dict[tuple[str, str], Wire] = {}
        self._loop = asyncio.get_running_loop()
        self._running = set[asyncio.Task[None]]()
        self.links = set(map(frozenset, pairwise(ORGS)))
        for pair in combinations(ORGS, 2):
            if chance.random() < self.linked:
                self.links.add(frozenset(pair))
        for org in ORGS:
            found_home(folder / org, owner_of(org), self.peers_of(org))

    def peers_of(self, org: str) -> list[Peer]:
        """All others; those it asks have an address."""
        return [
            Peer(
                org=other,
                identity=owner_of(other).identity.key,
                url=f"https://{other}" if self.is_linked(org, other) else None,
            )
            for other in ORGS
            if other != org
        ]

    def is_linked(self, org: str, other: str) -> bool:
        """Whether these ask each other."""
        return frozenset((org, other)) in self.links

    def seconds(self) -> float:
        """Virtual time."""
        return self._loop.time()

    def feed(self, member: Member, org: str) -> Feed:
        """The way of a member to a partner, in the turn that is under way."""

        def reach() -> Member | None:
            is_cut = frozenset((member.org, org)) in self.cut
            return None if is_cut else self.answering(member, org)

        pair = member.org, org
        spoil = self.spoil_of(member, org)
        self._wires[pair] = Wire(org, reach, self._chances[pair], self.air, spoil)
        return self._wires[pair]

    def answering(self, member: Member, org: str) -> Member | None:
        """Whoever answers a member in the name of an organisation."""
        del member
        return self.up.get(org)

    def spoil_of(self, member: Member, org: str) -> Spoil:
        """What becomes of what an organisation hands over to a member."""
        del member, org
        return lambda _resource, data: data

    async def start(self, org: str) -> None:
        """The process of an organisation begins."""
        member = self.make(org)
        await self.attend(member, member.begin())

    def make(self, org: str) -> Member:
        """The process of an organisation, before it does anything."""
        member = Member(self.folder / org, owner_of(org), self, is_honest=True)
        self.up[org] = member
        return member

    async def play(self, moves: Iterable[Move]) -> None:
        """All moves, each when its time has come, whatever is still under way."""
        for move in moves:
            await asyncio.sleep(move.pause_s)
            getattr(self, f"do_{move.kind}")(move)

    def acting(self, move: Move) -> Member | None:
        """Whose move it is, if it is up."""
        return self.up.get(move.who)

    def do_append(self, move: Move) -> None:
        """Somebody hands in a batch."""
        if member := self.acting(move):
            rows = draw_rows(Random(move.number))
            self.spawn(member, self._append(member, rows))

    def do_turn(self, move: Move) -> None:
        """Somebody asks a partner, unless it does already."""
        member, pair = self.acting(move), (move.who, move.whom)
        if member and self.is_linked(*pair) and pair not in self._chances:
            self._chances[pair] = Random(move.number)
            self.spawn(member, self._turn(member, move.whom))

    def do_merge(self, move: Move) -> None:
        """Somebody brings what it has to its map."""
        if member := self.up.get(move.who):
            self.spawn(member, member.merge())

    def spawn(self, member: Member, work: Coroutine[Any, Any, object]) -> None:
        """Begin some work of a member, beside all else."""
        task = asyncio.create_task(self.attend(member, work))
        for holder in (member.tasks, self._running):
            holder.add(task)
            task.add_done_callback(holder.discard)

    async def attend(self, member: Member, work: Coroutine[Any, Any, object]) -> None:
        """Work of a member, to its end or to that of its process."""
        try:
            async with asyncio.timeout(TURN_S):
                await work
        except CrashedError:
            if self.up.get(member.org) is member:
                self.counts["crashes"] += 1
                self.ended(member)
        except asyncio.CancelledError:
            if not member.fuse.is_burnt:
                raise
        except _USUAL:
            pass
        except Exception:  # noqa: BLE001  a bug is what is looked for
            if not member.fuse.is_burnt:
                self.fault(f"{member.org}: {traceback.format_exc()}")

    def close(self) -> None:
        """End all processes."""
        for member in list(self.up.values()):
            self.ended(member)

    def ended(self, member: Member) -> None:
        """The process of a member is gone."""
        del self.up[member.org]
        member.end()

    def fault(self, what: str) -> None:
        """Something that must not be."""
        if what not in self.faults:
            self.faults.append(what)

    async def heal(self) -> None:
        """All ways are good, everybody is up, and everybody asks, until all is said."""
        self.cut.clear()
        self.air = Air(late=0.0)
        if self._running:
            await asyncio.wait(self._running)
        for org in self.honest:
            if org not in self.up:
                await self.start(org)
        before, pause_s = None, min(self.heal_s, USUAL_S)
        for _ in range(ROUNDS):
            await asyncio.sleep(pause_s)
            await self.ask_all()
            now = [self.state_of(self.up[org]) for org in self.honest]
            if now == before and pause_s == self.heal_s:
                break
            if now == before:
                pause_s = self.heal_s
            before = now
        await self.merge()

    async def merge(self) -> None:
        """All bring all that they have to their maps."""
        for org in self.honest:
            await self.attend(self.up[org], self.up[org].merge())

    async def ask_all(self) -> None:
        """Everybody asks everybody, one after another."""
        for who, whom in permutations(ORGS, 2):
            if who in self.honest and self.is_linked(who, whom):
                await self.ask(self.up[who], whom)

    async def ask(self, member: Member, org: str) -> None:
        """A member asks a partner, by a good way."""
        self._chances[member.org, org] = Random(1)
        await self.attend(member, self._turn(member, org))

    def turned(self, member: Member, vector: bytes, before: bytes | None) -> None:
        """A turn of a member has ended well.

        `vector` is what it was shown, empty: nothing new; `before` what `note_before`
        gave when it began, or None if others of its turns were under way meanwhile.
        """

    def note_before(self, member: Member) -> bytes:
        """What is to be compared when a turn of this member has ended."""
        del member
        return b""

    @staticmethod
    def state_of(member: Member) -> list[object]:
        """What a member holds of each log, as far as others could change it."""
        with member.db.view() as view:
            return [
                (log.origin, log.checkpoint, log.pending, log.frozen, log.stalled)
                for log in logs.list_logs(view)
            ]

    @staticmethod
    def leaves_of(member: Member, origin: str) -> list[bytes]:
        """The log of this origin, as a member holds it."""
        with member.db.view() as view:
            for log in logs.list_logs(view):
                if log.origin == origin:
                    return read_leaves(view, log.id, 0, log.size)
        return []

    async def judge(self) -> None:
        """Note a fault for whatever does not hold."""
        raise NotImplementedError

    async def _turn(self, member: Member, org: str) -> None:
        self.begun[member.org] += 1
        number, is_alone = self.begun[member.org], self._is_alone(member, org)
        before = self.note_before(member)
        try:
            await member.turn(org)
        finally:
            del self._chances[member.org, org]
        self.counts["turns"] += 1
        is_alone &= self.begun[member.org] == number
        vector = self._wires[member.org, org].vector
        self.turned(member, vector, before if is_alone else None)

    def _is_alone(self, member: Member, org: str) -> bool:
        others = (pair for pair in self._chances if pair[0] == member.org)
        return all(pair[1] == org for pair in others)

    async def _append(
        self, member: Member, rows: list[dict[str, object]]
    ) -> list[Verdict]:
        verdicts = await member.append(rows)
        for verdict in verdicts:
            if verdict.outcome == "logged":
                kept = Acknowledged(member.org, verdict.index, verdict.record)
                self.acknowledged.append(kept)
        return verdicts
