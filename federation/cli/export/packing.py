"""`federation export --package` and `--datasette`: data for others, in a folder.

Rule: it is for everybody, so it never lies in a folder of secrets. Whoever interrupts
it runs it again: what is whole is not made again.
"""

from pathlib import Path

from federation.cli.context import Run
from federation.config.disk import blaming
from federation.flows.dataset.datasette import METADATA, write_datasette
from federation.flows.dataset.package import PackageAsked, list_parts, write_package
from federation.flows.dataset.packagefile import PACKAGE
from federation.flows.publish.outputfolder import check_folder
from federation.flows.query.scope import QueryScope


def export_package(run: Run, folder: Path, asked: PackageAsked) -> None:
    """Write the parts that are not there yet, and say what was done.

    Raises:
        ConfigError: the folder cannot be used, or a package is not installed.
        FormatError: there is a `datapackage.json` there that is not of ours.
        NotFoundError: nothing of this election was merged yet.
    """
    home = run.home
    check_folder(folder, [home.data, home.keys, home.guard], marker=PACKAGE)
    with run.open_database().view() as view, blaming(folder):
        total = len(list_parts(view, asked))
        with run.out.progress(total, run.t("export.packing")) as advance:
            done = write_package(view, run.settings, asked, folder, run.now(), advance)
    rows = sum(part.rows for part in done.parts)
    value = {
        "path": str(folder),
        "files": len(done.parts),
        "made": done.made,
        "rows": rows,
        "bytes": sum(part.bytes for part in done.parts),
        "cursor": done.origin.cursor,
        "map": done.origin.map.digest,
    }
    text = run.t("export.packed", **value)
    run.out.show(value, lambda: run.out.note(text))


def export_datasette(run: Run, folder: Path, scope: QueryScope) -> None:
    """Write a contest as a database for Datasette, and say what it has.

    Raises:
        ConfigError: the folder cannot be used.
    """
    home = run.home
    check_folder(folder, [home.data, home.keys, home.guard], marker=METADATA)
    progress = run.out.progress(None, run.t("export.working"))
    with run.open_database().view() as view, blaming(folder), progress as advance:
        done = write_datasette(view, run.settings, scope, folder, run.now(), advance)
    value = {
        "path": str(done.path),
        "stations": done.stations,
        "claims": done.claims,
        "cursor": done.cursor,
    }
    metadata = folder / METADATA
    text = run.t("export.datasette", metadata=metadata, **value)
    run.out.show(value, lambda: run.out.note(text))
