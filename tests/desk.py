"""People of ours before the page of a report, and partners who speak of it."""

from contextlib import closing

from msgspec import structs

from federation.config.home import Home
from federation.flows.incidents.index import index_all_incidents
from federation.records.sealed import seal
from federation.store import logs, people
from federation.store.db import Database
from federation.tlog.merkle import hash_leaf
from tests.browsing import Browser
from tests.fakes import FakeOrg
from tests.homes import ELECTION

PEOPLE = {"Vina": "viewer", "Edi": "editor", "Esti": "editor", "Koko": "coordinator"}


def link_of(name: str) -> str:
    """The secret of the link of somebody."""
    return name.ljust(43, "x")


def let_people_in(home: Home) -> None:
    """One of each role, two editors; nobody has the home open."""
    with closing(Database.open(home.data)) as db, db.transaction() as tx:
        for name, role in PEOPLE.items():
            people.save_person(tx, name, role, link_of(name), 0, 1 << 36)


class SignedIn:
    """A browser of this person."""

    def __init__(self, node, name) -> None:
        self.browser, self.name = Browser(node.url), name

    async def __aenter__(self):
        await self.browser.sign_in(f"/masuk?k={link_of(self.name)}")
        return self.browser

    async def __aexit__(self, *_):
        await self.browser.session.close()


def hold_statements(db: Database, *statements) -> None:
    """Statements of partners, each in the log for partners of its organisation."""
    with db.transaction() as tx:
        for one in statements:
            log = logs.add_log(tx, f"{one.org}/{ELECTION}/incidents", own=False)
            one = structs.replace(one, election=ELECTION)  # noqa: PLW2901  as it is held
            leaf = seal(one, FakeOrg(one.org, ELECTION).records)
            logs.append_leaves(tx, log.id, log.next_index, [leaf], [hash_leaf(leaf)])
    index_all_incidents(db)


def did(home: Home) -> list[tuple[str, str, str, str]]:
    """The log of actions: who, as what, did what, to what; but for signing in."""
    with closing(Database.open(home.data, readonly=True)) as db, db.view() as view:
        rows = view.execute(
            "SELECT person, role, what, subject FROM action ORDER BY number"
        ).fetchall()
    return [row for row in rows if row[2] not in {"add", "sign-in"}]
