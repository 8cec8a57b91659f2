"""A body that is read as a whole: bounded, and once, whoever asks for it again."""

from typing import Final

from aiohttp import web

from federation.errors import FormatError
from federation.text import Sentence

_BODY: Final = web.RequestKey("body", bytes)


async def read_body(request: web.Request, most: int) -> bytes:
    """The body, however many pieces it comes in.

    Raises:
        FormatError: it is longer than `most` bytes.
    """
    body = request.get(_BODY)
    if body is None:
        parts = bytearray()
        async for piece in request.content.iter_any():
            parts += piece
            if len(parts) > most:
                break
        body = request[_BODY] = bytes(parts)
    if len(body) > most:
        raise FormatError(Sentence("asked.too-long", most=most), "body")
    return body
