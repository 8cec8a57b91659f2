"""An editor reads a form in a browser: with the script, without, on a small phone."""

import contextlib
import json

import pytest

from tests.browser.editor import signed_in
from tests.homes import NAMES
from tests.reading import (
    PHOTOS,
    READERS,
    SECOND,
    TPS,
    evidence,
    photographed,
    two_nodes,
)

# One browser for all: starting it takes longer than most tests.
pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

NUMBERS = {"c.01": "127", "c.02": "27", "f.suara_sah": "154"}


@contextlib.asynccontextmanager
async def editor(chromium, two, width=1280, *, script=True):
    link = await two.let_in(f"Rina {width} {script}")
    async with signed_in(chromium, two.readers.url, link, width) as one:
        off = not script
        await one.tab.call("Emulation.setScriptExecutionDisabled", value=off)
        yield one


async def is_focused(one, name):
    return await one.value(f"document.activeElement.name === {json.dumps(name)}")


async def test_a_form_is_read_by_keyboard_and_the_next_one_follows(chromium, tmp_path):
    async with two_nodes(tmp_path) as two:
        [cited, _] = await two.share(photographed(TPS), photographed(SECOND))
        async with editor(chromium, two) as one:
            await one.open("/antrean?lang=id")
            await one.press("section .take button", f"/antrean/baca/{TPS}")
            await one.true("document.querySelector('.sheet img').naturalWidth > 100")
            assert await is_focused(one, "c.01")
            await one.type("127")
            await one.key("Enter")
            assert await is_focused(one, "c.02")
            await one.type("28")
            await one.key("Enter")
            assert await is_focused(one, "f.suara_sah")
            await one.type("154")
            sums = "document.querySelector('.sums').innerText"
            assert "tidak sama dengan suara sah" in await one.value(sums)
            await one.value("document.querySelector('[name=\"c.02\"]').select()")
            await one.value("document.querySelector('[name=\"c.02\"]').focus()")
            await one.type("27")
            assert await one.value("document.querySelector('.sums').hidden")
            await one.press("button.save", f"/antrean/baca/{SECOND}")
        said = await two.reading()
        assert said["votes"] == {"01": 127, "02": 27}
        assert said["cites"] == {"record": cited, "org": PHOTOS, "photos": 1}
        async with editor(chromium, two) as one:
            await one.open(f"/tps/{TPS}?lang=id")
            text = await one.value("document.body.innerText")
            assert f"foto: {NAMES[PHOTOS]} · dibaca: {NAMES[READERS]}" in text


async def test_the_photograph_grows_and_turns_and_nothing_foreign_runs(
    chromium, tmp_path
):
    async with two_nodes(tmp_path) as two:
        await two.share(photographed(TPS))
        async with editor(chromium, two) as one:
            await one.open(f"/antrean/baca/{TPS}")
            await one.press("main .take button", f"/antrean/baca/{TPS}")
            image = "document.querySelector('.sheet img')"
            await one.true(f"{image}.naturalWidth > 100")
            before = await one.value(f"{image}.offsetWidth")
            await one.value("document.querySelectorAll('figcaption button')[0].click()")
            assert await one.value(f"{image}.offsetWidth") > 1.4 * before
            await one.value("document.querySelectorAll('figcaption button')[2].click()")
            assert "rotate(90deg)" in await one.value(f"{image}.style.transform")
            # Whatever got into the page could do nothing.
            await one.value("""(() => {
                const script = document.createElement("script");
                script.textContent = "window.isForeign = true";
                document.body.append(script);
            })()""")
            assert await one.value("window.isForeign === undefined")


