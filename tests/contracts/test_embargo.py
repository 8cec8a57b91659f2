"""Before, at and after the time from which a log is public: each door, for each asker.

All is asked of a node whose own log waits for its time, before anything stands in it;
then it has results, and a partner's that waits as well: every answer stays the same.
Then the clock passes the time, and nobody does anything.
"""

import asyncio
import gzip
import json
from functools import partial
from random import Random

import aiohttp
import msgspec
import obstore
import pytest
from msgspec.structs import replace
from obstore.store import MemoryStore

from federation.config.settings import load_settings
from federation.errors import NotFoundError
from federation.feeds.signature import RequestSigner
from federation.flows.publish.items import Publisher, Selection
from federation.flows.publish.outputbucket import OutputBucket
from federation.flows.query.mapnews import read_news
from federation.flows.query.scope import ask as ask_scope
from federation.flows.receipt import find_record, make_receipt
from federation.node.resources import Clocks, open_resources
from federation.node.service import serve
from federation.node.sites import make_site
from federation.records.about import open_about_unpinned
from federation.records.readers import Insider, Nobody, Sender
from federation.store import logs
from federation.store.people import open_session, save_person
from federation.web.sessions import cookie_form
from tests.cli.filled_home import federation
from tests.contracts.test_readers import (
    NEVER_TOLD,
    ORG,
    PARTNER,
    STATION,
    STRANGER,
    Home,
    ask,
    ask_all,
    differing,
    hex_of,
    keeping_reports,
    read_out,
)
from tests.fakes import FakeOrg, FakePeer, FixedClock, Tree
from tests.flows.publish.conftest import hold_about
from tests.handed import bundle_of
from tests.homes import ELECTION, PASSPHRASE, Node, draft, make_home
from tests.waiting import until

OUTSIDE, SECOND = "luar.example", "1371011001002"
#: Far ahead of any clock by which this is run, and the same in Unix seconds.
TIME, SECONDS = "2092-02-14T1100Z", 3_853_825_200
OURS, THEIRS = (f"{org}/{ELECTION}/from-{TIME}" for org in (ORG, PARTNER))
LOG_PATHS = (
    "checkpoint",
    "about",
    "cosigned",
    "tile/0/000.p/2",
    "tile/entries/000.p/2",
)


class EarlyOrg(FakeOrg):
    """Who signs a log that waits for the time."""

    def __init__(self, org: str) -> None:
        super().__init__(org, f"{ELECTION}/from-{TIME}")
        self.election = ELECTION


def early_home(folder):
    """A home whose log of results waits, by the settings and one command."""
    found = make_home(folder, ORG)
    text = found.settings.read_text()
    moment = "2092-02-14T18:00:00+07:00"
    found.settings.write_text(f'{text}\n[public_from]\n"{ELECTION}" = {moment}\n')
    phrase = folder / "passphrase"
    phrase.touch(0o600)
    phrase.write_text(PASSPHRASE)
    words = ["keys", "chain", "--election", ELECTION, "--passphrase-file", phrase]
    code, out, err = federation(found, *words)
    assert code == 0, out + err
    return found


class World(Home):
    """The node, its clock, and who asks."""

    def __init__(self, resources, node, clock, folder) -> None:
        super().__init__(resources, node)
        self.clock, self.folder = clock, folder
        self.record, self.profile = "1" * 64, resources.profiles[ELECTION].digest

    async def hold_results(self) -> None:
        """Two of our own, three of the partner's, none of them for everybody."""
        rows = [draft(STATION, ref="a"), draft(SECOND, ref="a")]
        body = {"election": ELECTION, "records": rows}
        status, answer = await self.node.post("/v1/records", body)
        assert status == 200, answer
        self.own_record = answer["verdicts"][0]["record"]
        tree = Tree(owner := EarlyOrg(PARTNER)).grow(owner.results(0, 3))
        await self.take(tree)
        sizes = {origin: self.state(origin).size for origin in (OURS, THEIRS)}
        assert sizes == {OURS: 3, THEIRS: 4}

    async def take(self, tree: Tree) -> None:
        """A partner's log, off a stick; what is held is confirmed then."""
        name = f"{len(list(self.folder.iterdir()))}.zip"
        path = bundle_of(self.folder / name, FakePeer(tree.owner.org).show(tree))
        words = self.home, "import", path
        code, out, err = await asyncio.to_thread(federation, *words)
        assert code == 0, out + err

    def state(self, origin):
        with self.resources.db.view() as view:
            return logs.get_log(view, origin)

    def as_partner(self, org: str, path: str) -> dict[str, str]:
        signer = RequestSigner(FakeOrg(org).node, self.clock, Random())
        return signer.sign("GET", self.node.url + path, None)

    def as_viewer(self) -> dict[str, str]:
        now, secret, link = int(self.clock()), "s" * 43, "l" * 43
        with self.resources.db.transaction() as tx:
            save_person(tx, "viewer", "viewer", link, now - 900, now + 9999)
            open_session(tx, link, secret, now - 800)
        return {"Cookie": f"{cookie_form(self.resources.settings).name}={secret}"}

    def pass_time(self) -> None:
        self.clock.now = float(SECONDS)


