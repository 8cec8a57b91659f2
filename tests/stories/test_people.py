"""A person is let in by a link, does what the role may, and is out at once."""

import json
import re
import subprocess
import sys

import pytest

from tests.browsing import Browser

pytestmark = pytest.mark.slow


def command(node, *words):
    """What a command in the node's home prints, as JSON."""
    flags = ["--json", "--home", node.home.folder]
    done = subprocess.run(
        [sys.executable, "-m", "federation", *words, *flags],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def actions(node):
    found = command(node, "people", "log")["actions"]
    return [(one["person"], one["what"]) for one in reversed(found)]


async def test_in_by_a_link_and_out_when_it_is_revoked(suara):
    suara.start("--alone")
    suara.take(1, 3)
    made = command(suara, "people", "add", "pembaca 1", "--role", "editor")
    assert made["link"].startswith(f"{suara.url}/masuk?k=")
    station = "/tps/1371011001001"
    async with Browser(suara.url) as stranger, Browser(suara.url) as reader:
        before = await stranger.open(station)
        await reader.open(made["link"])  # a messenger looks first
        page = await reader.sign_in(made["link"])
        assert "pembaca 1" in page.text
        page = await reader.open(station)
        assert page.form("/keluar")
        assert page.headers["Cache-Control"] == "private, no-store"
        assert (await reader.open("/v1/queue?queue=unread")).status == 200
        assert (await stranger.open("/v1/queue?queue=unread")).status == 404
        [known] = command(suara, "people", "list")["people"]
        assert (known["role"], known["sessions"]) == ("editor", 1)
        assert command(suara, "people", "revoke", "pembaca 1")["ended"] == 1
        after = await reader.open(station)
        assert "pembaca 1" not in after.text
        assert after.text == before.text == (await stranger.open(station)).text
        assert (await reader.open("/v1/queue?queue=unread")).status == 404
        page = await reader.open("/masuk?lang=en")
        assert "ended your access" in page.text
        page = await reader.open(f"{made['link']}&lang=en")
        assert page.status == 404
        assert "revoked" in page.text
    assert actions(suara) == [
        ("", "add"),
        ("pembaca 1", "sign-in"),
        ("", "revoke"),
    ]
    secret = made["link"].partition("k=")[2]
    suara.stop()
    for path in suara.home.folder.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path
    for table, rows in suara.tables():
        assert secret.encode() not in rows, table


@pytest.mark.long
async def test_a_session_outlives_a_restart_and_ends_by_its_button(suara):
    suara.start("--alone")
    made = command(suara, "people", "add", "pembaca 1", "--role", "viewer")
    async with Browser(suara.url) as reader:
        await reader.sign_in(made["link"])
        suara.stop()
        [known] = command(suara, "people", "list")["people"]
        assert known["sessions"] == 1
        suara.start("--alone")
        page = await reader.open("/masuk")
        assert "pembaca 1" in page.text
        page = await reader.sign_out()
        assert "Anda sudah keluar" in page.text
        page = await reader.open("/masuk")
        assert "pembaca 1" not in page.text
    assert actions(suara)[-1] == ("pembaca 1", "sign-out")


@pytest.mark.long
async def test_nodes_of_one_machine_do_not_share_who_is_signed_in(suara, kawal):
    """Ports do not part cookies: each node is sent those of all."""
    for node in (suara, kawal):
        node.start("--alone")
    links = [
        command(node, "people", "add", "pembaca 1", "--role", role)["link"]
        for node, role in ((suara, "viewer"), (kawal, "editor"))
    ]
    async with Browser(suara.url) as reader:
        for link in links:
            await reader.sign_in(link)
        for node, role in ((suara, "viewer"), (kawal, "editor")):
            page = await reader.open(f"{node.url}/masuk?lang=en")
            [told] = re.findall(r"<b>pembaca 1</b> · (\w+)</a>", page.text)
            assert told == role
        command(suara, "people", "revoke", "pembaca 1")
        assert "pembaca 1" not in (await reader.open(f"{suara.url}/masuk")).text
        assert "pembaca 1" in (await reader.open(f"{kawal.url}/masuk")).text
