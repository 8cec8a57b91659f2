"""Who may read what: every route and every export, for whoever asks.

A stranger must not tell a log that is for others from one that is not there: so all is
asked before a node has such logs (they are unknown then), once it has them, and once
they have grown and two of them are frozen; and every answer stays the same.
"""

import ast
import asyncio
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import NamedTuple

import aiohttp
import msgspec
import pytest
from aiohttp.test_utils import TestClient, TestServer

from federation.config.settings import load_settings
from federation.errors import NotFoundError
from federation.feeds.bundle import BundleFile
from federation.flows.merge import merge_once
from federation.flows.ownlog.begin import OwnKeys, introduce, open_own
from federation.flows.ownlog.sequence import commit, settle
from federation.flows.query.mapnews import read_news
from federation.flows.query.scope import ask as ask_scope
from federation.flows.receipt import make_receipt
from federation.node.about import renew_about
from federation.node.metrics import read_metrics
from federation.node.resources import open_resources
from federation.node.service import serve
from federation.records.canonical import encode
from federation.records.claim import Claim, bundle_claims
from federation.records.readers import NOBODY
from federation.store import alarms, claims, copies, logs, pulls, tokens
from federation.store.alarms import Alarm
from federation.store.webhooks import Told as ToldProgram
from federation.text import quote
from federation.tlog.note import sign_note
from federation.web.app import make_app
from federation.web.context import WebContext
from tests.cli.filled_home import federation
from tests.conftest import PROJECT
from tests.fakes import RECORDED_AT, FakeOrg, FakePeer, Tree
from tests.flows.publish.conftest import hold, hold_about
from tests.handed import bundle_of
from tests.homes import AS_IT_IS, ELECTION, Node, clocks, draft, make_home
from tests.webnode import context_of, settings_of

NEVER_TOLD = ToldProgram()
#: What there may be of a log beside its tiles.
OF_LOG = ("checkpoint", "keys", "about", "fork", "cosigned", "pending")
ORG, PARTNER, FORKED = "jagasuara.example", "kawalpemilu.example", "garuda.example"
FAR = "rahasia.example"  # nothing of it is public
STRANGER = {"X-Forwarded-For": "198.51.100.7"}
STATION = "1371011001001"
ADDRESS = "http://10.0.0.7"


def hex_of(origin: str) -> str:
    return hashlib.sha256(origin.encode()).hexdigest()


def of_private_log(org: str) -> FakeOrg:
    """Who signs the log of this organisation that is for partners."""
    return FakeOrg(org, f"{ELECTION}/incidents")


def a_claim() -> Claim:
    """What a leaf of the partner's private log would say of a station."""
    return Claim(1, "votes", PARTNER, False, "ppwp", STATION, "reguler", RECORDS[0])  # noqa: FBT003  a row


def incident(owner: FakeOrg, number: int) -> bytes:
    """A leaf of a type that this version keeps without knowing it."""
    members = {
        "election": ELECTION,
        "number": number,
        "org": owner.org,
        "recorded_at": RECORDED_AT,
        "type": "unheard/1",
    }
    return sign_note(encode(members) + b"\n", owner.records)


PRIVATE = {org: of_private_log(org) for org in (ORG, PARTNER, FAR)}
TREES = {
    org: Tree(owner).grow([incident(owner, n) for n in range(1, 4)])
    for org, owner in PRIVATE.items()
    if org != ORG
}
PUBLIC_LOG, UNKNOWN = f"{ORG}/{ELECTION}", f"nobody.example/{ELECTION}"
LOGS = [PUBLIC_LOG, UNKNOWN, *(owner.origin for owner in PRIVATE.values())]
LEAF = TREES[PARTNER].leaves[1]
RECORDS = (hashlib.sha256(LEAF.partition(b"\n\n")[0] + b"\n").hexdigest(), "0" * 64)

OFFERED = [f"{FAR}/{ELECTION}", f"{FAR}/{ELECTION}/incidents/2"]

