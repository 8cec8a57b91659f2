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
import random
import shutil
import signal
import time
from pathlib import Path
from typing import Any

from federation.config.rewrite import set_database
from tests.attacks._signing import (
    LONGEST_S,
    SignedHistory,
    Signer,
    home_of,
    make_guarded_home,
)
from tests.bucketserver import BucketServer
from tests.postgresserver import PostgresPair, postgres_pair
from tests.waiting import LIMIT_S, wait_until

KINDS = (
    "signer killed",
    "signer stalled",
    "primary killed",
    "standby stalled",
    "bucket away",
)
_PATIENCE_S = 4 * LIMIT_S


class PairLife(SignedHistory):
    """One history, two machines that would write it, two servers that have it."""

    kinds = KINDS

    def __init__(
        self, folder: Path, server: BucketServer, chance: random.Random
    ) -> None:
        super().__init__(chance)
        with contextlib.ExitStack() as began:
            self._pair: PostgresPair = began.enter_context(postgres_pair(fsync=True))
            home = make_guarded_home(folder)
            set_database(home.settings, self._pair.create("federation"))
            other = shutil.copytree(home.folder, folder / "other")
            self.signer = Signer(home_of(home.folder), server)
            began.callback(_end, self.signer)
            self._other = Signer(home_of(other), server)
            began.callback(_end, self._other)
            self.signer.start("--alone")
            self.wait_to_sign(self.signer)
            self._stand_by(self._other)
            # What fails before this leaves no server and no process behind.
            self._stack = began.pop_all()

    def close(self) -> None:
        """End whatever is there."""
        self._stack.close()

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
        log = _Tail(stalled)
        with self.stream(stalled):
            self._wait_a_moment()
            began = time.monotonic()
            stalled.process.send_signal(signal.SIGSTOP)
            self._goes_on(self._other, began)
            stalled.process.send_signal(signal.SIGCONT)
        log.wait_for("has taken over this database", "Standing by")
        self.count["fenced"] += 1
        self._swap()

    def primary_killed(self) -> None:
        """Whoever finds the new primary first goes on: mostly who signed before."""
        with self.stream(self.signer):
            self._wait_a_moment()
            began = time.monotonic()
            self._fail_over()
            self._somebody_goes_on(began)

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
            self._somebody_goes_on(began)

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

    def _fail_over(self) -> None:
        """As an operator does, or what does it for one: promote, and make a new one."""
        self._pair.primary.kill()
        self._pair.promote()

    def _somebody_goes_on(self, began: float) -> None:
        def acknowledges() -> Signer | None:
            for one in (self.signer, self._other):
                if self._acknowledges(one):
                    return one
            return None

        if wait_until(acknowledges, "somebody goes on", _PATIENCE_S) is self._other:
            self._swap()
        self.silences.append(time.monotonic() - began)
        self._pair.rejoin()

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
        log = _Tail(one)
        one.spawn("--standby")
        log.wait_for("Standing by: process")


def _end(one: Signer) -> None:
    with contextlib.suppress(OSError, AttributeError):
        one.process.send_signal(signal.SIGCONT)
    one.close()


class _Tail:
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
