"""A cache before a bucket, with the files that are handed out for nginx and a CDN."""

import asyncio
import json
from collections import Counter
from contextlib import asynccontextmanager
from types import SimpleNamespace

import obstore
import pytest
from aiohttp import ClientSession, TCPConnector, web
from obstore.store import MemoryStore

from federation.flows.publish.mapfiles import MapFiles
from federation.flows.publish.outputbucket import OutputBucket
from tests import sample_map as sample
from tests.certificates import Authority
from tests.proxies import NAME, bucket_file, cdn_file, free_port, running
from tests.waiting import until

pytestmark = pytest.mark.slow  # what is kept for two seconds is waited for

E = sample.ELECTION
NATION = f"map/{E}/ppwp/region/nation.json"


@asynccontextmanager
async def gateway(store):
    """What an object store answers of its objects; its port, and what was asked."""
    asked = Counter()

    async def answer(request):
        name = request.match_info["name"]
        asked[request.method, name] += 1
        try:
            got = obstore.get(store, name)
        except FileNotFoundError:
            return web.Response(status=404)
        tag = f'"{got.meta["e_tag"]}"'
        headers = {**got.attributes, "ETag": tag}
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers=headers)
        return web.Response(body=bytes(got.bytes()), headers=headers)

    app = web.Application()
    app.router.add_route("*", "/our-data/site/{name:.+}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    try:
        yield SimpleNamespace(port=port, asked=asked, stop=runner.cleanup)
    finally:
        await runner.cleanup()


def publish(db, store):
    place = OutputBucket("s3://b/site", opened=store)
    with db.view() as view:
        files = MapFiles(sample.ANA, {E: sample.profile()})
        files.write(view, place, [E], lambda _: None)
    place.add("verify.html", lambda: b"never changes", "immutable")
    place.put("logs", b"{}")
    place.sync()


@asynccontextmanager
async def cached(store, folder, program):
    """The bucket behind the example: its public address, and who may ask."""
    authority, port = Authority(folder), free_port()
    certificate = authority.server_file(NAME)
    scheme = "https" if program == "nginx" else "http"
    async with gateway(store) as bucket:
        store_host = f"127.0.0.1:{bucket.port}"
        if program == "nginx":
            text = bucket_file(folder, port, store_host, "our-data/site", certificate)
        else:
            text = cdn_file(store_host, "our-data/site")
        with running(program, folder / "proxy", text, port):
            connector = TCPConnector(ssl=authority.trusting())
            async with ClientSession(connector=connector) as session:
                yield bucket, f"{scheme}://{NAME}:{port}", session


@pytest.mark.parametrize("program", ["nginx", "varnishd"])
async def test_a_crowd_is_answered_by_the_cache_and_news_come_through(
    sample_db, tmp_path, program
):
    store = MemoryStore()
    publish(sample_db, store)
    async with cached(store, tmp_path, program) as (bucket, url, session):

        async def get(path, **options):
            async with session.get(f"{url}/{path}", **options) as got:
                return got.status, await got.read(), got.headers

        first = await get(NATION)
        assert (first[0], first[1]) == (200, bytes(obstore.get(store, NATION).bytes()))
        said = "public, max-age=2, stale-while-revalidate=10, stale-if-error=604800"
        assert first[2]["Cache-Control"] == said
        assert first[2]["Content-Encoding"] == "gzip"
        crowd = [get(f"{NATION}?{number}") for number in range(200)]
        assert {one[1] for one in await asyncio.gather(*crowd)} == {first[1]}
        # Once, and again for each two seconds that it took.
        assert bucket.asked["GET", NATION] <= 20
        async with session.post(f"{url}/{NATION}", data=b"x") as got:
            assert got.status in {403, 405}
        assert not [one for one in bucket.asked if one[0] == "POST"]
        assert (await get("nothing"))[0] == 404

        before = json.loads(first[1])["cursor"]
        claim = sample._claim(0, sample.CITRA, sample.GAP, sample.three(1, 2, 3))
        sample.add_claims(sample_db, sample.CITRA, [claim])
        sample.merge(sample_db)
        publish(sample_db, store)

        async def is_news():
            return json.loads((await get(NATION))[1])["cursor"] != before

        await until(is_news)
        tag = (await get(NATION))[2]["ETag"]
        assert (await get(NATION, headers={"If-None-Match": tag}))[0] == 304
        assert (await get("verify.html"))[0] == 200

        # What partners ask for is asked of the store each time.
        for _ in range(2):
            assert (await get("logs"))[1] == b"{}"
        assert bucket.asked["GET", "logs"] == 2
        # The store is gone: what was asked for once is there still, however old.
        await bucket.stop()
        await asyncio.sleep(13)
        after = await asyncio.gather(*(get(NATION) for _ in range(50)))
        assert {one[0] for one in after} == {200}
        assert (await get("verify.html"))[1] == b"never changes"
