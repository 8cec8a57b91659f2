"""`federation keys desk`: a key that signs our records somewhere else than on the node.

It is made where it will be used, so that its private half never travels. It counts
once a key statement names it: `federation keys statement prepare --add`.
"""

from pathlib import Path
from secrets import token_bytes

import click

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.config.keystore import load_signer, save_signer
from federation.config.member import ORG, check_member


@click.command("desk", cls=Command, help="change.help-desk")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--org", help="change.option-org")
@command_options
def desk(run: Run, *, file: Path, org: str | None) -> None:
    """Make the key, unless it is there; print its public half."""
    if org is not None:
        check_member("--org", org, ORG)
    name = run.settings.org if org is None else org
    if not file.exists():
        save_signer(file, token_bytes(32))
    key = load_signer(file, f"{name}/records").key
    value = {"file": str(file), "vkey": str(key), "id": key.key_id.hex()}
    run.out.show(value, lambda: run.out.line(run.t("change.desk", file=file, key=key)))
