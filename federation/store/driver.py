"""Which SQLite library of Python is used: pysqlite3 where it is installed.

Rule: the one that sqlite_utils takes, because it is given our connections. Chosen here
once more, as loading sqlite_utils is half of what a command that only reads would do:
it is asked for when tables are made (`migrations.py`).
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
else:
    try:
        sqlite3 = importlib.import_module("pysqlite3")
    except ImportError:
        import sqlite3

__all__ = ("sqlite3",)
