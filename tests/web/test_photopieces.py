"""A photograph that comes in pieces: a line that breaks costs what was under way."""

import asyncio
import hashlib
import json
import os
import random
import re

import pytest

from federation.store.comingphotos import EXPIRES_S, ComingPhotos, name_of
from federation.web import handinpage, photopieces
from tests.browsing import Browser
from tests.handinnode import (
    a_photo,
    done,
    fill,
    make_reporting_home,
    path_of,
    reported_to,
    reports,
)

MEDIA = "application/partial-upload"
KEY = "0123456789abcdef"


class Sending:
    """A browser with the page of its report open, and what its script does."""

    def __init__(self, browser, page):
        self.browser, self.path = browser, path_of(page)
        self.token = page.form(self.path).fields["form_token"]
        self.session = browser.session

    def url(self, key=KEY):
        return f"{self.browser.url}{self.path}/foto/{key}"

    async def state(self, key=KEY):
        async with self.session.get(self.url(key)) as answer:
            return answer.status, await answer.json()

    async def send(self, data, at, whole, key=KEY, **headers):
        given = {
            "Content-Type": MEDIA,
            "Form-Token": self.token,
            "Upload-Offset": str(at),
            "Upload-Length": str(whole),
            **headers,
        }
        given = {name: value for name, value in given.items() if value is not None}
        async with self.session.post(self.url(key), data=data, headers=given) as answer:
            said = await answer.read()
            is_json = answer.content_type == "application/json"
            return answer.status, json.loads(said) if is_json else said


@pytest.fixture
def home(tmp_path):
    return make_reporting_home(tmp_path)


@pytest.fixture
async def node(home):
    async with reported_to(home) as served:
        yield served


@pytest.fixture
async def browser(node):
    async with Browser(node.url) as opened:
        await opened.sign_in(f"/masuk?k={'S' * 43}")
        yield opened


@pytest.fixture
async def sending(browser):
    _, page = await fill(browser)
    return Sending(browser, page)


def lying(home):
    """The sizes of what has come, and how many are done."""
    paths = [path for path in home.coming.rglob("*") if path.is_file()]
    for path in paths:
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
    sizes = sorted(path.stat().st_size for path in paths if not path.suffix)
    return sizes, sum(path.suffix == ".done" for path in paths)


async def evidence(node):
    [report] = (await reports(node))[1]
    return report["said"].get("evidence", [])


async def test_a_photo_in_pieces_is_the_photo_and_stands_in_its_report(
    sending,
    node,
    home,
):
    photo = a_photo()
    assert await sending.state() == (
        200,
        {"offset": 0, "done": False, "next": "", "said": ""},
    )
    at = 0
    for end in (1, 700, 701, len(photo)):
        assert await evidence(node) == []
        status, state = await sending.send(photo[at:end], at, len(photo))
        assert status == 200
        at = end
        if end < len(photo):
            assert (state["offset"], state["done"]) == (end, False)
            assert lying(home) == ([end], 0)
    assert state["done"] is True
    assert state["next"].endswith(f"{sending.path}?done=photo")
    [entry] = await evidence(node)
    assert entry["media_type"] == "image/jpeg"
    # What it was as the telephone took it is gone; that it stands is remembered.
    assert lying(home) == ([], 1)
    assert b"Zulkifli" in photo
    assert all(
        b"Zulkifli" not in path.read_bytes()
        for path in home.folder.rglob("*/blobs/*/*")
    )
    # Whoever did not hear it asks again, or sends the last piece again.
    assert (await sending.state())[1]["done"] is True
    status, state = await sending.send(photo[701:], 701, len(photo))
    assert (status, state["done"]) == (200, True)
    assert len(await evidence(node)) == 1
    assert [what for _, _, what, _ in done(home)] == ["report", "report-photo"]


async def test_a_piece_that_begins_elsewhere_is_told_where_to_begin(sending, node):
    photo = a_photo()
    await sending.send(photo[:500], 0, len(photo))
    for at in (0, 1, 499, 501, len(photo), len(photo) + 5):
        status, state = await sending.send(photo[at:], at, len(photo))
        assert (status, state["offset"]) == (409, 500)
    status, state = await sending.send(photo[500:], 500, len(photo))
    assert (status, state["done"]) == (200, True)


