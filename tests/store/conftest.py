"""Databases whose tables are made, not copied, and one transaction in one."""

import pytest


@pytest.fixture(autouse=True)
def tables_are_copied() -> None:
    """Not here: what is tested makes them."""


@pytest.fixture
def tx(db):
    with db.transaction() as opened:
        yield opened
