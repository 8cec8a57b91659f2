"""`federation election continue`: what is asked before, and what is there after."""

import asyncio
import contextlib
import fcntl
import hashlib
import json
import shutil

import pytest
from aiohttp.test_utils import TestServer

from federation.cli import run
from federation.cli.output import Output
from federation.config.founding import load_chain_notes
from federation.config.settings import load_settings
from federation.flows.ownlog.reconcile import LOST, TWO
from federation.node import commands
from federation.records.keychain import encode_keys, open_by_first
from federation.store import alarms
from federation.store.db import Database
from federation.text import Text
from federation.tlog.note import encode_notes
from tests.copies import copy_home
from tests.fakes import FakeOrg, FakePeer, Shown, Tree, app_of, signer
from tests.homes import ELECTION, add_peer, draft, make_home, serving
from tests.waiting import until

ORG = "jagasuara.example"
OLD, NEW = f"{ORG}/{ELECTION}", f"{ORG}/{ELECTION}/2"


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path, ORG)


@pytest.fixture
def go_on(home, capsys):
    """Runs the command; gives the exit code and what was said."""

    async def call(*more):
        words = ["election", "continue", ELECTION, "--yes", "--json", *more]
        words += ["--home", str(home.folder)]
        words += ["--passphrase-file", str(home.folder / "passphrase")]
        text = [str(word) for word in words]
        # It has a loop of its own.
        code = await asyncio.to_thread(run, text, Output(Text("en")))
        said = capsys.readouterr()
        return code, json.loads(said.out) if code == 0 else said.err

    return call


@pytest.fixture
def federation_in(home, capsys):
    """Runs `keys statement` there; what was said."""

    def call(*words, code=0):
        text = ["keys", "statement", *words, "--home", home.folder, "--json"]
        assert run([str(word) for word in text], Output(Text("en"))) == code
        said = capsys.readouterr()
        return said.out if code == 0 else said.err

    return call


async def take(node, start, end):
    """What became of the results of these stations."""
    drafts = [draft(tps=f"1371011001{number:03}") for number in range(start, end)]
    body = {"election": ELECTION, "records": drafts}
    status, said = await node.post("/v1/records", body)
    assert status == 200, said
    return [one["outcome"] for one in said["verdicts"]]


def lose(home):
    """As a start finds it where more was signed than is here."""
    with contextlib.closing(Database.open(home.data)) as db, db.transaction() as tx:
        alarms.raise_alarm(tx, LOST, OLD, TWO, 1)


@pytest.mark.slow
async def test_what_counts_is_not_said_twice_and_the_rest_goes_on(home, go_on):
    async with serving(home) as node:
        assert await take(node, 1, 7) == ["logged"] * 6
    code, said = await go_on()
    assert code == 6
    assert "has not ended" in said
    lose(home)
    before = home.settings.read_text()
    assert "too much" in (await go_on("--size", 8))[1]
    code, said = await go_on("--size", 5, "--reason", "cadangan lama dipulihkan")
    assert code == 0
    [one] = said["continued"]
    assert (one["ended"], one["origin"], one["size"]) == (OLD, NEW, 5)
    assert load_settings(home.settings).origins == (NEW,)
    chain = open_by_first(load_chain_notes(home, NEW))
    follows = chain.follows()
    assert (follows.origin, follows.size) == (OLD, 5)
    assert follows.reason == "cadangan lama dipulihkan"
    assert (await go_on())[1]["continued"] == []
    # Broken off before the settings were written: done again it is the same.
    home.settings.write_text(before)
    assert (await go_on("--size", 4))[0] == 3
    told = ("--size", 5, "--reason", "cadangan lama dipulihkan")
    assert (await go_on(*told))[1]["continued"] == said["continued"]
    assert load_chain_notes(home, NEW) == list(chain.notes)
    async with serving(home) as node:
        # Leaf 0 is the key statement: of six results four count.
        assert await take(node, 1, 9) == ["held"] * 4 + ["logged"] * 4
        body = (await node.get("/v1/status"))[1]
        codes = {(one["code"], one["subject"]) for one in json.loads(body)["alarms"]}
        assert (LOST, OLD) not in codes
        # What the old history says can be taken back in the new one.
        words = {"election": ELECTION, "contest": "ppwp", "tps": "1371011001001"}
        words |= {"round": "reguler", "reason": "salah baca"}
        status, verdict = await node.post("/v1/control/withdraw", words)
        assert (status, verdict["outcome"]) == (200, "logged")


