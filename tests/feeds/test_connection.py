"""Why there was no answer, each cause by itself and as a real connection shows it."""

import asyncio
import errno
import re
import socket
import time

import aiohttp
import pytest
from aiohttp import web
from aiohttp.client_reqrep import ConnectionKey

from federation.errors import PeerError
from federation.feeds.connection import judge_failure
from federation.feeds.http import HttpFeed
from federation.feeds.resource import ABOUT
from federation.feeds.sessions import Sessions
from federation.text import Text, load_topic
from tests.certificates import Authority

ORG = "a.example"
URL = "https://a.example:8443/logs"
KEY = ConnectionKey("a.example", 8443, True, True, None, None, None, None)  # noqa: FBT003
PYTHONS = re.compile(
    r"Errno|_ssl|Error\b|Exception|gaierror|None\b|Connect call|certificate verify"
)


def name_of(error):
    return judge_failure(error, URL, seconds=30.0).reason.key.removeprefix("network.")


def connecting(number):
    """As aiohttp raises it: with the system's error as its cause."""
    cause = OSError(number, "Connect call failed ('1.2.3.4', 8443)")
    error = aiohttp.ClientConnectorError(KEY, cause)
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (errno.ECONNREFUSED, "no-listener"),
        (errno.ECONNRESET, "broke-off"),
        (errno.EPIPE, "broke-off"),
        (errno.ENETUNREACH, "no-way"),
        (errno.EHOSTUNREACH, "no-way"),
        (errno.EACCES, "forbidden"),
        (errno.EPERM, "forbidden"),
        (errno.EMFILE, "no-handles"),
        (errno.EINVAL, "no-connection"),
    ],
)
def test_what_the_system_says_is_one_cause(number, name):
    assert name_of(connecting(number)) == name


def test_a_connection_that_nobody_takes_up_is_too_slow():
    assert name_of(connecting(errno.ETIMEDOUT)) == "too-slow-to-connect"


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (socket.EAI_NONAME, "no-name"),
        (socket.EAI_AGAIN, "no-name-server"),
        (socket.EAI_FAIL, "no-name-server"),
    ],
)
def test_a_name_that_is_not_known_is_told_from_nobody_to_ask(number, name):
    cause = socket.gaierror(number, "Name or service not known")
    assert name_of(aiohttp.ClientConnectorDNSError(KEY, cause)) == name


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (TimeoutError(), "too-slow"),
        (aiohttp.ServerTimeoutError(), "too-slow"),
        (aiohttp.ConnectionTimeoutError(), "too-slow-to-connect"),
        (aiohttp.ServerDisconnectedError(), "broke-off"),
        (aiohttp.ClientPayloadError("x"), "broke-off"),
        (aiohttp.InvalidURL("x"), "no-address"),
        (ValueError("x"), "no-address"),
        (aiohttp.ClientError("x"), "no-connection"),
    ],
)
def test_what_the_client_raises_is_one_cause(error, name):
    assert name_of(error) == name


@pytest.mark.parametrize("language", ["en", "id"])
@pytest.mark.parametrize("url", [URL, "http://\x1b[2J/", "", "http://[::1]:80/x"])
def test_no_cause_has_words_of_programmers(language, url):
    causes = [connecting(errno.ECONNREFUSED), ValueError("x"), TimeoutError()]
    for error in causes:
        said = Text(language).say(judge_failure(error, url, seconds=1.0).reason)
        assert not PYTHONS.search(said)
        assert said.isprintable()


def test_no_sentence_of_this_topic_has_words_of_programmers():
    for said in load_topic("network").values():
        assert not PYTHONS.search(said["en"] + said["id"])


async def ask(url, *, deadline_s=5.0, **said):
    async with Sessions() as sessions:
        session = sessions.session(allow_private=True)
        feed = HttpFeed(session, ORG, url, deadline_s=deadline_s, **said)
        with pytest.raises(PeerError) as failed:
            await feed.logs(None)
    return failed.value


