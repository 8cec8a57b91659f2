"""A node that cannot be asked, as people meet it: `verify`, `sync now`, `peers add`."""

import asyncio
import contextlib
import io
import json
import re
import socket
import threading

import aiohttp
import pytest
from aiohttp import web

from federation.cli import run
from federation.cli.output import PEER, Output
from federation.config.fingerprint import fingerprint
from federation.feeds import retry
from federation.text import Text
from tests.certificates import Authority
from tests.fakes import FakeOrg, FakePeer, Tree, app_of
from tests.homes import make_home

CODE = re.compile(r"Errno|Error\b|Exception|Traceback|ssl\.c|None\b")


def federation(*words, language="en", is_json=False):
    """Exit code, standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    flags = ["--json"] if is_json else []
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        given = [str(word) for word in words]
        code = run([*given, *flags], Output(Text(language), is_json=is_json))
    return code, out.getvalue(), err.getvalue()


@contextlib.contextmanager
def listening(app, context=None):
    """The address of a server in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def begin():
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        return runner, site._server.sockets[0].getsockname()[1]

    runner, port = asyncio.run_coroutine_threadsafe(begin(), loop).result(10)
    try:
        yield f"http{'s' if context else ''}://127.0.0.1:{port}"
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def answering(status, body=b"", **headers):
    """A server that answers everything alike."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}

    async def answer(_):
        return web.Response(status=status, body=body, headers=named)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    return app


ANSWERS = {
    "429": (429, {"Retry_After": "3600"}, b"", "asks to wait 3600 s"),
    "503": (503, {"Retry_After": "86401"}, b"", "more than a day"),
    "challenge": (403, {"cf_mitigated": "challenge"}, b"<html>", "Cloudflare"),
    "login200": (
        200,
        {"Content_Type": "text/html"},
        b"<!DOCTYPE html><html><title>Hotspot login</title>",
        "“Hotspot login”",
    ),
    "401": (401, {}, b"", "asks for a login"),
    "407": (407, {}, b"", "a proxy on the way"),
    "511": (511, {}, b"<html>", "log in there"),
    "500": (500, {}, b"x" * (1 << 20), "a fault on its side"),
    "502": (502, {}, b"", "does not reach the node"),
    "redirect": (
        308,
        {"Location": "https://new.example/node/logs"},
        b"",
        "moved to https://new.example/node; type that address instead",
    ),
    "login redirect": (
        302,
        {"Location": "http://portal.example/?back=/logs"},
        b"",
        "another page instead of the file: http://portal.example/",
    ),
    "terminal escapes": (
        301,
        {"Location": "http://x.example/\x9b2Jlogs"},
        b"",
        "points to",
    ),
    "gzip": (200, {"Content_Encoding": "gzip"}, b"x", "packed as “gzip”"),
}


@pytest.mark.parametrize("what", ANSWERS)
def test_whatever_it_answers_it_is_no_verdict_on_a_history(what):
    status, headers, body, said = ANSWERS[what]
    with listening(answering(status, body, **headers)) as url:
        code, out, err = federation("verify", url)
        again, plain, _ = federation("verify", url, is_json=True)
        local = federation("verify", url, language="id")[1]
    report = json.loads(plain)
    assert code == again == report["exit"] == PEER, (out, err)
    assert report["verdict"] == "unreachable"
    (found,) = report["findings"]
    assert (found["kind"], found["level"]) == ("unreachable", "error")
    assert f"{url}/logs answered {status}: " in found["detail"]
    assert said in found["detail"]
    assert said in out
    assert f"{url}/logs menjawab {status}: " in local
    assert "that says nothing of any history (exit code 5)" in out
    assert not CODE.search(out + err + local)
    assert (out + local).replace("\n", "").isprintable()


def test_a_closed_port_is_told_as_one():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        code, out, err = federation("verify", f"http://127.0.0.1:{port}")
    assert code == PEER
    assert f"no program listens at port {port} of 127.0.0.1" in out
    assert not CODE.search(out + err)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ({"is_self_signed": True}, "has signed its certificate itself"),
        ({"days": (-3, -1)}, "has expired"),
        ({"days": (1, 3)}, "is not valid yet"),
        ({"host": "other.example"}, "is not for 127.0.0.1"),
    ],
)
def test_a_certificate_that_cannot_be_trusted_is_told_with_its_fault(
    tmp_path, monkeypatch, made, said
):
    authority = Authority(tmp_path)
    trusting = authority.trusting()
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", trusting)
    with listening(answering(404), authority.server(**made)) as url:
        code, out, err = federation("verify", url)
    assert code == PEER
    assert said in out
    assert not CODE.search(out + err)


@pytest.fixture
def node():
    """A node in memory, and the words that trust it."""
    owner = FakeOrg("jagasuara.example")
    peer = FakePeer(owner.org).show(Tree(owner).grow(owner.results(0, 9)))
    return peer, ["--fingerprint", fingerprint(owner.identity.key)]


def limited(peer, every, status=429, **headers):
    """The same node behind a limit that refuses each of so many questions."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    count = [0]

    @web.middleware
    async def limit(request, handler):
        count[0] += 1
        if count[0] % every == 0:
            return web.Response(status=status, headers=named)
        return await handler(request)

    app = app_of(peer)
    app.middlewares.append(limit)
    return app


