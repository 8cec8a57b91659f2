"""`federation export`: rows for a spreadsheet, or everything signed for others.

Rule: one of seven things a call. Rows go to a file or to standard output (`rows`), in
parts or as a database to a folder (`packing`); a bundle file, a static site, a folder
of forks and a trust file always go to the path they are given (`publish`). Options that
mean nothing together are refused, not passed over.
"""

import sys
from pathlib import Path

import click
from click.core import ParameterSource

from federation.cli.arguments import find_scope, scope_options
from federation.cli.context import Run, command_options
from federation.cli.export.packing import export_datasette, export_package
from federation.cli.export.publish import (
    export_bundle,
    export_excerpt,
    export_forks,
    export_static,
    export_trust,
)
from federation.cli.export.rows import write_rows, write_rows_to
from federation.cli.help import Command
from federation.flows.dataset.choose import NIST, TABLE_FORMS
from federation.flows.dataset.nist import facts_of
from federation.flows.dataset.package import PackageAsked
from federation.flows.publish.items import Selection, read_sizes
from federation.flows.publish.trust import TRUST_QUORUM
from federation.flows.query.export import WHATS, Export, What
from federation.flows.query.scope import QueryScope, contests_of

_FILE = click.Path(dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)
#: Of an object store, too, whose address is no path.
_PLACE = click.Path(file_okay=False)
_GIVEN = click.Path(exists=True, dir_okay=False, path_type=Path)
_OF_ROWS = ("form", "what", "path")


@click.command("export", cls=Command, help="export.help")
@click.option(
    "--format", "form", type=click.Choice([*TABLE_FORMS, NIST]), default="csv",
    help="export.option-format", show_default=True,
)  # fmt: skip
@click.option(
    "--what", type=click.Choice(WHATS), default="results",
    help="export.option-what", show_default=True,
)  # fmt: skip
@click.option("--region", default="", help="views.option-region")
@click.option("--out", "path", type=_FILE, help="export.option-out")
@click.option("--package", type=_FOLDER, help="export.option-package")
@click.option("--datasette", type=_FOLDER, help="export.option-datasette")
@click.option("--bundle", type=_FILE, help="export.option-bundle")
@click.option(
    "--static", type=_PLACE, metavar="FOLDER|s3://BUCKET/BELOW",
    help="export.option-static",
)  # fmt: skip
@click.option("--forks", type=_FOLDER, help="export.option-forks")
@click.option("--trust", type=_FILE, help="export.option-trust")
@click.option(
    "--quorum", type=click.IntRange(0, 256), default=TRUST_QUORUM,
    help="export.option-quorum", show_default=True,
)  # fmt: skip
@click.option("--since", type=_GIVEN, help="export.option-since")
@click.option("--photos", is_flag=True, help="export.option-photos")
@click.option("--for", "for_org", metavar="ORG", help="export.option-for")
@scope_options
@command_options
def export(  # noqa: C901, PLR0911, PLR0913, PLR0917  one argument per option
    run: Run,
    form: str,
    what: What,
    region: str,
    path: Path | None,
    package: Path | None,
    datasette: Path | None,
    bundle: Path | None,
    static: str | None,
    forks: Path | None,
    trust: Path | None,
    quorum: int,
    since: Path | None,
    photos: bool,  # noqa: FBT001  # click
    for_org: str | None,
    election: str,
    contest: str,
) -> int | None:
    """Write an export."""
    _check_together(run)
    elections = (find_scope(run, election).election,) if election else ()
    if bundle is not None and region:
        export_excerpt(run, bundle, _contests(run, election, contest), region)
        return None
    if bundle is not None:
        sizes = read_sizes(since) if since else {}
        selection = Selection(elections, sizes, at=run.clock())
        export_bundle(run, bundle, selection, photos=photos, for_org=for_org)
        return None
    if static is not None:
        export_static(run, static, Selection(elections, at=run.clock()), photos=photos)
        return None
    if forks is not None:
        return export_forks(run, forks)
    if trust is not None:
        export_trust(run, trust, quorum, elections)
        return None
    asked = find_scope(run, election, contest)
    if datasette is not None:
        export_datasette(run, datasette, asked)
        return None
    if form == NIST:
        what = _need_stations(run, what)
    if package is not None:
        export_package(run, package, PackageAsked(asked, what, region, form))
        return None
    _export_rows(run, PackageAsked(asked, what, region, form), path)
    return None


