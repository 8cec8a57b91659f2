"""What `federation export` writes for others to check: bundle files, static sites.

Rule: the database is only read, so it works while the node runs. Only the about note
(who we are, signed) may have to be made first: where no node runs that would have.
"""

import asyncio
import dataclasses
import errno
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from federation.blobs.blobs import open_blobs
from federation.cli.context import Run
from federation.cli.output import NEGATIVE, OK
from federation.config.disk import blaming, make_folder, replace_file
from federation.config.founding import load_identity_key
from federation.errors import ConflictError, NotFoundError
from federation.feeds.bundle import write_bundle
from federation.flows.partners import read_partners
from federation.flows.publish.excerpt import is_record, list_excerpt
from federation.flows.publish.forkfolder import list_forks
from federation.flows.publish.items import (
    Item,
    Publisher,
    Selection,
    list_items,
    read_items,
)
from federation.flows.publish.outputfolder import OutputFolder
from federation.flows.publish.photos import PhotoShelf
from federation.flows.publish.place import SitePlace, Written
from federation.flows.publish.trust import HOLDERS, KnownOrg, TrustFile, make_trust
from federation.flows.query.scope import QueryScope
from federation.node.about import renew_about
from federation.node.resources import open_resources
from federation.node.sites import make_site, open_place
from federation.profiles import load_profiles
from federation.records.readers import Caller, Nobody
from federation.store.view import View
from federation.text import Sentence
from federation.tlog.tile import WIDTH


def with_photos(run: Run, by: Publisher, for_org: str | None) -> Publisher:
    """The same with the photographs that everybody, or this partner, may have.

    Raises:
        NotFoundError: it is no partner.
    """
    caller: Caller = Nobody(at=run.clock())
    if for_org is not None:
        peers = {peer.org: peer for peer in run.peers}
        with run.open_database().view() as view:
            book = read_partners(view, peers, run.settings, {})
        if for_org not in book.partners:
            raise NotFoundError(Sentence("sync.no-partner", org=for_org))
        caller = dataclasses.replace(book.partners[for_org], at=run.clock())
    blobs = open_blobs(run.home.blobs, run.home.folder)
    shelf = PhotoShelf(
        lambda digest: asyncio.run(blobs.get(digest)),
        caller,
        run.settings.photos.public,
    )
    return dataclasses.replace(by, photos=shelf)


def publisher(run: Run) -> Publisher:
    """This node, as it publishes; its about note is current afterwards.

    Raises:
        ConfigError: settings or keys cannot be used.
        ConflictError: another command writes.
        OSError: the data folder cannot be used.
    """
    try:
        with open_resources(run.home, run.settings) as resources:
            renew_about(resources)
    except ConflictError:
        # The node runs: it has made its own note when it started.
        if not run.home.control.exists():
            raise
    except OSError as error:
        # A medium that is only read holds a note of its day: it is passed on as it is.
        if error.errno != errno.EROFS:
            raise
    return Publisher(run.settings, load_profiles(run.home.elections))


def export_bundle(
    run: Run,
    path: Path,
    selection: Selection,
    *,
    photos: bool = False,
    for_org: str | None = None,
) -> None:
    """Write a bundle file and say what is in it.

    Args:
        run: Of the command.
        path: Of the file.
        selection: Of what is held.
        photos: With the photographs that whoever gets it may have.
        for_org: The partner that gets it; None: anybody.

    Raises:
        ConfigError: it cannot be written.
        NotFoundError: there is no such partner.
    """
    by = publisher(run)
    by = with_photos(run, by, for_org) if photos else by
    with run.open_database().view() as view:
        value = {**write_selection(run, view, by, path, selection)}
    text = run.t(
        "export.bundled",
        path=path,
        files=run.out.number(value["files"]),
        records=run.out.number(value["records"]),
        logs=len(value["logs"]),
        bytes=run.out.number(value["bytes"]),
        digest=value["sha256"],
    )
    run.out.show(value, lambda: run.out.line(text))


def export_excerpt(
    run: Run, path: Path, asked: Sequence[QueryScope], region: str
) -> None:
    """Write the records of a region, each with its proof, and say how many.

    Raises:
        ConfigError: it cannot be written.
        FormatError: not the code of a region.
        NotFoundError: nothing was reported from there.
    """
    publisher(run)
    with run.open_database().view() as view:
        with run.out.progress(None, run.t("export.looking")) as advance:
            items = list_excerpt(view, asked, region, advance, run.clock())
        count = write_counted(run, path, items)
    records = sum(map(is_record, items))
    value = {**_describe(path, count), "region": region, "records": records}
    text = run.t(
        "export.excerpted",
        path=path,
        records=run.out.number(records),
        region=region,
        bytes=run.out.number(value["bytes"]),
        digest=value["sha256"],
    )
    run.out.show(value, lambda: run.out.line(text))


