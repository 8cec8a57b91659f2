"""`federation annex key`: the key that annexes are sealed for, made once."""

import secrets

import click

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.passphrase import OPTION, read_passphrase
from federation.config.annexkey import found_annex_key, load_annex_public
from federation.config.founding import FoundingReport
from federation.config.sealingkey import key_id


@click.command("key", cls=Command, help="annex.help-key")
@click.option(OPTION, "passphrase_file", help="annex.option-passphrase-file")
@command_options
def found_key(run: Run, *, passphrase_file: str | None) -> None:
    """Make the key, or say which there is."""
    home = run.home
    report = FoundingReport()
    # Where it is, nothing is to be done: the private half may be away, as it should.
    if not home.annex_public.exists():
        is_new = not home.annex_private.exists()
        ask = "annex.ask-new-passphrase" if is_new else "annex.ask-passphrase"
        passphrase = read_passphrase(run, passphrase_file, new=is_new, ask=ask)
        report = found_annex_key(home, passphrase, secrets.token_bytes)
    name = key_id(load_annex_public(home))
    state = "here" if home.annex_private.exists() else "away"
    value = {
        "key": name,
        "made": [str(path) for path in report.made],
        "private": str(home.annex_private),
        "state": state,
    }

    def human() -> None:
        for path in report.made:
            run.out.line(run.t("annex.made", path=path))
        run.out.line(run.t("annex.key-is", key=name))
        told = f"annex.key-{state}"
        run.out.line(run.t(told, path=home.annex_private, public=home.annex_public))
        if report.made:
            run.out.line(run.t("annex.key-lost"))

    run.out.show(value, human)
