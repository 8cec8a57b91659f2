"""What stories are made of: nodes, wires between them, and origins that lie."""

import pytest

from tests.bucketserver import BUCKET, bucket_server
from tests.clusters.ceph import ceph_cluster
from tests.stories.nodes import Node, Wire, closing_all
from tests.stories.origin import Origin


@pytest.fixture(scope="session")
def bucket_store(request, tmp_path_factory):
    """A real object store, one for all stories: each has addresses of its own there."""
    if request.config.getoption("store") == "ceph":
        with ceph_cluster() as cluster:
            cluster.own(BUCKET, "", "")
            yield cluster
        return
    with bucket_server(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture(autouse=True)
def databases(request, monkeypatch):
    """With `--engine postgresql` each node has one with a server; else None."""
    if request.config.getoption("engine") != "postgresql":
        return None
    found = request.getfixturevalue("postgres_databases")
    monkeypatch.setattr(Node, "databases", found)
    return found


@pytest.fixture
def opened(databases):
    """What is closed or stopped at the end, while its databases are still there."""
    with closing_all() as found:
        yield found


@pytest.fixture
def make_node(tmp_path, opened):
    """What founds nodes; every one is stopped at the end."""

    def make(org: str, folder: str = "") -> Node:
        opened.append(Node(tmp_path / folder, org))
        return opened[-1]

    return make


@pytest.fixture
def pemilu(make_node):
    return make_node("jagapemilu.example")


@pytest.fixture
def suara(make_node):
    return make_node("jagasuara.example")


@pytest.fixture
def kawal(make_node):
    return make_node("kawalpemilu.example")


@pytest.fixture
def wire(opened):
    """What lays a wire to a node."""

    def lay(node: Node) -> Wire:
        opened.append(Wire(node.port))
        return opened[-1]

    return lay


@pytest.fixture
def serve_origin(opened):
    """What serves a `FakePeer` over HTTP."""

    def serve(peer) -> Origin:
        opened.append(Origin(peer))
        return opened[-1]

    return serve
