"""Papers for an agency are looked at before somebody approves them.

Rule: that somebody was handed them is durable before they are: an annex lies open in
them (`flows/annex/uses.py`). What is handed over are the bytes that would go, checked
against their digest.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

from federation.flows.refer.overview import find_waiting, note_papers_seen
from federation.node.resources import Clocks, Resources
from federation.store.outbox import OutboxItem
from federation.store.papers import PapersFolder
from federation.store.view import Transaction
from federation.web.requests.papers import LookAtPapers
from federation.web.requests.request import Request


class PapersHost(Protocol):
    """What it needs of the node."""

    resources: Resources
    clocks: Clocks


async def look_at_papers(node: PapersHost, given: LookAtPapers) -> bytes:
    """The bytes that wait to be sent.

    Raises:
        NotFoundError: no such papers wait, or nobody of that name may see them.
        StoredError: they are damaged.
        OSError: a disk is full or failed.
    """
    resources, now = node.resources, int(node.clocks.wall())
    org = resources.settings.org

    def note(tx: Transaction) -> OutboxItem:
        found = find_waiting(tx, org, str(given.incident), given.dossier, now)
        note_papers_seen(tx, found.item, given.person, now)
        return found.item

    item = await resources.db.write(note)
    papers = PapersFolder(resources.home.outbox)
    return await asyncio.to_thread(papers.load, item.dossier, item.kind)


#: The function of each request, for `commands.run`.
WORK: Final[Mapping[type[Request[Any]], Callable[[Any, Any], Awaitable[Any]]]] = {
    LookAtPapers: look_at_papers,
}
