"""What agencies answer, at a node that runs.

Rule: what a program of an agency says, under the secret that we share with it, is
signed by the same function as what a person types in (`incidents.say_status`): first
signed, then noted, then answered. Killed in between, the same once more is `held`.
"""

import hashlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol

import msgspec

from federation.config.agencies import load_agencies, load_answer_secret
from federation.errors import ConfigError, ConflictError, NotFoundError
from federation.flows.incidents.index import index_all_incidents
from federation.flows.ownlog.verdict import Verdict
from federation.flows.refer.handed import check_handed
from federation.node.incidents import IncidentHost, say_status
from federation.node.referring import ReferringNode
from federation.node.resources import Resources
from federation.records.incidentstatus import OF_AGENCY
from federation.store.agencyanswers import AgencyAnswer, find_answer, save_answer
from federation.store.view import View
from federation.text import Sentence
from federation.web.requests.answers import TakeAnswer
from federation.web.requests.incidents import StateIncident
from federation.web.requests.request import Request

_ID_DIGITS: Final = 32

_log = logging.getLogger(__name__)


class AnsweredNode(ReferringNode, IncidentHost, Protocol):
    """A node that refers reports and says what became of them."""


def read_answer_secret(resources: Resources, agency: str) -> bytes:
    """The secret by which an agency signs what it answers.

    Raises:
        NotFoundError: there is no such agency, or none that can be used.
    """
    try:
        for one in load_agencies(resources.home.agencies):
            if one.key == agency and one.webhook_key is not None:
                return load_answer_secret(one.webhook_key)
    except ConfigError as error:
        # Whoever asks is a stranger so far, and learns nothing of our files.
        _log.warning("no answer is taken: %s", error)
    raise NotFoundError(Sentence("outbox.no-agency", key=agency, path="agencies.toml"))


async def take_answer(node: AnsweredNode, given: TakeAnswer) -> Verdict:
    """Sign what an agency says of a report that it has from us, once.

    Raises:
        NotFoundError: it was not handed over to it.
        ConflictError: another answer came under this id, or the log must not be signed.
        OSError: a disk is full or failed.
    """
    db, org = node.resources.db, node.resources.settings.org
    said = msgspec.json.encode(given, order="sorted")
    answer = AgencyAnswer(
        id=_id_of(given),
        way="program",
        agency=given.agency,
        incident=str(given.incident),
        digest=hashlib.sha256(said).hexdigest(),
        size=len(said),
        received_at=int(node.clocks.wall()),
        done_at=int(node.clocks.wall()),
    )
    if await db.read(_is_known, answer):
        held = Sentence("incidents.held")
        return Verdict(row=0, outcome="held", reason=held)
    await db.run(index_all_incidents, db)
    await db.read(check_handed, org, answer.incident, answer.agency)
    verdict = await state_incident(
        node,
        StateIncident(
            incident=given.incident,
            status=given.status,
            agency=given.agency,
            reference=given.reference,
            outcome=given.outcome,
        ),
    )
    if verdict.outcome != "refused":
        await db.write(save_answer, answer)
    return verdict


async def state_incident(node: AnsweredNode, given: StateIncident) -> Verdict:
    """Sign what we say of an incident, and what follows of a report at an agency.

    Raises:
        NotFoundError, ConflictError: as of `say_status`.
    """
    verdict = await say_status(node, given)
    if given.status in OF_AGENCY and verdict.outcome != "refused":
        await node.referrals.follow_answer(str(given.incident))
    return verdict


def _id_of(given: TakeAnswer) -> str:
    named = f"program\n{given.agency}\n{given.id}"
    return hashlib.sha256(named.encode()).hexdigest()[:_ID_DIGITS]


def _is_known(view: View, answer: AgencyAnswer) -> bool:
    """Whether it came before.

    Raises:
        ConflictError: another one came under its id.
    """
    known = find_answer(view, answer.id)
    if known is not None and known.digest != answer.digest:
        raise ConflictError(Sentence("answers.id-taken"))
    return known is not None


#: The function of each request, for `commands.run`.
WORK: Final[Mapping[type[Request[Any]], Callable[[Any, Any], Awaitable[Any]]]] = {
    StateIncident: state_incident,
    TakeAnswer: take_answer,
}
