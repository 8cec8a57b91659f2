"""What an object store keeps of its word, tried before anything relies on it.

Rule: by deeds, not by names: stores that speak S3 differ where several write. One that
makes an object twice, or replaces one that is another by now, says yes to it.

    .federation-probe-<16 hex digits>      made, looked at and removed again
    .federation-probe-<16 hex digits>-<n>  likewise, by several at once

What a killed run has left is removed by a later one, an hour after.

Source: RFC 9110 sections 13.1.1 and 13.1.2 (If-Match, If-None-Match);
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import contextlib
import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    NotSupportedError,
    PreconditionError,
)

from federation.blobs.fault import refused
from federation.text import Sentence

if TYPE_CHECKING:
    from obstore import PutMode
    from obstore.store import ObjectStore

PROBE: Final = ".federation-probe-"
_NAME: Final = re.compile(rf"{re.escape(PROBE)}[0-9a-f]{{16}}(-[0-9]{{1,2}})?")
#: Nobody tries a store for so long: what is older was left.
LEFT_AFTER: Final = timedelta(hours=1)
#: So many come at once, so often: of a store that lets through two of them sometimes,
#: once is not enough.
RACERS: Final = 16
ROUNDS: Final = 3
#: Of an object that replaces what was there: the second where versions were once kept.
_NO_VERSION: Final = frozenset({None, "", "null"})
_UNKNOWN: Final = re.compile(r"status code: 501|NotImplemented")


def is_probe(name: str) -> bool:
    """Whether an object is of a probe, or was left by one that was killed."""
    return _NAME.fullmatch(name) is not None


class StoreTraits(NamedTuple):
    """What a store does.

    Attributes:
        creates: It makes an object only where there is none.
        swaps: It replaces one only by whoever knows it as it is.
        is_fair: Of several that make one at the same time it lets through one.
    """

    creates: bool
    swaps: bool
    is_fair: bool

    @property
    def takes_sites(self) -> bool:
        """Whether no checkpoint in it can go back, or be another's."""
        return all(self)

    def tell(self) -> Sentence:
        """What it may hold, and why no more."""
        if not self.creates:
            return Sentence("blobs.probe-no-create")
        if not self.is_fair:
            return Sentence("blobs.probe-no-race")
        return Sentence("blobs.probe-all" if self.swaps else "blobs.probe-no-swap")


def probe_store(
    store: "ObjectStore", place: str, *, rounds: int = ROUNDS
) -> StoreTraits:
    """Try it, with objects that are removed again.

    Args:
        store: What is tried; it lets us write, read and delete.
        place: Its address, as it is shown.
        rounds: How often several come at once; 0: never, then it passes for fair.

    Raises:
        OSError: it cannot be reached, or lets us not.
    """
    name = f"{PROBE}{secrets.token_hex(8)}"
    with refused(place):
        try:
            creates = _creates(store, name)
            _remove_left(store, name)
            swaps = creates and _swaps(store, name)
            races = (_is_fair(store, f"{name}-{n}") for n in range(rounds))
            return StoreTraits(creates, swaps, creates and all(races))
        finally:
            for number in range(rounds):
                _forget(store, f"{name}-{number}")
            _forget(store, name)


class PhotoTraits(NamedTuple):
    """What a store does that matters for photographs, which lie by their digest.

    Who puts one there puts the same bytes as any other, so they may lie in a store that
    writes over what is there. Originals that senders put there themselves may not: by
    an address that holds still, one would come again in the place of its mark.

    Attributes:
        keeps_deleted: What is deleted stays as an older version, as the store says.
        creates: It makes an object only where there is none.
    """

    keeps_deleted: bool
    creates: bool

    def tell(self, place: str) -> Sentence:
        """What it may hold, and what it may not; `place`: as it is shown."""
        if self.keeps_deleted:
            return Sentence("steps.photo-store-keeps", place=place)
        key = "steps.photo-store" if self.creates else "steps.photo-store-over"
        return Sentence(key, place=place)


def try_for_photos(store: "ObjectStore", place: str) -> PhotoTraits:
    """Try what photographs need of it, with objects that are removed again.

    A store that kept versions once and makes no more is told as one that keeps none;
    what it kept then it keeps.

    Args:
        store: What is tried; it lets us write, read and delete.
        place: Its address, as it is shown.

    Raises:
        OSError: it cannot be reached, or lets us not.
    """
    name = f"{PROBE}{secrets.token_hex(8)}"
    with refused(place):
        # Where that fails nothing more is asked: whoever waits has waited once.
        made = obstore.put(store, name, b"probe", use_multipart=False)
        try:
            _remove_left(store, name)
            keeps = made["version"] not in _NO_VERSION
            return PhotoTraits(keeps, _creates(store, f"{name}-0"))
        finally:
            _forget(store, f"{name}-0")
            _forget(store, name)


def _creates(store: "ObjectStore", name: str) -> bool:
    is_made = _put(store, name, b"first", "create")
    is_made_again = _put(store, name, b"second", "create")
    return is_made and not is_made_again and _read(store, name) == b"first"


def _swaps(store: "ObjectStore", name: str) -> bool:
    old = obstore.head(store, name)["e_tag"]
    if not old or not _put(store, name, b"third", {"e_tag": old}):
        return False
    is_stale_taken = _put(store, name, b"fourth", {"e_tag": old})
    return not is_stale_taken and _read(store, name) == b"third"


def _is_fair(store: "ObjectStore", name: str) -> bool:
    with ThreadPoolExecutor(RACERS, "probe") as threads:
        bodies = [b"%d" % number for number in range(RACERS)]
        won = list(threads.map(lambda body: _put(store, name, body, "create"), bodies))
    return won.count(True) == 1 and _read(store, name) == bodies[won.index(True)]


def _put(store: "ObjectStore", name: str, body: bytes, mode: "PutMode") -> bool:
    """Whether the store took it."""
    try:
        obstore.put(store, name, body, mode=mode, use_multipart=False)
    except (AlreadyExistsError, PreconditionError, NotSupportedError):
        return False
    except BaseError as error:
        if _UNKNOWN.search(str(error)):
            return False
        raise
    return True


def _read(store: "ObjectStore", name: str) -> bytes:
    return bytes(obstore.get(store, name).bytes())


def _remove_left(store: "ObjectStore", name: str) -> None:
    """Remove what killed runs have left, by the store's own clock; `name` is ours."""
    # Whoever may not list leaves it: nothing depends on it.
    with contextlib.suppress(BaseError, OSError):
        latest = obstore.head(store, name)["last_modified"] - LEFT_AFTER
        # The first names behind the prefix, one request: a bucket may hold millions.
        page = next(iter(obstore.list(store, offset=PROBE, chunk_size=1000)), [])
        for one in page:
            if is_probe(one["path"]) and one["last_modified"] < latest:
                _forget(store, one["path"])


def _forget(store: "ObjectStore", name: str) -> None:
    # What was found out stands, whatever is left.
    with contextlib.suppress(BaseError, OSError):
        obstore.delete(store, name)
