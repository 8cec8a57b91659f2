"""Without a mouse: everything is reached by Tab, in sight, and what is sent is sent."""

import json

import pytest

from tests import sample_map as sample
from tests.browser.person import SHIFT, Person
from tests.browser.watching import complaints, watch
from tests.peoplenode import PeopleNode
from tests.reading import FIGURES, TPS, photographed, two_nodes
from tests.waiting import until

# One browser for all: starting it takes longer than most tests.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

#: No page of the tests has so many stops: whoever strikes Tab longer is in a trap.
MOST = 400
PAGES = (
    "/?lang=id",
    "/wilayah/1371?lang=id",
    "/wilayah/1371011001?lang=id",
    f"/tps/{sample.DISPUTED}?lang=id",
    "/daftar?status=disputed&lang=id",
    "/cari?q=padang&lang=id",
    "/gambar?lang=id",
    "/laporan?lang=id",
    "/errors?lang=id",
    "/bantuan/peringatan?lang=id",
)
#: All that a keyboard must reach, each marked until it was.
_STOPS = """(() => {
  const kinds = "a[href], button, input:not([type=hidden]), select, textarea, summary, "
    + "[tabindex='0']";
  const stops = [...document.querySelectorAll(kinds)].filter((one) =>
    one.tabIndex >= 0 && !one.disabled
    && one.checkVisibility({visibilityProperty: true}));
  window.unreached = new Set(stops);
  return stops.length;
})()"""
#: Where the keyboard is, and whether somebody who looks sees it there.
_HERE = """(() => {
  const one = document.activeElement;
  if (!one || one === document.body) return "null";
  const isNew = unreached.delete(one);
  /* A control that is drawn by its label is as visible as that. */
  const drawn = [one, ...(one.labels ?? []), one.nextElementSibling].filter(Boolean);
  const outlined = drawn.some((part) => getComputedStyle(part).outlineStyle !== "none"
    && parseFloat(getComputedStyle(part).outlineWidth) >= 2);
  const at = one.getClientRects()[0] ?? one.getBoundingClientRect();
  const inSight = at.bottom > 0 && at.top < innerHeight && at.right > 0
    && at.left < innerWidth && at.width > 0;
  const top = document.elementFromPoint(
    Math.max(1, Math.min(innerWidth - 1, at.x + at.width / 2)),
    Math.max(1, Math.min(innerHeight - 1, at.y + Math.min(at.height / 2, 20))));
  const free = !top || one === top || one.contains(top) || top.contains(one);
  return JSON.stringify({isNew, outlined, inSight, free,
    what: one.outerHTML.slice(0, 120), words: (one.innerText ?? "").trim(),
    name: one.name ?? "", id: one.id, isMain: one.closest("main") !== null});
})()"""


async def here(person):
    return json.loads(await person.tab.run(_HERE))


async def tab_to(person, what):
    """Strike Tab until the keyboard is at what is meant."""
    await person.tab.run("window.unreached ??= new Set()")
    for _ in range(MOST):
        await person.key("Tab")
        at = await here(person)
        if at and what(at):
            assert at["outlined"], at
            assert at["inSight"], at
            return at
    raise AssertionError("Tab never comes there")


def says(words):
    return lambda at: words in at["words"]


def is_named(name):
    return lambda at: name in {at["name"], at["id"]}


async def a_person(chromium, url, width=1280):
    tab = await chromium.tab()
    await watch(tab)
    await tab.resize(width)
    return Person(tab, url.rstrip("/"))


@pytest.mark.parametrize("width", [390, 1280])
async def test_tab_reaches_everything_in_sight_and_comes_out_again(
    chromium, sample_db, width
):
    async with PeopleNode(sample_db).serving() as url:
        person = await a_person(chromium, url, width)
        for path in PAGES:
            await person.open(path)
            count = await person.tab.run(_STOPS)
            assert 3 < count < MOST, path
            bad = []
            for number in range(count + 1):
                await person.key("Tab")
                at = await here(person)
                if at is None or not at["isNew"]:
                    break
                if number == 0:
                    assert at["words"] == "Langsung ke isi", path
                seen = (at["outlined"], at["inSight"], at["free"])
                bad += [] if all(seen) else [(path, seen, at["what"])]
            assert bad == []
            left = "JSON.stringify([...unreached].map((one) => one.outerHTML))"
            assert await person.tab.run(left) == "[]", path
        assert complaints(person.tab, url) == []
        await person.tab.close()


@pytest.mark.long
async def test_the_first_link_leads_past_the_head_of_the_page(chromium, sample_db):
    async with PeopleNode(sample_db).serving() as url:
        person = await a_person(chromium, url)
        await person.open("/?lang=id")
        await person.tab.run(_STOPS)
        await person.key("Tab")
        assert not (await here(person))["isMain"]
        await person.key("Enter")
        await person.key("Tab")
        assert (await here(person))["isMain"]
        # And back: what was passed over is there still.
        await person.key("Tab", SHIFT)
        assert not (await here(person))["isMain"]
        await person.tab.close()


async def test_a_station_is_found_and_its_proof_opened(chromium, sample_db):
    async with PeopleNode(sample_db).serving() as url:
        person = await a_person(chromium, url)
        await person.open("/?lang=id")
        await tab_to(person, is_named("q"))
        await person.type("padang selatan tps 2")
        await person.key("Enter", leads=True)
        await tab_to(person, says(sample.DISPUTED))
        await person.key("Enter", leads=True)
        assert await person.path() == f"/tps/{sample.DISPUTED}"
        await tab_to(person, says("Buka halaman pemeriksa"))
        await person.key("Enter", leads=True)
        assert await person.path() == "/verify"
        await person.tab.call("Page.setInterceptFileChooserDialog", enabled=True)
        await tab_to(person, is_named("files"))
        await person.key("Enter")
        opened = person.tab.events["Page.fileChooserOpened"]
        await until(lambda: _is_some(opened))
        await person.tab.close()


async def _is_some(events):
    return bool(events)


async def test_a_form_is_read_from_the_sign_in_to_the_thanks(chromium, tmp_path):
    async with two_nodes(tmp_path) as two:
        await two.share(photographed(TPS))
        link = await two.let_in("Rina")
        person = await a_person(chromium, two.readers.url)
        await person.open(f"{link}&lang=id")
        await tab_to(person, says("Masuk sebagai Rina"))
        await person.key("Enter", leads=True)
        await tab_to(person, says("Formulir yang menunggu dibaca"))
        await person.key("Enter", leads=True)
        await tab_to(person, says(TPS))
        await person.key("Enter", leads=True)
        assert await person.path() == f"/antrean/baca/{TPS}"
        # Without a mouse the script's own focus is where one begins.
        await person.tab.run("document.activeElement.blur()")
        wanted = {"c.01": "127", "c.02": "27", **FIGURES}
        for name, text in wanted.items():
            await tab_to(person, is_named(name))
            await person.type(text)
        await tab_to(person, says("Simpan"))
        await person.key("Enter", leads=True)
        assert (await two.reading())["votes"] == {"01": 127, "02": 27}
        assert "Tersimpan" in await person.text()
        assert complaints(person.tab, two.readers.url) == []
        await person.tab.close()
