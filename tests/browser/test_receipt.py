"""A receipt in the browser: what the page says, and that it says what Python says."""

import asyncio
import contextlib
import io

import pytest

from federation.cli import run
from federation.cli.output import Output
from federation.config.fingerprint import fingerprint
from federation.records.keychain import encode_keys
from federation.text import Text
from federation.tlog.cosignature import add_signatures, cosign
from federation.tlog.keys import ALG_COSIGNATURE, Signer
from federation.tlog.note import parse_note
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


async def test_a_line_that_no_browser_can_check_is_said_to_be_unchecked(
    tab, scene, put
):
    org = scene.org
    leaf = org.announce(org.companion_of("log"), org.companion_of("identity"))
    scene.tree.grow([leaf])
    await tab.type_fingerprint(scene.fingerprint)
    report = await tab.give(put("r.txt", scene.receipt()))
    assert report["verdict"] == "proved"
    assert "this page has checked the first one alone" in await tab.text()


async def test_without_anything_to_compare_with_it_is_not_proved(tab, scene, put):
    report = await tab.give(put("r.txt", scene.receipt()))
    assert report["verdict"] == "unpinned"
    assert scene.fingerprint in await tab.text()


async def test_another_fingerprint_makes_it_a_strangers(tab, scene, put):
    await tab.type_fingerprint(fingerprint(scene.others[0].identity.key))
    report = await tab.give(put("r.txt", scene.receipt()))
    assert report["verdict"] == "wrong-key"


async def test_without_anybodys_keys_the_page_says_how_to_add_them_and_it_helps(
    tab, scene, put
):
    await tab.type_fingerprint(scene.fingerprint)
    report = await tab.give(put("r.txt", scene.receipt()))
    assert report["counts"] == {"no-cosignature": 1}
    assert "add a file with their keys" in await tab.text()
    prints = [fingerprint(one.identity.key) for one in scene.others]
    await tab.type_fingerprint(", ".join([scene.fingerprint, *prints]))
    keys = [put(f"{one.org}.keys", encode_keys(one.statements)) for one in scene.others]
    report = await tab.give(*keys)
    [receipt] = [one for one in report["documents"] if one["kind"] == "receipt"]
    assert {one["org"]: one["holds"] for one in receipt["held"]} == {
        one.org: True for one in scene.others
    }
    said = await tab.text()
    assert "add a file with their keys" not in said
    assert "2 other parties have held it" in said


async def test_a_witness_from_outside_holds_nothing_on_the_page_either(tab, scene, put):
    outside = Signer.from_seed("witness.example/w1", b"w" * 32, ALG_COSIGNATURE)
    note = scene.checkpoint()
    seen = cosign(parse_note(note).text, outside, HELD_AT + 60)
    receipt = scene.receipt(checkpoint=add_signatures(note, [seen]))
    trust = scene.trust_file() + b"# and from outside\n"
    trust = trust.replace(b"group", f"witness kampus {outside.key}\ngroup".encode())
    report = await tab.give(put("r.txt", receipt), trusted=put("trust.txt", trust))
    assert report["verdict"] == "proved"
    held = {one["name"]: one["holds"] for one in report["documents"][0]["held"]}
    assert held == {**{one.org: True for one in scene.others}, "kampus": False}
    said = await tab.text()
    assert "2 other parties have held it" in said
    assert "From outside, kampus confirm that it only grew" in said


def print_of(words: list[str], language: str) -> str:
    """What a command that succeeds prints."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert run(words, Output(Text(language))) == 0
    return printed.getvalue()


@pytest.mark.parametrize("index", [0, 1, 4])
async def test_a_position_is_the_one_that_the_command_line_says(tab, scene, put, index):
    await tab.type_fingerprint(scene.fingerprint)
    path = put("r.txt", scene.receipt(index))
    report = await tab.give(path)
    words = ["verify", str(path), "--fingerprint", scene.fingerprint]
    for language, word in (("en", "position"), ("id", "posisi")):
        assert f"{word} {index} " in await asyncio.to_thread(print_of, words, language)
        assert f"{word} {index} " in await tab.text()
        await tab.run("document.getElementById('switch').click()")
    assert report["documents"][0]["index"] == index
