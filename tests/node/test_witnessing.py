"""Witnesses from outside are asked, and we are one, through the doors of a node."""

import asyncio
import contextlib
import io
import json
import shutil

import aiohttp
import pytest

from federation.cli import run
from federation.cli.output import Output
from federation.config.settings import load_settings
from federation.errors import ConfigError
from federation.feeds.resource import checkpoint_of
from federation.node import submitting
from federation.node.resources import load_own_keys
from federation.text import Text
from federation.tlog.note import parse_note
from federation.tlog.witness import MAX_REQUEST_BYTES
from tests.homes import ELECTION, draft, make_home, serving
from tests.outsidewitness import OtherLog, OtherWitness, verify_cosignature
from tests.waiting import until

ORIGIN = f"jagasuara.example/{ELECTION}"
OTHER = "log.example/pemilu-2029"


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path)


def command(home, *words):
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        words = [*words, "--home", str(home.folder), "--json"]
        assert run(words, Output(Text("en"), is_json=True)) == 0
    return json.loads(shown.getvalue())


def name_witness(home, url, vkey):
    with home.settings.open("a") as file:
        file.write(
            f'\n[[witness.outside]]\nurl = "{url}"\nvkey = "{vkey}"\n'
            "allow_private = true\n"
        )


def log_vkey(home):
    settings = load_settings(home.settings)
    keys, _ = load_own_keys(home, settings.org, settings.origins)
    return str(keys.log[ORIGIN].key)


async def take(node, number):
    body = {"election": ELECTION, "records": [draft(f"1371011001{number:03}")]}
    status, said = await node.post("/v1/records", body)
    assert status == 200, said


async def status_of(node):
    headers = {"Authorization": f"Bearer {node.token}"}
    _, body, _ = await node.get("/v1/status", headers=headers)
    told = json.loads(body)
    ours = next(log for log in told["logs"] if log["own"])
    failing = [a for a in told["alarms"] if a["code"] == "witness-failing"]
    return ours, failing


async def checkpoint(node):
    _, body, _ = await node.get("/" + checkpoint_of(ORIGIN).path)
    return body


async def witnessed(node, size):
    """Once a witness has signed this much of our log: its line."""

    async def look():
        ours, failing = await status_of(node)
        is_signed = ours["size"] == size and "witnesses" in ours
        return is_signed and not failing

    await until(look)
    note = await checkpoint(node)
    return note, note.splitlines(keepends=True)[-1]


async def failing(node, words):
    async def look():
        _, alarms = await status_of(node)
        return any(words in alarm["detail"] for alarm in alarms)

    await until(look)


@pytest.mark.slow
async def test_each_total_is_brought_and_its_line_is_published(home):
    other = OtherWitness()
    async with other.open() as url:
        name_witness(home, url, other.key.vkey)
        [shown] = command(home, "witness", "show")["logs"]
        assert (shown["vkey"], shown["witnesses"][0]["size"]) == (log_vkey(home), 0)
        other.trust(ORIGIN, shown["vkey"])
        async with serving(home, alone=True) as node:
            note, line = await witnessed(node, 1)
            assert verify_cosignature(line, note, other.key.vkey) == other.time
            ours, _ = await status_of(node)
            assert ours["witnesses"] == [other.key.name]
            assert (ours["held_by"], ours["held"]) == (0, False), "it holds nothing"
            # An answer that is lost on its way costs a question more, and no more.
            await take(node, 1)
            await witnessed(node, 2)
            other.lost_answers = 1
            await take(node, 2)
            await witnessed(node, 3)
            assert 409 in other.statuses
            assert set(other.statuses) == {200, 409}
            [shown] = command(home, "witness", "show")["logs"]
            assert shown["witnesses"][0]["size"] == 3
        # A node that starts anew goes on where it was.
        async with serving(home, alone=True) as node:
            await take(node, 3)
            await witnessed(node, 4)
        assert other.states[ORIGIN][0] == 4


@pytest.mark.slow
async def test_why_a_witness_does_not_sign_is_told_and_settles_by_itself(
    home, monkeypatch
):
    monkeypatch.setattr(submitting, "PATIENCE", 1)
    other, stranger = OtherWitness(), OtherLog("x.example/y")
    async with other.open() as url:
        name_witness(home, url, other.key.vkey)
        async with serving(home, alone=True) as node:
            await failing(node, "no witness for this log yet")
            other.trust(ORIGIN, stranger.key.vkey)
            await failing(node, "by another key")
            other.trust(ORIGIN, log_vkey(home))
            other.states[ORIGIN] = 99, bytes(32)
            await failing(node, "restored from an old copy")
            other.states[ORIGIN] = 1, bytes(32)
            await failing(node, "another history")
            del other.states[ORIGIN]
            await witnessed(node, 1)


@pytest.mark.slow
async def test_a_log_that_a_witness_does_not_know_holds_back_no_other(home):
    secret = ("--passphrase-file", str(home.folder / "passphrase"))
    command(home, "election", "next", "pemilu-2024", "--after", ELECTION, *secret)
    async with contextlib.AsyncExitStack() as open_:
        for number, log in enumerate(command(home, "witness", "show")["logs"]):
            other = OtherWitness(f"witness.example/w{number}")
            name_witness(
                home, await open_.enter_async_context(other.open()), other.key.vkey
            )
            other.trust(log["origin"], log["vkey"])
        node = await open_.enter_async_context(serving(home, alone=True))
        await failing(node, "no witness for this log yet")

        async def all_signed():
            _, body, _ = await node.get(
                "/v1/status", headers={"Authorization": f"Bearer {node.token}"}
            )
            ours = [log for log in json.loads(body)["logs"] if log["own"]]
            return len(ours) == 2 and all("witnesses" in log for log in ours)

        await until(all_signed)


