"""The map hears of a log whose time has come, and of a clock that was put back."""

from types import SimpleNamespace

import pytest

from federation.node.opening import Opening
from federation.node.resources import Clocks
from federation.store import logs
from federation.store.db import Database
from tests.fakes import FixedClock

AT = 1_707_908_400
ORIGIN = "a.example/pemilu-2024/from-2024-02-14T1100Z"


class Host:
    """Counts what it is told."""

    def __init__(self, db, clock):
        self.resources = SimpleNamespace(db=db)
        self.clocks = Clocks(wall=lambda: clock.now, steady=lambda: clock.now)
        self.merges = self.told = 0

    def merge_soon(self):
        self.merges += 1

    def news(self):
        self.told += 1


@pytest.mark.parametrize("own", [True, False])
async def test_the_map_is_made_again_when_a_log_opens_and_when_it_is_closed_again(
    tmp_path, own
):
    db, clock = Database.open(tmp_path), FixedClock(AT - 61.0)
    with db.transaction() as tx:
        logs.add_log(tx, ORIGIN, own=own)
        logs.add_log(tx, "b.example/pemilu-2024", own=False)
    host = Host(db, clock)
    opening = Opening(host)
    seen = []
    for now in (AT - 1, AT, AT + 60, AT - 600, AT - 540, AT + 1):
        clock.now = float(now)
        await opening.look()
        seen.append((host.merges, host.told))
    opened = int(own)
    expected = [(0, 0), (1, 1), (1, 1), (2, 1), (2, 1), (3, 2)]
    assert seen == [(merges, told * opened) for merges, told in expected]
    db.close()
