"""`federation backup create`: a backup now, whether the node runs or not."""

import click

from federation.cli.backup.given import as_typed, print_manifest
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.errors import NotFoundError
from federation.flows.backup import (
    BackupSource,
    CreatedBackup,
    create_backup,
    place_for,
)
from federation.node.house.database import is_there
from federation.text import Sentence


@click.command("create", cls=Command, help="backup.help-create")
@click.argument("folder", metavar="FOLDER", required=False)
@click.option("--with-annex", is_flag=True, help="backup.option-with-annex")
@click.option("--with-originals", is_flag=True, help="backup.option-with-originals")
@command_options
def create(
    run: Run, *, folder: str | None, with_annex: bool, with_originals: bool
) -> None:
    """Make it, and say what is in it and what is not."""
    to = run.settings.backup.to
    if folder is None and to is None:
        raise click.UsageError(run.t("backup.needs-folder"))
    address = to if folder is None else as_typed(folder)
    if not is_there(run.home):
        raise NotFoundError(Sentence("backup.no-database", keys=run.home.keys))
    source = BackupSource(home=run.home, settings=run.settings, db=run.open_database())
    with run.out.progress(None, run.t("backup.copying")) as told:
        made = create_backup(
            source,
            place_for(run.home, run.settings, address or ""),
            run.clock(),
            with_annex=with_annex,
            with_originals=with_originals,
            told=told,
        )
    run.out.show(made, lambda: _print(run, made))


def _print(run: Run, made: CreatedBackup) -> None:
    t, out, manifest = run.t, run.out, made.manifest
    out.line(t("backup.made", path=made.path))
    print_manifest(run, manifest, made.size)
    if not manifest.photo_store:
        out.line(t("backup.photos", count=manifest.photos, new=made.photos_new))
    if manifest.originals:
        told = {"count": manifest.originals, "new": made.originals_new}
        out.line(t("backup.originals", **told))
    if made.photos_missing:
        out.line(t("backup.photos-not-here", count=made.photos_missing))
    if not manifest.key:
        out.line(t("backup.mend-no-keys"))
    out.line(t("backup.is-private"))
    out.line(t("backup.try-it", path=made.path))
