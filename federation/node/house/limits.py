"""How many files this process, and so a node started like it, may have open."""

import resource

from federation.flows.steps import CheckStep, warned, well
from federation.node.descriptors import RESERVE
from federation.node.house.house import House
from federation.text import Sentence


async def see_limits(house: House) -> CheckStep:
    """Whether all callers that the settings allow have room beside the rest."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return judge_limit(house.sound.limits.max_connections, hard)


def judge_limit(wanted: int, hard: int) -> CheckStep:
    """Whether so many callers fit; the node raises the soft limit to the hard one."""
    needed = wanted + RESERVE
    is_endless = hard == resource.RLIM_INFINITY
    told = {"limit": "∞" if is_endless else hard, "wanted": wanted, "needed": needed}
    facts = {"limit": None if is_endless else hard, "needed": needed}
    if is_endless or hard >= needed:
        return well("limits", Sentence("steps.limits", **told), **facts)
    mend = Sentence("steps.mend-limits", needed=needed, fewer=max(1, hard - RESERVE))
    return warned("limits", Sentence("steps.limits-few", **told), mend, **facts)
