"""`federation import`: what somebody has in files, taken in for what it is.

Rule: a file is recognised by what it holds, and what was recognised is said: results
of ours go into our log (`results.py`), what others handed over is taken in as theirs
(`handedfiles.py`).
"""

import click
import msgspec

from federation.cli.context import Run, command_options
from federation.cli.help import Command
from federation.cli.import_.handedfiles import find_handed, take_handed
from federation.cli.import_.options import ImportOptions
from federation.cli.import_.results import Import
from federation.sources.recognise import FORMATS
from federation.sources.words import FORMS, REVIEWS, SOURCES


@click.command("import", cls=Command, help="import.help")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, allow_dash=True)
)
@click.option("--election", help="import.option-election")
@click.option("--contest", help="import.option-contest")
@click.option("--round", help="import.option-round")
@click.option("--source", type=click.Choice(SOURCES), help="import.option-source")
@click.option("--form", type=click.Choice(FORMS), help="import.option-form")
@click.option("--review", type=click.Choice(REVIEWS), help="import.option-review")
@click.option("--map", "columns", multiple=True, help="import.option-map")
@click.option("--mapping", type=click.Path(), help="import.option-mapping")
@click.option("--delimiter", help="import.option-delimiter")
@click.option(
    "--format", "kind", type=click.Choice(FORMATS), help="import.option-format"
)
@click.option("--sheet", help="import.option-sheet")
@click.option(
    "--kelurahan", type=click.Path(exists=True), help="import.option-kelurahan"
)
@click.option("--unpadded", is_flag=True, help="import.option-unpadded")
@click.option("--figures-only", is_flag=True, help="import.option-figures-only")
@click.option("--allow-unlisted", is_flag=True, help="import.option-allow-unlisted")
@click.option(
    "--photos", type=click.Path(exists=True, file_okay=False),
    help="photoimport.option-photos",
)  # fmt: skip
@click.option("--report", type=click.Path(), help="import.option-report")
@click.option("--dry-run", is_flag=True, help="import.option-dry-run")
@click.option("--restate", is_flag=True, help="import.option-restate")
@click.option("--force", is_flag=True, help="import.option-force")
@click.option("--alone", is_flag=True, help="import.option-alone")
@command_options
def import_results(run: Run, **given: object) -> int | None:
    """Read the files, log what is new, say what became of every row."""
    options = msgspec.convert(given, ImportOptions)
    handed = find_handed(run, options.files)
    if handed:
        _check_options(run, options)
        return take_handed(run, handed, dry_run=options.dry_run)
    return Import(run, options).execute()


def _check_options(run: Run, options: ImportOptions) -> None:
    """See that nothing was asked for that only results can have.

    Raises:
        click.UsageError: an option of results stands beside a bundle.
    """
    for name in ImportOptions.__struct_fields__:
        if name not in {"files", "dry_run"} and getattr(options, name):
            option = {"columns": "map", "kind": "format"}.get(name, name)
            raise click.UsageError(run.t("import.for-results", option=f"--{option}"))
