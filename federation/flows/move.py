"""All that a node's database holds, put into another one: another engine, or back.

Rule: into an empty one only, in one transaction there, from one snapshot here; then
every row of both is read again, and the digests of their tables and of every map are
compared. One that has exactly these rows already is what a move that was ended has left
there: nothing is put into it, and it is compared as if it had been. What was signed is
examined by `flows/doctor`, by whoever asks; only then does the node go over.

Source: docs/adr/0062-postgresql-beside-sqlite.md
"""

from collections.abc import Callable
from typing import Final

import msgspec

from federation.errors import ConflictError, VerificationError
from federation.store import mapreading, mapstate
from federation.store.db import Database
from federation.text import Sentence

#: What every new database has: the name of its own history of changes, and counts of
#: nothing.
_NEW = frozenset({"blob_total", "merge_epoch", "merge_epoch_twice"})
#: How often a row goes by: it is put there, and read again on both sides.
PASSES: Final = 3


class MovedRows(msgspec.Struct, frozen=True, kw_only=True):
    """What is there: the rows of each table with any, the digest of each map.

    `resumed`: it was there before, whole: of a move that was ended.
    """

    rows: dict[str, int]
    digests: dict[str, str]
    resumed: bool


def move_rows(
    source: Database, target: Database, told: Callable[[int], None]
) -> MovedRows:
    """Put all rows of one database into another, and compare the two.

    Args:
        source: That nobody writes to meanwhile.
        target: With the tables of this version, and nothing in them; or exactly what
            the source has.
        told: Called with the number of rows that have gone by since, `PASSES` times
            those that there are.

    Raises:
        ConflictError: there is something else in the target; it is as it was.
        VerificationError: it does not have what the source has.
        OSError: one of the two failed; there is nothing in the target.
    """
    held = target.count_rows()
    resumed = any(count for name, count in held.items() if name not in _NEW)
    if not resumed:
        source.copy_rows_to(target, told)
    moved = compare_rows(source, target, told)
    if moved is None:
        if resumed:
            raise _not_empty(target, held)
        raise VerificationError(Sentence("move.differs", place=target.engine.name))
    return msgspec.structs.replace(moved, resumed=resumed)


def compare_rows(
    source: Database, target: Database, told: Callable[[int], None]
) -> MovedRows | None:
    """What two databases both have; None: one has what the other one has not.

    Nothing is put into either. `told` is called as by `move_rows`, for two passes.

    Raises:
        VerificationError: one of the two is damaged.
        OSError: one of the two failed.
    """
    counted = source.count_rows()
    if target.count_rows() != counted:
        return None
    digests, rows = _digests(source), source.digest_rows(told)
    if target.digest_rows(told) != rows or _digests(target) != digests:
        return None
    some = {name: count for name, count in counted.items() if count}
    return MovedRows(rows=some, digests=digests, resumed=True)


def _not_empty(target: Database, held: dict[str, int]) -> ConflictError:
    """What is told of rows of a node, or of a move that was not the last."""
    if target.engine.file is not None:
        return ConflictError(Sentence("move.file-there", path=target.engine.file))
    names = sorted({name for name, count in held.items() if count} - _NEW)
    told = {"place": target.engine.name, "tables": ", ".join(names[:3])}
    return ConflictError(Sentence("move.not-empty", **told))


def _digests(db: Database) -> dict[str, str]:
    with db.view() as view:
        elections = mapstate.list_elections(view)
        return {name: mapreading.map_digest(view, name) for name in elections}
