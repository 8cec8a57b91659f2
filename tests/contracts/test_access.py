"""The access table: what each asker gets of each thing, cell by cell.

The table stands in docs/reference/access.md and is what is tested: a route without a
row, or a cell that is answered otherwise, fails. Marks behind a status name what of all
that is not for everybody stands in the answer (`MARKS`).
"""

import asyncio
import hashlib
import io
import re
import time
from dataclasses import dataclass, field
from random import Random

import aiohttp
import pytest
from PIL import Image

from federation.config.settings import load_settings
from federation.feeds.signature import RequestSigner
from federation.node.resources import open_resources
from federation.node.service import serve
from federation.records.about import About, OfferedLog, sign_about
from federation.store import keystatements, logs
from federation.store.blobs import save_blob
from federation.store.evidence import EvidenceEntry, replace_evidence
from federation.store.people import open_session, save_person
from federation.store.tokens import save_token
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
    REPORT_PAGE,
    STATION,
    STRANGER,
    TREES,
    UNKNOWN,
    Home,
    context,
    export_all,
    hex_of,
    keeping_reports,
)
from tests.fakes import FakeOrg, Tree, signer
from tests.flows.publish.conftest import hold
from tests.homes import ELECTION, Node, clocks, draft, make_home


def a_photo(shade: int) -> bytes:
    with io.BytesIO() as file:
        Image.new("RGB", (640, 480), (100 * shade, 50, 50)).save(file, "JPEG")
        return file.getvalue()


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
PHOTOS = {whose: a_photo(shade) for shade, whose in enumerate(("ours", "theirs"))}
DIGESTS = {whose: hashlib.sha256(data).hexdigest() for whose, data in PHOTOS.items()}

PHOTOGRAPHED = "1371011001003"