@pytest.mark.slow
async def test_the_identity_key_signs_for_a_successor_where_it_lies(
    home, go_on, federation_in, tmp_path
):
    async with serving(home) as node:
        await take(node, 1, 7)
    lose(home)
    away = tmp_path / "offline" / "identity.pem"
    away.parent.mkdir(mode=0o700)
    home.identity.rename(away)
    file = tmp_path / "successor.json"
    before = home.settings.read_text()
    code, said = await go_on("--size", 5, "--reason", "disk rusak", "--prepare", file)
    assert code == 0
    assert any(
        "goes on where" in one and "disk rusak" in one for one in said["changes"]
    )
    first = file.read_bytes()
    # Done again it is the same file: another one would be signed as another history.
    words = ("--size", 5, "--reason", "disk rusak", "--prepare", file)
    assert (await go_on(*words))[0] == 0
    assert file.read_bytes() == first
    assert home.settings.read_text() == before
    assert "not signed yet" in federation_in("publish", file, code=3)
    secret = ["--passphrase-file", home.folder / "passphrase"]
    sign = ["sign", file, "--yes", "--identity", away, *secret]
    new = ["--new-identity", tmp_path / "other.pem", "--new-passphrase-file", secret[1]]
    assert "--new-identity" in federation_in(*sign, *new, code=6)
    federation_in(*sign)
    # Another size is another history of that name: not signed by the same key.
    other = tmp_path / "other.json"
    assert (await go_on("--size", 4, "--prepare", other))[0] == 0
    again = ["sign", other, "--yes", "--identity", away, *secret]
    assert "has signed another" in federation_in(*again, code=6)
    federation_in("publish", file)
    federation_in("publish", file)
    assert load_settings(home.settings).origins == (NEW,)
    follows = open_by_first(load_chain_notes(home, NEW)).follows()
    assert (follows.origin, follows.size) == (OLD, 5)
    async with serving(home) as node:
        assert await take(node, 1, 9) == ["held"] * 4 + ["logged"] * 4


@pytest.mark.slow
async def test_what_comes_after_a_close_is_said_in_a_successor_and_partners_follow(
    home, go_on, tmp_path
):
    """A second vote weeks later: all of the closed log counts, and what came after."""
    theirs = make_home(tmp_path, "kawalpemilu.example")

    async def covered(node):
        return json.loads((await node.get("/v1/summary"))[1])["status"]["single"]

    async with serving(home, alone=True) as node, serving(theirs) as other:
        add_peer(theirs, home, node.url)
        await take(node, 1, 4)
        words = {"election": ELECTION, "reason": "selesai"}
        status, said = await node.post("/v1/control/close", words)
        assert (status, said["outcome"]) == (200, "logged")
        body = {"election": ELECTION, "records": [draft(tps="1371011001004")]}
        assert (await node.post("/v1/records", body))[0] == 409

        async def all_held():
            return await covered(other) == 3

        await until(all_held)
    code, said = await go_on("--reason", "pemungutan suara ulang")
    assert code == 0, said
    [one] = said["continued"]
    # The key statement, three results and the end.
    assert (one["size"], one["left_out"]) == (5, 0)
    async with serving(home, alone=True) as node:
        assert await take(node, 3, 6) == ["held"] + ["logged"] * 2
        theirs.peers.unlink()
        add_peer(theirs, home, node.url)
        async with serving(theirs) as other:

            async def followed():
                return await covered(other) == 5

            await until(followed)


@pytest.fixture
async def elsewhere(home, go_on, tmp_path):
    """A home out of a backup of before its successor, which a partner shows."""
    async with serving(home) as node:
        await take(node, 1, 4)
    copy_home(home.folder, tmp_path / "backup")
    lose(home)
    assert (await go_on())[0] == 0
    notes = load_chain_notes(home, NEW)
    copy_home(home.folder, tmp_path / "newer")
    shutil.rmtree(home.folder)
    copy_home(tmp_path / "backup", home.folder)
    owner = FakeOrg(ORG, ELECTION)
    owner.origin, owner.log = NEW, signer(NEW)
    partner = FakePeer("kawalpemilu.example")
    partner.shown[NEW] = Shown(Tree(owner), keys=encode_keys(notes))
    async with TestServer(app_of(partner)) as server:
        url = str(server.make_url("/")).rstrip("/")
        add_peer(home, make_home(tmp_path, partner.org), url)
        yield partner, notes


async def test_what_began_elsewhere_is_not_begun_again(home, go_on, elsewhere):
    partner, notes = elsewhere
    lose(home)
    before = sorted(home.keys.iterdir())
    code, said = await go_on()
    assert code == 6, said
    assert f"{partner.org} has {NEW} already" in said
    assert sorted(home.keys.iterdir()) == before
    # The keys of a newer backup are put back: the same beginning is no other.
    home.chain(NEW).write_bytes(encode_keys(notes))
    assert "begun by your identity key elsewhere" not in (await go_on())[1]
    # What somebody else signed keeps nobody from going on.
    home.chain(NEW).unlink()
    partner.shown[NEW] = Shown(partner.shown[NEW].tree)
    assert (await go_on())[0] == 0


async def has_ended(node):
    body = (await node.get("/v1/status"))[1]
    return (LOST, OLD) in {
        (one["code"], one["subject"]) for one in json.loads(body)["alarms"]
    }


