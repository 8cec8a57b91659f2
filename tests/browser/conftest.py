"""The page in a browser, and signed files to give it."""

import pytest
import pytest_asyncio

from federation import verifier
from federation.config.fingerprint import fingerprint
from federation.records.receipt import format_receipt
from federation.tlog.cosignature import add_signatures, cosign
from federation.tlog.merkle import prove_inclusion
from federation.tlog.note import parse_note
from federation.tlog.tile import hash_reader
from tests.browser.chromium import Chromium
from tests.fakes import FakeOrg, Tree

HELD_AT = 1_707_920_040  # 14 February 2024, 21.14 WIB


@pytest.fixture(scope="session")
def page_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "verify.html"
    path.write_bytes(verifier.page())
    return path


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium():
    async with Chromium() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="session")
async def tab(chromium, page_file):
    one = await chromium.tab()
    await one.open(page_file.as_uri())
    yield one
    await one.close()


class Scene:
    """An organisation with some records, held by two others."""

    def __init__(self, records: int = 5) -> None:
        self.org = FakeOrg("jagasuara.example")
        self.others = [FakeOrg("kawalpemilu.example"), FakeOrg("netgrit.example")]
        self.tree = Tree(self.org)
        self.tree.grow(self.org.results(0, records))

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.org.identity.key)

    def checkpoint(self, size: int | None = None) -> bytes:
        """The signed note of a size, with the cosignatures of both others."""
        note = self.tree.note(size)
        text = parse_note(note).text
        return add_signatures(
            note, [cosign(text, one.mirror, HELD_AT) for one in self.others]
        )

    def receipt(self, index: int = 1, size: int | None = None, **spoiled) -> bytes:
        size = self.tree.size if size is None else size
        path = prove_inclusion(index, size, hash_reader(self.tree.tile, size))
        parts = {
            "leaf": self.tree.leaves[index],
            "keys": self.org.statements,
            "index": index,
            "path": path,
            "checkpoint": self.checkpoint(size),
        }
        return format_receipt(**{**parts, **spoiled})

    def trust_file(self, quorum: int = 2) -> bytes:
        names = " ".join(one.org for one in self.others)
        lines = [
            f"log {self.org.log.key}",
            *(f"witness {one.org} {one.mirror.key}" for one in self.others),
            f"group others {quorum} {names}",
            "quorum others",
        ]
        return "".join(f"{line}\n" for line in lines).encode()


@pytest.fixture
def scene():
    return Scene()


@pytest.fixture
def put(tmp_path):
    """Write a file and give its path."""

    def write(name: str, data: bytes):
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write
