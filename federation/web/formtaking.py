"""Pages for editors: what waits to be read, and who takes which form.

Rule: nobody gets a form by looking: a link on another site must not make somebody hold
one. It is taken by a button of ours (`web/forms.py`), or together with the answer to
the one before (`reading.py`).

    GET  /antrean                what waits
    GET  /antrean/baca           a button that takes the next form
    POST /antrean/baca           take the next one, or that of `tps`: on to its page
    POST /antrean/masih/{tps}    the reader is still at it
"""

from collections import Counter
from http import HTTPStatus
from typing import Any, Final, NoReturn

from aiohttp import web

from federation.flows.dataset.choose import PAGE_FORMS
from federation.flows.query.region import told_contests
from federation.flows.query.scope import (
    QueryScope,
    parents_of,
    parse_region,
    places,
    read_names,
)
from federation.flows.queue.answers import ORDERS
from federation.flows.queue.waiting import (
    MAX_COUNTED,
    QueueAsked,
    count_waiting,
    list_queue,
)
from federation.records.readingqueue import QUEUES
from federation.records.tps import parse_tps
from federation.store import rollup
from federation.store.view import View
from federation.web.context import SITE
from federation.web.dashboard import tell_fresh
from federation.web.editorpage import EditorPage, elsewhere, for_editors
from federation.web.forms import read_form
from federation.web.page import query_of
from federation.web.queues import READING, count_queues, queue_links
from federation.web.requests.reading import HoldForm, OfferForm

PAGE_SIZE: Final = 50
_KABUPATEN: Final = 4  # digits


def routes() -> list[web.RouteDef]:
    """The pages."""
    return [
        web.get("/antrean", for_editors(waiting)),
        web.get("/antrean/baca", for_editors(beginning)),
        web.post("/antrean/baca", for_editors(take)),
        web.post("/antrean/masih/{tps}", for_editors(still)),
    ]


async def waiting(page: EditorPage) -> web.StreamResponse:
    """What waits, and where to begin."""
    site, scope = page.request.app[SITE], page.scope()
    asked = _read_asked(page, scope)
    after = page.request.query.get("after", "")
    code, ours = asked.region, site.settings.org

    def read(view: View) -> dict[str, Any]:
        answer = list_queue(view, asked, after, PAGE_SIZE)
        codes = [form.tps for form in answer.forms]
        told = told_contests(view, scope.profile)
        return {
            "answer": answer,
            "names": read_names(view, scope.election, codes),
            **_read_parts(view, asked),
            "parents": places(view, scope.election, parents_of(code)),
            "counts": count_queues(view, scope, code, ours),
            # Of which there is no record nothing waits.
            "contests": sorted({*told, scope.contest}),
        }

    # It looks at up to `MAX_COUNTED` forms to say how many there are.
    async with site.large_answers:
        found = await site.db.read(read)
    counts = found.pop("counts")
    data = {
        "election": scope.election,
        "contest": scope.contest,
        "queue": page.queue,
        "region": code,
        "reason": asked.reason,
        "order": asked.order,
    }
    return page.show(
        "queue.html",
        **found,
        frame=queue_links(page, counts, ours, READING, code),
        most=MAX_COUNTED,
        reasons=QUEUES[page.queue],
        orders=ORDERS,
        order=asked.order,
        reason=asked.reason,
        after=after,
        fresh=await tell_fresh(page, scope, code),
        data=query_of("/v1/queue", {**data, "after": after}),
        files={
            form: query_of("/v1/queue/export", {**data, "format": form})
            for form in PAGE_FORMS
        },
        here=page.queue,
        contest=scope.contest,
        done=page.request.query.get("done", ""),
    )


def _read_asked(page: EditorPage, scope: QueryScope) -> QueueAsked:
    """What of the queue is shown.

    Raises:
        FormatError: no such order, reason or region.
    """
    site = page.request.app[SITE]
    return QueueAsked(
        scope,
        page.queue,
        site.settings.org,
        site.clock(),
        parse_region(page.chosen.get("region", "")),
        page.reader.name,
        page.reason,
        page.order,
    )


def _read_parts(view: View, asked: QueueAsked) -> dict[str, Any]:
    """How many wait, and the parts of the region, those with the most first.

    Where more wait than are counted the parts stand by their codes, without figures.
    """
    scope, counted, parts = asked.scope, count_waiting(view, asked), list[str]()
    if counted is not None:
        parts = [code for code, _ in Counter(counted.parts).most_common()]
    elif len(asked.region) <= _KABUPATEN:
        parts = sorted(
            rollup.list_children(view, scope.election, scope.contest, asked.region)
        )
    return {
        "total": None if counted is None else counted.total,
        "within": [
            (place, None if counted is None else counted.parts[place.code])
            for place in places(view, scope.election, parts)
        ],
    }


async def beginning(page: EditorPage) -> web.StreamResponse:
    """Before the next form: the button that takes it."""
    return offer_form(page, page.scope(), "")


def offer_form(page: EditorPage, scope: QueryScope, tps: str) -> web.Response:
    """The button that takes a form; what the address says goes with it."""
    query = page.request.query
    fields = {name: query.get(name, "") for name in ("after", "at", "record")}
    given = {"tps": tps, **fields}
    return page.show("take.html", given=given, contest=scope.contest)


async def take(page: EditorPage) -> web.StreamResponse:
    """Take the form of a station, or else the next one; then on to its page.

    Raises:
        HTTPSeeOther: to the form, or to the list where nothing is left.
    """
    given, scope = await read_form(page.request), page.scope()
    if not given.get("tps"):
        await next_form(page, scope, given.get("after", ""))
    tps = parse_tps(given["tps"])
    held = await page.request.app[SITE].desk.run(
        HoldForm(
            reader=page.reader,
            election=scope.election,
            contest=scope.contest,
            tps=tps,
        )
    )
    if not held.tps:
        return elsewhere(page, "taken", HTTPStatus.CONFLICT)
    more = {"at": given.get("at", ""), "record": given.get("record", "")}
    address = page.link(f"/antrean/baca/{tps}", contest=scope.contest, **more)
    raise web.HTTPSeeOther(address)


async def next_form(
    page: EditorPage, scope: QueryScope, after: str, done: str = ""
) -> NoReturn:
    """To the next form that nobody else reads, or back to the list.

    Raises:
        HTTPSeeOther: always.
    """
    held = await page.request.app[SITE].desk.run(
        OfferForm(
            reader=page.reader,
            election=scope.election,
            contest=scope.contest,
            queue=page.queue,
            region=page.chosen.get("region", ""),
            reason=page.reason,
            order=page.order,
            after=after,
        )
    )
    more = {"queue": page.queue, "contest": scope.contest, "done": done}
    if not held.tps:
        raise web.HTTPSeeOther(page.link("/antrean", **more))
    raise web.HTTPSeeOther(page.link(f"/antrean/baca/{held.tps}", at=held.at, **more))


async def still(page: EditorPage) -> web.StreamResponse:
    """The reader is still at it: 204; 409 once somebody else has it."""
    await read_form(page.request)
    scope = page.scope()
    held = await page.request.app[SITE].desk.run(
        HoldForm(
            reader=page.reader,
            election=scope.election,
            contest=scope.contest,
            tps=page.request.match_info["tps"],
            renew=True,
        )
    )
    return web.Response(status=204 if held.tps else 409)
