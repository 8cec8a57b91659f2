"""Which incidents a list is asked for: its options, and what they mean here."""

from collections.abc import Callable
from typing import Final, TypedDict, TypeVar, Unpack

import click

from federation.cli.arguments import find_scope, page_options
from federation.cli.context import Run
from federation.flows.incidents.answers import parse_after, parse_traced
from federation.flows.incidents.days import day_begins, day_is_over
from federation.flows.incidents.index import is_behind
from federation.records.incident import CATEGORIES, LAWS
from federation.store.incidents import IncidentFilter
from federation.store.view import View

F = TypeVar("F", bound=Callable[..., object])

#: So many incidents at the most are shown, or looked at, in one answer.
MOST: Final = 10_000


class AskedIncidents(TypedDict, total=False):
    """These options, but for the length of the list, as they were typed."""

    category: str | None
    law: str | None
    region: str
    org: str
    since: str
    until: str
    after: str
    election: str


def list_options(function: F) -> F:
    """The command with `--limit` and those that `read_filter` understands."""
    for option in (
        click.option("--election", default="", help="views.option-election"),
        page_options(50, "queue.option-after", MOST),
        click.option("--until", default="", help="reports.option-until"),
        click.option("--since", default="", help="reports.option-since"),
        click.option("--org", default="", help="incidents.option-org"),
        click.option("--region", default="", help="incidents.option-under"),
        click.option("--law", type=click.Choice(LAWS), help="incidents.option-law"),
        click.option(
            "--category",
            type=click.Choice(CATEGORIES),
            help="incidents.option-category",
        ),
    ):
        function = option(function)
    return function


def read_filter(run: Run, **asked: Unpack[AskedIncidents]) -> IncidentFilter:
    """Which incidents are meant, of the election that this node has if none is named.

    Raises:
        FormatError: `since` or `until` is no day.
        NotFoundError: there is no such election here.
    """
    return IncidentFilter(
        election=find_scope(run, asked.get("election", "")).election,
        category=asked.get("category") or "",
        law=asked.get("law") or "",
        region=asked.get("region", ""),
        org=asked.get("org", ""),
        since=day_begins(asked.get("since", "")),
        until=day_is_over(asked.get("until", "")),
        after=parse_after(asked.get("after", "")),
        traced=parse_traced(asked.get("after", "")),
    )


def note_behind(run: Run, view: View) -> None:
    """Say so where the answer will not show all that is stored."""
    if is_behind(view):
        run.out.note(run.t("incidents.behind"))
