"""`federation annex show | export`: opened with the coordinator's key.

Rule: opened first, so that a wrong passphrase is no use of it; then the use is written
down; then it is shown. If that cannot be written down, nothing is shown.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import click
import msgspec

from federation.cli.annex.given import (
    checked_why,
    key_options,
    read_incident,
    reason_options,
)
from federation.cli.client import hand_in
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.passphrase import read_passphrase
from federation.config.disk import PRIVATE_FILE, create_file
from federation.config.sealingkey import key_id, load_sealing_key, public_of
from federation.errors import ConfigError, ConflictError
from federation.flows.annex.contents import AnnexPerson, IncidentAnnex
from federation.flows.annex.sealing import open_sealed
from federation.store.annex import AnnexFolder, AnnexHead
from federation.text import Sentence
from federation.web.requests.annexes import UseAnnex


@click.command("show", cls=Command, help="annex.help-show")
@click.argument("incident")
@click.option("--election", help="import.option-election")
@reason_options
@key_options
@command_options
def show(run: Run, *, incident: str, election: str | None, **given: str | None) -> None:
    """Show one annex."""
    head, contents = open_annex(run, "show", incident, election, given)
    value = {"annex": contents, "head": head}
    run.out.show(value, lambda: _print(run, head, contents))


@click.command("export", cls=Command, help="annex.help-export")
@click.argument("incident")
@click.option("--election", help="import.option-election")
@click.option("--out", required=True, help="annex.option-out")
@reason_options
@key_options
@command_options
def export(
    run: Run, *, incident: str, election: str | None, **given: str | None
) -> None:
    """Write one annex to a new file, for an agency."""
    path = Path(given.pop("out") or "")
    if path.exists():
        raise ConflictError(Sentence("machine.not-overwritten", path=path))
    head, contents = open_annex(run, "export", incident, election, given)
    create_file(path, msgspec.json.encode(contents) + b"\n", PRIVATE_FILE)
    value = {"election": head.election, "incident": head.incident, "out": str(path)}
    told = run.t("annex.exported", path=path)
    run.out.show(value, lambda: run.out.line(told))


def open_annex(
    run: Run,
    use: Literal["show", "export"],
    incident: str,
    election: str | None,
    given: dict[str, str | None],
) -> tuple[AnnexHead, IncidentAnnex]:
    """An annex, opened, its use written down.

    Raises:
        ConfigError: the key is missing, damaged or another one, or the passphrase is
            wrong.
        NotFoundError: none is kept, or nobody of that name may see it.
        StoredError: its file is damaged.
        VerificationError: it is not what was sealed.
        FormatError: the reason tells of a person.
    """
    where, name = read_incident(run, incident, election)
    why = checked_why(given["why"] or "")
    annex = AnnexFolder(run.home.annex).load(where, name)
    contents = open_sealed(annex, load_private(run, annex.head.key, given))
    request = UseAnnex(
        use=use, election=where, incident=name, why=why, person=given["person"] or ""
    )
    hand_in(run, request, signs=False)
    return annex.head, contents


def load_private(run: Run, wanted: str, given: Mapping[str, str | None]) -> bytes:
    """The coordinator's key, where it is the one that something was sealed for.

    Args:
        run: Of the command.
        wanted: Its id, 16 hex digits.
        given: What `key_options` took.

    Raises:
        ConfigError: the key is missing, damaged or another one, or the passphrase is
            wrong.
    """
    key = given["key_file"]
    path = Path(key) if key else run.home.annex_private
    if not path.exists():
        raise ConfigError(str(path), "", Sentence("annex.key-not-here"))
    ask = "annex.ask-passphrase"
    passphrase = read_passphrase(run, given["passphrase_file"], ask=ask)
    private = load_sealing_key(path, passphrase)
    if key_id(public_of(private)) != wanted:
        raise ConfigError(str(path), "", Sentence("annex.other-key", wanted=wanted))
    return private


def _print(run: Run, head: AnnexHead, contents: IncidentAnnex) -> None:
    t, out = run.t, run.out
    rows: list[tuple[object, ...]] = []
    if contents.reporter is not None:
        rows.append(_row(t("annex.reporter"), contents.reporter))
    rows += [_row(t("annex.accused"), one) for one in contents.accused]
    rows += [_row(t("annex.witness"), one) for one in contents.witnesses]
    if rows:
        headers = ("who", "name", "address", "contact", "about")
        out.table([t(f"annex.{key}") for key in headers], rows)
    if (at := contents.position) is not None:
        out.line(t("annex.position", lat=at.lat, lon=at.lon))
    if contents.notes:
        out.line(t("annex.notes"))
        out.line(contents.notes)
    out.note(t("annex.noted", day=head.keep_until))


def _row(who: str, person: AnnexPerson) -> tuple[object, ...]:
    return who, person.name, person.address, person.contact, person.about
