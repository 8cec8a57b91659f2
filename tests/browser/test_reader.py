"""The page before a reader: its words, its width, its silence on the network."""

import json

import pytest

from federation.feeds.bundle import write_bundle
from federation.records.result import TpsResult
from federation.records.sealed import seal
from tests.browser.conftest import HELD_AT, Scene
from tests.browser.test_agreement import items_of
from tests.fakes import RECORDED_AT, Tree, flip_bit

# One browser for all: starting it takes longer than most tests.
pytestmark = pytest.mark.asyncio(loop_scope="session")

POLYGLOT = (
    "\"'><img src=x onerror=window.hurt=1><script>window.hurt=1</script>"
    "javascript:window.hurt=1//{org}${window.hurt=1}</article>"
)


@pytest.fixture
def spoiled(scene):
    """A receipt with one bit of its record turned round."""
    data = scene.receipt(2)
    at = data.index(b"\nindex ")
    return flip_bit(data, 8 * (at - 30))


async def test_nothing_is_asked_of_the_network(tab, scene, put, spoiled):
    await tab.type_fingerprint(scene.fingerprint)
    await tab.give(put("r.txt", scene.receipt()), put("bad.txt", spoiled))
    asked = [e["request"]["url"] for e in tab.events["Network.requestWillBeSent"]]
    assert [url for url in asked if not url.startswith("file:")] == []
    assert len(asked) == 1
    assert tab.events["Log.entryAdded"] == []
    assert tab.events["Runtime.exceptionThrown"] == []


async def test_its_policy_forbids_the_network(tab):
    said = await tab.run(
        "fetch('http://127.0.0.1:9/').then(() => 'sent', (error) => String(error))"
    )
    assert "Failed to fetch" in said
    said = [one["entry"]["text"] for one in tab.events["Log.entryAdded"]]
    assert any("Content Security Policy" in one for one in said), said


async def test_text_is_never_markup(tab, scene, put):
    leaf = seal(
        TpsResult(
            org=scene.org.org,
            election=scene.org.election,
            recorded_at=RECORDED_AT,
            contest="ppwp",
            tps="1101010001001",
            round="reguler",
            form="salinan",
            source="observer",
            review="reviewed",
            candidates={"01": 1},
            note=POLYGLOT,
            ref=POLYGLOT,
        ),
        scene.org.records,
    )
    scene.tree.grow([leaf])
    await tab.type_fingerprint(POLYGLOT)
    name = "<img src=x onerror=hurt=1>.txt"
    report = await tab.give(put(name, scene.receipt(6)))
    assert report["verdict"] == "unpinned"
    assert POLYGLOT in await tab.text()
    assert name in await tab.text()
    assert await tab.run("window.hurt") is None
    assert (
        await tab.run("document.querySelectorAll('main img, main script').length") == 0
    )


@pytest.mark.parametrize("width", [320, 390])
async def test_a_phone_never_scrolls_sideways(tab, scene, put, spoiled, width):
    await tab.resize(width)
    await tab.give(put("a-very-long-name-" * 8 + ".txt", scene.receipt()))
    await tab.give(put("trust.txt", scene.trust_file()), put("bad.txt", spoiled))
    assert await tab.run("document.documentElement.scrollWidth") <= width
    await tab.press("trust.txt")
    assert await tab.run("document.documentElement.scrollWidth") <= width


async def test_every_word_is_there_in_both_languages(tab, scene, put, spoiled):
    await tab.give(put("r.txt", scene.receipt()), put("bad.txt", spoiled))
    english = await tab.text()
    assert "undefined" not in english
    await tab.run("document.getElementById('switch').click()")
    said = await tab.text()
    assert "Milik siapa kuncinya" in said
    assert "undefined" not in said
    assert await tab.run("document.documentElement.lang") == "id"
    for word in ("null", "NaN", "[object"):
        assert word not in said + english


