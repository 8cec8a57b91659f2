"""A report that somebody else's system hands in: sealed, signed, and never twice.

Rule: what is personal of it is sealed and durable before the report is signed, so no
report is ever without its annex; a report that is refused leaves none. Where a process
is killed in between, an annex lies here of a report that nobody knows: whoever sends it
again replaces it, or it goes on its last day. One at a time, or two of the same would
both be new.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from federation.config.annexkey import key_id, load_annex_public
from federation.config.keystore import load_contributor_secret
from federation.errors import ConfigError, ConflictError
from federation.flows.annex.contents import IncidentAnnex
from federation.flows.annex.sealing import last_day, seal
from federation.flows.incidents.handedin import make_report_id, report_key
from federation.flows.incidents.index import index_all_incidents
from federation.node.annexes import purge_annex, save_annex
from federation.node.incidents import add_incidents
from federation.node.node import Node
from federation.records.canonical import format_time
from federation.records.kinds import INCIDENT
from federation.store import incidents
from federation.store.annex import AnnexHead, format_annex
from federation.store.db import Database
from federation.text import Sentence
from federation.web.requests.annexes import PurgeAnnex, SaveAnnex
from federation.web.requests.handedin import HandedIn, HandInReport
from federation.web.requests.incidents import AddIncidents
from federation.web.requests.request import Request

_WHY_PURGED: Final = "its report was refused"


async def hand_in_report(node: Node, given: HandInReport) -> HandedIn:
    """Seal what is personal of a report, then sign and log it, unless it stands.

    Raises:
        NotFoundError: no reports are kept for this election.
        ConflictError: something personal is in it, and there is no key to seal it for.
        OSError: a disk is full or failed.
    """
    resources = node.resources
    log = resources.incidents_of(given.election)
    secret = load_contributor_secret(resources.home.contributor_secret)
    what = f"{given.election}\n{given.what}"
    report = make_report_id(report_key(secret), given.sender, what)
    async with node.incidents.handing_in:
        db, org = resources.db, log.chain.org
        if await db.run(_is_known, db, org, report):
            return HandedIn(id=report, verdict=None)
        if given.personal is not None:
            await _keep_sealed(node, given.election, report, given.personal)
        added = AddIncidents(
            election=given.election, records=[{**given.draft, "id": report}]
        )
        [verdict] = (await add_incidents(node, added)).verdicts
        if verdict.outcome == "refused" and given.personal is not None:
            purge = PurgeAnnex(
                election=given.election, incident=report, why=_WHY_PURGED
            )
            await purge_annex(node, purge)
    return HandedIn(id=report, verdict=verdict)


def _is_known(db: Database, org: str, report: str) -> bool:
    """Whether a report stands in our log, below a checkpoint that is signed."""
    index_all_incidents(db)
    with db.view() as view:
        return report in incidents.find_latest(view, org, INCIDENT.name, [report])


async def _keep_sealed(
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
    HandInReport: hand_in_report
}