async def test_without_script_the_page_works_and_asks_when_it_is_sent(
    chromium, tmp_path
):
    async with two_nodes(tmp_path) as two:
        await two.share(photographed(TPS))
        async with editor(chromium, two, script=False) as one:
            await one.open(f"/antrean/baca/{TPS}?lang=id")
            await one.press("main .take button", f"/antrean/baca/{TPS}")
            fields = {**NUMBERS, "c.02": "28"}
            for name, text in fields.items():
                chosen = json.dumps(f'[name="{name}"]')
                await one.value(f"document.querySelector({chosen}).focus()")
                await one.type(text)
            assert await one.value("document.querySelector('.sums').hidden")
            await one.press("button.save", f"/antrean/baca/{TPS}")
            asked = await one.value("document.querySelector('#asked').innerText")
            assert "tidak sama dengan suara sah" in asked
            wide = "document.querySelector('.sheet img').offsetWidth"
            before = await one.value(wide)
            await one.value("document.querySelector('figcaption label').click()")
            assert await one.value(wide) > 2 * before
            await one.press("#asked button", "/antrean")
        assert (await two.reading())["rules"] == ["votes_sum"]


async def test_on_a_small_phone_nothing_is_cut_off_and_everything_can_be_touched(
    chromium, tmp_path
):
    async with two_nodes(tmp_path) as two:
        await two.share(photographed(TPS))
        async with editor(chromium, two, width=360) as one:
            for path in ("/antrean", f"/antrean/baca/{TPS}"):
                await one.open(path)
                assert await one.value("document.documentElement.scrollWidth") == 360
            await one.press("main .take button", f"/antrean/baca/{TPS}")
            assert await one.value("document.documentElement.scrollWidth") == 360
            small = await one.value("""[...document.querySelectorAll(
                    "form.paper button, form.paper input:not([type=hidden]),"
                    + " form.paper select, figcaption button"
                )].filter((one) => one.offsetParent && one.offsetHeight < 44)
                .map((one) => one.outerHTML)""")
            assert small == []
            unlabelled = await one.value("""[...document.querySelectorAll(
                    "form.paper input:not([type=hidden]), form.paper select"
                )].filter((one) => !one.labels[0]?.textContent.trim())
                .map((one) => one.name)""")
            assert unlabelled == []
            # The photograph stays in sight while one types below it.
            await one.value("""document.querySelector('[name="f.suara_total"]')
                .scrollIntoView()""")
            seen = await one.value("""(() => {
                const field = document.querySelector('[name="f.suara_total"]');
                const sheet = document.querySelector('.sheet');
                const [a, b] = [field, sheet].map((one) => one.getBoundingClientRect());
                return a.top >= b.bottom && b.bottom > 100 && a.bottom <= innerHeight;
            })()""")
            assert seen
            held = await one.value("document.querySelector('.sheet img').src")
            assert evidence(TPS)[0]["sha256"] in held


async def test_candidates_of_a_party_are_opened_typed_and_added_up(chromium, tmp_path):
    async with two_nodes(tmp_path, "pemilu-2024", "pdpr") as two:
        await two.share(photographed(TPS, contest="pdpr"))
        async with editor(chromium, two, width=390) as one:
            await one.open("/antrean?contest=pdpr&lang=id")
            await one.press("section .take button", f"/antrean/baca/{TPS}")
            assert await one.value("document.documentElement.scrollWidth") == 390
            field = "document.querySelector('[name=\"{}\"]')"
            shown = field.format("p.1.caleg.1") + ".checkVisibility()"
            for name, text in (("p.1.jumlah", "9"), ("p.1.partai", "4")):
                await one.value(field.format(name) + ".focus()")
                await one.type(text)
            # Closed, they are passed over.
            await one.key("Enter")
            assert await is_focused(one, "p.2.jumlah")
            assert not await one.value(shown)
            await one.value("document.querySelector('.below summary').click()")
            assert await one.value(shown)
            assert await one.value("document.documentElement.scrollWidth") == 390
            await one.value(field.format("p.1.caleg.1") + ".focus()")
            await one.type("3")
            sums = "document.querySelector('.sums').innerText"
            assert "suara partai dan calegnya" in await one.value(sums)
            await one.key("Enter")
            assert await is_focused(one, "p.1.caleg.2")
            await one.type("2")
            assert await one.value("document.querySelector('.sums').hidden")
            small = await one.value("""[...document.querySelectorAll(
                    ".below[open] input, .below summary"
                )].filter((one) => one.offsetHeight < 44).length""")
            assert small == 0
