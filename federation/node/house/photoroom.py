"""How much room our own photographs take, of what the settings give them."""

from federation.flows.photos.ownroom import OwnRoomSeen, limits_of, see_own_room
from federation.flows.steps import CheckStep, failed, warned, well
from federation.node.house.database import is_there, read_refusal
from federation.node.house.house import House
from federation.store.db import Database
from federation.store.form import compare_steps
from federation.text import Sentence


async def see_photo_room(house: House) -> CheckStep:
    """Whether further photographs of ours are taken in, and for how long."""
    most, found = limits_of(house.sound.photos), list[OwnRoomSeen]()

    def count(db: Database) -> None:
        with db.view() as view:
            # Tables of an earlier version have no counts: the node makes them.
            if compare_steps(view) == ([], []):
                found.append(see_own_room(view, most))

    if is_there(house.home):
        read_refusal(house.home, count)  # told by the step that looks at the database
    if not found:
        return well("photo-room", Sentence("steps.photo-room-unknown"))
    (seen,) = found
    facts = {name: getattr(seen, name) for name in seen.__struct_fields__}
    if not seen.is_filling:
        return well("photo-room", seen.tell(), **facts)
    answer = failed if seen.is_full else warned
    mend = Sentence("steps.mend-photo-room")
    return answer("photo-room", seen.tell(), mend, **facts)
