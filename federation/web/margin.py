"""Whether the order of a region can still change, and which stations to see first.

    /v1/margin?region=&basis=&against=&limit=&format=

Rule: the first question after a change reads every station of the kabupaten that
changed (`flows/query/margincount.py`), so it is one of those asked one at a time.
"""

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from federation.flows.query.margin import (
    MarginAnswer,
    MarginChoice,
    answer_margin,
    first_table,
)
from federation.flows.query.margincount import KEPT_NAMES, count_knowledge
from federation.flows.query.scope import QueryScope, ask, read_names
from federation.flows.query.state import sources
from federation.flows.query.table import Credit
from federation.records.margin import Basis, Knowledge
from federation.store.db import View
from federation.web.context import SITE, WebContext
from federation.web.keptpages import kept
from federation.web.openapi import Endpoint
from federation.web.queries import MarginQuery
from federation.web.responses import reply


def endpoints() -> list[Endpoint[Any]]:
    """For programs."""
    return [
        Endpoint(
            path="/v1/margin",
            summary="Whether the order can still change; as a table: what to see first",
            handler=kept(get_margin),
            query=MarginQuery,
            response=MarginAnswer,
        )
    ]


async def read_margin(
    site: WebContext, asked: QueryScope, code: str, choice: MarginChoice
) -> MarginAnswer:
    """The margins of a region.

    Raises:
        FormatError: no such region, or nobody of that number is behind the first.
    """

    def read(view: View) -> MarginAnswer:
        def count(by: str) -> Mapping[Basis, Knowledge]:
            if choice.limit > KEPT_NAMES:
                return count_knowledge(view, asked, code, by, choice.limit)
            return site.margins.read(view, asked, code, by)

        digest = site.maps.read_digest(view, asked.election)
        return answer_margin(view, asked, code, count, digest, choice)

    async with site.large_answers:
        return await site.db.read(read)


async def get_margin(request: web.Request, query: MarginQuery) -> web.StreamResponse:
    """The margins as data."""
    site = request.app[SITE]
    asked = ask(site.profiles, site.settings.elections, query.election, query.contest)
    choice = MarginChoice(basis=query.basis, against=query.against, limit=query.limit)
    answer = await read_margin(site, asked, query.region, choice)
    if query.format == "json":
        return reply(request, "json", answer)
    codes = [station.tps for station in answer.first]
    names = await site.db.read(read_names, asked.election, codes)
    listed = await site.db.read(sources, asked.election, site.settings)
    table = first_table(answer, names, Credit(answer.cursor, listed))
    return reply(request, query.format, answer, table)