@pytest.fixture
def authority(tmp_path, monkeypatch):
    found = Authority(tmp_path)
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", found.trusting())
    return found


async def ask_over(context, **said):
    runner = web.AppRunner(web.Application())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    try:
        port = site._server.sockets[0].getsockname()[1]
        return await ask(f"https://127.0.0.1:{port}", **said)
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("made", "name"),
    [
        ({"days": (-3, -1)}, "tls-expired"),
        ({"days": (1, 3)}, "tls-not-yet"),
        ({"is_self_signed": True}, "tls-self-signed"),
        ({"is_self_signed": True, "days": (-3, -1)}, "tls-self-signed"),
        ({"host": "other.example"}, "tls-host"),
        ({"host": "127.0.0.2"}, "tls-host"),
    ],
)
async def test_each_fault_of_a_certificate_is_told(authority, made, name):
    failed = await ask_over(authority.server(**made))
    assert (failed.cause, failed.reason.key) == ("tls", f"network.{name}")
    assert "127.0.0.1" in failed.reason
    assert not PYTHONS.search(str(failed))


async def test_an_unknown_issuer_is_told(authority, tmp_path):
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other", "Somebody else")
    failed = await ask_over(other.server())
    assert failed.reason.key == "network.tls-issuer"


@pytest.mark.parametrize("days", [(-3, -1), (1, 3)])
async def test_a_date_of_a_certificate_is_told_with_the_clock_of_this_machine(
    authority, days
):
    failed = await ask_over(authority.server(days=days), wall=lambda: 1_707_916_000.0)
    assert "(our clock shows 2024-02-14 20:06 WIB)" in failed.reason
    assert "2024-02-14 20:06 WIB" in Text("id").say(failed.reason)


async def test_a_good_certificate_is_no_fault(authority):
    failed = await ask_over(authority.server())
    assert (failed.status, failed.cause) == (404, "absent")


async def raw(handle, scheme="http", **said):
    """What is told of a server that speaks no HTTP but this."""
    listening = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening:
        return await ask(f"{scheme}://127.0.0.1:{port}", **said)


async def test_tls_at_a_port_that_speaks_plainly_is_told():
    async def plain(reader, writer):
        await reader.read(100)
        writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    failed = await raw(plain, "https")
    assert (failed.cause, failed.reason.key) == ("tls", "network.tls-none")
    assert "begins with http://" in failed.reason


async def test_something_that_is_no_web_server_is_told():
    async def greet(_, writer):
        writer.write(b"220 mail.example ESMTP\r\n")
        await writer.drain()
        writer.close()

    failed = await raw(greet)
    assert (failed.cause, failed.reason.key) == ("garbled", "network.no-http")


async def test_a_connection_that_breaks_off_is_told():
    async def cut(reader, writer):
        await reader.read(100)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()
        writer.close()

    async def hang_up(reader, writer):
        await reader.read(100)
        writer.close()

    for handle in (cut, hang_up):
        failed = await raw(handle)
        assert (failed.cause, failed.reason.key) == ("silent", "network.broke-off")


async def test_a_server_that_never_answers_is_told_with_the_seconds():
    async def wait(reader, writer):
        await reader.read()
        writer.close()

    began = time.monotonic()
    failed = await raw(wait, deadline_s=0.2)
    assert time.monotonic() - began < 30
    assert "within 0.2 s" in failed.reason


async def test_a_closed_port_is_told_with_its_number():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        failed = await ask(f"http://127.0.0.1:{port}")
    assert (failed.cause, failed.reason.key) == ("silent", "network.no-listener")
    assert str(port) in failed.reason


async def test_a_private_address_is_told_with_what_to_write():
    async with Sessions() as sessions:
        session = sessions.session(allow_private=False)
        with pytest.raises(PeerError) as failed:
            await HttpFeed(session, ORG, "http://127.0.0.1:1").fetch(ABOUT)
    assert failed.value.reason.key == "network.private"
    assert "allow_private = true" in failed.value.reason
    assert "--allow-private" in failed.value.reason
