"""Whether the events that open pages listen for come through our proxy at once.

Rule: a stream begins with a line of its own (`web/live.py`). A proxy that keeps small
answers back until there is more of them keeps it, too; then no page moves by itself.
"""

import time
from http import HTTPStatus
from typing import Final

import aiohttp

from federation.feeds.sessions import Sessions
from federation.flows.steps import CheckStep, warned, well
from federation.node.house.house import House
from federation.text import Sentence

#: In which it has begun, over any line that partners can live with.
BEGIN_S: Final = 10.0
_FIRST: Final = b"retry:"


async def see_stream(house: House, begin_s: float = BEGIN_S) -> CheckStep:
    """Whether a stream of events begins when it is asked for."""
    settings = house.sound
    url = settings.listen.public_url
    if url is None or not settings.elections:
        return well("streams", Sentence("steps.waiting-unasked"))
    where = f"{url}/events?election={settings.elections[0]}"
    mend = Sentence("steps.mend-streams")
    began = time.monotonic()
    try:
        first = await _first_line(where, begin_s)
    except TimeoutError:
        held = Sentence("steps.streams-held", url=url, seconds=f"{begin_s:g}")
        return warned("streams", held, mend)
    except (aiohttp.ClientError, OSError, ValueError):
        first = b""
    if not first.startswith(_FIRST):
        return warned("streams", Sentence("steps.streams-none", url=url), mend)
    seconds = round(time.monotonic() - began, 1)
    seen = Sentence("steps.streams", seconds=seconds)
    return well("streams", seen, seconds=seconds)


async def _first_line(where: str, begin_s: float) -> bytes:
    """The first line of a stream; b"" where something else is answered.

    Raises:
        TimeoutError: nothing came.
        aiohttp.ClientError, OSError, ValueError: it cannot be asked.
    """
    timeout = aiohttp.ClientTimeout(total=begin_s)
    async with Sessions() as sessions:
        session = sessions.session(allow_private=True)
        async with session.get(where, timeout=timeout, allow_redirects=False) as answer:
            if answer.status != HTTPStatus.OK:
                return b""
            return await answer.content.readline()
