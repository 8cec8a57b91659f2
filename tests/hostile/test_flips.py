"""One bit turned round on the way from a peer is refused, whichever bit it is.

Tiles and bundles: tests/flows/pull/test_hostile.py. Here: the checkpoint.
"""

import json
import time

import pytest

from federation.config.peers import Peer
from federation.errors import FederationError
from federation.flows.pull import PullContext, pull
from federation.profiles import load_shipped
from federation.store import logs
from federation.store.db import Database
from tests.fakes import FakeOrg, FakePeer, Tree, flip_bit


@pytest.mark.slow
async def test_every_flipped_bit_of_a_checkpoint_is_refused_by_a_pull(tmp_path):
    owner = FakeOrg("sitara.example")
    tree = Tree(owner).grow(owner.results(0, 3))
    peer = Peer(org=owner.org, identity=owner.identity.key)
    note = json.dumps(tree.note().decode(), ensure_ascii=False)[1:-1].encode()
    feed = FakePeer(owner.org).show(tree)
    db = Database.open(tmp_path / "node")
    ctx = PullContext(
        db=db,
        profiles=load_shipped(),
        peers={owner.org: peer},
        own={},
        workers=None,
        clock=time.monotonic,
    )

    def next_index() -> int:
        with db.view() as view:
            return max((log.next_index for log in logs.list_logs(view)), default=0)

    for bit in range(8 * len(note)):
        feed.spoil = lambda what, _, data, bit=bit: (
            data.replace(note, flip_bit(note, bit)) if what == "logs" else data
        )
        try:
            report = await pull(ctx, peer, feed, 0)
        except FederationError:
            pass  # the vector itself is none any more
        else:
            assert [one.outcome for one in report.logs] == ["refused"], bit
        assert next_index() == 0, bit
    feed.spoil = lambda _what, _origin, data: data
    await pull(ctx, peer, feed, 0)
    assert next_index() == tree.size
    db.close()
