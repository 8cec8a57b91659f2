"""What all pages for editors share: who may see them, what was chosen, how they look.

Rule: whoever may read no forms is told how one is let in, nothing else; a mistake is
answered as a page. No script runs but `read.js` (`SCRIPT_POLICY`).
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final, Literal, TypeAlias, cast

from aiohttp import hdrs, web

from federation.errors import FormatError, NotFoundError
from federation.flows.query.scope import QueryScope, ask
from federation.flows.queue.answers import ORDERS, QueueOrder
from federation.records.readers import Caller, Person
from federation.records.readingqueue import QUEUES, ReadingQueue, ReadingReason
from federation.text import Sentence, Text
from federation.web.access import require
from federation.web.context import SITE
from federation.web.dashboard import pick_page_language
from federation.web.page import SCRIPT_POLICY, Page, static_address
from federation.web.requests.reading import FormReader

_CHOICES: Final = ("election", "contest", "lang", "queue", "region", "reason", "order")

Show: TypeAlias = Callable[["EditorPage"], Awaitable[web.StreamResponse]]


class EditorPage(Page):
    """A page for somebody who may read forms."""

    def __init__(self, request: web.Request, reader: FormReader) -> None:
        """`reader`: who asks; the gate let them."""
        chosen = {k: request.query[k] for k in _CHOICES if request.query.get(k)}
        super().__init__(request, Text(pick_page_language(request)), chosen)
        self.reader = reader

    @property
    def queue(self) -> ReadingQueue:
        """Which queue is worked on."""
        chosen = self.chosen.get("queue", "")
        return cast("ReadingQueue", chosen if chosen in QUEUES else "unread")

    @property
    def reason(self) -> ReadingReason | Literal[""]:
        """Which of the queue are shown: those that wait for this; "": all.

        Raises:
            FormatError: none of this queue does.
        """
        chosen = self.chosen.get("reason", "")
        if chosen and chosen not in QUEUES[self.queue]:
            raise FormatError(Sentence("page.no_such_list"), repr(chosen[:40]))
        return cast("ReadingReason", chosen)

    @property
    def order(self) -> QueueOrder:
        """In which order.

        Raises:
            FormatError: there is no such order.
        """
        chosen = self.chosen.get("order", ORDERS[0])
        if chosen not in ORDERS:
            raise FormatError(Sentence("page.no_such_list"), repr(chosen[:40]))
        return chosen

    def scope(self) -> QueryScope:
        """Which election and contest.

        Raises:
            NotFoundError: there is no such one here.
        """
        site, given = self.request.app[SITE], self.chosen
        election, contest = given.get("election", ""), given.get("contest", "")
        return ask(site.profiles, site.settings.elections, election, contest)

    def show(self, template: str, /, **values: object) -> web.Response:
        """The template, for this reader only, with the one script that may run."""
        owner = self.request.app[SITE].settings.name
        address = self.to(static_address("read.js"))
        answered = self.render(
            template, owner, script=address, queues=list(QUEUES), **values
        )
        answered.headers["Content-Security-Policy"] = SCRIPT_POLICY
        answered.headers[hdrs.CACHE_CONTROL] = "private, no-store"
        return answered


def for_editors(show: Show) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The handler of a page that only who may read forms gets."""

    async def handle(request: web.Request) -> web.StreamResponse:
        page = EditorPage(request, _reader(await require(request, "read-forms")))
        page.names = (await request.app[SITE].partners()).names
        try:
            return await show(page)
        except (NotFoundError, FormatError) as error:
            return _mistake(page, error)

    return handle


def _reader(caller: Caller) -> FormReader:
    if isinstance(caller, Person):
        return FormReader(name=caller.name, role=caller.role)
    return FormReader(name="", role="machine")


def _mistake(page: EditorPage, error: NotFoundError | FormatError) -> web.Response:
    answered = page.show("unread.html", said=page.t.say(_cause(error)), why="")
    is_format = isinstance(error, FormatError)
    answered.set_status(HTTPStatus.BAD_REQUEST if is_format else HTTPStatus.NOT_FOUND)
    return answered


def _cause(error: NotFoundError | FormatError) -> object:
    return error.what if isinstance(error, FormatError) else error.args[0]


def elsewhere(page: EditorPage, why: str, status: HTTPStatus) -> web.Response:
    """There is nothing to be read here now: why, and the way on."""
    answered = page.show("unread.html", said=page.t(f"queue.{why}"), why=why)
    answered.set_status(status)
    return answered
