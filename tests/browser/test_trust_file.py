"""Whose signatures count is what the reader said, not what came with the files."""

import json

import pytest

from tests.browser.conftest import Scene
from tests.damage import world
from tests.fakes import Tree

# One browser for all: starting it takes longer than most tests.
pytestmark = pytest.mark.asyncio(loop_scope="session")

WAITING = "document.querySelectorAll('article.trust.waiting').length"


@pytest.fixture
def forged():
    """The same organisation's name, with keys of somebody else's making."""
    scene = Scene(5)
    scene.org = world.forger()
    scene.tree = Tree(scene.org).grow(scene.org.results(0, 5))
    return scene


async def test_a_trust_file_that_nobody_chose_changes_nothing(tab, scene, put):
    receipt, trust = put("r.txt", scene.receipt()), put("t.txt", scene.trust_file())
    alone = await tab.give(receipt)
    both = await tab.give(trust)
    assert both["verdict"] == alone["verdict"] == "unpinned"
    assert both["findings"] == alone["findings"]
    assert both["documents"] == alone["documents"]
    assert await tab.run(WAITING) == 1
    said = await tab.text()
    assert "It names the histories of: jagasuara.example." in said
    assert "kawalpemilu.example, netgrit.example" in said
    assert "Trust file in use" not in said
    assert (await tab.press("t.txt"))["verdict"] == "proved"
    assert "Trust file in use: t.txt" in await tab.text()
    assert (await tab.press("t.txt"))["verdict"] == "unpinned"


async def test_of_two_only_the_chosen_one_counts(tab, scene, forged, put):
    good, bad = put("good.txt", scene.trust_file()), put("bad.txt", forged.trust_file())
    lie = put("lie.txt", forged.receipt())
    for report in (
        await tab.give(lie, bad, trusted=good),
        await tab.give(put("more.txt", forged.trust_file())),
    ):
        assert report["verdict"] == "wrong-key"
        assert "Trust file in use: good.txt" in await tab.text()
    # Somebody who does choose the stranger's, chooses it instead, not as well.
    assert (await tab.press("bad.txt"))["verdict"] == "proved"
    assert "Trust file in use: bad.txt" in await tab.text()
    assert await tab.run(WAITING) == 2
    assert (await tab.press("good.txt"))["verdict"] == "wrong-key"


async def test_a_trust_file_in_disguise_is_not_used(tab, scene, forged, put):
    lines = b"# Receipt of TPS 001, see below\n" + forged.trust_file()
    report = await tab.give(
        put("forged.txt", forged.receipt()),
        put("zz-read-me.txt", lines),
        trusted=put("trust.txt", scene.trust_file()),
    )
    assert report["verdict"] == "wrong-key"


async def test_pasted_text_is_not_used_either(tab, scene, put):
    await tab.give(put("r.txt", scene.receipt()))
    text = json.dumps(scene.trust_file().decode())
    await tab.run(f"document.getElementById('text').value = {text}")
    await tab.run("document.documentElement.dataset.state = 'waiting'")
    await tab.run("document.getElementById('check-text').click()")
    await tab.until("done")
    assert (await tab.report())["verdict"] == "unpinned"
    assert (await tab.press("Pasted text 1"))["verdict"] == "proved"


async def test_a_trust_file_alone_is_nothing_that_was_checked(tab, scene, put):
    await tab.give(trusted=put("t.txt", scene.trust_file()))
    said = await tab.text()
    assert "There is nothing to check yet." in said
    assert "Everything here holds." not in said
