"""`federation doctor --online`: the node as partners see it."""

import json
import socket
import time
from random import Random

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from federation.config.keystore import load_signer
from federation.config.settings import load_settings
from federation.feeds.sessions import Sessions
from federation.feeds.signature import RequestSigner
from federation.flows.query import state
from federation.flows.visit.reach import TurnsWithUs, ask_turns, tell_turns
from federation.node.house import addresses, callers, outside, settings, waiting
from federation.node.house.examining import ONLINE
from federation.node.house.house import look_around
from federation.records.readers import NOBODY, THIS_MACHINE, Partner
from federation.store import pulls
from federation.store.db import Database
from federation.text import LANGUAGES, Text
from tests.homes import add_peer, make_home, serving
from tests.partnernode import PartnerNode, serve
from tests.waiting import until

OURS, THEIRS = "jagasuara.example", "jagapemilu.example"
ELECTION = "pilpres-2019"


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def set_listen(home, **members):
    text = home.settings.read_text()
    for key, value in members.items():
        lines = [line for line in text.splitlines() if not line.startswith(f"{key} =")]
        at = lines.index("[listen]") + 1
        lines.insert(at, f"{key} = {json.dumps(value)}")
        text = "\n".join(lines) + "\n"
    home.settings.write_text(text)


@pytest.fixture
def home(tmp_path):
    made = make_home(tmp_path, OURS)
    port = free_port()
    set_listen(made, port=port, public_url=f"http://127.0.0.1:{port}")
    return made


@pytest.fixture
def other(tmp_path):
    """The home of the partner, with what its node answers."""
    return make_home(tmp_path, THEIRS)


def look(home):
    return look_around(home.folder, time.time, Random(1))


async def test_our_address_that_leads_to_us_is_well(home):
    async def leads():
        step = await outside.call_ourselves(look(home))
        return step if step.state == "ok" else None

    async with serving(home):
        # At first a node has signed nothing, so no key is vouched for.
        step = await until(leads)
    assert (step.state, "leads to us" in step.seen) == ("ok", True)


async def test_our_address_that_leads_nowhere_names_the_step(home):
    step = await outside.call_ourselves(look(home))
    assert (step.state, step.problem) == ("failed", "no-listener")
    assert "connection (TCP)" in step.seen
    assert step.mend


async def test_our_address_that_leads_to_somebody_else_is_told(home, other):
    with serve(PartnerNode(other, THEIRS, ELECTION)) as url:
        set_listen(home, public_url=url)
        step = await outside.call_ourselves(look(home))
    assert (step.state, step.problem) == ("failed", "other-org")
    assert THEIRS in step.seen


async def test_without_an_address_partners_are_told_none(home):
    text = home.settings.read_text()
    home.settings.write_text(
        "\n".join(x for x in text.splitlines() if not x.startswith("public_url"))
    )
    step = await outside.call_ourselves(look(home))
    assert (step.state, step.problem) == ("warning", "no-public-url")


@pytest.mark.parametrize(
    ("skews", "state"),
    [((0,), "ok"), ((-300,), "failed"), ((0, 0, 300), "warning"), ((), "ok")],
)
async def test_our_clock_is_wrong_where_most_partners_say_so(
    home, monkeypatch, skews, state
):
    async def tried(peer, wall, codes):
        skew = skews[int(peer.org[1])]
        return [settings.well("clock", "x", skew_s=skew)]

    monkeypatch.setattr(outside, "try_steps", tried)
    peers = [
        type("P", (), {"org": f"p{n}", "url": "x", "paused": False})
        for n in range(len(skews))
    ]
    monkeypatch.setattr(outside, "_asked", lambda _: peers)
    step = await outside.compare_clock(look(home))
    assert step.state == state
    assert len(step.facts["skews"]) == len(skews)


async def test_a_clock_is_read_over_the_way_of_a_visit(home, other):
    node = PartnerNode(other, THEIRS, ELECTION)
    node.skew = 300
    with serve(node) as url:
        add_peer(home, other, url)
        step = await outside.compare_clock(look(home))
    assert step.problem == "our-clock"
    assert abs(step.facts["skews"][THEIRS] - 300) <= 2


async def test_a_partner_is_told_of_our_turns_with_it_and_of_no_others(home):
    db = Database.open(home.data)
    settings = load_settings(home.settings)
    with db.transaction() as tx:
        for org, outcome in ((THEIRS, "peer"), ("third.example", "ok")):
            turn = pulls.PeerTurn(org=org, failures=2, next_due=9.0)
            went = pulls.Turn(
                org=org, at=7, seconds=1, outcome=outcome, reason="http://10.0.0.1"
            )
            pulls.save_turn(tx, turn, went)
    with db.view() as view:
        partner = Partner(org=THEIRS, asked=OURS)
        answer = state.status(view, partner, settings)
        assert (answer.you.org, answer.you.outcome) == (THEIRS, "peer")
        assert not answer.you.reason, "an address is nothing for partners"
        assert answer.peers == []
        assert not state.status(view, NOBODY, settings).you
        assert not state.status(view, THIS_MACHINE, settings).you
    db.close()


