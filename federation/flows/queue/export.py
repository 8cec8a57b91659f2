"""All that waits to be read in one stream, page by page.

Rule: exactly what the list has for the same question, in its order (`waiting.py`). No
snapshot is held while somebody slowly downloads; what was read meanwhile is left out.
"""

from msgspec import UNSET

from federation.flows.query.scope import parse_region, read_names
from federation.flows.query.table import QueryTable
from federation.flows.queue.table import waiting_table
from federation.flows.queue.waiting import QueueAsked, list_queue
from federation.store.view import View

_PAGE = 200


class QueueExport:
    """One export under way; `read` gives a page, until `done`."""

    def __init__(self, asked: QueueAsked) -> None:
        """Begin at the head of the list.

        Raises:
            FormatError: `region` is not the code of a region.
        """
        parse_region(asked.region)
        self._asked, self._after = asked, ""
        self.cursor, self.done = "", False

    @property
    def name(self) -> str:
        """What a file of it is called, without its ending."""
        asked = self._asked
        return f"{asked.scope.election}-{asked.scope.contest}-queue-{asked.queue}"

    def head(self) -> dict[str, object]:
        """What the question was."""
        asked = self._asked
        given = {"region": asked.region, "reason": asked.reason}
        return {
            "election": asked.scope.election,
            "contest": asked.scope.contest,
            "queue": asked.queue,
            "order": asked.order,
            **{name: value for name, value in given.items() if value},
        }

    def read(self, view: View) -> QueryTable:
        """The next page; its columns are those of every page."""
        page = list_queue(view, self._asked, self._after, _PAGE)
        self.done = page.next is UNSET
        self._after = "" if page.next is UNSET else page.next
        names = read_names(
            view, self._asked.scope.election, [form.tps for form in page.forms]
        )
        return waiting_table(page.forms, names, page.cursor)