@pytest.mark.slow
async def test_a_line_by_another_key_is_not_kept(home):
    other = OtherWitness()
    other.trust(ORIGIN, log_vkey(home))
    async with other.open() as url:
        name_witness(home, url, OtherWitness("witness.example/w2").key.vkey)
        async with serving(home, alone=True) as node:
            await failing(node, "not signed by the key")
            assert len(parse_note(await checkpoint(node)).signatures) == 1


def witness_for(home, *others):
    with home.settings.open("a") as file:
        for log in others:
            vkey = log.key.vkey
            file.write(f'\n[[witness.for]]\norigin = "{log.origin}"\nvkey = "{vkey}"\n')


@pytest.fixture
def log():
    made = OtherLog(OTHER)
    made.leaves = [b"%d" % n for n in range(9)]
    return made


async def ask(node, data):
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{node.url}/add-checkpoint", data=data) as answer,
    ):
        return answer.status, answer.content_type, await answer.read()


async def test_who_is_put_back_is_another_witness_and_signs_from_nothing(
    home, log, tmp_path
):
    """Its old key is in no backup: with it, it would sign against what it signed."""
    secret = tmp_path / "passphrase"
    secret.touch(0o600)
    secret.write_text("only for the tests")
    words = ["--passphrase-file", str(secret)]
    witness_for(home, log)
    old = command(home, "witness", "key")["vkey"]
    async with serving(home, alone=True) as node:
        status, _, line = await ask(node, log.offer(0, 3))
        assert status == 200, line
    await asyncio.to_thread(command, home, "backup", "key", *words)
    to, again = str(tmp_path / "to"), str(tmp_path / "again")
    path = (await asyncio.to_thread(command, home, "backup", "create", to))["path"]
    words += ["--key", str(home.backup_private), path, again]
    told = await asyncio.to_thread(command, home, "backup", "restore", *words)
    new = told["witness"]["vkey"]
    assert (told["witness"]["logs"], new != old) == ([OTHER], True)
    back = type(home)(tmp_path / "again")
    assert command(back, "witness", "key")["vkey"] == new
    async with serving(back, alone=True) as node:
        assert (await ask(node, log.offer(3, 5)))[0] == 409
        status, _, line = await ask(node, log.offer(0, 5))
        assert status == 200, line
        assert line.startswith("\N{EM DASH} jagasuara.example/witness ".encode())


async def test_a_log_that_is_not_mirrored_is_witnessed_over_restarts(home, log):
    witness_for(home, log)
    with pytest.raises(ConfigError, match="federation witness key"):
        async with serving(home, alone=True):
            pass
    vkey = command(home, "witness", "key")["vkey"]
    assert command(home, "witness", "key")["vkey"] == vkey, "made once"
    assert vkey.startswith("jagasuara.example/witness+")
    async with serving(home, alone=True) as node:
        status, kind, line = await ask(node, log.offer(0, 3))
        assert (status, kind) == (200, "text/plain")
        assert verify_cosignature(line, log.note(3), vkey)
        assert await ask(node, log.offer(0, 3)) == (409, "text/x.tlog.size", b"3\n")
        other = [b"other", *log.leaves[1:]]
        assert await ask(node, log.offer(3, 3, other)) == (
            409,
            "text/x.tlog.size",
            b"3\n",
        )
        assert (await ask(node, log.offer(3, 5, other)))[0] == 422
        assert (await ask(node, OtherLog("no.example/x").offer(0)))[0] == 404
        forged = log.offer(3, 5).replace(b"\n5\n", b"\n6\n")
        assert (await ask(node, forged))[0] == 403
        assert (await ask(node, log.offer(6, 5)))[0] == 400
        assert (await ask(node, b"old 3\n"))[0] == 400
        assert (await ask(node, b"x" * (MAX_REQUEST_BYTES + 1)))[0] == 413
        ours = OtherLog(ORIGIN)
        assert (await ask(node, ours.offer(0)))[0] == 404, "of ours we are none"
    async with serving(home, alone=True) as node:
        assert (await ask(node, log.offer(0, 5)))[2] == b"3\n"
        assert (await ask(node, log.offer(3, 5)))[0] == 200
    assert command(home, "witness", "show")["witnessed"] == [
        {"origin": OTHER, "size": 5}
    ]
    # Restored from a copy, it signs nothing more.
    home.witness.rename(home.folder / "aside")
    shutil.copytree(home.folder / "aside", home.witness)
    async with serving(home, alone=True) as node:
        assert (await ask(node, log.offer(5, 6)))[0] == 503


async def test_of_two_histories_that_come_at_once_one_is_signed(home, log):
    witness_for(home, log)
    command(home, "witness", "key")
    other = [b"other", *log.leaves[1:]]
    offers = [log.offer(0, 4, leaves) for leaves in (log.leaves, other) * 10]
    async with serving(home, alone=True) as node:
        answers = await asyncio.gather(*(ask(node, offer) for offer in offers))
    statuses = sorted(status for status, _, _ in answers)
    assert statuses == [200] + [409] * 19


async def test_who_asks_without_end_is_told_to_wait(home, log):
    witness_for(home, log)
    command(home, "witness", "key")
    async with serving(home, alone=True) as node:
        # On a slow machine room comes back meanwhile.
        answers = [(await ask(node, b"old 0\n"))[0]]
        while answers[-1] != 429 and len(answers) < 700:
            answers.append((await ask(node, b"old 0\n"))[0])
    assert answers[0] == 400
    assert answers[-1] == 429
