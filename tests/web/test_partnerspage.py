"""The page about partners, over real nodes: one that we have not added, and alarms."""

import asyncio
import json

import pytest

from federation.node import strangers
from federation.store import alarms
from federation.store.db import Database
from tests.browsing import Browser
from tests.cli.filled_home import federation
from tests.homes import add_peer, make_home, serving
from tests.waiting import until

OURS, THEIRS = "jagasuara.example", "kawalpemilu.example"


async def make_link(home, role):
    words = ["people", "add", f"orang {role}", "--role", role]
    code, out, err = await asyncio.to_thread(federation, home, *words)
    assert code == 0, err
    return json.loads(out)["link"]


async def sign_in(home, url, role):
    browser = Browser(url)
    door = await browser.open(await make_link(home, role))
    await browser.send(door, door.form("/masuk"))
    return browser


@pytest.mark.slow
async def test_who_added_us_is_shown_to_ours_until_it_is_added_and_never_to_strangers(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(strangers, "_SAVE_EVERY_S", 0.5)
    ours, theirs = make_home(tmp_path, OURS), make_home(tmp_path, THEIRS)
    async with serving(ours, alone=True) as node:
        add_peer(theirs, ours, node.url)
        async with serving(theirs) as partner:
            control = {"Authorization": f"Bearer {node.token}"}

            async def told():
                _, body, _ = await node.get("/v1/partners", headers=control)
                return json.loads(body)

            async def asks():
                return (await told())["asking"]

            [one] = await until(asks)
            assert (one["org"], one["is_partners_name"]) == (THEIRS, False)

            async def stands():
                return "asks-unknown" in {a["code"] for a in (await told())["alarms"]}

            await until(stands)
            browser = await sign_in(ours, node.url, "viewer")
            async with browser:
                page = await browser.open("/mitra?lang=id")
                assert f"mengaku {THEIRS}" in page.text
                assert "federation peers add URL" in page.text
            await is_ignored_by_a_coordinator_and_told_again(ours, node, told)
            for words in (["status"], ["peers", "list"], ["peers", "show"]):
                code, out, _ = await asyncio.to_thread(
                    federation, ours, *words, is_json=False
                )
                assert code == 0
                assert f"calls itself {THEIRS}" in out, words
            remote = {"X-Forwarded-For": "198.51.100.7"}
            for path in ("/v1/status", "/v1/partners", "/mitra", "/"):
                status, body, _ = await node.get(path, headers=remote)
                assert THEIRS.encode() not in body, path
                assert status == {"/v1/partners": 404, "/mitra": 403}.get(path, 200)
            add_peer(ours, theirs, partner.url)

            async def is_added():
                whole = await told()
                codes = {a["code"] for a in whole["alarms"]}
                shown = {p["org"]: p["state"] for p in whole["partners"]}
                is_gone = not whole["asking"] and "asks-unknown" not in codes
                return is_gone and shown.get(THEIRS) == "up-to-date" and whole

            whole = await until(is_added)
            [view] = whole["partners"]
            assert view["turns"][0]["outcome"] in {"ok", "unchanged"}
            browser = await sign_in(ours, node.url, "viewer")
            async with browser:
                page = await browser.open(f"/mitra/{THEIRS}?lang=id")
                assert "mutakhir" in page.text
                assert (await browser.open("/mitra/nobody.example")).status == 404


async def test_the_history_of_visits_says_to_a_coordinator_why_one_failed(tmp_path):
    ours, theirs = make_home(tmp_path, OURS), make_home(tmp_path, THEIRS)
    # Nobody listens there.
    add_peer(ours, theirs, "http://127.0.0.1:9")
    async with serving(ours) as node:

        async def failed():
            headers = {"Authorization": f"Bearer {node.token}"}
            _, body, _ = await node.get("/v1/partners", headers=headers)
            [view] = json.loads(body)["partners"]
            return [one for one in view["turns"] if "reason" in one]

        await until(failed)
        for role in ("coordinator", "editor", "viewer"):
            async with await sign_in(ours, node.url, role) as browser:
                for path in (f"/mitra/{THEIRS}", "/mitra"):
                    page = await browser.open(f"{path}?lang=id")
                    assert "tidak menjawab" in page.text
                    assert ("sebab: " in page.text) == (role == "coordinator")
                    assert ("127.0.0.1:9" in page.text) == (role == "coordinator")


async def is_ignored_by_a_coordinator_and_told_again(ours, node, told):
    """By the page, and back by the command; the alarm goes at once, and comes again."""
    async with await sign_in(ours, node.url, "coordinator") as browser:
        page = await browser.open("/mitra?lang=id")
        page = await browser.send(page, page.form("/mitra/abaikan"))
        assert page.status == 200
        assert f"mengaku {THEIRS}" not in page.text
        assert "oleh orang coordinator" in page.text
        whole = await told()
        assert not whole["asking"]
        assert [one["org"] for one in whole["ignored"]] == [THEIRS]
        assert "asks-unknown" not in {alarm["code"] for alarm in whole["alarms"]}
    code, out, err = await asyncio.to_thread(
        federation, ours, "peers", "ignore", THEIRS, "--again"
    )
    assert code == 0, err
    assert json.loads(out)["keys"] == [whole["ignored"][0]["vkey"].split("+")[1]]

    async def asks():
        return (await told())["asking"]

    await until(asks)
    code, _, err = await asyncio.to_thread(federation, ours, "peers", "ignore", "x.id")
    assert code != 0
    assert "peers show" in err


async def test_a_coordinator_sees_to_an_alarm_and_the_page_says_who_it_was(tmp_path):
    home = make_home(tmp_path, OURS)
    async with serving(home, alone=True) as node:
        db = Database.open(home.data)
        with db.transaction() as tx:
            alarms.raise_alarm(tx, "rejected", f"{THEIRS}/pilpres-2019", "x <b>", 1)
        db.close()
        async with await sign_in(home, node.url, "viewer") as browser:
            page = await browser.open("/mitra?lang=id")
            assert "Beberapa catatan dalam sebuah riwayat tidak sah" in page.text
            assert "/mitra/tangani" not in page.text
            assert "<b>x" not in page.text
        async with await sign_in(home, node.url, "coordinator") as browser:
            page = await browser.open("/mitra?lang=id")
            form = page.form("/mitra/tangani")
            refused = await browser.send(page, form, form_token="0" * 64)
            assert refused.status == 403
            page = await browser.send(page, form)
            assert page.status == 200
            assert "ditangani oleh orang coordinator" in page.text
            assert "Tidak ada yang perlu diperhatikan" in page.text
            again = await browser.send(page, form)
            assert again.status == 404
    code, out, _ = await asyncio.to_thread(federation, home, "people", "log")
    assert code == 0
    assert "settle" in out


@pytest.mark.parametrize("path", ["/mitra", f"/mitra/{THEIRS}"])
async def test_who_is_not_signed_in_is_told_how_one_is_and_nothing_else(tmp_path, path):
    home = make_home(tmp_path, OURS)
    async with serving(home, alone=True) as node:
        status, body, headers = await node.get(path)
        assert status == 403
        assert THEIRS.encode() not in body
        assert "no-store" in headers["Cache-Control"]
