"""Whether what is removed from the store of photographs is gone (`--online`)."""

from federation.blobs.blobs import is_remote, open_blobs
from federation.flows.steps import CheckStep, failed, warned, well
from federation.node.house.house import House
from federation.text import Sentence
from federation.text.cause import tell_refusal


async def see_photo_store(house: House) -> CheckStep:
    """Whether the bucket keeps what is deleted; a folder does not."""
    home = house.home
    facts: dict[str, object] = {"store": home.blobs, "keeps_deleted": False}
    if not is_remote(home.blobs):
        return well("photo-store", Sentence("steps.photo-store-folder"), **facts)
    try:
        facts["keeps_deleted"] = await open_blobs(
            home.blobs, home.folder
        ).keeps_deleted()
    except OSError as error:
        facts["keeps_deleted"] = None
        mend = Sentence("steps.mend-photo-store-silent")
        return failed("photo-store", tell_refusal(error), mend, **facts)
    told = {"place": home.blobs}
    if not facts["keeps_deleted"]:
        return well("photo-store", Sentence("steps.photo-store", **told), **facts)
    seen = Sentence("steps.photo-store-keeps", **told)
    return warned("photo-store", seen, Sentence("steps.mend-photo-store"), **facts)
