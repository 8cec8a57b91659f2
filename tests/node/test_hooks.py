"""Reports to a program of an agency: signed, once, and what its answers mean."""

import base64
import contextlib
import hashlib
import hmac
import json
import re

import pytest
from aiohttp import web

from federation.errors import RequestSignatureError
from federation.feeds.signature import open_request
from federation.node import couriers, referrals
from tests.homes import make_home, serving
from tests.refer import (
    PAPERS,
    find_row,
    history,
    is_in,
    make_referring,
    send,
    write_report,
)
from tests.waiting import until

AGENCY = """
[[agency]]
key = "program"
name = "Program"
kind = "bawaslu"
webhook = "http://127.0.0.1:{port}/masuk"
allow_private = true
"""


class Program:
    """What an agency's program was handed, and what it answers."""

    def __init__(self):
        self.requests, self.answer = [], (200, '{"reference":"012/LP/2019"}')

    async def _take(self, request):
        body = await request.read()
        self.requests.append((str(request.url), dict(request.headers), body))
        status, text = self.answer
        if not status:
            request.transport.abort()
        return web.Response(status=status or 200, text=text)

    @contextlib.asynccontextmanager
    async def open(self, home, more=""):
        app = web.Application(client_max_size=1 << 26)
        app.router.add_post("/masuk", self._take)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        with (home.folder / "agencies.toml").open("a") as agencies:
            agencies.write(AGENCY.format(port=port) + more)
        try:
            yield
        finally:
            await runner.cleanup()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(referrals, "INTERVAL_S", 0.1)
    monkeypatch.setattr(couriers, "FIRST_WAIT_S", 1)


@pytest.fixture
def home(tmp_path):
    found = make_home(tmp_path)
    make_referring(found)
    return found


async def post(node, incident):
    await send(node, incident, agency="program", way="webhook", formal="report")


def is_at(home, incident, state):
    return is_in(home, incident, state, "program")


async def test_it_is_signed_by_our_node_key_and_its_number_is_kept(home):
    incident, program = write_report(home), Program()
    async with program.open(home), serving(home, alone=True) as node:
        await post(node, incident)
        await until(is_at(home, incident, "acknowledged"))
    [(url, headers, body)] = program.requests
    created = int(re.search(r"created=(\d+)", headers["Signature-Input"])[1])
    signed = open_request("POST", url, headers, created)
    signed.check_body(body)
    assert signed.key.name == "jagasuara.example/node"
    with pytest.raises(RequestSignatureError):
        signed.check_body(body + b" ")
    said = json.loads(body)
    assert base64.b64decode(said["dossier"]["data"]) == PAPERS
    assert said["dossier"]["sha256"] == hashlib.sha256(PAPERS).hexdigest()
    assert (said["incident"], said["again"]) == (incident, False)
    assert find_row(home, incident, "program").reference == "012/LP/2019"
    assert history(home, incident)[-2:] == ["acknowledged", "referred"]


async def test_a_secret_that_is_shared_signs_instead(home):
    incident, program = write_report(home), Program()
    path = home.keys / "program.secret"
    path.touch(0o600)
    path.write_text("shared secret\n")
    more = 'webhook_key = "keys/program.secret"\n'
    async with program.open(home, more), serving(home, alone=True) as node:
        await post(node, incident)
        await until(is_at(home, incident, "acknowledged"))
    [(url, headers, _)] = program.requests
    told = headers["Signature-Input"].removeprefix("federation=")
    assert 'alg="hmac-sha256"' in told
    digest = headers["Content-Digest"]
    lines = ['"@method": POST', f'"@target-uri": {url}', f'"content-digest": {digest}']
    base = "\n".join([*lines, f'"@signature-params": {told}'])
    mac = hmac.digest(b"shared secret", base.encode(), "sha256")
    assert headers["Signature"] == f"federation=:{base64.b64encode(mac).decode()}:"


@pytest.mark.parametrize(
    ("answer", "state", "number"),
    [
        ((200, "not JSON"), "sent", ""),
        ((201, '{"reference":"Bapak Sutrisno 0812-3456-7890"}'), "sent", ""),
        ((422, ""), "failed", ""),
        ((302, ""), "failed", ""),
        ((504, ""), "unsure", ""),
        ((0, ""), "unsure", ""),
    ],
)
async def test_what_an_answer_means(home, answer, state, number):
    incident, program = write_report(home), Program()
    program.answer = answer
    async with program.open(home), serving(home, alone=True) as node:
        await post(node, incident)
        await until(is_at(home, incident, state))
    assert find_row(home, incident, "program").reference == number
    assert len(program.requests) == 1


async def test_what_is_not_taken_now_comes_again_under_the_same_number(home):
    incident, program = write_report(home), Program()
    program.answer = (503, "")
    async with program.open(home), serving(home, alone=True) as node:
        await post(node, incident)

        async def tried():
            return bool(program.requests)

        await until(tried)
        program.answer = (200, "{}")
        await until(is_at(home, incident, "sent"))
    first, second = program.requests
    assert first[1]["Idempotency-Key"] == second[1]["Idempotency-Key"]
