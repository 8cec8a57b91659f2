"""A photograph is removed at one node, and at another that honours it."""

import asyncio
import contextlib
import hashlib
import json

import pytest

from federation.blobs.blobs import open_blobs
from federation.cli import run
from federation.cli.output import Output
from federation.errors import ConflictError
from federation.flows.photos.held import Photo, keep_photo
from federation.flows.photos.index import index_all
from federation.flows.photos.remove import sweep
from federation.store import actions, evidence, removals, saidremovals
from federation.store.db import Database
from federation.store.driver import sqlite3
from federation.store.enginechoice import FILE_NAME
from federation.text import Text
from tests.homes import add_peer, draft, make_home, serving
from tests.photographed import add_named, file_of
from tests.waiting import until

DATA = b"the shared copy of a form"
ONE = hashlib.sha256(DATA).hexdigest()
FILE = {"media_type": "image/jpeg", "sha256": ONE, "size": len(DATA)}
ELECTION = "pilpres-2019"
OTHER = "1371011001002"


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path, "jagasuara.example")


@pytest.fixture
def partner(tmp_path):
    return make_home(tmp_path, "kawalpemilu.example")


async def hold(home, *, is_own):
    """The photo as a node holds it that took it in, or fetched it."""
    db, blobs = Database.open(home.data), open_blobs(home.blobs, home.folder)
    photo = Photo(ONE, DATA, "image/jpeg")
    await keep_photo(db, blobs, photo, is_own=is_own, now=1_709_000_000)
    db.close()


async def lies_at(home) -> bool:
    return await open_blobs(home.blobs, home.folder).size(ONE) is not None


async def publish(node, **members):
    body = {"election": ELECTION, "records": [draft(evidence=[FILE], **members)]}
    status, said = await node.post("/v1/records", body)
    assert (status, said["verdicts"][0]["outcome"]) == (200, "logged"), said
    return said["verdicts"][0]["record"]


async def remove(node, **members):
    body = {"digest": ONE, "ground": "personal-data", "reason": "ada wajah", **members}
    return await node.post("/v1/control/remove-photo", body)


async def test_it_goes_and_is_said_in_the_log_that_names_it(home):
    await hold(home, is_own=True)
    async with serving(home) as node:
        await publish(node)
        status, done = await remove(node)
        assert status == 200, done
        assert (done["is_new"], done["was_held"], done["is_due"]) == (True, True, False)
        assert len(done["statement"]) == 64
        assert not await lies_at(home)
        status, again = await remove(node)
        assert (again["is_new"], again["statement"]) == (False, done["statement"])


@pytest.mark.parametrize(
    ("person", "role"), [("", "machine"), ("koordinator 1", "coordinator")]
)
async def test_at_whose_hand_it_went_is_written_down_once_and_not_signed(
    home, person, role
):
    await hold(home, is_own=True)
    async with serving(home) as node:
        await publish(node)
        for _ in range(2):
            assert (await remove(node, person=person))[0] == 200
    db = Database.open(home.data, readonly=True)
    with db.view() as view:
        [noted] = actions.read_actions(view, 1 << 62, 10)
    db.close()
    assert (noted.person, noted.role, noted.what) == (person, role, "remove")
    assert noted.subject == ONE


async def test_a_photo_that_nobody_knows_is_mistyped(home):
    async with serving(home) as node:
        assert (await remove(node))[0] == 404
        assert (await remove(node, digest="x"))[0] == 400


async def test_a_reason_that_tells_of_somebody_removes_nothing(home):
    await hold(home, is_own=True)
    async with serving(home) as node:
        await publish(node)
        status, said = await remove(node, reason="Pak Budi 081234567890")
        assert status == 400, said
        assert await lies_at(home)


async def test_where_nothing_may_be_signed_yet_the_bytes_go_all_the_same(
    home, partner, monkeypatch
):
    monkeypatch.setattr("federation.node.removing.WAIT_S", 0.1)
    async with serving(home) as node:
        await publish(node)
    await hold(home, is_own=True)
    # A partner that does not answer: after a restore nothing is signed before it has.
    text = home.settings.read_text()
    home.settings.write_text(
        text.replace("reconcile_wait_s = 1", "reconcile_wait_s = 600")
    )
    add_peer(home, partner, "http://127.0.0.1:9")
    async with serving(home) as node:
        status, done = await remove(node)
        assert (status, done["is_due"], done["statement"]) == (200, True, ""), done
        assert done["why"]
        assert not await lies_at(home)
        assert (await node.post("/v1/control/alone", {}))[0] == 200

        async def is_said():
            _, told = await remove(node)
            return told["statement"]

        await until(is_said)


@pytest.mark.slow
async def test_a_partner_that_honours_it_deletes_its_copy_and_says_so(
    home, partner, capsys
):
    await hold(home, is_own=True)
    await hold(partner, is_own=False)
    async with serving(home) as ours, serving(partner) as theirs:
        record = await publish(ours)
        # They have read it: what they read of our photo does not make it theirs.
        await publish(theirs, derived_from=record)
        add_peer(home, partner, theirs.url)
        add_peer(partner, home, ours.url)
        _, done = await remove(ours)

        async def is_gone():
            return not await lies_at(partner)

        await until(is_gone)
        words = ["photos", "removals", "--json", "--home", str(home.folder)]

        async def is_answered():
            assert run(words, Output(Text("en"), is_json=True)) == 0
            return theirs.home.folder.name in capsys.readouterr().out

        await until(is_answered)
        assert done["statement"]


