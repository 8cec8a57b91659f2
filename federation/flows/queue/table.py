"""What waits to be read, as rows of cells: one row per form."""

from collections.abc import Iterable, Mapping

from federation.flows.query.table import QueryTable, TableRow
from federation.flows.queue.answers import WaitingForm
from federation.records.tps import regions_of

_COLUMNS = (
    "contest", "tps", "province", "kabupaten", "kecamatan", "kelurahan", "round",
    "reason", "flags", "photos", "held", "orgs", "being_read", "sha256", "cursor",
)  # fmt: skip


def waiting_table(
    forms: Iterable[WaitingForm], names: Mapping[str, str], cursor: str
) -> QueryTable:
    """What waits, for a spreadsheet.

    Args:
        forms: One row each.
        names: Of the regions around them, by code.
        cursor: Where the answer was read.
    """
    rows: list[TableRow] = [
        [
            form.contest,
            form.tps,
            *(names.get(region, "") for region in regions_of(form.tps)[1:]),
            form.round,
            form.reason,
            " ".join(form.flags),
            len(form.photos),
            sum(photo.held for photo in form.photos),
            " ".join(sorted({org for photo in form.photos for org in photo.orgs})),
            int(form.being_read),
            " ".join(photo.sha256 for photo in form.photos),
            cursor,
        ]
        for form in forms
    ]
    return QueryTable(_COLUMNS, rows)
