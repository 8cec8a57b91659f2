"""A photo over HTTP: to whom, in which parts, kept for how long."""

import asyncio
import hashlib
import json
import random
from types import SimpleNamespace

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer

from federation.blobs.blobs import MAX_BLOB_BYTES, open_blobs
from federation.blobs.objects import PIECE_BYTES
from federation.config.settings import PhotoSettings
from federation.feeds.resource import blob_of
from federation.flows.photos.held import Photo, drop_photo, keep_photo
from federation.flows.photos.index import index_all
from federation.records.readers import NOBODY, THIS_MACHINE, Partner, Person
from federation.store.blobs import mark_damaged
from federation.store.db import Database
from federation.store.removals import RemovedPhoto, note_removed
from federation.web.app import make_app
from tests.photographed import A, B, add_named, file_of
from tests.webnode import context_of, settings_of

TPS = "3171010001001"
DATA = b"\xff\xd8\xff" + random.Random(1).randbytes(3 * PIECE_BYTES)
SHORT = DATA[:1000]
#: More than the system takes of whoever is not read.
BYTES = DATA[:3] + bytes(MAX_BLOB_BYTES - 3)
LARGE = hashlib.sha256(BYTES).hexdigest()
DIGEST = hashlib.sha256(DATA).hexdigest()
NOBODYS = "0" * 64
CALLERS = {
    "stranger": NOBODY,
    "partner": Partner(org="p.example", asked=A, sees_photos=True),
    "partner-without-photos": Partner(org="p.example", asked=A),
    "who-named-it": Partner(org=B, asked=A),
    "audience-of-b": Partner(org="p.example", asked=A, audiences=frozenset({B})),
    "viewer": Person("x", "viewer"),
    "machine": THIS_MACHINE,
}


class Home:
    """A node with photos, and whoever asks it."""

    def __init__(self, tmp_path, asks_as):
        self.db = Database.open(tmp_path / "data")
        self.blobs = open_blobs("blobs", tmp_path)
        self.asks_as = asks_as
        self.used, self.lost, self.sent, self.shown = [], [], [], []

        asks_as(THIS_MACHINE)

    async def hold(self, data=DATA, media_type="image/jpeg", *, is_own=True):
        photo = Photo(hashlib.sha256(data).hexdigest(), data, media_type)
        await keep_photo(self.db, self.blobs, photo, is_own=is_own, now=1)
        return photo.digest

    def name(self, *digests, org=A, own=True, visibility="public"):
        files = [file_of(digest) for digest in digests]
        add_named(self.db, org, [(TPS, files)], visibility, own=own)
        index_all(self.db)

    async def open(self, *, public=False):
        settings = settings_of(org=A, photos=PhotoSettings(public=public))
        desk = SimpleNamespace(
            photo_used=self.used.append,
            photo_shown=lambda digest, person: self.shown.append((digest, person)),
            photo_lost=self.lost.append,
            photo_sent=self.sent.append,
        )
        site = context_of(self.db, settings, blobs=self.blobs, desk=desk)
        self.client = TestClient(TestServer(make_app(site)))
        await self.client.start_server()
        return self

    async def ask(self, digest=DIGEST, method="GET", **headers):
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.client.request(method, f"/blob/{digest}", headers=given)
        return answer, await answer.read()


@pytest.fixture
async def home(tmp_path, asks_as):
    made = Home(tmp_path, asks_as)
    yield made
    await made.client.close()
    made.db.close()


@pytest.fixture
async def ours(home):
    """A node that holds one photo of its own, which only it has named."""
    await home.hold()
    await home.hold(BYTES)
    home.name(DIGEST, LARGE)
    return await home.open()


async def test_bytes_are_those_that_were_put(ours):
    answer, body = await ours.ask()
    assert answer.status == 200
    assert body == DATA
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["ETag"] == f'"{DIGEST}"'
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("inline; ")


async def test_a_head_is_that_of_the_answer(ours):
    whole, body = await ours.ask()
    head, nothing = await ours.ask(method="HEAD", Range="bytes=0-1")
    assert head.status == 200
    assert nothing == b""
    for name in ("ETag", "Content-Length", "Content-Type", "Cache-Control"):
        assert head.headers[name] == whole.headers[name]
    assert head.headers["Content-Length"] == str(len(body))


async def test_who_has_it_is_told_so(ours):
    for given in (f'"{DIGEST}"', f'"x", "{DIGEST}"', "*", f'W/"{DIGEST}"'):
        answer, body = await ours.ask(If_None_Match=given)
        assert (answer.status, body) == (304, b"")
    answer, _ = await ours.ask(If_None_Match=f'"{NOBODYS}"')
    assert answer.status == 200


