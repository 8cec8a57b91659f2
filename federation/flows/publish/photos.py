"""The photographs that go with records into a file, or into a folder of files.

Rule: a file goes from hand to hand. So it holds the photographs that everybody may view
(our own, where `photos.public` says so), or, named by the operator, those that one
partner may have of us: by what peers.toml lets it have, and by the signed audience of
whoever took them. Only what is held here and was not removed; with a part of a log go
the photographs of that part.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from federation.feeds.resource import blob_of
from federation.records.readers import Caller, may_view
from federation.store import blobs, evidence
from federation.store.logs import Log
from federation.store.removals import removed_among
from federation.store.view import View
from federation.tlog.tile import WIDTH

_STEP = 4 * WIDTH


class PhotoShelf(NamedTuple):
    """Where photographs are taken from, and for whom.

    Attributes:
        read: The bytes of a digest.
        caller: Who gets what is made: `NOBODY`, or one partner.
        is_public: Whether the operator shows our own to everybody.
    """

    read: Callable[[str], bytes]
    caller: Caller
    is_public: bool


def list_photos(
    view: View,
    shelf: PhotoShelf,
    logs: Sequence[Log],
    start: Callable[..., int],
) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """The path of each photograph, and what reads it; in no order.

    Args:
        view: The snapshot.
        shelf: Where they are, and for whom.
        logs: Of these.
        start: From which bundle of a log on.
    """
    seen = set[str]()
    for log in logs:
        for first in range(start(log) * WIDTH, log.size, _STEP):
            end = min(first + _STEP, log.size)
            entries = evidence.list_evidence(view, log.id, first, end)
            new = {entry.digest for entry in entries} - seen
            seen |= new
            given = viewable_among(view, new, shelf.caller, is_public=shelf.is_public)
            for digest in sorted(given):
                yield blob_of(digest).path, partial(shelf.read, digest)


def viewable_among(
    view: View, digests: set[str], caller: Caller, *, is_public: bool
) -> set[str]:
    """Those of these photographs that are held here and that the caller may view.

    `is_public`: see `PhotoShelf`.
    """
    held = blobs.held_among(view, digests) - removed_among(view, digests)

    def may_have(digest: str) -> bool:
        photo = evidence.read_photo(view, digest, caller, is_public=is_public)
        return may_view(caller, photo)

    return set(filter(may_have, held))
