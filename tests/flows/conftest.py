"""Nodes of organisations with fixed keys, opened and closed for each test."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from federation.flows.merge import batch
from federation.flows.ownlog import begin
from federation.flows.verify import workers as pool
from federation.flows.verify.workers import Workers, open_workers
from tests import fakes as fake_federation
from tests.ownnode import OwnNode


@pytest.fixture
def open_node(tmp_path: Path) -> Iterator[Callable[..., OwnNode]]:
    """What opens nodes below the test's folder, and closes them after it."""
    yield from _opener(tmp_path)


@pytest.fixture(scope="module")
def open_nodes(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[..., OwnNode]]:
    """The same for all tests of a file: they must leave these as they are."""
    yield from _opener(tmp_path_factory.mktemp("nodes"))


def _opener(below: Path) -> Iterator[Callable[..., OwnNode]]:
    opened: list[OwnNode] = []

    def make(
        org: str = "jagasuara.example",
        folder: str = "",
        copied_from: Path | None = None,
    ) -> OwnNode:
        place = below / (folder or org)
        if copied_from is not None:
            shutil.copytree(copied_from, place)
        node = OwnNode.open(place, org)
        opened.append(node)
        return node

    yield make
    for node in opened:
        node.db.close()


@pytest.fixture
def node(open_node: Callable[..., OwnNode]) -> OwnNode:
    """A node whose log holds its key statement."""
    one = open_node()
    begin.introduce(one.db, one.guard, one.log)
    return one


@pytest.fixture(scope="session")
def fakes():
    return fake_federation


@pytest.fixture
def suara():
    return fake_federation.FakeOrg("jagasuara.example")


@pytest.fixture
def kawal():
    return fake_federation.FakeOrg("kawalpemilu.example")


@pytest.fixture(scope="module")
def few() -> Iterator[None]:
    """Workers are asked however few rows there are, and a batch has many strips."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "STRIP_ROWS", 7)
        patch.setattr(pool, "POOL_FROM_LEAVES", 1)
        patch.setattr(pool, "WARM_FROM_LEAVES", 1)
        yield


@pytest.fixture(scope="module")
def opened(few: None) -> Iterator[Callable[[int], Workers]]:
    """Pools by how many processes they have; opened when asked for."""
    pools = dict[int, Workers]()
    with contextlib.ExitStack() as stack:

        def ask(count: int) -> Workers:
            if count not in pools:
                pools[count] = open_workers(count)
                stack.callback(pools[count].close)
            return pools[count]

        yield ask
