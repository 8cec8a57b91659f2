"""Two nodes at work: one has photographs of forms, at the other they are read."""

import contextlib
import hashlib
import json
import time
from random import Random

import aiohttp

from federation.config.settings import load_settings
from federation.flows.photos.held import Photo, keep_photo
from federation.node.resources import open_resources
from federation.node.service import serve
from federation.store.db import Database
from tests.browsing import Browser
from tests.formphoto import MEDIA_TYPE, draw_form
from tests.homes import (
    AS_IT_IS,
    ELECTION,
    Node,
    add_peer,
    clocks,
    draft,
    make_home,
    serving,
)
from tests.waiting import until

PHOTOS, READERS = "kawalpemilu.example", "jagasuara.example"
TPS, SECOND, THIRD = "1371011001001", "1371011001002", "1371011001003"
FIGURES = {"f.suara_sah": "154", "f.suara_tidak_sah": "3", "f.suara_total": "157"}
RIGHT = {"c.01": "127", "c.02": "27", **FIGURES}


def photo_of(tps):
    """The photograph of a station's form."""
    data = draw_form(tps, {"01 Joko Widodo": 127, "02 Prabowo Subianto": 27}, 480)
    return Photo(hashlib.sha256(data).hexdigest(), data, MEDIA_TYPE)


def evidence(tps):
    digest, data, media_type = photo_of(tps)
    return [{"media_type": media_type, "sha256": digest, "size": len(data)}]


def photographed(tps, **more):
    """A record of a photograph without numbers."""
    record = draft(tps, evidence=evidence(tps), **more)
    del record["candidates"]
    return record


class TwoNodes:
    """Who has photographs, and who reads them; each is a partner of the other."""

    def __init__(self, photos, readers, parts, election, contest):
        """`parts`: what the node of the readers holds."""
        self.election, self.contest = election, contest
        self.photos, self.readers, self.parts = photos, readers, parts

    async def hand_in(self, node, *records):
        body = {"election": self.election, "records": records}
        status, said = await node.post("/v1/records", body)
        assert status == 200, said
        return [verdict["record"] for verdict in said["verdicts"]]

    async def share(self, *records, held=True):
        """The partner has these photographs; they wait here."""
        ids = await self.hand_in(self.photos, *records)
        await self.sync(self.readers)
        for record in records if held else ():
            await self.hold(record["tps"])
        await until(lambda: self.waits(*(record["tps"] for record in records)))
        return ids

    async def hold(self, tps):
        """The photograph of a station is here, as if it had been fetched."""
        now, db = int(time.time()), self.parts.db
        await keep_photo(db, self.parts.blobs, photo_of(tps), is_own=False, now=now)

    async def sync(self, node):
        status, said = await node.post("/v1/control/sync", {})
        assert status == 200, said

    async def waits(self, *stations, queue="unread"):
        return set(stations) <= set(await self.queue(queue)) or None

    async def queue(self, name="unread"):
        headers = {"Authorization": f"Bearer {self.readers.token}"}
        address = f"/v1/queue?queue={name}&contest={self.contest}"
        _, body, _ = await self.readers.get(address, headers=headers)
        return [form["tps"] for form in json.loads(body)["forms"]]

    async def claim(self, node, org, tps=TPS):
        """What this organisation says of a station, as a node shows it."""
        _, body, _ = await node.get(f"/v1/tps/{tps}")
        said = [m for c in json.loads(body)["contests"] for m in c["monitors"]]
        return next((one for one in said if one["org"] == org), None)

    async def reading(self, node=None, tps=TPS, **members):
        """Our numbers on the map, once these members of them are there."""

        async def look():
            said = await self.claim(node or self.readers, READERS, tps)
            if said and said.get("votes") and members.items() <= said.items():
                return said
            return None

        return await until(look)

    async def let_in(self, name="Rina", role="editor"):
        """A person of the readers; the path of their link."""
        secret = f"{name}-{'x' * 40}"
        members = {"name": name, "role": role, "link": secret}
        members["until"] = int(time.time()) + 3600
        status, said = await self.readers.post("/v1/control/add-person", members)
        assert status == 200, said
        return f"/masuk?k={secret}"

    @contextlib.asynccontextmanager
    async def editor(self, name="Rina", role="editor"):
        """A browser without script in which somebody of ours is signed in."""
        link = await self.let_in(name, role)
        async with Browser(self.readers.url) as browser:
            await browser.sign_in(link)
            yield browser

    @contextlib.contextmanager
    def looking(self):
        """What the node of the readers keeps."""
        db = Database.open(self.readers.home.data, readonly=True)
        with contextlib.closing(db), db.view() as view:
            yield view

    async def end_rest(self):
        """Let the minute pass in which nobody gets a form that was answered."""

        def end(tx):
            tx.execute("UPDATE reading_lease SET until = until - 60")

        # By the node's own library: a second one in this process undoes its locks.
        await self.parts.db.write(end)


@contextlib.asynccontextmanager
async def two_nodes(folder, election=ELECTION, contest="ppwp"):
    """Both in this process."""
    a, c = (make_home(folder, org, election) for org in (PHOTOS, READERS))
    async with serving(a, alone=True) as photos:
        add_peer(c, a, photos.url)
        with open_resources(c, load_settings(c.settings)) as parts:
            token = "control-token-of-the-readers"
            async with (
                serve(parts, clocks(), Random(1), token, alone=True) as url,
                aiohttp.ClientSession(
                    auto_decompress=False, headers=AS_IT_IS
                ) as session,
            ):
                readers = Node(c, url, session)
                add_peer(a, c, url)
                yield TwoNodes(photos, readers, parts, election, contest)


def form_of(page):
    """The form of an editor's page."""
    [form] = [one for one in page.forms() if "/antrean/baca/" in one.action]
    return form


async def begin(browser, path="/antrean/baca"):
    """Open the page of the next form, or that of one, and press its button."""
    page = await browser.open(path)
    return await browser.send(page, page.form("/antrean/baca"))


async def answer(browser, page, **fields):
    """Fill in the form of a page and press a button of it."""
    return await browser.send(page, form_of(page), **{"answer": "read", **fields})