TABLES = [
    f"what={what}&format={form}"
    for what in ("results", "disputed", "gaps", "coverage", "stations")
    for form in ("csv", "ndjson")
]
REPORT_PAGE = f"/laporan/{ORG}/{'0' * 32}"
#: What a stranger asks of each route. A route that is not here fails a test: say what
#: it shows, and ask the gate (`records/readers.py`) for whoever asks.
READS = {
    "/livez": ["/livez"],
    "/readyz": ["/readyz"],
    "/metrics": ["/metrics"],
    "/v1/tps/{code}": [
        f"/v1/tps/{STATION}?format={form}" for form in ("json", "csv", "ndjson")
    ],
    "/v1/regions": ["/v1/regions", "/v1/regions?format=csv"],
    "/v1/regions/{code}": ["/v1/regions/13", "/v1/regions/1371011001?format=ndjson"],
    "/v1/gaps": ["/v1/gaps", "/v1/gaps?format=csv"],
    "/v1/disputed": ["/v1/disputed", "/v1/disputed?format=csv"],
    "/v1/stations": [
        "/v1/stations",
        "/v1/stations?status=disputed&sort=apart&format=csv",
    ],
    "/v1/margin": ["/v1/margin", "/v1/margin?region=13&format=csv"],
    "/v1/kpu": ["/v1/kpu", "/v1/kpu?kind=wrong&format=csv"],
    "/v1/kpu/export": [f"/v1/kpu/export?format={form}" for form in ("csv", "ndjson")],
    "/v1/recaps": ["/v1/recaps", "/v1/recaps?verdict=broken&format=csv"],
    "/v1/pictures": [
        "/v1/pictures?region=13",
        "/v1/pictures?picture=coverage&format=csv",
    ],
    "/v1/forensics": ["/v1/forensics", "/v1/forensics?region=13&format=csv"],
    "/v1/photos/alike": ["/v1/photos/alike", "/v1/photos/alike?format=csv"],
    "/v1/incidents": ["/v1/incidents", "/v1/incidents?region=13&format=csv"],
    "/v1/incidents/merged": [
        "/v1/incidents/merged",
        "/v1/incidents/merged?format=geojson",
    ],
    "/v1/incidents/export": [
        f"/v1/incidents/export?format={form}" for form in ("csv", "ndjson", "geojson")
    ],
    "/v1/incidents/duplicates": ["/v1/incidents/duplicates"],
    "/v1/incidents/statistics": [
        "/v1/incidents/statistics",
        "/v1/incidents/statistics?format=csv",
        "/v1/incidents/statistics?format=geojson",
    ],
    "/v1/incidents/{org}/{id}": [f"/v1/incidents/{ORG}/{'0' * 32}"],
    "/v1/queue": ["/v1/queue", "/v1/queue?queue=differs&format=csv"],
    "/v1/queue/export": ["/v1/queue/export", "/v1/queue/export?format=ndjson"],
    "/v1/photos/missing": ["/v1/photos/missing", "/v1/photos/missing?limit=1"],
    "/v1/photos/removals": ["/v1/photos/removals"],
    "/v1/changes": [f"/v1/changes?format={form}" for form in ("json", "csv", "ndjson")],
    "/v1/export": [f"/v1/export?{table}" for table in TABLES],
    "/v1/summary": ["/v1/summary"],
    "/v1/elections": ["/v1/elections", f"/v1/elections?election={ELECTION}"],
    "/v1/status": ["/v1/status"],
    "/v1/lag": ["/v1/lag", "/v1/lag?lang=id"],
    "/v1/partners": ["/v1/partners", f"/v1/partners?org={PARTNER}"],
    "/v1/maps/{election}": [f"/v1/maps/{ELECTION}", "/v1/maps/incidents"],
    "/v1/basis/{digest}": ["/v1/basis/{profile}", f"/v1/basis/{'0' * 64}"],
    "/v1/records/{id}/receipt": [
        "/v1/records/{record}/receipt",
        *(f"/v1/records/{record}/receipt" for record in RECORDS),
    ],
    "/openapi.json": ["/openapi.json"],
    "/open311/v2/discovery.{format}": ["/open311/v2/discovery.json"],
    "/open311/v2/services.{format}": ["/open311/v2/services.json"],
    "/open311/v2/services/{code}.{format}": ["/open311/v2/services/lainnya.xml"],
    "/open311/v2/requests.{format}": ["/open311/v2/requests.json"],
    "/open311/v2/requests/{id}.{format}": [
        f"/open311/v2/requests/{'0' * 32}.json",
        "/open311/v2/requests/x.xml",
    ],
    "/open311/v2/{rest}": ["/open311/v2/nothing"],
    "/.well-known/tps-federation": ["/.well-known/tps-federation"],
    "/logs": ["/logs"],
    **{
        f"/{{log}}/{name}": [f"/{hex_of(origin)}/{name}" for origin in LOGS]
        for name in OF_LOG
    },
    "/{log}/{path}": [
        f"/{hex_of(origin)}/tile/{path}"
        for origin in LOGS
        for path in ("0/000.p/2", "entries/000.p/2", "entries/000", "junk")
    ],
    "/": ["/"],
    "/wilayah/{code}": ["/wilayah/13"],
    "/tps": [f"/tps?code={STATION}"],
    "/tps/{code}": [f"/tps/{STATION}", "/tps/1371011001002"],
    "/kosong": ["/kosong"],
    "/berbeda": ["/berbeda"],
    "/errors": ["/errors"],
    "/robots.txt": ["/robots.txt"],
    "/favicon.ico": ["/favicon.ico"],
    "/.well-known/security.txt": ["/.well-known/security.txt"],
    "/bantuan/peringatan": ["/bantuan/peringatan"],
    "/bantuan/peringatan/{alarm}": ["/bantuan/peringatan/fork"],
    # A stream that is let in does not end: what it says stands on every page.
    "/events": ["/events?election=incidents"],
    "/cari": ["/cari?q=padang", "/cari?q=1371"],
    "/cari/saran": ["/cari/saran?q=padang", "/cari/saran?q=1371"],
    "/kpu": ["/kpu", "/kpu?kind=wrong&region=13"],
    "/daftar": ["/daftar", "/daftar?flag=implausible"],
    "/rekapitulasi": ["/rekapitulasi", "/rekapitulasi?show=all&region=13"],
    "/pola": ["/pola"],
    "/pola/{code}": ["/pola/13"],
    "/gambar": ["/gambar"],
    "/gambar/{code}": ["/gambar/13"],
    "/selisih": ["/selisih"],
    "/selisih/{code}": ["/selisih/13?basis=kpu"],
    "/pratinjau.png": ["/pratinjau.png"],
    "/pratinjau/{code}.png": ["/pratinjau/13.png", f"/pratinjau/{STATION}.png"],
    "/lapor": ["/lapor"],
    "/lapor/{id}": [f"/lapor/{'0' * 32}"],
    "/lapor/{id}/foto/{key}": [f"/lapor/{'0' * 32}/foto/{'0' * 32}"],
    "/laporan": ["/laporan"],
    "/laporan/daftar": ["/laporan/daftar"],
    "/laporan/kembar": ["/laporan/kembar"],
    "/laporan/kiriman": ["/laporan/kiriman"],
    "/laporan/{org}/{id}/berkas/{digest}": [f"{REPORT_PAGE}/berkas/{'0' * 64}"],
    "/laporan/{org}/{id}/berkas/{digest}/pdf": [f"{REPORT_PAGE}/berkas/{'0' * 64}/pdf"],
    "/laporan/{org}/{id}": [f"/laporan/{ORG}/{'0' * 32}"],
    "/static/{name}": ["/static/style.css"],
    "/verify": ["/verify"],
    "/antrean": ["/antrean", "/antrean?queue=differs"],
    "/antrean/baca": ["/antrean/baca"],
    "/antrean/baca/{tps}": [f"/antrean/baca/{STATION}"],
    "/foto/{digest}/hapus": [f"/foto/{record}/hapus" for record in RECORDS],
    "/mitra": ["/mitra"],
    "/mitra/{org}": [f"/mitra/{PARTNER}"],
    "/masuk": ["/masuk", f"/masuk?k={'x' * 43}"],
    "/blob/{digest}": [f"/blob/{record}" for record in RECORDS],
    "/blobs/{digests}": [f"/blobs/{'+'.join(RECORDS)}"],
    "/foto/{digest}/kecil": [f"/foto/{record}/kecil" for record in RECORDS],
}
WRITES = {
    "/v1/records": ["/v1/records"],
    "/v1/agency-answers": ["/v1/agency-answers"],
    "/v1/agency-mail": ["/v1/agency-mail"],
    "/add-checkpoint": ["/add-checkpoint"],
    "/v1/evidence": ["/v1/evidence"],
    "/v1/evidence/uploads": ["/v1/evidence/uploads"],
    "/v1/evidence/uploaded": ["/v1/evidence/uploaded"],
    "/v1/incidents": ["/v1/incidents"],
    "/open311/v2/requests.{format}": ["/open311/v2/requests.json"],
    "/open311/v2/{rest}": ["/open311/v2/nothing.json"],
    "/notify": ["/notify"],
    "/v1/control/{command}": ["/v1/control/sync"],
    "/antrean/baca": ["/antrean/baca"],
    "/antrean/baca/{tps}": [f"/antrean/baca/{STATION}"],
    "/antrean/masih/{tps}": [f"/antrean/masih/{STATION}"],
    "/tps/{code}/foto": [f"/tps/{STATION}/foto"],
    "/lapor": ["/lapor"],
    "/lapor/{id}": [f"/lapor/{'0' * 32}"],
    "/lapor/{id}/foto/{key}": [f"/lapor/{'0' * 32}/foto/{'0' * 32}"],
    "/laporan/{org}/{id}": [f"/laporan/{ORG}/{'0' * 32}"],
    "/laporan/{org}/{id}/foto": [f"{REPORT_PAGE}/foto"],
    "/laporan/{org}/{id}/antar": [f"{REPORT_PAGE}/antar"],
    "/laporan/{org}/{id}/berkas/{digest}": [f"{REPORT_PAGE}/berkas/{'0' * 64}"],
    "/mitra/tangani": ["/mitra/tangani"],
    "/mitra/abaikan": ["/mitra/abaikan"],
    "/masuk": ["/masuk"],
    "/keluar": ["/keluar"],
    "/foto/{digest}/hapus": [f"/foto/{record}/hapus" for record in RECORDS],
}


