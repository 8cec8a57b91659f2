"""The node that runs here; where none runs, the address that one would listen on."""

import asyncio
from pathlib import Path
from typing import Final

import aiohttp
import msgspec

from federation.decoding import parse_json
from federation.errors import ConfigError, FormatError
from federation.flows.steps import CheckStep, failed, not_tried, warned, well
from federation.node.house.house import House
from federation.store.lock import see_writer
from federation.text import Sentence
from federation.text.cause import cause_of, place_of
from federation.web.listening import listen

_ANSWER_S: Final = 5.0


class _Address(msgspec.Struct):
    """What `control.json` says that everybody of this machine may know."""

    url: str


async def see_node(house: House) -> CheckStep:
    """Whether a node runs and answers, or could."""
    is_locked = see_writer(house.home.lock) is not None
    if not is_locked and isinstance(house.settings, ConfigError):
        return not_tried("node", "settings", 1)
    if not is_locked:
        return await _see_port(house)
    url = control_url(house.home.control)
    if url is None:
        seen = Sentence("steps.lock-held", folder=house.home.data)
        mend = Sentence("steps.mend-lock-held", folder=house.home.data)
        return warned("node", seen, mend, running=False)
    status = await _ask(url)
    told = {"url": url}
    facts = {"running": True, "url": url, "status": status}
    if status is None:
        seen = Sentence("steps.node-silent", **told)
        return failed("node", seen, Sentence("steps.mend-node-silent"), **facts)
    if status != 200:
        seen = Sentence("steps.node-not-ready", **told)
        return warned("node", seen, Sentence("steps.mend-node-not-ready"), **facts)
    return well("node", Sentence("steps.node", **told), **facts)


def control_url(path: Path) -> str | None:
    """The address of the node that runs on this machine; None: none says so."""
    try:
        return parse_json(path.read_bytes(), _Address).url
    except (OSError, FormatError):
        return None


async def _ask(url: str) -> int | None:
    """What `/readyz` of the node on this machine answers; None: nothing."""
    timeout = aiohttp.ClientTimeout(total=_ANSWER_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{url}/readyz") as answer,
        ):
            return answer.status
    except (aiohttp.ClientError, OSError):
        return None


async def _see_port(house: House) -> CheckStep:
    """Whether a node that starts here can listen."""
    wanted = house.sound.listen
    address = f"{wanted.host}:{wanted.port}"
    facts = {"running": False, "listen": address}
    try:
        sockets = await listen(wanted.host, wanted.port)
    except OSError as error:
        place = place_of(error) or address
        seen = Sentence("steps.no-listening", place=place, reason=cause_of(error))
        return failed("node", seen, Sentence("steps.mend-no-listening"), **facts)
    for one in sockets:
        one.close()
    # So that nobody of this program finds them still there.
    await asyncio.sleep(0)
    told = Sentence("steps.no-node", address=address)
    if not wanted.port:
        told = Sentence("steps.no-node-any", host=wanted.host)
    return well("node", told, **facts)
