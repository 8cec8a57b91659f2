"""A feed that is not asked for ever: after so many failures a log is given up.

Rule: what does not come is a finding either way; how often it did not come is nothing
that more questions could mend. Whoever signs a history of millions and hands over none
of it, or answers each question after half a minute with nothing, must not hold the
auditor for days. In files every gap can be named, so the measure there is larger.
"""

from collections import Counter
from collections.abc import AsyncGenerator, Awaitable
from typing import Final

from federation.errors import PeerError
from federation.feeds.feed import Feed
from federation.feeds.resource import Resource
from federation.text import Sentence
from federation.tlog.tile import Bundle, Tile

MAX_FAILED: Final = 20
MAX_ABSENT: Final = 1000
#: So many logs of a node of which nothing came at all, and the rest is not asked for.
MAX_SILENT: Final = 3


class PatientFeed:
    """A `Feed` that stops asking; to be asked for one log after the other."""

    def __init__(self, feed: Feed, label: str, *, is_file: bool) -> None:
        """`label` names the source in errors; `is_file`: nothing is waited for."""
        self._feed, self._label, self._is_file = feed, label, is_file
        self._most = MAX_ABSENT if is_file else MAX_FAILED
        self._failed = Counter[str]()
        self._unasked = dict[str, PeerError]()
        self._answered = set[str]()

    def failures(self, origin: str) -> int:
        """How often a log's files did not come."""
        return self._failed[origin]

    def is_unasked(self, origin: str) -> bool:
        """Whether something of this log could not be asked for, so that it is open.

        What does not come then is not missing.
        """
        return origin in self._unasked

    def has_given_up(self, origin: str) -> bool:
        """Whether this log is no longer asked for."""
        return self._failed[origin] >= self._most

    def give_up(self, origin: str) -> PeerError:
        """Why this log is no longer asked for."""
        last = self._unasked.get(origin)
        count = self.failures(origin)
        if last is None:
            sentence = Sentence("network.given-up-absent", count=count)
            return PeerError(self._label, origin, None, sentence, "absent")
        reason = last.reason or str(last)
        sentence = Sentence("network.given-up", count=count, reason=reason)
        return PeerError(self._label, origin, None, sentence, last.cause)

    def is_any_unasked(self) -> bool:
        """Whether something of any log could not be asked for."""
        return bool(self._unasked)

    def is_spent(self) -> bool:
        """Whether too many logs have not answered a single question."""
        silent = sum(origin not in self._answered for origin in self._failed)
        return not self._is_file and silent >= MAX_SILENT

    async def fetch(self, resource: Resource) -> bytes:
        """What is at a path; what a log may lack is not counted.

        Raises:
            PeerError: it did not come. So for all that follow.
        """
        answer = self._feed.fetch(resource)
        if not resource.is_required:
            return await answer
        return await self._count(resource.origin, answer)

    def stream(self, resource: Resource, start: int = 0) -> AsyncGenerator[bytes]:
        """What is at a path, in pieces; never of a log, so never counted."""
        return self._feed.stream(resource, start)

    async def logs(self, etag: str | None) -> tuple[bytes, str] | None:
        """The status vector and its ETag."""
        return await self._feed.logs(etag)

    async def tile(
        self, origin: str, tile: Tile | Bundle, most: int | None = None
    ) -> bytes:
        """A hash tile or entry bundle; of a log that was given up, nothing."""
        if self.has_given_up(origin):
            raise self.give_up(origin)
        return await self._count(origin, self._feed.tile(origin, tile, most))

    async def notify(self, org: str) -> None:
        """Say that `org` has news."""
        await self._feed.notify(org)

    async def _count(self, origin: str, answer: Awaitable[bytes]) -> bytes:
        try:
            data = await answer
        except PeerError as error:
            # Damaged files are named one by one, and are there to be read.
            if not (self._is_file and error.is_wrong):
                self._failed[origin] += 1
            if error.is_unasked:
                self._unasked[origin] = error
            raise
        self._answered.add(origin)
        return data
