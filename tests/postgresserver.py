"""A real PostgreSQL in a folder of its own, on a socket: for one session of tests.

It is run by nobody where the tests are run by root, whom PostgreSQL refuses. It waits
for no disk: what a power cut leaves behind is PostgreSQL's own affair.

`postgres_pair` is two: a primary that waits for its synchronous standby. Each can be
killed or made to stand still; the standby takes its place (`promote`), and what was the
primary comes back behind it as a new copy (`rejoin`).
"""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from federation.store.engine import Engine
from federation.store.enginechoice import FILE_NAME
from federation.store.enginechoice import engine_at as _engine_at
from tests.waiting import wait_until

_NOBODY = 65534
_ROLE = "federation"
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "autovacuum": "off",
    "log_min_messages": "error",
}
_SYNCED = {"fsync": "on", "full_page_writes": "on", "shared_buffers": "128MB"}
#: What a test may leave is taken out again, by whoever may do without triggers.
_CLEAN = """DO $$DECLARE one text; is_used boolean; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema()
        AND tablename NOT IN
        ('applied_step', 'schema_kept', 'merge_epoch', 'merge_epoch_twice',
            'blob_total')
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', one) INTO is_used;
        IF is_used THEN EXECUTE format('DELETE FROM %I', one); END IF;
    END LOOP;
    UPDATE blob_total SET number = 0, size = 0;
END$$"""


