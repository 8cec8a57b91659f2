"""A witness from outside, asked over HTTP: one POST, and its answer, whatever it is.

Source: C2SP tlog-witness (draft) section add-checkpoint
"""

from typing import Final, NamedTuple

import aiohttp
from yarl import URL

from federation.errors import PeerError
from federation.feeds.connection import judge_failure
from federation.text import Sentence
from federation.tlog.witness import PATH

ANSWER_S: Final = 30.0
_MAX_ANSWER: Final = 1 << 16


class WitnessReply(NamedTuple):
    """What it answered: the status, and the body, of which not more is read."""

    status: int
    body: bytes


async def offer_checkpoint(
    session: aiohttp.ClientSession, name: str, url: str, body: bytes, now: float
) -> WitnessReply:
    """Bring a witness a checkpoint.

    Args:
        session: The connections to others than partners.
        name: Of the witness, for errors.
        url: Its submission prefix.
        body: As `tlog.witness.format_offer` makes it.
        now: Unix seconds, for what is said of clocks.

    Raises:
        PeerError: no answer came, or one that is too long.
    """
    asked = f"{url.rstrip('/')}{PATH}"
    try:
        async with session.post(
            URL(asked, encoded=True),
            data=body,
            headers={"Content-Type": "text/plain; charset=utf-8"},
            timeout=aiohttp.ClientTimeout(total=ANSWER_S),
            allow_redirects=False,
        ) as answer:
            read = bytearray()
            async for piece in answer.content.iter_any():
                read += piece
                if len(read) > _MAX_ANSWER:
                    why = Sentence("witness.long-answer")
                    raise PeerError(name, asked, answer.status, why)
            return WitnessReply(answer.status, bytes(read))
    except (aiohttp.ClientError, OSError, ValueError) as error:
        meaning = judge_failure(error, asked, seconds=ANSWER_S, now=now)
        raise PeerError(name, asked, None, meaning.reason) from error
