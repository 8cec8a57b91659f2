"""The node as it is seen from outside: `federation doctor --online`.

Rule: our own address is called as a partner calls it, by the name that stands in
`public_url`, through its proxy; what partners say of their turns with us is the only
word from outside. A router that does not lead back in (hairpin) makes our own call
fail although others get through: then what partners say counts.
"""

import asyncio

from yarl import URL

from federation.config.founding import load_identity_key
from federation.config.keystore import load_signer
from federation.config.peers import Peer
from federation.errors import ConfigError
from federation.feeds.sessions import Sessions
from federation.feeds.signature import RequestSigner
from federation.flows.steps import CheckStep, failed, join, warned, well
from federation.flows.visit import CLOCK, WHO, try_steps
from federation.flows.visit.clock import MAX_SKEW_S, tell_span
from federation.flows.visit.reach import REACHED, ask_turns, tell_turns
from federation.node.house.house import House
from federation.store.lock import see_writer
from federation.text import Sentence


async def compare_clock(house: House) -> CheckStep:
    """Whether our clock is that of the partners."""
    peers = _asked(house)
    told = await asyncio.gather(*(try_steps(one, house.wall, CLOCK) for one in peers))
    skews = [steps[-1].facts.get("skew_s") for steps in told]
    known = {
        peer.org: skew
        for peer, skew in zip(peers, skews, strict=True)
        if isinstance(skew, int)
    }
    wrong = {org: skew for org, skew in known.items() if abs(skew) > MAX_SKEW_S}
    if not known:
        return well("partners-clock", Sentence("steps.nobody-said"), skews=known)
    shown = join([_tell_skew(org, skew) for org, skew in (wrong or known).items()])
    if not wrong:
        return well("partners-clock", shown, skews=known)
    mend = Sentence("steps.mend-our-clock")
    # Where most of them say so, it is ours.
    is_ours = 2 * len(wrong) > len(known)
    if is_ours:
        count = {"count": len(wrong), "all": len(known)}
        seen = Sentence("steps.our-clock", which=shown, **count)
        return failed("partners-clock", seen, mend, skews=known)
    seen = Sentence("steps.their-clock", which=shown)
    return warned("partners-clock", seen, mend, skews=known)


def _tell_skew(org: str, seconds: int) -> Sentence:
    name = "behind" if seconds < 0 else "ahead"
    if abs(seconds) <= MAX_SKEW_S:
        name = "none"
    return Sentence(f"steps.skew-{name}", org=org, span=tell_span(seconds))


async def call_ourselves(house: House) -> CheckStep:
    """Whether our own address leads to us, with a certificate and our key."""
    settings = house.sound
    url = settings.listen.public_url
    if url is None:
        seen = Sentence("steps.no-public-url")
        return warned("public", seen, Sentence("steps.mend-no-public-url"))
    identity = load_identity_key(house.home, settings.org)
    ours = Peer(org=settings.org, identity=identity, url=url, allow_private=True)
    steps = await try_steps(ours, house.wall, WHO)
    for state, look in (("failed", failed), ("warning", warned)):
        for step in steps:
            if step.state == state:
                name = Sentence(f"steps.name-{step.code}")
                given = {"url": url, "name": name, "reason": _of_ours(step, url)}
                seen = Sentence(f"steps.public-{state}", **given)
                return look("public", seen, _mend_public(house, step))
    tls = next(step for step in steps if step.code == "tls")
    return well("public", Sentence("steps.public", url=url, tls=tls.seen))


def _of_ours(step: CheckStep, url: str) -> object:
    """What was seen; of nobody listening without whom to ask: that is us."""
    if step.problem != "no-listener":
        return step.seen
    where = URL(url)
    return Sentence("steps.no-listener", host=where.host, port=where.port)


def _mend_public(house: House, step: CheckStep) -> Sentence:
    """What to do, by what was seen at our own address."""
    if step.state == "warning":
        return Sentence("steps.mend-public-warning")
    if step.problem == "other-org":
        return Sentence("steps.mend-public-other", org=step.facts["org"])
    if see_writer(house.home.lock) is None:
        return Sentence("steps.mend-public-stopped")
    return Sentence("steps.mend-public-failed")


async def ask_partners(house: House) -> CheckStep:
    """What partners say of how they reach us."""
    peers, ours = _asked(house), house.sound.org
    try:
        key = load_signer(house.home.role_key("node"), f"{ours}/node")
    except ConfigError:
        return well("outside", Sentence("steps.nobody-said"), turns={})
    signer = RequestSigner(key, house.wall, house.random)
    async with Sessions() as sessions:
        told = await asyncio.gather(
            *(
                ask_turns(
                    sessions.session(allow_private=peer.allow_private),
                    peer.url or "",
                    signer,
                )
                for peer in peers
            )
        )
    turns = {p.org: one for p, one in zip(peers, told, strict=True) if one is not None}
    facts = {org: one.outcome for org, one in turns.items()}
    if not turns:
        return well("outside", Sentence("steps.nobody-said"), turns=facts)
    words = join([tell_turns(org, one) for org, one in turns.items()])
    reached = [org for org, one in turns.items() if one.outcome in REACHED]
    mend = Sentence("steps.mend-outside", url=house.sound.listen.public_url or "-")
    if not reached:
        return failed("outside", words, mend, turns=facts)
    if len(reached) < len(turns):
        return warned("outside", words, mend, turns=facts)
    return well("outside", words, turns=facts)


def _asked(house: House) -> list[Peer]:
    """The partners that are asked."""
    assert not isinstance(house.peers, ConfigError)
    return [peer for peer in house.peers if peer.url and not peer.paused]
