"""A photo that is looked for, with all that has to be known to look for it.

Rule: what records say of its size bounds what is read of whoever hands it over; which
of them is right shows when its digest does. What is held by now, was removed for good,
or stands in no record any more is looked for no longer.
"""

from collections.abc import Iterable
from typing import NamedTuple

from federation.flows.photos.wants import is_wantable, not_held
from federation.store import evidence, wanted
from federation.store.view import View
from federation.store.wanted import WantedPhoto


class Sought(NamedTuple):
    """A photo that is looked for.

    Attributes:
        digest: Hex SHA-256.
        urgency: One of `store.wanted.URGENCIES`.
        sizes: Those that records give it, in bytes.
        times: How often in a row the partner did not hand it over.
    """

    digest: str
    urgency: int
    sizes: frozenset[int]
    times: int

    @property
    def most(self) -> int:
        """It has no more bytes."""
        return max(self.sizes)


def load_sought(
    view: View, due: Iterable[WantedPhoto], asked: str
) -> tuple[list[Sought], list[str]]:
    """The photos that a partner is to be asked for, and the digests of which none is.

    Args:
        view: The snapshot.
        due: What is wanted.
        asked: Who is to be asked.
    """
    due = list(due)
    lacking = not_held(view, (one.digest for one in due))
    sought, gone = list[Sought](), list[str]()
    for one in due:
        sizes = _sizes(view, one.digest) if one.digest in lacking else None
        if not sizes:
            gone.append(one.digest)
            continue
        tries = wanted.list_tries(view, one.digest)
        times = next((tried.times for tried in tries if tried.org == asked), 0)
        sought.append(Sought(one.digest, one.urgency, sizes, times))
    return sought, gone


def _sizes(view: View, digest: str) -> frozenset[int]:
    named = (found.entry for found in evidence.find_evidence(view, digest))
    return frozenset(e.size for e in named if is_wantable(e.media_type, e.size))
