"""A database in the test's own folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from federation.store.db import Database


@pytest.fixture(autouse=True)
def tables_are_copied() -> None:
    """Not here: what is tested makes them."""


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = Database.open(tmp_path / "data")
    yield database
    database.close()
