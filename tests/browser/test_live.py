"""An open page changes when a sync brings news, in a real browser over real nodes."""

import asyncio

import pytest

from tests.homes import ELECTION, add_peer, draft, make_home, serving
from tests.waiting import until

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
