"""Two photos that are said to look alike, compared by ourselves where both are held.

Rule: the bytes are the ones of their digests (`blobs/` was given nothing else), and are
opened in the child that draws (`photos/redraw.py`) only. A record can lie about its
likeness; this is what it cannot touch.
"""

from typing import NamedTuple

from federation.blobs.blobs import Blobs
from federation.errors import NotFoundError, PhotoError
from federation.photos.likeness import LIKE, distance
from federation.photos.redraw import Redrawer
from federation.store.blobs import find_blob
from federation.store.view import View


class PhotosHere(NamedTuple):
    """Where the photos of this node are, and what opens them."""

    view: View
    blobs: Blobs
    redrawer: Redrawer


async def look_alike_here(photos: PhotosHere, one: str, other: str) -> bool | None:
    """Whether two photos look alike; None: not both are here, or one shows nothing.

    Args:
        photos: What there is.
        one: Hex SHA-256.
        other: Hex SHA-256.

    Raises:
        ConfigError: no process that draws can be started.
    """
    likenesses = []
    for digest in (one, other):
        if find_blob(photos.view, digest) is None:
            return None
        try:
            drawn = await photos.redrawer.redraw(await photos.blobs.get(digest))
        except (PhotoError, NotFoundError):
            return None
        if not drawn.likeness:
            return None
        likenesses.append(drawn.likeness)
    return distance(*likenesses) <= LIKE
