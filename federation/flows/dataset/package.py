"""A folder of parts, one for each province, that leads back to the signed records.

Rule: all parts are of one snapshot; each is whole and durable before it has its name,
and before `datapackage.json` lists it. A turn that was ended goes on behind the last
part that was listed, if the map is the same still; else all is made anew. Memory does
not grow with the country, and what is beside our files is not touched.

    <what>-<region>.<ending>   rows, by province; "nation" for what has no parts
    schema.json                what the columns are
    datapackage.json           files, digests, licence, what it was made from
    CITATION.cff               how it is cited
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from federation.config.settings import Settings
from federation.files import make_folders, open_regular, sync_folder, write_whole
from federation.flows.dataset.choose import ENDINGS, MEDIA, open_form
from federation.flows.dataset.citation import format_citation
from federation.flows.dataset.columns import column_of
from federation.flows.dataset.nist import facts_of
from federation.flows.dataset.packagefile import (
    MAX_PACKAGE_BYTES,
    PACKAGE,
    SCHEMA,
    DataPackage,
    PackageOrigin,
    PackagePart,
    format_package,
    format_schema,
    parse_package,
)
from federation.flows.query.export import Export, What
from federation.flows.query.published import published_map
from federation.flows.query.region import region as region_of
from federation.flows.query.region import require_region
from federation.flows.query.scope import QueryScope
from federation.store.view import View
from federation.text import Language, Text

CITATION: Final = "CITATION.cff"
_NATION: Final = "nation"
_CHUNK: Final = 1 << 20
_FILE: Final = 0o644


class PackageAsked(NamedTuple):
    """What a package is to be of.

    Attributes:
        scope: The election and contest.
        what: Which table.
        region: Limits it, "" for the nation.
        form: Of the files.
    """

    scope: QueryScope
    what: What
    region: str
    form: str


class Packed(NamedTuple):
    """What one turn has done.

    Attributes:
        parts: All that are there now.
        made: How many of them were made in this turn.
        origin: What they were made from.
    """

    parts: tuple[PackagePart, ...]
    made: int
    origin: PackageOrigin


def list_parts(view: View, asked: PackageAsked) -> list[str]:
    """The regions of the parts, by code: a province each; "" for all in one."""
    code = require_region(view, asked.scope, asked.region)
    if code or asked.what == "coverage":
        return [code]
    below = region_of(view, asked.scope).children
    return sorted(child.code for child in below) or [""]


def write_package(
    view: View,
    settings: Settings,
    asked: PackageAsked,
    folder: Path,
    made: datetime,
    advance: Callable[[int], object],
) -> Packed:
    """Write all parts that are not there yet; `advance` is told of each that is.

    Raises:
        ConfigError: the form needs a package that is not installed.
        FormatError: there is a package that is none of ours in this folder.
        NotFoundError: nothing of this election was merged yet.
        OSError: the disk is full or failed.
    """
    regions = list_parts(view, asked)
    first = Export(view, settings, asked.scope, asked.what, regions[0])
    origin = PackageOrigin(
        contest=asked.scope.contest,
        what=asked.what,
        region=asked.region,
        format=asked.form,
        cursor=first.cursor,
        map=published_map(view, asked.scope.election),
        complete=False,
    )
    make_folders(folder)
    earlier = _read_earlier(folder)
    kept = _kept(folder, origin, earlier)
    writing = _Writing(folder, settings, origin, first, made, asked)
    parts: list[PackagePart] = []
    for region in regions:
        name = f"{asked.what}-{region.lower() or _NATION}"
        part = kept.get(name)
        if part is None:
            export = Export(view, settings, asked.scope, asked.what, region)
            part = writing.write_part(view, name, export)
        parts.append(part)
        writing.list(parts, is_complete=region == regions[-1])
        advance(1)
    for path in _paths(earlier) - {part.path for part in parts}:
        (folder / path).unlink(missing_ok=True)
    made_now = sum(part.name not in kept for part in parts)
    return Packed(tuple(parts), made_now, writing.origin)


class _Writing:
    """The files of one folder."""

    def __init__(
        self,
        folder: Path,
        settings: Settings,
        origin: PackageOrigin,
        first: Export,
        made: datetime,
        asked: PackageAsked,
    ) -> None:
        self._folder, self.origin, self._made, self._asked = folder, origin, made, asked
        self._sources = first.sources
        names = asked.scope.profile.file.name
        self._title = f"{names.id} ({asked.scope.contest}, {asked.what})"
        self._title_en = f"{names.en} ({asked.scope.contest}, {asked.what})"
        self._facts = facts_of(settings, asked.scope, made)
        self._is_described = False

    def write_part(self, view: View, name: str, export: Export) -> PackagePart:
        """One file, whole and durable."""
        form = self._asked.form
        path = f"{name}.{ENDINGS[form]}"
        written, rows = _Digesting(), 0
        table = open_form(form, self._facts)
        with write_whole(self._folder / path, _FILE) as file:
            file.write(written.take(table.open(export.head())))
            while not export.done:
                page = export.read(view)
                self._describe(page.columns)
                rows += len(page.rows)
                file.write(written.take(table.page(page)))
            for data in table.close():
                file.write(written.take(data))
        return PackagePart(
            name=name,
            path=path,
            format=ENDINGS[form],
            mediatype=MEDIA[form],
            bytes=written.bytes,
            hash=f"sha256:{written.digest.hexdigest()}",
            rows=rows,
            **_how_to_read(form),
        )

    def list(self, parts: Sequence[PackagePart], *, is_complete: bool) -> None:
        """Say what is there."""
        self.origin = replace(self.origin, complete=is_complete)
        citation = format_citation(self._title, self.origin, self._sources, self._made)
        self._put(CITATION, citation)
        self._put(PACKAGE, format_package(self._about(), self.origin, parts))
        sync_folder(self._folder)

    def _describe(self, columns: Sequence[str]) -> None:
        if not self._is_described:
            self._put(SCHEMA, format_schema([*map(column_of, columns)]))
            self._is_described = True

    def _about(self) -> dict[str, Any]:
        asked = self._asked
        licences = sorted({one.licence for one in self._sources if one.licence})
        return {
            "name": f"{asked.scope.election}-{asked.scope.contest}-{asked.what}",
            "title": self._title,
            "title_en": self._title_en,
            "description": self._describe_all("en"),
            "description_id": self._describe_all("id"),
            "version": self.origin.map.digest,
            "created": f"{self._made:%Y-%m-%dT%H:%M:%SZ}",
            "licenses": [{"name": name, "title": name} for name in licences],
            "contributors": [
                {"title": name, "role": "author"}
                for name in sorted({one.name or one.org for one in self._sources})
            ],
            "sources": [
                {"title": one.name or one.org, "path": one.origin}
                for one in self._sources
            ],
        }

    def _describe_all(self, language: Language) -> str:
        t = Text(language)
        told = [t("dataset.about")]
        if self._asked.what == "stations":
            told.append(t("dataset.about-stations"))
        return " ".join([*told, t("dataset.about-check")])

    def _put(self, name: str, data: bytes) -> None:
        with write_whole(self._folder / name, _FILE) as file:
            file.write(data)


class _Digesting:
    """Bytes on their way to a file, counted and digested."""

    def __init__(self) -> None:
        self.digest, self.bytes = hashlib.sha256(), 0

    def take(self, data: bytes) -> bytes:
        self.digest.update(data)
        self.bytes += len(data)
        return data


def read_package(folder: Path) -> DataPackage:
    """What a folder says of itself.

    Raises:
        FormatError: it is not one of ours.
        OSError: it cannot be read.
    """
    with open_regular(folder / PACKAGE) as file:
        return parse_package(file.read(MAX_PACKAGE_BYTES + 1))


def digest_file(path: Path) -> str:
    """`sha256:` and the hex digest of a regular file.

    Raises:
        OSError: it cannot be read.
    """
    digest = hashlib.sha256()
    with open_regular(path) as file:
        while data := file.read(_CHUNK):
            digest.update(data)
    return f"sha256:{digest.hexdigest()}"


def _read_earlier(folder: Path) -> DataPackage | None:
    with suppress(FileNotFoundError):
        return read_package(folder)
    return None


def _paths(package: DataPackage | None) -> set[str]:
    return {part.path for part in package.resources} if package else set()


def _kept(
    folder: Path, origin: PackageOrigin, earlier: DataPackage | None
) -> dict[str, PackagePart]:
    """Parts of an earlier turn that are of the same map, and whole, by name."""
    if earlier is None or not origin.is_same(earlier.federation):
        return {}
    return {part.name: part for part in _whole(folder, earlier)}


def _whole(folder: Path, package: DataPackage) -> Iterator[PackagePart]:
    for part in package.resources:
        with suppress(OSError):
            if digest_file(folder / part.path) == part.hash:
                yield part


def _how_to_read(form: str) -> dict[str, Any]:
    """For programs of others: how a CSV is parted; which columns a table has."""
    if form == "csv":
        return {"schema": SCHEMA, "profile": "tabular-data-resource"}
    if form == "excel":
        return {"dialect": {"delimiter": ";"}}
    return {"schema": SCHEMA} if form == "parquet" else {}
