"""The options of one import."""

import msgspec

from federation.sources.recognise import Format


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """As they were typed; None: not at all."""

    files: tuple[str, ...]
    election: str | None = None
    contest: str | None = None
    round: str | None = None
    source: str | None = None
    form: str | None = None
    review: str | None = None
    delimiter: str | None = None
    columns: tuple[str, ...] = ()
    mapping: str | None = None
    kind: Format | None = None
    report: str | None = None
    dry_run: bool = False
    restate: bool = False
    force: bool = False
    alone: bool = False
    allow_unlisted: bool = False
    unpadded: bool = False
    figures_only: bool = False
    sheet: str | None = None
    kelurahan: str | None = None
    photos: str | None = None
