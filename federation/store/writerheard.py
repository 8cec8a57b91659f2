"""Whether whoever writes is still heard of, as one that only reads knows it.

Rule: it is heard of when the database that is read has another word of it
(`engine.WriterWord`); so long ago that was is taken from our own clock. Two clocks are
compared only for the first word, which may be old.

    writes     it has said within `WRITER_LEASE_S` that it is there
    ended      it has said that it writes no more, or let go of its folder
    quiet      it says nothing; where it writes, nothing lacks here
    silent     nothing is heard of it, nor from the server where it writes
    cut-off    what is read is a copy that has lost the server where it writes
    unread     the database cannot be looked at

Source: docs/adr/0064-readers-apart.md, docs/adr/0067-a-lease-and-a-fence.md
"""

from typing import Literal, TypeAlias

from federation.store.engine import WRITER_LEASE_S, WriterWord

WriterState: TypeAlias = Literal[
    "writes", "ended", "quiet", "silent", "cut-off", "unread"
]


class WriterHeard:
    """What was heard of whoever writes, by one that looks again and again."""

    def __init__(self) -> None:
        """Nothing was heard yet."""
        self._word: WriterWord | None = None
        self._writer_at = self._server_at = float("-inf")

    def hear(self, word: WriterWord, now: float) -> None:
        """Take a word; `now` in monotonic seconds."""
        before = self._word
        if before is None:
            self._writer_at = self._server_at = now - word.age_s
        elif word.of_writer != before.of_writer:
            self._writer_at = self._server_at = now
        if word.of_server is None or (
            before is not None and word.of_server != before.of_server
        ):
            self._server_at = now
        self._word = word

    def silence_s(self, now: float) -> float | None:
        """Seconds since it was heard of; None: the database says nothing of it."""
        return None if self._word is None else max(0.0, now - self._writer_at)

    def unheard_s(self, now: float) -> float:
        """So many seconds of what was written may be missing; 0.0: none are."""
        return now - self._server_at if self.state(now) == "silent" else 0.0

    def state(self, now: float) -> WriterState | None:
        """How it stands with it; None: the database says nothing of it."""
        if self._word is None:
            return None
        if self._word.is_cut_off:
            return "cut-off"
        if self._word.is_ended:
            return "ended"
        if now - self._writer_at <= WRITER_LEASE_S:
            return "writes"
        return "quiet" if now - self._server_at <= WRITER_LEASE_S else "silent"
