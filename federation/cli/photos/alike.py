"""`federation photos alike`: photos that look like one of another station, or hand.

Rule: it points, it judges nobody; the words say so. The database is only read. With
`--check` those that are held here are opened and compared by ourselves.
"""

import asyncio
import sys
from collections.abc import Iterator

import click
from msgspec import UNSET
from msgspec.structs import replace

from federation.blobs.blobs import open_blobs
from federation.cli.arguments import find_scope
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.flows.photos.alikeanswers import (
    AlikeAnswer,
    AlikePhotos,
    alike_table,
    list_alike,
)
from federation.flows.photos.alikehere import PhotosHere, look_alike_here
from federation.flows.photos.index import is_behind
from federation.flows.query.cells import format_csv
from federation.photos.redraw import Redrawer
from federation.records.readers import THIS_MACHINE
from federation.store.view import View

_PAGE = 500


@click.command("alike", cls=Command, help="alike.help")
@click.option("--region", default="", help="views.option-region")
@click.option("--election", default="", help="views.option-election")
@click.option("--check", "is_checked", is_flag=True, help="alike.option-check")
@click.option("--csv", "is_csv", is_flag=True, help="alike.option-csv")
@command_options
def alike(
    run: Run, *, region: str, election: str, is_checked: bool, is_csv: bool
) -> None:
    """List them."""
    scope = find_scope(run, election)
    with run.open_database().view() as view:
        if is_behind(view):
            run.out.note(run.t("alike.behind"))
        found = list(_all_pages(run, view, scope.election, region))
        if is_checked:
            found = asyncio.run(_check(run, view, found))
    if is_csv:
        table = alike_table(found)
        sys.stdout.buffer.write(format_csv([table.columns, *table.rows]))
        return
    answer = AlikeAnswer(election=scope.election, region=region, alike=found, next="")
    run.out.show(answer, lambda: _print(run, found))


def _all_pages(
    run: Run, view: View, election: str, region: str
) -> Iterator[AlikePhotos]:
    """Each pair once, over all pages."""
    seen: set[frozenset[tuple[str, str]]] = set()
    after = ""
    with run.out.progress(None, run.t("alike.working")) as advance:
        while True:
            page = list_alike(view, election, region, THIS_MACHINE, after, _PAGE)
            advance(len(page.alike))
            for one in page.alike:
                both = frozenset((it.sha256, it.tps) for it in (one.here, one.there))
                if both not in seen:
                    seen.add(both)
                    yield one
            after = page.next
            if not after:
                return


async def _check(run: Run, view: View, found: list[AlikePhotos]) -> list[AlikePhotos]:
    """The same, and of those that are held here whether we find them alike, too."""
    blobs = open_blobs(run.home.blobs, run.home.folder)
    checked = []
    with run.out.progress(len(found), run.t("alike.checking")) as advance:
        async with Redrawer() as redrawer:
            photos = PhotosHere(view, blobs, redrawer)
            for one in found:
                says = await look_alike_here(photos, one.here.sha256, one.there.sha256)
                checked.append(one if says is None else replace(one, checked=says))
                advance(1)
    return checked


def _print(run: Run, found: list[AlikePhotos]) -> None:
    t = run.t
    if not found:
        run.out.line(t("alike.none"))
        return
    headers = ("station", "says", "like", "said-by", "bits", "here")
    run.out.table(
        [t(f"alike.column-{name}") for name in headers],
        [_row(run, one) for one in found],
        right=(4,),
    )
    run.out.note(t("alike.no-verdict"))


def _row(run: Run, one: AlikePhotos) -> tuple[str | int, ...]:
    here, there = one.here, one.there
    if one.checked is UNSET:
        checked = run.t("alike.unchecked")
    else:
        checked = run.t("alike.checked" if one.checked else "alike.refuted")
    return (
        here.tps,
        f"{here.org} {here.sha256[:12]}",
        there.tps if one.elsewhere else run.t("alike.same-station"),
        f"{there.org} {there.sha256[:12]}",
        one.bits,
        checked,
    )
