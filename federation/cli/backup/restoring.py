"""`federation backup restore`: the home of a node out of a backup."""

from pathlib import Path
from typing import Any

import click

from federation.cli.backup.given import (
    key_options,
    open_private,
    open_typed,
    print_manifest,
)
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.errors import ConflictError
from federation.flows.backup import RestoredHome, restore_backup
from federation.text import Sentence


@click.command("restore", cls=Command, help="backup.help-restore")
@click.argument("file", metavar="FILE")
@click.argument("folder", metavar="FOLDER", required=False)
@key_options
@click.option("--without-keys", is_flag=True, help="backup.option-without-keys")
@click.option("--outside", "is_outside", is_flag=True, help="backup.option-outside")
@command_options
def restore(run: Run, *, file: str, folder: str | None, **given: Any) -> None:  # noqa: ANN401  the options, each named where it is used
    """Put it back, and say what comes next."""
    home = run.folder if folder is None else Path(folder).absolute()
    key_file, passphrase_file = given["key_file"], given["passphrase_file"]
    if key_file and given["without_keys"]:
        told = {"one": "--key", "other": "--without-keys"}
        raise click.UsageError(run.t("export.not-together", **told))
    with open_typed(file, given["store_access"]) as backup:
        if backup.manifest.key and not (key_file or given["without_keys"]):
            told = {"path": file, "key": backup.manifest.key}
            raise ConflictError(Sentence("backup.needs-key", **told))
        private = open_private(run, backup, key_file, passphrase_file)
        with run.out.progress(None, run.t("backup.restoring")) as advance:
            made = restore_backup(
                backup, home, private, is_outside=given["is_outside"], told=advance
            )
        size = backup.size
    run.out.show(made, lambda: _print(run, made, size))


def _print(run: Run, made: RestoredHome, size: int) -> None:
    t, out = run.t, run.out
    print_manifest(run, made.manifest, size)
    out.line(t("backup.restored", folder=made.folder))
    if not made.manifest.photo_store:
        out.line(t("backup.photos-restored", count=made.photos))
    if made.photos_missing:
        out.line(t("backup.photos-missing", count=made.photos_missing))
    if not made.has_keys:
        out.line(t("backup.next-keys", folder=made.folder))
    out.line(t("backup.next", folder=made.folder))
