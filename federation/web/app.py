"""The table of contents: every path a node answers, and what wraps all of them."""

from collections.abc import Sequence
from importlib.metadata import version
from ipaddress import ip_network
from typing import Final

from aiohttp import hdrs, web

from federation.records.readers import Caller, may_hear, may_quote, may_see
from federation.text import Sentence
from federation.web import (
    agencyanswers,
    alike,
    api,
    blobs,
    dashboard,
    errorspage,
    evidence,
    feed,
    forensics,
    formtaking,
    handinpage,
    helppage,
    incidentpage,
    incidents,
    intake,
    kpu,
    kpupage,
    lag,
    live,
    mailin,
    maps,
    margin,
    missing,
    openapidocument,
    outlet,
    paperspage,
    partnerspage,
    photoask,
    photogroup,
    photopieces,
    pictures,
    previews,
    queue,
    reading,
    recaps,
    receipt,
    regionpage,
    removalpage,
    removals,
    reportpage,
    searchpage,
    signin,
    stationlist,
    suggestions,
    thumbnails,
    uploads,
    wellknown,
    witness,
)
from federation.web.access import NONCES, keep_from_others, known_caller, recognise
from federation.web.below import base_path, home_below
from federation.web.bucket import Bucket
from federation.web.connections import deadlines, mark_sending, watch
from federation.web.context import SITE, WebContext
from federation.web.cors import preflights, share_public_reads
from federation.web.fastpath import FastPath
from federation.web.language import text_for_program
from federation.web.nonces import Nonces
from federation.web.nothere import page_for_nothing
from federation.web.open311 import catalogue, following, posting
from federation.web.origin import NAMED_IN, NAMES, PROXIES, only_own_names, own_names
from federation.web.parts import say_nothing_of_fields
from federation.web.problem import answer_problems
from federation.web.readonly import only_reading, tell_lag
from federation.web.sessions import keep_private, recognise_browser

PACKAGE = "tps-federation"
_NOT_READY = Sentence("refused.not-ready")
FAST: Final[web.AppKey[FastPath]] = web.AppKey("fast", FastPath)


def make_app(site: WebContext) -> web.Application:
    """The application of one node."""
    say_nothing_of_fields()
    app = web.Application(
        middlewares=[
            *(
                watch,
                page_for_nothing,
                answer_problems,
                only_own_names,
                only_reading,
                deadlines,
                recognise,
            ),
            *(recognise_browser, signin.show_hints),
        ],
        client_max_size=site.settings.limits.max_body_bytes,
    )
    app[SITE] = site
    app[feed.LOG_IDS] = {}
    app[NONCES] = Nonces(site.clock())
    app[previews.PREVIEWS] = previews.Previews()
    app[suggestions.KEPT] = suggestions.KeptSuggestions()
    app[outlet.SENDERS] = outlet.senders()
    app[photopieces.COMING] = set()
    news = app[live.NEWS] = live.MapNews(site)
    app.on_cleanup.append(news.close)
    listen = site.settings.listen
    app[NAMES] = own_names(listen)
    app[NAMED_IN] = listen.forwarded
    app[PROXIES] = [ip_network(proxy) for proxy in listen.trusted_proxies]
    for key, bucket in _buckets(site).items():
        app[key] = bucket
    app.add_routes(
        [
            web.get("/livez", is_alive),
            web.get("/readyz", ready),
            web.get("/metrics", metrics),
        ]
    )
    endpoints = [
        *api.endpoints(),
        *kpu.endpoints(),
        *recaps.endpoints(),
        *maps.endpoints(),
        *receipt.endpoints(),
        *intake.endpoints(),
        *evidence.endpoints(),
        *uploads.endpoints(),
        *incidents.endpoints(),
        *agencyanswers.endpoints(),
        *mailin.endpoints(),
        *forensics.endpoints(),
        *margin.endpoints(),
        *pictures.endpoints(),
        *queue.endpoints(),
        *alike.endpoints(),
        *missing.endpoints(),
        *removals.endpoints(),
        *witness.endpoints(),
        *lag.endpoints(),
    ]
    public = [
        *(endpoint.route() for endpoint in endpoints),
        openapidocument.describe(endpoints, version=version(PACKAGE)),
        *feed.routes(),
        *catalogue.routes(),
    ]
    app.add_routes(public)
    app.add_routes(preflights(public))
    app.on_cleanup.append(outlet.dismiss)
    app.on_cleanup.append(site.pictures.close)
    app.on_cleanup.append(site.told_margins.close)
    app.on_cleanup.append(site.margins_counting.close)
    app.on_cleanup.append(site.patterns_counting.close)
    app.on_cleanup.append(site.pages.close)
    app.on_response_prepare.append(share_public_reads)
    app.on_response_prepare.append(mark_sending)
    app.on_response_prepare.append(hide_versions)
    app.on_response_prepare.append(keep_from_others)
    app.on_response_prepare.append(keep_private)
    app.on_response_prepare.append(tell_lag)
    for pages in (
        intake,
        regionpage,
        dashboard,
        stationlist,
        kpupage,
        recaps,
        margin,
        pictures,
        forensics,
        previews,
        live,
        searchpage,
        suggestions,
        reportpage,
        paperspage,
        partnerspage,
        incidentpage,
        handinpage,
        photopieces,
        formtaking,
        reading,
        signin,
        removalpage,
        photoask,
        blobs,
        photogroup,
        thumbnails,
        posting,
        following,
        helppage,
        wellknown,
        errorspage,
    ):
        app.add_routes(pages.routes())
    app.add_routes(catalogue.no_other())
    app.add_routes(home_below(base_path(listen.public_url)))
    app[FAST] = FastPath(app)
    return app


