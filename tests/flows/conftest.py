"""Nodes of organisations with fixed keys, opened and closed for each test."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from federation.flows.ownlog import begin
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
