"""The access table: what each asker gets of each thing, cell by cell.

The table stands in docs/reference/access.md and is what is tested: a route without a
row, or a cell that is answered otherwise, fails. Marks behind a status name what of all
that is not for everybody stands in the answer (`MARKS`).
"""

import asyncio
import hashlib
import re
import time
from dataclasses import dataclass, field
from random import Random

import aiohttp
import pytest

from federation.config.settings import load_settings
from federation.feeds.signature import RequestSigner
from federation.node.resources import open_resources
from federation.node.service import serve
from federation.records.about import About, OfferedLog, sign_about
from federation.store import keystatements, logs
from federation.store.blobs import save_blob
from federation.store.evidence import EvidenceEntry, replace_evidence
from federation.store.people import open_session, save_person
from federation.tlog.keys import Signer
from federation.web.app import make_app
from federation.web.sessions import cookie_form
from tests.conftest import PROJECT
from tests.contracts.test_readers import (
    FAR,
    FORKED,
    ORG,
    PARTNER,
    PRIVATE,
    PUBLIC_LOG,
    STATION,
    STRANGER,
    TREES,
    UNKNOWN,
    Home,
    context,
    export_all,
    hex_of,
)
from tests.fakes import FakeOrg, Tree, signer
from tests.flows.publish.conftest import hold
from tests.homes import ELECTION, Node, clocks, make_home

PAGE = PROJECT / "docs" / "reference" / "access.md"
BARE, OUTSIDE, GONE, RENEWED = (
    "tanpa.example",
    "luar.example",
    "lama.example",
    "ganti.example",
)
#: What peers.toml says of each partner; who is not here is none any longer.
PEERS = {
    PARTNER: 'logs = ["incidents"]',
    BARE: "may_have_photos = false",
    OUTSIDE: "",
    RENEWED: 'logs = ["incidents"]',
    FAR: "",
}
OLD_KEY = signer(f"{RENEWED}/node")
PHOTOS = {whose: f"photo of {whose}".encode() for whose in ("ours", "theirs")}
DIGESTS = {whose: hashlib.sha256(data).hexdigest() for whose, data in PHOTOS.items()}

COLUMNS = (
    "stranger", "partner", "without photos", "outside", "removed", "old key",
    "bad signature", "replay", "skewed", "viewer", "editor", "coordinator",
    "expired link", "machine",
)  # fmt: skip
#: What is not for everybody, and by which bytes it is found in an answer.
MARKS = {
    "ours": PRIVATE[ORG].origin,
    "theirs": PRIVATE[FAR].origin,
    "photo": DIGESTS["ours"],
    "partners": '"peers":[{',
}
OWN, THEIRS = hex_of(PRIVATE[ORG].origin), hex_of(PRIVATE[FAR].origin)
LOG_PATHS = (
    "checkpoint",
    "keys",
    "about",
    "cosigned",
    "tile/0/000.p/2",
    "tile/entries/000.p/2",
)
#: What is asked: the route, what of it, and the path; `{record}` and the like are
#: filled in.
ASKED: list[tuple[str, str, str]] = [
    ("GET /logs", "the status vector", "/logs"),
    *(
        (
            f"GET /{{log}}/{name if name.isalpha() else '{path}'}",
            f"{name}: {whose}",
            f"/{log}/{name}",
        )
        for whose, log in (
            ("our public log", hex_of(PUBLIC_LOG)),
            ("our log for partners", OWN),
            ("another's log for partners", THEIRS),
            ("no log", hex_of(UNKNOWN)),
        )
        for name in LOG_PATHS
    ),
    ("GET /{log}/fork", "a public log", f"/{hex_of(f'{FORKED}/{ELECTION}')}/fork"),
    ("GET /{log}/fork", "our log for partners", f"/{OWN}/fork"),
    ("GET /blob/{digest}", "our photo", f"/blob/{DIGESTS['ours']}"),
    ("GET /blob/{digest}", "another's photo", f"/blob/{DIGESTS['theirs']}"),
    ("GET /blob/{digest}", "no photo", f"/blob/{'0' * 64}"),
    ("GET /.well-known/tps-federation", "our note", "/.well-known/tps-federation"),
    ("GET /livez", "", "/livez"),
    ("GET /readyz", "", "/readyz"),
    ("GET /metrics", "", "/metrics"),
    ("GET /openapi.json", "", "/openapi.json"),
    ("GET /v1/status", "", "/v1/status"),
    ("GET /v1/elections", "", "/v1/elections"),
    ("GET /v1/summary", "", "/v1/summary"),
    ("GET /v1/tps/{code}", "", f"/v1/tps/{STATION}"),
    ("GET /v1/regions", "", "/v1/regions"),
    ("GET /v1/regions/{code}", "", "/v1/regions/13"),
    ("GET /v1/gaps", "", "/v1/gaps"),
    ("GET /v1/disputed", "", "/v1/disputed"),
    ("GET /v1/changes", "", "/v1/changes"),
    ("GET /v1/export", "", "/v1/export?what=results&format=csv"),
    ("GET /v1/maps/{election}", "", f"/v1/maps/{ELECTION}"),
    ("GET /v1/basis/{digest}", "", "/v1/basis/{profile}"),
    ("GET /v1/records/{id}/receipt", "a public record", "/v1/records/{record}/receipt"),
    (
        "GET /v1/records/{id}/receipt",
        "one for partners",
        "/v1/records/{hidden}/receipt",
    ),
    ("GET /v1/queue", "", "/v1/queue"),
    ("GET /v1/photos/removals", "", "/v1/photos/removals"),
    ("POST /v1/records", "", "/v1/records"),
    ("POST /v1/control/{command}", "", "/v1/control/sync"),
    ("POST /notify", "", "/notify"),
    ("GET /", "", "/"),
    ("GET /wilayah/{code}", "", "/wilayah/13"),
    ("GET /tps", "", f"/tps?code={STATION}"),
    ("GET /tps/{code}", "", f"/tps/{STATION}"),
    ("GET /kosong", "", "/kosong"),
    ("GET /berbeda", "", "/berbeda"),
    ("GET /static/{name}", "", "/static/style.css"),
    ("GET /verify", "", "/verify"),
    ("GET /masuk", "", "/masuk"),
    ("POST /masuk", "", "/masuk"),
    ("POST /keluar", "", "/keluar"),
]


