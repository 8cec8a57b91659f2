"""On a station's page, and a report's: ask partners for photographs that are not here.

    POST /tps/{code}/foto            the button; then the page, which says what came
    POST /laporan/{org}/{id}/foto    likewise, for all reports of one thing

Rule: the same is done as by `federation photos fetch`. Whoever may see photos may
ask for them; a page of another site makes nobody ask (`web/forms.py`).
"""

from typing import Final, Literal, TypeAlias

from aiohttp import web

from federation.errors import FormatError, NotFoundError, RecordError
from federation.flows.incidents.answers import find_incident
from federation.flows.query.scope import ask
from federation.records.canonical import convert
from federation.records.incident import IncidentName
from federation.records.tps import parse_tps
from federation.text import Text
from federation.web.access import require
from federation.web.context import SITE
from federation.web.dashboard import pick_page_language
from federation.web.forms import read_form
from federation.web.page import Page
from federation.web.requests.photos import FetchPhotos, PhotosFetched

PATH: Final = "/tps/{code}/foto"
OF_REPORT: Final = "/laporan/{org}/{id}/foto"
#: Somebody waits before a browser; what comes later is there when they look again.
WITHIN_S: Final = 5.0
_CHOICES: Final = ("election", "contest", "lang")

#: What became of it: they are here; some are not yet; nobody whom we ask names one.
AskedPhotos: TypeAlias = Literal["all", "some", "none"]


def routes() -> list[web.RouteDef]:
    """The buttons."""
    return [web.post(PATH, ask_partners), web.post(OF_REPORT, ask_for_report)]


async def ask_partners(request: web.Request) -> web.StreamResponse:
    """Ask for what a station's records name and is not here.

    Raises:
        HTTPSeeOther: back to the station's page.
        NotAllowed: nobody is signed in who may see photographs.
        ForeignForm: the form is not of this browser.
        HTTPNotFound: there is no such station, or election.
        OSError: a disk of ours is full or failed.
    """
    await require(request, "see")
    await read_form(request)
    site = request.app[SITE]
    chosen = {k: request.query[k] for k in _CHOICES if request.query.get(k)}
    try:
        code = parse_tps(request.match_info["code"])
        scope = ask(
            site.profiles,
            site.settings.elections,
            chosen.get("election", ""),
            chosen.get("contest", ""),
        )
    except (FormatError, NotFoundError):
        raise web.HTTPNotFound from None
    asked = FetchPhotos(election=scope.election, region=code, within_s=WITHIN_S)
    became = _became(await site.desk.run(asked))
    page = Page(request, Text(pick_page_language(request)), chosen)
    raise web.HTTPSeeOther(page.link(f"/tps/{code}", asked=became))


async def ask_for_report(request: web.Request) -> web.StreamResponse:
    """Ask for what a report, and others of the same, name and is not here.

    Raises:
        HTTPSeeOther: back to the report's page.
        NotAllowed: nobody is signed in who may see photographs.
        ForeignForm: the form is not of this browser.
        HTTPNotFound: there is no such report.
        OSError: a disk of ours is full or failed.
    """
    caller = await require(request, "see")
    await read_form(request)
    site, members = request.app[SITE], dict(request.match_info)
    try:
        name = convert(members, IncidentName)
        found = await site.db.read(find_incident, caller, name)
    except (RecordError, NotFoundError):
        raise web.HTTPNotFound from None
    assert found.merged is not None, "one was asked for"
    became: AskedPhotos = "none"
    if digests := tuple(found.merged.merged.evidence):
        asked = FetchPhotos(digests=digests, within_s=WITHIN_S)
        became = _became(await site.desk.run(asked))
    chosen = {k: request.query[k] for k in _CHOICES if request.query.get(k)}
    page = Page(request, Text(pick_page_language(request)), chosen)
    raise web.HTTPSeeOther(page.link(f"/laporan/{name}", asked=became))


def _became(done: PhotosFetched) -> AskedPhotos:
    if not done.asked:
        return "none"
    return "all" if done.held == done.asked else "some"
