"""A telephone before the pages: nothing is cut off, nothing needs a script."""

import pytest

from tests import sample_map as sample
from tests.browser.test_signin import Reader
from tests.peoplenode import PeopleNode

# One browser for all: starting it takes longer than most tests.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

WIDTHS = (320, 360, 390, 640, 768, 1280)
PAGES = (
    "/",
    "/wilayah/1371",
    "/wilayah/1371011001",
    f"/tps/{sample.DISPUTED}",
    f"/tps/{sample.JANGGAL}",
    "/berbeda",
    "/kosong",
    "/daftar?flag=implausible&status=single",
    "/?map=disputed&sort=-covered",
    "/cari?q=padang",
    "/bantuan/peringatan",
    "/bantuan/peringatan/own-log-past-unknown",
)
#: What of the page's text stands beyond its right edge, or in a box that hides it.
CUT_OFF = """
JSON.stringify([...document.querySelectorAll("main *")].filter((one) => {
  const at = one.getBoundingClientRect(), style = getComputedStyle(one);
  const hidden = style.clipPath !== "none" || one.closest("thead, .heard, svg");
  return !hidden && at.width > 1 && at.right > innerWidth + 1;
}).map((one) => one.outerHTML.slice(0, 120)))
"""


@pytest.fixture
def node(sample_db):
    return PeopleNode(sample_db)


async def press(reader, selector):
    """Scroll there, as a thumb does, and press it."""
    where = f"document.querySelector({selector!r})"
    await reader.tab.run(f"{where}.scrollIntoView({{block: 'center'}})")
    return await reader.press(selector)


async def test_no_page_is_wider_than_a_screen_and_none_needs_a_script(chromium, node):
    async with node.serving() as url:
        tab = await chromium.tab()
        reader = Reader(tab)
        for width in WIDTHS:
            await tab.call(
                "Emulation.setDeviceMetricsOverride",
                width=width,
                height=800,
                deviceScaleFactor=1,
                mobile=width < 700,
            )
            for path in PAGES:
                join = "&" if "?" in path else "?"
                await reader.open(f"{url}{path[1:]}{join}lang=id")
                wide = await tab.run("document.documentElement.scrollWidth")
                assert wide <= width, (path, width)
        assert tab.events["Log.entryAdded"] == []
        await tab.close()


async def test_on_a_telephone_every_figure_of_everybody_is_in_sight(chromium, node):
    async with node.serving() as url:
        tab = await chromium.tab()
        reader = Reader(tab)
        await tab.call(
            "Emulation.setDeviceMetricsOverride",
            width=360,
            height=800,
            deviceScaleFactor=1,
            mobile=True,
        )
        said = await reader.open(f"{url}tps/{sample.DISPUTED}?lang=id")
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        at = [line.startswith("02") for line in lines].index(True)
        assert "selisih 1" in " ".join(lines[at : at + 2])
        figures = " ".join(lines[at : at + 10])
        for org, votes in ((sample.ANA, "40"), (sample.BUDI, "41"), ("KPU", "40")):
            assert org in figures
            assert votes in figures
        assert await tab.run(CUT_OFF) == "[]"
        await tab.close()


async def test_from_the_address_to_what_differs_and_its_proof_in_four_steps(
    chromium, node
):
    """Somebody with a telephone, a name and a number; no script runs."""
    async with node.serving() as url:
        tab = await chromium.tab()
        reader = Reader(tab)
        await tab.call(
            "Emulation.setDeviceMetricsOverride",
            width=360,
            height=800,
            deviceScaleFactor=1,
            mobile=True,
        )
        await reader.open(f"{url}?lang=id")
        await tab.run("document.querySelector('#q').value = 'padang selatan tps 2'")
        found = await press(reader, "form.search button")
        assert "Padang Selatan" in found
        station = await press(reader, f"main a[href*='{sample.DISPUTED}']")
        assert "berbeda dari KPU" in station
        assert "selisih 1" in station
        receipts = "document.querySelectorAll('main a[download]').length"
        assert await tab.run(receipts) == 3
        await press(reader, "#prove ~ ol a")
        assert await tab.run("location.pathname") == "/verify"
        assert [one["entry"]["text"] for one in tab.events["Log.entryAdded"]] == []
        await tab.close()


async def test_a_figure_is_opened_and_narrowed_without_a_script(chromium, node):
    async with node.serving() as url:
        tab = await chromium.tab()
        reader = Reader(tab)
        await reader.open(f"{url}?lang=id")
        listed = await press(reader, ".tiles a[href*='status=single']")
        assert "dari 9 TPS" in " ".join(listed.split())
        assert sample.SINGLE in listed
        await tab.run("document.querySelector('details.filter').open = true")
        await tab.run("document.querySelector('[name=flag]').value = 'implausible'")
        narrowed = await press(reader, "details.filter button")
        assert sample.JANGGAL in narrowed
        assert sample.SINGLE not in narrowed
        await tab.close()
