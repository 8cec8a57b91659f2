"""An open page changes when a sync brings news, in a real browser over real nodes."""

import asyncio
import contextlib

import pytest

from federation.config.settings import Listen
from federation.flows.publish.folder import StaticSite
from federation.flows.publish.items import Publisher, Selection
from federation.flows.publish.mapfiles import MapFiles
from federation.flows.publish.outputfolder import OutputFolder
from federation.web.publishedpages import PublishedPages
from tests import sample_map as sample
from tests.homes import ELECTION, add_peer, draft, make_home, serving
from tests.node.test_publishing import file_server
from tests.readernode import reading
from tests.waiting import until
from tests.webnode import settings_of

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

OURS, THEIRS = "jagasuara.example", "kawalpemilu.example"
COVERED = "document.querySelector('.tiles .single b, .tiles .single').innerText"


async def sign(node, tps: str) -> None:
    rows = {"election": ELECTION, "records": [draft(tps)]}
    status, said = await node.post("/v1/records", rows)
    assert status == 200, said


async def test_a_sync_changes_the_figure_on_the_open_page_and_keeps_what_was_typed(
    chromium, tmp_path
):
    """What a reader has opened and typed stays; nothing is loaded anew or complains."""
    ours, theirs = make_home(tmp_path, OURS), make_home(tmp_path, THEIRS)
    async with serving(theirs, alone=True) as partner:
        add_peer(ours, theirs, partner.url)
        async with serving(ours, alone=True) as node:
            await sign(node, "1371011001001")
            tab = await chromium.tab()
            for domain in ("Page", "Runtime", "Network", "Log", "Audits"):
                await tab.call(f"{domain}.enable")
            await tab.call("Page.navigate", url=f"{node.url}/?lang=id")

            async def is_listening():
                return await tab.run(
                    "document.querySelector('.live')?.hidden === false"
                )

            await until(is_listening)

            tile = "document.querySelector('.tiles .single').innerText"

            async def is_counted():
                return (await tab.run(tile)).startswith("1")

            await until(is_counted)
            await tab.run("window.before = document.querySelector('#q')")
            await tab.run("window.before.value = 'padang'; window.before.focus()")
            was = await tab.run(tile)
            await sign(partner, "1371011001002")

            async def is_changed():
                return await tab.run(tile) != was

            await until(is_changed)
            assert await tab.run(tile) == was.replace("1", "2")
            kept = "window.before === document.activeElement && window.before.value"
            assert await tab.run(kept) == "padang"
            # Whoever asks again while the map stands still gets no page.
            statuses = [
                one["response"]["status"]
                for one in tab.events["Network.responseReceived"]
                if one["type"] in {"Document", "Fetch"}
            ]
            assert set(statuses) <= {200, 304}
            documents = [
                one
                for one in tab.events["Network.requestWillBeSent"]
                if one["type"] == "Document"
            ]
            assert len(documents) == 1
            assert tab.events["Log.entryAdded"] == []
            assert tab.events["Runtime.exceptionThrown"] == []
            assert tab.events["Audits.issueAdded"] == []
            await tab.close()


async def test_a_page_that_is_not_looked_at_takes_no_place(chromium, tmp_path):
    home = make_home(tmp_path, OURS)
    async with serving(home, alone=True) as node:
        tab = await chromium.tab()
        for domain in ("Page", "Runtime", "Network"):
            await tab.call(f"{domain}.enable")
        await tab.call("Page.navigate", url=f"{node.url}/?lang=id")

        async def is_listening():
            return await tab.run("document.querySelector('.live')?.hidden === false")

        await until(is_listening)
        await tab.run(
            "Object.defineProperty(document, 'hidden', {value: true});"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
        assert await tab.run("document.querySelector('.live').hidden")
        await tab.close()
        await asyncio.sleep(0)


async def test_a_page_of_a_reader_says_how_far_it_is_behind_and_when_nobody_writes(
    chromium, tmp_path
):
    home = make_home(tmp_path, OURS)
    line = "document.querySelector('footer .lag')?.innerText ?? ''"
    again = (
        "document.dispatchEvent(new Event('visibilitychange')),"
        "new Promise((done) => setTimeout(done, 300))"
    )
    async with contextlib.AsyncExitStack() as stack, contextlib.AsyncExitStack() as own:
        node = await stack.enter_async_context(serving(home, alone=True))
        await sign(node, "1371011001001")
        read = await own.enter_async_context(reading(home))
        tab = await chromium.tab()
        for domain in ("Page", "Runtime", "Network", "Log", "Audits"):
            await tab.call(f"{domain}.enable")
        # Cookies of other tests are this address's, too, whatever their port.
        await tab.call("Network.clearBrowserCookies")
        # With figures, and without: not found.
        for path in ("/?lang=en", "/berbeda?lang=en", "/wilayah/99?lang=en"):
            await tab.call("Page.navigate", url=read.service.url + path)

            async def is_told():
                return "behind the node that writes" in await tab.run(line)

            await until(is_told)
        await tab.call("Page.navigate", url=f"{read.service.url}/?lang=id")

        async def is_writing():
            return "tertinggal paling lama" in await tab.run(line)

        await until(is_writing)
        # The node goes, the reader stays.
        await stack.aclose()

        async def has_ended():
            await tab.run(again)
            return "tidak ada node yang menulis" in await tab.run(line)

        await until(has_ended)
        assert tab.events["Runtime.exceptionThrown"] == []
        assert tab.events["Audits.issueAdded"] == []
        await own.aclose()

        async def is_away():
            await tab.run(again)
            return "alamat ini tidak menjawab" in await tab.run(line)

        await until(is_away)
        await tab.close()


async def test_a_page_in_a_bucket_asks_a_small_file_and_then_for_itself(
    chromium, tmp_path, sample_db
):
    """The same files in a folder, behind a server that knows nothing but files."""
    settings = settings_of(listen=Listen(public_url="https://node.example"))
    profiles = {sample.ELECTION: sample.profile()}
    pages = PublishedPages(settings, profiles, lambda _: {}, lambda: 1_707_915_900)
    maps = MapFiles(sample.ANA, profiles, pages)
    place = OutputFolder(tmp_path / "site")
    site = StaticSite(place, lambda *_: pages.files(), maps)

    def turn():
        with sample_db.view() as view:
            site.write(view, Publisher(settings, profiles), Selection())

    turn()
    async with file_server(tmp_path / "site") as (url, asked):
        tab = await chromium.tab()
        for domain in ("Page", "Runtime", "Network", "Log"):
            await tab.call(f"{domain}.enable")
        await tab.call("Page.navigate", url=f"{url}/index.html")
        tile = "document.querySelector('.tiles .single').innerText"

        async def is_shown():
            return bool(await tab.run(f"document.querySelector('.tiles') && {tile}"))

        await until(is_shown)
        was = await tab.run(tile)
        sample.add_claims(
            sample_db,
            sample.CITRA,
            [sample._claim(0, sample.CITRA, sample.GAP, sample.three(1, 2, 3))],
        )
        sample.merge(sample_db)
        turn()

        async def is_changed():
            return await tab.run(tile) != was

        await until(is_changed)
        news = f"/map/{sample.ELECTION}/news.json"
        assert ("GET", news, 200) in asked
        assert tab.events["Log.entryAdded"] == []
        assert tab.events["Runtime.exceptionThrown"] == []
        await tab.close()
