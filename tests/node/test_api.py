"""Waiting for the map to move: nothing that moved meanwhile is slept through."""

import asyncio
from types import SimpleNamespace

from federation.node.api import NodeDesk

E = "pemilu-2024"


class Node:
    """Of a running node, what waiting for changes needs."""

    def __init__(self):
        self.changes = {E: 4}
        self.map_version = 0
        self.map_changed = asyncio.Condition()
        self.during_look = None
        self.looks = 0
        self.resources = SimpleNamespace(db=self)

    async def read(self, _, election):
        self.looks += 1
        found = self.changes[election]
        if self.during_look:
            hook, self.during_look = self.during_look, None
            await hook()
        return found

    async def merged(self, election=E):
        self.changes[election] = self.changes.get(election, 0) + 1
        async with self.map_changed:
            self.map_version += 1
            self.map_changed.notify_all()


async def test_what_changed_before_the_wait_began_is_news():
    await asyncio.wait_for(NodeDesk(Node()).changed(E, 3, 60), 30)


async def test_what_changes_during_the_look_is_news():
    node = Node()
    node.during_look = node.merged
    await asyncio.wait_for(NodeDesk(node).changed(E, 4, 60), 30)
    assert node.looks == 2


async def test_a_change_of_another_election_is_no_news():
    node = Node()
    waiting = asyncio.create_task(NodeDesk(node).changed(E, 4, 60))
    await asyncio.sleep(0)
    await node.merged("pilpres-2019")
    await asyncio.wait({waiting}, timeout=0.05)
    assert (node.looks, waiting.done()) == (2, False)
    await node.merged()
    await asyncio.wait_for(waiting, 30)


async def test_without_a_change_the_wait_ends_by_itself():
    await asyncio.wait_for(NodeDesk(Node()).changed(E, 4, 0.01), 30)
