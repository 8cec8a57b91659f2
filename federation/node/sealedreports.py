"""Reports that programs and tables hand in with what is personal of them: sealed first.

Rule: as of a form (`handedin.py`): what is personal is sealed and durable before its
report is signed, a report that is refused leaves none, and it never comes back. An
annex that lies there stays: a coordinator may have completed it.

    {"category":…,"summary":…,"annex":{"reporter":{"name":…},"position":{…}}}

Source: docs/reference/annex.md
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from federation.config.annexkey import load_annex_public
from federation.config.keystore import load_contributor_secret
from federation.errors import ConfigError, FormatError, RecordError
from federation.flows.annex.contents import IncidentAnnex
from federation.flows.incidents.take import IncidentVerdict, make_id, refuse_report
from federation.node.annexes import purge_annex
from federation.node.handedin import WHY_PURGED, keep_sealed
from federation.node.incidents import add_incidents
from federation.node.node import Node
from federation.records.canonical import convert
from federation.records.problem import Problem
from federation.sources.incidentdraft import read_incident
from federation.store.annex import AnnexFolder
from federation.text import Sentence
from federation.web.requests.annexes import PurgeAnnex
from federation.web.requests.incidents import AddIncidents, IncidentVerdicts
from federation.web.requests.request import Request

#: So many of one request may have one: each is a file, and durable.
MOST: Final = 500


async def add_reports(node: Node, given: AddIncidents) -> IncidentVerdicts:
    """Sign and log reports, with the annexes of those that have one.

    Raises:
        NotFoundError: no reports are kept for this election.
        FormatError: more than `MOST` have an annex.
        OSError: a disk is full or failed.
    """
    annexed = [
        row
        for row, one in enumerate(given.records)
        if isinstance(one, dict) and "annex" in one
    ]
    if not annexed:
        return await add_incidents(node, given)
    if len(annexed) > MOST:
        raise FormatError(Sentence("annex.too-many", most=MOST), "records")
    records = dict(enumerate(given.records))
    refused: dict[int, IncidentVerdict] = {}
    personal: dict[int, IncidentAnnex] = {}
    for row in annexed:
        said = dict(records[row])
        read = _read(node, said.pop("annex"))
        if isinstance(read, IncidentAnnex):
            records[row], personal[row] = said, read
        else:
            refused[row] = refuse_report(row, [read])
            del records[row]
    async with node.incidents.handing_in:
        sealed = await _seal(node, given.election, records, personal)
        asked = AddIncidents(election=given.election, records=[*records.values()])
        answer = await add_incidents(node, asked)
        answered = {
            row: replace(verdict, row=row)
            for row, verdict in zip(records, answer.verdicts, strict=True)
        }
        for row, incident in sealed.items():
            if answered[row].outcome == "refused":
                purge = PurgeAnnex(
                    election=given.election, incident=incident, why=WHY_PURGED
                )
                await purge_annex(node, purge)
    every = refused | answered
    return IncidentVerdicts(verdicts=[every[row] for row in sorted(every)])


def _read(node: Node, said: object) -> IncidentAnnex | Problem:
    """What an annex says, or why it cannot be kept; nothing of it is repeated."""
    try:
        load_annex_public(node.resources.home)
    except ConfigError:
        return Problem("annex", "annex-key", Sentence("open311.no-annex-key"))
    try:
        contents = convert(said, IncidentAnnex)
    except RecordError as error:
        at = f"annex.{error.field}" if error.field else "annex"
        return Problem(at, error.code, error.rule)
    if contents == IncidentAnnex():
        return Problem("annex", "missing", Sentence("annex.empty"))
    return contents


async def _seal(
    node: Node,
    election: str,
    records: dict[int, Any],
    personal: Mapping[int, IncidentAnnex],
) -> dict[int, str]:
    """Seal what lies nowhere yet; the ids of those, by row. Each row gets its id."""
    resources = node.resources
    log = resources.incidents_of(election)
    secret = load_contributor_secret(resources.home.contributor_secret)
    folder = AnnexFolder(resources.home.annex)
    sealed: dict[int, str] = {}
    for row, contents in personal.items():
        read = read_incident(records[row])
        if isinstance(read, tuple):
            continue  # it is refused
        incident = str(read.get("id") or make_id(log, read, secret))
        records[row] = {**records[row], "id": incident}
        if await asyncio.to_thread(folder.look, election, incident) is None:
            await keep_sealed(node, election, incident, contents)
            sealed[row] = incident
    return sealed


#: The function of the request, for `commands.run`.
WORK: Final[Mapping[type[Request[Any]], Callable[[Node, Any], Awaitable[Any]]]] = {
    AddIncidents: add_reports,
}
