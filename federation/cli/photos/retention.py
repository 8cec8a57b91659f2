"""`federation photos retention`: what has had its time, by federation.toml, goes.

The node does it once a day by itself; the command does it now, or shows what would go.
"""

from collections.abc import Iterator

import click

from federation.cli.client import hand_in
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.flows.photos.retention import RetentionTerms, find_expired, make_terms
from federation.profiles import load_profiles
from federation.store.blobs import HeldBlob
from federation.store.view import View
from federation.text import Sentence
from federation.text.size import tell_size
from federation.web.requests.photos import ExpirePhotos

MAX_SHOWN = 1_000


@click.command("retention", cls=Command, help="removal.help-retention")
@click.option("--dry-run", is_flag=True, help="removal.option-dry-run")
@command_options
def retention(run: Run, *, dry_run: bool) -> None:
    """Delete what has had its time."""
    days = run.settings.photos.retention_days
    if not days:
        value = {"count": 0, "size": 0}
        run.out.show(value, lambda: run.out.line(run.t("removal.retention-unset")))
    elif dry_run:
        terms = make_terms(days, load_profiles(run.home.elections))
        with run.open_database().view() as view:
            _show(run, _expired(view, terms, int(run.clock())))
    else:
        done = hand_in(run, ExpirePhotos())
        run.finish(Sentence("cli.done-unsaid"))
        deleted = {"count": done.count, "size": tell_size(done.size)}
        told = run.t("removal.retention-done", **deleted)
        run.out.show(done, lambda: run.out.line(told))


def _expired(view: View, terms: RetentionTerms, now: int) -> Iterator[HeldBlob]:
    after: str | None = ""
    while after is not None:
        page = find_expired(view, terms, now, after)
        yield from page.expired
        after = page.after or None


def _show(run: Run, expired: Iterator[HeldBlob]) -> None:
    """What would go; of many, the first are named and the others counted."""
    count = size = 0
    shown = []
    for blob in expired:
        count, size = count + 1, size + blob.size
        if count <= MAX_SHOWN:
            shown.append(blob.digest)

    def human() -> None:
        if not count:
            run.out.line(run.t("removal.retention-none"))
            return
        would = {"count": count, "size": tell_size(size)}
        run.out.line(run.t("removal.retention-would", **would))
        for digest in shown:
            run.out.line(digest)

    value = {"count": count, "size": size, "photos": shown}
    run.out.show(value, human)