async def test_any_part_is_what_a_slice_is(ours):
    rng, size, edge = random.Random(7), len(DATA), PIECE_BYTES
    starts = [0, 1, edge - 1, edge, edge + 1, size - 1]
    parts = [(s, rng.randrange(s, size)) for s in starts * 3]
    for first, last in [*parts, (0, size - 1), (size - 1, size - 1), (5, 10**18 - 1)]:
        answer, body = await ours.ask(Range=f"bytes={first}-{last}")
        assert answer.status == 206
        assert body == DATA[first : last + 1]
        end = min(last, size - 1)
        assert answer.headers["Content-Range"] == f"bytes {first}-{end}/{size}"
        assert answer.headers["Content-Length"] == str(len(body))
    for first in starts:
        answer, body = await ours.ask(Range=f"bytes={first}-")
        assert (answer.status, body) == (206, DATA[first:])
        if first:
            answer, body = await ours.ask(Range=f"bytes=-{first}")
            assert (answer.status, body) == (206, DATA[-first:])


@pytest.mark.parametrize("asked", [f"bytes={len(DATA)}-", "bytes=-0"])
async def test_a_part_that_does_not_exist_is_said_not_to(asked, ours):
    answer, body = await ours.ask(Range=asked)
    assert (answer.status, body) == (416, b"")
    assert answer.headers["Content-Range"] == f"bytes */{len(DATA)}"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=9-5", "pages=1-2", "?"])
async def test_what_is_no_single_part_is_answered_with_all(asked, ours):
    answer, body = await ours.ask(Range=asked)
    assert (answer.status, body) == (200, DATA)


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        (f'"{DIGEST}"', 206),
        (f'"{NOBODYS}"', 200),
        (f'W/"{DIGEST}"', 200),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 200),
        ("nonsense", 200),
    ],
)
async def test_a_part_is_of_the_file_that_is_meant_or_all_comes(
    condition, status, ours
):
    answer, body = await ours.ask(Range="bytes=0-9", If_Range=condition)
    assert answer.status == status
    assert body == (DATA[:10] if status == 206 else DATA)


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize(
    ("named", "who"),
    [
        ("nobody", set()),
        ("ours", {"partner", "viewer", "machine"}),
        ("theirs", {"who-named-it", "audience-of-b", "viewer", "machine"}),
        ("both", {"partner", "viewer", "machine"}),
        ("ours-not-public", {"viewer", "machine"}),
    ],
)
async def test_who_may_not_view_it_gets_what_is_said_of_what_is_not_there(
    named, who, public, held, home
):
    if held:
        await home.hold()
    if named in {"ours", "both"}:
        home.name(DIGEST)
    if named in {"theirs", "both"}:
        home.name(DIGEST, org=B, own=False)
    if named == "ours-not-public":
        home.name(DIGEST, visibility="incidents")
    await home.open(public=public)
    if public and named in {"ours", "both"}:
        who = set(CALLERS)
    for name, caller in CALLERS.items():
        home.asks_as(caller)
        for method in ("GET", "HEAD"):
            await check_answer(home, method, is_shown=held and name in who)


async def check_answer(home, method, *, is_shown):
    """The photo, or word for word what is said of one that is not there."""
    none, said = await home.ask(NOBODYS, method)
    answer, body = await home.ask(method=method)
    assert none.status == 404
    assert answer.status == (200 if is_shown else 404)
    if is_shown:
        return
    assert body == said.replace(NOBODYS.encode(), DIGEST.encode())
    assert answer.headers.keys() == none.headers.keys()
    for tag in ("*", f'"{DIGEST}"'):
        answer, _ = await home.ask(method=method, If_None_Match=tag)
        assert answer.status == 404


@pytest.mark.parametrize(("public", "visibility"), [(True, "public"), (False, "x")])
async def test_only_what_everybody_may_see_is_kept_by_caches(public, visibility, home):
    await home.hold()
    home.name(DIGEST)
    await home.open(public=public)
    for tag in ("", f'"{DIGEST}"'):
        answer, _ = await home.ask(If_None_Match=tag)
        kept = answer.headers["Cache-Control"]
        assert kept == (
            "public, max-age=31536000, immutable" if public else "private, no-store"
        )


@pytest.mark.parametrize("media_type", ["text/html", "image/svg+xml", "image/heic"])
async def test_what_is_no_picture_is_never_shown_as_what_a_partner_calls_it(
    media_type, home
):
    digest = await home.hold(b"<script>alert(1)</script>", media_type)
    home.name(digest)
    await home.open()
    answer, _ = await home.ask(digest)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment; ")


async def test_what_was_removed_is_not_there_though_its_bytes_may_be(ours):
    removed = RemovedPhoto(
        digest=DIGEST, ground="request", reason="", org=A, removed_at=1
    )
    await ours.db.write(note_removed, removed)
    _, unknown = await ours.ask(NOBODYS)
    answer, body = await ours.ask()
    assert answer.status == 404
    assert body == unknown.replace(NOBODYS.encode(), DIGEST.encode())


