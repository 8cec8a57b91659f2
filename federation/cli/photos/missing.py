"""`federation photos missing`: what is wanted and not held, and who said to have it.

Rule: with `--json` the output is what `/v1/photos/missing` answers, byte for byte. The
database is only read, so it works while the node runs.
"""

import click

from federation.cli.arguments import page_options
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.times import tell_second
from federation.flows.photos.missing import AskedPartner, MissingPhoto, list_missing
from federation.records.readers import THIS_MACHINE


@click.command("missing", cls=Command, help="photos.help-missing")
@page_options(100, "photos.option-after")
@command_options
def missing(run: Run, after: str, limit: int) -> None:
    """List them by digest."""
    with run.open_database().view() as view:
        answer = list_missing(view, THIS_MACHINE, after, limit)
    run.out.show(answer, lambda: _print(run, answer.photos, answer.next))


def _print(run: Run, photos: list[MissingPhoto], following: str) -> None:
    t = run.t
    if not photos and not following:
        run.out.line(t("photos.none-missing"))
        return
    headers = ("digest", "stations", "named-by", "asked")
    rows = [_row(run, photo) for photo in photos]
    run.out.table([t(f"photos.column-{name}") for name in headers], rows)
    if following:
        run.out.note(t("views.more", after=following))


def _row(run: Run, photo: MissingPhoto) -> tuple[str, ...]:
    asked = "; ".join(_tell(run, one) for one in photo.asked)
    named, stations = ", ".join(photo.named_by), ", ".join(photo.stations)
    return photo.digest, stations, named, asked or run.t("photos.nobody-asked")


def _tell(run: Run, asked: AskedPartner) -> str:
    cause = run.t.word(f"photos.cause-{asked.cause}", run.t("photos.cause-other"))
    return f"{asked.org}: {cause} ({tell_second(asked.at)})"