def export_static(
    run: Run, address: str, selection: Selection, *, photos: bool = False
) -> None:
    """Write a static site, or bring it up to date, and say what was done.

    With `photos`: those that everybody may have.

    Raises:
        ConfigError: the place holds other things, or cannot be written.
        ConflictError: it has more of a log than is held here, or another history.
        OSError: the object store cannot be reached, or refuses who asks.
    """
    place = open_place(address, Path(), run.home, run.settings)
    by = publisher(run)
    by = with_photos(run, by, None) if photos else by
    with run.open_database().view() as view:
        done = write_site(run, view, by, place, selection)
    value = {"path": place.address, **done._asdict()}
    is_folder = isinstance(place, OutputFolder)
    text = run.t(
        "export.published" if is_folder else "export.published-bucket",
        path=place.address,
        files=run.out.number(done.files),
        bytes=run.out.number(done.bytes),
    )
    run.out.show(value, lambda: run.out.line(text))


def export_forks(run: Run, folder: Path) -> int:
    """Write what proves that somebody signed two histories, and say of whom.

    What an earlier call has written there is written anew; other files stay.

    Raises:
        ConfigError: it cannot be written.
    """
    with run.open_database().view() as view:
        items = list_forks(view, run.clock())
        if items:
            make_folder(folder, 0o755)
        for path, data in read_items(items):
            replace_file(folder / path, data)
    names = [item.path for item in items]
    value = {"path": str(folder), "files": names}
    key = "export.forks" if names else "export.no-forks"
    count = sum(name.endswith(".fork") for name in names)
    run.out.show(value, lambda: run.out.line(run.t(key, path=folder, count=count)))
    return OK if names else NEGATIVE


def export_trust(
    run: Run, path: Path, quorum: int, elections: Sequence[str] = ()
) -> None:
    """Write the trust file and say what it asks for.

    Raises:
        ConfigError: it cannot be written.
    """
    with run.open_database().view() as view:
        made = write_trust(run, view, path, quorum, elections)
    group = made.policy.groups[-1] if made.policy.quorum == HOLDERS else None
    value = {
        "path": str(path),
        "logs": len(made.policy.logs),
        "organisations": len(group.members) if group else 0,
        "quorum": group.threshold if group else 0,
        "left_out": made.left_out,
    }
    key = "export.trusted" if group else "export.trusted-alone"
    text = run.t(key, **value)

    def human() -> None:
        run.out.line(text)
        for origin in made.left_out:
            run.out.note(run.t("trust.left", log=origin))

    run.out.show(value, human)


def write_trust(
    run: Run, view: View, path: Path, quorum: int, elections: Sequence[str] = ()
) -> TrustFile:
    """Write the trust file; what is in it.

    Raises:
        ConfigError: it cannot be written.
    """
    settings, home = run.settings, run.home
    ours = KnownOrg(settings.org, settings.name, load_identity_key(home, settings.org))
    known = [
        ours,
        *(KnownOrg(peer.org, peer.name, peer.identity) for peer in run.peers),
    ]
    made = make_trust(view, known, quorum, elections, run.clock())
    replace_file(path, made.data)
    return made


def write_site(
    run: Run, view: View, by: Publisher, place: SitePlace, selection: Selection
) -> Written:
    """Bring a static site up to date, with a bar; what was done.

    Raises:
        ConfigError: the place holds other things, or cannot be written.
        ConflictError: it has more of a log than is held here, or another history.
        OSError: the object store cannot be reached, or refuses who asks.
    """
    if found := place.check(run.home.private):
        run.out.note(found)
    site = make_site(place, run.home, run.settings, by.profiles, run.clock)
    is_folder = isinstance(place, OutputFolder)
    # An object store says by itself what is wrong, and what to mend.
    blamed = blaming(Path(place.address)) if is_folder else nullcontext()
    with blamed:
        # Whose site is there comes before how much of it.
        place.begin(by.settings.org)
        total = site.count(view, selection)
        with run.out.progress(total, run.t("export.bundling")) as advance:
            done = site.write(view, by, selection, advance)
            while site.has_more:
                more = site.write(view, by, selection, advance)
                done = Written(*map(sum, zip(done, more, strict=True)))
            return done


def write_selection(
    run: Run, view: View, by: Publisher, path: Path, selection: Selection
) -> dict[str, Any]:
    """Write a bundle file of a selection; what is said of it.

    Raises:
        ConfigError: it cannot be written.
    """
    items = list_items(view, by, selection)
    count = write_counted(run, path, items)
    held = selection.list_logs(view)
    starts = [selection.start(log) * WIDTH for log in held]
    logs = [
        {"origin": log.origin, "from": start, "size": log.size}
        for log, start in zip(held, starts, strict=True)
    ]
    return {
        **_describe(path, count),
        "records": sum(log.size for log in held) - sum(starts),
        "logs": logs,
    }


def write_counted(run: Run, path: Path, items: list[Item]) -> int:
    """Write a bundle file of these, with a bar; how many there were.

    Raises:
        ConfigError: it cannot be written.
    """
    label = run.t("export.bundling")
    with run.out.progress(len(items), label) as advance, blaming(path):

        def counted() -> Iterator[tuple[str, bytes]]:
            for item in read_items(items):
                yield item
                advance(1)

        return write_bundle(path, counted())


def _describe(path: Path, count: int) -> dict[str, Any]:
    return {
        "path": str(path),
        "files": count,
        "bytes": path.stat().st_size,
        "sha256": file_digest(path),
    }


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
