"""Pages for editors: a form beside its photographs, and what was read of it.

Rule: a page works without script; `read.js` only makes it more comfortable. The form
shows no numbers of others, so that who reads again reads anew. It is shown to who has
it (`formtaking.py`); what was typed is never lost.

    GET  /antrean/baca/{tps}     the form, for who has it; else a button that takes it
    POST /antrean/baca/{tps}     what was read, or why not; the next one is taken
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final, cast, get_args

from aiohttp import web

from federation.errors import FederationError, FormatError, NotFoundError
from federation.flows.query.scope import QueryScope, places
from federation.flows.queue.decision import ReadingDecision
from federation.flows.queue.form import FORMS, paper_form, read_typed
from federation.flows.queue.sources import FormSources, SignedReading, find_sources
from federation.records.tps import TpsId, parse_tps, regions_of
from federation.store import leases
from federation.store.photoanswers import FormPlace
from federation.text import Sentence
from federation.web.context import SITE
from federation.web.editorpage import EditorPage, elsewhere, for_editors
from federation.web.forms import read_form
from federation.web.formtaking import next_form, offer_form
from federation.web.readingpage import compare, form_parts, sum_rules
from federation.web.requests.reading import AnsweredForm, AnswerForm, FormAnswer

#: After these the next form is shown, with a word on what became of this one.
_DONE: Final = frozenset({"saved", "confirmed", "noted", "skipped"})


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
        web.get("/antrean/baca/{tps}", for_editors(form)),
        web.post("/antrean/baca/{tps}", for_editors(answer)),
    ]


async def form(page: EditorPage) -> web.StreamResponse:
    """A form beside its photographs, for who has it; else how one gets it."""
    tps, scope = parse_tps(page.request.match_info["tps"]), page.scope()
    sources = await _sources(page, scope, tps)
    cited = sources.find(page.request.query.get("record", ""))
    if cited is None:
        return elsewhere(page, "changed", HTTPStatus.NOT_FOUND)
    holder = await _holder(page, FormPlace(scope.election, scope.contest, tps))
    if holder is None:
        return offer_form(page, scope, tps)
    if holder != page.reader.holder:
        return elsewhere(page, "taken", HTTPStatus.CONFLICT)
    return await _show_form(page, _FormState(tps=tps, sources=sources, cited=cited))


async def _holder(page: EditorPage, place: FormPlace) -> str | None:
    """Who has the form now; None: nobody has."""
    site = page.request.app[SITE]
    found = await site.db.read(leases.holders, [place], site.clock())
    return found.get(place)


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
        raise FormatError(Sentence("asked.no-answer"), "answer")
    if cited is None and wanted != "skip":
        return elsewhere(page, "changed", HTTPStatus.CONFLICT)
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
        await next_form(page, page.scope(), at, answered.outcome)
    is_taken, is_read = answered.outcome == "taken", given.get("answer") == "read"
    if answered.outcome == "changed" or (is_taken and not is_read):
        return elsewhere(page, answered.outcome, HTTPStatus.CONFLICT)
    sources = await _sources(page, page.scope(), tps)
    cited = sources.find(given.get("record", ""))
    if cited is None:
        return elsewhere(page, "changed", HTTPStatus.CONFLICT)
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


async def _sources(page: EditorPage, scope: QueryScope, tps: TpsId) -> FormSources:
    site = page.request.app[SITE]
    return await site.db.read(find_sources, scope, tps, site.settings.org)


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
