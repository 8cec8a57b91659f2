"""A station's page shows its photos to who may view them, and nobody else a sign."""

import re

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from federation.config.settings import PhotoSettings
from federation.records.readers import NOBODY, THIS_MACHINE, Partner, Person
from federation.store import blobs, claims, evidence, logs
from federation.store.evidence import EvidenceEntry
from federation.store.removals import RemovedPhoto, note_removed
from federation.web import dashboard
from federation.web.context import SITE
from federation.web.problem import answer_problems
from tests import sample_map as sample
from tests.webnode import context_of, settings_of

VIEWER = Person("x", "viewer")


def name_files(db):
    """Note the files of the sample's claims, whose leaves are none, and say which."""
    digests = set()
    with db.transaction() as tx:
        for log in logs.list_logs(tx):
            found, end = claims.read_with_files(tx, log.id, 0, 1 << 40, 10_000)
            entries = [
                EvidenceEntry(
                    leaf=claim.index,
                    place=place,
                    digest=digest,
                    contest=claim.contest,
                    tps=claim.tps,
                    round=claim.round,
                    record=claim.record,
                    size=9,
                    media_type="image/jpeg",
                    page=2,
                    likeness="",
                    is_derived=claim.derived,
                )
                for claim in found
                for place, digest in enumerate(claim.files)
            ]
            evidence.replace_evidence(tx, log.id, 0, end, entries)
            digests |= {entry.digest for entry in entries if entry.tps == TPS}
    return digests


class Pages:
    """The page of the station of a photo, as somebody sees it."""

    def __init__(self, db, asks_as):
        self.db, self.asks_as, self.public = db, asks_as, False
        self.digests = sorted(name_files(db))

    def hold(self, *, is_own=True):
        with self.db.transaction() as tx:
            for digest in self.digests:
                blobs.save_blob(tx, digest, 9, "image/jpeg", is_own=is_own, now=1)

    async def ask(self, caller=NOBODY, *, public=False):
        self.asks_as(caller)
        settings = settings_of(photos=PhotoSettings(public=public))
        profiles = {sample.ELECTION: sample.profile()}
        app = web.Application(middlewares=[answer_problems])
        app[SITE] = context_of(self.db, settings, profiles=profiles)
        app.add_routes(dashboard.routes())
        async with TestClient(TestServer(app)) as client:
            answer = await client.get(f"/tps/{TPS}?lang=en")
            return answer.headers, await answer.text()


TPS = sample.PHOTO


@pytest.fixture
def pages(sample_db, asks_as):
    return Pages(sample_db, asks_as)


def links(text):
    return set(re.findall(r'href="[./]*/?(blob/[0-9a-f]{64})"', text))


def pictures(text):
    return set(re.findall(r'src="[./]*/?(foto/[0-9a-f]{64}/kecil)"', text))


async def test_who_is_signed_in_sees_each_photo_small_and_opens_it(pages):
    assert pages.digests
    pages.hold()
    headers, text = await pages.ask(VIEWER)
    assert links(text) == {f"blob/{digest}" for digest in pages.digests}
    assert pictures(text) == {f"foto/{digest}/kecil" for digest in pages.digests}
    assert headers["Cache-Control"] == "private, no-store"


async def test_for_a_stranger_nothing_on_the_page_tells_whether_one_is_held(pages):
    _, before = await pages.ask()
    assert "Photos of the form" not in before
    pages.hold()
    headers, after = await pages.ask()
    assert after == before
    assert headers["Cache-Control"] == "no-cache"


async def test_a_photo_that_has_not_come_yet_is_said_not_to_be_here(pages):
    _, text = await pages.ask(THIS_MACHINE)
    assert re.search("not here yet; named by [a-z.]+example", text)
    assert links(text) == pictures(text) == set()


async def test_others_who_may_view_it_open_it_and_get_no_thumbnail(pages):
    pages.hold()
    for caller, public in ((NOBODY, True), (partner(), False)):
        _, text = await pages.ask(caller, public=public)
        own = links(text)
        assert own <= {f"blob/{digest}" for digest in pages.digests}
        assert pictures(text) == set()


async def test_what_was_removed_is_no_longer_on_the_page(pages):
    pages.hold()
    with pages.db.transaction() as tx:
        for digest in pages.digests:
            note_removed(
                tx,
                RemovedPhoto(
                    digest=digest, ground="request", reason="", org="x", removed_at=1
                ),
            )
    _, text = await pages.ask(VIEWER)
    assert links(text) == set()
    assert "Photos of the form" not in text


def partner():
    return Partner(org="p.example", asked=sample.ANA, sees_photos=True)
