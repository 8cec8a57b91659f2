"""Whether the photographs that are held are still what their names say.

Rule: a disk forgets without a word. So what is held is read again, a little at a time,
while a node runs, and all of it when `doctor --deep` is asked. What is missing or has
other bytes is marked, and is then not held: it is handed to nobody and fetched again
from whoever has it, ours, too, which stays ours (`held.keep_photo`).
"""

import hashlib
from collections.abc import Iterable
from typing import Final, Literal, NamedTuple, TypeAlias

from federation.blobs.blobs import MAX_BLOB_BYTES, Blobs
from federation.errors import NotFoundError
from federation.store import blobs as held
from federation.store.blobs import HeldBlob
from federation.store.db import Database
from federation.store.view import Transaction

PhotoFault: TypeAlias = Literal["missing", "damaged"]
#: What is read again in one turn: of photographs drawn anew about a hundred.
TURN_BYTES: Final = 64 << 20
_PAGE: Final = 200


class CheckedSome(NamedTuple):
    """How far a turn came, and what it found.

    Attributes:
        last: The digest of the last one, from which the next turn goes on; "" at the
            end of them, where it begins again.
        faulty: Those that are missing or damaged.
    """

    last: str
    faulty: list[HeldBlob]


async def find_fault(blobs: Blobs, photo: HeldBlob) -> PhotoFault | None:
    """What is wrong with the bytes of a photo; None: nothing is.

    Raises:
        OSError: the disk, or the object store, did not answer: nobody knows.
    """
    try:
        data = await blobs.get(photo.digest, 0, MAX_BLOB_BYTES + 1)
    except NotFoundError:
        return "missing"
    is_right = hashlib.sha256(data).hexdigest() == photo.digest
    return None if is_right else "damaged"


async def check_some(
    db: Database, blobs: Blobs, after: str, most: int = TURN_BYTES
) -> CheckedSome:
    """Read the next photos again and mark those that are not what they should be.

    Args:
        db: Where they are marked.
        blobs: Where they lie.
        after: Where the last turn ended; "" to begin.
        most: So many bytes are read, and the photo that ends them.

    Raises:
        OSError: a disk, or the object store, did not answer.
    """
    faulty, last = list[HeldBlob](), ""
    for photo in await db.read(held.list_blobs, after, _PAGE):
        if not photo.is_damaged and await find_fault(blobs, photo):
            faulty.append(photo)
        last, most = photo.digest, most - photo.size
        if most <= 0:
            break
    if faulty:
        await db.write(mark_faulty, [photo.digest for photo in faulty])
    return CheckedSome(last, faulty)


def mark_faulty(tx: Transaction, digests: Iterable[str]) -> None:
    """They are not held until they are put again."""
    for digest in digests:
        held.mark_damaged(tx, digest)
