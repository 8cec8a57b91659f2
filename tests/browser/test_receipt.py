"""A receipt in the browser: what the page says, and that it says what Python says."""

import pytest

from federation.config.fingerprint import fingerprint
from tests.browser.conftest import HELD_AT

# One browser for all: starting it takes longer than most tests.
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_receipt_with_fingerprint_and_trust_file_is_proved(tab, scene, put):
    await tab.type_fingerprint(scene.fingerprint.lower().replace("-", " "))
    receipt, trust = scene.receipt(), scene.trust_file()
    report = await tab.give(
        put("tanda-terima.txt", receipt), trusted=put("trust.txt", trust)
    )
    assert (report["verdict"], report["exit"]) == ("proved", 0)
    [document] = report["documents"]
    assert document["pinned"] == "fingerprint"
    assert [held["time"] for held in document["held"]] == [HELD_AT] * 2
    assert document["quorum"] == "met"
    said = await tab.text()
    assert "signed by jagasuara.example and has not changed" in said
    assert "14 February 2024 21:14 WIB" in said


async def test_without_anything_to_compare_with_it_is_not_proved(tab, scene, put):
    report = await tab.give(put("r.txt", scene.receipt()))
    assert report["verdict"] == "unpinned"
    assert scene.fingerprint in await tab.text()


async def test_another_fingerprint_makes_it_a_strangers(tab, scene, put):
    await tab.type_fingerprint(fingerprint(scene.others[0].identity.key))
    report = await tab.give(put("r.txt", scene.receipt()))
    assert report["verdict"] == "wrong-key"
