"""How far this process is behind the node that writes, asked by each page of a reader.

    GET /v1/lag?lang=
      {"is_reader":true,"is_ready":true,"lag_s":0.1,"writer":"writes","silence_s":0.4,
       "said":"…"}

Rule: for no cache. Of a reader each answer has the number (`Federation-Lag`), but no
page can read the head that it came with.

Source: docs/adr/0064-readers-apart.md
"""

from typing import Annotated, Any, Final, Literal

from aiohttp import hdrs, web
from msgspec import Meta, Struct

from federation.store.writerheard import WriterState
from federation.text import Sentence, Text
from federation.web.context import SITE
from federation.web.language import text_for_program
from federation.web.openapi import JSON, Endpoint
from federation.web.responses import encode_answer

PATH: Final = "/v1/lag"


class LagQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In which language `said` is."""

    lang: Annotated[
        Literal["", "id", "en"],
        Meta(description="language of `said`; default: by `Accept-Language`"),
    ] = ""


class LagAnswer(Struct, frozen=True, kw_only=True):
    """How old what is shown here may be.

    Attributes:
        is_reader: False: this is the node that writes.
        is_ready: Whether a proxy should send somebody here.
        lag_s: Seconds ago it was known to be all that there was.
        writer: How it stands with whoever writes (`writerheard.py`).
        silence_s: Seconds since that was heard of; None: the database does not tell.
        said: The same, for people, with the moment for which it holds.
    """

    is_reader: bool
    is_ready: bool
    lag_s: float
    writer: WriterState
    silence_s: float | None
    said: str


def endpoints() -> list[Endpoint[Any]]:
    """What the pages of a reader ask."""
    return [
        Endpoint(
            path=PATH,
            summary="How far behind the node that writes",
            handler=tell_behind,
            query=LagQuery,
            response=LagAnswer,
            name="get_lag",
        )
    ]


async def tell_behind(request: web.Request, query: LagQuery) -> web.Response:
    """How old what is shown here may be, now."""
    site = request.app[SITE]
    behind = site.behind()
    said = Sentence("lag.node") if behind is None else behind.tell(site.clock())
    t = Text(query.lang) if query.lang else text_for_program(request)
    answer = LagAnswer(
        is_reader=behind is not None,
        is_ready=not site.desk.readiness(),
        lag_s=0.0 if behind is None else round(behind.lag_s, 1),
        writer="writes" if behind is None else behind.writer,
        silence_s=None
        if behind is None or behind.silence_s is None
        else round(behind.silence_s, 1),
        said=t.say(said),
    )
    return web.Response(
        body=encode_answer(answer, t),
        content_type=JSON,
        headers={
            hdrs.CACHE_CONTROL: "no-store",
            hdrs.CONTENT_LANGUAGE: t.language,
            hdrs.VARY: hdrs.ACCEPT_LANGUAGE,
        },
    )
