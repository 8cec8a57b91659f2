"""What the store of photographs does with what is removed, or there (`--online`)."""

from typing import Final

from federation.blobs.blobs import is_remote, open_blobs
from federation.flows.steps import CheckStep, failed, warned, well
from federation.node.house.house import House
from federation.text import Sentence
from federation.text.cause import cause_of, tell_refusal

#: It answers, and not for want of a network or a key.
_TAKES_NOTHING: Final = frozenset({"blobs.store-full", "blobs.store-failed"})


async def see_photo_store(house: House) -> CheckStep:
    """Whether the bucket keeps what is deleted, or writes over; a folder does not."""
    home = house.home
    facts: dict[str, object] = {"store": home.blobs, "keeps_deleted": False}
    facts["writes_over"] = False
    if not is_remote(home.blobs):
        return well("photo-store", Sentence("steps.photo-store-folder"), **facts)
    try:
        traits = await open_blobs(home.blobs, home.folder).traits()
    except OSError as error:
        facts |= {"keeps_deleted": None, "writes_over": None}
        way = "full" if cause_of(error).key in _TAKES_NOTHING else "silent"
        mend = Sentence(f"steps.mend-photo-store-{way}")
        return failed("photo-store", tell_refusal(error), mend, **facts)
    facts["keeps_deleted"] = traits.keeps_deleted
    facts["writes_over"] = not traits.creates
    seen = traits.tell(home.blobs)
    if traits.keeps_deleted:
        return warned("photo-store", seen, Sentence("steps.mend-photo-store"), **facts)
    # Of a node that gives nobody an address nothing is missing.
    if not traits.creates and house.sound.photos.uploads is not None:
        mend = Sentence("steps.mend-photo-store-over")
        return warned("photo-store", seen, mend, **facts)
    return well("photo-store", seen, **facts)
