"""The options of one import."""

import msgspec

from federation.sources.recognise import Format


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """As they were typed; None: not at all."""

    files: tuple[str, ...]
    election: str | None
    contest: str | None
    round: str | None
    source: str | None
    form: str | None
    review: str | None
    delimiter: str | None
    columns: tuple[str, ...]
    mapping: str | None
    kind: Format | None
    report: str | None
    dry_run: bool
    restate: bool
    force: bool
    alone: bool
    allow_unlisted: bool
    unpadded: bool
    figures_only: bool
    sheet: str | None
    kelurahan: str | None
    photos: str | None
