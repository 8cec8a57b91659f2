"""KPU's figures over time, for programs.

    GET /v1/kpu?kind=&org=&region=          /v1/kpu/export

Rule: as of all public reads (`api.py`). How many days a figure has differed is counted
to the moment of the answer, so an answer is never kept.
"""

from typing import Any

from aiohttp import web

from federation.flows.query import state
from federation.flows.query.kpu import ask_kpu
from federation.flows.query.kpuanswers import KpuAnswer
from federation.flows.query.kputable import KpuExport, kpu_table
from federation.flows.query.scope import ask
from federation.flows.query.table import Credit, QueryTable
from federation.store.view import View
from federation.web.context import SITE
from federation.web.countqueries import KpuExportQuery, KpuQuery
from federation.web.openapi import Endpoint
from federation.web.responses import reply, stream


def endpoints() -> list[Endpoint[Any]]:
    """What of it is below `/v1`."""
    return [
        Endpoint(
            path="/v1/kpu",
            summary="What changed in KPU's figures, compared with the monitors'",
            handler=get_kpu,
            query=KpuQuery,
            response=KpuAnswer,
        ),
        Endpoint(
            path="/v1/kpu/export",
            summary="All changes of KPU's figures as CSV or NDJSON",
            handler=get_kpu_export,
            query=KpuExportQuery,
        ),
    ]


async def get_kpu(request: web.Request, query: KpuQuery) -> web.StreamResponse:
    """A page of the changes, with what is counted."""
    site, now = request.app[SITE], int(request.app[SITE].clock())

    def read(view: View) -> tuple[KpuAnswer, QueryTable | None]:
        asked = ask(
            site.profiles, site.settings.elections, query.election, query.contest
        )
        answer = ask_kpu(
            view,
            asked,
            now,
            query.region,
            query.kind,
            query.org,
            query.after,
            query.limit,
            query.sort,
        )
        if query.format == "json":
            return answer, None
        known = state.sources(view, asked.election, site.settings)
        return answer, kpu_table(
            asked.contest,
            answer.changes,
            asked.numbers(query.region),
            answer.names,
            Credit(answer.cursor, known),
        )

    # What is counted of a region is counted anew for each page.
    async with site.kpu_answers:
        return reply(request, query.format, *await site.db.read(read))


async def get_kpu_export(
    request: web.Request, query: KpuExportQuery
) -> web.StreamResponse:
    """All of them, page by page."""
    site = request.app[SITE]
    asked = ask(site.profiles, site.settings.elections, query.election, query.contest)
    export = await site.db.read(
        KpuExport,
        *(site.settings, asked, int(site.clock()), query.region, query.kind),
        query.org,
    )
    return await stream(request, query.format, export, site)
