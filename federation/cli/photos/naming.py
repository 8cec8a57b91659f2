"""Which photograph shows which form: said by its name, or by a table."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from federation.cli.import_.photofolder import PhotoFolder
from federation.cli.import_.phototaking import ShownPage, SlotKey
from federation.cli.photos.pattern import NamePattern
from federation.cli.report import ReportLine
from federation.errors import ConfigError, FormatError, PhotoError
from federation.records.profile import Profile
from federation.sources.mapping import PHOTOS, Options
from federation.sources.member import DraftBeginner
from federation.sources.photonames import is_of_photos
from federation.sources.recognise import open_file, read_rows, recognise
from federation.sources.row import Bad, BadCell, Columns, Draft
from federation.text import Sentence

#: What a picture is called; other files that fit no name are none of ours.
_PICTURES: Final = frozenset(
    ("jpg", "jpeg", "png", "webp", "heic", "heif", "gif", "bmp", "tif", "tiff")
)


@dataclass
class NamedForms:
    """The photographs of each form, those refused, and files that nothing names."""

    shown: dict[SlotKey, list[ShownPage]] = field(
        default_factory=lambda: defaultdict(list)
    )
    refused: list[ReportLine] = field(default_factory=list)
    unnamed: list[ReportLine] = field(default_factory=list)

    def add(self, fields: Mapping[str, Any], page: ShownPage) -> None:
        """Note a photograph, once for each page."""
        slot = SlotKey(fields["tps"], fields["contest"], fields["round"])
        if page not in self.shown[slot]:
            self.shown[slot].append(page)

    def refuse(self, file: str, code: str, reason: str, row: int = 0) -> None:
        """Note one that is not taken; `reason` is a `Sentence` still."""
        self.refused.append(ReportLine(file, row, "", code, reason))

    def skip(self, file: str, reason: str) -> None:
        """Note a file that nothing names; `reason` is a `Sentence` still."""
        self.unnamed.append(ReportLine(file, 0, "", "unnamed", reason))


class PhotoNaming:
    """Reads names, or a table, by the rules of an import of results."""

    def __init__(self, profile: Profile, options: Options, page: int) -> None:
        """`page`: what is shown where nothing says it; 0: that is not known.

        Raises:
            ConfigError: a default is none that a result may have.
        """
        self._profile, self._options, self._page = profile, options, page
        self._members = DraftBeginner(options, profile)

    def by_pattern(self, folder: PhotoFolder, names: NamePattern) -> NamedForms:
        """What the names of the files say.

        Raises:
            FormatError: no file fits it.
        """
        forms = NamedForms()
        fits = 0
        for file in folder.files:
            try:
                form = names.read(file)
                if form is None:
                    _pass(names, forms, file)
                    continue
                fits += 1
                members = dict(form.members)
                place = members.pop("tps")
                said = {name: (value, name) for name, value in members.items()}
                fields = self._members.begin(place, said)
            except PhotoError as error:
                forms.refuse(file, "tps", error.what)
            except BadCell as bad:
                forms.refuse(file, bad.code, bad.reason)
            else:
                forms.add(fields, ShownPage(file, form.page or self._page))
        if not fits:
            raise FormatError(Sentence("photoimport.nothing", name=folder.files[0]))
        return forms

    def by_table(
        self, folder: PhotoFolder, path: Path, sheet: str | None
    ) -> NamedForms:
        """What a table says.

        Raises:
            FormatError: it cannot be read, or no column names photographs.
        """
        forms = NamedForms()
        with open_file(path, sheet) as source:
            kind = recognise(source)
            for row in read_rows(source, kind, self._options, self._profile):
                if isinstance(row, Columns):
                    _check_columns(row)
                elif isinstance(row, Bad):
                    forms.refuse(str(path), row.code, row.reason, row.row)
                elif isinstance(row, Draft):
                    self._look_up(folder, row, forms)
        named = {page.file for pages in forms.shown.values() for page in pages}
        for file in folder.files:
            if file not in named and not folder.is_one(file, (path,)):
                forms.skip(file, Sentence("photoimport.no-row"))
        return forms

    def _look_up(self, folder: PhotoFolder, row: Draft, forms: NamedForms) -> None:
        for name, page, submission in row.fields.get(PHOTOS, ()):
            try:
                file = folder.find(name, submission)
            except PhotoError as error:
                forms.refuse(name, "photo", error.what, row.row)
            else:
                forms.add(row.fields, ShownPage(file, page or self._page))


def _pass(names: NamePattern, forms: NamedForms, file: str) -> None:
    """Say why a file is left out whose name does not fit."""
    ending = file.rpartition(".")[2].lower()
    if ending in _PICTURES:
        forms.refuse(file, "no-match", Sentence("photoimport.not-fitting"))
    elif names.fits_but_for_ending(file):
        forms.refuse(file, "ending", Sentence("photoimport.ending", ending=ending))
    else:
        forms.skip(file, Sentence("photoimport.no-photo"))


def _check_columns(columns: Columns) -> None:
    if not any(is_of_photos(use.target) for use in columns.uses):
        raise ConfigError("--map", "", Sentence("photoimport.no-column"))
