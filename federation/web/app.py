"""The table of contents: every path a node answers, and what wraps all of them."""

from importlib.metadata import version

from aiohttp import web

from federation.web import api, dashboard, feed, intake, maps, openapi, receipt
from federation.web.access import BUSY, Bucket, deadlines, mark_busy
from federation.web.problem import answer_problems
from federation.web.sharing import preflights, share_public_reads
from federation.web.site import SITE, Site

PACKAGE = "tps-federation"


def make_app(site: Site) -> web.Application:
    """The application of one node."""
    app = web.Application(
        middlewares=[mark_busy, answer_problems, deadlines],
        client_max_size=site.settings.limits.max_body_bytes,
    )
    app[SITE] = site
    app[feed.LOG_IDS] = {}
    app[BUSY] = set()
    # An organisation wakes us up at most three times at once, then every ten seconds;
    # an address may speak for many, as a proxy before this node does.
    app[intake.NOTIFIED] = Bucket(burst=3, refill_s=10)
    app[intake.SPOKEN] = Bucket(burst=30, refill_s=1)
    app.add_routes(
        [
            web.get("/livez", live),
            web.get("/readyz", ready),
            web.get("/metrics", metrics),
        ]
    )
    endpoints = [
        *api.endpoints(),
        *maps.endpoints(),
        *receipt.endpoints(),
        *intake.endpoints(),
    ]
    public = [
        *(endpoint.route() for endpoint in endpoints),
        openapi.describe(endpoints, version=version(PACKAGE)),
        *feed.routes(),
    ]
    app.add_routes(public)
    app.add_routes(preflights(public))
    app.on_response_prepare.append(share_public_reads)
    app.add_routes(intake.routes())
    app.add_routes(dashboard.routes())
    return app


async def live(_: web.Request) -> web.Response:
    """The process answers."""
    return web.Response(text="ok\n")


async def ready(request: web.Request) -> web.Response:
    """Whether this node may sign; if not, why (503)."""
    reasons = request.app[SITE].desk.readiness()
    return web.Response(
        status=503 if reasons else 200, text="\n".join(reasons or ["ok"]) + "\n"
    )


async def metrics(request: web.Request) -> web.Response:
    """Counters and gauges in Prometheus' text format."""
    gauges = await request.app[SITE].desk.metrics()
    lines = [f"{name} {value:.17g}" for name, value in gauges.items()]
    return web.Response(
        text="\n".join(lines) + "\n",
        headers={"Content-Type": "text/plain; version=0.0.4"},
    )
