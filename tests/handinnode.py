"""A node of ours to which somebody reports by the form: who may, and what they send."""

import contextlib
import io
import json
import re

from PIL import Image

from federation.config.home import Home
from federation.store import actions, people
from federation.store.db import Database
from tests.homes import make_home, serving
from tests.incidents import found_incidents
from tests.waiting import until

ORG = "jagasuara.example"
FORM = {
    "category": "politik_uang",
    "law": "",
    "place": "3171",
    "happened_at": "2019-04-17T05:00",
    "summary": "Amplop <b>dibagikan</b> di depan balai warga",
}


def make_reporting_home(folder) -> Home:
    """Keeps reports; Sari and Budi have links, `/masuk?k=SSS…` and `BBB…`."""
    found = make_home(folder, ORG)
    found_incidents(found)
    db = Database.open(found.data)
    with db.transaction() as tx:
        for name in ("Sari", "Budi"):
            people.save_person(tx, name, "viewer", name[0] * 43, 0, 1 << 36)
    db.close()
    return found


@contextlib.asynccontextmanager
async def reported_to(home):
    """The node of such a home, ready to sign."""
    async with serving(home, alone=True) as served:

        async def is_ready():
            return (await served.get("/readyz"))[0] == 200

        await until(is_ready)
        yield served


async def reports(node):
    headers = {"Authorization": f"Bearer {node.token}"}
    _, said, _ = await node.get("/v1/incidents", headers=headers)
    return said.decode(), json.loads(said)["incidents"]


async def fill(browser, **more):
    """Open a form, and send it; the page that sent it, and what came."""
    page = await browser.open("/lapor")
    return page, await browser.send(page, page.form("/lapor"), **FORM | more)


def path_of(page):
    return re.search("/lapor/[0-9a-f]{32}", page.url)[0]


def a_photo(shade=90):
    with io.BytesIO() as file:
        exif = Image.Exif()
        exif[0x010E] = "Zulkifli Manurung"
        Image.new("RGB", (640, 480), (shade, 50, 50)).save(file, "JPEG", exif=exif)
        return file.getvalue()


def done(home):
    """What the log of actions says of reports, the oldest first."""
    db = Database.open(home.data, readonly=True)
    with contextlib.closing(db), db.view() as view:
        lines = actions.read_actions(view, 1 << 62, 100)[::-1]
    return [
        (one.person, one.role, one.what, one.subject)
        for one in lines
        if one.what.startswith("report")
    ]
