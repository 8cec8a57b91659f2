"""Over PostgreSQL with a synchronous standby: a second machine takes over by itself.

Two homes with the same keys, each with its way to one guard in a bucket; one of them
signs, the other one stands by (`serve --standby`). While records come in, at a random
moment:

    signer killed     kill -9 of the signing process
    signer stalled    it stands still (SIGSTOP) until the other signs, and goes on then
    primary killed    kill -9 of the database's primary; its standby is promoted at once
    standby stalled   it stands still for a moment, and the primary is killed after that
    bucket away       the signer is killed and nobody reaches the bucket, for a while

Then holds: whatever anybody acknowledged is in the one history; each size that anybody
showed has one root; while nobody reaches the bucket, or the standby, nobody
acknowledges; who was taken over from says so, signs nothing more, and stands by.
"""

import contextlib
import queue
import random
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from federation.config.home import Home
from federation.config.rewrite import set_database
from tests.attacks._signing import (
    LONGEST_S,
    SignedHistory,
    Signer,
    home_of,
    make_guarded_home,
)
from tests.bucketserver import BucketServer, bucket_server
from tests.clusters.machines import Host
from tests.postgresserver import PostgresPair, postgres_pair
from tests.waiting import LIMIT_S, wait_until

#: What may become of a machine that signs, whatever the database is.
KINDS_OF_SIGNERS = ("signer killed", "signer stalled", "bucket away")
KINDS = (*KINDS_OF_SIGNERS, "primary killed", "standby stalled")
_PATIENCE_S = 4 * LIMIT_S
_LOOK_S = 0.05


