"""Every way in which a pinned partner is hostile: a turn with it ends, and says why.

The ways are those of `python -m tests.attacks partners`, which gives the figures.
"""

import asyncio
import contextlib
import time

import pytest

from federation.config.peers import Peer
from federation.errors import FederationError
from federation.feeds.http import HttpFeed
from federation.feeds.sessions import Sessions
from federation.flows.pull import PullContext, import_forks, pull
from federation.flows.pull.basis import ask_basis
from federation.profiles import load_shipped
from federation.store import logs
from federation.store.db import Database
from tests.attacks import _hostile
from tests.attacks._hostile import MODES, Generated, Partner, giant, tiny
from tests.homes import ELECTION

BAD = "bad.example"
SMALL = {
    "giant-leaves": (700, giant),
    "tiny-leaves": (3_000, tiny),
    "growing-giants": (20, giant),
    "signed-giants": (300, giant),
    "zstd-bomb": (1_000, tiny),
}


@pytest.fixture
def make_partner(monkeypatch):
    def make(mode: str) -> Partner:
        if mode in SMALL:
            monkeypatch.setitem(_hostile.SET_UPS, mode, _small(*SMALL[mode]))
        if mode == "successors":
            monkeypatch.setitem(
                _hostile.SET_UPS, mode, lambda one: _hostile._successors(one, 60)
            )
        if mode == "long-chains":
            monkeypatch.setitem(
                _hostile.SET_UPS, mode, lambda one: _hostile._long_chains(one, 2, 100)
            )
        return Partner(mode, BAD, ELECTION, "http://127.0.0.1:1")

    return make


def _small(size, leaf):
    def set_up(partner):
        partner.trees = {partner.owner.origin: Generated(partner.owner, size, leaf)}

    return set_up


@pytest.mark.parametrize("mode", sorted(MODES))
async def test_a_turn_with_a_hostile_partner_ends_and_says_why(
    tmp_path, make_partner, mode, caplog
):
    partner = make_partner(mode)
    server = await asyncio.start_server(partner.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    peer = Peer(org=BAD, identity=partner.owner.identity.key, allow_private=True)
    db = Database.open(tmp_path)
    context = PullContext(
        db=db,
        profiles=load_shipped(),
        peers={BAD: peer},
        own={},
        workers=None,
        clock=time.monotonic,
    )
    said, began = "", time.process_time()
    async with server, Sessions() as sessions:
        session = sessions.session(allow_private=True)
        url = f"http://127.0.0.1:{port}"
        feed = HttpFeed(session, BAD, url, deadline_s=1.5)
        try:
            report = await pull(context, peer, feed, 1)
            said = " ".join(one.outcome for one in report.logs)
            frozen = (await ask_basis(feed, BAD)).frozen
            await import_forks(context, feed, BAD, frozen, 1)
        except FederationError as error:
            said = said or str(error)
        server.close()
    assert said or mode in {"endless-vector", "length-too-small"}
    assert "crashed" not in said
    assert not [one for one in caplog.records if one.name.startswith("federation")]
    # All of a turn, its partner's side too: a second or so, with slack for any machine.
    assert time.process_time() - began < 30
    with db.view() as view:
        held = logs.list_logs(view)
        assert len(held) <= 16
        assert sum(log.next_index for log in held) < 5_000
    with contextlib.suppress(OSError):
        db.close()


def test_there_are_at_least_31_ways():
    assert len(MODES) >= 31
