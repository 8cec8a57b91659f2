"""How far a reader is behind the node that writes, in numbers and in a sentence.

Rule: the sentence names the moment for which it holds. A page is kept, packed and given
by its tag, so it never holds one: it asks for it (`lag.py`), and what it then shows is
as true an hour later.
"""

import math
from typing import NamedTuple

from federation.records.timezones import tell_here
from federation.store.writerheard import WriterState
from federation.text import Sentence

_FORM = "%Y-%m-%d %H:%M:%S"


class Behind(NamedTuple):
    """How old what a reader shows may be.

    Attributes:
        lag_s: Seconds ago it was known to be all that there was.
        writer: How it stands with whoever writes.
        silence_s: Seconds since that was heard of; None: not told by the database.
    """

    lag_s: float
    writer: WriterState
    silence_s: float | None = None

    def tell(self, at: int) -> Sentence:
        """The same in words; `at`: now, in Unix seconds."""
        silence_s = 0 if self.silence_s is None else round(self.silence_s)
        return Sentence(
            f"lag.{self.writer}",
            at=tell_here(at, _FORM),
            lag=max(1, math.ceil(self.lag_s)),
            silence=silence_s,
        )