def context(desk=None, token: str = "") -> WebContext:
    """What handlers share, of a node without a database."""
    settings = settings_of(org=ORG, elections=[ELECTION])
    return context_of(None, settings, desk=desk, control_token=token)


def test_every_route_has_a_row():
    found = {"GET": set(), "POST": set()}
    for route in make_app(context()).router.routes():
        path = route.resource.canonical
        # HEAD is asked beside each GET; what OPTIONS says depends on nothing.
        if route.method not in {"HEAD", "OPTIONS"}:
            found[route.method].add(path)
    assert found == {"GET": READS.keys(), "POST": WRITES.keys()}


class Home:
    """A node at work whose database a test can write to."""

    def __init__(self, resources, node: Node) -> None:
        self.resources, self.node, self.home = resources, node, resources.home
        self.record = self.profile = ""

    async def fill(self) -> None:
        """What is public: own records, a partner's, and a history that was forked."""
        drafts = [draft(), draft("1371011001002", 5, 5)]
        body = {"election": ELECTION, "records": drafts}
        status, answer = await self.node.post("/v1/records", body)
        assert status == 200, answer
        self.record = answer["verdicts"][0]["record"]
        self.profile = self.resources.profiles[ELECTION].digest
        await self.run(self._hold_public)
        for _ in range(400):
            _, ready, _ = await self.node.get("/readyz")
            summary = json.loads((await self.node.get("/v1/status"))[1])
            merged = {one["origin"]: one["merged"] for one in summary["logs"]}
            if ready == b"ok\n" and merged.get(PUBLIC_LOG) == 3:
                return
            await asyncio.sleep(0.05)
        raise AssertionError(summary)

    def _hold_public(self) -> None:
        for org in (PARTNER, FORKED):
            owner = FakeOrg(org, ELECTION)
            hold(self.resources.db, Tree(owner))
            hold_about(self.resources.db, owner)
        while merge_once(self.resources.db, self.resources.profiles):
            pass
        self.freeze(f"{FORKED}/{ELECTION}")
        with self.resources.db.transaction() as tx:
            alarms.raise_alarm(tx, "fork", f"{FORKED}/{ELECTION}", "seen at x", 1)
            alarms.raise_alarm(tx, "static", "site", "/home/x/site: full", 1)
            turn = pulls.Turn(
                org=PARTNER, at=1, seconds=1, outcome="failed", reason=ADDRESS
            )
            pulls.save_turn(tx, pulls.PeerTurn(org=PARTNER, failures=1), turn)

    async def hold_private(self) -> None:
        """Logs that are for partners: our own, a partner's, one of who has no other."""
        await self.run(self._hold_private)

    def _hold_private(self) -> None:
        db, owner = self.resources.db, PRIVATE[ORG]
        keys = OwnKeys(owner.chain, owner.log, owner.records)
        self.own = open_own(db, keys, self.resources.profiles[ELECTION])
        introduce(db, self.resources.guard, self.own)
        for org, tree in TREES.items():
            hold(db, tree, 2)
            hold_about(db, FakeOrg(org, ELECTION))
            self._alarm(tree.owner.origin)
            with db.transaction() as tx:
                log, note = logs.get_log(tx, tree.owner.origin), tree.note()
                copies.save_copy(tx, log.id, 1_000, org, note)
        with db.transaction() as tx:
            pulls.save_offered(tx, PARTNER, OFFERED, 1)
            # No admission makes one of these; whatever does, it must not get out.
            log, claim = logs.get_log(tx, TREES[PARTNER].owner.origin), a_claim()
            claims.save_claims(tx, log.id, bundle_claims([claim]))
        assert merge_once(db, self.resources.profiles) == 0, (
            "they are no part of the map"
        )

    def _alarm(self, origin: str) -> None:
        org = origin.partition("/")[0]
        with self.resources.db.transaction() as tx:
            alarms.raise_alarm(tx, "stalled", origin, ADDRESS, 1)
            alarms.raise_alarm(tx, "feed-refused", f"{PARTNER} {origin}", "x", 1)
            alarms.raise_alarm(tx, "partner-full", org, f"{origin}: full", 1)

    async def grow_private(self) -> None:
        """More in each of them; two end in a fork."""
        await self.run(self._grow_private)

    def _grow_private(self) -> None:
        db, guard = self.resources.db, self.resources.guard
        head = settle(db, guard, self.own.origin)
        leaf = incident(PRIVATE[ORG], 1)
        commit(db, guard, self.own, head, [leaf], lambda _: None)
        for tree in TREES.values():
            hold(db, tree)
        self.freeze(PRIVATE[ORG].origin)
        self.freeze(PRIVATE[PARTNER].origin)
        assert merge_once(db, self.resources.profiles) == 0

    def freeze(self, origin: str) -> None:
        with self.resources.db.transaction() as tx:
            logs.freeze(tx, logs.get_log(tx, origin).id, b"two histories")

    async def run(self, work) -> None:
        await self.resources.db.run(work)

    def paths(self) -> list[str]:
        known = {"record": self.record, "profile": self.profile}
        return [path.format(**known) for paths in READS.values() for path in paths]


