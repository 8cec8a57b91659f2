"""The search box proposes places while one types: by keyboard, by mouse, by ear."""

import json

import pytest

from tests.browser.axe import examine
from tests.browser.person import Person
from tests.browser.watching import complaints, watch
from tests.peoplenode import PeopleNode
from tests.waiting import until

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

_STATE = """JSON.stringify((() => {
  const field = document.querySelector("#q");
  const list = document.querySelector(".suggested");
  const chosen = document.getElementById(field.getAttribute("aria-activedescendant"));
  return {open: !list.hidden && list.checkVisibility(),
    said: field.getAttribute("aria-expanded"), role: field.getAttribute("role"),
    names: [...list.children].map((one) => one.innerText), typed: field.value,
    chosen: chosen ? chosen.innerText : "",
    selected: list.querySelectorAll("[aria-selected=true]").length,
    heard: document.querySelector("form.search .heard").innerText};
})())"""


@pytest.mark.parametrize("path", ["/?lang=id", "/cari?lang=id"])
@pytest.mark.parametrize("width", [390, 1280])
async def test_places_are_proposed_and_chosen_without_a_mouse(
    chromium, sample_db, path, width
):
    async with PeopleNode(sample_db).serving() as url:
        tab = await chromium.tab()
        await watch(tab)
        await tab.resize(width)
        person = Person(tab, url.rstrip("/"))

        async def state():
            return json.loads(await tab.run(_STATE))

        async def is_open():
            return (await state())["open"]

        async def is_shut():
            return not await is_open()

        await person.open(path)
        await tab.run("document.querySelector('#q').focus()")
        await person.type("p")
        assert not await is_open()
        await person.type("adang")
        await until(is_open)
        told = await state()
        assert (told["role"], told["said"], told["chosen"]) == ("combobox", "true", "")
        assert told["heard"] == f"Saran: {len(told['names'])}"
        assert any(name.startswith("Kota Padang") for name in told["names"])
        # Of the box: the rest of the page is looked at in `test_axe.py`.
        found = [one for one in await examine(tab) if "q-sug" in one or '"q"' in one]
        assert found == []

        await person.key("ArrowDown")
        told = await state()
        assert told["chosen"] == told["names"][0]
        assert (told["selected"], told["typed"]) == (1, "padang")
        await person.key("ArrowUp")
        assert (await state())["chosen"] == ""
        await person.key("Escape")
        await until(is_shut)
        assert (await state())["typed"] == "padang"

        await person.type(" ")
        await until(is_open)
        await person.key("ArrowDown")
        await person.key("Enter", leads=True)
        assert (await person.path()).startswith("/wilayah/")
        await person.open("/errors?lang=id")  # its stream of news ends
        assert complaints(tab, url) == []
        await tab.close()


async def test_a_proposal_is_clicked_and_enter_alone_searches(chromium, sample_db):
    async with PeopleNode(sample_db).serving() as url:
        tab = await chromium.tab()
        await watch(tab)
        person = Person(tab, url.rstrip("/"))

        async def is_open():
            return json.loads(await tab.run(_STATE))["open"]

        await person.open("/cari?lang=id")
        await tab.run("document.querySelector('#q').focus()")
        await person.type("padang")
        await until(is_open)
        await person._goes(tab.run("document.querySelector('.suggested li').click()"))
        assert (await person.path()).startswith("/wilayah/")

        await person.open("/cari?lang=id")
        await tab.run("document.querySelector('#q').focus()")
        await person.type("padang")
        await until(is_open)
        await person.key("Enter", leads=True)
        assert await person.path() == "/cari"
        assert await tab.run("new URL(location.href).searchParams.get('q')") == "padang"
        assert complaints(tab, url) == []
        await tab.close()
