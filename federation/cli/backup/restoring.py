"""`federation backup restore`: the home of a node out of a backup."""

from pathlib import Path
from secrets import token_bytes
from typing import Any

import click
import msgspec

from federation.cli.backup.given import (
    key_options,
    open_private,
    open_typed,
    print_manifest,
)
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.config.home import Home
from federation.config.settings import load_settings
from federation.errors import ConflictError
from federation.flows.backup import RestoredHome, restore_backup
from federation.node.witnesskey import load_witness_key, make_witness_key
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
    witness = _witness_of(home, made, is_outside=given["is_outside"])
    value = msgspec.to_builtins(made) | {"witness": witness}
    run.out.show(value, lambda: _print(run, made, size, witness))


class _NewWitness(msgspec.Struct, frozen=True, kw_only=True):
    """Our key as a witness, where one is needed: of which logs.

    `vkey`: what their operators are to be told; "": it is still to be made.
    """

    vkey: str
    logs: list[str]


def _witness_of(
    folder: Path, made: RestoredHome, *, is_outside: bool
) -> _NewWitness | None:
    """A witness that lost what it signed is another one, with a key of its own.

    The old key is in no backup: with an older memory, or none, it would sign what goes
    against what it signed. A new one has signed nothing.
    """
    settings = load_settings(folder / "federation.toml")
    home = Home.of(folder, settings)
    logs = sorted(settings.witness.witnessed_keys)
    if not logs:
        return None
    is_inside = home.guard.resolve().is_relative_to(folder.resolve())
    if made.has_keys and (is_inside or is_outside):
        make_witness_key(home, token_bytes)
    is_there = home.witness_key.exists()
    vkey = str(load_witness_key(home, settings).key) if is_there else ""
    return _NewWitness(vkey=vkey, logs=logs)


def _print(
    run: Run, made: RestoredHome, size: int, witness: _NewWitness | None
) -> None:
    t, out = run.t, run.out
    print_manifest(run, made.manifest, size)
    out.line(t("backup.restored", folder=made.folder))
    if not made.manifest.photo_store:
        out.line(t("backup.photos-restored", count=made.photos))
    if made.photos_missing:
        out.line(t("backup.photos-missing", count=made.photos_missing))
    if made.originals:
        out.line(t("backup.originals-restored", count=made.originals))
    if made.originals_missing:
        out.line(t("backup.originals-missing", count=made.originals_missing))
    if not made.has_keys:
        out.line(t("backup.next-keys", folder=made.folder))
    if witness is not None:
        told = {"logs": ", ".join(witness.logs), "folder": made.folder}
        key = "next-witness" if witness.vkey else "next-witness-key"
        out.line(t(f"backup.{key}", **told))
        if witness.vkey:
            out.line(f"  {witness.vkey}")
    out.line(t("backup.next", folder=made.folder))
