"""`federation refer dossier`: the papers of an incident for an agency, as PDF.

Rule: the file is written whole, for its owner alone, and nothing is overwritten. With
`--annex` the annex is opened by a coordinator's key, after the use is in the log of
actions; without it the papers are made of what is signed, and say what lacks. With
`--receipts` each of the signed records that they name has a proof beside them, which
whoever gets it can check without us.
"""

import asyncio
import hashlib
from collections.abc import Mapping
from pathlib import Path

import click
from msgspec import UNSET

from federation.blobs.blobs import open_blobs
from federation.cli.annex.given import key_options
from federation.cli.annex.reading import open_annex
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.incidents.duedates import due_dates
from federation.cli.incidents.named import read_name
from federation.config.agencies import Agency, load_agencies, route
from federation.config.disk import PRIVATE_FILE, blaming, create_file
from federation.errors import ConflictError, NotFoundError, PhotoError
from federation.files import write_whole
from federation.flows.photos.thumbnails import Thumbnails
from federation.flows.receipt import make_receipt
from federation.flows.refer.dossier import DossierInput, find_missing, is_formal
from federation.flows.refer.gather import gather_incident
from federation.photos.redraw import Redrawer
from federation.profiles import load_profiles
from federation.records.incident import Incident
from federation.records.readers import THIS_MACHINE
from federation.text import Sentence


@click.command("dossier", cls=Command, help="refer.help-dossier")
@click.argument("name")
@click.option("--out", required=True, help="refer.option-out")
@click.option("--receipts", "folder", help="refer.option-receipts")
@click.option("--agency", help="refer.option-agency")
@click.option("--annex", "with_annex", is_flag=True, help="refer.option-annex")
@click.option("--why", default="", help="annex.option-why")
@click.option("--as", "person", default="", help="annex.option-as")
@key_options
@command_options
def dossier(
    run: Run,
    *,
    name: str,
    out: str,
    folder: str | None,
    agency: str | None,
    with_annex: bool,
    **given: str | None,
) -> None:
    """Draw the papers of one incident."""
    path, meant = Path(out), read_name(run, name)
    if path.exists():
        raise ConflictError(Sentence("machine.not-overwritten", path=path))
    quorum = run.settings.witness.quorum
    with run.open_database().view() as view:
        found = gather_incident(view, THIS_MACHINE, meant)
        receipts = {
            one.file_name: make_receipt(
                view, one.origin, one.index, THIS_MACHINE, quorum
            )
            for one in (found.receipts if folder else ())
        }
    incident = found.incident
    receiver = _find_agency(run, incident, agency)
    annex = None
    if with_annex:
        named = str(incident.name)
        _, annex = open_annex(run, "export", named, incident.election, given)
    papers = DossierInput(
        incident=incident,
        agency=receiver,
        sender=run.settings.name,
        contact=run.settings.contact,
        election=_election(run, incident, receiver),
        place=found.place,
        written_at=run.now(),
        deadline=due_dates(run).deadline(incident),
        annex=annex,
        photos=asyncio.run(_pictures(run, incident)),
        receipts=found.receipts,
    )
    written = _write_receipts(Path(folder), receipts) if folder else []
    _write(run, path, papers, written)


def _write_receipts(folder: Path, receipts: Mapping[str, bytes]) -> list[str]:
    """Where each of them is; a newer one takes the place of what lies there."""
    with blaming(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, receipt in receipts.items():
        with (
            blaming(folder / name),
            write_whole(folder / name, PRIVATE_FILE) as file,
        ):
            file.write(receipt)
    return [str(folder / name) for name in receipts]


def _write(run: Run, path: Path, papers: DossierInput, receipts: list[str]) -> None:
    from federation.flows.refer.papers import draw_dossier  # noqa: PLC0415  # start-up

    data = draw_dossier(papers)
    create_file(path, data, PRIVATE_FILE)
    missing = find_missing(papers)
    digest = hashlib.sha256(data).hexdigest()
    value = {
        "incident": str(papers.incident.name),
        "agency": papers.agency.key,
        "out": str(path),
        "sha256": digest,
        "formal": is_formal(papers),
        "missing": list(missing),
        "receipts": receipts,
    }

    def human() -> None:
        t = run.t
        run.out.line(t("refer.written", path=path, agency=papers.agency.name))
        run.out.line(f"SHA-256 {digest}")
        if receipts:
            folder = Path(receipts[0]).parent
            run.out.line(t("refer.receipts", count=len(receipts), folder=folder))
        for need in missing:
            run.out.note(t("dossier.lack", what=t(f"dossier.need-{need}")))
        if not is_formal(papers):
            run.out.note(t("dossier.outcome-initial"))

    run.out.show(value, human)


def _find_agency(run: Run, incident: Incident, key: str | None) -> Agency:
    """The agency of that key, or the first that such a report goes to.

    Raises:
        NotFoundError: the file has none.
    """
    known = load_agencies(run.home.agencies)
    if key is None:
        meant = route(known, incident.law, incident.category, incident.place)
    else:
        meant = tuple(one for one in known if one.key == key)
    if meant:
        return meant[0]
    if not known:
        raise NotFoundError(Sentence("refer.no-agencies", path=run.home.agencies))
    if key is None:
        raise NotFoundError(Sentence("refer.nobody", path=run.home.agencies))
    keys = ", ".join(one.key for one in known)
    raise NotFoundError(Sentence("refer.no-such-agency", key=key[:40], keys=keys))


def _election(run: Run, incident: Incident, agency: Agency) -> str:
    profile = load_profiles(run.home.elections).get(incident.election)
    if profile is None:
        return incident.election
    return profile.name.id if agency.language == "id" else profile.name.en


async def _pictures(run: Run, incident: Incident) -> dict[str, bytes]:
    """Those that are held here and are pictures, small, by digest."""
    evidence = () if incident.evidence is UNSET else incident.evidence
    blobs = open_blobs(run.home.blobs, run.home.folder)
    pictures = {}
    async with Redrawer() as redrawer:
        small = Thumbnails(run.home.thumbnails, blobs, redrawer)
        for one in evidence:
            try:
                pictures[one.sha256] = await small.read(one.sha256)
            except (NotFoundError, PhotoError):
                continue
    return pictures
