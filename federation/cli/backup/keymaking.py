"""`federation backup key`: the key that private keys of backups are sealed for."""

import secrets
from pathlib import Path

import click

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.passphrase import OPTION, read_passphrase
from federation.config.backupkey import found_backup_key, load_backup_public
from federation.config.founding import FoundingReport
from federation.config.sealingkey import key_id


@click.command("key", cls=Command, help="backup.help-key")
@click.argument("file", metavar="FILE", required=False)
@click.option(OPTION, "passphrase_file", help="backup.option-passphrase-file")
@command_options
def make_key(run: Run, *, file: str | None, passphrase_file: str | None) -> None:
    """Make the key, or say which there is."""
    home = run.home
    private = Path(file).absolute() if file else home.backup_private
    report = FoundingReport()
    # Where it is, nothing is to be done: the private half is away, as it should.
    if not home.backup_public.exists():
        is_new = not private.exists()
        ask = "backup.ask-new-passphrase" if is_new else "backup.ask-passphrase"
        passphrase = read_passphrase(run, passphrase_file, new=is_new, ask=ask)
        report = found_backup_key(home, private, passphrase, secrets.token_bytes)
    public = load_backup_public(home)
    assert public is not None, "it is there now"
    value = {"key": key_id(public), "made": [str(path) for path in report.made]}

    def human() -> None:
        for path in report.made:
            run.out.line(run.t("backup.key-made", path=path))
        run.out.line(run.t("backup.key-is", key=key_id(public)))
        if report.made:
            run.out.line(run.t("backup.key-away", path=private))
        else:
            run.out.line(run.t("backup.key-there", public=home.backup_public))

    run.out.show(value, human)
