"""One member of the federation: a node without a network, that can crash and come back.

What it does is done by the code of a real node: turns with partners, what becomes of
its own logs, the gate, signing, merging. Given are the way to a partner, the clock, and
where it crashes.
"""

import asyncio
import contextlib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Protocol, cast

from federation.config.home import Home
from federation.config.keystore import NodeKeys
from federation.config.peers import Peer, format_peer
from federation.config.settings import Settings
from federation.feeds.feed import Feed
from federation.flows.merge import merge_once
from federation.flows.ownlog import ingest
from federation.flows.ownlog.begin import OwnKeys, open_own
from federation.flows.partners import Partners
from federation.flows.publish.items import Publisher
from federation.flows.pull import PullContext, Taking
from federation.node.about import renew_about
from federation.node.disk import Disk
from federation.node.gate import Gate
from federation.node.introductions import Introductions
from federation.node.ownlogs import OwnLogs
from federation.node.peers import Peers
from federation.node.resources import Clocks, Resources
from federation.node.turns import PartnerTurns
from federation.records.keychain import LAST
from federation.schedule import Result
from federation.store import alarms
from federation.store.db import Database
from federation.store.engine import Engine
from federation.store.folderguard import FolderGuard
from federation.store.lock import hold
from federation.store.reserve import Reserve
from federation.store.view import Transaction, View
from federation.text import Sentence
from tests.fakes import FakeOrg
from tests.ownnode import NOW, small_profile
from tests.simulator.virtualtime import Here

if TYPE_CHECKING:
    from federation.blobs.blobs import Blobs


class CrashedError(BaseException):
    """The process of a member has ended, here. Nothing of it may catch this."""


class Fuse:
    """Where a process ends: after so many more steps that are durable; None: nowhere.

    A step is what a disk keeps or not: a transaction, a guard. It is counted before and
    behind each.
    """

    def __init__(self) -> None:
        self.left: int | None = None
        self.is_burnt = False

    def step(self) -> None:
        """One more; or the end."""
        self.check()
        if self.left is not None:
            self.left -= 1
            self.is_burnt = self.left < 0
            self.check()

    def check(self) -> None:
        """Nothing is done by a process that has ended."""
        if self.is_burnt:
            raise CrashedError


class Store(Database):
    """The database of a member, without threads."""

    fuse: Fuse

    def __init__(
        self, folder: Path, engine: Engine, *, readonly: bool, is_followed: bool = False
    ) -> None:
        super().__init__(folder, engine, readonly=readonly, is_followed=is_followed)
        self._readers, self._writing = Here(1), Here(1)

    @contextlib.contextmanager
    def view(self) -> Iterator[View]:
        """See `Database`."""
        self.fuse.check()
        with super().view() as view:
            yield view

    @contextlib.contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[Transaction]:
        """See `Database`; a crash may come right before and right after COMMIT."""
        self.fuse.check()
        with super().transaction(durable=durable) as tx:
            yield tx
            self.fuse.step()
        self.fuse.step()


class MemberGuard(FolderGuard):
    """The guard of a member: a crash may come right before and right after."""

    fuse: Fuse

    def raise_to(
        self, origin: str, size: int, root: bytes, *, after: tuple[int, bytes] | None
    ) -> None:
        """See `Guard`."""
        self.fuse.step()
        super().raise_to(origin, size, root, after=after)
        self.fuse.step()


class Surroundings(Protocol):
    """What is around a member."""

    def feed(self, member: "Member", org: str) -> Feed:
        """Its way to a partner."""

    def seconds(self) -> float:
        """Virtual time."""


@cache
def _empty_home() -> Path:
    """The folder of a database that has its tables; never written to."""
    folder = Path(mkdtemp(prefix="federation-simulator-"))
    Database.open(folder / "data").close()
    return folder


def found_home(folder: Path, owner: FakeOrg, peers: Sequence[Peer]) -> None:
    """A home as `federation init` leaves it, keys apart, with these partners."""
    copy_files(_empty_home(), folder)
    FolderGuard(folder / "guard").found(owner.origin)
    (folder / "peers.toml").write_text("\n".join(map(format_peer, peers)))


def copy_files(source: Path, target: Path) -> None:
    """A copy of a home, of which its guard will say that it is one."""
    for path in source.rglob("*"):
        if path.is_file():
            to = target / path.relative_to(source)
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_bytes(path.read_bytes())