def keeping_reports(resources):
    """The web of a node that takes reports; its log of them is forced in here."""
    settings = msgspec.structs.replace(resources.settings, incidents=(ELECTION,))
    return replace(resources, settings=settings)


@pytest.fixture
async def home(tmp_path):
    """A node of one organisation that pins a partner without an address."""
    found = make_home(tmp_path, ORG)
    peer = (
        f'\n[[peer]]\norg = "{PARTNER}"\nidentity = "{FakeOrg(PARTNER).identity.key}"\n'
    )
    found.peers.write_text(found.peers.read_text() + peer)
    settings, token = load_settings(found.settings), f"control-token-{'0' * 20}"
    with open_resources(found, settings) as resources:
        async with (
            serve(
                keeping_reports(resources), clocks(), Random(1), token, alone=True
            ) as url,
            aiohttp.ClientSession(auto_decompress=False, headers=AS_IT_IS) as session,
        ):
            filled = Home(resources, Node(found, url, session))
            await filled.fill()
            yield filled


async def ask(home: Home, path: str, method: str = "GET", **headers: str):
    """Status, headers but the time, and body of an answer."""
    async with home.node._session.request(
        method, home.node.url + path, headers=headers, allow_redirects=False
    ) as answer:
        body = await answer.read()
        kept = {k: v for k, v in answer.headers.items() if k != "Date"}
    if path == "/metrics":
        # Of the whole disk, whoever writes to it; its length varies with it.
        body = re.sub(rb"federation_disk_free_bytes.*\n", b"", body)
        kept.pop("Content-Length", None)
    return answer.status, kept, body


