"""A photo made small: for people of ours, and for nobody else."""

from types import SimpleNamespace

import pytest
from aiohttp.test_utils import TestClient, TestServer

from federation.blobs.blobs import open_blobs
from federation.config.settings import PhotoSettings
from federation.errors import PhotoError
from federation.flows.photos.held import Photo, keep_photo
from federation.flows.photos.index import index_all
from federation.records.readers import NOBODY, THIS_MACHINE, Insider, Partner, Person
from federation.store.db import Database
from federation.text import Sentence
from federation.web.app import make_app
from tests.photographed import A, add_named, file_of
from tests.webnode import context_of, settings_of

DIGEST, THEIRS, NOBODYS = "ab" * 32, "cd" * 32, "0" * 64
SHOWN = {
    "viewer": Person("x", "viewer"),
    "editor": Person("x", "editor"),
    "coordinator": Person("x", "coordinator"),
    "machine": THIS_MACHINE,
}
REFUSED = {
    "stranger": NOBODY,
    "insider": Insider(),
    "partner": Partner(org="p.example", asked=A, sees_photos=True),
}


@pytest.fixture
def shown():
    """To whom of ours which photos were shown, as it is kept."""
    return []


@pytest.fixture
def used():
    """Which photos of others were of use."""
    return []


@pytest.fixture
async def ask(tmp_path, asks_as, shown, used):
    """Asks for a thumbnail as somebody; photos of the node are for everybody."""
    db, who = Database.open(tmp_path / "data"), []
    blobs = open_blobs("blobs", tmp_path)
    photo = Photo(DIGEST, b"bytes", "image/jpeg")
    await keep_photo(db, blobs, photo, is_own=True, now=1)
    theirs = Photo(THEIRS, b"others", "image/jpeg")
    await keep_photo(db, blobs, theirs, is_own=False, now=1)
    add_named(db, A, [("3171010001001", [file_of(DIGEST)])], own=True)
    add_named(db, "b.example", [("3171010001001", [file_of(THEIRS)])])
    index_all(db)

    async def thumbnail(digest):
        if len(who) > 1:
            raise PhotoError(Sentence("photo.broken", kind="JPEG"))
        return b"small " + digest.encode()

    settings = settings_of(org=A, photos=PhotoSettings(public=True))
    desk = SimpleNamespace(
        thumbnail=thumbnail,
        photo_shown=lambda digest, person: shown.append((digest, person)),
        photo_used=lambda blob: used.append(blob.digest),
    )
    app = make_app(context_of(db, settings, blobs=blobs, desk=desk))
    async with TestClient(TestServer(app)) as client:

        async def asked(caller, digest=DIGEST):
            who.append(caller)
            asks_as(caller)
            answer = await client.get(f"/foto/{digest}/kecil")
            return answer.status, answer.headers, await answer.read()

        yield asked
    db.close()


@pytest.mark.parametrize("who", SHOWN)
async def test_people_of_ours_see_it_and_no_cache_does(who, ask):
    status, headers, body = await ask(SHOWN[who])
    assert (status, body) == (200, b"small " + DIGEST.encode())
    assert headers["Content-Type"] == "image/jpeg"
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("who", REFUSED)
async def test_for_all_others_it_is_not_there_though_the_photo_is(who, ask):
    status, _, body = await ask(REFUSED[who])
    none, _, said = await ask(REFUSED[who], NOBODYS)
    assert (status, none) == (404, 404)
    assert body == said.replace(NOBODYS.encode(), DIGEST.encode())


async def test_of_what_is_not_here_and_of_no_picture_there_is_none(ask):
    assert (await ask(THIS_MACHINE, NOBODYS))[0] == 404
    assert (await ask(THIS_MACHINE))[0] == 404  # now the child refuses it


async def test_it_counts_as_a_look_at_the_photo(ask, shown, used):
    """A photo that people see in a list is kept, and it is known who saw it."""
    viewer = SHOWN["viewer"]
    assert (await ask(viewer, THEIRS))[0] == 200
    assert (shown, used) == ([(THEIRS, viewer)], [THEIRS])


async def test_what_was_not_shown_to_one_of_ours_counts_as_no_look(ask, shown, used):
    assert (await ask(THIS_MACHINE))[0] == 200
    await ask(REFUSED["stranger"], THEIRS)
    assert (await ask(SHOWN["viewer"], THEIRS))[0] == 404  # the child refuses it now
    assert (shown, used) == ([], [])
