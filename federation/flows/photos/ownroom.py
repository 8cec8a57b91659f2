"""The room that photographs of our own may take: how much is left, and who is refused.

Rule: what is held is never dropped for what comes. So who brings a photograph for which
there is no room is refused, before anything of it is kept, and told how much is taken;
one whose copy is held already needs none. What is counted are the copies drawn anew
(`store/blobs.py`), not originals and not what lies in a bucket until it is looked at.
Of several that come at once each is counted before it is kept (`admission.py`): the
bound is not passed.
"""

from typing import Final, NamedTuple

from msgspec import Struct

from federation.config.settings import PhotoSettings
from federation.errors import PhotoRoomError
from federation.store import blobs as held
from federation.store.blobs import BlobTotal
from federation.store.view import View
from federation.text import Sentence

#: From so many hundredths on somebody is told, while there is time to make room.
FILLING_PERCENT: Final = 90
_FULL_PERCENT: Final = 100
#: The smallest photograph that could be.
_ANY: Final = BlobTotal(1, 1)


class RoomLimits(NamedTuple):
    """The most that may be held: so many photographs, so many bytes; None: no bound."""

    number: int | None = None
    size: int | None = None


class OwnRoomSeen(Struct, frozen=True, kw_only=True):
    """How much is taken; `percent` of the bound that is nearer; None: no bound."""

    number: int
    size: int
    most_number: int | None
    most_size: int | None
    percent: int | None

    @property
    def is_filling(self) -> bool:
        """Whether somebody is to make room."""
        return self.percent is not None and self.percent >= FILLING_PERCENT

    @property
    def is_full(self) -> bool:
        """Whether no further photograph is taken in."""
        return self.percent is not None and self.percent >= _FULL_PERCENT

    def tell(self) -> Sentence:
        """What is taken of what there is."""
        told: dict[str, int | str] = {"number": self.number, "size": _mb(self.size)}
        if self.percent is None:
            return Sentence("photo.room-unbound", **told)
        told["percent"] = self.percent
        if self.most_number is None:
            assert self.most_size is not None, "a percent is of a bound"
            most = _mb(self.most_size)
            return Sentence("photo.room-size", **told, most_size=most)
        told["most_number"] = self.most_number
        if self.most_size is None:
            return Sentence("photo.room-number", **told)
        return Sentence("photo.room", **told, most_size=_mb(self.most_size))


def limits_of(photos: PhotoSettings) -> RoomLimits:
    """The most, as the settings say."""
    most = photos.own_max_mb
    return RoomLimits(photos.own_max_photos, None if most is None else most << 20)


def see_own_room(view: View, most: RoomLimits) -> OwnRoomSeen:
    """How much is taken now."""
    total = held.count_blobs(view, is_own=True)
    shares = [
        count * 100 // bound if bound else _FULL_PERCENT
        for count, bound in zip(total, most, strict=True)
        if bound is not None
    ]
    return OwnRoomSeen(
        number=total.number,
        size=total.size,
        most_number=most.number,
        most_size=most.size,
        percent=max(shares, default=None),
    )


def check_room(view: View, most: RoomLimits, more: BlobTotal = _ANY) -> None:
    """Return if so much more may be held.

    Raises:
        PhotoRoomError: it may not.
    """
    total = held.count_blobs(view, is_own=True)
    if most.number is not None and total.number + more.number > most.number:
        told = {"held": total.number, "most": most.number}
        raise PhotoRoomError(Sentence("photo.no-room-number", **told))
    if most.size is not None and total.size + more.size > most.size:
        sizes = {"held": _mb(total.size), "most": _mb(most.size)}
        raise PhotoRoomError(Sentence("photo.no-room-size", **sizes))


def _mb(size: int) -> str:
    return f"{size / (1 << 20):.1f}"
