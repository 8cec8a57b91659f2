"""`federation election archive`: one election, whole, for those who come later.

Rule: what is needed to check it lies in it, and a text that says how; nothing of any
other election. All of one snapshot. Written again, equal figures give equal files, so
a second call mends what is damaged; the sums are written last.

    README.txt         what this is and how to check it, in Indonesian and English
    SHA256SUMS         for `sha256sum -c`
    trust.txt          whose signatures count
    verify.html        the page that checks
    <election>.zip     every history, for `federation import` and `federation verify`
    site/              the same as plain files, for any web server
    tables/            results, differences, gaps, coverage as CSV, unsigned, of every
                       contest that has records
"""

import base64
from pathlib import Path

import click

from federation.cli.context import Run, command_options
from federation.cli.export.publish import (
    file_digest,
    publisher,
    write_selection,
    write_site,
    write_trust,
)
from federation.cli.export.rows import write_rows_to
from federation.cli.help import Command
from federation.cli.times import tell_time
from federation.config.disk import make_folder, replace_file
from federation.config.fingerprint import fingerprint
from federation.config.founding import load_identity_key
from federation.errors import NotFoundError
from federation.flows.publish.folder import PAGE
from federation.flows.publish.items import Publisher, Selection
from federation.flows.publish.outputfolder import OutputFolder, check_folder
from federation.flows.publish.readable import Stand, list_readable, list_stands
from federation.flows.publish.trust import TRUST_QUORUM
from federation.flows.query.export import WHATS, Export
from federation.flows.query.scope import QueryScope, contests_of
from federation.records.readers import Nobody
from federation.store.mapreading import list_rows
from federation.store.view import View
from federation.text import LANGUAGES, Sentence, Text
from federation.verifier import page

README, SUMS, TRUST = "README.txt", "SHA256SUMS", "trust.txt"
SITE, TABLES = "site", "tables"


@click.command("archive", cls=Command, help="archive.help")
@click.argument("name", metavar="ELECTION")
@click.option(
    "--out", "folder", required=True,
    type=click.Path(file_okay=False, path_type=Path), help="archive.option-out",
)  # fmt: skip
@click.option(
    "--quorum", type=click.IntRange(0, 256), default=TRUST_QUORUM,
    help="export.option-quorum", show_default=True,
)  # fmt: skip
@command_options
def archive(run: Run, *, name: str, folder: Path, quorum: int) -> None:
    """Write the archive of an election."""
    by = publisher(run)
    if name not in by.profiles:
        raise NotFoundError(Sentence("archive.unknown", election=name))
    check_folder(folder, run.home.private, f"{SITE}/logs")
    with run.open_database().view() as view:
        if not list_readable(view, Nobody(at=run.clock()), [name]):
            raise NotFoundError(Sentence("archive.nothing", election=name))
        make_folder(folder, 0o755)
        place = OutputFolder(folder)
        place.begin(by.settings.org, f"{SITE}/logs")
        chosen = Selection((name,), at=run.clock())
        write_site(run, view, by, OutputFolder(folder / SITE), chosen)
        bundle = write_selection(run, view, by, folder / f"{name}.zip", chosen)
        made = write_trust(run, view, folder / TRUST, quorum, [name])
        rows = _write_tables(run, view, by, name, folder / TABLES)
        replace_file(folder / README, _describe(run, view, by, name))
    replace_file(folder / PAGE, page())
    place.end()
    files = _write_sums(folder)
    value = {**bundle, "path": str(folder), "files": files, "rows": rows}
    value |= {"left_out": made.left_out}
    text = run.t(
        "archive.done",
        path=folder,
        files=run.out.number(files),
        records=run.out.number(bundle["records"]),
        rows=run.out.number(rows),
    )
    run.out.show(value, lambda: run.out.line(text))


def _write_tables(run: Run, view: View, by: Publisher, name: str, folder: Path) -> int:
    """Write a file for every contest and sort of rows; how many rows in all.

    An election has rules for more contests than were observed: 24 empty tables would
    only hide the four that say something.
    """
    make_folder(folder, 0o755)
    profile, count = by.profiles[name], 0
    for contest in contests_of(profile):
        if not list_rows(view, name, contest, limit=1):
            continue
        for what in WHATS:
            begun = Export(view, run.settings, QueryScope(name, contest, profile), what)
            path = folder / f"{contest}-{what}.csv"
            count += write_rows_to(path, run, view, begun, "csv")
    return count


def _describe(run: Run, view: View, by: Publisher, name: str) -> bytes:
    """The text of README.txt, in both languages."""
    settings = run.settings
    print_ = fingerprint(load_identity_key(run.home, settings.org))
    stands = list_stands(view, name, run.clock())
    title = by.profiles[name].file.name
    texts = {"id": title.id, "en": title.en}
    parts = [
        Text(language)(
            "archive.readme",
            date=tell_time(max(stand.time for stand in stands)),
            election=name,
            title=texts[language],
            org=settings.org,
            name=settings.name,
            fingerprint=print_,
            logs="\n".join(_tell(stand, Text(language)) for stand in stands),
            licence=settings.licence,
        ).strip()
        for language in LANGUAGES
    ]
    return ("\n\n\n".join(parts) + "\n").encode()


def _tell(stand: Stand, t: Text) -> str:
    """How far a history stands, as README.txt says it."""
    return t(
        "archive.stand" if stand.is_confirmed else "archive.stand-unconfirmed",
        history=stand.origin,
        count=stand.size,
        hash=base64.b64encode(stand.root).decode(),
        time=tell_time(stand.time),
    )


def _write_sums(folder: Path) -> int:
    """Write the sums of all files but their own; how many files there are."""
    names = sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path != folder / SUMS
    )
    lines = [f"{file_digest(folder / name)}  {name}\n" for name in names]
    replace_file(folder / SUMS, "".join(lines).encode())
    return len(names) + 1
