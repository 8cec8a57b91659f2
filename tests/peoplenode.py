"""A node's web with people, whose clock a test sets, and pages that say who asks."""

import itertools
from contextlib import asynccontextmanager
from types import SimpleNamespace

from aiohttp import web
from aiohttp.test_utils import TestServer

from federation.config.settings import Listen
from federation.node import people as work
from federation.store import actions, people
from federation.web.access import caller_of, require
from federation.web.app import make_app
from federation.web.forms import read_form
from tests import sample_map as sample
from tests.webnode import context_of, settings_of

LINK, OTHER = "l" * 43, "m" * 43
DOOR = f"/masuk?k={LINK}"
END = 10_000_000


class PeopleNode:
    """A node's web with people, whose clock a test sets."""

    def __init__(self, db, listen=None) -> None:
        self.db, self.now = db, 1_000
        self.settings = settings_of(listen=listen or Listen())
        numbers = itertools.count()
        self.site = context_of(
            db,
            self.settings,
            desk=self,
            profiles={sample.ELECTION: sample.profile()},
            clock=lambda: self.now,
            new_secret=lambda: f"{next(numbers):064}",
            control_token="c" * 40,
        )
        clocks = SimpleNamespace(wall=lambda: float(self.now))
        self._node = SimpleNamespace(clocks=clocks, resources=SimpleNamespace(db=db))
        self.asked = []

    async def run(self, request):
        self.asked.append(type(request).__name__)
        return await work.WORK[type(request)](self._node, request)

    def add(self, name="Pembaca", role="editor", link=LINK, until=END):
        with self.db.transaction() as tx:
            people.save_person(tx, name, role, link, self.now, until)

    def sessions(self, name="Pembaca"):
        with self.db.view() as view:
            known = people.list_people(view, self.now)
        return next(one.sessions for one in known if one.name == name)

    def actions(self):
        with self.db.view() as view:
            found = actions.read_actions(view, 1 << 62, 1000)
        return [(one.person, one.role, one.what) for one in reversed(found)]

    def state(self):
        """All that people's tables hold."""
        with self.db.view() as view:
            return [
                view.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
                for table in ("person", "session", "action")
            ]

    @asynccontextmanager
    async def serving(self):
        app = make_app(self.site)
        app.add_routes(
            [
                web.get("/probe/who", who),
                web.get("/probe/may/{act}", probe),
                web.post("/probe/form", form),
            ]
        )
        async with TestServer(app) as server:
            yield str(server.make_url("/"))


async def who(request):
    return web.Response(text=repr(await caller_of(request)))


async def probe(request):
    await require(request, request.match_info["act"])
    return web.Response(text="it is here: a secret of the station")


async def form(request):
    return web.json_response(dict(await read_form(request)))


async def said(browser):
    return (await browser.open("/probe/who")).text


def cookies_set(page_headers):
    return page_headers.getall("Set-Cookie", [])