@pytest.fixture
async def world(tmp_path):
    found = early_home(tmp_path)
    for org, more in ((PARTNER, 'logs = ["early"]'), (OUTSIDE, "")):
        peer = f'\n[[peer]]\norg = "{org}"\nidentity = "{FakeOrg(org).identity.key}"\n'
        found.peers.write_text(found.peers.read_text() + peer + more + "\n")
    settings, token = load_settings(found.settings), f"control-token-{'0' * 20}"
    clock = FixedClock(SECONDS - 61.0)
    times = Clocks(wall=clock, steady=asyncio.get_running_loop().time)
    with open_resources(found, settings) as resources:
        async with (
            serve(
                keeping_reports(resources), times, Random(1), token, alone=True
            ) as url,
            aiohttp.ClientSession(
                auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
            ) as session,
        ):
            world = World(resources, Node(found, url, session), clock, tmp_path)
            for org in (PARTNER, OUTSIDE):
                # By a public log of the partner its keys are known.
                owner = FakeOrg(org, ELECTION)
                await world.take(Tree(owner))
                await world.run(partial(hold_about, resources.db, owner))
            await until(lambda: merged(world, 2))
            yield world


async def merged(world, count: int) -> bool:
    """Whether so many logs are in the map as far as they are held."""
    _, _, body = await ask(world, f"/v1/maps/{ELECTION}", **STRANGER)
    vector = json.loads(body).get("vector", {})
    return len(vector) == count and (await ask(world, "/readyz"))[0] == 200


@pytest.mark.slow
async def test_a_stranger_cannot_tell_that_there_are_results_yet(world, tmp_path):
    unknown = await ask_all(world, **STRANGER)
    read = world.resources.db.read
    scope = ask_scope(world.resources.profiles, [ELECTION], ELECTION)
    news = await read(read_news, ORG, scope, NEVER_TOLD)
    await world.hold_results()
    await asyncio.sleep(1.5)  # whatever follows the logs has followed
    assert differing(await ask_all(world, **STRANGER), unknown) == []
    later = await read(read_news, ORG, scope, NEVER_TOLD)
    assert msgspec.json.encode(later.news) == msgspec.json.encode(news.news)
    for name in LOG_PATHS:
        for origin in (OURS, THEIRS):
            path = f"/{hex_of(origin)}/{name}"
            assert (await ask(world, path, **STRANGER))[0] == 404, path


async def test_that_ours_waits_is_told_and_that_anothers_does_is_not(world):
    await world.hold_results()
    _, _, note = await ask(world, "/.well-known/tps-federation", **STRANGER)
    assert [log.origin for log in open_about_unpinned(note).logs] == [OURS]
    # By its keys somebody who would be our partner knows who answers.
    assert (await ask(world, f"/{hex_of(OURS)}/keys", **STRANGER))[0] == 200
    assert (await ask(world, f"/{hex_of(THEIRS)}/keys", **STRANGER))[0] == 404


@pytest.mark.parametrize("what", ["tile/entries/000.p/3", "checkpoint", "keys"])
async def test_a_partner_that_is_let_has_ours_early_and_nobodys_else(world, what):
    await world.hold_results()
    await asyncio.sleep(2.1)  # what is known of partners is read again

    async def get(org: str, origin: str) -> int:
        path = f"/{hex_of(origin)}/{what}"
        return (await ask(world, path, **world.as_partner(org, path)))[0]

    assert await get(PARTNER, OURS) == 200
    assert await get(OUTSIDE, OURS) == (200 if what == "keys" else 404)
    # Its own it may have back; nobody hands another's on, whoever is let have ours.
    assert await get(PARTNER, THEIRS) == 200
    assert await get(OUTSIDE, THEIRS) == 404


async def test_of_our_people_and_the_machine_all_see_it_early(world):
    await world.hold_results()
    token = {"Authorization": f"Bearer {world.node.token}"} | STRANGER
    for headers in (token, world.as_viewer() | STRANGER):
        body = (await ask(world, "/v1/status", **headers))[2].decode()
        held = {log["origin"]: log for log in json.loads(body)["logs"]}
        assert (held[OURS]["size"], held[THEIRS]["size"]) == (3, 4)
        assert held[OURS]["public_from"] == "2092-02-14T11:00:00Z"
        path = f"/{hex_of(OURS)}/checkpoint"
        status, kept, _ = await ask(world, path, **headers)
        assert (status, kept["Cache-Control"]) == (200, "private, no-store")


