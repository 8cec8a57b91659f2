"""One log of one source: every byte of it led back to the signed root.

Rule: what pulling does, and more: no leaf is believed that a node would not believe
(`flows/verify`), every further tile is compared, and what does not fit is named. A bad
bundle does not end it, the next one is judged all the same. Memory: the hashes of the
bundles, and the few bundles that are under way.

Source: docs/reference/protocol.md, "Pulling" steps 3 and 4
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import Final

from federation.errors import FormatError, PeerError, ProofError, RecordError
from federation.flows.audit.damage import (
    Read,
    Window,
    find_statement_fork,
    name_bad_record,
    name_culprits,
    place,
    read_loosely,
)
from federation.flows.audit.mentions import PhotoSearch
from federation.flows.audit.report import Findings
from federation.flows.audit.source import OpenedLog, kind_of
from federation.flows.audit.tiles import Tiles
from federation.flows.verify.bundle import (
    Bundles,
    Checked,
    Verifier,
    join_admissions,
)
from federation.flows.verify.workers import Workers, pick_workers
from federation.records.admission import Rejected
from federation.records.claim import EncodedClaims
from federation.records.companion import CompanionKeys, find_companions
from federation.records.keychain import KeyChain
from federation.records.profile import Profile
from federation.records.sealed import leaf_statement
from federation.text import Sentence, as_said
from federation.tlog.merkle import hash_leaf
from federation.tlog.mirror import Authenticated
from federation.tlog.tile import WIDTH, Bundle, Tile, format_tile_path

_AHEAD: Final = 8

Claims = Callable[[str, Sequence[EncodedClaims]], None]
Progress = Callable[[int], None]


@dataclass(frozen=True, kw_only=True)
class Judging:
    """What the leaves of a log are judged with.

    Args:
        findings: Where forks go that key statements prove.
        workers: Processes for large logs; None: in threads.
        profile: The election's: what a record claims is read with it.
        chain: The log's keys, as the newest source says them: what they revoke is
            revoked here too.
        claims: Is given the origin and what the records claim, in their order.
        photos: Looks for photos that the records name; None: none are looked for.
        progress: Is told how many leaves more are judged.
    """

    findings: Findings
    workers: Workers | None
    profile: Profile
    chain: KeyChain
    claims: Claims
    progress: Progress
    photos: PhotoSearch | None = None


@dataclass
class SetApart:
    """Leaves of a log that its owner set apart, for one reason: the first, how many."""

    first: int
    count: int = 0


@dataclass
class LeafCounts:
    """What became of the leaves.

    `first` is the leaf at 0, where it was at hand; `has_gaps`: not all was judged;
    `set_apart`: at which indexes, by the reason of whoever revoked their key;
    `companions`: what the log says of companion keys, whether it counts or not.
    """

    start: int = 0
    records: int = 0
    refused: int = 0
    unknown: int = 0
    has_gaps: bool = False
    first: bytes | None = None
    missing_keys: dict[bytes, int] = field(default_factory=dict)
    set_apart: dict[str, SetApart] = field(default_factory=dict)
    companions: list[tuple[int, CompanionKeys]] = field(default_factory=list)


class LogAudit:
    """The audit of one opened log."""

    def __init__(self, log: OpenedLog, judging: Judging, start: int) -> None:
        """`start` is the first leaf that the source has: 0, or of a bundle's."""
        self._log, self._judging = log, judging
        self._reader, self._size = log.reader, log.checkpoint.size
        self._closed_at: int | None = None
        self._has_moved = False
        notes = enumerate(log.chain.notes, 1)
        self.counts = LeafCounts(
            start=start, missing_keys={hash_leaf(note): at for at, note in notes}
        )
        self._comparing = deque[asyncio.Task[None]]()

    async def run(self) -> LeafCounts:
        """What its leaves come to; everything that is wrong is a finding."""
        if self._size:
            tiles = Tiles(self._reader, self._log.checkpoint)
            shown = await tiles.prove()
            if shown is None:
                self.counts.has_gaps = True
                if not self._has_given_up(self.counts.start):
                    unproved = await tiles.unproved()
                    await self._judge(tiles, unproved, is_proved=False)
            else:
                await self._judge(tiles, shown, is_proved=True)
        self._check_statements()
        return self.counts

    async def _judge(
        self, tiles: Tiles, shown: Authenticated, *, is_proved: bool
    ) -> None:
        log, at = self._log, self.counts.start
        workers = pick_workers(self._judging.workers, self._size - at)
        judging = self._judging
        verifier = Verifier(workers, judging.chain, judging.profile)
        bundles = Bundles(self._reader.feed, log.origin, shown, verifier, None)
        while at < self._size:
            stream = bundles.read(at, self._size, self._size)
            try:
                async with aclosing(stream):
                    async for checked in stream:
                        at = checked.start + len(checked.leaves)
                        self._take(checked, is_proved=is_proved)
                        if is_proved:
                            await self._compare(tiles, checked)
            except (PeerError, FormatError, ProofError) as error:
                index = at // WIDTH
                at = min(self._size, (index + 1) * WIDTH)
                self.counts.has_gaps = True
                if is_proved:
                    await self._name(tiles, shown, index, error)
                elif isinstance(error, PeerError):
                    self._reader.blame(error, log.origin)
                if self._has_given_up(at):
                    break
        await self._compared(0)

    def _has_given_up(self, at: int) -> bool:
        """Whether the rest of the log, from `at` on, is not asked for; then a finding.

        It is told once: nothing would come of the bundles one by one either.
        """
        origin, feed = self._log.origin, self._reader.feed
        if not feed.has_given_up(origin):
            return False
        why = feed.give_up(origin)
        gap = Sentence("network.gap", first=at, last=self._size - 1, reason=why.reason)
        self._reader.add(kind_of(why), origin, detail=gap)
        return True

    def _take(self, checked: Checked, *, is_proved: bool) -> None:
        counts, judging, origin = self.counts, self._judging, self._log.origin
        admission = join_admissions([checked], self._closed_at)
        self._closed_at = admission.closed_at
        if checked.start == 0:
            counts.first = checked.leaves[0]
        if not counts.missing_keys.keys().isdisjoint(checked.leaf_hashes):
            for leaf_hash in checked.leaf_hashes:
                counts.missing_keys.pop(leaf_hash, None)
        for refused in admission.rejected:
            leaf = checked.leaves[refused.index - checked.start]
            self._refuse(refused, leaf, is_proved=is_proved)
        counts.companions += _read_companions(checked)
        good = len(checked.leaves) - len(admission.rejected) - len(admission.unknown)
        if is_proved:
            counts.records += good
            counts.unknown += len(admission.unknown)
            judging.claims(origin, admission.claims)
            if judging.photos is not None:
                bad = {refused.index for refused in admission.rejected}
                leaves = enumerate(checked.leaves, checked.start)
                held = (leaf for leaf in leaves if leaf[0] not in bad)
                judging.photos.take(self._log.reader.name, origin, held)
        judging.progress(len(checked.leaves))

    def _refuse(self, refused: Rejected, leaf: bytes, *, is_proved: bool) -> None:
        log, chain = self._log, self._judging.chain
        reason = refused.why_set_apart
        if reason is not None:
            of_reason = SetApart(refused.index)
            self.counts.set_apart.setdefault(reason, of_reason).count += 1
            return
        self.counts.refused += 1
        fork = find_statement_fork(leaf, chain)
        if fork is not None:
            self._judging.findings.add_fork(self._reader.name, fork)
            return
        kind = name_bad_record(leaf, refused.index, chain)
        # Nothing vouches for what stands here: what its owner did not sign either
        # is not what was signed for.
        if not is_proved and kind == "bad-record":
            kind = "altered"
        self._reader.add(kind, log.origin, refused.index, refused.reason)

    async def _name(
        self, tiles: Tiles, shown: Authenticated, index: int, error: Exception
    ) -> None:
        """Say what happened to a bundle that did not come, or came as another."""
        origin = self._log.origin
        if isinstance(error, PeerError):
            self._reader.blame(error, origin)
            return
        signed = dict[int, bytes]()
        here = dict[int, bytes]()
        start, end = index * WIDTH, min(self._size, (index + 1) * WIDTH)
        mine = await self._read_loosely(index)
        for near in (index - 1, index, index + 1):
            hashes = await tiles.leaf_hashes(near, shown)
            signed |= place(near * WIDTH, hashes or ())
            read = mine if near == index else await self._read_loosely(near)
            hashes_here = () if read is None else read.hashes
            here |= place(
                _position(start, near - index, mine, len(hashes_here)), hashes_here
            )
        if start not in signed or mine is None:
            # The tile is wrong as well: which record it is cannot be told.
            path = format_tile_path(Tile(0, index, end - start))
            # A tile that could not be asked for is not wrong.
            if not self._reader.feed.is_unasked(origin):
                self._reader.add("tile", origin, detail=as_said(path))
            self._reader.add(
                "altered",
                origin,
                detail=Sentence("audited.one-of", start=start, end=end - 1),
            )
            return
        culprits = name_culprits(
            Window(signed, here),
            range(start, end),
            range(start, start + len(mine.hashes)),
            is_cut=mine.is_cut,
        )
        for culprit in culprits:
            self._has_moved |= culprit.kind in ("dropped", "duplicated")
            self._reader.add(culprit.kind, origin, culprit.index, culprit.detail)
        if not culprits and not self._has_moved:
            detail = Sentence("audited.other-order", start=start, end=end - 1)
            self._reader.add("swapped", origin, start, detail)

    async def _read_loosely(self, index: int) -> Read | None:
        width = min(WIDTH, self._size - index * WIDTH)
        if index < 0 or width <= 0:
            return None
        try:
            feed = self._reader.feed
            data = await feed.tile(self._log.origin, Bundle(index, width))
        except (PeerError, FormatError):
            return None
        return read_loosely(data)

    async def _compare(self, tiles: Tiles, checked: Checked) -> None:
        comparing = tiles.compare(checked.start // WIDTH, checked.leaf_hashes)
        self._comparing.append(asyncio.create_task(comparing))
        await self._compared(_AHEAD)

    async def _compared(self, left: int) -> None:
        while len(self._comparing) > left:
            await self._comparing.popleft()

    def _check_statements(self) -> None:
        """Version 1 is the first leaf, and every later one is in the log as well."""
        log, counts = self._log, self.counts
        if counts.start or self.counts.has_gaps:
            return
        if counts.first != log.chain.notes[0]:
            detail = Sentence("audited.first-not-keys")
            self._reader.add("keys", log.origin, 0, detail)
        for version in counts.missing_keys.values():
            if version > 1:
                detail = Sentence("audited.keys-not-among", version=version)
                self._reader.add("keys", log.origin, detail=detail)


def _read_companions(checked: Checked) -> Iterator[tuple[int, CompanionKeys]]:
    """What these leaves say of companion keys, with their indexes."""
    for index in find_companions(checked.start, checked.leaves):
        with suppress(FormatError, RecordError):
            said = leaf_statement(checked.leaves[index - checked.start])
            if isinstance(said, CompanionKeys):
                yield index, said


def _position(start: int, side: int, mine: Read | None, count: int) -> int:
    """Where what is in a bundle begins: beside what is in mine, which begins at start.

    Too many records in one bundle must not stand in the places of the next.

    Args:
        start: The first index of mine.
        side: -1, 0 or 1: the bundle before, mine, the one after.
        mine: What is in mine.
        count: How many are in the bundle.
    """
    if side < 0:
        return start - max(WIDTH, count)
    return start + side * max(WIDTH, 0 if mine is None else len(mine.hashes))
