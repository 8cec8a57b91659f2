"""What a receiver says it has is believed for one thing only: what to leave out."""

import pytest

from federation.errors import FormatError, NotFoundError
from federation.feeds.bundle import write_bundle
from federation.feeds.resource import LOGS
from federation.feeds.status import NO_DIGEST, StatusEntry, format_status
from federation.flows.publish.items import read_sizes
from tests.fakes import FakeOrg, Tree

TREES = [Tree(FakeOrg(org)) for org in ("a.example", "b.example")]
STATUS = format_status(
    StatusEntry(
        about=NO_DIGEST,
        checkpoint=tree.note().decode(),
        keys=NO_DIGEST,
        origin=tree.owner.origin,
    )
    for tree in TREES
)
SIZES = {tree.owner.origin: 1 for tree in TREES}


@pytest.mark.parametrize("data", [STATUS, STATUS + b"\n"])
def test_a_saved_status_vector_says_the_sizes(tmp_path, data):
    path = tmp_path / "logs"
    path.write_bytes(data)
    assert read_sizes(path) == SIZES


def test_an_earlier_bundle_says_the_sizes(tmp_path):
    path = tmp_path / "earlier"
    write_bundle(path, [(LOGS.path, STATUS)])
    assert read_sizes(path) == SIZES


def test_an_excerpt_has_no_sizes(tmp_path):
    path = tmp_path / "excerpt"
    write_bundle(path, [("receipts/a.example/e/1.txt", b"x")])
    with pytest.raises(NotFoundError):
        read_sizes(path)


@pytest.mark.parametrize("data", [b"", b"{}", STATUS[:-1], STATUS + b"x", b"\xff"])
def test_anything_else_is_refused_and_named(tmp_path, data):
    path = tmp_path / "not-it"
    path.write_bytes(data)
    with pytest.raises(FormatError, match="not-it"):
        read_sizes(path)