async def test_on_a_page_of_a_station_our_people_alone_are_told_what_waits(world):
    path = f"/tps/{STATION}?lang=id"
    viewer = world.as_viewer() | STRANGER
    unknown = (await ask(world, path, **STRANGER))[2]
    assert "menunggu sampai" not in (await ask(world, path, **viewer))[2].decode()
    await world.hold_results()
    assert (await ask(world, path, **STRANGER))[2] == unknown
    partner = world.as_partner(OUTSIDE, path) | STRANGER
    # A page that is kept for strangers is packed; it is not what a partner gets.
    assert (await ask(world, path, **partner))[2] == gzip.decompress(unknown)
    status, kept, body = await ask(world, path, **viewer)
    assert (status, kept["Cache-Control"]) == (200, "private, no-store")
    assert "menunggu sampai 18.00 WIB" in body.decode()
    assert "(3 catatan" in body.decode(), "as much as /v1/status tells them"
    assert "Belum ada pemantau" not in body.decode().partition("<body")[2]
    words = world.home, "show", STATION
    say = partial(federation, *words, language="id", is_json=False)
    code, out, err = await asyncio.to_thread(say)
    assert code == 0, out + err
    assert f"{ORG}: hasilnya untuk pemilu ini menunggu sampai" in out
    world.pass_time()
    assert "menunggu sampai" not in (await ask(world, path, **viewer))[2].decode()


async def test_no_file_has_anything_of_it_before_the_time(world, tmp_path):
    before = await asyncio.to_thread(export_most, world, tmp_path / "before")
    await world.hold_results()
    found = await asyncio.to_thread(export_most, world, tmp_path / "held")
    for name, files in found.items():
        assert differing(files, before[name]) == [], name
    with world.resources.db.view() as view:
        for at, known in ((SECONDS - 1, 2), (SECONDS, 4)):
            assert len(Selection(at=at).list_logs(view)) == known


def export_most(world, below):
    below.mkdir()
    found = {}
    for name, words in (
        ("bundle.zip", ["export", "--bundle"]),
        ("static", ["export", "--static"]),
        ("trust", ["export", "--trust"]),
        ("archive", ["election", "archive", ELECTION, "--out"]),
    ):
        found[name] = written(world, words, below / name)
    found["bucket"] = in_bucket(world)
    return found


def in_bucket(world):
    """What a turn puts into a bucket, the map and its pages too."""
    store, held = MemoryStore(), world.resources
    listen = replace(held.settings.listen, public_url="https://node.example")
    settings = replace(held.settings, listen=listen)
    place = OutputBucket("s3://b/site", opened=store)
    site = make_site(place, held.home, settings, held.profiles, world.clock)
    with held.db.view() as view:
        by = Publisher(settings, held.profiles)
        site.write(view, by, Selection(at=world.clock()))
    found = [one["path"] for page in obstore.list(store) for one in page]
    assert any(path.startswith("page/") for path in found)
    return {path: bytes(obstore.get(store, path).bytes()) for path in found}


def written(world, words, path):
    code, out, err = federation(world.home, *words, path)
    assert code == 0, out + err
    return read_out(path)


@pytest.mark.parametrize(
    "who",
    [Nobody, Insider, lambda at: Sender("qlue", at=at)],
    ids=["nobody", "insider", "sender"],
)
async def test_a_receipt_and_the_metrics_are_there_from_the_second_on(world, who):
    await world.hold_results()
    with world.resources.db.view() as view:
        caller = who(at=SECONDS - 1)
        with pytest.raises(NotFoundError):
            find_record(view, world.own_record, caller)
        with pytest.raises(NotFoundError):
            make_receipt(view, OURS, 1, caller)
        caller = who(at=SECONDS)
        origin, claim = find_record(view, world.own_record, caller)
        assert make_receipt(view, origin, claim.index, caller)


async def test_at_its_time_all_of_it_is_there_and_nobody_did_anything(world):
    await world.hold_results()
    summary = json.loads((await ask(world, "/v1/summary", **STRANGER))[2])
    assert summary["coverage"] == {}
    world.pass_time()
    await until(lambda: merged(world, 4))
    summary = json.loads((await ask(world, "/v1/summary", **STRANGER))[2])
    assert summary["coverage"] == {ORG: 2, PARTNER: 3}
    shown = json.loads((await ask(world, "/logs", **STRANGER))[2])
    assert {OURS, THEIRS} <= {log["origin"] for log in shown["logs"]}
    for origin in (OURS, THEIRS):
        for name in ("checkpoint", "keys", "tile/entries/000.p/3"):
            path = f"/{hex_of(origin)}/{name}"
            status, kept, _ = await ask(world, path, **STRANGER)
            assert (status, "private" in kept["Cache-Control"]) == (200, False), path
    receipt = f"/v1/records/{world.own_record}/receipt"
    assert (await ask(world, receipt, **STRANGER))[0] == 200
    status = json.loads((await ask(world, "/v1/status", **STRANGER))[2])
    held = {log["origin"]: log["size"] for log in status["logs"]}
    assert (held[OURS], held[THEIRS]) == (3, 4)
    assert (
        f'{{log="{OURS}"}} 3' in (await ask(world, "/metrics", **STRANGER))[2].decode()
    )