def _export_rows(run: Run, asked: PackageAsked, path: Path | None) -> None:
    """Rows to a file, or to standard output."""
    with run.open_database().view() as view:
        begun = Export(view, run.settings, asked.scope, asked.what, asked.region)
        facts = facts_of(run.settings, asked.scope, run.now())
        if path is None:
            write_rows(run, view, begun, asked.form, sys.stdout.buffer, facts)
            return
        count = write_rows_to(path, run, view, begun, asked.form, facts)
    value = {"rows": count, "path": str(path), "cursor": begun.cursor}
    text = run.t("export.done", count=count, path=path, cursor=begun.cursor)
    run.out.show(value, lambda: run.out.note(text))


def _contests(run: Run, election: str, contest: str) -> list[QueryScope]:
    """The contests that are meant, of all elections unless one was named.

    Raises:
        NotFoundError: there is no such election or contest here.
    """
    scopes = []
    for name in [election] if election else run.settings.elections:
        first = find_scope(run, name)
        kinds = [kind for kind in contests_of(first.profile) if contest in {"", kind}]
        scopes += [first._replace(contest=kind) for kind in kinds]
    return scopes or [find_scope(run, election, contest)]


def _need_stations(run: Run, what: What) -> What:
    """A report of results is of stations: any other question is refused.

    Raises:
        click.UsageError: something else was asked for.
    """
    if "what" in _given() and what != "stations":
        one, other = f"--format {NIST}", "--what stations"
        raise click.UsageError(run.t("export.needs", one=one, other=other))
    return "stations"


def _check_together(run: Run) -> None:
    """Refuse options that mean nothing together.

    Raises:
        click.UsageError: two that exclude each other, or one that needs another.
    """
    given = _given()
    for option, others in _ALONE.items():
        for other in others:
            if option in given and other in given:
                raise click.UsageError(
                    run.t("export.not-together", one=given[option], other=given[other])
                )
    if "photos" in given and not {"bundle", "static"} & given.keys():
        other = "--bundle"
        raise click.UsageError(run.t("export.needs", one=given["photos"], other=other))
    needs = {**_NEEDS, **({"contest": "region"} if "bundle" in given else {})}
    for option, other in needs.items():
        if option in given and other not in given:
            reason = run.t("export.needs", one=given[option], other=f"--{other}")
            raise click.UsageError(reason)


#: What stands alone, and with what it does not go together.
_ALONE = {
    "datasette": (*_OF_ROWS, "package", "region", "bundle", "static", "forks", "trust"),
    "package": ("path", "bundle", "static", "forks", "trust"),
    "bundle": (*_OF_ROWS, "static", "trust", "forks"),
    "forks": (*_OF_ROWS, "static", "trust", "region", "contest", "election"),
    "since": ("region", "contest"),
    "photos": (*_OF_ROWS, "trust", "region", "contest"),
    "for_org": ("static",),
    "static": (*_OF_ROWS, "trust", "region", "contest"),
    "trust": (*_OF_ROWS, "region", "contest"),
}
_NEEDS = {"since": "bundle", "quorum": "trust", "for_org": "photos"}


def _given() -> dict[str, str]:
    """The options that were typed: name of the argument → how it is written."""
    context = click.get_current_context()
    return {
        param.name: param.opts[0]
        for param in context.command.params
        if param.name
        and context.get_parameter_source(param.name) is ParameterSource.COMMANDLINE
    }
