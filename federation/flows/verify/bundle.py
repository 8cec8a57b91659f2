"""Entry bundles of one log: fetched ahead, checked, their leaves verified, in order.

Rule: a bundle whose hashes are not those that lead to the signed root is refused
before a single signature in it is looked at. Few leaves are verified in a thread, many
in worker processes, and not so many once these run: starting them takes longer than a
thousand signatures. A worker is sent the log's keys and the election's profile once and
knows them by digest from then on.

A bundle may be 16 MB, and nothing says so beforehand: those that are fetched ahead may
have 2 MB each, as none of true results has; a larger one is fetched when all before it
are handed over, and alone.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import BrokenExecutor
from typing import Final, NamedTuple

from federation.errors import PeerError
from federation.feeds.feed import Feed
from federation.flows.verify.worker import admit_known, admit_taught
from federation.flows.verify.workers import Workers
from federation.records.admission import (
    CLOSED_CODE,
    Admission,
    Rejected,
    admit,
    join,
)
from federation.records.claim import EncodedClaims
from federation.records.keychain import KeyChain
from federation.records.profile import Profile
from federation.text import Sentence
from federation.tlog.merkle import hash_leaf
from federation.tlog.mirror import Authenticated
from federation.tlog.tile import WIDTH, Bundle, decode_bundle

AHEAD: Final = 8
MAX_AHEAD_BYTES: Final = 1 << 24
_FEW: Final = 16
LARGE_BYTES: Final = MAX_AHEAD_BYTES // AHEAD

_log = logging.getLogger(__name__)


class Checked(NamedTuple):
    """The new leaves of one bundle, their hashes, and what they come to."""

    start: int
    leaves: Sequence[bytes]
    leaf_hashes: Sequence[bytes]
    admission: Admission
    size: int


class Verifier:
    """What judges the leaves of one log."""

    def __init__(
        self, workers: Workers | None, chain: KeyChain, profile: Profile
    ) -> None:
        """`workers`: None: verify in a thread."""
        self._workers, self._chain, self._profile = workers, chain, profile
        self._name = f"{chain.origin} {chain.digest} {profile.digest}"

    async def admit(
        self, data: bytes, leaves: Sequence[bytes], start: int, closed_at: int | None
    ) -> Admission:
        """What the leaves from index `start` on come to.

        Args:
            data: The whole bundle, which is cheaper to send than its leaves; empty
                where it is too large to be sent.
            leaves: Its last ones.
            start: The index of the first of them.
            closed_at: Where the log was closed, if it was.
        """
        # Kept here: the first of the bundles under way to fail takes it from all.
        workers = self._workers
        if workers is None or not data:
            return await asyncio.to_thread(self._admit, leaves, start, closed_at)
        job = (self._name, data, start, closed_at)
        loop, executor = asyncio.get_running_loop(), workers.executor
        try:
            with workers.verifying():
                admission = await loop.run_in_executor(executor, admit_known, *job)
                workers.is_warm = True
                if admission is not None:
                    return admission
                return await loop.run_in_executor(
                    executor, admit_taught, self._chain, self._profile, *job
                )
        except BrokenExecutor:
            # A worker was killed, out of memory perhaps. Slower, but it goes on.
            if self._workers is not None:
                _log.warning("the verifying processes ended; verifying in a thread")
            workers.replace(executor)
            self._workers = None
            return await self.admit(data, leaves, start, closed_at)

    def _admit(
        self, leaves: Sequence[bytes], start: int, closed_at: int | None
    ) -> Admission:
        # Each is held twice more, opened, until all that are judged with it are.
        is_large = sum(map(len, leaves)) > LARGE_BYTES
        step = _FEW if is_large else WIDTH
        admission = Admission([], [], [], closed_at)
        for at in range(0, len(leaves), step):
            part = leaves[at : at + step]
            rules = self._chain, self._profile, admission.closed_at
            admission = join(admission, admit(part, start + at, *rules))
        return admission


class Bundles:
    """The bundles of one extension at one feed."""

    def __init__(
        self,
        feed: Feed,
        origin: str,
        hashes: Authenticated,
        verifier: Verifier,
        closed_at: int | None,
    ) -> None:
        """`hashes` lead to the signed root; `closed_at` as in `Verifier.admit`."""
        self._feed, self._origin, self._hashes = feed, origin, hashes
        self._verifier, self._closed_at = verifier, closed_at

    async def read(self, start: int, end: int, size: int) -> AsyncGenerator[Checked]:
        """The leaves [start, end) of the tree of `size`, bundle by bundle.

        Some bundles past the one that is handed over are under way. When one fails,
        those before it have been handed over and those after it are dropped.

        Raises:
            PeerError: the feed did not deliver.
            FormatError: not a bundle.
            ProofError: a bundle with other leaves than the signed ones.
        """
        wanted = iter(range(start // WIDTH, -(-end // WIDTH)))
        under_way = deque[tuple[Bundle, asyncio.Task[Checked]]]()
        ahead = AHEAD
        try:
            while True:
                while len(under_way) < ahead:
                    index = next(wanted, None)
                    if index is None:
                        break
                    bundle = Bundle(index, min(WIDTH, size - index * WIDTH))
                    most = LARGE_BYTES if under_way else None
                    task = asyncio.create_task(self._check(bundle, start, most))
                    under_way.append((bundle, task))
                if not under_way:
                    return
                checked = await self._first(*under_way.popleft(), start)
                # Where they are large, fewer of them at once.
                ahead = max(1, min(AHEAD, MAX_AHEAD_BYTES // (checked.size + 1)))
                yield checked
                del checked
        finally:
            tasks = [task for _, task in under_way]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _first(
        self, bundle: Bundle, task: asyncio.Task[Checked], start: int
    ) -> Checked:
        try:
            return await task
        except PeerError as error:
            # What was too large to be fetched ahead is asked for once more.
            if not error.is_wrong:
                raise
        return await self._check(bundle, start, None)

    async def _check(self, bundle: Bundle, start: int, most: int | None) -> Checked:
        data = await self._feed.tile(self._origin, bundle, most)
        leaves = decode_bundle(data, bundle.width)
        hashes = [hash_leaf(leaf) for leaf in leaves]
        self._hashes.check_bundle(bundle.index, hashes)
        first = bundle.index * WIDTH
        skip, size = max(0, start - first), len(data)
        if size > LARGE_BYTES:
            data = b""  # its leaves are enough, and as much again
        admission = await self._verifier.admit(
            data, leaves[skip:], first + skip, self._closed_at
        )
        return Checked(first + skip, leaves[skip:], hashes[skip:], admission, size)


def join_admissions(batch: Sequence[Checked], closed_at: int | None) -> Admission:
    """What the bundles come to; nothing counts after the leaf that closed the log.

    Bundles are judged side by side, so one does not know that an earlier one closes.
    """
    admitted, rejected = list[EncodedClaims](), list[Rejected]()
    unknown = list[int]()
    for checked in batch:
        if closed_at is None or checked.admission.closed_at == closed_at:
            admitted += checked.admission.claims
            rejected += checked.admission.rejected
            unknown += checked.admission.unknown
            closed_at = checked.admission.closed_at
            continue
        reason = Sentence("member.log-closed", index=closed_at)
        rejected += [
            Rejected(checked.start + at, reason, CLOSED_CODE)
            for at in range(len(checked.leaves))
        ]
    return Admission(admitted, rejected, unknown, closed_at)
