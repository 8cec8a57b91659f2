"""What is personal in a table of reports: sealed into the annexes of those that stand.

Rule: sealed in this process with the public key, as `federation annex add` does; the
node is handed what it cannot read. An annex that lies there stays as it is: a
coordinator may have completed it.
"""

import asyncio
from collections.abc import Iterable, Mapping

from federation.cli.client import open_desk
from federation.cli.context import Run
from federation.config.annexkey import key_id, load_annex_public
from federation.errors import ConfigError, RecordError
from federation.flows.annex.contents import IncidentAnnex
from federation.flows.annex.sealing import last_day, seal
from federation.flows.incidents.take import IncidentVerdict
from federation.records.canonical import convert, format_time
from federation.sources.incidenttable import ReportRow
from federation.sources.row import Bad
from federation.store.annex import AnnexFolder, AnnexHead, format_annex
from federation.web.requests.annexes import SaveAnnex


def find_key(run: Run, *, needs: bool) -> bytes | None:
    """The public key of annexes; None: there is none.

    Raises:
        ConfigError: there is none, and the operator `needs` one.
    """
    try:
        return load_annex_public(run.home)
    except ConfigError:
        if needs:
            raise
        return None


def check_personal(row: ReportRow) -> ReportRow:
    """The row; refused where an annex cannot say what it does. No value is told."""
    if row.bad is None and row.personal:
        try:
            convert(dict(row.personal), IncidentAnnex)
        except RecordError as error:
            bad = Bad(row.row, error.code, str(error.rule), f"annex.{error.field}")
            return row._replace(bad=bad)
    return row


def seal_rows(
    run: Run,
    election: str,
    public: bytes,
    answered: Iterable[tuple[ReportRow, IncidentVerdict]],
) -> None:
    """Seal what is personal of those that stand, and say of how many.

    Raises:
        FederationError: the desk could not be opened, or refused one.
        OSError: the folder of annexes cannot be read.
    """
    folder = AnnexFolder(run.home.annex)
    given, kept = dict[str, IncidentAnnex](), 0
    for row, verdict in answered:
        if row.personal and verdict.incident:
            incident = verdict.incident.rpartition("/")[2]
            if folder.look(election, incident) is None:
                given[incident] = convert(dict(row.personal), IncidentAnnex)
            else:
                kept += 1
    if given:
        asyncio.run(_hand_in(run, election, public, given))
        run.out.note(run.t("incidents.sealed", count=len(given)))
    if kept:
        run.out.note(run.t("incidents.sealed-before", count=kept))


async def _hand_in(
    run: Run, election: str, public: bytes, given: Mapping[str, IncidentAnnex]
) -> None:
    async with open_desk(run, signs=False) as desk:
        for incident, contents in given.items():
            head = AnnexHead(
                election=election,
                incident=incident,
                keep_until=last_day(run.clock(), run.settings.annex.days),
                key=key_id(public),
                org=run.settings.org,
                sealed_at=format_time(run.clock()),
            )
            sealed = format_annex(seal(contents, head, public)).decode()
            await desk.run(SaveAnnex(annex=sealed))