async def test_it_says_in_indonesian_who_holds_it_since_when(tab, scene, put):
    await tab.run("document.getElementById('switch').click()")
    await tab.type_fingerprint(scene.fingerprint)
    trust = put("t.txt", scene.trust_file())
    await tab.give(put("r.txt", scene.receipt()), trusted=trust)
    said = await tab.text()
    assert HELD_AT == 1_707_920_040
    assert "Catatan ini ditandatangani jagasuara.example dan tidak berubah." in said
    assert "2 pihak lain memegangnya, tanpa perubahan, sejak 14 Februari 2024" in said
    assert "21.14 WIB" in said


async def test_the_page_itself_opens_a_whole_data_file(tab, scene, put, tmp_path):
    path = tmp_path / "data.zip"
    write_bundle(path, sorted(items_of(scene).items()))
    await tab.type_fingerprint(scene.fingerprint)
    report = await tab.give(path)
    assert report["verdict"] == "proved"
    assert "jagasuara.example: 6 records checked" in await tab.text()


async def test_the_shown_fingerprint_can_be_taken_over_by_a_button(tab, scene, put):
    await tab.give(put("r.txt", scene.receipt()))
    await tab.run("document.querySelector('article .button').click()")
    await tab.until("done")
    assert (await tab.report())["verdict"] == "proved"
    typed = await tab.run("document.getElementById('fingerprint').value")
    assert typed == f"jagasuara.example={scene.fingerprint}"
    assert "that you gave for jagasuara.example" in await tab.text()


async def test_pasted_text_is_judged(tab, scene):
    text = json.dumps(scene.receipt().decode())
    await tab.run(f"document.getElementById('text').value = {text}")
    await tab.run("document.getElementById('check-text').click()")
    await tab.until("done")
    assert (await tab.report())["verdict"] == "unpinned"


async def test_start_over_forgets_everything(tab, scene, put):
    await tab.give(put("r.txt", scene.receipt()))
    await tab.run("document.querySelector('.overall .button').click()")
    assert await tab.run("document.querySelectorAll('article').length") == 0
    assert await tab.run("document.getElementById('report').textContent") == ""


async def test_an_old_browser_is_told_so_and_nothing_is_judged(chromium, page_file):
    tab = await chromium.tab()
    await tab.call("Page.enable")
    await tab.call(
        "Page.addScriptToEvaluateOnNewDocument",
        source="crypto.subtle.importKey = () => Promise.reject(new Error('no'));",
    )
    await tab.open(page_file.as_uri())
    assert await tab.until("too-old")
    said = await tab.text()
    assert "This browser cannot check signatures" in said
    assert "Choose files" not in said
    await tab.close()


async def test_several_fingerprints_are_told_apart_by_commas(tab, scene, put):
    other = Scene(1)
    other.org = scene.others[0]
    other.tree = Tree(other.org).grow(other.org.results(0, 1))
    await tab.give(put("a.txt", scene.receipt()), put("b.txt", other.receipt(1)))
    await tab.run("document.querySelector('article .button').click()")
    await tab.until("done")
    told = await tab.report()
    assert (told["verdict"], told["counts"]["stranger"]) == ("proved", 1)
    said = await tab.text()
    assert "Everything here holds." not in said
    assert "You named no key for kawalpemilu.example" in said
    warned = "document.querySelector('.warning').dataset.kind"
    assert await tab.run(warned) == "stranger"
    both = f"{scene.fingerprint}, {other.fingerprint}"
    told = await tab.type_fingerprint(both)
    assert (told["verdict"], told["counts"].get("stranger")) == ("proved", None)
    # A fingerprint is of a key, not of a name.
    assert (await tab.text()).count("that you gave without a name") == 2


async def test_the_receipts_of_an_excerpt_are_named_by_their_station(
    tab, scene, tmp_path
):
    path = tmp_path / "excerpt.zip"
    name = f"receipts/{scene.org.origin}/1.txt"
    write_bundle(path, [(name, scene.receipt(1))])
    await tab.type_fingerprint(scene.fingerprint)
    report = await tab.give(path)
    assert report["verdict"] == "proved"
    said = await tab.text()
    assert "1 of 1 receipts in this file hold" in said
    assert "11.01.01.0001 · TPS 001 · President · jagasuara.example" in said
