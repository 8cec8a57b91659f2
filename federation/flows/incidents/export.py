"""All incidents that fit, page by page: for spreadsheets, archives, maps.

Rule: exactly those that the list has for the same question, each once
(`mergedlist.py`), in the order asked for where the list can have it (`sortedlist.py`:
so few are put in order at once); else the newest first. Memory does not grow with them,
and no snapshot is held while somebody slowly downloads: what is reported meanwhile is
newer than all that is still to come, and so is in the next download.
"""

from federation.flows.incidents.answers import (
    parse_after,
    parse_traced,
    readable_logs,
)
from federation.flows.incidents.due import DueDates
from federation.flows.incidents.mergedlist import list_merged
from federation.flows.incidents.sortedlist import (
    MAX_SORTED,
    IncidentOrder,
    list_sorted,
)
from federation.flows.incidents.table import read_merged_table
from federation.flows.query.table import QueryTable
from federation.records.readers import Caller
from federation.store.incidents import IncidentFilter
from federation.store.view import View

_PAGE = 200


class IncidentExport:
    """One export under way; `read` gives a page, until `done`."""

    def __init__(
        self,
        view: View,
        caller: Caller,
        asked: IncidentFilter,
        status: str,
        due: DueDates,
        order: IncidentOrder = "",
    ) -> None:
        """Begin with the newest, or the first in this order.

        `status`: only those of it, "" means all.

        Raises:
            NotFoundError: there is nothing of the kind for this caller.
        """
        readable_logs(view, caller, asked.election)
        self._caller, self._asked, self._due = caller, asked, due
        self._status = status
        self.cursor, self.done = "", False
        self._sorted = (
            list_sorted(view, caller, asked, MAX_SORTED, status, due, order, "")
            if order
            else None
        )
        self._order = order if self._sorted is not None else ""

    @property
    def name(self) -> str:
        """What a file of it is called, without its ending."""
        return f"{self._asked.election}-incidents"

    def head(self) -> dict[str, object]:
        """What the question was."""
        asked = self._asked
        given = {
            "category": asked.category,
            "law": asked.law,
            "region": asked.region,
            "org": asked.org,
            "since": asked.since,
            "until": asked.until,
            "status": self._status,
            "agency": asked.agency,
            "sort": self._order,
        }
        kept = {name: value for name, value in given.items() if value}
        return {"election": asked.election, **kept}

    def read(self, view: View) -> QueryTable:
        """The next page; its columns are those of every page."""
        page, self._sorted = self._sorted, None
        if page is None:
            page = list_merged(
                view, self._caller, self._asked, _PAGE, self._status, self._due
            )
        self._asked = self._asked._replace(
            after=parse_after(page.next), traced=parse_traced(page.next)
        )
        self.done = not page.next
        return read_merged_table(view, page.election, page.incidents)
