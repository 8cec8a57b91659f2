"""Real nodes on loopback, and wires between them that can be cut."""

import contextlib
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import psycopg
from psycopg.sql import SQL, Identifier

from federation.config.rewrite import set_database
from federation.store import alarms, logs
from federation.store import leaves as stored
from federation.store.db import Database
from federation.store.logs import Log
from tests.homes import ELECTION, add_peer, draft, make_home
from tests.postgresserver import FolderDatabases
from tests.waiting import LIMIT_S, wait_until

PROJECT = Path(__file__).parents[2]
LOOPBACK = "127.0.0.1"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return probe.getsockname()[1]


class Saved(NamedTuple):
    """A folder of a node as it once was, with its data: a copy of it, and of theirs.

    Attributes:
        folder: Which one it was.
        copy: The copy.
        database: The name of the copy of its database; None: it was a file therein.
    """

    folder: Path
    copy: Path
    database: str | None


class Node:
    """A home and the process that serves it, if any."""

    #: Of the server that has the databases of all nodes; None: each has its file.
    databases: FolderDatabases | None = None
    #: How long its start, and its end, are waited for.
    patience_s = LIMIT_S
    #: Where it listens, and what stands before its command.
    host = LOOPBACK
    before: Sequence[str] = ()

    def __init__(self, folder: Path, org: str) -> None:
        self.org, self.origin = org, f"{org}/{ELECTION}"
        self.home = make_home(folder, org)
        if self.databases is not None:
            self.lie_with(self.databases.address_of(self.home.data))
        self.process: subprocess.Popen[bytes] | None = None
        #: Behind `python -m`.
        self.program = ["federation"]
        self.move(free_port())

    def lie_with(self, address: str) -> None:
        """Its database is this one of a server."""
        set_database(self.home.settings, address)
        self.home = replace(self.home, database=address)

    def move(self, port: int) -> None:
        """From now on the node listens there."""
        self.port, self.url = port, f"http://{self.host}:{port}"
        text = self.home.settings.read_text()
        self.home.settings.write_text(
            re.sub(
                r"(?m)^host = .*\nport = .*$",
                f'host = "{self.host}"\nport = {port}',
                text,
            )
        )

    def trust(self, other: "Node", url: str | None = None) -> None:
        """Write `other` into peers.toml; without `url` it cannot be reached."""
        add_peer(self.home, other.home, url)

    def spawn(self, *flags: str) -> None:
        """Start the process and do not wait for it."""
        words = ["serve", "--home", str(self.home.folder), *flags]
        with (self.home.folder / "serve.log").open("ab") as output:
            self.process = subprocess.Popen(
                [*self.before, sys.executable, "-m", *self.program, *words],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=PROJECT,
            )

    def start(self, *flags: str) -> "Node":
        """Start it, and return when it answers."""
        self.spawn(*flags)
        return self.started()

    def started(self) -> "Node":
        wait_until(self._answers, f"{self.org} starts", self.patience_s)
        return self

    def stop(self, number: int = signal.SIGTERM) -> None:
        """End the process: as an operator does, or with SIGKILL as a power cut does."""
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(number)
            try:
                process.wait(self.patience_s)
            except subprocess.TimeoutExpired:
                # It must not write to what the next test has of the same server.
                process.kill()
                process.wait()
                raise

    def open(self) -> Database:
        """Its database, to write, while no process of it does."""
        return Database.open(self.home.data, self.home.database)

    def tables(self) -> Iterator[tuple[str, bytes]]:
        """All that a server holds for it, table by table; of a file nothing."""
        if self.home.database is None:
            return
        with psycopg.connect(self.home.database) as asked:
            named = asked.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
            )
            for (name,) in named.fetchall():
                rows = SQL("COPY {} TO STDOUT (FORMAT BINARY)").format(Identifier(name))
                with asked.cursor().copy(rows) as copied:
                    yield name, b"".join(copied)

    def lose_data(self) -> None:
        """Its folder of data is gone, and what its database had."""
        shutil.rmtree(self.home.data)
        if self.databases is not None:
            self.databases.lose(self.home.data)

    def save(self, folder: Path, to: Path) -> Saved:
        """Copy its home, or its data alone, which nobody uses now."""
        shutil.copytree(folder, to)
        held = self.databases
        return Saved(folder, to, None if held is None else held.save(self.home.data))

    def put_back(self, saved: Saved) -> None:
        """It is again what it was; what was saved is put back once."""
        shutil.rmtree(saved.folder)
        saved.copy.rename(saved.folder)
        if self.databases is not None and saved.database is not None:
            self.databases.put_back(self.home.data, saved.database)

    def become(self, other: "Node") -> None:
        """Be a copy of another that does not run, all but its address."""
        shutil.rmtree(self.home.folder)
        shutil.copytree(other.home.folder, self.home.folder)
        if self.databases is not None:
            self.databases.put_back(
                self.home.data, self.databases.save(other.home.data)
            )
            self.lie_with(self.databases.address_of(self.home.data))
        self.move(self.port)

    def ask(
        self, path: str, body: object = None, *, token: str = ""
    ) -> tuple[int, object]:
        """Status and JSON of the answer; status 0 where there is none."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data)
        request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)
        except OSError:
            return 0, None

    def post(self, path: str, body: object) -> tuple[int, object]:
        """As the operator of this machine, who may read the control token."""
        control = json.loads(self.home.control.read_text())
        return self.ask(path, body, token=control["token"])

    def take(self, start: int, end: int, first: int = 127) -> None:
        """Log the results of the stations `start` to `end`; all are acknowledged."""
        drafts = [station(number, first) for number in range(start, end)]
        status, said = self.post(
            "/v1/records", {"election": ELECTION, "records": drafts}
        )
        assert status == 200, said
        assert {one["outcome"] for one in said["verdicts"]} == {"logged"}

    def why_not(self) -> str:
        """Why the node does not sign; "" when it does."""
        request = urllib.request.Request(self.url + "/readyz")
        try:
            with urllib.request.urlopen(request, timeout=LIMIT_S):
                return ""
        except urllib.error.HTTPError as error:
            with error:
                return error.read().decode()

    def is_frozen(self, origin: str) -> bool:
        """Whether it is proved here that the origin signed two histories."""
        log = self.state(origin)
        return log is not None and log.frozen is not None

    def digest(self) -> str:
        """The digest of the whole map."""
        return self.ask("/v1/summary")[1]["digest"]

    def size(self, origin: str) -> int:
        """How much of a log is held and verified; 0 where it is not known."""
        found = self.state(origin)
        return 0 if found is None else found.size

    def state(self, origin: str) -> Log | None:
        """The log, as the database has it now."""
        found = self.read(logs.list_logs)
        return next((log for log in found if log.origin == origin), None)

    def leaves(self, origin: str) -> list[bytes]:
        def read(view):
            log = logs.get_log(view, origin)
            return stored.read_leaves(view, log.id, 0, log.next_index)

        return self.read(read)

    def alarms(self) -> set[tuple[str, str]]:
        return {(one.code, one.subject) for one in self.read(alarms.list_alarms)}

    def told(self, code: str) -> str:
        """What the alarms of a code say, in English."""
        standing = self.read(alarms.list_alarms)
        return " ".join(str(one.detail) for one in standing if one.code == code)

    def doctor(self) -> tuple[int, str]:
        """Exit code and words of `federation doctor --deep`."""
        words = ["doctor", "--deep", "--home", str(self.home.folder), "--json"]
        done = subprocess.run(
            [sys.executable, "-m", "federation", *words],
            capture_output=True, cwd=PROJECT, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def read(self, function):
        db = Database.open(self.home.data, self.home.database, readonly=True)
        with contextlib.closing(db), db.view() as view:
            return function(view)

    def _answers(self) -> bool:
        assert self.process is not None
        said = (self.home.folder / "serve.log").read_text()
        assert self.process.poll() is None, said
        return self.ask("/v1/status")[0] == 200 and self.home.control.exists()


class Talk(NamedTuple):
    """What went to a node over one connection, and what came from it."""

    asked: bytearray
    answered: bytearray


class Wire:
    """A way to a node that can be cut and mended: plain TCP, byte for byte.

    Where `talks` is a list, all that goes over it is kept there.
    """

    def __init__(self, port: int, talks: list[Talk] | None = None) -> None:
        self._target, self._talks = (LOOPBACK, port), talks
        self.is_cut = False
        self.connections = 0
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server((LOOPBACK, 0))
        self.url = f"http://{LOOPBACK}:{self._listener.getsockname()[1]}"
        self._run(self._accept)

    def cut(self) -> None:
        self.is_cut = True
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self.is_cut = False

    def close(self) -> None:
        self.cut()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(LIMIT_S)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self.is_cut:
                    near.close()
                    continue
                self.connections += 1
                self._run(self._join, near)

    def _join(self, near: socket.socket) -> None:
        with (
            near,
            contextlib.suppress(OSError),
            socket.create_connection(self._target) as far,
        ):
            pair, talk = {near, far}, Talk(bytearray(), bytearray())
            self._open |= pair
            if self._talks is not None:
                self._talks.append(talk)
            back = threading.Thread(target=self._carry, args=(far, near, talk.answered))
            back.start()
            self._carry(near, far, talk.asked)
            back.join()
            self._open -= pair

    def _carry(
        self, source: socket.socket, sink: socket.socket, kept: bytearray
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if self._talks is not None:
                    kept += data
                sink.sendall(data)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _run(self, work, *given) -> None:
        thread = threading.Thread(target=work, args=given, daemon=True)
        self._threads.append(thread)
        thread.start()


def station(number: int, first: int = 127) -> dict[str, object]:
    village, tps = divmod(number, 900)
    return draft(tps=f"{1371011001 + village}{tps + 1:03}", first=first)


def trust_each_other(*nodes: Node) -> None:
    """Each has all others as partners, and can reach them."""
    for node in nodes:
        for other in nodes:
            if other is not node:
                node.trust(other, other.url)


def start_all(*nodes: Node, flags: Sequence[str] = ()) -> None:
    """Start nodes that wait for each other before they sign."""
    for node in nodes:
        node.spawn(*flags)
    for node in nodes:
        node.started()


def is_level(*nodes: Node) -> bool:
    """Whether these nodes hold each other's logs and show the same map."""
    sizes = [[node.size(other.origin) for other in nodes] for node in nodes]
    if any(one != sizes[0] for one in sizes) or 0 in sizes[0]:
        return False
    return len({node.digest() for node in nodes}) == 1


@contextlib.contextmanager
def closing_all() -> Iterator[list]:
    """A list of nodes, wires and servers; at the end each is stopped or closed."""
    opened: list = []
    try:
        yield opened
    finally:
        for one in reversed(opened):
            one.stop() if isinstance(one, Node) else one.close()
