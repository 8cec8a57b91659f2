"""The pictures of shared addresses: small, kept, harmless, where they can be."""

import contextlib
import dataclasses
import io
import re

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from PIL import Image

from federation.flows.partners import PartnerBook
from federation.web import dashboard, previews, regionpage
from federation.web.bucket import Bucket
from federation.web.context import SITE
from federation.web.previewcard import (
    SIZE,
    CardFigure,
    CardLine,
    PreviewCard,
    clean,
    draw_card,
)
from federation.web.previews import DRAWN, PREVIEWS, Previews
from federation.web.problem import answer_problems
from tests import sample_map as sample
from tests.webnode import context_of, settings_of

PUBLIC = "https://monitor.example/federation/"


class Watch:
    """A clock that stands until it is set."""

    def __init__(self) -> None:
        self.now = 2_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def site(sample_db, watch):
    async def partners():
        return PartnerBook()

    own = settings_of(name="Ana")
    listen = structs.replace(own.listen, public_url=PUBLIC)
    return context_of(
        sample_db,
        structs.replace(own, listen=listen),
        profiles={sample.ELECTION: sample.profile()},
        partners=partners,
        clock=watch,
    )


@pytest.fixture
async def client(site):
    async with served(site) as found:
        yield found


@contextlib.asynccontextmanager
async def served(site):
    app = web.Application(middlewares=[answer_problems])
    app[SITE], app[PREVIEWS] = site, Previews()
    app[DRAWN] = Bucket(burst=5, refill_s=100)
    for pages in (regionpage, dashboard, previews):
        app.add_routes(pages.routes())
    async with TestClient(TestServer(app)) as found:
        yield found


@pytest.mark.parametrize(
    ("page", "picture"),
    [
        ("/", "/pratinjau.png"),
        ("/wilayah/1371", "/pratinjau/1371.png"),
        (f"/tps/{sample.DISPUTED}", f"/pratinjau/{sample.DISPUTED}.png"),
        (f"/tps/{sample.GAP}", f"/pratinjau/{sample.GAP}.png"),
    ],
)
async def test_a_page_names_its_picture_and_it_is_there(client, page, picture):
    text = await (await client.get(f"{page}?lang=en")).text()
    named = re.search(r'property="og:image" content="([^"]*)"', text)[1]
    root = PUBLIC.removesuffix("/")
    assert named.startswith(root + picture)
    got = await client.get(named.removeprefix(root).replace("&amp;", "&"))
    data = await got.read()
    assert got.content_type == "image/png"
    assert Image.open(io.BytesIO(data)).size == SIZE
    assert len(data) < 60_000


async def test_without_an_address_of_its_own_or_a_font_a_page_names_none(
    client, site, monkeypatch
):
    monkeypatch.setattr(dashboard, "can_draw", lambda: False)
    assert "og:image" not in await (await client.get("/")).text()
    monkeypatch.undo()
    # In another language: the page that was made without is kept.
    assert "og:image" in await (await client.get("/?lang=en")).text()
    nowhere = structs.replace(site.settings.listen, public_url=None)
    site = dataclasses.replace(
        site, settings=structs.replace(site.settings, listen=nowhere)
    )
    async with served(site) as found:
        assert "og:image" not in await (await found.get("/?lang=en")).text()


@pytest.mark.parametrize("code", ["1", "abc", "9999999999999x"])
async def test_what_is_no_place_has_none(client, code):
    assert (await client.get(f"/pratinjau/{code}.png")).status == 400


async def test_a_region_nobody_heard_of_has_none(client):
    assert (await client.get("/pratinjau/55.png")).status == 404


async def test_it_is_drawn_once_until_the_map_changes_and_a_minute_is_over(
    client, sample_db, watch, monkeypatch
):
    drawn = []

    def draw(card):
        drawn.append(card)
        return draw_card(card)

    monkeypatch.setattr(previews, "draw_card", draw)
    for _ in range(3):
        await client.get("/pratinjau.png")
    watch.now += 3_600
    await client.get("/pratinjau.png")
    assert len(drawn) == 1
    sample.add_claims(
        sample_db,
        sample.CITRA,
        [sample._claim(1, sample.CITRA, sample.GAP, sample.three(1, 2, 3))],
    )
    sample.merge(sample_db)
    await client.get("/pratinjau.png")
    assert len(drawn) == 2
    assert drawn[0].covered != drawn[1].covered


async def test_not_too_many_are_drawn_and_what_is_kept_is_still_given(client):
    codes = ["13", "72", "1371", "137101", "1371011001"]
    for code in codes:
        assert (await client.get(f"/pratinjau/{code}.png")).status == 200
    refused = await client.get(f"/pratinjau/{sample.AGREED}.png")
    assert refused.status == 429
    assert refused.headers["Retry-After"]
    assert (await client.get("/pratinjau/13.png")).status == 200


def test_no_more_are_kept_than_may_be():
    kept = Previews()
    for number in range(500):
        kept.keep((str(number),), "x.1", 0, b"")
    assert len(kept._kept) == previews._MOST
    assert kept.find(("499",), "x.1", 0) == b""
    assert kept.find(("0",), "x.1", 0) is None


def card_of(words, part):
    return PreviewCard(
        title=words,
        around=words,
        covered=words,
        part=part,
        figures=[CardFigure(words, words)] * 4,
        lines=[CardLine(words, words, part, part * 2)] * 9,
        foot=words,
    )


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=400), st.floats(-1, 2))
def test_whatever_a_name_holds_a_picture_comes_out(words, part):
    with Image.open(io.BytesIO(draw_card(card_of(words, part)))) as picture:
        assert picture.size == SIZE


@given(st.text(max_size=400))
def test_words_are_one_line_of_letters_that_the_font_has(words):
    told = clean(words)
    assert told.isascii()
    assert told.isprintable()


def test_accents_are_taken_off_and_what_cannot_be_shown_is_told():
    assert clean("Énergi – TPS\n1 · 漢") == "Energi - TPS 1 | ?"
