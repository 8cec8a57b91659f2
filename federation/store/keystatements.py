"""What an organisation signs about itself: its key statements and its about note.

Rule: bytes as they were signed; whoever saves them has verified them. Key statements
only ever grow by one version, of about notes the newest issue stands.
"""

from collections.abc import Sequence

from msgspec import UNSET

from federation.errors import ConflictError, FormatError
from federation.records.keystatement import Follows, KeyStatement, next_generation
from federation.records.sealed import leaf_statement
from federation.store import incidents, recaps
from federation.store.twice import write_twice
from federation.store.view import Transaction, View
from federation.text import Sentence

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE key_statement (
            log_id INTEGER NOT NULL,
            version INTEGER NOT NULL,
            note BLOB NOT NULL,
            PRIMARY KEY (log_id, version)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE about (
            org TEXT PRIMARY KEY,
            issue INTEGER NOT NULL,
            note BLOB NOT NULL
        ) STRICT, WITHOUT ROWID;
        """,
    ),
    ("0005-twice", write_twice("about", "org TEXT", "issue INTEGER, note BLOB")),
)


def save_keys(tx: Transaction, log_id: int, notes: Sequence[bytes]) -> None:
    """Keep a verified chain of key statements, version 1 first.

    Of a log that this one continues no report counts above the size that it names.

    Raises:
        ConflictError: another statement is held for one of the versions.
    """
    held = read_keys(tx, log_id)
    if list(notes[: len(held)]) != held[: len(notes)]:
        raise ConflictError(Sentence("held.other-statements", log_id=log_id), len(held))
    tx.executemany(
        "INSERT INTO key_statement (log_id, version, note) VALUES (?,?,?)",
        [
            (log_id, version, note)
            for version, note in enumerate(notes, start=1)
            if version > len(held)
        ],
    )
    continuing = tx.execute(
        "SELECT 1 FROM log WHERE id = ? AND generation > 1", (log_id,)
    )
    if continuing.fetchone() is not None:
        _forget_continued(tx, log_id)


def _forget_continued(tx: Transaction, log_id: int) -> None:
    follows = read_follows(tx, log_id)
    ended = None if follows is None else _find_id(tx, follows.origin)
    if follows is not None and ended is not None:
        incidents.forget_from(tx, ended, follows.size)
        recaps.forget_from(tx, ended, follows.size)


def counted_end(view: View, origin: str) -> int | None:
    """Below which index a log counts, where a log that is held continues it."""
    try:
        successor = next_generation(origin)
    except FormatError:
        return None
    log_id = _find_id(view, successor)
    follows = None if log_id is None else read_follows(view, log_id)
    return None if follows is None else follows.size


def _find_id(view: View, origin: str) -> int | None:
    row = view.execute("SELECT id FROM log WHERE origin = ?", (origin,)).fetchone()
    return None if row is None else int(row[0])


def read_keys(view: View, log_id: int) -> list[bytes]:
    """The key statements of a log, version 1 first."""
    rows = view.execute(
        "SELECT note FROM key_statement WHERE log_id = ? ORDER BY version", (log_id,)
    )
    return [row[0] for row in rows]


def read_follows(view: View, log_id: int) -> Follows | None:
    """What the newest statement of a log says of the log that it continues, if any."""
    notes = read_keys(view, log_id)
    if not notes:
        return None
    statement = _statement_of(notes[-1])
    return None if statement.follows is UNSET else statement.follows


def begun_at(view: View, log_id: int) -> str | None:
    """When the first key statement of a log was signed, as it says, if one is held."""
    notes = read_keys(view, log_id)
    return _statement_of(notes[0]).recorded_at if notes else None


def _statement_of(note: bytes) -> KeyStatement:
    # Verified when it was saved.
    statement = leaf_statement(note)
    assert isinstance(statement, KeyStatement), "nothing else is saved there"
    return statement


def list_versions(view: View, log_id: int) -> list[int]:
    """The versions of the key statements that are held of a log."""
    rows = view.execute(
        "SELECT version FROM key_statement WHERE log_id = ? ORDER BY version", (log_id,)
    )
    return [row[0] for row in rows]


def count_keys(view: View, log_id: int) -> int:
    """How many key statements are held of a log."""
    row = view.execute(
        "SELECT count(*) FROM key_statement WHERE log_id = ?", (log_id,)
    ).fetchone()
    return int(row[0])


def save_about(tx: Transaction, org: str, issue: int, note: bytes) -> None:
    """Keep an organisation's about note, if its issue is the highest seen."""
    tx.execute(
        "INSERT INTO about (org, issue, note) VALUES (?,?,?) ON CONFLICT (org)"
        " DO UPDATE SET issue = excluded.issue, note = excluded.note"
        " WHERE excluded.issue > about.issue",
        (org, issue, note),
    )


def read_about(view: View, org: str) -> bytes | None:
    """The newest about note of an organisation, if one is held."""
    row = view.execute("SELECT note FROM about WHERE org = ?", (org,)).fetchone()
    return None if row is None else row[0]


def about_issues(view: View, org: str) -> list[int]:
    """Every issue that is named for an organisation's about note; both writings."""
    rows = view.execute(
        "SELECT issue FROM about WHERE org = ?"
        " UNION ALL SELECT issue FROM about_twice WHERE org = ?",
        (org, org),
    )
    return [row[0] for row in rows]


def replace_about(tx: Transaction, org: str, issue: int, note: bytes) -> None:
    """Keep our own about note, whatever issue is held: it may be a damaged one."""
    tx.execute("DELETE FROM about WHERE org = ?", (org,))
    tx.execute(
        "INSERT INTO about (org, issue, note) VALUES (?,?,?)", (org, issue, note)
    )


def list_about(view: View) -> list[tuple[str, int, bytes]]:
    """Every about note that is held, as (organisation, issue, note)."""
    rows = view.execute("SELECT org, issue, note FROM about ORDER BY org")
    return rows.fetchall()


def about_orgs(view: View) -> set[str]:
    """The organisations whose about note is held."""
    rows = view.execute(f"SELECT {view.engine.as_bytes('org')} FROM about")  # noqa: S608  a constant
    return {org.decode(errors="replace") for (org,) in rows}


def drop_about(tx: Transaction, org: str) -> None:
    """Forget the about note of an organisation: it is asked for again."""
    tx.execute("DELETE FROM about WHERE org = ?", (org,))
