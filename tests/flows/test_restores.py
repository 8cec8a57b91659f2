"""Every cell of docs/reference/restores.md: what came back, who answers, what then.

A log has signed 7 records; a backup was made at 3, and one partner has seen 5. Only
where the operator says `--alone` may a size ever get a second root.
"""

import itertools
import re
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from federation.errors import VerificationError
from federation.flows.ownlog import begin
from federation.flows.ownlog.reconcile import Copy, PeersAsked, reconcile
from federation.flows.ownlog.refill import refill
from federation.store import logs
from tests.flows.test_reconcile import DatabaseFeed, append, open_own
from tests.ownnode import NOW, OwnNode

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "restores.md"
ORG = "jagasuara.example"
OLD, STALE, CURRENT = 3, 5, 7

DATABASES = {"current": CURRENT, "old": OLD, "lost": 0}
GUARDS = ("never away", "current, a copy", "old, a copy", "lost", "damaged")
PARTNERS = {
    "none": ((), PeersAsked(0, 0, waited=True)),
    "one of two, stale": ((STALE,), PeersAsked(2, 1, waited=True)),
    "all": ((STALE, CURRENT), PeersAsked(2, 2)),
}
STICKS = {"a stale stick": STALE, "the newest stick": CURRENT}


class World(NamedTuple):
    """Copies of one node, made while it grew; `home` is the one that grew."""

    home: Path
    nodes: dict[int, OwnNode]
    roots: dict[int, bytes]


def roots_of(node):
    with node.db.view() as view:
        kept = logs.list_checkpoints(view, node.log.log_id)
        return {size: root for size, root, _ in kept}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    below = tmp_path_factory.mktemp("world")
    home = below / "home"
    node = OwnNode.open(home, ORG)
    node.guard.found(node.log.origin)
    shutil.copytree(home / "guard", below / "founded")
    begin.introduce(node.db, node.guard, node.log)
    nodes = {}
    for size in range(2, CURRENT + 1):
        append(node, size - 1, size)
        if size in {OLD, STALE, CURRENT}:
            node.db.close()
            shutil.copytree(home, below / str(size))
            nodes[size] = OwnNode.open(below / str(size), ORG)
            node = OwnNode.open(home, ORG)
    roots = roots_of(node)
    node.db.close()
    assert [*roots] == [*range(1, CURRENT + 1)]
    yield World(home, nodes, roots)
    for one in nodes.values():
        one.db.close()


def age(copy):
    """As if it were an hour old: in the seconds of a test an inode is given again."""
    path = Path(copy)
    text, _, made = path.read_text().rstrip().rpartition(" ")
    path.write_text(f"{text} {int(made) - 3600}\n")


def restore(world, tmp_path, database, guard, *, founded):
    """A node as somebody left it."""
    folder = tmp_path / "restored"
    shutil.copytree(world.home, folder)
    data, kept = folder / "data", folder / "guard"
    if database != "current":
        shutil.rmtree(data)
    if database == "old":
        shutil.copytree(world.home.with_name(str(OLD)) / "data", data)
    shutil.rmtree(kept)
    kept.mkdir()
    origin, size = world.nodes[OLD].log.origin, CURRENT
    if guard == "old, a copy":
        size = OLD
    if guard != "lost":
        (source,) = (world.home.with_name(str(size)) / "guard").glob("*.guard")
        age(shutil.copy2(source, kept))
    node = OwnNode.open(folder, ORG)
    if guard == "never away":
        node.guard.confirm(origin, CURRENT, world.roots[CURRENT])
    if guard == "damaged":
        (path,) = kept.glob("*.guard")
        path.write_bytes(path.read_bytes()[:40])
    if founded:
        (mark,) = world.home.with_name("founded").glob("*.founded")
        age(shutil.copy2(mark, kept))
    return node


async def start(world, node, sizes, asked):
    """What becomes of the log: the words of the page."""
    shown = [Copy(f"p{size}.example", open_own(world.nodes[size])) for size in sizes]
    ctx = node.pull_context()
    words = []
    try:
        for _ in range(3):
            found = reconcile(node.db, node.guard, node.log, shown, asked, NOW)
            if found.action != "refill":
                break
            feed = DatabaseFeed(world.nodes[found.copy.signed.size])
            await refill(ctx, node.guard, node.log, feed, found.copy, NOW)
            words.append(f"takes back {found.copy.signed.size}")
        words.append({"sign": "signs"}.get(found.action, found.action))
    except VerificationError:
        words.append("error")
    if words[-1] == "signs":
        begin.introduce(node.db, node.guard, node.log)
        append(node, 100, 102, votes=9)
        again = roots_of(node)
        if any(again[s] != world.roots[s] for s in again.keys() & world.roots.keys()):
            words.append("**a second history**")
    return ", ".join(words)


def table():
    """The cells of the page, by their names."""
    text = PAGE.read_text()
    rows = re.findall(r"^\| (current|old|lost) \| (.+) \|$", text, re.MULTILINE)
    cells = {}
    for database, rest in rows:
        guard, *said = rest.split(" | ")
        assert len(said) == len(PARTNERS) + len(STICKS) + len(PARTNERS)
        names = [(p, False) for p in (*PARTNERS, *STICKS)]
        names += [(p, True) for p in PARTNERS]
        for name, one in zip(names, said, strict=True):
            cells[database, guard, *name] = one
    return cells


CELLS = [
    *itertools.product(DATABASES, GUARDS, (*PARTNERS, *STICKS), (False,)),
    *itertools.product(DATABASES, GUARDS, PARTNERS, (True,)),
]


async def play(world, tmp_path, cell, *, founded):
    database, guard, partners, alone = cell
    node = restore(world, tmp_path, database, guard, founded=founded)
    if partners in STICKS:
        sizes, asked = (STICKS[partners],), PeersAsked(0, 0, waited=True)
    else:
        sizes, asked = PARTNERS[partners]
    try:
        return await start(world, node, sizes, asked._replace(alone=alone))
    finally:
        node.db.close()


@pytest.mark.parametrize("founded", [False, True], ids=["", "founded kept"])
@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: " / ".join(map(str, cell)))
async def test_what_the_page_says_of_a_restore_is_what_becomes_of_it(
    world, tmp_path, cell, founded
):
    said = await play(world, tmp_path, cell, founded=founded)
    assert said == table()[cell]
    assert "second" not in said or cell[-1], "without a word of the operator"