def test_a_limit_by_the_second_only_makes_it_slower(node, monkeypatch):
    monkeypatch.setattr(retry, "_MIN_WAIT_S", 0.01)
    peer, trust = node
    with listening(limited(peer, 3, Retry_After="0")) as url:
        code, out, err = federation("verify", url, *trust)
    assert code == 0, out
    assert "10 records, positions 0 to 9: all are what was signed" in out
    assert err.count("asks to wait") == 1


def test_a_node_that_stops_half_way_is_unreachable_and_what_came_is_told(node):
    peer, trust = node
    app = app_of(peer)

    @web.middleware
    async def stop(request, handler):
        if "/tile/entries/" in request.path:
            return web.Response(status=403)
        return await handler(request)

    app.middlewares.append(stop)
    with listening(app) as url:
        code, out, _ = federation("verify", url, *trust)
    assert code == PEER
    assert "10 records were not judged: they could not be asked for" in out
    assert "missing" not in out


def test_an_address_below_which_there_is_nothing_is_no_node(node):
    peer, trust = node
    with listening(limited(peer, 10_000)) as url:
        assert federation("verify", url, *trust)[0] == 0
        code, out, _ = federation("verify", f"{url}/elsewhere", *trust)
        assert code == 5
        assert "there is no node of a federation at this address" in out


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path)


def partner(home, url):
    owner = FakeOrg("jagapemilu.example")
    home.peers.write_text(
        f'[[peer]]\norg = "{owner.org}"\nname = "Alpha"\n'
        f'identity = "{owner.identity.key}"\nurl = "{url}"\nallow_private = true\n'
    )


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("429", "asks to wait 3600 s"),
        ("challenge", "Cloudflare"),
        ("login200", "“Hotspot login”"),
        ("redirect", "moved to https://new.example/node; ask the partner"),
        ("401", "asks for a login"),
        ("terminal escapes", "points to"),
    ],
)
def test_a_turn_says_the_true_cause(home, what, said):
    status, headers, body, _ = ANSWERS[what]
    with listening(answering(status, body, **headers)) as url:
        partner(home, url)
        code, plain, _ = federation("sync", "now", "--home", home.folder, is_json=True)
        shown = federation("peers", "test", "--home", home.folder, language="id")[1]
    (turn,) = json.loads(plain)["turns"]
    assert (code, turn["outcome"]) == (PEER, "failed")
    assert said in turn["reason"]
    assert f"answered {status}" in turn["reason"]
    assert f"menjawab {status}" in shown


def test_whoever_adds_a_partner_is_told_what_to_type(home):
    location = {"Location": "https://new.example/.well-known/tps-federation"}
    with listening(answering(308, **location)) as url:
        code, _, err = federation(
            *("peers", "add", url, "--allow-private", "--home", home.folder)
        )
    assert code == PEER
    assert "moved to https://new.example; type that address instead" in err
