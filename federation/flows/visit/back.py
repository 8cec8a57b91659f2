"""The way back: whether a partner knows us, lets us read, and reaches us.

Rule: only what it says, or shows to hold. Where it says nothing of how it reaches us,
that is told as not known.
"""

from typing import Final

from msgspec import UNSET

from federation.errors import FormatError
from federation.flows.steps import CheckStep, failed, join, warned, well
from federation.flows.visit.caller import PeerVisit
from federation.flows.visit.reach import REACHED, ask_turns, tell_turns
from federation.records.about import About
from federation.text import Sentence
from federation.tlog.checkpoint import read_unverified

#: The members of an about note that say to whom of the audience something is given.
GIVEN: Final = ("incidents", "photos", "relays")


async def look_back(visit: PeerVisit) -> CheckStep:
    """Whether it knows us, what it gives us, how much of ours it holds."""
    assert visit.about is not None
    assert visit.introduction is not None
    assert visit.signer is not None
    org, refusal = visit.peer.org, visit.introduction.refusal
    gives = list_given(visit.about, visit.ours)
    holds = _held_of_ours(visit)
    facts: dict[str, object] = {
        "knows_us": refusal is None,
        "gives": list(gives),
        "holds_of_ours": holds,
    }
    if refusal is not None:
        if refusal.key == "network.unknown-here":
            mend = Sentence("steps.mend-unknown", org=org)
            return warned("back", refusal, mend, **facts)
        mend = Sentence("steps.mend-unbelieved", org=org)
        return failed("back", refusal, mend, **facts)
    given = [Sentence(f"peers.gives-{name}") for name in gives]
    words = [
        Sentence(
            "steps.back-knows",
            gives=join(given) if given else Sentence("peers.gives-nothing"),
        )
    ]
    behind = [
        Sentence("steps.back-holds", origin=origin, size=size, ours=visit.held[origin])
        for origin, size in holds.items()
    ]
    turns = await ask_turns(visit.session, visit.peer.url or "", visit.signer)
    if turns is not None:
        facts["turns_with_us"] = turns.outcome
        words.append(tell_turns(org, turns))
        if turns.outcome not in {*REACHED, ""}:
            mend = Sentence("steps.mend-back", org=org)
            return warned("back", join([words[-1], *words[:-1]]), mend, **facts)
    words += behind or ([] if turns else [Sentence("steps.back-unknown")])
    return well("back", join(words), **facts)


def _held_of_ours(visit: PeerVisit) -> dict[str, int]:
    """How much of each of our logs it shows: so much has reached it, by some way."""
    sizes: dict[str, int] = {}
    for entry in visit.entries:
        is_ours = entry.origin.partition("/")[0] == visit.ours
        if is_ours and entry.origin in visit.held:
            try:
                sizes[entry.origin] = read_unverified(entry.checkpoint.encode()).size
            except FormatError:
                sizes[entry.origin] = 0
    return sizes


def list_given(about: About, ours: str) -> tuple[str, ...]:
    """What an organisation has signed to let us have, and do with it."""
    narrowed = {name: getattr(about, name) for name in GIVEN}
    if ours not in about.audience:
        return ()
    return tuple(
        name for name, orgs in narrowed.items() if orgs is UNSET or ours in orgs
    )
