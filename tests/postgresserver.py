"""A real PostgreSQL in a folder of its own, on a socket: for one session of tests.

It is run by nobody where the tests are run by root, whom PostgreSQL refuses. It waits
for no disk: what a power cut leaves behind is PostgreSQL's own affair.
"""

import contextlib
import os
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
        ('applied_step', 'schema_kept', 'merge_epoch', 'merge_epoch_twice')
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT 1 FROM %I)', one) INTO is_used;
        IF is_used THEN EXECUTE format('DELETE FROM %I', one); END IF;
    END LOOP;
END$$"""


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

    def clean(self, database: str) -> None:
        """Take out of its tables whatever a test has left there."""
        self.ask(_CLEAN, database)


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


@contextlib.contextmanager
def postgres_server(*, fsync: bool = False) -> Iterator[PostgresServer]:
    """One with its data in a folder; it ends with the block.

    `fsync`: it waits for the disk, as a node's does.
    """
    programs = find_programs()
    with tempfile.TemporaryDirectory(prefix="pg-") as name:
        folder, data = Path(name), Path(name) / "data"
        by: list[str | Path] = []
        if os.geteuid() == 0:
            os.chown(folder, _NOBODY, _NOBODY)
            by = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}"]
            by.append("--clear-groups")
        made = [
            programs / "initdb",
            "-D",
            data,
            "-U",
            _ROLE,
            "-A",
            "trust",
            "--no-sync",
        ]
        made += ["--data-checksums", "--locale=C.UTF-8"]
        done = subprocess.run(
            [*by, *made], cwd=folder, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        settings = {**_SETTINGS, **(_SYNCED if fsync else {})}
        words = [f"-c{key}={value}" for key, value in settings.items()]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*by, programs / "postgres", "-D", data, "-k", folder, *words],
                cwd=folder,
                stdout=log,
                stderr=log,
            )
        server = PostgresServer(folder, process.pid)
        try:
            wait_until(lambda: _answers(server, process), "PostgreSQL starts")
            yield server
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nobody needs its data
            process.wait()


def _answers(server: PostgresServer, process: "subprocess.Popen[bytes]") -> bool:
    ended = process.poll()
    assert ended is None, (server.folder / "log").read_text()
    try:
        server.ask("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True
