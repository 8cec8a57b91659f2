"""Homes of organisations, made by `federation init` once and copied for each test."""

import contextlib
import itertools
import json
import re
import time
from functools import cache
from pathlib import Path
from random import Random
from tempfile import mkdtemp

import aiohttp

from federation.cli import run
from federation.cli.output import Output
from federation.config.home import Home
from federation.config.settings import load_settings
from federation.node.resources import Clocks, open_resources
from federation.node.service import serve
from federation.text import Text
from tests.copies import copy_home

ELECTION = "pilpres-2019"
PASSPHRASE = "only for the tests\n"
#: What nobody asks for packed is not packed.
AS_IT_IS = {"Accept-Encoding": "identity"}
NAMES = {
    "jagapemilu.example": "Jaga Pemilu",
    "jagasuara.example": "Jaga Suara",
    "kawalpemilu.example": "Kawal Pemilu",
}


def init_words(
    home: Path, org: str, *elections: str, passphrase: Path | None = None
) -> list[str]:
    """The words of `federation init` of a new home.

    The passphrase of its keys is written to a file beside it, unless another is named.
    """
    path = passphrase or home.with_name("passphrase")
    path.touch(0o600)
    path.write_text(PASSPHRASE)
    words = ["init", "--home", str(home), "--yes", "--org", org, "--port", "0"]
    words += ["--name", NAMES.get(org, org), "--contact", f"data@{org}"]
    words += [word for one in elections for word in ("--election", one)]
    return [*words, "--passphrase-file", str(path)]


@cache
def _founded(org: str, election: str) -> Path:
    """A home as `federation init` leaves it; never written to again."""
    home = Path(mkdtemp(prefix="federation-test-")) / org
    home.mkdir()
    words = init_words(home, org, election, passphrase=home / "passphrase")
    words.append("--json")
    with contextlib.redirect_stdout(None):
        assert run(words, Output(Text("en"))) == 0
    text = (home / "federation.toml").read_text()
    for key, value in (("interval_s", 1), ("reconcile_wait_s", 1), ("reserve_mb", 1)):
        text = re.sub(rf"(?m)^#? ?{key} = .*$", f"{key} = {value}", text, count=1)
    (home / "federation.toml").write_text(text)
    return home


def make_home(
    folder: Path, org: str = "jagasuara.example", election: str = ELECTION
) -> Home:
    """A home of this organisation below `folder`, ready to serve."""
    home = folder / org
    copy_home(_founded(org, election), home)
    return Home.of(home, load_settings(home / "federation.toml"))


def add_peer(home: Home, other: Home, url: str | None = None) -> None:
    """Five lines in peers.toml, as an operator writes them."""
    org = other.folder.name
    vkey = other.vkey(org).read_text().strip()
    lines = ["", "[[peer]]", f'org = "{org}"', f'identity = "{vkey}"']
    lines += [f'url = "{url}"', "allow_private = true"] if url else []
    with home.peers.open("a") as peers:
        peers.write("\n".join(lines) + "\n")


def clocks() -> Clocks:
    return Clocks(wall=time.time, steady=time.monotonic)


class Node:
    """A node that serves in this process, and a client for it."""

    def __init__(self, home: Home, url: str, session: aiohttp.ClientSession) -> None:
        self.home, self.url, self._session = home, url, session
        self.token = json.loads(home.control.read_text())["token"]

    async def get(self, path: str, **options):
        async with self._session.get(self.url + path, **options) as answer:
            return answer.status, await answer.read(), answer.headers

    async def post(self, path: str, body: object, token: str | None = "control"):
        secret = self.token if token == "control" else token
        headers = {"Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {secret}"} if secret else {}
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self._session.post(
            self.url + path, data=data, headers=headers
        ) as answer:
            said = await answer.read()
            if answer.content_type in {"text/html", "text/xml"}:
                return answer.status, said.decode()
            return answer.status, json.loads(said) if said else None


@contextlib.asynccontextmanager
async def serving(home: Home, *, alone: bool = False):
    """The node of this home at work, in this process."""
    settings = load_settings(home.settings)
    token = f"control-token-{next(_tokens):020}"
    with open_resources(home, settings) as parts:
        async with (
            serve(parts, clocks(), Random(1), token, alone=alone) as url,
            aiohttp.ClientSession(auto_decompress=False, headers=AS_IT_IS) as session,
        ):
            yield Node(home, url, session)


_tokens = itertools.count()


def draft(tps: str = "1371011001001", first: int = 127, second: int = 27, **more):
    """A row as an importer or a platform hands it in."""
    return {
        "contest": "ppwp",
        "tps": tps,
        "round": "reguler",
        "form": "plano",
        "source": "observer",
        "review": "unreviewed",
        "candidates": {"01": first, "02": second},
        **more,
    }
