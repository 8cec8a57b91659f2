"""One POST to a program of somebody's own, and why it was not taken.

Rule: an answer of 2xx is the only yes; nothing is followed to another address. What
failed is told precisely, and never with a secret in it. Alarms and news of the map go
out through it (`noticesending.py`, `webhooks.py`).
"""

from collections.abc import Mapping
from typing import Final, Protocol

import aiohttp
from yarl import URL

from federation.feeds.connection import judge_failure
from federation.text import Sentence

SEND_S: Final = 60.0
_MAX_TOLD: Final = 500


class UndeliveredError(Exception):
    """It did not arrive; `told` says why, and no secret."""

    def __init__(self, told: Sentence) -> None:
        """`told`: why."""
        super().__init__(told)
        self.told = told


class SessionOf(Protocol):
    """Gives the connections to others than partners."""

    def __call__(self, *, allow_private: bool) -> aiohttp.ClientSession:
        """Those that may, or may not, have private addresses."""


async def post(
    session: aiohttp.ClientSession,
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    now: float,
) -> None:
    """Hand it over, within `SEND_S`; `now` is Unix time, for what is said of clocks.

    Raises:
        UndeliveredError: why not.
    """
    try:
        async with session.post(
            URL(url, encoded=True),
            data=body,
            headers=headers,
            timeout=aiohttp.ClientTimeout(total=SEND_S),
            allow_redirects=False,
        ) as answer:
            status, words = answer.status, one_line(answer.reason or "")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        meaning = judge_failure(error, url, seconds=SEND_S, now=now)
        raise UndeliveredError(meaning.reason) from error
    if status not in range(200, 300):
        told = f"{status} {words}".strip()
        raise UndeliveredError(Sentence("notices.hook-refused", answer=told))


def one_line(text: str) -> str:
    """What somebody answered, short enough to be told."""
    return " ".join(text.split())[:_MAX_TOLD]