async def ask_all(home: Home, **headers: str):
    """The answers to everything that can be asked, GET and HEAD."""
    return {
        (method, path): await ask(home, path, method, **headers)
        for path in home.paths()
        for method in ("GET", "HEAD")
    }


def differing(one: dict, other: dict) -> list:
    """What is not the same in both, as it stands there."""
    assert one.keys() == other.keys()
    return [(key, one[key], other[key]) for key in one if one[key] != other[key]]


async def test_a_stranger_cannot_tell_a_log_for_partners_from_none(home):
    unknown = await ask_all(home, **STRANGER)
    tags = {path: headers.get("ETag") for (_, path), (_, headers, _) in unknown.items()}
    assert unknown["GET", f"/{hex_of(PUBLIC_LOG)}/checkpoint"][0] == 200
    assert FORKED in unknown["GET", "/v1/elections"][2].decode()
    for grow in (home.hold_private, home.grow_private):
        await grow()
        assert differing(await ask_all(home, **STRANGER), unknown) == []
        for path, tag in tags.items():
            if tag:
                headers = STRANGER | {"If-None-Match": tag}
                assert (await ask(home, path, **headers))[0] == 304, path
    for name in (*OF_LOG, "tile/0/000.p/1"):
        told = [await ask(home, f"/{hex_of(o)}/{name}", **STRANGER) for o in LOGS[1:]]
        assert told == [told[0]] * len(told), name
        assert told[0][0] == 404


