"""Reports on their way to agencies: what people ask of a node about them.

Rule: a request is one step (`flows/refer/outbox.py`), durable before it is answered;
what our log has to say of it is said before that, too, where it may be signed. What
happens by the clock: `node/referrals.py`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol

from federation.errors import ConfigError, NotFoundError
from federation.flows.incidents.due import DueDates
from federation.flows.incidents.index import index_all_incidents
from federation.flows.incidents.state import election_of_incident
from federation.flows.refer import outbox as steps
from federation.flows.refer.formal import check_formal, read_label
from federation.flows.refer.note import find_twice
from federation.flows.refer.row import Hand
from federation.node.couriers import find_agency
from federation.node.referrals import ReferralHost, Referrals
from federation.store.outbox import OutboxItem, find_item
from federation.store.papers import PapersFolder
from federation.text import Sentence
from federation.web.requests.referrals import (
    ApproveReferral,
    HandOverReferral,
    PrepareNote,
    PrepareReferral,
    ResolveReferral,
    WithdrawReferral,
)
from federation.web.requests.request import Request

_HOUR_S: Final = 3_600


class ReferringNode(ReferralHost, Protocol):
    """A node with what it has on its way."""

    referrals: Referrals


async def prepare(node: ReferringNode, given: PrepareReferral) -> OutboxItem:
    """Papers are ready to be looked at.

    Raises:
        NotFoundError: the incident, the agency or the papers are not known here.
        ConflictError: it is on its way already, or is there; or the papers are of
            another incident, or for another agency.
        FormatError: the papers lack what a report must have, and are said to be one.
        ConfigError: there is no way to send e-mail.
        StoredError: the papers are damaged.
    """
    resources = node.resources
    find_agency(resources, given.agency, given.way)
    election = await resources.db.read(election_of_incident, given.incident)
    resources.incidents_of(election)
    if given.way == "email" and resources.settings.mail.host is None:
        where = str(resources.home.settings)
        raise ConfigError(where, "mail.host", Sentence("outbox.no-mail"))
    papers = PapersFolder(resources.home.outbox)
    data = await asyncio.to_thread(papers.load, given.dossier)
    label = read_label(data)
    await node.referrals.find_doubtful(begins=True)
    now = int(node.clocks.wall())
    due = DueDates(resources.profiles, datetime.fromtimestamp(now, UTC))
    which = given.incident, given.agency, label, given.formal
    formal = await resources.db.read(check_formal, due, *which)
    item = OutboxItem(
        incident=str(given.incident),
        agency=given.agency,
        election=election,
        way=given.way,
        state="prepared",
        dossier=given.dossier,
        formal=formal,
        prepared_at=now,
    )
    item = await resources.db.write(steps.prepare, item, Hand(given.person, now))
    # They may be old, of an attempt that has ended, and just be swept away.
    await asyncio.to_thread(papers.save, data)
    return item


async def prepare_note(node: ReferringNode, given: PrepareNote) -> OutboxItem:
    """The note that this report and others' are one, to be looked at.

    Raises:
        NotFoundError: nobody else took it there; the agency is not known here; nobody
            of that name may do it.
        ConflictError: one that says the same is on its way or there.
        ConfigError: agencies.toml cannot be used.
    """
    db = node.resources.db
    await db.run(index_all_incidents, db)
    await node.referrals.find_doubtful()
    org, now = node.resources.settings.org, int(node.clocks.wall())
    for twice in await db.read(find_twice, org, now):
        if (twice.item.incident, twice.item.agency) == (
            str(given.incident),
            given.agency,
        ):
            return await node.referrals.draw_note(twice, given.person)
    told = {"incident": str(given.incident), "agency": given.agency}
    raise NotFoundError(Sentence("outbox.note-none", **told))


async def approve(node: ReferringNode, given: ApproveReferral) -> OutboxItem:
    """Let it go: our log says so before this is answered, where it may be signed.

    Raises:
        ConflictError: other papers are prepared, it is on its way already, or another
            organisation has it.
        NotFoundError: nothing is prepared, or nobody of that name may do it.
        FormatError: the reason tells of a person.
        StoredError: the papers are damaged.
    """
    resources = node.resources
    node.disk.check()
    await node.referrals.find_doubtful()
    papers = PapersFolder(resources.home.outbox)
    await asyncio.to_thread(papers.load, given.dossier, given.kind)
    refer = resources.settings.refer
    item = await resources.db.run(
        steps.approve,
        resources.db,
        resources.settings.org,
        str(given.incident),
        given.agency,
        given.dossier,
        Hand(given.person, int(node.clocks.wall())),
        anyway=given.anyway,
        hold_s=refer.hold_s,
        expires_s=refer.expires_h * _HOUR_S,
        kind=given.kind,
        copied_at=node.referrals.copied_at,
    )
    return await node.referrals.say(item)


async def hand_over(node: ReferringNode, given: HandOverReferral) -> OutboxItem:
    """It was brought by hand.

    Raises:
        NotFoundError: the incident or the agency is not known here.
        ConflictError: it is on its way by other means, or is there under a number.
        FormatError: the number tells of a person.
    """
    resources = node.resources
    find_agency(resources, given.agency, None)
    election = await resources.db.read(election_of_incident, given.incident)
    resources.incidents_of(election)
    item = OutboxItem(
        incident=str(given.incident),
        agency=given.agency,
        election=election,
        kind=given.kind,
        way="by-hand",
        state="sent",
    )
    await node.referrals.find_doubtful(begins=True)
    hand = Hand(given.person, int(node.clocks.wall()))
    item = await resources.db.write(steps.hand_over, item, given.reference or "", hand)
    return await node.referrals.say(item)


async def resolve(node: ReferringNode, given: ResolveReferral) -> OutboxItem:
    """What became of it is known, or it goes once more.

    Raises:
        ConflictError: nobody is unsure about it.
        NotFoundError: there is none, or nobody of that name may do it; or it is to go
            once more and its papers are not here any more.
    """
    await node.referrals.find_doubtful()
    if not given.was_sent:
        await _check_papers(node, given)
    item = await node.resources.db.write(
        steps.resolve,
        str(given.incident),
        given.agency,
        Hand(given.person, int(node.clocks.wall())),
        was_sent=given.was_sent,
        kind=given.kind,
    )
    return await node.referrals.say(item)


async def _check_papers(node: ReferringNode, given: ResolveReferral) -> None:
    which = str(given.incident), given.agency, given.kind
    item = await node.resources.db.read(find_item, *which)
    if item is not None and item.state == "unsure":
        papers = PapersFolder(node.resources.home.outbox)
        await asyncio.to_thread(papers.load, item.dossier, item.kind)


async def withdraw(node: ReferringNode, given: WithdrawReferral) -> OutboxItem:
    """It is not to go after all.

    Raises:
        ConflictError: it may have left already, or is there.
        NotFoundError: there is none, or nobody of that name may do it.
    """
    await node.referrals.find_doubtful()
    hand = Hand(given.person, int(node.clocks.wall()))
    item = await node.resources.db.write(
        steps.withdraw, str(given.incident), given.agency, hand, given.kind
    )
    return await node.referrals.say(item)


#: The function of each request, for `commands.run`.
WORK: Final[Mapping[type[Request[Any]], Callable[[Any, Any], Awaitable[Any]]]] = {
    PrepareReferral: prepare,
    PrepareNote: prepare_note,
    ApproveReferral: approve,
    HandOverReferral: hand_over,
    ResolveReferral: resolve,
    WithdrawReferral: withdraw,
}
