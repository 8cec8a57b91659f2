"""What another process writes, as one that only reads learns of it.

Rule: the database says by itself that somebody has written (`Engine.watch`), at the
same small cost however much that was; not what. What pages are made of is seen by
rows that every such commit changes (`_MARKS`: cursors, numbers, digests: a few for each
log). A commit that changed none of them counts for other tables at once, and for those
of the map within `WHOLE_S`: what is kept is never older for ever, whatever wrote it.

Where the database is another one (a backup was put in its place; another server has
taken the place of one that is gone), or its tables are those of another version, it is
said so, and nothing of it is read on.
"""

import errno
from typing import TYPE_CHECKING, Final, TypeAlias

from federation.store import migrations
from federation.store.db import Database
from federation.store.upgrade import program_version
from federation.store.view import View
from federation.store.writerheard import WriterHeard
from federation.text import Sentence

if TYPE_CHECKING:
    from federation.store.engine import EngineWatch

#: Tables of which `_MARKS` tell whether they were written.
MARKED: Final = (
    *("merge_cursor", "merge_election", "merge_epoch", "merged", "rollup", "recap"),
    *("official_change", "register", "register_region", "register_village"),
)
#: A batch of the map moves its cursor; recapitulations have cursors of their own; KPU's
#: figures are looked at from the first row that is due; a list has a digest.
_MARKS: Final = (
    "SELECT id, profile, register, rules, seq FROM merge_election ORDER BY id",
    "SELECT log_id, idx, stale_below, counted FROM merge_cursor ORDER BY log_id",
    "SELECT epoch FROM merge_epoch",
    "SELECT log_id, idx FROM recap_noted ORDER BY log_id",
    "SELECT key FROM official_due ORDER BY key LIMIT 1",
    "SELECT election, digest, source FROM register ORDER BY election",
)
#: Within so many seconds a commit counts for all tables: `doctor --mend` moves no mark.
WHOLE_S: Final = 30.0

_Mark: TypeAlias = tuple[tuple[tuple[object, ...], ...], ...]


class AnotherDatabaseError(Exception):
    """The database at this place is another one than the one that is open."""


class OtherTablesError(OSError):
    """Another version of this program has made the tables."""


class DatabaseWatch:
    """Looks at the database of another process; from one thread at a time."""

    def __init__(self, db: Database) -> None:
        """`db` is told what was written; nothing is looked at yet."""
        assert db.is_followed, "of a database that nobody else writes nothing is told"
        self._db = db
        self._watch: EngineWatch | None = None
        self._place: object = None
        self._number: object = None
        self._schema: object = None
        #: So many seconds before the last look the database had all that there was.
        self.behind_s = 0.0
        #: What it says of whoever writes.
        self.writer = WriterHeard()
        self._mark: _Mark = ()
        # When it was last said that any table may have been written, and whether there
        # was a commit since of which that was not said.
        self._whole_at, self._is_owed = float("-inf"), False

    def close(self) -> None:
        """Let go of the database."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None

    def look(self, now: float) -> bool:
        """Whether somebody has written since the last look: then `db` is told.

        `now`: monotonic seconds.

        Raises:
            AnotherDatabaseError: since the first look it has become another one.
            OtherTablesError: this version does not know the tables, or lacks some.
            FederationError: the database cannot be read, or is damaged.
            OSError: it is not there, or the disk or the server failed.
        """
        if self._watch is None:
            self._watch = self._db.engine.watch()
        found = self._watch.look()
        if self._place is None:
            self._place = found.place
        if found.place != self._place:
            raise AnotherDatabaseError
        self.behind_s = found.behind_s
        if found.word is not None:
            self.writer.hear(found.word, now)
        if found.number != self._number:
            self._read(now)
            self._number = found.number
            return True
        if self._is_owed and now - self._whole_at >= WHOLE_S:
            self._tell_whole(now)
            return True
        return False

    def _read(self, now: float) -> None:
        with self._db.view() as view:
            self._check_tables(view)
            mark = tuple(tuple(view.execute(sql).fetchall()) for sql in _MARKS)
        if mark != self._mark or now - self._whole_at >= WHOLE_S:
            self._mark = mark
            self._tell_whole(now)
        else:
            self._db.written_elsewhere(but=MARKED)
            self._is_owed = True

    def _tell_whole(self, now: float) -> None:
        self._db.written_elsewhere()
        self._whole_at, self._is_owed = now, False

    def _check_tables(self, view: View) -> None:
        """Refuse tables of another version; looked at when they have changed."""
        schema = view.execute(view.engine.schema_number).fetchone()
        if schema == self._schema:
            return
        due, unknown = migrations.compare_steps(view)
        if due or unknown:
            name = "reader-older" if unknown else "reader-newer"
            words = Sentence(f"machine.{name}", version=program_version())
            raise OtherTablesError(errno.ENOTSUP, words, view.engine.name)
        self._schema = schema