def _buckets(site: WebContext) -> dict[web.AppKey[Bucket], Bucket]:
    """How often somebody may do something, and what of it is counted together."""
    per_hour = site.settings.open311.per_hour
    return {
        # An organisation wakes us up at most three times at once, then every ten
        # seconds; an address may speak for many, as a proxy before this node does.
        intake.NOTIFIED: Bucket(burst=3, refill_s=10),
        intake.SPOKEN: Bucket(burst=30, refill_s=1),
        agencyanswers.ANSWERED: Bucket(burst=30, refill_s=1),
        # A log asks after each of its totals; many may be behind one address.
        witness.OFFERED: Bucket(burst=60, refill_s=0.5),
        previews.DRAWN: Bucket(burst=60, refill_s=0.25),
        suggestions.SUGGESTED: Bucket(burst=60, refill_s=0.5),
        signin.SIGN_INS: Bucket(burst=20, refill_s=60),
        posting.HANDED_IN: Bucket(burst=per_hour, refill_s=3600 / per_hour),
        posting.FOLLOWED: Bucket(burst=600, refill_s=0.5),
        handinpage.REPORTED: Bucket(burst=handinpage.REPORTS_AT_ONCE, refill_s=60),
        handinpage.PHOTOGRAPHED: Bucket(burst=handinpage.PHOTOS_AT_ONCE, refill_s=20),
    }


async def hide_versions(_: web.Request, response: web.StreamResponse) -> None:
    """Nobody need know which holes to try: a signal of `on_response_prepare`."""
    response.headers.popall(hdrs.SERVER, None)


async def is_alive(_: web.Request) -> web.Response:
    """The process answers."""
    return web.Response(text="ok\n")


async def ready(request: web.Request) -> web.Response:
    """Whether this node may sign; if not, why (503): strangers learn no reason.

    Reasons name partners and folders of this machine; in English, unless
    `Accept-Language` asks for Indonesian. Programs read the status.

    Raises:
        BadToken: the token that it sent is none that is known here.
    """
    reasons = request.app[SITE].desk.readiness()
    if reasons:
        reasons = _told(await known_caller(request), reasons)
    say = text_for_program(request).say
    return web.Response(
        status=503 if reasons else 200,
        text="\n".join([say(reason) for reason in reasons] or ["ok"]) + "\n",
        headers={hdrs.VARY: hdrs.ACCEPT_LANGUAGE},
    )


def _told(caller: Caller, reasons: Sequence[Sentence]) -> list[Sentence]:
    """The reasons that the caller may read; at least that there is one it may hear."""
    heard = [why for why in reasons if may_hear(caller, why)]
    is_shown = may_see(caller, "partners")
    shown = [why for why in heard if is_shown and may_quote(caller, why)]
    return shown or ([_NOT_READY] if heard else [])


async def metrics(request: web.Request) -> web.Response:
    """Counters and gauges in Prometheus' text format, as far as the caller is told.

    Raises:
        BadToken: the token that it sent is none that is known here.
    """
    gauges = await request.app[SITE].desk.metrics(await known_caller(request))
    lines = [f"{name} {value:.17g}" for name, value in gauges.items()]
    return web.Response(
        text="\n".join(lines) + "\n",
        headers={"Content-Type": "text/plain; version=0.0.4"},
    )
