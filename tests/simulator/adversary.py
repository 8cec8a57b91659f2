"""An organisation that signs what it likes and shows whom it likes what, among four.

It has copies of its home, each of which signs on by itself: each partner is shown one
of them, or nothing, and of any of them an older one. What it hands over of others it
spoils. It is a real node, but for never looking at what others hold of it.

Must hold: as soon as two histories have reached honest nodes, each of them has the
proof, the log is frozen, the alarm stands; who shows less than before is told of; no
honest organisation is ever accused; what the honest have goes everywhere.
"""

import hashlib
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

import msgspec

from federation.errors import FederationError
from federation.feeds.resource import ELECTIONS, LOGS, Resource
from federation.feeds.status import format_status, parse_status
from federation.records.evidence import open_evidence
from federation.store import copies, logs
from federation.store.leaves import read_leaves
from federation.tlog.checkpoint import Checkpoint, read_unverified, sign_checkpoint
from federation.tlog.fork import format_evidence
from federation.tlog.keys import ALG_ED25519, Signer
from federation.tlog.merkle import Frontier, hash_leaf
from tests.copies import copy_home
from tests.fakes import flip_bit
from tests.simulator.member import Member
from tests.simulator.verdict import (
    HARMLESS,
    alarms_of,
    hide,
    judge_equal,
    judge_kept,
    judge_maps,
)
from tests.simulator.wire import Air, Spoil
from tests.simulator.world import ORGS, Move, World, draw_rows, owner_of

WEIGHTS: Final = {
    "append": 10,
    "turn": 45,
    "merge": 2,
    "cut": 3,
    "mend": 3,
    "sign": 16,
    "copy": 6,
    "face": 10,
    "lie": 5,
}
VILLAIN: Final = ORGS[-1]
MOST_HOMES: Final = 4
LIES: Final = ("none", "none", "flip", "tiles", "hide", "others", "slander", "forge")


class Signed(NamedTuple):
    """A checkpoint by its size and root."""

    size: int
    root: bytes


