"""Programs are told what changed: signed, in order, at least once, never in the way."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json

import pytest

from federation.cli import run
from federation.cli.output import Output
from federation.config.settings import load_settings
from federation.errors import ConfigError
from federation.node import webhooks
from federation.store import alarms
from federation.store import webhooks as store
from federation.store.db import Database
from federation.text import Text
from tests.homes import ELECTION, draft, make_home, serving
from tests.hooks import Hook
from tests.waiting import until

KEY = bytes(range(32))
SECRET = f"whsec_{base64.b64encode(KEY).decode()}"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(webhooks, "FIRST_WAIT_S", 0.05)
    monkeypatch.setattr(webhooks, "MAX_WAIT_S", 0.2)
    monkeypatch.setattr(webhooks, "GATHER_S", 0.05)


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path)


def follow(home, url, name="platform", more=""):
    """Name a program in the settings, and write the secret that it shares."""
    path = home.settings.parent / "keys" / f"{name}.secret"
    path.touch(0o600)
    path.write_text(SECRET + "\n")
    with home.settings.open("a") as file:
        file.write(
            f'\n[[webhooks]]\nname = "{name}"\nurl = "{url}"\n'
            f'secret_file = "keys/{name}.secret"\nallow_private = true\n{more}'
        )


def opened(request):
    """What a program may believe of a message: its id and what it says."""
    _, headers, body = request
    headers = {name.lower(): value for name, value in headers.items()}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{mac}"
    return headers["webhook-id"], json.loads(body)


def map_of(requests):
    """The map that a program keeps, and the cursors in the order in which they came."""
    kept, cursors = {}, []
    for request in requests:
        _, message = opened(request)
        assert message["type"] == "map.changed"
        data = message["data"]
        cursors.append(int(data["cursor"].rpartition(".")[2]))
        for change in data["changes"]:
            kept[change["contest"], change["tps"]] = change["row"]
    return kept, cursors


async def map_at(node):
    _, body, _ = await node.get("/v1/changes")
    changes = json.loads(body)["changes"]
    return {(one["contest"], one["tps"]): one["row"] for one in changes}


async def take(node, *numbers, first=127):
    rows = [draft(f"1371011001{number:03}", first) for number in numbers]
    body = {"election": ELECTION, "records": rows}
    status, said = await node.post("/v1/records", body)
    assert status == 200, said
    return [verdict["record"] for verdict in said["verdicts"]]


def standing(home):
    db = Database.open(home.data, readonly=True)
    with contextlib.closing(db), db.view() as view:
        return {(one.code, one.subject) for one in alarms.list_alarms(view)}


async def test_what_changes_arrives_signed_in_order_with_ids_and_counts(home):
    hook = Hook()
    async with hook.open() as url:
        follow(home, url)
        async with serving(home, alone=True) as node:
            ids = await take(node, 1, 2, 3)
            expected = await map_at_size(node, 3)
            await until(lambda: has_all(hook, expected))
            ids += await take(node, 4)
            expected = await map_at_size(node, 4)
            await until(lambda: has_all(hook, expected))
    _, cursors = map_of(hook.requests)
    assert cursors == sorted(cursors)
    said = [opened(request)[1]["data"] for request in hook.requests]
    assert {record for data in said for record in data["records"]} == set(ids)
    assert {region for data in said for region in data["regions"]} == {"1371"}
    assert said[-1]["counts"] == {"changes": 1, "stations": 1, "records": 1}


async def map_at_size(node, size):
    async def is_merged():
        found = await map_at(node)
        return found if len(found) == size else None

    return await until(is_merged)


async def has_all(hook, expected):
    return map_of(hook.requests)[0] == expected


async def test_a_program_that_is_gone_loses_nothing_and_an_alarm_says_so(home):
    dead, other = Hook(), Hook()
    dead.status = 503
    async with dead.open() as gone, other.open() as there:
        follow(home, gone, "gone")
        follow(home, there, "there")
        async with serving(home, alone=True) as node:
            await take(node, 1, 2)
            expected = await map_at_size(node, 2)
            await until(lambda: has_all(other, expected))

            async def is_told():
                return (webhooks.ALARM, "gone") in standing(home)

            await until(is_told)
        ids = {opened(request)[0] for request in dead.requests[:1]}
        # Nothing was kept for it, and over a restart it is told all the same.
        dead.requests.clear()
        dead.status = 200
        async with serving(home, alone=True) as node:
            await until(lambda: has_all(dead, expected))

            async def is_over():
                return (webhooks.ALARM, "gone") not in standing(home)

            await until(is_over)
        assert {opened(request)[0] for request in dead.requests} == ids


async def test_what_it_took_is_not_sent_again_after_a_restart(home):
    hook = Hook()
    async with hook.open() as url:
        follow(home, url)
        async with serving(home, alone=True) as node:
            await take(node, 1)
            expected = await map_at_size(node, 1)
            await until(lambda: has_all(hook, expected))
            # What it took before the node had kept that it did, it is told once more.
            _, message = opened(hook.requests[-1])
            await until(lambda: has_kept(home, message["data"]["cursor"]))
        before = len(hook.requests)
        async with serving(home, alone=True) as node:
            await take(node, 2)
            await map_at_size(node, 2)

            async def has_more():
                return len(hook.requests) > before

            await until(has_more)
        new = [opened(request)[1]["data"] for request in hook.requests[before:]]
        assert {c["tps"] for data in new for c in data["changes"]} == {"1371011001002"}


async def has_kept(home, cursor):
    db = Database.open(home.data, readonly=True)
    with contextlib.closing(db), db.view() as view:
        return store.read_told(view, "platform", ELECTION).cursor == cursor


async def test_the_command_tries_each_and_says_what_failed(home, capsys):
    taking, refusing = Hook(), Hook()
    refusing.status = 410
    words = ["webhooks", "test", "--home", str(home.folder), "--json"]
    async with taking.open() as good, refusing.open() as bad:
        follow(home, good, "good")
        follow(home, bad, "bad")
        assert await run_aside(words) == 1
    found = json.loads(capsys.readouterr().out)["trials"]
    assert found[0] == {"name": "good", "taken": True}
    assert found[1]["name"] == "bad"
    assert "410" in found[1]["reason"]
    _, message = opened(taking.requests[0])
    assert message["type"] == "webhook.test"
    assert message["data"]["org"] == "jagasuara.example"


async def run_aside(words):
    return await asyncio.to_thread(run, words, Output(Text("en")))


async def test_a_secret_that_is_none_is_told_with_how_to_make_one(home, capsys):
    hook = Hook()
    async with hook.open() as url:
        follow(home, url)
        (home.settings.parent / "keys" / "platform.secret").write_text("secret\n")
        words = ["webhooks", "test", "--home", str(home.folder), "--json"]
        assert await run_aside(words) == 1
    [trial] = json.loads(capsys.readouterr().out)["trials"]
    assert "openssl rand -base64 32" in trial["reason"]
    assert not hook.requests


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ('name = "a"\nurl = "http://a.example/x"\nsecret_file = "k"', "[1].url"),
        ('name = "A b"\nurl = "https://a.example/x"\nsecret_file = "k"', "[1].name"),
        ('name = "a"\nurl = "https://a.example/x"', "secret_file"),
        (
            'elections = ["x"]\nname = "a"\nurl = "https://a.id"\nsecret_file = "k"',
            "[1].elections",
        ),
    ],
    ids=["plain", "name", "no-secret", "election"],
)
def test_what_nothing_can_be_sent_to_is_refused_by_its_key(home, table, key):
    with home.settings.open("a") as file:
        file.write(f"\n[[webhooks]]\n{table}\n")
    with pytest.raises(ConfigError) as refused:
        load_settings(home.settings)
    assert key in f"{refused.value.key} {refused.value.reason}"
