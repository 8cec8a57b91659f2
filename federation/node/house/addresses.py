"""Whether the addresses of callers come through our proxy.

Rule: a proxy on this machine that says nothing of callers makes everybody somebody on
this machine, who is told of partners. So the same is asked twice: here, and over our
own address; who is told the same there was taken for one of us.
"""

from typing import Any, Final

import aiohttp
import msgspec

from federation.decoding import parse_json
from federation.errors import FormatError
from federation.feeds.sessions import Sessions
from federation.flows.steps import CheckStep, failed, well
from federation.node.house.house import House
from federation.node.house.running import control_url
from federation.text import Sentence

_ANSWER_S: Final = 15.0
_MAX_BYTES: Final = 4 << 20


class _PartnersShown(msgspec.Struct):
    """The part of a status that is for people of this machine."""

    peers: list[Any]


async def see_addresses(house: House) -> CheckStep:
    """Whether a caller from outside is told apart from one on this machine."""
    listen, here = house.sound.listen, control_url(house.home.control)
    unknown = well("addresses", Sentence("steps.addresses-unknown"))
    is_asked = listen.public_url and listen.trusted_proxies and here
    if not is_asked or listen.show_partners:
        return unknown
    shown_here, shown_there = await _ask(here), await _ask(listen.public_url)
    if not shown_here or shown_there is None:
        return unknown
    if shown_there:
        seen = Sentence("steps.addresses-lost", url=listen.public_url)
        return failed("addresses", seen, Sentence("steps.mend-addresses"))
    return well("addresses", Sentence("steps.addresses"))


async def _ask(url: str | None) -> int | None:
    """Of how many partners somebody is told there; None where nothing is answered."""
    timeout = aiohttp.ClientTimeout(total=_ANSWER_S)
    try:
        async with Sessions() as sessions:
            session = sessions.session(allow_private=True)
            where = f"{url}/v1/status"
            async with session.get(
                where, timeout=timeout, allow_redirects=False
            ) as answer:
                body = await answer.content.read(_MAX_BYTES)
                return len(parse_json(body, _PartnersShown).peers)
    except (aiohttp.ClientError, OSError, ValueError, FormatError):
        return None