def key_of(org):
    return signer(f"{org}/node")


@dataclass
class AccessWorld:
    """A node that has something of everybody, and who asks it."""

    home: Home
    cookies: dict[str, str] = field(default_factory=dict)

    def sign(self, key, method, path, body, skew=0):
        def clock():
            return time.time() + skew

        signed_by = RequestSigner(key, clock, Random())
        return signed_by.sign(method, self.home.node.url + path, body)

    async def ask(self, column, method, path):
        """What a cell says: the status, and what of the hidden stands in the answer."""
        body = b"{}" if method == "POST" else None
        headers = dict(STRANGER) | (
            {"Content-Type": "application/json"} if body else {}
        )
        signers = {
            "partner": PARTNER, "without photos": BARE, "outside": OUTSIDE,
            "removed": GONE, "replay": PARTNER, "skewed": PARTNER,
        }  # fmt: skip
        if column in signers:
            skew = 7200 if column == "skewed" else 0
            key = key_of(signers[column])
            headers |= self.sign(key, method, path, body, skew)
        elif column == "old key":
            headers |= self.sign(OLD_KEY, method, path, body)
        elif column == "bad signature":
            headers |= self.sign(key_of(PARTNER), "PUT", path, body)
        elif column == "machine":
            headers["Authorization"] = f"Bearer {self.home.node.token}"
        elif column != "stranger":
            headers["Cookie"] = self.cookies[column]
        if column == "replay":
            await self._send(method, path, headers, body)
        status, said = await self._send(method, path, headers, body)
        marks = [name for name, text in MARKS.items() if text in said]
        if path.startswith(("/blob/", "/.well-known")):
            marks = []
        return " ".join([str(status), *marks])

    async def _send(self, method, path, headers, body):
        async with self.home.node._session.request(
            method, self.home.node.url + path, headers=headers, data=body,
            allow_redirects=False,
        ) as answer:  # fmt: skip
            return answer.status, (await answer.read()).decode("latin-1")

    def path(self, text):
        leaf = TREES[FAR].leaves[1]
        hidden = hashlib.sha256(leaf.partition(b"\n\n")[0] + b"\n").hexdigest()
        known = {"record": self.home.record, "profile": self.home.profile}
        for name, value in {**known, "hidden": hidden}.items():
            text = text.replace(f"{{{name}}}", value)
        return text


def about_of(owner, audience):
    """What an organisation says of itself: who may have what is not for everybody."""
    about = About(
        attribution="", audience=audience, contact="x",
        identity=str(owner.identity.key), issue=7, licence="CC-BY-4.0",
        logs=(OfferedLog(origin=owner.origin, visibility="public"),),
        name=owner.org, org=owner.org, versions=(1,),
    )  # fmt: skip
    return sign_about(about, owner.node)


