"""Whether callers behind a proxy are told apart, so that each has limits of its own."""

from yarl import URL

from federation.feeds.address import is_public
from federation.flows.steps import CheckStep, warned, well
from federation.node.house.house import House
from federation.text import Sentence


async def see_callers(house: House) -> CheckStep:
    """Whether a proxy that must be there is named.

    One must be where the address that others call is of TLS, or where this node listens
    on an address that nobody outside can call.
    """
    listen = house.sound.listen
    url = URL(listen.public_url or "")
    is_inner = not is_public(listen.host) and listen.host not in {"0.0.0.0", "::"}  # noqa: S104  compared, not bound
    has_proxy = bool(url.host) and (url.scheme == "https" or is_inner)
    if has_proxy and url.host != listen.host and not listen.trusted_proxies:
        seen = Sentence("steps.callers-one", url=listen.public_url, host=listen.host)
        return warned("callers", seen, Sentence("steps.mend-callers"))
    return well("callers", Sentence("steps.callers"))
