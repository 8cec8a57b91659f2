"""All that a node's database holds, put into another one: another engine, or back.

Rule: into an empty one only, in one transaction there, from one snapshot here; then
both are counted, table by table, and the digest of every map is compared. What was
signed is examined by `flows/doctor`, by whoever asks; only then does the node go over.

Source: docs/adr/0062-postgresql-beside-sqlite.md
"""

from collections.abc import Callable

import msgspec

from federation.errors import ConflictError, VerificationError
from federation.store import mapreading, mapstate
from federation.store.db import Database
from federation.text import Sentence

#: What every new database has: the name of its own history of changes, and counts of
#: nothing.
_NEW = frozenset({"blob_total", "merge_epoch", "merge_epoch_twice"})


class MovedRows(msgspec.Struct, frozen=True, kw_only=True):
    """What was put there: the rows of each table with any, the digest of each map."""

    rows: dict[str, int]
    digests: dict[str, str]


def check_empty(target: Database) -> None:
    """Refuse one that has rows, of a node or of a move that was not the last.

    Raises:
        ConflictError: it has.
    """
    held = {name for name, count in target.count_rows().items() if count} - _NEW
    if held:
        names = ", ".join(sorted(held)[:3])
        told = {"place": target.engine.name, "tables": names}
        raise ConflictError(Sentence("move.not-empty", **told))


def move_rows(
    source: Database, target: Database, told: Callable[[int], None]
) -> MovedRows:
    """Put all rows of one database into another, and compare the two.

    Args:
        source: That nobody writes to meanwhile.
        target: With the tables of this version, and nothing in them.
        told: Called with the number of rows that have been put there since.

    Raises:
        ConflictError: there is something in the target.
        VerificationError: it does not have what the source has.
        OSError: one of the two failed; there is nothing in the target.
    """
    check_empty(target)
    source.copy_rows_to(target, told)
    counted, digests = source.count_rows(), _digests(source)
    if target.count_rows() != counted or _digests(target) != digests:
        raise VerificationError(Sentence("move.differs", place=target.engine.name))
    rows = {name: count for name, count in counted.items() if count}
    return MovedRows(rows=rows, digests=digests)


def _digests(db: Database) -> dict[str, str]:
    with db.view() as view:
        elections = mapstate.list_elections(view)
        return {name: mapreading.map_digest(view, name) for name in elections}
