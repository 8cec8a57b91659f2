"""The program of others, and a published log for it to read."""

import pytest

from federation.feeds.resource import log_path
from federation.records.keychain import encode_keys
from federation.tlog.keys import format_vkey
from federation.tlog.tile import bundles_of, format_tile_path, new_tiles
from tests.fakes import FakeOrg, Tree
from tests.interop.checker import Checker, compile_checker


@pytest.fixture(scope="session")
def checker(tmp_path_factory) -> Checker:
    """Compiled once for all tests."""
    return compile_checker(tmp_path_factory.mktemp("go"))


class Published:
    """A log of 601 records as plain files; each test damages it as it likes."""

    def __init__(self, folder, checker, tree):
        self.folder, self.checker, self.owner = folder, checker, tree.owner
        self.save("keys", encode_keys(tree.owner.statements))
        self.write(tree)

    def path(self, name):
        return self.folder / log_path(self.owner.origin, name)

    def save(self, name, data):
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def write(self, tree):
        for tile in [*new_tiles(0, tree.size), *bundles_of(0, tree.size)]:
            self.save(format_tile_path(tile), tree.tile(tile))
        self.save("checkpoint", tree.note())

    def change(self, name, how):
        self.save(name, how(self.path(name).read_bytes()))

    async def check(self, **options):
        options.setdefault("vkey", format_vkey(self.owner.log.key))
        return await self.checker.run(self.folder, self.owner.origin, **options)


@pytest.fixture
def tree():
    owner = FakeOrg("jagasuara.example")
    return Tree(owner).grow(owner.results(0, 600))


@pytest.fixture
def published(tmp_path, checker, tree):
    return Published(tmp_path / "files", checker, tree)