async def test_what_was_dropped_is_not_there(ours):
    await drop_photo(ours.db, ours.blobs, DIGEST)
    answer, _ = await ours.ask()
    assert answer.status == 404


@pytest.mark.parametrize("left", [None, SHORT[:-1], SHORT + b"x", b""])
async def test_bytes_that_are_missing_or_others_are_handed_to_nobody(left, home):
    digest = await home.hold(SHORT)
    home.name(digest)
    await home.open()
    await home.blobs.delete(digest)
    if left is not None:
        await asyncio.to_thread(home.blobs._write, digest, left)
    answer, body = await home.ask(digest)
    assert answer.status == 404
    assert json.loads(body)["code"] == "not-found"
    assert [blob.digest for blob in home.lost] == [digest]


@pytest.mark.parametrize("left", [DATA[:-1], DATA + b"x", DATA[:PIECE_BYTES]])
async def test_of_a_large_one_that_is_others_at_its_end_nothing_comes(left, ours):
    await asyncio.to_thread(ours.blobs._write, DIGEST, left)
    assert (await ours.ask())[0].status == 404
    assert [blob.digest for blob in ours.lost] == [DIGEST]


async def test_what_is_marked_as_damaged_is_not_there_until_it_is_put_again(ours):
    await ours.db.write(mark_damaged, DIGEST)
    assert (await ours.ask())[0].status == 404
    await ours.hold()
    assert (await ours.ask())[0].status == 200


def let_break(ours, monkeypatch, behind, error):
    """So many pieces come, and then no more, or an error."""
    pieces = ours.blobs.pieces

    def broken(*asked):
        for number, piece in enumerate(pieces(*asked)):
            if number == behind:
                break
            yield piece
        if error is not None:
            raise error

    monkeypatch.setattr(ours.blobs, "pieces", broken)


async def test_a_disk_that_fails_at_the_first_piece_is_said_to_fail(ours, monkeypatch):
    let_break(ours, monkeypatch, 0, OSError(5, "Input/output error", "/secret/place"))
    answer, body = await ours.ask()
    assert answer.status == 500
    assert json.loads(body)["code"] == "disk-failed"
    assert b"secret" not in body


@pytest.mark.parametrize("error", [None, OSError(5, "Input/output error")])
async def test_what_breaks_amid_the_bytes_is_seen_to_be_cut_off(
    error, ours, monkeypatch
):
    let_break(ours, monkeypatch, 1, error)
    with pytest.raises(aiohttp.ClientError):
        await ours.ask()
    assert [blob.digest for blob in ours.lost] == ([] if error else [DIGEST])
    assert ours.sent == [PIECE_BYTES]


async def test_that_a_photo_of_a_partner_was_looked_at_is_noted_of_ours_not(home):
    theirs = await home.hold(b"\xff\xd8\xff theirs", is_own=False)
    await home.hold()
    home.name(DIGEST, theirs)
    await home.open()
    await home.ask()
    await home.ask(theirs)
    assert [blob.digest for blob in home.used] == [theirs]


async def test_memory_holds_a_piece_of_what_is_handed_over(ours):
    pieces = ours.blobs.pieces(DIGEST, 1, len(DATA), len(DATA))
    buffers, come = set(), b""
    for piece in pieces:
        assert len(piece) <= PIECE_BYTES
        buffers.add(id(piece.obj))
        come += piece
    assert come == DATA[1:]
    assert len(buffers) == 1


async def test_a_slow_reader_holds_no_thread_and_gets_all(ours):
    busy = [await ours.client.get(f"/blob/{LARGE}") for _ in range(12)]
    answer, body = await ours.ask()
    assert (answer.status, body) == (200, DATA)
    for one in busy:
        assert hashlib.sha256(await one.read()).hexdigest() == LARGE


async def test_who_is_cut_off_amid_the_bytes_is_done_with(ours):
    answer = await ours.client.get(f"/blob/{LARGE}")
    ours.client.server.handler.connections[0].transport.abort()
    for _ in range(100):
        if ours.sent:
            break
        await asyncio.sleep(0.05)
    assert 0 < ours.sent[0] < len(BYTES)
    with pytest.raises(aiohttp.ClientError):
        await answer.read()


async def test_a_path_that_is_no_digest_is_none(ours):
    for path in ("x" * 64, DIGEST.upper(), DIGEST[:-1], f"{DIGEST}0", f"{DIGEST}/.."):
        assert (await ours.client.get(f"/blob/{path}")).status == 404
    assert (await ours.client.post(f"/blob/{DIGEST}")).status == 405


def test_a_photo_is_fetched_up_to_the_size_that_is_held():
    assert blob_of(DIGEST).max_bytes == MAX_BLOB_BYTES
    assert blob_of(DIGEST).path == f"blob/{DIGEST}"