async def test_what_strangers_send_is_answered_alike(home):
    async def send(path, members):
        # Pages for people answer with pages.
        address = home.node.url + path
        async with home.node._session.post(address, json=members) as answer:
            return answer.status, await answer.read()

    async def send_all():
        return [
            (path, org, await send(path, {"org": org}))
            for paths in WRITES.values()
            for path in paths
            for org in (PARTNER, FAR, "nobody.example")
        ]

    unknown = await send_all()
    await home.hold_private()
    await home.grow_private()
    assert await send_all() == unknown


EXPORTS = {
    "bundle": ["export", "--bundle"],
    "excerpt": ["export", "--region", "13", "--bundle"],
    "static": ["export", "--static"],
    "trust": ["export", "--trust"],
    "csv": ["export", "--format", "csv", "--out"],
    "ndjson": ["export", "--format", "ndjson", "--what", "coverage", "--out"],
    "receipt": ["receipt", STATION, "--out"],
    "archive": ["election", "archive", ELECTION, "--out"],
}


def read_out(path: Path) -> dict[str, bytes]:
    """Every file that was handed out, what is in bundles file by file."""
    if path.is_dir():
        inside = [one for one in path.rglob("*") if one.is_file()]
        return {
            f"{one.relative_to(path)}/{name}": data
            for one in inside
            for name, data in read_out(one).items()
        }
    data = path.read_bytes()
    if data[:2] != b"PK":
        return {path.name: data}
    with BundleFile(path) as bundle:
        return {name: bundle.read(name, 1 << 24) for name in bundle.names()}


def export_all(home: Home, below: Path) -> dict[str, dict[str, bytes]]:
    below.mkdir()
    found = {}
    for name, words in EXPORTS.items():
        code, out, err = federation(home.home, *words, below / name)
        assert code == 0, out + err
        found[name] = read_out(below / name)
        assert found[name], name
    return found


async def test_no_export_knows_of_a_log_for_partners(home, tmp_path):
    unknown = await asyncio.to_thread(export_all, home, tmp_path / "unknown")
    await home.hold_private()
    await home.grow_private()
    held = await asyncio.to_thread(export_all, home, tmp_path / "held")
    for name, files in held.items():
        assert differing(files, unknown[name]) == [], name


async def test_no_program_is_told_of_a_log_for_partners(home):
    asked = ask_scope(home.resources.profiles, [ELECTION], ELECTION)
    read = home.resources.db.read
    unknown = await read(read_news, ORG, asked, NEVER_TOLD)
    assert unknown.news.counts.records
    await home.hold_private()
    await home.grow_private()
    held = await read(read_news, ORG, asked, NEVER_TOLD)
    assert msgspec.json.encode(held.news) == msgspec.json.encode(unknown.news)
    assert held.told == unknown.told


