"""`federation verify` and `import` as doors: files in, an exit code out.

In this process, through the function behind the command: every error that is expected
becomes a code there, and what is not comes through as it is. One file of those that
are handed over is spoilt: of a folder, within a data file, or the data file itself.
"""

import contextlib
import io
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

from federation.cli import run
from federation.cli.output import Output
from federation.config.peers import Peer, format_peer
from federation.feeds.bundle import write_bundle
from federation.feeds.resource import ELECTIONS
from federation.flows.audit.report import EXITS
from federation.text import Text
from federation.tlog.fork import format_evidence
from federation.verifier import page
from tests.attacks._doors import FILES, SHAPES, TESTS, doors
from tests.attacks._mutations import mutate
from tests.damage import world
from tests.fakes import ELECTION, Tree
from tests.homes import init_words

VERIFY_CODES = frozenset({0, 1, 2, 3, 4, *EXITS.values()})
IMPORT_CODES = frozenset({0, 1, 2, 3, 4, 5, 6})
_LONG_AGO = 1_700_000_000
Words = list[str]


class UndeclaredError(Exception):
    """An exit code that the page of the command does not list."""


@cache
def folder() -> Path:
    """Where all cases of this process lie."""
    return Path(tempfile.mkdtemp(prefix="federation-fuzz-"))


@cache
def files() -> dict[str, bytes]:
    """All that three organisations publish, of a few records each."""
    owner = world.owner()
    small = world.publish(Tree(owner).grow(owner.results(0, 12)))
    elections = doors()["list of elections"].seeds[0]
    return {**small, ELECTIONS.path: elections, "verify.html": page()}


@cache
def documents() -> list[bytes]:
    """Single texts that an auditor is handed."""
    tree = world.grown()
    fork = tree.fork(5, world.owner().results(5, 20, 7))
    evidence = format_evidence(tree.note(12), fork.note(12))
    keys = files()[next(path for path in files() if path.endswith("/keys"))]
    return [world.receipt(), evidence, tree.note(), keys, tree.leaves[3]]


def write(path: Path, data: bytes) -> str:
    """A file that has lain there for a while: nobody waits for its end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (_LONG_AGO, _LONG_AGO))
    return str(path)


def verify_words(random: Random) -> Words:
    """What is typed, and one of the files behind it spoilt."""
    here = folder() / "verify"
    shutil.rmtree(here, ignore_errors=True)
    trust = write(here / "trust.txt", world.trust_file())
    kind = random.choice(("folder", "within", "packed", "document", "trust"))
    path = random.choice(sorted(files()))
    spoilt = {**files(), path: mutate([files()[path]], random)}
    if kind == "folder":
        for name, data in spoilt.items():
            write(here / "site" / name, data)
        source = str(here / "site")
    elif kind == "document":
        source = write(here / "document.txt", mutate(documents(), random))
    else:
        given = files() if kind == "trust" else spoilt
        write_bundle(here / "bundle.zip", sorted(given.items()))
        source = str(here / "bundle.zip")
        if kind == "packed":
            write(Path(source), mutate([Path(source).read_bytes()], random))
        if kind == "trust":
            write(Path(trust), mutate([world.trust_file()], random))
    return ["verify", source, "--trust", trust]


@cache
def home() -> str:
    """Of a node that imports, and knows the three as partners."""
    here = folder() / "node"
    words = init_words(here, "jagapemilu.example", "pilpres-2019", ELECTION)
    play(words, frozenset({0}))
    partners = [Peer(org=one.org, identity=one.identity.key) for one in world.orgs()]
    (here / "peers.toml").write_text("\n".join(map(format_peer, partners)))
    return str(here)


@cache
def results() -> list[tuple[str, bytes]]:
    """Files of results, each by the election that it is of."""
    of_tools = [one for one in SHAPES.values() if isinstance(one, SHAPES["Shape"])]
    tables = [one.text.encode() for one in of_tools]
    tables += [case[3] for case in FILES["CASES"] if len(case[3]) < 50_000]
    books = (TESTS / "sources" / "workbooks").glob("*.xlsx")
    lines = b'{"tps":"1371011001001","candidates":{"01":127,"02":27}}\n' * 3
    return [
        *(("table.csv", one) for one in tables),
        *(("book.xlsx", one.read_bytes()) for one in books),
        *(("lines.ndjson", one) for one in [lines]),
    ]


def import_words(random: Random) -> Words:
    """What is typed, and the file behind it spoilt."""
    here = folder() / "import"
    shutil.rmtree(here, ignore_errors=True)
    kind = random.choice(("rows", "rows", "rows", "mapping", "bundle", "folder"))
    words = ["import", "--home", home(), "--election", "pilpres-2019"]
    here.mkdir()
    name, data = random.choice(results())
    if kind in {"rows", "mapping"} or random.random() < 0.5:
        words.append("--dry-run")
    if kind == "rows":
        return [*words, write(here / name, mutate([data], random))]
    if kind == "mapping":
        mapping = mutate(doors()["mapping file"].seeds, random)
        words += ["--mapping", write(here / "mapping.toml", mapping)]
        return [*words, write(here / name, data)]
    path = random.choice(sorted(files()))
    spoilt = {**files(), path: mutate([files()[path]], random)}
    if kind == "folder":
        for name, data in spoilt.items():
            write(here / "stick" / name, data)
        return [*words, str(here / "stick")]
    write_bundle(here / "stick.zip", sorted(spoilt.items()))
    if random.random() < 0.5:
        packed = (here / "stick.zip").read_bytes()
        write(here / "stick.zip", mutate([packed], random))
    return [*words, str(here / "stick.zip")]


def play(words: Words, codes: frozenset[int], *, as_json: bool = True) -> int:
    """Run a command here; its exit code.

    Raises:
        UndeclaredError: it is none of `codes`; what the command did not expect comes
            through as it is.
    """
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        more = ["--json"] if as_json else ["--lang", "id"]
        code = run([*words, *more], Output(Text("en"), is_json=as_json))
    if code not in codes:
        raise UndeclaredError(f"exit {code}: {said.getvalue()[-300:]}")
    return code


def play_process(words: Words, codes: frozenset[int]) -> int:
    """The same in a process of its own, as people run it.

    Raises:
        UndeclaredError: it is none of `codes`, or a trace was printed.
    """
    ended = subprocess.run(
        [sys.executable, "-m", "federation", *words],
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    if ended.returncode not in codes or b"Traceback" in ended.stderr:
        said = ended.stderr[-300:].decode(errors="replace")
        raise UndeclaredError(f"exit {ended.returncode}: {said}")
    return ended.returncode


COMMANDS: dict[str, tuple[Callable[[Random], Words], frozenset[int]]] = {
    "verify": (verify_words, VERIFY_CODES),
    "import": (import_words, IMPORT_CODES),
}
