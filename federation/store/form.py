"""The form of the database file itself: what SQLite checks, its header, the schema.

Rule: SQLite compares its indexes with their tables, and believes the rest: fields of
the header that it does not use, and the words of the schema. Both are as this program
left them, or something else has written here.

Source: https://sqlite.org/fileformat2.html section 1.3
"""

from pathlib import Path
from typing import Final

from federation.store import migrations
from federation.store.view import Transaction, View

#: Name, offset, bytes: what nobody has set, or what has one value only.
_FIXED: Final = (
    ("version that may write", 18, 1, (1, 2)),
    ("version that may read", 19, 1, (1, 2)),
    ("reserved space", 20, 1, (0,)),
    ("payload fractions", 21, 3, (0x402020,)),
    ("schema format", 44, 4, (4,)),
    ("page cache size", 48, 4, (0,)),
    ("largest root page", 52, 4, (0,)),
    ("text encoding", 56, 4, (1,)),
    ("user version", 60, 4, (0,)),
    ("incremental vacuum", 64, 4, (0,)),
    ("application id", 68, 4, (0,)),
    ("reserved bytes", 72, 20, (0,)),
)
_HEADER_BYTES: Final = 100


def check_form(view: View, *, deep: bool) -> list[str]:
    """What is wrong with the file; nothing is as it should be.

    Args:
        view: Of the database; of one with a server, only what that says of itself.
        deep: Also compare every index with its table.

    Raises:
        OSError: the file cannot be read.
    """
    check, path = view.engine.check(deep=deep), view.engine.file
    wrong = [value for (value,) in view.execute(check).fetchall() if value != "ok"]
    # With a log beside the file its first page may be the one that it began with.
    header = b"" if path is None or _has_log(path) else _read_header(path)
    for name, at, width, expected in _FIXED:
        value = int.from_bytes(header[at : at + width], "big")
        if header and value not in expected:
            wrong.append(f"header, {name}: {value}")
    changed = migrations.changed_schema(view)
    return wrong + [f"schema of {name}" for name in changed]


def _has_log(path: Path) -> bool:
    log = path.with_name(f"{path.name}-wal")
    return log.exists() and log.stat().st_size > 0


def _read_header(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_HEADER_BYTES)


def is_written_twice(view: View) -> bool:
    """Whether a version that writes rows twice has opened this database to write."""
    return migrations.keeps_schema(view)


def compare_steps(view: View) -> tuple[list[str], list[str]]:
    """The steps that the next start applies, and those of a newer version."""
    return migrations.compare_steps(view)


def keep_schema(tx: Transaction) -> None:
    """Write the schema down again, where it is the one that the steps make."""
    if migrations.changed_schema(tx):
        migrations.keep_whole_schema(tx)
