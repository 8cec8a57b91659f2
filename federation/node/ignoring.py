"""Whom somebody of ours has looked at, who asks and is no partner: told no more.

Rule: nothing else changes for them: they got what every stranger gets, and do. It is
said of a key, not of a name: whoever takes the same name by another key is told anew.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from federation.errors import NotFoundError
from federation.node.node import Node
from federation.node.strangers import ALARM, tell_strangers
from federation.records.readers import Person
from federation.store import actions, strangers
from federation.store.strangers import AskingKey, IgnoredStranger
from federation.store.view import Transaction
from federation.text import Sentence
from federation.web.requests.partners import IgnoreStrangers
from federation.web.requests.request import Request


async def ignore(node: Node, given: IgnoreStrangers) -> list[str]:
    """Tell no more of these, or tell of them again; answered with their keys.

    Raises:
        NotFoundError: there is none of that name or key.
    """
    now = int(node.clocks.wall())
    if given.again:
        done = await node.resources.db.write(_tell_again, given, now)
    else:
        done = await node.resources.db.write(_ignore, given, now)
    if not done:
        raise NotFoundError(Sentence("partners.nobody-asks", who=given.who))
    left = await node.resources.db.read(strangers.list_strangers)
    if tell_strangers(left) is None:
        await node.alarm(ALARM, node.resources.settings.org, None)
    return done


def _ignore(tx: Transaction, given: IgnoreStrangers, now: int) -> list[str]:
    found = [one for one in strangers.list_strangers(tx) if is_meant(given.who, one)]
    person, role = _who(given.person)
    strangers.ignore_strangers(
        tx,
        [
            IgnoredStranger(
                vkey=one.vkey, org=one.org, ignored_at=now, person=person, role=role
            )
            for one in found
        ],
    )
    return _note(tx, given, found, now)


def _tell_again(tx: Transaction, given: IgnoreStrangers, now: int) -> list[str]:
    found = [one for one in strangers.list_ignored(tx) if is_meant(given.who, one)]
    strangers.notice_strangers(tx, [one.vkey for one in found])
    return _note(tx, given, found, now)


def _note(
    tx: Transaction, given: IgnoreStrangers, found: Sequence[AskingKey], now: int
) -> list[str]:
    what = "tell again" if given.again else "ignore"
    for one in found:
        subject = f"{what} {one.vkey}"
        actions.note_action(tx, *_who(given.person), "settle", subject, now)
    return [one.key_id for one in found]


def _who(person: Person | None) -> tuple[str, str]:
    return actions.MACHINE if person is None else (person.name, person.role)


def is_meant(who: str, one: AskingKey) -> bool:
    """Whether it is meant by its name, by its key or by the short name of that."""
    return who in {one.org, one.vkey, one.key_id}


WORK: Final[Mapping[type[Request[Any]], Callable[[Node, Any], Awaitable[Any]]]] = {
    IgnoreStrangers: ignore
}
