"""A report that a system, or somebody by our form, hands in: sealed, signed, once.

Rule: what is personal of it is sealed and durable before the report is signed, so no
report is ever without its annex; a report that is refused leaves none. Where a process
is killed in between, an annex lies here of a report that nobody knows: whoever sends it
again replaces it, or it goes on its last day. One at a time, or two of the same would
both be new. A photograph comes in after its report: whoever has handed that in has it
signed once more, with the photograph. Which of ours it was stands in the log of
actions, in the transaction that keeps what was signed:

    report   report-photo        of which report, `org/id`
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from msgspec import UNSET, to_builtins

from federation.config.annexkey import load_annex_public
from federation.config.keystore import load_contributor_secret
from federation.config.sealingkey import key_id
from federation.errors import ConfigError, ConflictError, FormatError, NotFoundError
from federation.flows.annex.contents import IncidentAnnex
from federation.flows.annex.sealing import last_day, seal
from federation.flows.incidents.handedin import (
    HandedReport,
    make_report_id,
    read_handed,
    report_key,
)
from federation.flows.incidents.index import index_all_incidents
from federation.node.annexes import purge_annex, save_annex
from federation.node.incidents import add_incidents
from federation.node.node import Node
from federation.records.canonical import format_time
from federation.records.incident import Incident
from federation.records.readers import may_do
from federation.sources.incidentdraft import INCIDENT_MEMBERS
from federation.store.actions import note_action
from federation.store.annex import AnnexHead, format_annex
from federation.store.db import Database
from federation.store.people import find_person
from federation.store.view import Transaction
from federation.text import Sentence
from federation.web.requests.annexes import PurgeAnnex, SaveAnnex
from federation.web.requests.handedin import (
    MOST_PHOTOS,
    AddReportPhoto,
    HandedIn,
    HandInReport,
)
from federation.web.requests.incidents import AddIncidents
from federation.web.requests.request import Request

WHY_PURGED: Final = "its report was refused"


async def hand_in_report(node: Node, given: HandInReport) -> HandedIn:
    """Seal what is personal of a report, then sign and log it, unless it stands.

    Raises:
        NotFoundError: no reports are kept for this election.
        ConflictError: something personal is in it, and there is no key to seal it for;
            or the person is let in no longer.
        OSError: a disk is full or failed.
    """
    resources = node.resources
    log = resources.incidents_of(given.election)
    secret = load_contributor_secret(resources.home.contributor_secret)
    what = f"{given.election}\n{given.what}"
    report = make_report_id(report_key(secret), given.sender, what)
    async with node.incidents.handing_in:
        db, org = resources.db, log.chain.org
        if await db.run(_read_known, db, org, report) is not None:
            return HandedIn(id=report, verdict=None)
        also = await _noting(node, given.person, "report", report)
        if given.personal is not None:
            await keep_sealed(node, given.election, report, given.personal)
        added = AddIncidents(
            election=given.election, records=[{**given.draft, "id": report}]
        )
        [verdict] = (await add_incidents(node, added, also)).verdicts
        if verdict.outcome == "refused" and given.personal is not None:
            purge = PurgeAnnex(election=given.election, incident=report, why=WHY_PURGED)
            await purge_annex(node, purge)
    return HandedIn(id=report, verdict=verdict)


async def add_report_photo(node: Node, given: AddReportPhoto) -> HandedIn:
    """Sign a report that stands once more, with one photograph more.

    Raises:
        NotFoundError: no such report stands, or somebody else has handed it in.
        FormatError: it has as many photographs as a form may bring.
        ConflictError: the person is let in no longer.
        OSError: a disk is full or failed.
    """
    resources = node.resources
    secret = load_contributor_secret(resources.home.contributor_secret)
    known = HandedReport(given.report, report_key(secret))
    async with node.incidents.handing_in:
        db, org = resources.db, resources.settings.org
        latest = await db.run(_read_known, db, org, given.report)
        if latest is None or not known.is_from(given.sender):
            raise NotFoundError(Sentence("handin.not-yours"))
        photos = () if latest.evidence is UNSET else latest.evidence
        if given.photo in photos:
            return HandedIn(id=given.report, verdict=None)
        if len(photos) >= MOST_PHOTOS:
            raise FormatError(Sentence("handin.photos-many", most=MOST_PHOTOS))
        members = to_builtins(latest)
        draft = {name: members[name] for name in INCIDENT_MEMBERS & members.keys()}
        draft["evidence"] = to_builtins((*photos, given.photo))
        draft["revision"] = draft.get("revision", 0) + 1
        added = AddIncidents(election=latest.election, records=[draft])
        also = await _noting(node, given.person, "report-photo", given.report)
        [verdict] = (await add_incidents(node, added, also)).verdicts
    return HandedIn(id=given.report, verdict=verdict)


async def _noting(
    node: Node, person: str, what: str, report: str
) -> Callable[[Transaction], None] | None:
    """What writes down who did it; None: it was a program.

    Raises:
        ConflictError: they were let in when they opened the page, and are no longer.
    """
    if not person:
        return None
    resources, now = node.resources, int(node.clocks.wall())
    who = await resources.db.read(find_person, person, now)
    if who is None or not may_do(who, "report"):
        raise ConflictError(Sentence("incidents.not-let", name=person))
    subject = f"{resources.settings.org}/{report}"

    def note(tx: Transaction) -> None:
        note_action(tx, who.name, who.role, what, subject, now)

    return note


def _read_known(db: Database, org: str, report: str) -> Incident | None:
    """A report that stands in our log, below a checkpoint that is signed."""
    index_all_incidents(db)
    with db.view() as view:
        return read_handed(view, org, report)


async def keep_sealed(
    node: Node, election: str, report: str, personal: IncidentAnnex
) -> None:
    """Seal what is personal of a report, and keep it.

    Raises:
        ConflictError: there is no key to seal it for.
    """
    resources, now = node.resources, node.clocks.wall()
    try:
        public = load_annex_public(resources.home)
    except ConfigError as error:
        raise ConflictError(Sentence("open311.no-annex-key")) from error
    head = AnnexHead(
        election=election,
        incident=report,
        keep_until=last_day(now, resources.settings.annex.days),
        key=key_id(public),
        org=resources.settings.org,
        sealed_at=format_time(now),
    )
    sealed = format_annex(seal(personal, head, public)).decode()
    await save_annex(node, SaveAnnex(annex=sealed, replace=True))


#: The function of the request, for `commands.run`.
WORK: Final[Mapping[type[Request[Any]], Callable[[Node, Any], Awaitable[Any]]]] = {
    HandInReport: hand_in_report,
    AddReportPhoto: add_report_photo,
}
