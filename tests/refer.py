"""Reports at agencies, for tests: agencies, papers, an incident of a home."""

import contextlib
import time
from pathlib import Path

from federation.config.home import Home
from federation.config.settings import load_settings
from federation.errors import NotFoundError
from federation.flows.incidents.answers import find_incident
from federation.flows.incidents.state import election_of_incident
from federation.flows.incidents.take import take_incidents
from federation.flows.ownlog.begin import introduce
from federation.node.resources import open_resources
from federation.records.incident import IncidentName
from federation.records.readers import THIS_MACHINE
from federation.sources.incidentdraft import read_incident
from federation.store import alarms
from federation.store.db import Database
from federation.store.outbox import OutboxItem, find_item, save_item
from federation.store.papers import PapersFolder
from tests.homes import ELECTION, serving
from tests.incidents import found_incidents
from tests.waiting import until

PAPERS = b"%PDF-1.4\nfor the tests\n%%EOF\n"
OTHER = b"%PDF-1.4\nothers\n%%EOF\n"
HAND = (
    '[[agency]]\nkey = "gakkumdu"\nname = "Sentra"\nkind = "gakkumdu"\naddress = "x"\n'
)
MAIL = (
    '[[agency]]\nkey = "bawaslu"\nname = "Bawaslu"\nkind = "bawaslu"\n'
    'email = "lapor@bawaslu.example"\naddress = "Jalan Contoh 1"\n'
)
REPORT = {
    "category": "politik_uang",
    "law": "pidana",
    "summary": "Amplop dibagikan di depan balai warga",
    "description": "Sejumlah orang membagikan amplop menjelang pemungutan suara.",
    "happened_at": "2019-04-16T22:00:00Z",
    "region": "3171",
    "ref": "QL-17",
}


def make_referring(home: Home, *more: str) -> None:
    """Keep reports in this home, for partners, and know the agencies."""
    found_incidents(home)
    (home.folder / "agencies.toml").write_text(HAND + MAIL + "".join(more))
    # Read by partners, and sent without waiting for them.
    text = home.settings.read_text()
    home.settings.write_text(text.replace("# hold_s = 60", "hold_s = 0"))


def write_papers(folder: Path, data: bytes = PAPERS) -> Path:
    """A file with papers."""
    path = folder / "papers.pdf"
    path.write_bytes(data)
    return path


def write_reports(home: Home, count: int, **changes: object) -> list[dict[str, str]]:
    """The names of incidents that this home has signed; nobody has it open."""
    with open_resources(home, load_settings(home.settings)) as resources:
        db, guard, log = resources.db, resources.guard, resources.incidents_of(ELECTION)
        introduce(db, guard, log)
        rows = [
            read_incident(REPORT | {"ref": f"QL-{number}"} | changes)
            for number in range(count)
        ]
        verdicts = take_incidents(db, guard, log, rows, time.time(), b"x" * 32)
    names = [verdict.incident.partition("/") for verdict in verdicts]
    assert all(name for _, _, name in names), verdicts
    return [{"id": name, "org": org} for org, _, name in names]


def write_report(home: Home, **changes: object) -> dict[str, str]:
    """The name of one."""
    return write_reports(home, 1, **changes)[0]


def by_mail(home: Home, port: int, security: str = "starttls", more: str = "") -> None:
    """Send e-mail by the server on this port of this machine."""
    before, title, after = home.settings.read_text().partition("[mail]\n")
    lines = f'host = "127.0.0.1"\nsender = "lapor@jagasuara.example"\nport = {port}\n'
    lines += f'security = "{security}"\n{more}'
    home.settings.write_text(before + title + lines + after)


@contextlib.contextmanager
def opened(home: Home):
    """The database of a home, to be read, also while somebody writes."""
    database = Database.open(home.data, home.database, readonly=True)
    with contextlib.closing(database), database.view() as view:
        yield view