class Told(NamedTuple):
    """What the status and the metrics say of logs for partners, and of the node."""

    logs: set[str]
    offered: list[str]
    alarms: list[tuple[str, str, str]]
    partners: list[tuple[str, str]]


async def told(home: Home, **headers: str) -> Told:
    status = json.loads((await ask(home, "/v1/status", **headers))[2])
    metrics = (await ask(home, "/metrics", **headers))[2].decode()
    labels = set(re.findall(r'federation_log_size{log="(.*)"}', metrics))
    assert labels == {one["origin"] for one in status["logs"]}
    [count] = re.findall(r"federation_alarms (\d+)", metrics)
    assert int(count) == len(status["alarms"])
    asked = re.findall(r'federation_peer_failures{org="(.*)"}', metrics)
    assert asked == [one["org"] for one in status["peers"]]
    return Told(
        {origin for origin in labels if "incidents" in origin},
        [one["origin"] for one in status["offered"]],
        [(one["code"], one["subject"], one["detail"]) for one in status["alarms"]],
        [(one["org"], one.get("reason", "")) for one in status["peers"]],
    )


async def test_a_stranger_is_told_of_public_logs_only(home):
    await home.hold_private()
    forked = ("fork", f"{FORKED}/{ELECTION}", "")
    assert await told(home, **STRANGER) == (set(), [], [forked, ("static", "", "")], [])


async def test_why_a_log_stops_is_not_for_strangers(home):
    """The reason may be an address, or speak of a log that is hidden."""

    def stall():
        with home.resources.db.transaction() as tx:
            log = logs.get_log(tx, f"{PARTNER}/{ELECTION}")
            logs.stall(tx, log.id, f"{ADDRESS}: the keys of {PRIVATE[ORG].origin}")

    await home.run(stall)
    body = (await ask(home, "/v1/status", **STRANGER))[2].decode()
    [told_of] = [log for log in json.loads(body)["logs"] if "stalled" in log]
    assert told_of["origin"] == f"{PARTNER}/{ELECTION}"
    assert ADDRESS not in body
    assert "incidents" not in body
    token = {"Authorization": f"Bearer {home.node.token}"} | STRANGER
    assert ADDRESS in (await ask(home, "/v1/status", **token))[2].decode()


async def test_this_machine_is_told_of_every_log(home):
    await home.hold_private()
    token = {"Authorization": f"Bearer {home.node.token}"} | STRANGER
    found, far = await told(home, **token), PRIVATE[FAR].origin
    assert found.logs == {owner.origin for owner in PRIVATE.values()}
    assert found.offered == OFFERED
    assert found.partners == [(PARTNER, ADDRESS)]
    assert {
        ("static", "site", "/home/x/site: full"),
        ("stalled", far, ADDRESS),
        ("feed-refused", f"{PARTNER} {far}", "x"),
        ("partner-full", FAR, f"{far}: full"),
    } <= set(found.alarms)
    await home.grow_private()
    elections = (await ask(home, "/v1/elections", **token))[2].decode()
    assert PRIVATE[PARTNER].origin in elections
    assert PRIVATE[ORG].origin in (await ask(home, "/logs", **token))[2].decode()
    path = f"/{hex_of(PRIVATE[PARTNER].origin)}/checkpoint"
    status, headers, _ = await ask(home, path, **token)
    assert (status, headers["Cache-Control"]) == (200, "private, no-store")
    assert (await ask(home, path, **STRANGER))[0] == 404, "it is not remembered"
    code, out, _ = federation(home.home, "status")
    assert code == 0
    assert {one["origin"] for one in json.loads(out)["logs"]} >= found.logs


def accept_token(home: Home) -> None:
    with home.resources.db.transaction() as tx:
        tokens.save_token(tx, "prometheus", "t" * 40, ("intake",), 1)


@pytest.mark.parametrize(
    "headers",
    [{}, STRANGER | {"Authorization": f"Bearer {'t' * 40}"}],
    ids=["on the machine", "with a token"],
)
async def test_who_looks_after_a_node_hears_that_something_is_amiss(home, headers):
    await home.run(lambda: accept_token(home))
    before = await told(home, **headers)
    await home.hold_private()
    found = await told(home, **headers)
    assert (found.logs, found.offered) == (set(), OFFERED[:1])
    assert found.partners == [(PARTNER, "")]
    assert {detail for _, _, detail in found.alarms} == {""}
    new = [alarm for alarm in found.alarms if alarm not in before.alarms]
    assert {code for code, _, _ in new} == {"stalled", "feed-refused", "partner-full"}
    assert len(new) == 3 * len(TREES)
    assert {subject for _, subject, _ in new} == {"", PARTNER, FAR}