def hold_others(resources):
    """The keys of every partner, one who has replaced its own, one who let us relay."""
    db = resources.db
    for org in (BARE, OUTSIDE, GONE, RENEWED):
        owner = FakeOrg(org, ELECTION)
        if org == RENEWED:
            new = Signer.from_seed(f"{org}/node", b"n" * 32)
            owner.statements.append(owner.restate(add=[("node", new.key, 0)]))
        hold(db, Tree(owner))
    owner = FakeOrg(FAR, ELECTION)
    with db.transaction() as tx:
        note = about_of(owner, (ORG, PARTNER))
        keystatements.drop_about(tx, FAR)
        keystatements.save_about(tx, FAR, 7, note)


def name_photo(resources, whose, origin, *, is_own):
    """A photo that is here, and a record of this log that names it."""
    digest, is_derived = DIGESTS[whose], False
    entry = EvidenceEntry(
        1, 0, digest, "ppwp", STATION, "reguler", "1" * 64, len(PHOTOS[whose]),
        "image/jpeg", 1, "", is_derived,
    )  # fmt: skip
    with resources.db.transaction() as tx:
        log = logs.get_log(tx, origin)
        save_blob(tx, digest, len(PHOTOS[whose]), "image/jpeg", is_own=is_own, now=1)
        replace_evidence(tx, log.id, 0, 100, [entry])


def let_in(resources):
    """A session of each role, and one whose link has ended; as cookies."""
    name, now = cookie_form(resources.settings).name, int(time.time())
    cookies = {}
    with resources.db.transaction() as tx:
        for who in ("viewer", "editor", "coordinator", "expired link"):
            role = who if " " not in who else "coordinator"
            until = now - 10 if " " in who else now + 9999
            link, secret = (
                hashlib.sha256(f"{who} {n}".encode()).hexdigest() for n in "ab"
            )
            save_person(tx, who, role, link, now - 900, until)
            open_session(tx, link, secret, now - 800)
            cookies[who] = f"{name}={secret}"
    return cookies


@pytest.fixture
async def world(tmp_path):
    found = make_home(tmp_path, ORG)
    tables = "".join(
        f'\n[[peer]]\norg = "{org}"\nidentity = "{FakeOrg(org).identity.key}"\n{more}\n'
        for org, more in PEERS.items()
    )
    found.peers.write_text(found.peers.read_text() + tables)
    settings, token = load_settings(found.settings), f"control-token-{'0' * 20}"
    with open_resources(found, settings) as resources:
        async with (
            serve(resources, clocks(), Random(1), token, alone=True) as url,
            aiohttp.ClientSession(
                auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
            ) as session,
        ):
            home = Home(resources, Node(found, url, session))
            await home.fill()
            await home.hold_private()
            await home.grow_private()
            await home.run(lambda: hold_others(resources))
            for whose, data in PHOTOS.items():
                await resources.blobs.put(DIGESTS[whose], data)
            owners = {"ours": PUBLIC_LOG, "theirs": PRIVATE[FAR].origin}
            for whose, origin in owners.items():
                name_photo(resources, whose, origin, is_own=whose == "ours")
            await asyncio.sleep(2.1)  # what is known of partners is read again
            yield AccessWorld(home, let_in(resources))


def read_table():
    """The rows of the page: (route, thing) → column → cell."""
    rows = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == len(COLUMNS) + 2 and re.match("`?(GET|POST) ", cells[0]):
            rows[cells[0].strip("`"), cells[1]] = dict(
                zip(COLUMNS, cells[2:], strict=True)
            )
    return rows


def test_every_route_has_a_row():
    routes = {
        f"{route.method} {route.resource.canonical}"
        for route in make_app(context()).router.routes()
        if route.method not in {"HEAD", "OPTIONS"}
    }
    assert routes == {route for route, _, _ in ASKED}
    assert {(route, thing) for route, thing, _ in ASKED} == read_table().keys()


@pytest.mark.slow
async def test_each_asker_gets_what_its_cell_says(world):
    table, wrong = read_table(), []
    for route, thing, path in ASKED:
        for column in COLUMNS:
            method = route.partition(" ")[0]
            got = await world.ask(column, method, world.path(path))
            said = table.get((route, thing), {}).get(column)
            if got != said:
                wrong.append((route, thing, column, said, got))
    assert wrong == []


@pytest.mark.slow
async def test_no_export_has_anything_that_is_not_for_everybody(world, tmp_path):
    """Files go from hand to hand."""
    hidden = [PRIVATE[ORG].origin, PRIVATE[FAR].origin, *PHOTOS.values()]
    hidden = [one.encode() if isinstance(one, str) else one for one in hidden]
    exports = await asyncio.to_thread(export_all, world.home, tmp_path / "out")
    for name, files in exports.items():
        for path, data in files.items():
            assert not [one for one in hidden if one in data], (name, path)
