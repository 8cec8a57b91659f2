"""Which engines a test of the store is of: both, unless it says otherwise."""

import pytest

ENGINES = ("sqlite", "postgresql")
#: Of a test that knows SQLite's own statements, or its file.
of_sqlite = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
