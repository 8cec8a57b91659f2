"""client.py, remote.py: by ourselves where nobody writes, else by a node that runs."""

import json
import os
import shutil
import subprocess
import sys

import aiohttp
import pytest
from aiohttp import web

from federation.cli.output import CONFIG, exit_code
from federation.cli.remote import RemoteDesk
from federation.config.home import Home
from federation.errors import ConfigError, ConflictError, FormatError, PeerError
from federation.store.lock import hold
from federation.text import Text
from federation.web.requests.records import Batch, ReadRules
from tests.waiting import wait_until


@pytest.fixture
async def node():
    """A server that takes records, and what it was asked."""
    asked = []

    async def records(request):
        body = await request.json()
        asked.append(body)
        if body["election"] == "closed":
            problem = {"code": "conflict", "detail": "it is closed"}
            return web.json_response(problem, status=409)
        outcome = "refused" if body["election"] == "bad" else "logged"
        verdicts = [
            {"row": row, "outcome": outcome, "reason": one["note"][:1]}
            for row, one in enumerate(body["records"])
        ]
        status = 422 if outcome == "refused" else 200
        return web.json_response({"verdicts": verdicts}, status=status)

    async def control(request):
        asked.append((request.match_info["command"], await request.json()))
        problem = {"code": "format", "detail": "no such thing"}
        return web.json_response(problem, status=400)

    async def unset(_):
        problem = {"code": "config", "detail": asked[0]}
        return web.json_response(problem, status=503)

    async def broken(_):
        return web.Response(text="<html>", status=502)

    app = web.Application(client_max_size=1 << 26)
    app.router.add_post("/v1/records", records)
    app.router.add_post("/v1/control/{command}", control)
    app.router.add_post("/unset/v1/control/{command}", unset)
    app.router.add_post("/broken/v1/control/{command}", broken)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with aiohttp.ClientSession() as session:
        yield session, f"http://127.0.0.1:{port}", asked
    await runner.cleanup()


async def test_a_batch_too_large_for_one_request_keeps_its_row_numbers(
    node, monkeypatch
):
    monkeypatch.setattr("federation.cli.remote.MAX_BODY_BYTES", 1000)
    session, url, asked = node
    drafts = [{"note": f"{number % 10}" * 200} for number in range(11)]
    desk = RemoteDesk(session, url)
    batch = Batch(election="x", records=drafts, force=True)
    verdicts = (await desk.run(batch)).verdicts
    assert [one.row for one in verdicts] == list(range(11))
    assert [one.reason for one in verdicts] == [str(n % 10) for n in range(11)]
    assert len(asked) > 3
    assert all(body["force"] and not body["restate"] for body in asked)


async def test_no_request_has_more_rows_than_a_node_takes(node, monkeypatch):
    monkeypatch.setattr("federation.cli.remote.MAX_ROWS", 4)
    session, url, asked = node
    batch = Batch(election="x", records=[{"note": str(n)} for n in range(11)])
    verdicts = (await RemoteDesk(session, url).run(batch)).verdicts
    assert [one.row for one in verdicts] == list(range(11))
    assert [len(body["records"]) for body in asked] == [4, 4, 3]


async def test_one_row_above_the_bound_is_sent_all_the_same(node, monkeypatch):
    monkeypatch.setattr("federation.cli.remote.MAX_BODY_BYTES", 10)
    session, url, _ = node
    desk = RemoteDesk(session, url)
    found = await desk.run(Batch(election="x", records=[{"note": "abc"}]))
    assert len(found.verdicts) == 1


async def test_a_batch_of_which_nothing_was_taken_is_answered_row_by_row(node):
    session, url, asked = node
    batch = Batch(election="bad", records=[{"note": "x"}], unlisted=True)
    (verdict,) = (await RemoteDesk(session, url).run(batch)).verdicts
    assert (verdict.outcome, verdict.reason) == ("refused", "x")
    assert asked[-1]["unlisted"] is True


