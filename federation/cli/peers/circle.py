"""`federation peers import` and `federation peers circle`: signed lists of partners."""

from pathlib import Path

import click

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.output import NEGATIVE, OK
from federation.cli.passphrase import OPTION, read_passphrase
from federation.cli.peers.pin import compare_key, pin_peers
from federation.config.circle import (
    MAX_CIRCLE_BYTES,
    format_circle,
    open_circle,
    sign_circle,
)
from federation.config.disk import create_file
from federation.config.fingerprint import fingerprint, parse_fingerprint
from federation.config.founding import load_own_identity
from federation.config.peers import Peer
from federation.errors import FormatError
from federation.text import Sentence
from federation.tlog.keys import VerifierKey


@click.command("import", cls=Command, help="peers.help-import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--expect", help="peers.option-expect")
@command_options
def import_circle(run: Run, *, file: Path, expect: str | None) -> int | None:
    """Add the partners of a circle file."""
    expected = parse_fingerprint(expect) if expect else None
    with file.open("rb") as stream:
        try:
            circle = open_circle(stream.read(MAX_CIRCLE_BYTES + 1), None)
        except FormatError as error:
            raise FormatError(Sentence("peers.no-circle"), str(file)) from error
    org = circle.signer.name.removesuffix("/identity")
    count = len(circle.members)
    who = run.t("peers.signed-by", name=circle.name, org=org, count=count)
    if not compare_key(run, who, circle.signer, expected):
        return NEGATIVE
    known = {peer.org: peer.identity for peer in run.peers}
    others = [peer for peer in circle.members if peer.org != run.settings.org]
    new = [peer for peer in others if peer.org not in known]
    pin_peers(run, new)
    rows = [
        {"org": peer.org, "name": peer.name, "state": _import_state(peer, known)}
        for peer in others
    ]
    t = run.t
    headers = [t("peers.org"), t("peers.name"), t("peers.state")]
    cells = [(r["org"], r["name"], t(f"peers.state-{r['state']}")) for r in rows]
    run.out.show(
        {"name": circle.name, "members": rows}, lambda: run.out.table(headers, cells)
    )
    return NEGATIVE if any(row["state"] == "differs" for row in rows) else OK


@click.command("circle", cls=Command, help="peers.help-circle")
@click.option("--name", required=True, help="peers.option-circle-name")
@click.option(
    "--out", "file", required=True, type=click.Path(path_type=Path),
    help="peers.option-out",
)  # fmt: skip
@click.option(OPTION, "passphrase_file", help="init.option-passphrase-file")
@command_options
def write_circle(
    run: Run, *, name: str, file: Path, passphrase_file: str | None
) -> int | None:
    """Write a signed list of ourselves and our partners."""
    settings, t = run.settings, run.t
    passphrase = read_passphrase(run, passphrase_file)
    signer = load_own_identity(run.home, settings.org, passphrase)
    url = settings.listen.public_url
    ourselves = Peer(org=settings.org, identity=signer.key, name=settings.name, url=url)
    members = [ourselves, *(peer for peer in run.peers if not peer.hidden)]
    text = format_circle(name, signer.key, members)
    create_file(file, sign_circle(text, signer))
    print_ = fingerprint(signer.key)

    def human() -> None:
        run.out.line(t("peers.wrote-circle", count=len(members), path=file))
        run.out.line(f"  {print_}")

    value = {"path": str(file), "members": len(members), "fingerprint": print_}
    run.out.show(value, human)
    return OK


def _import_state(peer: Peer, known: dict[str, VerifierKey]) -> str:
    if peer.org not in known:
        return "added"
    return "kept" if known[peer.org] == peer.identity else "differs"
