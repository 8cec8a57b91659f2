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
                await reader.open(f"{url}{path[1:]}?lang=id")
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
