"""Which polling stations an election has, by what this node holds: for imports.

Rule: the database is only read, so that a dry run, a command of its own and one beside
a running node ask the same thing in the same way. A home without a database yet knows
the regions of the elections that are shipped (`flows/listing.py`).
"""

from collections.abc import Sequence

from federation.cli.context import Run
from federation.flows.listing import Doubt, find_unlisted
from federation.flows.naming import Gazetteer, Stated
from federation.node.house.database import is_there
from federation.store import registers
from federation.text import Sentence


class StationList:
    """The list of one election, or what stands in for it."""

    def __init__(self, run: Run, election: str) -> None:
        """Open the database, if there is one."""
        self._database = run.open_database() if is_there(run.home) else None
        self._election = election
        self._gazetteer = Gazetteer(election)

    def has_list(self) -> bool:
        """Whether the list of polling stations was imported."""
        if self._database is None:
            return False
        with self._database.view() as view:
            return registers.is_known(view, self._election)

    async def find_unlisted(self, codes: Sequence[str]) -> dict[str, Doubt]:
        """Those that the election should not have, and why."""
        if self._database is None:
            return find_unlisted(None, self._election, codes)
        return await self._database.read(find_unlisted, self._election, codes)

    async def find_misnamed(self, rows: Sequence[Stated]) -> list[Sentence | None]:
        """For each row why its code and the names beside it cannot both be right."""
        if self._database is None:
            return [None] * len(rows)
        return await self._database.read(self._gazetteer.find_contradictions, rows)