async def cut_off(sending, data, at, whole, sent):
    """Send the beginning of a piece, and be gone."""
    cookie = "; ".join("=".join(one) for one in sending.browser.cookies().items())
    host, port = re.search(r"//([^:/]+):(\d+)", sending.url()).groups()
    lines = [
        f"POST {sending.path}/foto/{KEY} HTTP/1.1",
        f"Host: {host}:{port}",
        f"Cookie: {cookie}",
        f"Content-Type: {MEDIA}",
        f"Form-Token: {sending.token}",
        f"Upload-Offset: {at}",
        f"Upload-Length: {whole}",
        f"Content-Length: {len(data)}",
    ]
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + data[:sent])
    await writer.drain()
    await asyncio.sleep(0.1)
    writer.transport.abort()
    await asyncio.sleep(0.1)


async def test_what_came_of_a_piece_before_the_line_broke_is_kept(
    sending,
    node,
    home,
):
    photo, chance, at, sent = a_photo(), random.Random(7), 0, 0
    breaks = 0
    while at < len(photo) and breaks < 12:
        sent = chance.randint(0, min(900, len(photo) - at - 1))
        await cut_off(sending, photo[at:], at, len(photo), sent)
        breaks += 1
        _, state = await sending.state()
        assert at <= state["offset"] <= at + sent
        at = state["offset"]
    assert at > 0, "something of it was kept"
    status, state = await sending.send(photo[at:], at, len(photo))
    assert (status, state["done"]) == (200, True)
    [entry] = await evidence(node)
    whole = await whole_photo(node, home, photo)
    assert entry["sha256"] == whole


async def whole_photo(node, home, photo):
    """The digest of the copy that this photograph has, sent in one piece."""
    headers = {"Authorization": f"Bearer {node.token}"}
    async with node._session.post(
        f"{node.url}/v1/evidence", data=photo, headers=headers
    ) as answer:
        return (await answer.json())["sha256"]


