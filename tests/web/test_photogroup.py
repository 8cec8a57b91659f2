"""Several photos in one answer: of each what would be said of it alone."""

import asyncio
import hashlib

import aiohttp
import pytest

from federation.feeds.resource import MAX_TOGETHER, blobs_of
from federation.records.readers import Person
from federation.store.blobs import mark_damaged
from federation.store.removals import RemovedPhoto, note_removed
from federation.web import photogroup
from tests.photographed import B
from tests.web.test_blobs import CALLERS, DATA, DIGEST, NOBODYS, SHORT, home

__all__ = ["home"]
BRIEF = hashlib.sha256(SHORT).hexdigest()
THEIRS = b"\xff\xd8\xff theirs"
THEIR_DIGEST = hashlib.sha256(THEIRS).hexdigest()
OF = {DIGEST: DATA, BRIEF: SHORT, THEIR_DIGEST: THEIRS}


def frames(*parts):
    """The answer: digests whose bytes come, and pairs of which only a mark does."""
    body = b""
    for part in parts:
        digest, mark = part if isinstance(part, tuple) else (part, "")
        body += f"{digest} {mark or len(OF[digest])}\n".encode()
        body += b"" if mark else OF[digest]
    return body


async def ask(home, *digests, method="GET"):
    answer = await home.client.request(method, f"/{blobs_of(digests, 1).path}")
    return answer, await answer.read()


async def read_until_cut(answer):
    come = b""
    try:
        async for piece in answer.content.iter_any():
            come += piece
    except aiohttp.ClientError:
        return come
    raise AssertionError("all of it came")


@pytest.fixture
async def three(home):
    """A node that holds two photos of its own and one of another's."""
    await home.hold()
    await home.hold(SHORT)
    await home.hold(THEIRS, is_own=False)
    home.name(DIGEST, BRIEF)
    home.name(THEIR_DIGEST, org=B, own=False)
    return await home.open()


async def test_each_comes_where_it_was_asked_for(three):
    answer, body = await ask(three, BRIEF, NOBODYS, DIGEST, BRIEF, THEIR_DIGEST)
    assert answer.status == 200
    assert body == frames(BRIEF, (NOBODYS, "-"), DIGEST, BRIEF, THEIR_DIGEST)
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    # What was sent is noted a moment behind the last byte.
    while not three.sent:  # noqa: ASYNC110  a list
        await asyncio.sleep(0.01)
    assert three.sent == [len(body)]
    assert [blob.digest for blob in three.used] == [THEIR_DIGEST]


async def test_a_head_is_that_of_the_answer(three):
    whole, body = await ask(three, BRIEF, DIGEST)
    head, nothing = await ask(three, BRIEF, DIGEST, method="HEAD")
    assert (head.status, nothing) == (200, b"")
    assert head.headers["Content-Length"] == str(len(body))
    assert head.headers.keys() == whole.headers.keys()


@pytest.mark.parametrize("public", [False, True])
async def test_everybody_gets_of_each_what_is_said_of_it_alone(public, home):
    await home.hold()
    await home.hold(SHORT)
    await home.hold(THEIRS, is_own=False)
    home.name(DIGEST)
    home.name(BRIEF, visibility="incidents")
    home.name(THEIR_DIGEST, org=B, own=False)
    await home.open(public=public)
    asked = (DIGEST, BRIEF, THEIR_DIGEST, NOBODYS)
    for name, caller in CALLERS.items():
        home.asks_as(caller)
        alone = [(await home.ask(digest))[0].status == 200 for digest in asked]
        _, body = await ask(home, *asked)
        said = [
            digest if is_shown else (digest, "-")
            for digest, is_shown in zip(asked, alone, strict=True)
        ]
        assert body == frames(*said), name


async def test_what_is_gone_damaged_or_never_was_is_the_same_line(three):
    removed = RemovedPhoto(
        digest=BRIEF, ground="request", reason="", org=B, removed_at=1
    )
    await three.db.write(note_removed, removed)
    await three.db.write(mark_damaged, THEIR_DIGEST)
    _, body = await ask(three, BRIEF, THEIR_DIGEST, NOBODYS)
    assert body == frames((BRIEF, "-"), (THEIR_DIGEST, "-"), (NOBODYS, "-"))


async def test_that_one_of_ours_is_shown_each_is_noted(three):
    viewer = Person("x", "viewer")
    three.asks_as(viewer)
    await ask(three, DIGEST, NOBODYS, BRIEF)
    assert three.shown == [(DIGEST, viewer), (BRIEF, viewer)]


async def test_what_makes_it_too_long_is_asked_for_alone(three, monkeypatch):
    monkeypatch.setattr(photogroup, "MAX_TOGETHER_BYTES", len(DATA) + 10)
    _, body = await ask(three, DIGEST, BRIEF, NOBODYS)
    assert body == frames(DIGEST, (BRIEF, "+"), (NOBODYS, "-"))
    _, body = await ask(three, BRIEF, DIGEST)
    assert body == frames(BRIEF, (DIGEST, "+"))


@pytest.mark.parametrize("left", [None, SHORT[:-1], SHORT + b"x"])
async def test_where_bytes_are_gone_it_is_cut_off_behind_what_is_whole(left, three):
    await three.blobs.delete(BRIEF)
    if left is not None:
        await asyncio.to_thread(three.blobs._write, BRIEF, left)
    answer = await three.client.get(f"/{blobs_of((DIGEST, BRIEF, DIGEST), 1).path}")
    come = await read_until_cut(answer)
    head = f"{BRIEF} {len(SHORT)}\n".encode()
    assert (frames(DIGEST) + head).startswith(come)
    assert [blob.digest for blob in three.lost] == [BRIEF]


async def test_more_than_may_be_asked_for_and_what_is_no_digest_is_no_path(three):
    answer, body = await ask(three, *[BRIEF] * MAX_TOGETHER)
    assert (answer.status, body) == (200, frames(*[BRIEF] * MAX_TOGETHER))
    for path in ("+".join([BRIEF] * 33), f"{BRIEF}+", f"+{BRIEF}", f"{BRIEF}+x", ""):
        assert (await three.client.get(f"/blobs/{path}")).status == 404
    assert (await three.client.post(f"/blobs/{BRIEF}")).status == 405