class MachinesLife(SignedHistory):
    """One history, two machines that would write it, a database that both reach."""

    kinds: tuple[str, ...] = KINDS_OF_SIGNERS

    def __init__(
        self,
        home: Home,
        server: BucketServer,
        chance: random.Random,
        hosts: tuple[Host | None, Host | None] = (None, None),
    ) -> None:
        super().__init__(chance)
        other = shutil.copytree(home.folder, home.folder.parent / "other")
        self.signer = Signer(home, server, hosts[0])
        self._other = Signer(home_of(other), server, hosts[1])
        try:
            self.signer.start("--alone")
            self.wait_to_sign(self.signer)
            self._stand_by(self._other)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End whatever is there."""
        for one in (self.signer, self._other):
            if one.process is not None:
                one.process.send_signal(signal.SIGCONT)
            one.close()

    def figures(self) -> dict[str, Any]:
        """What was seen."""
        return {
            **super().figures(),
            "refused by one that was taken over from": self.count["fenced"],
        }

    def signer_killed(self) -> None:
        """The other one finds the lease run out."""
        killed = self.signer
        with self.stream(killed):
            self._wait_a_moment()
            began = time.monotonic()
            killed.stop(signal.SIGKILL)
            self._goes_on(self._other, began)
        self._swap()
        self._stand_by(killed)

    def signer_stalled(self) -> None:
        """It wakes in the middle of whatever it was doing, and may not finish it."""
        stalled = self.signer
        log = Tail(stalled)
        with self.stream(stalled):
            self._wait_a_moment()
            began = time.monotonic()
            stalled.process.send_signal(signal.SIGSTOP)
            self._goes_on(self._other, began)
            stalled.process.send_signal(signal.SIGCONT)
        log.wait_for("has taken over this database", "Standing by")
        self.count["fenced"] += 1
        self._swap()

    def bucket_away(self) -> None:
        """Who takes over acknowledges nothing before it could ask what was signed."""
        killed, taker = self.signer, self._other
        with self.stream(killed):
            self._wait_a_moment()
            taker.wire.cut()
            killed.stop(signal.SIGKILL)
            taker.started()
            status, _ = self.post(taker, self.drafts(1))
            assert status in {409, 503}, f"acknowledged without a guard: {status}"
            began = time.monotonic()
            taker.wire.mend()
            self._goes_on(taker, began)
        self._swap()
        self._stand_by(killed)

    def _wait_a_moment(self) -> None:
        time.sleep(self._chance.uniform(0, LONGEST_S))

    def _somebody_goes_on(
        self, began: float, then: Callable[[], object] = lambda: None
    ) -> None:
        """Whoever acknowledges first signs from here on.

        Args:
            began: When the silence did.
            then: What ends the trouble, before the other one's answer is waited for.
        """
        with self._both_asked() as found:
            try:
                first = found.get(timeout=_PATIENCE_S)
            except queue.Empty:
                words = f"nobody goes on within {_PATIENCE_S:g} s"
                raise AssertionError(words) from None
            finally:
                silence = time.monotonic() - began
                then()
        self.silences.append(silence)
        if first is self._other:
            self._swap()

    @contextlib.contextmanager
    def _both_asked(self) -> "Iterator[queue.SimpleQueue[Signer]]":
        """Both are handed records in the block, each until it acknowledges one."""
        found: queue.SimpleQueue[Signer] = queue.SimpleQueue()
        is_over = threading.Event()

        def ask(one: Signer) -> None:
            while not is_over.is_set():
                if self._acknowledges(one):
                    found.put(one)
                    return
                time.sleep(_LOOK_S)

        both = (self.signer, self._other)
        asking = [threading.Thread(target=ask, args=(one,)) for one in both]
        for one in asking:
            one.start()
        try:
            yield found
        finally:
            is_over.set()
            for one in asking:
                one.join()

    def _goes_on(self, taker: Signer, began: float) -> None:
        wait_until(lambda: self._acknowledges(taker), "it takes over", _PATIENCE_S)
        self.silences.append(time.monotonic() - began)

    def _acknowledges(self, one: Signer) -> bool:
        # One that stands by has no file with its token.
        with contextlib.suppress(OSError, ValueError):
            return self.post(one, self.drafts(1))[0] == 200
        return False

    def _swap(self) -> None:
        self.signer, self._other = self._other, self.signer

    def _stand_by(self, one: Signer) -> None:
        log = Tail(one)
        one.spawn("--standby")
        log.wait_for("Standing by: process")


class PairLife(MachinesLife):
    """Over a primary and its standby, of which the attack itself makes the primary."""

    kinds = KINDS

    def __init__(
        self,
        home: Home,
        server: BucketServer,
        chance: random.Random,
        pair: PostgresPair,
    ) -> None:
        self._pair = pair
        super().__init__(home, server, chance)

    def primary_killed(self) -> None:
        """Whoever finds the new primary first goes on: mostly who signed before."""
        with self.stream(self.signer):
            self._wait_a_moment()
            began = time.monotonic()
            self._fail_over()
            self._somebody_goes_on(began, self._pair.rejoin)

    def standby_stalled(self) -> None:
        """Nothing that it does not have is acknowledged."""
        with self.stream(self.signer):
            self._wait_a_moment()
            self._pair.standby.stall()
            # What was on its way to it may be there.
            time.sleep(LONGEST_S)
            before = len(self.acknowledged)
            time.sleep(2 * LONGEST_S)
            assert len(self.acknowledged) == before, "acknowledged without a standby"
            self._pair.standby.go_on()
            self._wait_a_moment()
            began = time.monotonic()
            self._fail_over()
            self._somebody_goes_on(began, self._pair.rejoin)

    def _fail_over(self) -> None:
        """As an operator does, or what does it for one: promote, and make a new one."""
        self._pair.primary.kill()
        self._pair.promote()


class Tail:
    """What one says from here on."""

    def __init__(self, one: Signer) -> None:
        self._file = one.home.folder / "serve.log"
        self._from = self._file.stat().st_size if self._file.exists() else 0

    def wait_for(self, *words: str) -> None:
        """Return when it has said all of them."""

        def has_said() -> bool:
            said = self._file.read_bytes()[self._from :].decode(errors="replace")
            return all(word in said for word in words)

        wait_until(has_said, f"it says {words}", _PATIENCE_S)


@contextlib.contextmanager
def pair_life(folder: Path, chance: random.Random) -> Iterator[PairLife]:
    """All of it below a folder; it ends with the block."""
    with (
        bucket_server(folder / "store") as server,
        postgres_pair(fsync=True) as pair,
    ):
        home = make_guarded_home(folder)
        set_database(home.settings, pair.create("federation"))
        home = home_of(home.folder)
        with contextlib.closing(PairLife(home, server, chance, pair)) as life:
            yield life
