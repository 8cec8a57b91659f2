"""`federation recap`: the sums of a region, and where they no longer follow."""

import click
from msgspec import UNSET

from federation.cli.arguments import find_scope, page_options, scope_options
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.output import NEGATIVE, OK
from federation.cli.show.place import find_region
from federation.flows.recap.answers import RecapDocument, RecapsAnswer, RecapSum
from federation.flows.recap.list import RecapFilter, list_recaps
from federation.records.recap import NATION_CODE

_NATION = frozenset({NATION_CODE, "nation", "nasional", "indonesia"})


@click.command("recap", cls=Command, help="recap.help")
@click.argument("place", nargs=-1)
@click.option("--broken", is_flag=True, help="recap.option-broken")
@click.option("--first", is_flag=True, help="recap.option-first")
@click.option("--org", default="", help="recap.option-org")
@page_options(20, "recap.option-after")
@scope_options
@command_options
def recap(  # noqa: PLR0913, PLR0917  its options
    run: Run,
    place: tuple[str, ...],
    broken: bool,  # noqa: FBT001  a flag
    first: bool,  # noqa: FBT001  a flag
    org: str,
    limit: int,
    after: str,
    election: str,
    contest: str,
) -> int:
    """The documents of a region and of those within it."""
    scope = find_scope(run, election, contest)
    typed = () if " ".join(place).lower() in _NATION else place
    with run.open_database().view() as view:
        region = find_region(run, view, scope.election, typed)
        if region is None:
            return NEGATIVE
        verdict = "broken" if broken else ""
        which = RecapFilter(region=region, verdict=verdict, first=first, org=org)
        answer = list_recaps(view, scope, which, after, limit)
    run.out.show(answer, lambda: _print(run, answer))
    return OK


def _print(run: Run, answer: RecapsAnswer) -> None:
    t, out = run.t, run.out
    counts = answer.counts
    place = answer.region.name or answer.region.code or t("page.nation")
    out.line(f"{place}  ({answer.election} {answer.contest})")
    if not (counts.follows + counts.undecided + counts.broken):
        out.line(t("recap.none"))
        return
    told = {
        "follows": out.number(counts.follows),
        "undecided": out.number(counts.undecided),
        "broken": out.number(counts.broken),
        "first": out.number(counts.first),
    }
    out.line(t("recap.counts", **told))
    for document in answer.documents:
        out.line("")
        _print_document(run, answer, document)
    if answer.next:
        out.note(t("views.more", after=answer.next))


def _below(run: Run, row: RecapSum) -> tuple[str, str]:
    """The level below and the difference; dashes where nothing of it is known."""
    if row.verdict == "undecided" and not row.most:
        return "–", "–"
    number = run.out.number(abs(row.difference))
    return run.t.span((row.least, row.most)), _signed(number, row.difference)


def _signed(number: str, value: int) -> str:
    return f"+{number}" if value > 0 else f"-{number}" if value < 0 else number


def _print_document(run: Run, answer: RecapsAnswer, one: RecapDocument) -> None:
    t, out = run.t, run.out
    place = f"{one.region.code} {one.region.name}".strip() or t("page.nation")
    level = t(f"recap.level-{one.level}")
    source = t("recap.of-kpu", org=one.org) if one.official else one.org
    verdict = t("recap.first" if one.first else f"recap.{one.verdict}")
    out.line(f"{level} {place} · {source} · {verdict}")
    headers = ("candidate", "said", "below", "difference")
    rows = [
        (
            f"{row.candidate} {answer.candidates.get(row.candidate, '')}".strip(),
            out.number(row.said),
            *_below(run, row),
        )
        for row in one.sums
    ]
    out.table([t(f"recap.{name}") for name in headers], rows, right=(1, 2, 3))
    if one.missing is UNSET:
        out.line(t("recap.missing-unknown"))
    elif one.missing:
        names = ", ".join(one.missing_names)
        count = out.number(one.missing)
        key = "missing-named" if names else "missing"
        out.line(t(f"recap.{key}", count=count, names=names))