#: What a process was about when it was killed is at its end afterwards.
_END_ALL = """SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""


@dataclass(frozen=True)
class PostgresServer:
    """A server that runs; `folder` has its socket."""

    folder: Path
    pid: int = 0

    def address(self, database: str) -> str:
        """Of one of its databases."""
        return f"postgresql://{_ROLE}@/{database}?host={quote(str(self.folder), '')}"

    def ask(self, sql: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """The rows of a statement, by whoever owns the server."""
        with psycopg.connect(self.address(database), autocommit=True) as asked:
            cursor = asked.execute(sql)
            return cursor.fetchall() if cursor.description else []

    def create(self, database: str) -> str:
        """The address of a new, empty database."""
        self.ask(f'CREATE DATABASE "{database}"')
        return self.address(database)

    def drop(self, database: str) -> None:
        """It is there no more, whoever is connected."""
        self.ask(f'DROP DATABASE "{database}" WITH (FORCE)')

    def end_all(self, database: str) -> None:
        """Whoever is connected there is so no longer."""
        self.ask(_END_ALL, database)

    def clean(self, database: str) -> None:
        """Take out of its tables whatever a test, and what it started, left there."""
        self.ask(f"{_END_ALL}; {_CLEAN}", database)


class FolderDatabases:
    """A database of a server for each folder of a test, all of it with its tables.

    What was made for one test is taken out again and lent to the next: to copy one for
    each test would take longer than most tests do.
    """

    def __init__(self, server: PostgresServer, template: str) -> None:
        self._server, self._template = server, template
        self._lent: dict[Path, str] = {}
        self._free: list[str] = []
        self._lost: set[str] = set()

    def engine_at(self, folder: Path, address: str | None = None) -> Engine:
        """As `federation.store.db.engine_at`; without an address, of this server.

        A file that is there, as out of a backup, is that file.
        """
        if address is None and not (folder / FILE_NAME).exists():
            address = self.address_of(folder)
        return _engine_at(folder, address)

    def address_of(self, folder: Path) -> str:
        """Of the database of this folder; from now on it is its."""
        folder = folder.resolve()
        if folder not in self._lent:
            self._lent[folder] = (
                self._free.pop() if self._free else self._copy(self._template)
            )
        return self._server.address(self._lent[folder])

    def lose(self, folder: Path) -> None:
        """There is nothing in the database of this folder any more, and no table."""
        name = self._lent[folder.resolve()]
        self._server.drop(name)
        self._server.create(name)
        self._lost.add(name)

    def save(self, folder: Path) -> str:
        """The name of a copy of the database of this folder, which nobody uses now."""
        return self._copy(self._lent[folder.resolve()])

    def put_back(self, folder: Path, saved: str) -> None:
        """The database of this folder is what it was when it was saved."""
        name = self._lent[folder.resolve()]
        self._server.drop(name)
        self._lost.discard(name)
        self._server.ask(f'ALTER DATABASE "{saved}" RENAME TO "{name}"')

    def _copy(self, source: str) -> str:
        name = f"copy-{secrets.token_hex(8)}"
        self._server.end_all(source)
        self._server.ask(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
        return name

    def take_back(self) -> None:
        """Make those of a test ready for the next."""
        for name in self._lent.values():
            if name in self._lost:
                self._server.drop(name)
            else:
                self._server.clean(name)
                self._free.append(name)
        self._lent.clear()


def find_programs() -> Path:
    """The folder of initdb and postgres, which Debian puts on no path; else skip."""
    for found in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (found / "initdb").exists():
            return found
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    if os.environ.get("CI") == "true":
        pytest.fail("postgresql is not installed, and CI must try what needs it")
    pytest.skip("postgresql is not installed: `apt-get install postgresql`")


def as_nobody() -> list[str]:
    """What stands before a command that root may not run."""
    if os.geteuid() != 0:
        return []
    ids = [f"--reuid={_NOBODY}", f"--regid={_NOBODY}"]
    return ["setpriv", *ids, "--clear-groups"]


def give_to_nobody(folder: Path) -> None:
    """A folder with all that is in it, to whom `as_nobody` runs something."""
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, _NOBODY, _NOBODY)


@contextlib.contextmanager
def postgres_server(*, fsync: bool = False) -> Iterator[PostgresServer]:
    """One with its data in a folder; it ends with the block.

    `fsync`: it waits for the disk, as a node's does.
    """
    with _machine("one", fsync=fsync) as machine:
        machine.make()
        machine.start()
        yield PostgresServer(machine.folder, machine.process.pid)


@contextlib.contextmanager
def postgres_pair(*, fsync: bool = False) -> Iterator["PostgresPair"]:
    """A primary and its synchronous standby; both end with the block."""
    with _machine("a", fsync=fsync) as one, _machine("b", fsync=fsync) as other:
        one.make()
        one.start()
        pair = PostgresPair(one, other)
        other.copy_of(one)
        other.start()
        pair.wait_for_standby()
        yield pair


class PostgresPair:
    """A primary that waits for a standby with each COMMIT."""

    def __init__(self, primary: "_Machine", standby: "_Machine") -> None:
        self.primary, self.standby = primary, standby

    def address(self, database: str) -> str:
        """Of a database, wherever the primary is: libpq tries the one and the other."""
        hosts = ",".join(
            quote(str(one.folder), "")
            for one in sorted((self.primary, self.standby), key=lambda one: one.name)
        )
        return f"postgresql://{_ROLE}@/{database}?host={hosts}"

    def ask(self, sql: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """The rows of a statement, of the primary."""
        return self.primary.server.ask(sql, database)

    def create(self, database: str) -> str:
        """The address of a new, empty database."""
        self.primary.server.create(database)
        return self.address(database)

    def wait_for_standby(self) -> None:
        """Return when nothing is committed that the standby does not have."""
        name = self.standby.name
        self.ask(f"ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 ({name})'")
        self.ask("SELECT pg_reload_conf()")
        wait_until(self._is_synchronous, "the standby is waited for")

    def _is_synchronous(self) -> bool:
        states = "SELECT sync_state FROM pg_stat_replication"
        return self.ask(states) == [("sync",)]

    def promote(self) -> None:
        """The standby is the primary from now on; nobody is waited for."""
        self.primary, self.standby = self.standby, self.primary
        self.ask("SELECT pg_promote()")

    def wait_level(self) -> None:
        """Return when the standby has applied all that was committed."""
        ((until,),) = self.ask("SELECT pg_current_wal_lsn()")
        applied = f"SELECT pg_last_wal_replay_lsn() >= '{until}'"
        wait_until(lambda: self.standby.server.ask(applied) == [(True,)], "it is level")

    def rejoin(self) -> None:
        """What was the primary, and was killed, stands by from now on."""
        self.standby.copy_of(self.primary)
        self.standby.start()
        self.wait_for_standby()


class _Machine:
    """A folder with a server's data, and its process, if one runs."""

    process: "subprocess.Popen[bytes]"

    def __init__(self, name: str, folder: Path, *, fsync: bool) -> None:
        self.name, self.folder, self.data = name, folder, folder / "data"
        self.server = PostgresServer(folder)
        self._programs = find_programs()
        self._settings = {**_SETTINGS, **(_SYNCED if fsync else {})}
        self._by: list[str | Path] = [*as_nobody()]
        self._runs = False
        give_to_nobody(folder)

    def make(self) -> None:
        """With nothing in it."""
        words = ["-D", self.data, "-U", _ROLE, "-A", "trust", "--no-sync"]
        self._call("initdb", *words, "--data-checksums", "--locale=C.UTF-8")

    def copy_of(self, other: "_Machine") -> None:
        """What the other has, to stand by; for whom it commits, is its own affair."""
        shutil.rmtree(self.data, ignore_errors=True)
        source = f"host={other.folder} user={_ROLE} application_name={self.name}"
        words = ["-d", source, "-D", self.data, "-X", "stream"]
        self._call("pg_basebackup", *words, "-c", "fast", "-R", "--no-sync")
        with (self.data / "postgresql.auto.conf").open("a") as settings:
            settings.write("synchronous_standby_names = ''\n")

    def start(self) -> None:
        """Run it, and return when it answers."""
        words = [f"-c{key}={value}" for key, value in self._settings.items()]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self._by, self._programs / "postgres", *self._places(), *words],
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        self._runs = True
        wait_until(self._answers, "PostgreSQL starts")

    def _places(self) -> list[str | Path]:
        return ["-D", self.data, "-k", self.folder]

    def kill(self) -> None:
        """As when the power goes: all its processes, at once."""
        self._signal(signal.SIGKILL)
        self.process.wait()
        self._runs = False
        # Of a power cut the memory that they share does not stay either.
        wait_until(lambda: not self._children(), "all its processes are gone")

    def stall(self) -> None:
        """It does not answer, and is there."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """It answers again."""
        self._signal(signal.SIGCONT)

    def end(self) -> None:
        """At once: nobody needs its data."""
        if self._runs:
            self.go_on()
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()
            self._runs = False

    def _signal(self, number: int) -> None:
        # The first, so that it starts no others meanwhile.
        for pid in (self.process.pid, *self._children()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _children(self) -> list[int]:
        """Whoever works in its data beside the first process, and has not ended."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                is_ours = (process / "cwd").readlink() == self.data
                if is_ours and int(process.name) != self.process.pid:
                    found.append(int(process.name))
        return found

    def _answers(self) -> bool:
        ended = self.process.poll()
        assert ended is None, (self.folder / "log").read_text()
        try:
            self.server.ask("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def _call(self, program: str, *words: str | Path) -> None:
        done = subprocess.run(
            [*self._by, self._programs / program, *words],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


@contextlib.contextmanager
def _machine(name: str, *, fsync: bool) -> Iterator[_Machine]:
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        machine = _Machine(name, Path(folder), fsync=fsync)
        try:
            yield machine
        finally:
            machine.end()
