"""What the verbs of `federation backup` share: the private key, and what they tell."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from federation.blobs.blobs import is_remote
from federation.cli.context import Run
from federation.cli.passphrase import read_passphrase
from federation.cli.times import tell_second
from federation.config.keystore import read_private
from federation.config.sealingkey import key_id, load_sealing_key, public_of
from federation.flows.backup import BackupFile, BackupManifest, open_backup
from federation.flows.backup.access import read_store_access
from federation.flows.backup.secret import check_key
from federation.text.size import tell_size

F = TypeVar("F", bound=Callable[..., object])


def as_typed(address: str) -> str:
    """The address of an object store as it is; a folder from where one types on."""
    return address if is_remote(address) else str(Path(address).absolute())


def open_typed(file: str, access: str | None) -> BackupFile:
    """A backup by its path or address; `access` names a file of who asks a store.

    Raises:
        ConfigError: that file cannot be used.
    """
    given = {} if access is None else read_store_access(Path(access).absolute())
    return open_backup(file, given)


def key_options(function: F) -> F:
    """The command with what a backup is opened by: its key, and who asks a store."""
    key = click.option("--key", "key_file", help="backup.option-key")
    file = click.option("--passphrase-file", help="backup.option-passphrase-file")
    access = click.option("--store-access", help="backup.option-store-access")
    return key(file(access(function)))


def open_private(
    run: Run, backup: BackupFile, key_file: str | None, passphrase_file: str | None
) -> bytes | None:
    """The key for what is secret in a backup: 32 bytes.

    None: none was named, or nothing is secret in it, which `print_manifest` says.

    Raises:
        ConfigError: it is missing, damaged or another one, or the passphrase is wrong.
    """
    if key_file is None or not backup.manifest.key:
        return None
    path = Path(key_file)
    read_private(path)  # what is wrong with the file is told before anything is typed
    passphrase = read_passphrase(run, passphrase_file, ask="backup.ask-passphrase")
    private = load_sealing_key(path, passphrase)
    check_key(backup, key_id(public_of(private)), key_file)
    return private


def print_manifest(run: Run, manifest: BackupManifest, size: int) -> None:
    """What a backup is, and what is in it."""
    t, out = run.t, run.out
    told = {"name": manifest.name, "org": manifest.org, "program": manifest.program}
    moment = tell_second(manifest.made_at)
    out.line(t("backup.of", **told, moment=moment, size=tell_size(size)))
    headers = [t(f"backup.{name}") for name in ("history", "records", "signed")]
    rows = [
        (log.origin, out.number(log.records), out.number(log.signed))
        for log in manifest.logs
    ]
    if rows:
        out.table(headers, rows, right=(1, 2))
    out.line(
        t("backup.has-keys" if manifest.key else "backup.no-keys", key=manifest.key)
    )
    if manifest.has_annex:
        out.line(t("backup.has-annex"))
    if manifest.photo_store:
        out.line(t("backup.photos-stay", store=manifest.photo_store))
    for path in manifest.left_out:
        out.line(t("backup.left-out", path=path))