async def test_nobody_goes_on_with_anothers_photo_and_no_page_of_others_sends(
    sending,
    node,
    home,
):
    photo = a_photo()
    size = len(photo)
    await sending.send(photo[:500], 0, size)
    for headers, status in (
        ({"Form-Token": "0" * 64}, 403),
        ({"Form-Token": None}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ):
        assert (await sending.send(photo[500:], 500, size, **headers))[0] == status
    async with Browser(node.url) as other:
        await other.sign_in(f"/masuk?k={'B' * 43}")
        _, page = await fill(other, summary="Alat peraga")
        theirs = Sending(other, page)
        assert (await theirs.state())[1]["offset"] == 0
        theirs.path = sending.path
        assert (await theirs.state())[0] == 404
        assert (await theirs.send(photo[500:], 500, size))[0] == 404
    assert lying(home) == ([500], 0)


@pytest.mark.parametrize(
    ("at", "whole"),
    [("-1", "9"), ("x", "9"), ("0", ""), ("0", "0"), ("0", str(1 << 40)), ("1e3", "9")],
)
async def test_what_cannot_be_is_refused_and_nothing_is_kept(
    sending,
    home,
    at,
    whole,
):
    status, state = await sending.send(b"piece", at, whole)
    assert status == 400
    assert state["said"]
    assert lying(home) == ([], 0)


async def test_a_key_that_is_none_is_not_found(sending, home):
    for key in ("short", "..%2f..%2fdata", "g" * 16, "a" * 65):
        assert (await sending.send(b"x", 0, 9, key=key))[0] == 404
    assert lying(home) == ([], 0)


async def test_more_than_was_said_and_what_is_no_photo_is_forgotten(
    sending,
    node,
    home,
):
    status, _ = await sending.send(b"x" * 20, 0, 10)
    assert (status, lying(home)) == (400, ([], 0))
    status, state = await sending.send(b"x" * 20, 0, 20)
    assert (status, lying(home)) == (400, ([], 0))
    assert state["said"]
    # Another try of the same file begins anew.
    assert (await sending.state())[1]["offset"] == 0
    assert await evidence(node) == []


async def test_pieces_and_all_that_one_person_has_here_are_bounded(
    sending,
    node,
    home,
    monkeypatch,
):
    monkeypatch.setattr(photopieces, "MOST_PIECE_BYTES", 100)
    assert (await sending.send(b"x" * 101, 0, 900))[0] == 413
    assert lying(home) == ([], 0)

    async def endless():
        for _ in range(9):
            yield b"x" * 50
            await asyncio.sleep(0.01)

    assert (await sending.send(endless(), 0, 900))[0] == 413
    assert (await sending.state())[1]["offset"] <= 100
    monkeypatch.setattr(photopieces, "MOST_FILES", 2)
    assert (await sending.send(b"x", 0, 900, key="a" * 8))[0] == 200
    assert (await sending.send(b"x", 0, 900, key="b" * 8))[0] == 429
    monkeypatch.setattr(photopieces, "MOST_FILES", 9)
    monkeypatch.setattr(photopieces, "MOST_BYTES", 999)
    assert (await sending.send(b"x", 0, 999, key="b" * 8))[0] == 429
    monkeypatch.setattr(photopieces, "MOST_BYTES", 1 << 20)
    monkeypatch.setattr(photopieces, "MOST_TOTAL_BYTES", 999)
    assert (await sending.send(b"x", 0, 999, key="b" * 8))[0] == 503


async def test_a_report_with_all_its_photos_takes_no_piece(
    sending,
    home,
    monkeypatch,
):
    monkeypatch.setattr(handinpage, "MOST_PHOTOS", 0)
    status, _ = await sending.send(b"x", 0, 9)
    assert status == 400
    assert lying(home) == ([], 0)


async def test_what_is_not_gone_on_with_is_forgotten_in_a_day(sending, home):
    photo = a_photo()
    await sending.send(photo[:500], 0, len(photo))
    coming, now = ComingPhotos(home.coming), 2_000_000_000
    [path] = [path for path in home.coming.rglob("*") if path.is_file()]
    os.utime(path, (now, now))
    assert coming.tidy(now + EXPIRES_S - 1) == 0
    assert coming.tidy(now + EXPIRES_S) == 1
    assert list(home.coming.iterdir()) == []
    assert coming.tidy(now) == 0
    # The browser goes on: it is told to begin anew.
    status, state = await sending.send(photo[500:], 500, len(photo))
    assert (status, state["offset"]) == (409, 0)
    assert (await sending.send(photo, 0, len(photo)))[1]["done"] is True


async def test_a_link_in_the_place_of_a_piece_is_not_followed(sending, home):
    photo = a_photo()
    await sending.send(photo[:500], 0, len(photo))
    [path] = [path for path in home.coming.rglob("*") if path.is_file()]
    others = home.folder / "others"
    others.write_bytes(b"theirs")
    path.unlink()
    path.symlink_to(others)
    assert (await sending.state())[1]["offset"] == 0
    status, _ = await sending.send(photo, 0, len(photo))
    assert status >= 500
    assert others.read_bytes() == b"theirs"


async def test_the_page_of_a_report_names_its_script_and_works_without(browser):
    _, page = await fill(browser)
    assert (
        "script-src 'self'; connect-src 'self'"
        in page.headers["Content-Security-Policy"]
    )
    script = re.search(r'<script src="([^"]*)" defer>', page.text)[1]
    assert "pieces.js" in script
    loaded = await browser.open(f"/lapor/{script}")
    assert loaded.status == 200
    assert f"{MEDIA}" in loaded.text
    assert len(page.text.encode()) + len(loaded.text.encode()) < 8_000
    assert 'enctype="multipart/form-data"' in page.text


def test_the_folder_says_nothing_of_who_sends_what():
    one = name_of(b"k", "person\nSari", "0" * 32, KEY)
    assert re.fullmatch("[0-9a-f]{32}", one)
    assert one != name_of(b"l", "person\nSari", "0" * 32, KEY)
    assert one != name_of(b"k", "person\nBudi", "0" * 32, KEY)
    assert hashlib.sha256(b"person\nSari").hexdigest()[:32] != one
