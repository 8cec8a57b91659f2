"""The logs that a partner shows: how long each is, and whether it is signed.

Rule: every checkpoint of an organisation that is pinned here is verified with its
pinned key, whoever shows it. Smaller than our copy is a fault only of the log's own
node: whoever relays one may be behind.
"""

from typing import Final

from federation.errors import FederationError
from federation.feeds.resource import keys_of
from federation.feeds.status import StatusEntry, read_status
from federation.flows.steps import CheckStep, failed, join, warned, well
from federation.flows.visit.caller import PeerVisit, cause_of
from federation.records.keychain import decode_keys, open_chain
from federation.records.keystatement import stored_parts
from federation.records.readers import PUBLIC
from federation.text import Sentence
from federation.tlog.checkpoint import read_unverified

#: Of how many logs the keys are fetched: one visit is no turn.
MOST_VERIFIED: Final = 32
#: How many are told by name; of all of them the facts tell.
MOST_TOLD: Final = 8


async def look_at_heads(visit: PeerVisit) -> CheckStep:
    """What it shows, verified, beside what we hold."""
    org, url = visit.peer.org, visit.peer.url or ""
    mend = Sentence("steps.mend-heads", org=org)
    try:
        answer = await visit.feed.logs(None)
        visit.entries = read_status(answer[0], url).logs if answer else ()
    except FederationError as error:
        return failed("heads", cause_of(error), mend)
    # Its own first: by them it is judged.
    entries = sorted(visit.entries, key=lambda entry: _org_of(entry) != org)
    looked = [await _look(visit, at, entry) for at, entry in enumerate(entries)]
    facts = {"logs": [facts for facts, _ in looked]}
    if not looked:
        return warned("heads", Sentence("steps.heads-none"), mend, **facts)
    faults = [told for found, told in looked if found["problem"]]
    if faults:
        is_rollback = any(found["problem"] == "older-than-ours" for found, _ in looked)
        name = "steps.mend-older" if is_rollback else "steps.mend-head-unsigned"
        return failed(
            "heads", join(faults[:MOST_TOLD]), Sentence(name, org=org), **facts
        )
    words = [told for _, told in looked[:MOST_TOLD]]
    if len(looked) > MOST_TOLD:
        words.append(Sentence("steps.heads-more", count=len(looked) - MOST_TOLD))
    if strange := _not_followed([found for found, _ in looked]):
        mends = [_mend_not_followed(one) for one in strange[:MOST_TOLD]]
        told = Sentence("steps.heads-not-followed", elections=", ".join(strange))
        return warned("heads", join([told, *words]), join(mends), **facts)
    return well("heads", join(words), **facts)


def _not_followed(looked: list[dict[str, object]]) -> list[str]:
    """Elections of which the partner has results of its own that no turn takes."""
    logs = [
        stored_parts(str(found["origin"]))
        for found in looked
        if found["own"] and found["verified"] and not found["followed"]
    ]
    return sorted({log.election for log in logs if log.visibility == PUBLIC})


def _mend_not_followed(election: str) -> Sentence:
    return Sentence("steps.mend-heads-not-followed", election=election)


async def _look(
    visit: PeerVisit, at: int, entry: StatusEntry
) -> tuple[dict[str, object], Sentence]:
    """One log: what is known of it, for programs and for people."""
    origin, note = entry.origin, entry.checkpoint.encode()
    held, org = visit.held.get(origin), _org_of(entry)
    facts: dict[str, object] = {
        "origin": origin,
        "own": org == visit.peer.org,
        "size": None,
        "held": held,
        "followed": stored_parts(origin).election in visit.elections,
        "verified": False,
        "problem": "",
    }
    identity = visit.identities.get(org)
    try:
        if identity is not None and at < MOST_VERIFIED:
            keys = decode_keys(await visit.feed.fetch(keys_of(origin)))
            facts["size"] = size = open_chain(keys, identity).open_checkpoint(note).size
            facts["verified"] = True
        else:
            facts["size"] = size = read_unverified(note).size
    except FederationError as error:
        facts["problem"], facts["detail"] = "head-unsigned", error.told
        return facts, Sentence("steps.head-unsigned", origin=origin)
    told = {"origin": origin, "size": size, "held": held or 0}
    if not facts["verified"]:
        return facts, Sentence("steps.head-unpinned", **told)
    if held is None:
        return facts, Sentence("steps.head-new", **told)
    if size < held and org == visit.peer.org:
        facts["problem"] = "older-than-ours"
        return facts, Sentence("steps.older-than-ours", **told)
    name = "newer" if size > held else "behind" if size < held else "equal"
    return facts, Sentence(f"steps.head-{name}", **told, count=abs(size - held))


def _org_of(entry: StatusEntry) -> str:
    return entry.origin.partition("/")[0]
