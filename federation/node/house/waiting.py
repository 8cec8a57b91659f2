"""Whether a question that waits for news survives the way through our proxy.

Rule: it is asked over our own address for as long as partners and pages ask, 60 s. What
comes earlier and whole says that there was news, and nothing of the proxy; it is asked
once more then.
"""

import time
from typing import Final, TypeVar

import aiohttp
import msgspec

from federation.decoding import parse_json
from federation.errors import FormatError
from federation.feeds.sessions import Sessions
from federation.flows.steps import CheckStep, failed, well
from federation.node.house.house import House
from federation.text import Sentence

WAIT_S: Final = 60
_SLACK_S: Final = 15
_TRIES: Final = 2
_MAX_BYTES: Final = 4 << 20

T = TypeVar("T", bound=msgspec.Struct)


class _NewsAnswer(msgspec.Struct):
    """The part of an answer to a question that waits."""

    cursor: str


class _MapCursors(msgspec.Struct):
    """The part of a status that says where the map stands."""

    cursors: dict[str, str]


async def wait_through_proxy(house: House, wait_s: int = WAIT_S) -> CheckStep:
    """Whether an answer that comes after a minute of silence arrives."""
    settings = house.sound
    url = settings.listen.public_url
    if url is None or not settings.elections:
        return well("waiting", Sentence("steps.waiting-unasked"))
    election = settings.elections[0]
    mend = Sentence("steps.mend-waiting", seconds=wait_s + _SLACK_S)
    async with Sessions() as sessions:
        session = sessions.session(allow_private=True)
        for _ in range(_TRIES):
            status = await _get(session, f"{url}/v1/status", _MapCursors, _SLACK_S)
            since = None if status is None else status.cursors.get(election)
            if since is None:
                seen = Sentence("steps.waiting-silent", url=url)
                return failed("waiting", seen, Sentence("steps.mend-public-failed"))
            began = time.monotonic()
            where = f"{url}/v1/changes?election={election}&since={since}&wait={wait_s}"
            answer = await _get(session, where, _NewsAnswer, wait_s + _SLACK_S)
            seconds = round(time.monotonic() - began)
            if answer is None:
                seen = Sentence("steps.waiting-cut", url=url, seconds=seconds)
                return failed("waiting", seen, mend, seconds=seconds)
            if seconds >= wait_s:
                seen = Sentence("steps.waiting", seconds=seconds)
                return well("waiting", seen, seconds=seconds)
    return well("waiting", Sentence("steps.waiting-news"))


async def _get(
    session: aiohttp.ClientSession, where: str, kind: type[T], deadline_s: float
) -> T | None:
    """What is answered there; None where nothing came whole."""
    timeout = aiohttp.ClientTimeout(total=deadline_s)
    try:
        async with session.get(where, timeout=timeout, allow_redirects=False) as answer:
            if answer.status != 200:
                return None
            body = await answer.content.read(_MAX_BYTES)
        return parse_json(body, kind)
    except (aiohttp.ClientError, OSError, ValueError, FormatError):
        return None