def all_said(home: Home, incident: dict[str, str]) -> list[dict]:
    """What is signed about an incident, in order."""
    name = IncidentName(**incident)
    with opened(home) as view:
        found = find_incident(view, THIS_MACHINE, name).history or ()
    return [one.said for one in found]


def history(home: Home, incident: dict[str, str]) -> list[str]:
    """The stages and statuses that are signed about an incident, in order."""
    said = all_said(home, incident)
    return [one.get("stage") or one.get("status") or "report" for one in said]


def put_item(home: Home, item: OutboxItem) -> None:
    """As a database has it that no program of ours wrote so."""
    with contextlib.closing(Database.open(home.data)) as db, db.transaction() as tx:
        save_item(tx, item)


def standing(home: Home) -> set[str]:
    """The codes of the alarms of a home."""
    with opened(home) as view:
        return {one.code for one in alarms.list_alarms(view)}


def find_known(home: Home, incident: dict[str, str]) -> bool:
    """Whether an incident is known here."""
    with opened(home) as view:
        try:
            return bool(election_of_incident(view, IncidentName(**incident)))
        except NotFoundError:
            return False


def forget_items(home: Home) -> None:
    """As a database from before them knows nothing of them."""
    with contextlib.closing(Database.open(home.data)) as db, db.transaction() as tx:
        tx.execute("DELETE FROM outbox")


def find_row(home: Home, incident: dict[str, str], agency: str = "bawaslu"):
    """How far it is, as the database has it."""
    with opened(home) as view:
        return find_item(view, f"{incident['org']}/{incident['id']}", agency)


def find_note(home: Home, incident: dict[str, str], agency: str = "bawaslu"):
    """How far the note about it is, as the database has it."""
    with opened(home) as view:
        return find_item(view, f"{incident['org']}/{incident['id']}", agency, "note")


async def ask(node, command: str, incident, agency: str = "bawaslu", **members):
    """The status and the answer of a request about one on its way."""
    body = {"incident": incident, "agency": agency, **members}
    return await node.post(f"/v1/control/{command}-referral", body)


def keep(home: Home, data: bytes = PAPERS) -> str:
    """The digest of papers that wait."""
    return PapersFolder(home.outbox).save(data)


async def prepare(node, incident, agency: str = "bawaslu", **members):
    """Papers that are to be looked at."""
    members = {"way": "by-hand", "dossier": keep(node.home), **members}
    status, said = await ask(node, "prepare", incident, agency, **members)
    assert status == 200, said
    return said


async def approve(node, incident, agency: str = "bawaslu", **members):
    """The status and the answer."""
    members = {"dossier": keep(node.home), **members}
    return await ask(node, "approve", incident, agency, **members)


async def send(node, incident, data: bytes = PAPERS, agency: str = "bawaslu", **more):
    """Papers prepared and approved, to go by e-mail unless told otherwise."""
    given = {"way": "email", "dossier": keep(node.home, data), **more}
    await prepare(node, incident, agency, **given)
    status, said = await approve(node, incident, agency, dossier=given["dossier"])
    assert status == 200, said


def is_in(
    home: Home,
    incident: dict[str, str],
    state: str,
    agency: str = "bawaslu",
    kind: str = "dossier",
):
    """Whether it is so far, and all of it is said: to be waited for."""

    async def reached() -> bool:
        find = find_note if kind == "note" else find_row
        row = find(home, incident, agency)
        return row is not None and row.state == state and not row.due

    return reached


def tried(home: Home, incident: dict[str, str]):
    """Whether somebody has answered, or not been reached: to be waited for."""

    async def once() -> bool:
        return bool(find_row(home, incident).answer)

    return once


async def sent_from(home: Home, incident: dict[str, str], *, state: str = "sent"):
    """A node of this home sends one, and ends."""
    async with serving(home, alone=True) as node:
        await send(node, incident)
        await until(is_in(home, incident, state))