@pytest.mark.usefixtures("elsewhere")
async def test_what_goes_on_elsewhere_is_not_signed_on_here(
    home, tmp_path, monkeypatch
):
    monkeypatch.setattr(commands, "GATE_S", 0.1)
    async with serving(home) as node:
        await until(lambda: has_ended(node))
        body = {"election": ELECTION, "records": [draft(tps="1371011001009")]}
        status, said = await node.post("/v1/records", body)
        assert (status, said["code"]) == (409, "conflict")
        assert "begun by your identity key elsewhere" in said["detail"]
    # Settings and keys of a newer backup: the log that goes on is signed again.
    newer = tmp_path / "newer"
    shutil.copy(newer / "federation.toml", home.settings)
    shutil.copytree(newer / "keys", home.keys, dirs_exist_ok=True)
    async with serving(home, alone=True) as node:
        assert await take(node, 1, 6) == ["held"] * 3 + ["logged"] * 2
        assert not await has_ended(node)


@pytest.mark.slow
async def test_of_a_lost_disk_what_only_a_partner_saw_goes_on_in_a_successor(
    home, go_on, tmp_path, monkeypatch
):
    """The partner was cut off before the first record came; the guard is lost, too."""
    path = f"{hashlib.sha256(OLD.encode()).hexdigest()}/"
    async with serving(home, alone=True) as node:
        assert await take(node, 1, 4) == ["logged"] * 3
        _, note, _ = await node.get(f"/{path}checkpoint")
    shutil.rmtree(home.data)
    shutil.rmtree(home.guard)
    partner = FakePeer("kawalpemilu.example")
    partner.files[f"{path}pending"] = encode_notes([note])
    async with TestServer(app_of(partner)) as server:
        url = str(server.make_url("/")).rstrip("/")
        add_peer(home, make_home(tmp_path, partner.org), url)
        async with serving(home) as node:
            await until(lambda: has_ended(node))
            monkeypatch.setattr(commands, "GATE_S", 0.1)
            body = {"election": ELECTION, "records": [draft()]}
            status, said = await node.post("/v1/records", body)
            assert (status, said["code"]) == (409, "conflict")
            assert "election continue" in said["detail"]
        monkeypatch.undo()
        code, said = await go_on()
        assert code == 0, said
        [one] = said["continued"]
        assert (one["size"], one["silent"]) == (0, [])
        async with serving(home, alone=True) as node:
            assert await take(node, 1, 4) == ["logged"] * 3
            assert not await has_ended(node)


async def test_what_somebody_else_signed_ends_no_log_of_ours(home, elsewhere):
    partner, _ = elsewhere
    partner.shown[NEW] = Shown(partner.shown[NEW].tree)
    async with serving(home) as node:
        assert await take(node, 4, 6) == ["logged"] * 2


async def test_a_node_that_runs_is_stopped_first(home, go_on):
    with home.lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        code, said = await go_on()
        assert code == 6
        assert "systemctl stop" in said


async def covered_by(node):
    return json.loads((await node.get("/v1/summary"))[1])["status"]["single"]


@pytest.fixture
def take_up(home, capsys):
    """Runs the command; gives what was said."""

    async def call(code=0):
        words = ["election", "take-up", ELECTION, "--yes", "--json"]
        words += ["--home", home.folder]
        words += ["--passphrase-file", home.folder / "passphrase"]
        text = [str(word) for word in words]
        ended = await asyncio.to_thread(run, text, Output(Text("en")))
        said = capsys.readouterr()
        assert ended == code, said
        return json.loads(said.out) if code == 0 else said.err

    return call


@pytest.mark.slow
async def test_what_goes_on_elsewhere_is_taken_up_where_its_keys_are_lost(
    home, go_on, take_up, tmp_path
):
    """The home is older than its successor, and than the end of the log before."""
    theirs = make_home(tmp_path, "kawalpemilu.example")
    async with serving(home) as node:
        await take(node, 1, 3)
    copy_home(home.folder, tmp_path / "backup")
    async with serving(home) as node:
        await take(node, 3, 5)
    lose(home)
    assert (await go_on())[0] == 0
    async with serving(home, alone=True) as node, serving(theirs) as other:
        add_peer(theirs, home, node.url)
        assert await take(node, 1, 8) == ["held"] * 4 + ["logged"] * 3

        async def all_held():
            return await covered_by(other) == 7

        await until(all_held)
    shutil.rmtree(home.folder)
    copy_home(tmp_path / "backup", home.folder)

    async with serving(theirs) as other:
        add_peer(home, theirs, other.url)
        assert "only 3 are here" in await take_up(code=6)
        async with serving(home) as node:

            async def has_all_that_counts():
                held = json.loads((await node.get("/v1/status"))[1])["logs"]
                return {one["origin"]: one["size"] for one in held}[OLD] == 5

            await until(has_all_that_counts)
            await until(lambda: has_ended(node))
        [one] = (await take_up())["taken_up"]
        assert (one["origin"], one["size"]) == (NEW, 4)
        assert (await take_up())["taken_up"] == []
        async with serving(home) as node:
            theirs.peers.unlink()
            add_peer(theirs, home, node.url)

            async def is_back():
                return await covered_by(node) == 7

            await until(is_back)
            assert await take(node, 1, 10) == ["held"] * 7 + ["logged"] * 2
