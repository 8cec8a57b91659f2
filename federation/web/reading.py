"""Pages for editors: what waits to be read, and a form beside its photographs.

Rule: a page works without script; `read.js` only makes it more comfortable, and no
other script runs (`_POLICY`). The form shows no numbers of others, so that who reads
again reads anew. Whoever may read no forms is told how one is let in, nothing else. A
form that somebody opens is theirs for a while; so a page of another site, which makes a
browser open one, gets no further than the list.

    GET  /antrean                what waits
    GET  /antrean/baca           the next form: on to its page
    GET  /antrean/baca/{tps}     a form, which is the reader's for a while
    POST /antrean/baca/{tps}     what was read, or why not
    POST /antrean/masih/{tps}    the reader is still at it
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, TypeAlias, cast, get_args

from aiohttp import hdrs, web

from federation.errors import FederationError, FormatError, NotFoundError
from federation.flows.query.scope import QueryScope, ask, contests_of, places
from federation.flows.queue.decision import ReadingDecision
from federation.flows.queue.form import FORMS, paper_form, read_typed
from federation.flows.queue.sources import FormSources, SignedReading, find_sources
from federation.flows.queue.waiting import QueueAsked, list_queue
from federation.records.readers import Caller, Person
from federation.records.readingqueue import QUEUES, ReadingQueue
from federation.records.tps import TpsId, parse_tps, regions_of
from federation.text import Text
from federation.web.access import require
from federation.web.context import SITE
from federation.web.dashboard import pick_page_language
from federation.web.forms import is_of_another_site, read_form
from federation.web.page import POLICY, Page, static_address
from federation.web.readingpage import compare, form_parts, sum_rules
from federation.web.readingrequests import (
    AnsweredForm,
    AnswerForm,
    FormAnswer,
    FormReader,
    HoldForm,
    OfferForm,
)

PAGE_SIZE: Final = 50
_CHOICES: Final = ("election", "contest", "lang", "queue", "region")
_POLICY: Final = f"{POLICY}; script-src 'self'; connect-src 'self'"
#: After these the next form is shown, with a word on what became of this one.
_DONE: Final = frozenset({"saved", "confirmed", "noted", "skipped"})

Show: TypeAlias = Callable[["EditorPage"], Awaitable[web.StreamResponse]]


class EditorPage(Page):
    """A page for somebody who may read forms."""

    def __init__(self, request: web.Request, reader: FormReader) -> None:
        """`reader`: who asks; the gate let them."""
        chosen = {k: request.query[k] for k in _CHOICES if request.query.get(k)}
        super().__init__(request, Text(pick_page_language(request)), chosen)
        self.reader = reader

    @property
    def queue(self) -> ReadingQueue:
        """Which queue is worked on."""
        chosen = self.chosen.get("queue", "")
        return cast("ReadingQueue", chosen if chosen in QUEUES else "unread")

    def scope(self) -> QueryScope:
        """Which election and contest.

        Raises:
            NotFoundError: there is no such one here.
        """
        site, given = self.request.app[SITE], self.chosen
        election, contest = given.get("election", ""), given.get("contest", "")
        return ask(site.profiles, site.settings.elections, election, contest)

    def show(self, template: str, /, **values: object) -> web.Response:
        """The template, for this reader only, with the one script that may run."""
        owner = self.request.app[SITE].settings.name
        address = self.to(static_address("read.js"))
        answered = self.render(
            template, owner, script=address, queues=list(QUEUES), **values
        )
        answered.headers["Content-Security-Policy"] = _POLICY
        answered.headers[hdrs.CACHE_CONTROL] = "private, no-store"
        return answered


@dataclass(frozen=True, kw_only=True)
class _FormState:
    """A form on the page: what it is read from, what is in it, what is asked."""

    tps: TpsId
    sources: FormSources
    cited: SignedReading
    values: Mapping[str, str] = field(default_factory=dict)
    bad: tuple[str, ...] = ()
    answered: AnsweredForm | None = None
    status: HTTPStatus = HTTPStatus.OK


def routes() -> list[web.RouteDef]:
    """The pages."""
    return [
        web.get("/antrean", _for_editors(waiting)),
        web.get("/antrean/baca", _for_editors(following)),
        web.get("/antrean/baca/{tps}", _for_editors(form)),
        web.post("/antrean/baca/{tps}", _for_editors(answer)),
        web.post("/antrean/masih/{tps}", _for_editors(still)),
    ]


def _for_editors(show: Show) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        page = EditorPage(request, _reader(await require(request, "read-forms")))
        try:
            return await show(page)
        except (NotFoundError, FormatError) as error:
            return _mistake(page, error)

    return handle


def _reader(caller: Caller) -> FormReader:
    if isinstance(caller, Person):
        return FormReader(name=caller.name, role=caller.role)
    return FormReader(name="", role="machine")


def _mistake(page: EditorPage, error: NotFoundError | FormatError) -> web.Response:
    answered = page.show("unread.html", said=page.t.say(_cause(error)), why="")
    is_format = isinstance(error, FormatError)
    answered.set_status(HTTPStatus.BAD_REQUEST if is_format else HTTPStatus.NOT_FOUND)
    return answered


def _cause(error: NotFoundError | FormatError) -> object:
    return error.what if isinstance(error, FormatError) else error.args[0]


async def waiting(page: EditorPage) -> web.StreamResponse:
    """What waits, and where to begin."""
    site, scope = page.request.app[SITE], page.scope()
    asked = QueueAsked(
        scope,
        page.queue,
        site.settings.org,
        site.clock(),
        page.chosen.get("region", ""),
        page.reader.name,
    )
    after = page.request.query.get("after", "")
    found = await site.db.read(list_queue, asked, after, PAGE_SIZE)
    return page.show(
        "queue.html",
        answer=found,
        here=page.queue,
        contest=scope.contest,
        contests=contests_of(scope.profile),
        done=page.request.query.get("done", ""),
    )


async def following(page: EditorPage) -> web.StreamResponse:
    """To the next form that nobody else reads, or back to the list.

    Raises:
        HTTPSeeOther: always.
    """
    _keep_out(page)
    site, scope = page.request.app[SITE], page.scope()
    held = await site.desk.run(
        OfferForm(
            reader=page.reader,
            election=scope.election,
            contest=scope.contest,
            queue=page.queue,
            region=page.chosen.get("region", ""),
            after=page.request.query.get("after", ""),
        )
    )
    more = {"queue": page.queue, "contest": scope.contest}
    more["done"] = page.request.query.get("done", "")
    if not held.tps:
        raise web.HTTPSeeOther(page.link("/antrean", **more))
    raise web.HTTPSeeOther(page.link(f"/antrean/baca/{held.tps}", at=held.at, **more))


async def form(page: EditorPage) -> web.StreamResponse:
    """A form beside its photographs, if nobody else reads it.

    Raises:
        HTTPSeeOther: a page of another site has made the browser open it.
    """
    _keep_out(page)
    tps, scope = parse_tps(page.request.match_info["tps"]), page.scope()
    held = await page.request.app[SITE].desk.run(
        HoldForm(
            reader=page.reader,
            election=scope.election,
            contest=scope.contest,
            tps=tps,
        )
    )
    if not held.tps:
        return _elsewhere(page, "taken", HTTPStatus.CONFLICT)
    sources = await _sources(page, scope, tps)
    cited = sources.find(page.request.query.get("record", ""))
    if cited is None:
        return _elsewhere(page, "changed", HTTPStatus.NOT_FOUND)
    return await _show_form(page, _FormState(tps=tps, sources=sources, cited=cited))


def _keep_out(page: EditorPage) -> None:
    """Let no other site take forms in the name of somebody who is signed in here.

    Raises:
        HTTPSeeOther: to the list, which takes none.
    """
    if is_of_another_site(page.request):
        raise web.HTTPSeeOther(page.link("/antrean"))


async def answer(page: EditorPage) -> web.StreamResponse:
    """What was read, or why not; then the next form, or a question back.

    Raises:
        HTTPSeeOther: to the next form.
    """
    given = await read_form(page.request)
    tps, scope = parse_tps(page.request.match_info["tps"]), page.scope()
    typed = read_typed(paper_form(scope.profile, scope.contest, tps), given)
    sources = await _sources(page, scope, tps)
    cited = sources.find(given.get("record", "-"))
    wanted = given.get("answer", "read")
    if wanted not in get_args(FormAnswer):
        raise FormatError("no answer of this page", "answer")
    if cited is None and wanted != "skip":
        return _elsewhere(page, "changed", HTTPStatus.CONFLICT)
    if cited is not None and wanted == "read" and (typed.bad or not typed.members):
        state = _FormState(
            tps=tps,
            sources=sources,
            cited=cited,
            values=given,
            bad=typed.bad,
            answered=AnsweredForm(outcome="refused"),
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
        )
        return await _show_form(page, state)
    asked = AnswerForm(
        reader=page.reader,
        election=scope.election,
        contest=scope.contest,
        tps=tps,
        record=given.get("record", ""),
        answer=cast("FormAnswer", wanted),
        members=typed.members,
        accepted=tuple(given.get("accepted", "").split()),
        decision=_decision(given),
        elsewhere=_code(given.get("elsewhere", "")),
    )
    return await _answered(page, tps, given, await _ask(page, asked))


async def _ask(page: EditorPage, asked: AnswerForm) -> AnsweredForm:
    """What the node answers; where it may not sign now, nothing typed is lost."""
    try:
        return await page.request.app[SITE].desk.run(asked)
    except (NotFoundError, FormatError):
        raise
    except FederationError as error:
        return AnsweredForm(outcome="refused", reason=page.t.say(error.args[0]))


async def _answered(
    page: EditorPage, tps: TpsId, given: Mapping[str, str], answered: AnsweredForm
) -> web.StreamResponse:
    """On to the next form; or this one once more, with what is asked.

    Whoever comes back to a form that is somebody else's by now has lost nothing typed.

    Raises:
        HTTPSeeOther: to the next form.
    """
    if answered.outcome in _DONE:
        at = page.request.query.get("at", "")
        on = {"after": at, "done": answered.outcome}
        raise web.HTTPSeeOther(page.link("/antrean/baca", **on))
    is_taken, is_read = answered.outcome == "taken", given.get("answer") == "read"
    if answered.outcome == "changed" or (is_taken and not is_read):
        return _elsewhere(page, answered.outcome, HTTPStatus.CONFLICT)
    sources = await _sources(page, page.scope(), tps)
    cited = sources.find(given.get("record", ""))
    if cited is None:
        return _elsewhere(page, "changed", HTTPStatus.CONFLICT)
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if is_taken:
        status = HTTPStatus.CONFLICT
        reason = page.t("queue.taken")
        answered = AnsweredForm(outcome="refused", reason=reason)
    state = _FormState(
        tps=tps,
        sources=sources,
        cited=cited,
        values=given,
        answered=answered,
        status=status,
    )
    return await _show_form(page, state)


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


async def _sources(page: EditorPage, scope: QueryScope, tps: TpsId) -> FormSources:
    site = page.request.app[SITE]
    return await site.db.read(find_sources, scope, tps, site.settings.org)


def _elsewhere(page: EditorPage, why: str, status: HTTPStatus) -> web.Response:
    """There is nothing to be read here now: why, and the way on."""
    answered = page.show("unread.html", said=page.t(f"queue.{why}"), why=why)
    answered.set_status(status)
    return answered


async def _show_form(page: EditorPage, state: _FormState) -> web.Response:
    site, scope = page.request.app[SITE], page.scope()
    paper = paper_form(scope.profile, scope.contest, state.tps)
    parts = form_parts(page.t, paper, state.values, state.bad)
    asked = state.answered
    region = await site.db.read(places, scope.election, regions_of(state.tps))
    answered = page.show(
        "form.html",
        tps=state.tps,
        contest=scope.contest,
        places=region,
        sources=state.sources,
        cited=state.cited,
        sections=parts,
        is_seen=not state.sources.held.isdisjoint(state.cited.claim.files),
        values=state.values,
        forms=FORMS,
        form=state.values.get("form") or state.cited.result.form,
        asked=asked,
        bad=state.bad,
        compared=compare(parts, asked.ours, state.values) if asked else [],
        sums=sum_rules(page.t, paper),
        done=page.request.query.get("done", ""),
        at=page.request.query.get("at", ""),
        action=_with_query(page),
        still=page.link(f"/antrean/masih/{state.tps}"),
    )
    answered.set_status(state.status)
    return answered


def _with_query(page: EditorPage) -> str:
    """Where the form is sent: to this page, with what was chosen and where it is."""
    query = {"at": page.request.query.get("at", "")}
    return page.link(page.request.path, **query)


def _decision(given: Mapping[str, str]) -> ReadingDecision:
    chosen = given.get("decision", "")
    return cast(
        "ReadingDecision", chosen if chosen in get_args(ReadingDecision) else ""
    )


def _code(typed: str) -> str:
    """A station's code without what people put between its parts."""
    return "".join(c for c in typed.upper() if c.isascii() and c.isalnum())
