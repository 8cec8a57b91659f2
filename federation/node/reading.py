"""What an editor's page asks: a form to read, and what becomes of the answer.

Rule: an answer is taken from whoever has the form's lease, or gets it now. What was
read is signed first, through the doors of every record of ours; then it is noted that
the photographs were read, and the form rests until the map shows it. A crash between
the two offers the form once more, and the same numbers change nothing. What we say is
looked up on the map; where our log has said more of the form than that shows (an import
goes on, photographs came), nothing is signed over it unseen.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from msgspec import to_builtins

from federation.config.keystore import load_contributor_secret, pseudonym
from federation.errors import ConfigError, ConflictError, RecordError
from federation.flows.ownlog import ingest
from federation.flows.ownlog.ingest import OwnLog
from federation.flows.ownlog.sequence import settle
from federation.flows.ownlog.verdict import Verdict
from federation.flows.photos.wants import is_wantable, not_held
from federation.flows.query.scope import QueryScope, ask
from federation.flows.queue.decision import Decided, Reading, decide
from federation.flows.queue.form import fill_in
from federation.flows.queue.offer import offer
from federation.flows.queue.sources import FormSources, SignedReading, find_sources
from federation.flows.queue.waiting import QueueAsked
from federation.node.node import Node
from federation.records.claim import StatementSlot
from federation.records.tps import parse_tps
from federation.store import actions, leases, photoanswers, statements, wanted
from federation.store.db import Database
from federation.store.guard import Guard
from federation.store.mapstate import read_positions
from federation.store.photoanswers import AnsweredPhoto, FormPlace, PhotoAnswer
from federation.store.view import Transaction, View
from federation.text import Sentence
from federation.web.requests.reading import (
    AnsweredForm,
    AnswerForm,
    FormReader,
    HeldForm,
    HoldForm,
    OfferForm,
)
from federation.web.requests.request import Request

GATE_S: Final = 20.0
#: What is written down for each answer (`people.did-<what>`).
_DID: Final[Mapping[PhotoAnswer, str]] = {
    "read": "read",
    "unreadable": "cannot-read",
    "elsewhere": "wrong-station",
}


async def offer_form(node: Node, given: OfferForm) -> HeldForm:
    """Give somebody the next form of a queue.

    Raises:
        NotFoundError: there is no such election or contest here.
        FormatError: `after` is no place of the queue, or `region` no region.
    """
    scope = _scope(node, given.election, given.contest)
    now = int(node.clocks.wall())
    asked = QueueAsked(
        scope,
        given.queue,
        node.resources.settings.org,
        now,
        given.region,
        given.reader.holder,
        given.reason,
        given.order,
    )
    found = await node.resources.db.write(offer, asked, given.after)
    if found is None:
        return HeldForm()
    await _fetch(node, FormPlace(scope.election, scope.contest, found.tps), now)
    return HeldForm(tps=found.tps, at=found.at)


async def hold_form(node: Node, given: HoldForm) -> HeldForm:
    """Let somebody have a form that they want, if nobody else has it.

    Raises:
        FormatError: not the code of a station.
        NotFoundError: there is no such election or contest here.
    """
    place = _place(node, given)
    now = int(node.clocks.wall())
    take = leases.renew_lease if given.renew else leases.take_lease
    is_theirs = await node.resources.db.write(take, place, given.reader.holder, now)
    if not is_theirs:
        return HeldForm()
    if not given.renew:
        await _fetch(node, place, now)
    return HeldForm(tps=place.tps)


async def _fetch(node: Node, place: FormPlace, now: int) -> None:
    """Ask partners for the photographs of a form that are not here: somebody waits."""
    db, org = node.resources.db, node.resources.settings.org
    scope = _scope(node, place.election, place.contest)
    sources = await db.read(find_sources, scope, place.tps, org)
    named = {
        (file.sha256, one.claim.org)
        for one in sources.records
        for file in one.files
        if one.claim.org != org and is_wantable(file.media_type, file.size)
    }
    if missing := await db.read(not_held, (digest for digest, _ in named)):
        pairs = [one for one in named if one[0] in missing]
        await db.write(wanted.ask_again, pairs, now)
        node.photographs.fetching.ask_soon()


async def answer_form(node: Node, given: AnswerForm) -> AnsweredForm:
    """Take what an editor answers, and sign what was read.

    Raises:
        FormatError: not the code of a station.
        NotFoundError: there is no such election or contest here.
        ConflictError: nothing may be signed now.
    """
    place, now = _place(node, given), int(node.clocks.wall())
    db, name = node.resources.db, given.reader.holder
    if not await db.write(leases.take_lease, place, name, now):
        return AnsweredForm(outcome="taken")
    if given.answer == "skip":
        await db.write(leases.end_lease, place, name, now, rest=False)
        return AnsweredForm(outcome="skipped")
    scope = _scope(node, given.election, given.contest)
    org = node.resources.settings.org
    sources, mapped = await db.read(_look, scope, place.tps, org)
    cited = sources.find(given.record)
    if cited is None or not given.record:
        return AnsweredForm(outcome="changed")
    if given.answer != "read":
        code = parse_tps(given.elsewhere) if given.elsewhere else ""
        noted = AnsweredPhoto(given.answer, name, now, code)
        await db.write(_note, place, cited, noted, given.reader)
        return AnsweredForm(outcome="noted")
    if sources.held.isdisjoint(cited.claim.files):
        return AnsweredForm(outcome="changed")  # nobody here can have seen it
    return await _take_reading(node, given, sources, cited, mapped)


def _look(
    view: View, scope: QueryScope, tps: str, org: str
) -> tuple[FormSources, Mapping[int, int]]:
    """What a form can be read from, and how far the map follows each log."""
    positions = read_positions(view, scope.election)
    mapped = {log_id: position.index for log_id, position in positions.items()}
    return find_sources(view, scope, tps, org), mapped


async def _take_reading(
    node: Node,
    given: AnswerForm,
    sources: FormSources,
    cited: SignedReading,
    mapped: Mapping[int, int],
) -> AnsweredForm:
    place, name = _place(node, given), given.reader.holder
    reading = Reading(
        given.members,
        frozenset(given.accepted),
        given.decision,
        was_read=any(
            one.answer == "read" and one.person == name
            for one in sources.answered.values()
        ),
        contributor=_pseudonym(node, given.election, given.reader),
    )
    profile = node.resources.profiles[given.election]
    try:
        decided = decide(sources, cited, reading, profile)
    except RecordError as error:
        return AnsweredForm(outcome="refused", reason=error.told)
    if decided.outcome in {"sums", "differs"}:
        return _question(decided, sources)
    answered = AnsweredForm(outcome="confirmed")
    if decided.outcome == "sign":
        answered = await _sign(node, given.election, decided.draft, mapped)
        if answered.outcome == "refused":
            return answered
    noted = AnsweredPhoto("read", name, int(node.clocks.wall()))
    await node.resources.db.write(_note, place, cited, noted, given.reader)
    return answered


def _question(decided: Decided, sources: FormSources) -> AnsweredForm:
    if decided.outcome == "sums":
        return AnsweredForm(outcome="sums", rules=decided.rules)
    assert sources.own is not None, "it differs from something"
    ours = fill_in(to_builtins(sources.own.result))
    return AnsweredForm(outcome="differs", ours=ours)


async def _sign(
    node: Node, election: str, draft: Mapping[str, Any], mapped: Mapping[int, int]
) -> AnsweredForm:
    """Sign and publish one draft; durable when it is answered."""
    log = node.own_log(election)
    await node.gate.passed(log.origin, GATE_S)
    [verdict] = await node.disk.write(
        _append, log, draft, mapped.get(log.log_id, 0), node.clocks.wall()
    )
    if verdict.outcome != "logged":
        return AnsweredForm(outcome="refused", reason=verdict.reason)
    node.news()
    return AnsweredForm(outcome="saved", record=verdict.record)


def _append(
    db: Database,
    guard: Guard,
    log: OwnLog,
    draft: Mapping[str, Any],
    mapped: int,
    now: float,
) -> list[Verdict]:
    """Sign a draft if our log has said nothing of its form from `mapped` on.

    Raises:
        ConflictError: it has; or see `ingest.append`.
    """
    # What a crash left half written is finished first: it may be of this form.
    settle(db, guard, log.origin)
    slot = StatementSlot(draft["tps"], draft["contest"], draft["round"], False)  # noqa: FBT003  a row
    with db.view() as view:
        said = statements.said_at(view, log.log_id, [slot.tps]).get(slot, [])
    if said and said[-1].index >= mapped:
        raise ConflictError(Sentence("queue.said-since"))
    return ingest.append(
        db,
        guard,
        log,
        [dict(draft)],
        now,
        # What stands was looked at: whoever reads has seen it, or there is nothing.
        force=True,
        restate=True,
        # Who named the photograph has said that there is such a station.
        unlisted=True,
    )


def _note(
    tx: Transaction,
    place: FormPlace,
    cited: SignedReading,
    noted: AnsweredPhoto,
    reader: FormReader,
) -> None:
    for file in cited.claim.files:
        photoanswers.save_answer(tx, place, file, noted)
    leases.end_lease(tx, place, reader.holder, noted.at, rest=True)
    subject = " ".join(filter(None, (*place, noted.elsewhere)))
    what = _DID[noted.answer]
    actions.note_action(tx, reader.name, reader.role, what, subject, noted.at)


def _scope(node: Node, election: str, contest: str) -> QueryScope:
    resources = node.resources
    return ask(resources.profiles, resources.settings.elections, election, contest)


def _place(node: Node, given: HoldForm | AnswerForm) -> FormPlace:
    scope = _scope(node, given.election, given.contest)
    return FormPlace(scope.election, scope.contest, parse_tps(given.tps))


def _pseudonym(node: Node, election: str, reader: FormReader) -> str:
    """The pseudonym that is signed for a person; "" where this node makes none."""
    if reader.role == "machine":
        return ""
    try:
        secret = load_contributor_secret(node.resources.home.contributor_secret)
    except ConfigError:
        return ""
    return pseudonym(secret, node.resources.settings.org, election, reader.name)


WORK: Final[Mapping[type[Request[Any]], Callable[[Node, Any], Awaitable[Any]]]] = {
    OfferForm: offer_form,
    HoldForm: hold_form,
    AnswerForm: answer_form,
}
