"""`federation refer agencies`: who takes reports, and whom one would go to.

Rule: it shows what the file says and does nothing; the first agency of the answer is
the one that a report of that law, category and place goes to.
"""

from pathlib import Path
from typing import Any

import click

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.output import NEGATIVE, OK
from federation.config.agencies import Agency, agencies_of, load_agencies, route
from federation.errors import FormatError
from federation.flows.query.scope import parse_region
from federation.records.incident import CATEGORIES, LAWS
from federation.records.tps import parse_tps
from federation.text import Sentence


@click.command("agencies", cls=Command, help="refer.help-agencies")
@click.option("--region", help="refer.option-region")
@click.option("--law", type=click.Choice(LAWS), help="refer.option-law")
@click.option("--category", type=click.Choice(CATEGORIES), help="refer.option-category")
@command_options
def agencies(
    run: Run, *, region: str | None, law: str | None, category: str | None
) -> int | None:
    """The agencies that this node knows."""
    place = None if region is None else _parse_place(region)
    path = run.home.agencies
    known = load_agencies(path)
    if law is not None:
        if place is None:
            raise click.UsageError(run.t("refer.law-needs-region"))
        shown = route(known, law, category or "", place)
    elif category is not None:
        raise click.UsageError(run.t("refer.category-needs-law"))
    else:
        shown = known if place is None else agencies_of(known, place)
    value = {"agencies": [_describe(agency) for agency in shown]}
    run.out.show(value, lambda: _print(run, path, known, shown))
    return OK if shown else NEGATIVE


def _parse_place(text: str) -> str:
    """A region, or a polling station.

    Raises:
        FormatError: neither.
    """
    try:
        return parse_region(text)
    except FormatError:
        pass
    try:
        return str(parse_tps(text))
    except FormatError as error:
        raise FormatError(Sentence("refer.not-a-place"), ascii(text[:40])) from error


def _describe(agency: Agency) -> dict[str, Any]:
    return {
        "key": agency.key,
        "name": agency.name,
        "kind": agency.kind,
        "level": agency.level,
        "regions": list(agency.regions),
        "laws": list(agency.laws),
        "categories": None if agency.categories is None else list(agency.categories),
        "ways": list(agency.ways),
        "language": agency.language,
    }


def _print(
    run: Run, path: Path, known: tuple[Agency, ...], shown: tuple[Agency, ...]
) -> None:
    t = run.t
    if not known:
        run.out.line(t("refer.no-agencies", path=path))
        return
    if not shown:
        run.out.line(t("refer.nobody", path=path))
        return
    headers = ("key", "name", "level", "regions", "laws", "ways")
    rows = [
        (
            one.key,
            one.name,
            t(f"refer.level-{one.level}"),
            ", ".join(one.regions) or t("refer.everywhere"),
            ", ".join(t(f"refer.law-{law}") for law in one.laws),
            ", ".join(t(f"refer.way-{way}") for way in one.ways),
        )
        for one in shown
    ]
    run.out.table([t(f"refer.column-{name}") for name in headers], rows)
