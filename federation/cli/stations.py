"""Which polling stations an election has, by what this node holds: for imports.

Rule: the database is only read, so that a dry run, a command of its own and one beside
a running node ask the same thing in the same way. A home without a database yet knows
the regions of the elections that are shipped (`flows/listing.py`).
"""

from collections.abc import Iterable

from federation.cli.context import Run
from federation.cli.intake import Lister
from federation.flows.listing import Doubt, find_unlisted
from federation.store import registers
from federation.store.db import FILE_NAME


def has_list(run: Run, election: str) -> bool:
    """Whether this node has the list of polling stations of an election."""
    if not (run.home.data / FILE_NAME).exists():
        return False
    with run.open_database().view() as view:
        return registers.is_known(view, election)


def make_lister(run: Run, election: str) -> Lister:
    """What says which stations an election should not have, by what this node holds."""
    is_there = (run.home.data / FILE_NAME).exists()
    database = run.open_database() if is_there else None

    async def find(codes: Iterable[str]) -> dict[str, Doubt]:
        if database is None:
            return find_unlisted(None, election, codes)
        return await database.read(find_unlisted, election, codes)

    return find
