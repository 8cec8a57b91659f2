"""`federation receipt`: a record, or all that stands about a station, as proofs.

Rule: one receipt goes to standard output, byte for byte what the API answers; several
go to files, each under a name that people know it by. Who holds the record since when
is said beside it, in Jakarta's time, and comes from the receipt itself. The database
is only read, so it works while the node runs.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from federation.cli.arguments import find_scope, read_code, scope_options
from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.times import tell_second
from federation.config.disk import blaming
from federation.files import write_whole
from federation.flows.receipt import Issued, find_record, find_station, issue
from federation.records.readers import Nobody
from federation.store.view import View

_RECORD: Final = re.compile("[0-9a-fA-F]{64}")


@click.command("receipt", cls=Command, help="receipt.help")
@click.argument("what", metavar="RECORD|TPS")
@click.option("--org", default="", help="receipt.option-org")
@click.option(
    "--out", "folder", type=click.Path(file_okay=False, path_type=Path),
    help="receipt.option-out",
)  # fmt: skip
@scope_options
@command_options
def receipt(
    run: Run, what: str, org: str, folder: Path | None, election: str, contest: str
) -> None:
    """Write receipts."""
    with run.open_database().view() as view:
        receipts = _find(run, view, what, org, election, contest)
    if folder is None and len(receipts) > 1 and not run.out.is_json:
        raise click.UsageError(run.t("receipt.several", count=len(receipts)))
    paths = [folder / issued.name if folder else None for issued in receipts]
    for issued, path in zip(receipts, paths, strict=True):
        _hand_over(run, issued, path)
    quorum = run.settings.witness.quorum
    described = [
        {**_describe(issued, path), "is_held": len(issued.held) >= quorum}
        for issued, path in zip(receipts, paths, strict=True)
    ]
    run.out.show(
        {"quorum": quorum, "receipts": described},
        lambda: _explain(run, receipts, paths),
    )


def _find(
    run: Run, view: View, what: str, org: str, election: str, contest: str
) -> list[Issued]:
    """The receipts that are asked for, all of one snapshot.

    Raises:
        NotFoundError: no such record or station here, or nobody spoke of it.
        FormatError: neither a record id nor the code of a station.
    """
    stranger = Nobody(at=run.clock())  # it goes from hand to hand
    quorum = run.settings.witness.quorum
    if _RECORD.fullmatch(what):
        place = find_record(view, what.lower(), stranger)
        return [issue(view, *place, stranger, quorum)]
    scope = find_scope(run, election, contest)
    placed = find_station(view, scope.election, read_code(what), contest, org)
    return [issue(view, *place, stranger, quorum) for place in placed]


def _hand_over(run: Run, issued: Issued, path: Path | None) -> None:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with blaming(path), write_whole(path) as file:
            file.write(issued.data)
    elif not run.out.is_json:
        sys.stdout.buffer.write(issued.data)
        sys.stdout.buffer.flush()


def _describe(issued: Issued, path: Path | None) -> dict[str, Any]:
    """A receipt for programs: where it is, or its text."""
    return {
        "record": issued.claim.record,
        "origin": issued.origin,
        "index": issued.claim.index,
        "size": issued.size,
        "held": [{"org": held.org, "time": held.time} for held in issued.held],
        **({"path": str(path)} if path else {"text": issued.data.decode()}),
    }


def _explain(
    run: Run, receipts: Sequence[Issued], paths: Sequence[Path | None]
) -> None:
    quorum = run.settings.witness.quorum
    for issued, path in zip(receipts, paths, strict=True):
        claim = issued.claim
        run.out.note(
            run.t(
                "receipt.of",
                org=claim.org,
                tps=claim.tps,
                contest=claim.contest,
                index=run.out.number(claim.index),
            )
        )
        for held in issued.held:
            values = {"org": held.org, "time": tell_second(held.time)}
            run.out.note("  " + run.t("receipt.held", **values))
        if not issued.held:
            run.out.note("  " + run.t("receipt.not-held", org=claim.org))
        elif len(issued.held) < quorum:
            told = {"count": len(issued.held), "quorum": quorum}
            run.out.note("  " + run.t("receipt.too-few", **told))
        if path is not None:
            run.out.note("  " + run.t("receipt.written", path=path))
    run.out.note(run.t("receipt.limits"))
