"""Fixtures for every floor: shared real data and vectors, and the sample map."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from federation.node.events import LOG
from federation.store import sqlite
from federation.store.db import Database
from federation.store.enginechoice import FILE_NAME
from tests import sample_map
from tests.engines import ENGINES
from tests.memory import lay_in_memory
from tests.postgresserver import (
    FolderDatabases,
    PostgresPair,
    PostgresServer,
    postgres_pair,
    postgres_server,
)

PROJECT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and vectors; a test that needs it skips without it."""
    folder = Path(os.environ.get("FEDERATION_SHARED", PROJECT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}: set FEDERATION_SHARED")
    return folder


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest --engine postgresql FILES`: their databases are a server's.

    `--store ceph`: the object store of stories is Ceph's gateway.
    """
    parser.addoption("--engine", choices=ENGINES, default=ENGINES[0])
    parser.addoption("--store", choices=("seaweedfs", "ceph"), default="seaweedfs")


def pytest_configure(config: pytest.Config) -> None:
    """Before anything is made."""
    del config
    lay_in_memory()


@pytest.fixture(scope="session")
def new_database(tmp_path_factory) -> Path:
    """The file of a database that has its tables, and nothing in them."""
    folder = tmp_path_factory.mktemp("new")
    Database.open(folder).close()
    return folder / FILE_NAME


@pytest.fixture(autouse=True)
def tables_are_copied(request, new_database, monkeypatch) -> Iterator[None]:
    """A test's new databases are copies of one: most tests take less than 40 tables.

    With `--engine postgresql` they are databases of a server, which is told by no test.
    """
    if request.config.getoption("engine") == "postgresql":
        databases = request.getfixturevalue("postgres_databases")
        monkeypatch.setattr("federation.store.db.engine_at", databases.engine_at)
        yield
        databases.take_back()
        return
    open_to_write = sqlite.open_to_write

    def copy_and_open(path):
        if not path.exists():
            shutil.copyfile(new_database, path)
        return open_to_write(path)

    monkeypatch.setattr(sqlite, "open_to_write", copy_and_open)
    yield


@pytest.fixture(autouse=True)
def no_test_makes_the_log_louder_for_the_next() -> Iterator[None]:
    """`federation serve` says what happens: in a test, to the end of that test."""
    was = LOG.level
    yield
    LOG.setLevel(was)


@pytest.fixture
def db(tmp_path):
    """A database of its own for one test, in `tmp_path / "data"`."""
    opened = Database.open(tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory) -> Path:
    """The database of the sample map, made once and only ever copied."""
    folder = tmp_path_factory.mktemp("sample")
    sample_map.build(folder).close()
    return folder


@pytest.fixture
def sample_db(sample_folder, tmp_path):
    """A copy of it for one test."""
    db = Database.open(shutil.copytree(sample_folder, tmp_path / "data"))
    yield db
    db.close()


@pytest.fixture(scope="session")
def postgres_session() -> Iterator[PostgresServer]:
    """A private PostgreSQL; started by the first test that asks for it."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_pair_session() -> Iterator[PostgresPair]:
    """A primary that waits for its standby; who kills one has it rejoin."""
    with postgres_pair() as pair:
        yield pair


@pytest.fixture(scope="session")
def postgres_tables(postgres_session, tmp_path_factory) -> str:
    """The address of a database that has its tables, and nothing in them."""
    address = postgres_session.create("tables")
    Database.open(tmp_path_factory.mktemp("tables"), address).close()
    return address


@pytest.fixture(scope="session")
def postgres_databases(postgres_session, postgres_tables) -> FolderDatabases:
    """Databases of that server for the folders of tests, with `--engine postgresql`."""
    return FolderDatabases(postgres_session, "tables")


@pytest.fixture
def postgres(postgres_session, postgres_tables) -> Iterator[str]:
    """The same for one test: what it leaves is taken out again."""
    yield postgres_tables
    postgres_session.clean("tables")
