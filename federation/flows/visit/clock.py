"""Their clock and ours: requests are signed for a minute, so both have to be right.

Source: RFC 9110 section 6.6.1
"""

import time
from typing import Final

import aiohttp

from federation.feeds.answer import show
from federation.feeds.clockgauge import read_ahead
from federation.feeds.connection import judge_failure
from federation.flows.steps import CheckStep, failed, not_tried, well
from federation.flows.visit.caller import DEADLINE_S, PeerVisit
from federation.flows.visit.network import speaks_tls
from federation.records.timezones import tell_here
from federation.text import Sentence

# Requests are signed for at most 60 s, so a clock further off is refused by all.
MAX_SKEW_S: Final = 30
#: Where "who answers" stands among the steps of a visit.
ABOUT_STEP: Final = 5


async def compare_clocks(visit: PeerVisit) -> CheckStep:
    """Whether the two clocks agree, as the `Date` of an answer says."""
    if visit.is_plain_to_tls:
        return not_tried("clock", "about", ABOUT_STEP)
    url = f"{visit.peer.url}/logs"
    timeout = aiohttp.ClientTimeout(total=DEADLINE_S)
    began = time.perf_counter()
    before = visit.wall()
    try:
        async with visit.session.head(
            url, timeout=timeout, allow_redirects=False
        ) as answer:
            date = answer.headers.get("Date", "")
            visit.program = show(answer.headers.get("Server", ""), 80)
    except (aiohttp.ClientError, OSError, ValueError) as error:
        why = judge_failure(error, url, seconds=DEADLINE_S, now=visit.wall()).reason
        told = {"org": visit.peer.org, "port": visit.port}
        mend = Sentence("steps.mend-clock-silent", **told)
        if await speaks_tls(visit):
            why = Sentence("network.needs-tls")
            mend = Sentence("steps.mend-scheme-https", **told)
        silent = Sentence("steps.silent", url=url, status="", reason=why)
        return failed("clock", silent, mend)
    ours = before + (time.perf_counter() - began) / 2
    ahead_s = read_ahead(date, ours)
    skew = None if ahead_s is None else round(ahead_s)
    if skew is None:
        return well("clock", Sentence("steps.clock-unsaid"), skew_s=None)
    both = {"theirs": _second(ours + skew), "ours": _second(ours)}
    facts = {"skew_s": skew, "ours": int(ours), "theirs": int(ours) + skew}
    if abs(skew) <= MAX_SKEW_S:
        return well(
            "clock", Sentence("steps.clock", seconds=abs(skew), **both), **facts
        )
    name = "steps.clock-ahead" if skew > 0 else "steps.clock-behind"
    seen = Sentence(name, span=tell_span(skew), **both)
    return failed(
        "clock", seen, Sentence("steps.mend-clock", org=visit.peer.org), **facts
    )


def tell_span(seconds: int) -> Sentence:
    """How far two clocks are apart, in the largest unit that says at least two."""
    for name, unit in (("d", 86_400), ("h", 3600), ("min", 60)):
        if abs(seconds) >= 2 * unit:
            return Sentence(f"steps.span-{name}", count=round(abs(seconds) / unit))
    return Sentence("steps.span-s", count=abs(seconds))


def _second(seconds: float) -> str:
    return tell_here(seconds, "%Y-%m-%d %H:%M:%S")
