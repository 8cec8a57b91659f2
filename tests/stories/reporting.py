"""Nodes that keep reports, with a tap on every way out of them.

What leaves a node here: what it says over HTTP to partners, strangers, people and other
systems; what its commands print; the lines of its log; files that are exported; and
the folder itself, as a backup copies it.
"""

import asyncio
import contextlib
import hashlib
import io
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from tests.annexed import give_key
from tests.contracts.test_readers import READS
from tests.refer import make_referring
from tests.smtp import Postbox
from tests.stories.nodes import PROJECT, Node, Talk, Wire
from tests.stories.talks import read_talk
from tests.stories.test_incidents import let_read
from tests.waiting import LIMIT_S

V2 = "/open311/v2"
_BOUNDARY = "what-stands-between-two-parts"


class Tapped:
    """A node and its two ways in: `url` for all, `door` for another system."""

    def __init__(self, node: Node) -> None:
        self.node, self.home, self.org = node, node.home, node.org
        self.talks: list[Talk] = []
        self._to_door: list[Talk] = []
        #: What commands printed, by their words.
        self.printed: list[tuple[str, bytes]] = []
        self._wires = [Wire(node.port, self.talks), Wire(node.port, self._to_door)]
        self.url, self.door = (wire.url for wire in self._wires)

    def close(self) -> None:
        self.node.stop()
        for wire in self._wires:
            wire.close()

    def type(self, *words: object, is_json: bool = False) -> tuple[int, str]:
        """A command as somebody types it: exit code, and what was printed."""
        line = [*map(str, words), "--home", str(self.home.folder), "--lang", "en"]
        done = subprocess.run(
            [sys.executable, "-m", *self.node.program, *line]
            + (["--json"] if is_json else []),
            capture_output=True, cwd=PROJECT, check=False,
        )  # fmt: skip
        self.printed.append((" ".join(line[:3]), done.stdout + done.stderr))
        said = done.stdout if is_json and not done.returncode else b""
        return done.returncode, (said or done.stdout + done.stderr).decode()

    def say(self, *words: object) -> str:
        """What a command printed that ended well, in one line."""
        code, said = self.type(*words)
        assert code == 0, said
        return " ".join(said.split())

    def tell(self, *words: object):
        """The same, as JSON."""
        code, said = self.type(*words, is_json=True)
        assert code == 0, said
        return json.loads(said)

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        """What is answered over HTTP to whoever has these headers."""
        return fetch(self.url + path, headers=headers)

    def ask_all(self, **headers: str) -> None:
        """Ask for everything that can be asked, for the tap to hear it."""
        known = {"record": "0" * 64, "profile": "0" * 64}
        for path in (path for paths in READS.values() for path in paths):
            self.get(path.format(**known), **headers)

    def left(self, below: Path, *, but: Path | None = None) -> Iterator[tuple]:
        """What left it, each with where; `below`: where it may write its exports.

        `but`: a folder of the home that is no part of a backup.
        """
        for name, talks in (("talk", self.talks), ("door", self._to_door)):
            for number, talk in enumerate(talks):
                # Whoever hands a report in knows what stands in it.
                heard = talk if name == "talk" else talk._replace(asked=bytearray())
                for data in read_talk(heard):
                    yield f"{self.org} {name} {number}", data
        for words, said in self.printed:
            yield f"{self.org} $ {words}", said
        yield from self._stored(below, but)

    def _stored(self, below: Path, but: Path | None) -> Iterator[tuple]:
        for folder in (self.home.folder, below):
            for path in sorted(folder.rglob("*")):
                if path.is_file() and (but is None or but not in path.parents):
                    where = path.relative_to(folder.parent)
                    yield f"{self.org} {where}", str(where).encode() + path.read_bytes()
        for table, rows in self.node.tables():
            yield f"{self.org} database {table}", rows

    def export_all(self, below: Path) -> None:
        """Write everything that can be written for others."""
        below.mkdir()
        for name, words in {
            "bundle": ["export", "--bundle"],
            "bundle-photos": ["export", "--photos", "--bundle"],
            "excerpt": ["export", "--region", "13", "--bundle"],
            "static": ["export", "--photos", "--static"],
            "trust": ["export", "--trust"],
            "csv": ["export", "--out"],
            "ndjson": ["export", "--format", "ndjson", "--what", "gaps", "--out"],
            "archive": ["election", "archive", "pilpres-2019", "--out"],
        }.items():
            self.say(*words, below / name)


def circle(folder: Path, *orgs: str) -> list[Tapped]:
    """Nodes that trust each other and share reports; none of them runs yet."""
    nodes = [Tapped(Node(folder, org)) for org in orgs]
    for one in nodes:
        make_referring(one.home)
        for other in nodes:
            if other is not one:
                one.node.trust(other.node, other.url)
        for other in nodes:
            if other is not one:
                let_read(one.node, other.node)
    give_key(nodes[0].home)
    return nodes


def fetch(url: str, data: bytes | None = None, headers=None) -> tuple[int, bytes]:
    """Status and body of an answer."""
    request = urllib.request.Request(url, data, headers or {})
    try:
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


class OtherSystem:
    """A city's system that speaks Open311, and nothing of ours."""

    def __init__(self, url: str, key: str) -> None:
        self._url, self._key = url + V2, key

    def get(self, path: str, **query: str):
        asked = urllib.parse.urlencode({"api_key": self._key} | query)
        status, body = fetch(f"{self._url}/{path}?{asked}")
        assert status == 200, body
        return json.loads(body)

    def post(self, fields: dict[str, str], *photos: bytes, form: str = "json") -> bytes:
        """The answer to a form of parts, photographs behind its fields."""
        parts = [
            f'name="{name}"\r\n\r\n{value}'.encode()
            for name, value in ({"api_key": self._key} | fields).items()
        ]
        parts += [
            b'name="media"; filename="foto.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
            + photo
            for photo in photos
        ]
        head = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; ".encode()
        body = b"".join(head + part + b"\r\n" for part in parts)
        status, said = fetch(
            f"{self._url}/requests.{form}",
            body + f"--{_BOUNDARY}--\r\n".encode(),
            {
                "Content-Type": f"multipart/form-data; boundary={_BOUNDARY}",
                "Accept-Language": "en",
            },
        )
        assert status == 200, said
        return said


class Mailbox:
    """A mail server with TLS, in a thread of its own."""

    def __init__(self, tls) -> None:
        self.box = Postbox(tls)
        self._loop, ready = asyncio.new_event_loop(), threading.Event()

        async def run() -> None:
            self._end = asyncio.Event()
            async with self.box.open() as self.port:
                ready.set()
                await self._end.wait()

        self._thread = threading.Thread(
            target=self._loop.run_until_complete, args=(run(),)
        )
        self._thread.start()
        assert ready.wait(LIMIT_S)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(LIMIT_S)
        with contextlib.suppress(RuntimeError):
            self._loop.close()


def a_photo(owner: str, size: tuple[int, int] = (640, 480)) -> bytes:
    """A photograph in which a telephone wrote whose it is."""
    exif = Image.Exif()
    exif[0x010E] = exif[0x013B] = owner
    picture = Image.effect_noise(size, 40).convert("RGB")
    with io.BytesIO() as file:
        picture.save(file, "JPEG", exif=exif)
        return file.getvalue()


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