class Member:
    """A process of an organisation, from its start to its end.

    Args:
        folder: Its home.
        owner: Its organisation and keys.
        around: The way to others, and the time.
        is_honest: If not, it signs whatever the others hold of it, and never looks.

    Raises:
        ConflictError: another process has this home.
    """

    def __init__(
        self, folder: Path, owner: FakeOrg, around: Surroundings, *, is_honest: bool
    ) -> None:
        self.folder, self.owner, self.origin = folder, owner, owner.origin
        self.fuse, self._around, self.is_honest = Fuse(), around, is_honest
        self.skew_s = 0.0
        self.clocks = Clocks(wall=self.wall, steady=around.seconds)
        self._locked = contextlib.ExitStack()
        self._locked.enter_context(hold(Home(folder).lock))
        self.resources = self._open()
        self.publisher = Publisher(self.resources.settings, self.resources.profiles)
        self.peers = Peers(self.resources.home.peers, lambda _fault: None)
        wait_s = self.resources.settings.sync.reconcile_wait_s
        self.gate = Gate(
            [self.origin],
            self.peers.reachable,
            wait_s,
            around.seconds,
            alone=not is_honest,
        )
        self.disk = Disk(self.resources, self.wall, self._may_sign)
        self.partners = Partners(
            self.resources.db,
            self.resources.settings,
            lambda: self.peers.by_org,
            around.seconds,
        )
        self.introductions = Introductions(self.resources, self.clocks, Random(1))
        self.own_logs = OwnLogs(self)
        self._busy, self._passed_over = dict[str, Taking](), set[str]()
        self._turns = PartnerTurns(self)
        self.tasks = set[asyncio.Task[object]]()

    @property
    def org(self) -> str:
        """Its organisation."""
        return self.owner.org

    @property
    def db(self) -> Database:
        """Its database."""
        return self.resources.db

    @property
    def log(self) -> ingest.OwnLog:
        """Its own log."""
        return self.resources.own[self.origin]

    def wall(self) -> float:
        """Unix seconds, as its own clock has them."""
        return NOW + self._around.seconds() + self.skew_s

    async def begin(self) -> None:
        """What a node does when it starts: ask whether it may sign, present itself."""
        await self.own_logs.reconcile(())
        await self.db.run(renew_about, self.resources, self.peers.by_org)

    async def turn(self, org: str) -> Result:
        """A turn with a partner."""
        return await self._turns.turn(self.peers.by_org[org])

    async def append(self, rows: Sequence[dict[str, object]]) -> list[ingest.Verdict]:
        """What is answered to whoever hands in these rows.

        Raises:
            ConflictError: it may not sign, for now.
        """
        await self.gate.passed(self.origin, 1.0)
        return await self.disk.write(ingest.append, self.log, rows, self.wall())

    async def merge(self) -> None:
        """Bring all that was stored to the map."""
        while await self.db.run(
            merge_once,
            self.db,
            self.resources.profiles,
            hidden=self.peers.hidden,
            now=int(self.wall()),
        ):
            pass

    def end(self) -> None:
        """The process is gone, whatever it was about to do."""
        self.fuse.is_burnt = True
        for task in self.tasks:
            task.cancel()
        self.db.close()
        self._locked.close()

    # What a turn and the own logs need of a node

    def feed(self, peer: Peer) -> Feed:
        """The way to a partner."""
        return self._around.feed(self, peer.org)

    def pull_context(self) -> PullContext:
        """What a turn may use."""
        own = {self.origin: self.log.chain} if self.is_honest else {}
        return PullContext(
            db=self.db,
            profiles=self.resources.profiles,
            peers=self.peers.by_org,
            own=own,
            workers=None,
            clock=self._around.seconds,
            busy=self._busy,
            passed_over=self._passed_over,
        )

    def merge_soon(self) -> None:
        """Merging is a move of its own here."""

    def news(self) -> None:
        """Nobody is told: whoever asks will see."""

    async def alarm(self, code: str, subject: str, detail: Sentence | None) -> None:
        """Raise an alarm, or clear it where `detail` is None."""
        if detail is None:
            await self.db.write(alarms.clear_alarm, code, subject)
        else:
            now = int(self.wall())
            await self.db.write(alarms.raise_alarm, code, subject, detail, now)

    def _may_sign(self, origin: str) -> bool:
        return self.gate.reason(origin) is None

    def _open(self) -> Resources:
        owner, profile = self.owner, small_profile()
        settings = Settings(
            org=owner.org,
            name=owner.org,
            contact=f"data@{owner.org}",
            elections=[owner.election],
        )
        home = Home.of(self.folder, settings)
        Store.fuse = MemberGuard.fuse = Fuse()  # until there is one to be given
        db, guard = Store.open(home.data), MemberGuard(home.guard)
        db.fuse = guard.fuse = self.fuse
        keys = OwnKeys(owner.chain, owner.log, owner.records)
        assert owner.chain.log_key(LAST) == owner.log.key
        return Resources(
            home=home,
            settings=settings,
            profiles={owner.election: profile},
            db=db,
            guard=guard,
            keys=NodeKeys(
                {owner.origin: owner.log}, owner.records, owner.node, owner.mirror
            ),
            own={owner.origin: open_own(db, keys, profile)},
            reserve=Reserve(home.data, 0),
            blobs=cast("Blobs", None),  # no photograph is spoken of
        )