async def test_who_honours_it_is_told_to_ours_and_not_to_strangers(home):
    await hold(home, is_own=True)
    async with serving(home) as node:
        await publish(node)
        await remove(node)
        path = "/v1/photos/removals"
        ours = {"Authorization": f"Bearer {node.token}"}

        async def is_listed():
            status, body, headers = await node.get(path, headers=ours)
            assert (status, headers["Cache-Control"]) == (200, "private, no-cache")
            return json.loads(body)["removals"]

        [entry] = await until(is_listed)
        assert (entry["digest"], entry["here"]) == (ONE, "removed")
        [asked] = entry["asked"]
        assert (asked["ground"], asked["reason"]) == ("personal-data", "ada wajah")
        status, missing, _ = await node.get("/v1/photos/removed")
        refused = await node.get(path, headers={"X-Forwarded-For": "198.51.100.7"})
        assert refused[0] == status == 404
        assert json.loads(refused[1])["code"] == json.loads(missing)["code"]


async def test_what_has_had_its_time_goes_when_it_is_asked_for_and_comes_back_never(
    home, capsys
):
    await hold(home, is_own=True)
    text = home.settings.read_text()
    days = f"[photos]\nretention_days = {{ {ELECTION} = 1 }}\n"
    home.settings.write_text(
        text + days if "\n[photos]" not in text else text.replace("[photos]\n", days)
    )
    async with serving(home) as node:
        await publish(node)
        words = ["photos", "retention", "--dry-run", "--json", "--home"]

        async def would_go():
            assert (
                run([*words, str(home.folder)], Output(Text("en"), is_json=True)) == 0
            )
            return ONE in capsys.readouterr().out

        await until(would_go)
        status, done = await node.post("/v1/control/expire-photos", {})
        assert (status, done) == (200, {"count": 1, "size": len(DATA)})
        assert not await lies_at(home)
    with pytest.raises(ConflictError):
        await hold(home, is_own=True)


async def test_a_photo_that_somebody_else_stands_by_may_come_after_all(home):
    """D named it and removed it where A, who collected it, was not heard of yet."""
    with contextlib.closing(Database.open(home.data)) as db:
        liar = add_named(db, "d.example", [("1371011001001", [file_of(ONE)])])
        add_named(db, "a.example", [("1371011001001", [file_of(ONE)])])
        index_all(db)
        words = (ONE, "d.example", liar.election, "request", "", "", "ab" * 32, "")
        asked = {"ground": "request", "reason": "", "org": "d.example"}
        with db.transaction() as tx:
            said = saidremovals.SaidRemoval(liar.id, 0, *words)
            end = evidence.noted_up_to(tx, liar.id)
            saidremovals.replace_said(tx, liar.id, 0, end, [said])
            gone = removals.RemovedPhoto(
                digest=ONE, removed_at=1, honours="ab" * 32, is_swept=True, **asked
            )
            removals.note_removed(tx, gone)
    async with serving(home):
        path = f"file:{home.data / FILE_NAME}?mode=ro"
        with contextlib.closing(sqlite3.connect(path, uri=True)) as looking:

            async def is_let_in():
                return not looking.execute("SELECT 1 FROM removed_photo").fetchall()

            await until(is_let_in)


async def test_what_is_removed_is_shown_no_longer_while_much_else_is_deleted(
    home, monkeypatch
):
    other = hashlib.sha256(b"another form").hexdigest()
    await hold(home, is_own=True)
    free = asyncio.Event()

    async def sweep_late(places):
        await free.wait()
        return await sweep(places)

    async with serving(home) as node:
        await publish(node)
        file = {**FILE, "sha256": other}
        body = {"election": ELECTION, "records": [draft(OTHER, evidence=[file])]}
        assert (await node.post("/v1/records", body))[0] == 200
        ours = {"Authorization": f"Bearer {node.token}"}

        async def status():
            return (await node.get(f"/blob/{ONE}", headers=ours))[0]

        async def is_shown():
            return await status() == 200

        async def is_gone():
            return await status() == 404

        await until(is_shown)
        monkeypatch.setattr("federation.node.removing.sweep", sweep_late)
        first = asyncio.create_task(remove(node, digest=other))
        await until(lambda: is_noted(home, other))
        second = asyncio.create_task(remove(node))
        await until(is_gone)
        assert await lies_at(home)
        free.set()
        assert [(await done)[0] for done in (first, second)] == [200, 200]
        assert not await lies_at(home)


async def is_noted(home, digest):
    path = f"file:{home.data / FILE_NAME}?mode=ro"
    with contextlib.closing(sqlite3.connect(path, uri=True)) as looking:
        sql = "SELECT 1 FROM removed_photo WHERE digest = ?"
        return looking.execute(sql, (digest,)).fetchall()
