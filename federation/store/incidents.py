"""Which signed records speak of which reported violation.

Rule: nothing here is new. Each row is a leaf that is stored and was admitted, written
behind a cursor of its own for each log (`flows/incidents/index.py`); all of it can be
dropped and made again. It finds and it orders; what a record says is read from the
record. The latest of an organisation about a subject counts: of its highest generation
the highest index. It is marked when a record of the subject comes or goes, so that
whoever revises a report a million times makes no list slower.

Who may see a row is asked of the gate: each says of which log it is.
"""

from collections.abc import Collection, Iterable
from typing import Any, Final, NamedTuple, Protocol

from federation.store.logcursor import LogCursor
from federation.store.twice import write_twice
from federation.store.view import Transaction, View

MIGRATIONS: tuple[tuple[str, str], ...] = (
    (
        "0001-create",
        """
        CREATE TABLE incident_said (
            log_id INTEGER NOT NULL,
            idx INTEGER NOT NULL,
            generation INTEGER NOT NULL,
            org TEXT NOT NULL,
            election TEXT NOT NULL,
            kind TEXT NOT NULL,
            subject TEXT NOT NULL,
            incident TEXT NOT NULL,
            other TEXT NOT NULL,
            reported_at TEXT NOT NULL,
            category TEXT NOT NULL,
            law TEXT NOT NULL,
            place TEXT NOT NULL,
            ref TEXT NOT NULL,
            is_latest INTEGER NOT NULL,
            PRIMARY KEY (log_id, idx)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX incident_subject
            ON incident_said (org, kind, subject, generation, idx);
        CREATE INDEX incident_listed
            ON incident_said (election, kind, reported_at, incident)
            WHERE is_latest = 1;
        CREATE INDEX incident_latest ON incident_said (org, kind, subject)
            WHERE is_latest = 1;
        CREATE INDEX incident_named ON incident_said (incident, log_id, idx);
        CREATE INDEX incident_other ON incident_said (other, log_id, idx)
            WHERE other <> '';
        CREATE TABLE incident_noted (
            log_id INTEGER PRIMARY KEY,
            idx INTEGER NOT NULL
        ) STRICT;
        """
        + write_twice("incident_noted", "log_id INTEGER", "idx INTEGER"),
    ),
    (
        "0002-placed",
        """
        CREATE INDEX incident_placed
            ON incident_said (log_id, kind, place, reported_at, incident)
            WHERE is_latest = 1;
        """,
    ),
)

#: So many records of one log about one incident are looked at, the newest: who signs a
#: million of them makes nothing slower, and hides nobody.
MAX_OF_LOG: Final = 100
_COLUMNS: Final = (
    "log_id, idx, generation, org, election, kind, subject, incident, other,"
    " reported_at, category, law, place, ref"
)
_OF_SUBJECT: Final = "org = ? AND kind = ? AND subject = ?"
_CURSOR: Final = LogCursor("incident_noted")
#: Below which index a log was looked through.
noted_up_to = _CURSOR.position


class IncidentEntry(NamedTuple):
    """One record about an incident, and where it stands.

    Attributes:
        log_id: Of its log.
        index: Its index there.
        generation: Of the log.
        org: Who says it.
        election: Of the log.
        kind: Its type's name, `incident/1`.
        subject: What it speaks of (`RecordKind.subject`).
        incident: The incident, as `org/id`.
        other: The second one, of a pair; else "".
        reported_at: Of an incident, and `category`, `law`, `place` and `ref`; else "".
        category: See there.
        law: See there.
        place: The code of its station or region.
        ref: The organisation's own name for it.
    """

    log_id: int
    index: int  # type: ignore[assignment]  # the log's word; tuple.index is unused
    generation: int
    org: str
    election: str
    kind: str
    subject: str
    incident: str
    other: str
    reported_at: str = ""
    category: str = ""
    law: str = ""
    place: str = ""
    ref: str = ""


class ListedReport(Protocol):
    """What of a report is asked by a filter."""

    @property
    def category(self) -> str:
        """Of what kind it is."""

    @property
    def law(self) -> str:
        """Which law is said to be broken."""

    @property
    def org(self) -> str:
        """Who passes it on."""

    @property
    def place(self) -> str:
        """The code of its station or region."""

    @property
    def reported_at(self) -> str:
        """When it was reported."""


class IncidentFilter(NamedTuple):
    """Which incidents are meant; "" means all.

    `since` and `until`: reported then or later, and before; as `reported_at` is
    written. `agency`: who has it, which no report says (`agencies_of`): for lists of
    those of one thing. `after`: the `reported_at` and the name of the last one that was
    told; `traced`: the names of reports that were met before and say where that was.
    """

    election: str
    category: str = ""
    law: str = ""
    region: str = ""
    org: str = ""
    since: str = ""
    until: str = ""
    agency: str = ""
    after: tuple[str, str] = ("", "")
    traced: tuple[str, ...] = ()

    def fits(self, report: ListedReport) -> bool:
        """Whether a report of this election is meant, whatever was told before."""
        return (
            self.category in ("", report.category)
            and self.law in ("", report.law)
            and self.org in ("", report.org)
            and report.place.startswith(self.region)
            and report.reported_at >= self.since
            and (not self.until or report.reported_at < self.until)
        )


