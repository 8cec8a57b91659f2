"""Whether results of ours wait for the time at which everybody may read them.

A time that has passed is nothing, and is not told.
"""

from federation.flows.steps import CheckStep, join, warned, well
from federation.node.house.house import House
from federation.records.readers import EARLY
from federation.records.timezones import tell_moment
from federation.text import Sentence


async def see_early(house: House) -> CheckStep:
    """Which elections wait, until when, and which partners are let in before."""
    now = int(house.wall())
    peers = () if isinstance(house.peers, Exception) else house.peers
    let_in = sorted(peer.org for peer in peers if EARLY in peer.logs)
    waiting = {
        election: int(moment.timestamp())
        for election, moment in house.sound.public_from.items()
        if moment.timestamp() > now
    }
    facts = {"public_from": waiting, "let_in": let_in}
    if not waiting:
        return well("early", Sentence("steps.early-none"), **facts)
    told = [
        Sentence("steps.early", election=election, moment=tell_moment(at, now, ""))
        for election, at in sorted(waiting.items())
    ]
    if not let_in:
        mend = Sentence("steps.mend-early")
        return warned("early", join([*told, Sentence("steps.early-alone")]), mend)
    partners = Sentence("steps.early-let", orgs=", ".join(let_in))
    return well("early", join([*told, partners]), **facts)
