"""Databases whose tables are made, not copied, of both engines; one transaction in one.

What tests SQLite itself is `tests.engines.of_sqlite`.
"""

import pytest

from federation.store.db import Database
from tests.engines import ENGINES


@pytest.fixture(autouse=True)
def tables_are_copied() -> None:
    """Not here: what is tested makes them."""


@pytest.fixture(params=ENGINES)
def db(request, tmp_path):
    """A database of its own for one test, once of each engine."""
    address = None
    if request.param == "postgresql":
        address = request.getfixturevalue("postgres")
    opened = Database.open(tmp_path / "data", address)
    yield opened
    opened.close()


@pytest.fixture
def tx(db):
    with db.transaction() as opened:
        yield opened