def replace_entries(
    tx: Transaction, log_id: int, start: int, end: int, entries: Iterable[IncidentEntry]
) -> None:
    """Note these, all that leaves [start, end) say, and that they are noted."""
    new = list(entries)
    touched = {entry[3:4] + entry[5:7] for entry in new}
    touched |= _drop(tx, "log_id = ? AND idx >= ? AND idx < ?", log_id, start, end)
    tx.executemany(
        f"INSERT INTO incident_said ({_COLUMNS}, is_latest)"  # noqa: S608  a constant
        " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,0)",
        new,
    )
    _mark_latest(tx, touched)
    _CURSOR.move(tx, log_id, end)


def forget_from(tx: Transaction, log_id: int, index: int) -> None:
    """The leaves from this index on were judged again, or are not there any more."""
    _mark_latest(tx, _drop(tx, "log_id = ? AND idx >= ?", log_id, index))
    _CURSOR.take_back(tx, log_id, index)


def _drop(tx: Transaction, where: str, *values: int) -> set[tuple[Any, ...]]:
    """Delete these rows; of whom, of which kind and about what they were."""
    rows = tx.execute(
        f"SELECT DISTINCT org, kind, subject FROM incident_said WHERE {where}",  # noqa: S608  constants
        values,
    )
    touched = {tuple(row) for row in rows}
    if touched:
        tx.execute(f"DELETE FROM incident_said WHERE {where}", values)  # noqa: S608  constants
    return touched


def _mark_latest(tx: Transaction, subjects: Iterable[tuple[Any, ...]]) -> None:
    for subject in subjects:
        tx.execute(
            f"UPDATE incident_said SET is_latest = 0 WHERE {_OF_SUBJECT}"  # noqa: S608  a constant
            " AND is_latest = 1",
            subject,
        )
        newest = tx.execute(
            f"SELECT log_id, idx FROM incident_said WHERE {_OF_SUBJECT}"  # noqa: S608  a constant
            " ORDER BY generation DESC, idx DESC LIMIT 1",
            subject,
        ).fetchone()
        if newest is not None:
            tx.execute(
                "UPDATE incident_said SET is_latest = 1 WHERE log_id = ? AND idx = ?",
                newest,
            )


def wrongly_marked(view: View) -> list[str]:
    """The incidents of which another record is marked as the latest than is."""
    rows = view.execute(
        "SELECT DISTINCT said.incident FROM incident_said AS said"
        " WHERE said.is_latest <> CASE WHEN EXISTS"
        " (SELECT 1 FROM incident_said AS newer"
        " WHERE newer.org = said.org AND newer.kind = said.kind"
        " AND newer.subject = said.subject AND (newer.generation > said.generation"
        " OR (newer.generation = said.generation AND newer.idx > said.idx)))"
        " THEN 0 ELSE 1 END ORDER BY said.incident"
    )
    return [incident for (incident,) in rows]


def list_entries(view: View, log_id: int, start: int, end: int) -> list[IncidentEntry]:
    """What is noted of leaves [start, end) of a log, in their order."""
    rows = view.execute(
        f"SELECT {_COLUMNS} FROM incident_said"  # noqa: S608  a constant
        " WHERE log_id = ? AND idx >= ? AND idx < ? ORDER BY idx",
        (log_id, start, end),
    )
    return [IncidentEntry(*row) for row in rows]


def list_latest(
    view: View,
    kind: str,
    asked: IncidentFilter,
    readable: Collection[int],
    limit: int,
) -> list[IncidentEntry]:
    """The newest incidents first, each as its organisation says it last.

    Args:
        view: A snapshot.
        kind: The name of the type of an incident.
        asked: Which of them.
        readable: The logs that may be read.
        limit: The most.
    """
    where, values = _where(kind, asked)
    rows = view.execute(
        f"SELECT {_COLUMNS} FROM incident_said WHERE {where}"  # noqa: S608  constants
        " AND is_latest = 1 ORDER BY reported_at DESC, incident DESC",
        values,
    )
    found: list[IncidentEntry] = []
    for row in rows:
        entry = IncidentEntry(*row)
        if entry.log_id in readable:
            found.append(entry)
            if len(found) == limit:
                break
    return found