async def test_the_nodes_refusal_is_the_error_that_it_was(node):
    session, url, _ = node
    desk = RemoteDesk(session, url)
    with pytest.raises(ConflictError, match="it is closed"):
        await desk.run(Batch(election="closed", records=[{"note": "a"}]))
    with pytest.raises(FormatError, match="no such thing"):
        await desk.run(ReadRules())


async def test_a_setting_that_the_node_lacks_is_told_as_a_setting_with_its_file_and_key(
    node,
):
    session, url, asked = node
    for detail in (
        "/srv/a/federation.toml: mail.host: e-mail needs it",
        "/srv/b: c/federation.toml: mail.host: e-mail needs it: write it",
        "/srv/a/agencies.toml: it cannot be read",
    ):
        asked[:] = [detail]
        with pytest.raises(ConfigError) as caught:
            await RemoteDesk(session, url + "/unset").run(ReadRules())
        assert exit_code(caught.value) == CONFIG
        assert str(caught.value) == Text("id").say(caught.value.told) == detail


async def test_an_answer_that_is_no_nodes_is_a_failure_of_the_node(node):
    session, url, _ = node
    with pytest.raises(PeerError):
        await RemoteDesk(session, url + "/broken").run(ReadRules())
    with pytest.raises(PeerError):
        await RemoteDesk(session, "http://127.0.0.1:1").run(ReadRules())


def test_a_lock_without_a_node_behind_it_is_a_conflict(federation, own_home, tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("tps,01,02\n1371011001001,1,2\n")
    with hold(Home(own_home).lock):
        ended = federation("import", path, "--election", "pilpres-2019")
    assert ended.code == 6


def test_a_control_file_that_cannot_be_read_is_named(federation, own_home, tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("tps,01,02\n1371011001001,1,2\n")
    home = Home(own_home)
    with hold(home.lock):
        home.control.touch(0o600)
        for data in (b"{", b'{"url":"\xff","token":""}', b"[" * 4000):
            home.control.write_bytes(data)
            ended = federation("import", path, "--election", "pilpres-2019")
            assert ended.code == 3
            assert "control.json" in ended.err


def test_a_control_file_that_others_can_read_is_refused(federation, own_home, tmp_path):
    path = tmp_path / "r.csv"
    path.write_text("tps,01,02\n1371011001001,1,2\n")
    home = Home(own_home)
    with hold(home.lock):
        home.control.write_text('{"url":"http://127.0.0.1:1","token":"t"}')
        home.control.chmod(0o644)
        ended = federation("import", path, "--election", "pilpres-2019")
    assert ended.code == 3
    assert f"chmod 0600 {home.control}" in ended.err


@pytest.mark.slow
def test_work_is_handed_to_the_node_that_runs(federation, own_home, tmp_path):
    environ = os.environ | {"FEDERATION_HOME": str(own_home)}
    command = [sys.executable, "-m", "federation", "serve"]
    control = Home(own_home).control
    shutil.rmtree(Home(own_home).guard)  # so that the operator's word is needed
    with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL) as node:
        try:

            def serves():
                assert node.poll() is None
                return control.exists()

            wait_until(serves, "it starts")
            path = tmp_path / "r.csv"
            path.write_text("tps,01,02\n1371011001001,1,2\n")
            which = ("--election", "pilpres-2019", "--json")
            assert federation("import", path, *which).code == 6
            said = json.loads(federation("import", path, *which, "--alone").out)
            assert said["rows"]["logged"] == 1
            said = json.loads(federation("tps-list", "import", path, *which).out)
            assert said["stations"] == 1
            reason = ("--reason", "salah ketik")
            said = json.loads(
                federation("withdraw", "1371011001001", *reason, *which).out
            )
            assert said["outcome"] == "logged"
        finally:
            node.terminate()
    assert node.returncode == 0
    said = json.loads(federation("import", path, *which).out)
    assert said["rows"]["held"] == 1