COLUMNS = (
    "stranger", "partner", "without photos", "outside", "removed", "old key",
    "bad signature", "replay", "skewed", "viewer", "editor", "coordinator",
    "expired link", "sender", "machine",
)  # fmt: skip
#: What is not for everybody, and by which bytes it is found in an answer.
MARKS = {
    "ours": PRIVATE[ORG].origin,
    "theirs": PRIVATE[FAR].origin,
    "photo": DIGESTS["ours"],
    "partners": '"peers":[{',
}
#: Whose photo comes among several.
AMONG = {whose: f"{digest} {len(PHOTOS[whose])}\n" for whose, digest in DIGESTS.items()}
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
    ("GET /{log}/pending", "a public log", f"/{hex_of(PUBLIC_LOG)}/pending"),
    ("GET /{log}/pending", "another's log for partners", f"/{THEIRS}/pending"),
    ("GET /blob/{digest}", "our photo", f"/blob/{DIGESTS['ours']}"),
    ("GET /blob/{digest}", "another's photo", f"/blob/{DIGESTS['theirs']}"),
    ("GET /blob/{digest}", "no photo", f"/blob/{'0' * 64}"),
    (
        "GET /blobs/{digests}",
        "ours, another's and none",
        f"/blobs/{DIGESTS['ours']}+{DIGESTS['theirs']}+{'0' * 64}",
    ),
    ("GET /foto/{digest}/kecil", "our photo", f"/foto/{DIGESTS['ours']}/kecil"),
    ("GET /foto/{digest}/kecil", "no photo", f"/foto/{'0' * 64}/kecil"),
    ("GET /foto/{digest}/hapus", "our photo", f"/foto/{DIGESTS['ours']}/hapus"),
    ("POST /foto/{digest}/hapus", "our photo", f"/foto/{DIGESTS['ours']}/hapus"),
    ("GET /v1/photos/alike", "", "/v1/photos/alike"),
    ("GET /v1/photos/missing", "", "/v1/photos/missing"),
    ("GET /.well-known/tps-federation", "our note", "/.well-known/tps-federation"),
    ("GET /livez", "", "/livez"),
    ("GET /readyz", "", "/readyz"),
    ("GET /metrics", "", "/metrics"),
    ("GET /openapi.json", "", "/openapi.json"),
    ("GET /v1/status", "", "/v1/status"),
    ("GET /v1/lag", "", "/v1/lag"),
    ("GET /v1/partners", "", "/v1/partners"),
    ("GET /v1/elections", "", "/v1/elections"),
    ("GET /v1/summary", "", "/v1/summary"),
    ("GET /v1/tps/{code}", "", f"/v1/tps/{STATION}"),
    ("GET /v1/regions", "", "/v1/regions"),
    ("GET /v1/regions/{code}", "", "/v1/regions/13"),
    ("GET /v1/gaps", "", "/v1/gaps"),
    ("GET /v1/disputed", "", "/v1/disputed"),
    ("GET /v1/stations", "", "/v1/stations"),
    ("GET /v1/margin", "", "/v1/margin"),
    ("GET /v1/kpu", "", "/v1/kpu"),
    ("GET /v1/kpu/export", "", "/v1/kpu/export"),
    ("GET /v1/recaps", "", "/v1/recaps"),
    ("GET /v1/pictures", "", "/v1/pictures"),
    ("GET /v1/forensics", "", "/v1/forensics"),
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
    ("GET /v1/queue/export", "", "/v1/queue/export"),
    ("GET /v1/incidents", "", "/v1/incidents"),
    ("GET /v1/incidents/merged", "", "/v1/incidents/merged"),
    ("GET /v1/incidents/export", "", "/v1/incidents/export"),
    ("GET /v1/incidents/duplicates", "", "/v1/incidents/duplicates"),
    ("GET /v1/incidents/statistics", "", "/v1/incidents/statistics"),
    ("GET /v1/incidents/{org}/{id}", "no report", f"/v1/incidents/{ORG}/{'0' * 32}"),
    ("POST /v1/incidents", "", "/v1/incidents"),
    ("POST /v1/agency-answers", "", "/v1/agency-answers"),
    ("POST /v1/agency-mail", "", "/v1/agency-mail"),
    ("POST /add-checkpoint", "", "/add-checkpoint"),
    ("GET /v1/photos/removals", "", "/v1/photos/removals"),
    *(
        (f"GET /open311/v2/{path}", "", f"/open311/v2/{asked}")
        for path, asked in (
            ("discovery.{format}", "discovery.json"),
            ("services.{format}", "services.json"),
            ("services/{code}.{format}", "services/lainnya.json"),
            ("requests.{format}", "requests.json"),
            ("requests/{id}.{format}", f"requests/{'0' * 32}.json"),
            ("{rest}", "nothing"),
        )
    ),
    ("POST /open311/v2/requests.{format}", "", "/open311/v2/requests.json"),
    ("POST /open311/v2/{rest}", "", "/open311/v2/nothing"),
    ("POST /v1/records", "", "/v1/records"),
    ("POST /v1/evidence", "", "/v1/evidence"),
    ("POST /v1/evidence/uploads", "", "/v1/evidence/uploads"),
    ("POST /v1/evidence/uploaded", "", "/v1/evidence/uploaded"),
    ("POST /v1/control/{command}", "", "/v1/control/sync"),
    ("POST /notify", "", "/notify"),
    ("GET /", "", "/"),
    ("GET /wilayah/{code}", "", "/wilayah/13"),
    ("GET /tps", "", f"/tps?code={STATION}"),
    ("GET /tps/{code}", "with our photo", f"/tps/{PHOTOGRAPHED}"),
    ("POST /tps/{code}/foto", "", f"/tps/{PHOTOGRAPHED}/foto"),
    ("GET /kosong", "", "/kosong"),
    ("GET /daftar", "", "/daftar"),
    ("GET /kpu", "", "/kpu"),
    ("GET /rekapitulasi", "", "/rekapitulasi"),
    ("GET /pola", "", "/pola"),
    ("GET /pola/{code}", "", "/pola/13"),
    ("GET /gambar", "", "/gambar"),
    ("GET /gambar/{code}", "", "/gambar/13"),
    ("GET /selisih", "", "/selisih"),
    ("GET /selisih/{code}", "", "/selisih/13"),
    ("GET /pratinjau.png", "", "/pratinjau.png"),
    ("GET /pratinjau/{code}.png", "", "/pratinjau/13.png"),
    ("GET /errors", "", "/errors"),
    ("GET /robots.txt", "", "/robots.txt"),
    ("GET /favicon.ico", "", "/favicon.ico"),
    ("GET /.well-known/security.txt", "", "/.well-known/security.txt"),
    ("GET /cari", "", "/cari?q=padang"),
    ("GET /cari/saran", "", "/cari/saran?q=padang"),
    ("GET /bantuan/peringatan", "", "/bantuan/peringatan"),
    ("GET /bantuan/peringatan/{alarm}", "", "/bantuan/peringatan/fork"),
    ("GET /events", "no election", "/events?election=incidents"),
    ("GET /lapor", "", "/lapor"),
    ("POST /lapor", "", "/lapor"),
    ("GET /lapor/{id}", "no report", f"/lapor/{'0' * 32}"),
    ("POST /lapor/{id}", "no report", f"/lapor/{'0' * 32}"),
    (
        "GET /lapor/{id}/foto/{key}",
        "no report",
        f"/lapor/{'0' * 32}/foto/{'0' * 32}",
    ),
    (
        "POST /lapor/{id}/foto/{key}",
        "no report",
        f"/lapor/{'0' * 32}/foto/{'0' * 32}",
    ),
    ("GET /laporan", "", "/laporan"),
    ("GET /laporan/daftar", "", "/laporan/daftar"),
    ("GET /mitra", "", "/mitra"),
    ("GET /mitra/{org}", "", f"/mitra/{PARTNER}"),
    ("POST /mitra/tangani", "", "/mitra/tangani"),
    ("POST /mitra/abaikan", "", "/mitra/abaikan"),
    ("GET /laporan/kembar", "", "/laporan/kembar"),
    ("GET /laporan/{org}/{id}", "no report", f"/laporan/{ORG}/{'0' * 32}"),
    ("POST /laporan/{org}/{id}", "no report", f"/laporan/{ORG}/{'0' * 32}"),
    *(
        (
            f"{method} /laporan/{{org}}/{{id}}{path}",
            "no report",
            f"{REPORT_PAGE}{asked}",
        )
        for method, path, asked in (
            ("POST", "/foto", "/foto"),
            ("POST", "/antar", "/antar"),
            ("GET", "/berkas/{digest}", f"/berkas/{'0' * 64}"),
            ("POST", "/berkas/{digest}", f"/berkas/{'0' * 64}"),
            ("GET", "/berkas/{digest}/pdf", f"/berkas/{'0' * 64}/pdf"),
        )
    ),
    ("GET /laporan/kiriman", "", "/laporan/kiriman"),
    ("GET /berbeda", "", "/berbeda"),
    ("GET /antrean", "", "/antrean"),
    ("GET /antrean/baca", "", "/antrean/baca"),
    ("POST /antrean/baca", "", "/antrean/baca"),
    ("GET /antrean/baca/{tps}", "", f"/antrean/baca/{PHOTOGRAPHED}"),
    ("POST /antrean/baca/{tps}", "", f"/antrean/baca/{PHOTOGRAPHED}"),
    ("POST /antrean/masih/{tps}", "", f"/antrean/masih/{PHOTOGRAPHED}"),
    ("GET /static/{name}", "", "/static/style.css"),
    ("GET /verify", "", "/verify"),
    ("GET /masuk", "", "/masuk"),
    ("POST /masuk", "", "/masuk"),
    ("POST /keluar", "", "/keluar"),
]