class Adversary(World):
    """Four honest organisations and one that is not."""

    air = Air(lost=0.02)
    #: Beyond a heartbeat: which logs are forked is asked anew.
    heal_s = 400.0

    def __init__(self, folder: Path, chance: Random) -> None:
        """See `World`."""
        super().__init__(folder, chance, ORGS[:-1])
        self.origin = owner_of(VILLAIN).origin
        self.homes: list[Member] = []
        self.face: dict[str, Member | None] = {}
        self.lies: dict[str, tuple[str, Random]] = {}
        self._hashes: dict[Signed, list[bytes]] = {}
        self._held: dict[Signed, str] = {}

    async def start(self, org: str) -> None:
        """See `World`; the villain's first home is shown to all."""
        if org != VILLAIN:
            await super().start(org)
            return
        home = self._open(self.folder / org)
        await self.attend(home, home.begin())
        self.note(home)
        self.face = dict.fromkeys(self.honest, home)

    def answering(self, member: Member, org: str) -> Member | None:
        """See `World`; the villain answers by the home that it shows this one."""
        if org == VILLAIN:
            return self.face[member.org]
        return super().answering(member, org)

    def do_turn(self, move: Move) -> None:
        """See `World`; one home of the villain asks as any partner does."""
        pair = move.who, move.whom
        if move.who != VILLAIN:
            super().do_turn(move)
        elif self.is_linked(*pair) and pair not in self._chances:
            self._chances[pair] = Random(move.number)
            self.spawn(self._home(move), self._turn(self._home(move), move.whom))

    def do_cut(self, move: Move) -> None:
        """Nobody answers on this way."""
        self.cut.add(frozenset((move.who, move.whom)))

    def do_mend(self, move: Move) -> None:
        """All ways of somebody are good again."""
        self.cut = {pair for pair in self.cut if move.who not in pair}

    def do_sign(self, move: Move) -> None:
        """One home of the villain signs on, whatever the others have signed."""
        home, rows = self._home(move), draw_rows(Random(move.number))

        async def sign() -> None:
            await home.append(rows)
            self.note(home)

        self.spawn(home, sign())

    def do_copy(self, move: Move) -> None:
        """One home is copied; the copy is an old one as soon as that goes on."""
        if len(self.homes) < MOST_HOMES:
            place = self.folder / f"{VILLAIN}.{len(self.homes)}"
            copy = self._open(copy_home(self._home(move).folder, place))
            self.spawn(copy, copy.begin())

    def do_face(self, move: Move) -> None:
        """Somebody is shown another home from now on, or nothing."""
        shows = [*self.homes, *self.homes, None]
        self.face[move.who] = shows[move.number % len(shows)]

    def do_lie(self, move: Move) -> None:
        """Somebody is lied to otherwise from now on."""
        chance = Random(move.number)
        self.lies[move.who] = chance.choice(LIES), chance

    def note_before(self, member: Member) -> bytes:
        """The checkpoint that it holds of the villain, while it takes it to be one."""
        log = self._villains_log(member)
        return (log and log.frozen is None and log.checkpoint) or b""

    def turned(self, member: Member, vector: bytes, before: bytes | None) -> None:
        """What an honest one holds of the villain, what it saw, and whom it accuses."""
        if member.org == VILLAIN:
            return
        for code, subject in alarms_of(member):
            accused = subject.partition(" ")[0].partition("/")[0]
            if accused in self.honest and code not in HARMLESS:
                self.fault(f"{member.org}: alarm {code} of {subject}")
        with member.db.view() as view:
            for log in logs.list_logs(view):
                if log.org != VILLAIN and log.frozen is not None:
                    self.fault(f"{member.org}: {log.origin} is frozen")
        log = self._villains_log(member)
        if log is not None and log.checkpoint is not None:
            self._held[_signed(log.checkpoint)] = member.org
        # What came with damaged keys is not looked at.
        is_whole = self.lies.get(member.org, ("none",))[0] != "flip"
        if before and vector and is_whole and log is not None and log.frozen is None:
            self._judge_seen(member, vector, _signed(before))

    def _judge_seen(self, member: Member, vector: bytes, held: Signed) -> None:
        """Who holds one history and is shown an earlier size of another has the proof.

        Of a larger size the hashes are needed, which the villain may keep back.
        """
        for entry in parse_status(vector).logs:
            shown = _signed(entry.checkpoint.encode())
            is_old = shown.size <= held.size and shown in self._hashes
            if entry.origin == self.origin and is_old and self.is_fork(shown, held):
                self.fault(f"{member.org} was shown two histories and took no notice")

    def _villains_log(self, member: Member) -> logs.Log | None:
        with member.db.view() as view:
            found = logs.list_logs(view)
        return next((log for log in found if log.origin == self.origin), None)

    def note(self, home: Member) -> None:
        """What a home of the villain has signed."""
        with home.db.view() as view:
            log = logs.get_log(view, self.origin)
            signed = logs.list_checkpoints(view, log.id)
            hashes = list(map(hash_leaf, read_leaves(view, log.id, 0, log.size)))
        for size, root, _ in signed:
            self._hashes[Signed(size, root)] = hashes[:size]

    def is_fork(self, one: Signed, other: Signed) -> bool:
        """Whether no history has both."""
        small, large = sorted((one, other))
        frontier = Frontier()
        for leaf_hash in self._hashes[large][: small.size]:
            frontier.append(leaf_hash)
        return frontier.root() != small.root

    async def judge(self) -> None:
        """See the head of this file."""
        strange = self._held.keys() - self._hashes.keys()
        if strange:
            self.fault(f"held, and never signed: {strange}")
            return
        held = sorted(self._held)
        pairs = [
            (one, other)
            for number, one in enumerate(held)
            for other in held[number + 1 :]
            if self.is_fork(one, other)
        ]
        proved = [org for org in self.honest if self._has_proof(org)]
        # Who never heard of the log has nothing to stop.
        due = [o for o in self.honest if pairs or self._villains_log(self.up[o])]
        if (pairs or proved) and not set(due) <= set(proved):
            who = {self._held[one] for pair in pairs for one in pair}
            self.fault(f"two histories came to {who}, proved is it to {proved}")
        self.counts["forked"] += bool(pairs or proved)
        if not proved:
            self._judge_behind()
            judge_maps(self)
        judge_kept(self)
        judge_equal(self)
        for org in self.honest:
            self._judge_standing(self.up[org])
            hide(self.up[org], VILLAIN)
        await self.merge()
        judge_maps(self)

    def _judge_standing(self, member: Member) -> None:
        with member.db.view() as view:
            for log in logs.list_logs(view):
                if log.org != VILLAIN and (log.stalled or log.pending):
                    self.fault(f"{member.org}: {log.origin} does not go on")
        if reason := member.gate.reason(member.origin):
            self.fault(f"{member.org} may not sign: {reason}")

    def _judge_behind(self) -> None:
        """Who is shown less than it has seen is told so."""
        for org in self.honest:
            home, (lie, _) = self.face[org], self.lies.get(org, ("none", None))
            if home is None or lie != "none" or not self.is_linked(org, VILLAIN):
                continue
            shown = len(self.leaves_of(home, self.origin))
            known = self._known(org)
            self.counts["behind"] += shown < known
            is_told = ("behind", self.origin) in alarms_of(self.up[org])
            if (shown < known) != is_told:
                self.fault(f"{org}: shown {shown} of {known}, told: {is_told}")

    def _known(self, org: str) -> int:
        """The largest size of the villain's that this one has seen signed."""
        log = self._villains_log(self.up[org])
        if log is None:
            return 0
        with self.up[org].db.view() as view:
            seen = copies.read_copy(view, log.id) or (0,)
        return max(log.size, log.pending_size, seen[0])

    def _has_proof(self, org: str) -> bool:
        """Whether an honest one has frozen the log, by proof, and says so."""
        member = self.up[org]
        log = self._villains_log(member)
        if log is None or log.frozen is None:
            return False
        try:
            open_evidence(log.frozen, owner_of(VILLAIN).chain)
        except FederationError as error:
            self.fault(f"{org}: evidence that proves nothing: {error}")
        if ("fork", self.origin) not in alarms_of(member):
            self.fault(f"{org}: frozen, and no alarm stands")
        return True

    def close(self) -> None:
        """See `World`."""
        super().close()
        for home in self.homes:
            home.end()

    def _open(self, folder: Path) -> Member:
        home = Member(folder, owner_of(VILLAIN), self, is_honest=False)
        self.homes.append(home)
        return home

    def _home(self, move: Move) -> Member:
        return self.homes[move.number % len(self.homes)]

    def spoil_of(self, member: Member, org: str) -> Spoil:
        """See `World`: what this one is handed over by the villain."""

        def spoil(resource: Resource, data: bytes) -> bytes:
            lie, chance = self.lies.get(member.org, ("none", Random(0)))
            match lie:
                case "flip" if data and chance.random() < 0.5:
                    return flip_bit(data, chance.randrange(8 * len(data)))
                case "tiles" if "/tile/" in resource.path:
                    return b""
                case "hide" | "others" | "forge" if data and resource == LOGS:
                    return self._vector(lie, data)
                case "slander" if resource == ELECTIONS and data:
                    return self._slander(data)
                case "slander" if resource.path.endswith("/fork"):
                    return self._evidence(resource)
            return data

        return spoil if org == VILLAIN else super().spoil_of(member, org)

    def _vector(self, lie: str, data: bytes) -> bytes:
        """Without its own log; without others; with theirs as they never were."""
        entries = parse_status(data).logs
        if lie != "forge":
            own = lie == "others"
            return format_status(e for e in entries if (e.origin == self.origin) == own)
        return format_status(
            msgspec.structs.replace(entry, checkpoint=self._forged(entry.origin, 7))
            if entry.origin != self.origin
            else entry
            for entry in entries
        )

    def _slander(self, data: bytes) -> bytes:
        said = msgspec.json.decode(data)
        said["frozen"] = [owner_of(org).origin for org in ORGS]
        return msgspec.json.encode(said)

    def _evidence(self, resource: Resource) -> bytes:
        """Two checkpoints of one size, by a key that is called as it should be."""
        one, other = (
            self._forged(resource.origin, 7, salt).encode() for salt in (b"1", b"2")
        )
        return format_evidence(one, other)

    @staticmethod
    def _forged(origin: str, size: int, salt: bytes = b"") -> str:
        root = hashlib.sha256(salt).digest()
        key = Signer.from_seed(origin, bytes(32), ALG_ED25519)
        return sign_checkpoint(Checkpoint(origin, size, root), key).decode()


def _signed(note: bytes) -> Signed:
    checkpoint = read_unverified(note)
    return Signed(checkpoint.size, checkpoint.root)
