"""What strangers start from: pages to type, and nodes that hold one history."""

import contextlib
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from federation.config.fingerprint import fingerprint
from federation.tlog.keys import parse_vkey
from tests.stories.nodes import Node, closing_all, start_all
from tests.waiting import wait_until

PAGES = Path(__file__).resolve().parents[2] / "docs" / "how-to"
BLOCK = re.compile(r"```sh\n(.*?)```\n", re.DOTALL)
FINGERPRINT = re.compile(r"\b(?:[A-Z2-7]{5}-){7}[A-Z2-7]{5}\b")
ORGS = ("jagasuara.example", "jagapemilu.example", "kawalpemilu.example")
SUARA, PEMILU, KAWAL = ORGS
RECORDS = 7


def receipt_path(record: str) -> str:
    """Where a node is asked for the receipt of the record with this id."""
    return f"/v1/records/{record}/receipt"


class Place:
    """What a stranger can reach: an address, fingerprints, and the id of a record."""

    def __init__(self, url: str, prints: dict[str, str], record: str) -> None:
        self.url, self.prints, self.record = url, prints, record
        self.home = Path()

    @property
    def receipt_path(self) -> str:
        return receipt_path(self.record)


def script_of(page: str, values: dict[str, str]) -> str:
    """All blocks of the page, with these values for those of the example."""
    text = "".join(BLOCK.findall((PAGES / page).read_text(encoding="utf-8")))
    for name, value in values.items():
        text, count = re.subn(rf"(?m)^{name}=.*$", f"{name}={value}", text)
        assert count == 1, name
    return text


@contextlib.contextmanager
def holding(folder: Path) -> Iterator[Place]:
    """A node whose history two partners hold, all of them real processes."""
    with closing_all() as opened:
        nodes = [Node(folder, org) for org in ORGS]
        opened.extend(nodes)
        suara, *others = nodes
        for other in others:
            suara.trust(other, other.url)
            other.trust(suara, suara.url)
        start_all(*nodes)
        suara.take(0, RECORDS)
        wait_until(lambda: _held_by(suara) == 2, "both cosigned")
        prints = {node.org: fingerprint(parse_vkey(_vkey_of(node))) for node in nodes}
        text = suara.leaves(suara.origin)[3].partition(b"\n\n")[0] + b"\n"
        found = Place(suara.url, prints, hashlib.sha256(text).hexdigest())
        found.home = suara.home.folder
        yield found


def _vkey_of(node: Node) -> str:
    return node.home.vkey(node.org).read_text().strip()


def _held_by(node: Node) -> int:
    _, said = node.ask("/v1/status")
    return next(log for log in said["logs"] if log["own"])["held_by"]
