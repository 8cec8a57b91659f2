"""A node that wants photographs."""

from pathlib import Path

import pytest

from federation.store.db import Database
from tests.fetching import Wanting


@pytest.fixture
def node(db: Database, tmp_path: Path) -> Wanting:
    return Wanting(db, tmp_path)
