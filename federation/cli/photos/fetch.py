"""`federation photos fetch`: photographs of partners that somebody wants to see now.

Rule: what is held is not asked for again, and what has come of one stays; so the same
command again goes on where this one stopped. What could not be had is said, with who
said to have it.
"""

import asyncio
import re
from collections.abc import Mapping
from typing import Final

import click

from federation.cli.arguments import pick_election, read_code, read_digest
from federation.cli.client import open_desk
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.output import NEGATIVE, OK, PEER
from federation.web.requests.photos import FetchPhotos, PhotosFetched
from federation.web.requests.wire import check_request

_REGION: Final = re.compile(r"[0-9]{2,6}|[0-9]{10}[0-9A-Z]{0,3}")


@click.command("fetch", cls=Command, help="photos.help-fetch")
@click.argument("digests", nargs=-1, metavar="[SHA256]...")
@click.option("--tps", help="photos.option-tps")
@click.option("--region", help="photos.option-region")
@click.option("--election", help="import.option-election")
@command_options
def fetch(
    run: Run,
    digests: tuple[str, ...],
    tps: str | None,
    region: str | None,
    election: str | None,
) -> int:
    """Ask for them; exit code `PEER` when some could not be had."""
    if not (digests or tps or region):
        raise click.UsageError(run.t("photos.which"))
    where = read_code(tps) if tps else _read_region(run, region or "")
    members = {
        "digests": [read_digest(run, digest) for digest in digests],
        "election": pick_election(run, election) if where else "",
        "region": where,
    }
    done = asyncio.run(_fetch(run, members))
    key = "photos.fetched" if done.held == done.asked else "photos.fetched-some"
    if not done.asked:
        key = "photos.nothing-named"
    number = run.out.number
    text = run.t(key, asked=number(done.asked), held=number(done.held))
    run.out.show(done, lambda: run.out.line(text))
    if digests and not done.asked:
        return NEGATIVE
    return OK if done.held == done.asked else PEER


def _read_region(run: Run, typed: str) -> str:
    region = typed.strip().replace(".", "").upper()
    if region and not _REGION.fullmatch(region):
        raise click.UsageError(run.t("photos.no-region", typed=repr(typed)))
    return region


async def _fetch(run: Run, members: Mapping[str, object]) -> PhotosFetched:
    label = run.t("photos.fetching")
    async with open_desk(run, signs=False) as desk:
        request = check_request(FetchPhotos, members)
        done = await desk.run(request)
        with run.out.progress(done.asked, label) as advance:
            advance(done.held)
            while done.more:
                before = done.held
                request = check_request(FetchPhotos, {**members, "goes_on": True})
                done = await desk.run(request)
                advance(done.held - before)
    return done