async def test_what_the_database_cannot_keep_is_counted_too(home):
    alarm = Alarm(
        code="disk-full", subject="data", detail="", first_at=1, last_at=1, times=1
    )
    for kept, more in (([], 0), ([alarm], 1)):
        disk = SimpleNamespace(
            alarms=lambda kept=kept: kept, free=dict, commit_waits_s=None
        )
        with home.resources.db.view() as view:
            found = read_metrics(view, NOBODY, home.resources, disk)
        assert found["federation_alarms"] == 2 + more


async def test_no_record_of_such_a_log_has_a_receipt(home):
    await home.hold_private()
    origin = PRIVATE[PARTNER].origin
    with home.resources.db.view() as view:
        with pytest.raises(NotFoundError) as private:
            make_receipt(view, origin, 0)
        with pytest.raises(NotFoundError) as unknown:
            make_receipt(view, UNKNOWN, 0)
    assert str(private.value) == str(unknown.value).replace(UNKNOWN, origin)


class Waiting:
    """The desk of a node that may not sign one of its logs."""

    def readiness(self):
        return [quote(f"{PRIVATE[ORG].origin}: waits for partners")]


@pytest.mark.parametrize(
    ("headers", "status", "body"),
    [
        (STRANGER, 200, "ok\n"),
        ({}, 503, "not ready: `federation status` on the node's machine says why\n"),
        (
            {"Authorization": "Bearer own"},
            503,
            f"{PRIVATE[ORG].origin}: waits for partners\n",
        ),
    ],
    ids=["stranger", "insider", "this-machine"],
)
async def test_whether_such_a_log_may_be_signed_is_nothing_for_strangers(
    headers, status, body
):
    app = make_app(context(Waiting(), "own"))
    async with TestClient(TestServer(app)) as client:
        answer = await client.get("/readyz", headers=headers)
        assert (answer.status, await answer.text()) == (status, body)


def test_our_about_note_names_no_log_that_is_not_for_all(tmp_path):
    found = make_home(tmp_path, ORG)
    with open_resources(found, load_settings(found.settings)) as resources:
        note = renew_about(resources)
        owner = PRIVATE[ORG]
        keys = OwnKeys(owner.chain, owner.log, owner.records)
        own = open_own(resources.db, keys, resources.profiles[ELECTION])
        more = replace(resources, own={**resources.own, own.origin: own})
        assert renew_about(more) == note


async def test_a_log_that_is_not_for_all_is_not_taken_in_from_files(home, tmp_path):
    tree = TREES[PARTNER]
    path = bundle_of(tmp_path / "stick.zip", FakePeer(PARTNER).show(tree))
    code, out, err = await asyncio.to_thread(federation, home.home, "import", path)
    assert code == 0, out + err
    assert [one["outcome"] for one in json.loads(out)["files"][0]["logs"]] == [
        "private"
    ]
    with home.resources.db.view() as view:
        assert tree.owner.origin not in {log.origin for log in logs.list_logs(view)}


#: Where the visibility of a log is compared, and is not who may read it.
COMPARED = {
    "records/readers.py": "the gate itself",
    "records/keystatement.py": "how a log's name is written",
    "records/kinds.py": "in which log a type of record may stand",
    "flows/query/waiting.py": "which logs hold results, of those the gate lets see",
    "flows/visit/heads.py": "which elections a partner has results of, of all it shows",
}


def compares(tree: ast.AST) -> bool:
    """Whether anything in it is compared with, or looked up by, a visibility."""
    return any(
        isinstance(part, ast.Compare | ast.match_case)
        and re.search(r"\bvisibility\b|'incidents'|'public'", ast.unparse(part))
        for part in ast.walk(tree)
    )


@pytest.mark.slow
def test_nothing_else_decides_who_may_read_a_log():
    below = PROJECT / "federation"
    found = {
        str(path.relative_to(below))
        for path in below.rglob("*.py")
        if compares(ast.parse(path.read_text()))
    }
    assert found == COMPARED.keys()