def key_of(org):
    return signer(f"{org}/node")


#: Of those who sign: with which key, how far its clock is off, over which method.
SIGNERS = {
    "partner": (key_of(PARTNER), 0, ""),
    "without photos": (key_of(BARE), 0, ""),
    "outside": (key_of(OUTSIDE), 0, ""),
    "removed": (key_of(GONE), 0, ""),
    "old key": (OLD_KEY, 0, ""),
    "bad signature": (key_of(PARTNER), 0, "PUT"),
    "replay": (key_of(PARTNER), 0, ""),
    "skewed": (key_of(PARTNER), 7200, ""),
}
SENDER = "token-of-who-hands-in-reports".ljust(40, "x")
PHOTO_PATHS, PHOTO_IDS = ("blob", "foto"), tuple(DIGESTS.values())


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
        headers = STRANGER | ({"Content-Type": "application/json"} if body else {})
        headers |= self._says_who(column, method, path, body)
        if column == "replay":
            await self._send(method, path, headers, body)
        status, said = await self._send(method, path, headers, body)
        found = AMONG if path.startswith("/blobs/") else MARKS
        marks = [name for name, text in found.items() if text in said]
        # A refusal repeats what was asked, and our note names its audience to all.
        echoes = (
            "/.well-known",
            *(f"/{p}/{d}" for p in PHOTO_PATHS for d in PHOTO_IDS),
        )
        return " ".join([str(status), *(() if path.startswith(echoes) else marks)])

    def _says_who(self, column, method, path, body):
        """The header fields by which this asker is known."""
        if column in SIGNERS:
            key, skew, signed = SIGNERS[column]
            return self.sign(key, signed or method, path, body, skew)
        if column == "sender":
            return {"Authorization": f"Bearer {SENDER}"}
        if column == "machine":
            return {"Authorization": f"Bearer {self.home.node.token}"}
        return {"Cookie": self.cookies[column]} if column in self.cookies else {}

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