async def test_what_partners_say_of_their_turns_is_judged(home, other):
    node = PartnerNode(other, THEIRS, ELECTION)
    with serve(node) as url:
        add_peer(home, other, url)
        assert (await outside.ask_partners(look(home))).facts == {"turns": {}}
        for outcome, state_of in (("ok", "ok"), ("peer", "failed")):
            you = {"failures": 3, "last_at": 1_707_900_000, "outcome": outcome}
            node.answers["/v1/status"] = json.dumps({"you": you}).encode()
            step = await outside.ask_partners(look(home))
            assert step.state == state_of
            assert step.facts == {"turns": {THEIRS: outcome}}


@pytest.mark.slow
async def test_of_two_nodes_each_learns_from_the_other_that_it_is_reached(home, other):
    port = free_port()
    set_listen(other, port=port, public_url=f"http://127.0.0.1:{port}")
    add_peer(home, other, f"http://127.0.0.1:{port}")
    add_peer(other, home, load_settings(home.settings).listen.public_url)

    async def told():
        step = await outside.ask_partners(look(home))
        return step if step.facts["turns"].get(THEIRS) in {"ok", "unchanged"} else None

    async with serving(home), serving(other):
        step = await until(told)
    assert "its last turn with us" in step.seen


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"{}",
        b"[]",
        b"<html>",
        b'{"you": 3}',
        b'{"you": {"outcome": "<script>"}}',
        b'{"you": {"last_at": -1}}',
        b'{"you": {"last_at": 99999999999999999999}}',
    ],
)
async def test_whatever_is_answered_there_is_only_not_known(home, other, answer):
    node = PartnerNode(other, THEIRS, ELECTION)
    node.answers["/v1/status"] = answer
    key = load_signer(home.role_key("node"), f"{OURS}/node")
    with serve(node) as url:
        async with Sessions() as sessions:
            session = sessions.session(allow_private=True)
            signer = RequestSigner(key, time.time, Random(1))
            assert await ask_turns(session, url, signer) is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("outcome", ["", "ok", "peer", "of-a-later-version"])
def test_turns_are_told_in_both_languages(language, outcome):
    words = tell_turns(THEIRS, TurnsWithUs(2, 1_707_900_000, outcome))
    assert THEIRS in Text(language).say(words)


async def test_a_question_that_waits_and_arrives_is_well(home):
    async with serving(home):
        step = await waiting.wait_through_proxy(look(home), 1)
    assert (step.state, step.facts) == ("ok", {"seconds": 1})


async def test_a_question_that_a_proxy_cuts_off_is_told(home, other):
    node = PartnerNode(other, THEIRS, ELECTION)
    status = {"cursors": {ELECTION: "a.0"}}
    node.answers["/v1/status"] = json.dumps(status).encode()
    with serve(node) as url:
        set_listen(home, public_url=url)
        step = await waiting.wait_through_proxy(look(home), 1)
        assert (step.state, step.problem) == ("failed", "waiting-cut")
        assert "proxy_read_timeout" in step.mend
        node.answers["/v1/changes"] = b'{"cursor": "a.0"}'
        step = await waiting.wait_through_proxy(look(home), 60)
        assert step.seen.key == "steps.waiting-news", "it came early, twice"
        del node.answers["/v1/status"]
        step = await waiting.wait_through_proxy(look(home), 1)
        assert step.problem == "waiting-silent"


@pytest.mark.parametrize(
    ("listen", "state_of"),
    [
        ({"public_url": "https://data.jagasuara.example"}, "warning"),
        (
            {
                "public_url": "https://data.jagasuara.example",
                "trusted_proxies": ["127.0.0.1"],
            },
            "ok",
        ),
        ({"public_url": "http://127.0.0.1:8470"}, "ok"),
        ({"public_url": "http://data.jagasuara.example", "host": "0.0.0.0"}, "ok"),
        ({"public_url": "http://data.jagasuara.example"}, "warning"),
    ],
)
async def test_a_proxy_that_is_not_named_is_warned_of(home, listen, state_of):
    set_listen(home, **listen)
    step = await callers.see_callers(look(home))
    assert step.state == state_of


@pytest.mark.parametrize(
    ("forwarded", "state_of", "problem"),
    [("203.0.113.9", "ok", ""), (None, "failed", "addresses-lost")],
)
async def test_a_proxy_that_says_nothing_of_callers_is_told(
    home, other, forwarded, state_of, problem
):
    node_url = load_settings(home.settings).listen.public_url
    add_peer(home, other, "http://127.0.0.1:1")

    async def forward(request):
        headers = {"X-Forwarded-For": forwarded} if forwarded else {}
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{node_url}{request.path}", headers=headers) as answer,
        ):
            return web.Response(body=await answer.read(), status=answer.status)

    async def judged():
        step = await addresses.see_addresses(look(home))
        return None if step.seen.key == "steps.addresses-unknown" else step

    app = web.Application()
    app.router.add_get("/{path:.*}", forward)
    async with TestServer(app, host="127.0.0.1") as proxy:
        set_listen(
            home,
            public_url=f"http://127.0.0.1:{proxy.port}",
            trusted_proxies=["127.0.0.1"],
        )
        async with serving(home):
            step = await until(judged)
    assert (step.state, step.problem) == (state_of, problem)


async def test_without_a_node_or_a_named_proxy_nothing_is_said_of_addresses(home):
    step = await addresses.see_addresses(look(home))
    assert step.seen.key == "steps.addresses-unknown"


def test_all_of_it_is_asked_online_and_has_a_name():
    for plan in ONLINE:
        assert Text("id")(f"steps.name-{plan.code}")
