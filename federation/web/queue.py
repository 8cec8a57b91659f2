"""The reading queue for programs: which photographs of forms wait to be read.

Rule: all that it says follows from public records, but what our people answered and who
reads now is nobody's business outside: it is there for who may read forms
(`records/readers.py`), and for others it is not there.

    GET /v1/queue?queue=unread|differs|single&reason=&order=&region=
    GET /v1/queue/export?…   all of it, in one stream
"""

from typing import Any

from aiohttp import hdrs, web

from federation.flows.query.scope import ask, read_names
from federation.flows.query.table import QueryTable
from federation.flows.queue.answers import QueueAnswer
from federation.flows.queue.export import QueueExport
from federation.flows.queue.table import waiting_table
from federation.flows.queue.waiting import QueueAsked, list_queue
from federation.store.view import View
from federation.web.access import admit
from federation.web.context import ENTITLED, SITE, WebContext
from federation.web.openapi import Endpoint
from federation.web.queries import QueueExportQuery, QueueQuery
from federation.web.responses import reply, stream


def endpoints() -> list[Endpoint[Any]]:
    """The queue below `/v1`."""
    return [
        Endpoint(
            path="/v1/queue",
            summary="Photographs of forms that wait to be read, the gravest first",
            handler=get_queue,
            query=QueueQuery,
            response=QueueAnswer,
            token=True,
        ),
        Endpoint(
            path="/v1/queue/export",
            summary="All photographs of forms that wait to be read, in one stream",
            handler=get_queue_export,
            query=QueueExportQuery,
            token=True,
        ),
    ]


async def get_queue(request: web.Request, query: QueueQuery) -> web.StreamResponse:
    """What waits to be read.

    Raises:
        HTTPNotFound: the caller may read no forms.
    """
    await admit(request, "read-forms")
    site, asked = request.app[SITE], _read_asked(request.app[SITE], query)

    def read(view: View) -> tuple[QueueAnswer, QueryTable | None]:
        answer = list_queue(view, asked, query.after, query.limit)
        if query.format == "json":
            return answer, None
        codes = [form.tps for form in answer.forms]
        names = read_names(view, asked.scope.election, codes)
        return answer, waiting_table(answer.forms, names, answer.cursor)

    answered = reply(request, query.format, *await site.db.read(read))
    answered.headers[hdrs.CACHE_CONTROL] = "private, no-cache"
    return answered


async def get_queue_export(
    request: web.Request, query: QueueExportQuery
) -> web.StreamResponse:
    """All that waits to be read, page by page.

    Raises:
        HTTPNotFound: the caller may read no forms.
    """
    await admit(request, "read-forms")
    site = request.app[SITE]
    export = QueueExport(_read_asked(site, query))
    request[ENTITLED] = True
    return await stream(request, query.format, export, site)


def _read_asked(site: WebContext, query: QueueQuery | QueueExportQuery) -> QueueAsked:
    """Whose queue is asked for.

    Raises:
        NotFoundError: there is no such election or contest here.
    """
    return QueueAsked(
        ask(site.profiles, site.settings.elections, query.election, query.contest),
        query.queue,
        site.settings.org,
        site.clock(),
        query.region,
        reason=query.reason,
        order=query.order,
    )