def name_photo(resources, whose, leaf, origin):
    """A photo that is here, and a record of another that names it."""
    digest, is_derived = DIGESTS[whose], False
    record = hashlib.sha256(leaf.partition(b"\n\n")[0] + b"\n").hexdigest()
    entry = EvidenceEntry(
        1, 0, digest, "ppwp", STATION, "reguler", record, len(PHOTOS[whose]),
        "image/jpeg", 1, "", is_derived,
    )  # fmt: skip
    with resources.db.transaction() as tx:
        log = logs.get_log(tx, origin)
        replace_evidence(tx, log.id, 0, 100, [entry])


async def hold_photos(home):
    """One that we took in and named in a record of ours, and another's."""
    resources = home.resources
    for whose, data in PHOTOS.items():
        await resources.blobs.put(DIGESTS[whose], data)
        with resources.db.transaction() as tx:
            save_blob(
                tx, DIGESTS[whose], len(data), "image/jpeg",
                is_own=whose == "ours", now=int(time.time()),
            )  # fmt: skip
    named = {"sha256": DIGESTS["ours"], "media_type": "image/jpeg", "page": 1}
    row = draft(PHOTOGRAPHED, evidence=[{**named, "size": len(PHOTOS["ours"])}])
    body = {"election": ELECTION, "records": [row]}
    status, answer = await home.node.post("/v1/records", body)
    assert status == 200, answer
    name_photo(resources, "theirs", TREES[FAR].leaves[1], PRIVATE[FAR].origin)


def let_in(resources):
    """A session of each role, and one whose link has ended; as cookies.

    And a token of who hands in reports.
    """
    name, now = cookie_form(resources.settings).name, int(time.time())
    cookies = {}
    with resources.db.transaction() as tx:
        save_token(tx, "qlue", SENDER, ("reports",), now)
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
            serve(
                keeping_reports(resources), clocks(), Random(1), token, alone=True
            ) as url,
            aiohttp.ClientSession(
                auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
            ) as session,
        ):
            home = Home(resources, Node(found, url, session))
            await home.fill()
            await home.hold_private()
            await home.grow_private()
            await home.run(lambda: hold_others(resources))
            await hold_photos(home)
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


def served_routes():
    return {
        f"{route.method} {route.resource.canonical}"
        for route in make_app(context()).router.routes()
        if route.method not in {"HEAD", "OPTIONS"}
    }


def test_every_route_has_a_row():
    assert served_routes() - {route for route, _, _ in ASKED} == set()
    assert {(route, thing) for route, thing, _ in ASKED} == read_table().keys()


@pytest.mark.slow
async def test_each_asker_gets_what_its_cell_says(world):
    table, wrong = read_table(), []
    served = served_routes()
    for route, thing, path in ASKED:
        for column in COLUMNS if route in served else ():
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
