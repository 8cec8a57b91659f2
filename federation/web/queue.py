"""The reading queue for programs: which photographs of forms wait to be read.

Rule: all that it says follows from public records, but what our people answered and who
reads now is nobody's business outside: it is there for who may read forms
(`records/readers.py`), and for others it is not there.

    GET /v1/queue?queue=unread|differs|single
"""

from typing import Any

from aiohttp import hdrs, web

from federation.flows.query.scope import ask, read_names
from federation.flows.query.table import QueryTable
from federation.flows.queue.answers import QueueAnswer
from federation.flows.queue.table import waiting_table
from federation.flows.queue.waiting import QueueAsked, list_queue
from federation.store.db import View
from federation.web.access import admit
from federation.web.context import SITE
from federation.web.openapi import Endpoint
from federation.web.queries import QueueQuery
from federation.web.responses import reply


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
        )
    ]


async def get_queue(request: web.Request, query: QueueQuery) -> web.StreamResponse:
    """What waits to be read.

    Raises:
        HTTPNotFound: the caller may read no forms.
    """
    await admit(request, "read-forms")
    site = request.app[SITE]
    scope = ask(site.profiles, site.settings.elections, query.election, query.contest)
    asked = QueueAsked(
        scope, query.queue, site.settings.org, site.clock(), query.region
    )

    def read(view: View) -> tuple[QueueAnswer, QueryTable | None]:
        answer = list_queue(view, asked, query.after, query.limit)
        if query.format == "json":
            return answer, None
        codes = [form.tps for form in answer.forms]
        names = read_names(view, scope.election, codes)
        return answer, waiting_table(answer.forms, names, answer.cursor)

    answered = reply(request, query.format, *await site.db.read(read))
    answered.headers[hdrs.CACHE_CONTROL] = "private, no-cache"
    return answered
