"""The short way gives what the whole way gives, to strangers, and to nobody else."""

import asyncio
import contextlib
import errno
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import pytest
from aiohttp import web

from federation.config.settings import Listen
from federation.errors import VerificationError
from federation.flows.partners import PartnerBook
from federation.text import Sentence
from federation.web import fastpath
from federation.web.app import FAST, make_app
from federation.web.doorkeeper import Doorkeeper
from federation.web.sessions import cookie_form
from tests import sample_map as sample
from tests.fakes import FixedClock
from tests.waiting import until
from tests.webnode import context_of, settings_of

NOW = 1_707_915_900
TPS = f"/v1/tps/{sample.AGREED}"
PATHS = ("/", "/wilayah/13", "/?lang=en", f"/tps/{sample.AGREED}", "/v1/regions", TPS)
#: Not kept, or only now and then.
OTHERS = ("/v1/elections", "/wilayah/98", "/nothing", "/gambar", "/livez")
STATIONS = (*sample.REGISTER, sample.OUTSIDE)
MOVED = "UPDATE merge_election SET seq=seq+1"


class Answered(NamedTuple):
    """One answer, as it came."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def tag(self) -> str:
        return dict(self.headers).get("etag", "")


class Door:
    """A node's web, and how many requests went the whole way."""

    def __init__(self, port: int) -> None:
        self.port, self.whole = port, 0

    async def unread(self) -> int:
        """Bytes that are sent and that nobody has taken."""
        held = [one.wire for one in self.keeper.connections() if one.wire]
        return max((wire.get_write_buffer_size() for wire in held), default=0)

    @contextlib.asynccontextmanager
    async def connected(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            yield reader, writer
        finally:
            writer.close()

    async def ask(self, path, headers=(), line="GET {} HTTP/1.1") -> Answered:
        async with self.connected() as (reader, writer):
            writer.write(request_of(path, headers, line))
            return await read(reader, line)


def request_of(path, headers=(), line="GET {} HTTP/1.1") -> bytes:
    given = {"Host": "localhost", **dict(headers)}
    fields = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"{line.format(path)}\r\n{fields}\r\n".encode()


async def read(reader, line="GET") -> Answered:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    pairs = [field.split(": ", 1) for field in head[1:] if field]
    headers = sorted((name.lower(), value) for name, value in pairs if name != "Date")
    assert [name for name, _ in pairs].count("Date") == 1
    size = int(dict(headers).get("content-length", 0))
    status = int(head[0].split()[1])
    has_body = status != 304 and not line.startswith("HEAD")
    body = await reader.readexactly(size) if has_body else b""
    return Answered(status, tuple(headers), body)


@pytest.fixture
def clock():
    return FixedClock(float(NOW))


@pytest.fixture
def site(sample_db, clock):
    profiles = {sample.ELECTION: sample.profile()}
    listen = Listen(public_url="http://localhost", hosts=["elsewhere.example"])
    return context_of(
        sample_db,
        settings_of(listen=listen),
        profiles=profiles,
        control_token="t" * 40,
        clock=lambda: int(clock.now),
    )


@contextlib.asynccontextmanager
async def open_door(site, *, is_fast):
    app = make_app(site)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    handle = runner.server.request_handler

    async def count(request):
        found.whole += 1
        return await handle(request)

    runner.server.request_handler = count
    if is_fast:
        app[FAST].lead(runner.server)
    keeper = Doorkeeper(runner, 24, access_log=None)
    async with keeper.on("127.0.0.1", 0) as port:
        found = Door(port)
        found.keeper, found.fast = keeper, app[FAST]
        yield found


@pytest.fixture
async def door(site):
    async with open_door(site, is_fast=True) as found:
        yield found


async def test_both_ways_answer_alike_whoever_asks_in_which_order(site):
    """Every page in each language, packed and not, known and not, by each name."""
    asked = list(
        product(
            PATHS,
            ("", "en, id;q=0.1"),
            ("gzip", "gzip;q=0"),
            ("localhost",),
        )
    )
    asked += [(path, "", "", "elsewhere.example") for path in PATHS]
    others = [(path, "", "gzip", "localhost") for path in OTHERS]
    async with (
        open_door(site, is_fast=False) as plain,
        open_door(site, is_fast=True) as fast,
    ):
        for path, *rest in (*asked, *others):
            names = ("Accept-Language", "Accept-Encoding", "Host")
            headers = {n: told for n, told in zip(names, rest, strict=True) if told}
            for tag in tags_to_ask((await plain.ask(path, headers)).tag):
                told = {**headers, **({"If-None-Match": tag} if tag else {})}
                expected = await plain.ask(path, told)
                for _ in range(2):
                    assert await fast.ask(path, told) == expected, (path, told)
        # Else this would have compared the whole way with itself.
        assert fast.whole < plain.whole
        assert len(fast.fast) >= len(asked)


def tags_to_ask(tag):
    """Those that somebody may send who has been given this one."""
    bare = tag.strip('"').removesuffix("-gz")
    others = [f'"{bare}"', f'W/"{bare}-gz"', '"other"', '"a", "b"'] if tag else []
    return ["", *others]


@pytest.mark.parametrize("path", PATHS)
async def test_what_a_stranger_got_goes_to_nobody_who_may_be_another(door, site, path):
    for _ in range(2):
        await door.ask(path)
    assert door.whole == 1
    form = cookie_form(site.settings)
    askers = [
        {"Authorization": f"Bearer {'t' * 40}"},
        {"Authorization": "Bearer x"},
        {"Cookie": f"{form.name}=abc"},
        {"Cookie": "theirs=1"},
        {"Signature": "a=:b:", "Signature-Input": "a=()"},
        {"X-What-Nobody-Knows": "1"},
        {"Range": "bytes=0-1"},
        {"Content-Length": "0"},
        {"Accept-Language": ""},
    ]
    for number, headers in enumerate(askers):
        got = await door.ask(path, headers)
        assert (door.whole, got.status) != (1 + number, 200), headers
    for line in ("HEAD {} HTTP/1.1", "GET {} HTTP/1.0", "POST {} HTTP/1.1"):
        before = door.whole
        await door.ask(path, line=line)
        assert door.whole == before + 1, line
    # Named twice, the last or the first could count.
    before = door.whole
    await door.ask(path, {"Accept-Language": "id\r\nAccept-Language: en"})
    assert door.whole == before + 1
    await door.ask(path)
    assert door.whole == before + 1


async def test_who_is_asked_by_another_sites_name_answers_nothing(sample_db):
    profiles = {sample.ELECTION: sample.profile()}
    site = context_of(sample_db, settings_of(), profiles=profiles)
    async with open_door(site, is_fast=True) as door:
        for host in ("localhost", "rebound.example"):
            for _ in range(3):
                got = await door.ask("/", {"Host": host})
                assert got.status == {"localhost": 200}.get(host, 421)


@pytest.mark.parametrize("path", ["/", "/wilayah/13", "/v1/regions", TPS])
async def test_once_the_map_has_moved_nobody_gets_the_page_before(
    door, site, sample_db, path
):
    first = await door.ask(path)
    assert (await door.ask(path)) == first
    await sample_db.write(lambda tx: tx.execute(MOVED).rowcount)
    moved = await door.ask(path, {"If-None-Match": first.tag})
    assert (moved.status, moved.tag == first.tag) == (200, False)
    assert (await door.ask(path)) == moved
    # What is looked up each time is so at once.
    assert door.whole == (1 if path == TPS else 2)


async def test_stations_are_looked_up_alike_on_both_ways_and_not_kept(site):
    """Each by a way of its own: short and long answers, none, no such code."""
    paths = [f"/v1/tps/{code}" for code in STATIONS]
    paths += ["/v1/tps/9999999999999", "/v1/tps/1", f"{TPS}?lang=id", f"{TPS}/"]
    async with (
        open_door(site, is_fast=False) as plain,
        open_door(site, is_fast=True) as fast,
    ):
        sizes = set()
        for packs, path in product(("gzip", "gzip;q=0"), paths):
            headers = {"Accept-Encoding": packs}
            for tag in tags_to_ask((await plain.ask(path, headers)).tag):
                told = {**headers, **({"If-None-Match": tag} if tag else {})}
                expected = await plain.ask(path, told)
                assert await fast.ask(path, told) == expected, (path, told)
                sizes.add(len(expected.body))
        assert fast.whole < plain.whole / 3
        assert len(sizes) > len(STATIONS)
    assert len(site.pages) == 0


async def test_what_organisations_are_called_now_is_on_the_next_page(site):
    names = {}

    async def a_book():
        return PartnerBook(names=dict(names))

    site = replace(site, partners=a_book)
    async with open_door(site, is_fast=True) as door:
        path = f"/tps/{sample.AGREED}"
        first = await door.ask(path)
        assert await door.ask(path) == first
        names[sample.ANA] = "Ana yang Baru"
        assert b"Ana yang Baru" in (await door.ask(path)).body


@pytest.mark.parametrize(
    "fault",
    [OSError(errno.EIO, "no"), VerificationError(Sentence("refused.not-ready"))],
)
async def test_what_fails_is_told_in_words_on_both_ways(site, fault):
    faults = []

    async def a_book():
        if faults:
            raise fault
        return PartnerBook()

    site, path = replace(site, partners=a_book), f"/tps/{sample.AGREED}"
    async with open_door(site, is_fast=True) as door:
        whole = await door.ask(path)
        faults.append(fault)
        told = await door.ask(path)
        assert told.status in {500, 503}
        assert ("content-type", "application/problem+json") in told.headers
        faults.clear()
        assert await door.ask(path) == whole


async def test_the_minute_that_a_page_speaks_of_passes(door, clock):
    for _ in range(2):
        await door.ask("/")
    clock.now += 60
    await door.ask("/")
    assert door.whole == 2


async def test_questions_without_end_fill_no_memory(door, site, monkeypatch):
    monkeypatch.setattr(fastpath, "MAX_KNOWN", 4)
    for number in range(9):
        await door.ask("/", {"Accept-Language": f"id, x{number}"})
    await door.ask("/", {"Accept-Language": "id," + "x" * 1000})
    assert (len(door.fast), len(site.pages)) == (4, 1)
    # What is remembered of a page that is not kept any more is of no use to anybody.
    site.pages._kept.clear()
    assert (await door.ask("/", {"Accept-Language": "id, x8"})).status == 200
    assert door.whole == 11


async def test_requests_that_come_at_once_are_answered_in_their_order(door):
    await door.ask("/"), await door.ask("/v1/regions"), await door.ask("/livez")
    paths = ["/", "/v1/regions", "/livez", "/"] * 25
    expected = {path: await door.ask(path) for path in set(paths)}
    async with door.connected() as (reader, writer):
        writer.write(b"".join(map(request_of, paths)))
        for path in paths:
            assert await read(reader) == expected[path]


async def test_who_reads_nothing_is_sent_no_answer_after_another(door):
    await door.ask("/")
    size = len((await door.ask("/")).body)
    async with door.connected() as (_, writer):
        writer.write(request_of("/") * 4_000)
        unread = await until(door.unread)
        # As if it had come in while the others waited.
        assert await door.ask("/livez")
        assert unread <= await door.unread() < (64 << 10) + 2 * size
    assert door.whole == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Set-Cookie", "theirs=1"),
        ("Cache-Control", "private, no-cache"),
        ("Cache-Control", "no-store"),
        ("ETag", '"of another page"'),
        ("X-Said", "one\r\nX-More: two"),
    ],
)
async def test_what_a_head_says_to_one_asker_is_said_to_no_other(
    site, monkeypatch, name, value
):
    async def say(_, response):
        response.headers[name] = value

    monkeypatch.setattr("federation.web.app.hide_versions", say)
    async with open_door(site, is_fast=True) as door:
        for count in range(3):
            with contextlib.suppress(asyncio.IncompleteReadError):
                await door.ask("/")
            assert (door.whole, len(door.fast)) == (count + 1, 0)
