"""A database in the test's own folder, and a node that wants photographs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from federation.store.db import Database
from tests.fetching import Wanting


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / "data")
    yield database
    database.close()


@pytest.fixture
def node(db: Database, tmp_path: Path) -> Wanting:
    return Wanting(db, tmp_path)
