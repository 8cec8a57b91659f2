"""Who of our organisation is let in: what is done when a command or a page asks for it.

Rule: a link and its sessions are made and ended here only; each is an action in the log
that is never shared (`store/actions.py`).
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from federation.node.node import Node
from federation.records.canonical import check_text
from federation.store import actions, people
from federation.store.people import SignedIn
from federation.web.requests.people import (
    Added,
    AddPerson,
    CloseSession,
    ForgetActions,
    OpenSession,
    Revoked,
    RevokePerson,
    SeeSession,
)
from federation.web.requests.request import Request


async def add_person(node: Node, given: AddPerson) -> Added:
    """Let somebody in by a new link; one that they had opens nothing any more.

    Raises:
        RecordError: the name could hide something from its reader.
    """
    check_text(given.name, "name")
    now = int(node.clocks.wall())
    before = await node.resources.db.write(
        people.save_person, given.name, given.role, given.link, now, given.until
    )
    return Added(name=given.name, role=given.role, until=given.until, before=before)


async def revoke_person(node: Node, given: RevokePerson) -> Revoked:
    """Let somebody in no longer; their sessions end at once.

    Raises:
        NotFoundError: nobody of that name was added.
    """
    now = int(node.clocks.wall())
    ended = await node.resources.db.write(people.revoke_person, given.name, now)
    return Revoked(name=given.name, ended=ended)


async def forget_actions(node: Node, given: ForgetActions) -> int:
    """Forget what people did before a time; how many lines that were."""
    now = int(node.clocks.wall())
    return await node.resources.db.write(actions.forget_actions, given.before, now)


async def open_session(node: Node, given: OpenSession) -> SignedIn:
    """Sign a browser in.

    Raises:
        NotFoundError: the link lets nobody in.
    """
    now = int(node.clocks.wall())
    return await node.resources.db.write(
        people.open_session, given.link, given.secret, now, given.instead_of
    )


async def close_session(node: Node, given: CloseSession) -> bool:
    """Sign a browser out."""
    now = int(node.clocks.wall())
    return await node.resources.db.write(people.close_session, given.secret, now)


async def see_session(node: Node, given: SeeSession) -> None:
    """Keep when a browser was last here."""
    now = int(node.clocks.wall())
    await node.resources.db.write(people.see_session, given.secret, now)


#: The function of each request, for `commands.run`.
WORK: Final[Mapping[type[Request[Any]], Callable[[Node, Any], Awaitable[Any]]]] = {
    AddPerson: add_person,
    RevokePerson: revoke_person,
    ForgetActions: forget_actions,
    OpenSession: open_session,
    CloseSession: close_session,
    SeeSession: see_session,
}