def list_reported(
    view: View, kind: str, election: str, after: tuple[str, str], limit: int
) -> list[IncidentEntry]:
    """Incidents, the oldest first, each as its organisation says it last.

    Args:
        view: A snapshot.
        kind: The name of the type of an incident.
        election: Of which election.
        after: The `reported_at` and the name of the last one, as of `IncidentFilter`.
        limit: The most.
    """
    rows = view.execute(
        f"SELECT {_COLUMNS} FROM incident_said WHERE election = ? AND kind = ?"  # noqa: S608  a constant
        " AND is_latest = 1 AND reported_at >= ? AND (reported_at > ? OR incident > ?)"
        " ORDER BY reported_at, incident LIMIT ?",
        (election, kind, after[0], *after, limit),
    )
    return [IncidentEntry(*row) for row in rows]


def _where(kind: str, asked: IncidentFilter) -> tuple[str, list[Any]]:
    terms, values = ["election = ? AND kind = ?"], [asked.election, kind]
    for column in ("category", "law", "org"):
        if wanted := getattr(asked, column):
            terms.append(f"{column} = ?")
            values.append(wanted)
    if asked.region:
        terms.append("place >= ? AND place < ?")
        values += [asked.region, asked.region + "~"]
    for column, bound in (
        ("reported_at >=", asked.since),
        ("reported_at <", asked.until),
    ):
        if bound:
            terms.append(f"{column} ?")
            values.append(bound)
    if asked.after != ("", ""):
        # The first term is for the index.
        terms.append("reported_at <= ? AND (reported_at < ? OR incident < ?)")
        values += [asked.after[0], *asked.after]
    return " AND ".join(terms), values


def is_reported(view: View, kind: str, incident: str) -> bool:
    """Whether a report has this id, whoever's it is; `kind`: the type of a report."""
    row = view.execute(
        "SELECT 1 FROM incident_said WHERE kind = ? AND incident LIKE ? LIMIT 1",
        (kind, f"%/{incident}"),
    ).fetchone()
    return row is not None


def about_incident(
    view: View, incident: str, *, only_latest: bool = False
) -> list[IncidentEntry]:
    """All that is said of an incident, of each log the newest MAX_OF_LOG, by log.

    `only_latest`: of what an organisation says of one subject, what it says last.
    """
    which = " AND is_latest = 1" if only_latest else ""
    found: list[IncidentEntry] = []
    for column in ("incident", "other"):
        logs = view.execute(
            "SELECT id FROM log WHERE EXISTS (SELECT 1 FROM incident_said"  # noqa: S608  a constant
            f" WHERE {column} = ? AND {column} <> '' AND log_id = log.id) ORDER BY id",
            (incident,),
        ).fetchall()
        for (log_id,) in logs:
            rows = view.execute(
                f"SELECT {_COLUMNS} FROM incident_said"  # noqa: S608  constants
                f" WHERE {column} = ? AND {column} <> '' AND log_id = ?{which}"
                " ORDER BY idx DESC LIMIT ?",
                (incident, log_id, MAX_OF_LOG),
            )
            found += [IncidentEntry(*row) for row in rows]
    return sorted(set(found))


def list_near(
    view: View,
    near: IncidentEntry,
    places: Iterable[tuple[str, str]],
    limit: int,
    *,
    is_later: bool = False,
) -> list[IncidentEntry]:
    """Incidents of one log that were reported before another one, the newest first.

    With `is_later`, after it and the oldest first.

    Args:
        view: A snapshot.
        near: The other one, of any log; `log_id` says in which log to look.
        places: Their codes, each from the first up to below the second.
        limit: The most for each of `places`.
        is_later: See above.
    """
    than, order = (">", "ASC") if is_later else ("<", "DESC")
    found: list[IncidentEntry] = []
    for first, end in places:
        rows = view.execute(
            f"SELECT {_COLUMNS} FROM incident_said"  # noqa: S608  a constant
            " WHERE log_id = ? AND kind = ? AND is_latest = 1"
            f" AND place >= ? AND place < ? AND reported_at {than}= ?"
            f" AND (reported_at {than} ? OR incident {than} ?)"
            f" ORDER BY reported_at {order}, incident {order} LIMIT ?",
            (
                *(near.log_id, near.kind, first, end),
                *(near.reported_at, near.reported_at, near.incident, limit),
            ),
        )
        found += [IncidentEntry(*row) for row in rows]
    return found


def find_latest(
    view: View, org: str, kind: str, subjects: Iterable[str]
) -> dict[str, IncidentEntry]:
    """The latest of an organisation about each of these subjects, if there is one."""
    rows = view.select_among(
        f"SELECT {_COLUMNS} FROM incident_said WHERE org = ? AND kind = ?"  # noqa: S608  constants
        " AND subject IN ({marks}) AND is_latest = 1",
        org,
        kind,
        among=sorted(set(subjects)),
    )
    return {entry.subject: entry for entry in (IncidentEntry(*row) for row in rows)}
