"""A volunteer with a telephone: my station differs from KPU, here are photo and proof.

From the address on, by nothing but taps on the words of the pages and what is typed.
What it takes a hand is reckoned, not measured: a test has none. Thinking is not in it.

Source: Card, Moran, Newell, "The Keystroke-Level Model" (1980): 1.1 s to point and
0.2 s to press; Palin et al., MobileHCI 2019: typing on a telephone, 36 words a minute
"""

import time
from pathlib import Path

import pytest

from tests.browser.person import Person
from tests.browser.three import three_nodes
from tests.browser.watching import complaints, watch
from tests.formphoto import draw_form
from tests.homes import draft
from tests.waiting import until

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.slow]

WITHIN_S = 60.0
TAP_S, CHARACTER_S = 1.3, 60 / (36 * 5)
MOST_TAPS, MOST_TYPED = 10, 30
VOTES = {"01": 61, "02": 103, "03": 17}


async def differing_station(nodes, folder: Path) -> tuple[str, str, bytes]:
    """A station where KPU says otherwise than we; its code, its village, our photo."""
    missing = await nodes.ask("/v1/stations?status=missing&limit=50")
    tps = next(
        one["tps"]
        for one in missing["stations"]
        if not one.get("kpu") and not one["tps"].startswith(nodes.hostile)
    )
    village = await nodes.ask(f"/v1/regions/{tps[:10]}")
    await nodes.sign(nodes.ours, **{**draft(tps), "candidates": VOTES})
    photo = draw_form(tps, VOTES)
    (folder / "photos").mkdir()
    (folder / "photos" / f"{tps}.jpg").write_bytes(photo)
    words = ("--pattern", "{tps}.jpg", "--contest", "ppwp", "--form", "plano")
    said = await nodes.stage.command(
        nodes.ours, "photos", "import", str(folder / "photos"), *words
    )
    assert said, "no photo was taken in"
    official = {"source": "kpu", "form": "unknown"}
    official["candidates"] = {**VOTES, "02": VOTES["02"] + 10}
    await nodes.sign(nodes.ours, **{**draft(tps), **official})

    async def is_shown():
        found = await nodes.ask(f"/v1/tps/{tps}")
        return any(one["official"] == "differs" for one in found["contests"])

    await until(is_shown)
    return tps, village["region"]["name"].lower(), photo


async def choose_files(person: Person, *paths: Path) -> None:
    """Tap on the button, then on each file in what the telephone shows."""
    opened = person.tab.events["Page.fileChooserOpened"]
    opened.clear()
    await person.tap("Pilih berkas", leads=False)

    async def is_open():
        return bool(opened)

    await until(is_open)
    person.steps += [path.name for path in paths]
    await person.tab.call(
        "DOM.setFileInputFiles",
        files=[str(path) for path in paths],
        backendNodeId=opened[0]["backendNodeId"],
    )


async def with_a_telephone(chromium, url: str, kept: Path) -> Person:
    """Somebody with 390 points of screen and a thumb; what is saved goes to `kept`."""
    tab = await chromium.tab()
    await watch(tab)
    await tab.resize(390, 844)
    await tab.call("Emulation.setTouchEmulationEnabled", enabled=True)
    await tab.call("Page.setInterceptFileChooserDialog", enabled=True)
    where = {"behavior": "allow", "downloadPath": str(kept)}
    await tab.call("Page.setDownloadBehavior", **where)
    return Person(tab, url)


@pytest.mark.long
async def test_my_station_differs_here_is_the_photo_here_is_the_proof(
    chromium, tmp_path
):
    async with three_nodes(tmp_path) as nodes:
        tps, village, photo = await differing_station(nodes, tmp_path)
        mine = tmp_path / "foto-saya.jpg"
        mine.write_bytes(photo)
        link = await nodes.let_in("Relawan", "viewer")
        kept = tmp_path / "kept"
        kept.mkdir()
        person = await with_a_telephone(chromium, nodes.ours.url, kept)
        tab = person.tab
        began = time.monotonic()

        await person.open(f"{link}&lang=id")
        await person.tap("Masuk sebagai Relawan")
        await person.tap("mis.", "form.search", leads=False)
        await person.type(f"{village} tps {int(tps[10:])}")
        await person.tap("Cari", "form.search")
        await person.tap(tps, "main")

        # The figures, and beside them the photograph.
        said = await person.text()
        assert "berbeda dari KPU" in said
        assert "selisih 10" in said
        assert await tab.run("document.querySelector('ul.photos img') !== null")
        await until(lambda: _is_drawn(tab))
        await person.tap("tanda terima", ".statements", leads=False)
        [receipt] = await until(lambda: _files(kept))
        await person.tap("Buka halaman pemeriksa", "#prove ~ ol")
        await tab.until("ready")
        await choose_files(person, receipt, mine)
        await tab.until("done")
        told = await person.text()
        assert "Tanda tangannya cocok. Milik siapa, belum dipastikan." in told
        assert f"Mirip foto {tps[:2]}" in told
        # The fingerprint beside it is the one on the card that every volunteer has.
        await person.tap("Sama: gunakan", leads=False)
        signed = f"Catatan ini ditandatangani {nodes.ours.org} dan tidak berubah"
        await until(lambda: _says(person, signed))
        machine_s = time.monotonic() - began
        assert len(person.steps) <= MOST_TAPS, person.steps
        assert person.typed <= MOST_TYPED
        hand_s = len(person.steps) * TAP_S + person.typed * CHARACTER_S
        assert hand_s + machine_s < WITHIN_S, (hand_s, machine_s, person.steps)
        assert complaints(tab, nodes.ours.url) == []
        await tab.close()


async def _says(person, words):
    return words in await person.text()


async def _is_drawn(tab):
    return await tab.run("document.querySelector('ul.photos img').naturalWidth > 50")


async def _files(folder):
    return [one for one in folder.glob("*") if one.suffix != ".crdownload"]
