"""Which form is meant by its name."""

from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias, get_args

from federation.flows.dataset.excel import ExcelForm
from federation.flows.dataset.forms import CsvForm, GeojsonForm, NdjsonForm, TableForm
from federation.flows.dataset.nist import NistForm, ReportFacts
from federation.flows.dataset.parquet import ParquetForm
from federation.flows.dataset.workbook import WorkbookForm
from federation.flows.query.table import QueryTable

#: Forms that need no more than the rows.
TableFormName: TypeAlias = Literal[
    "csv", "excel", "ndjson", "geojson", "parquet", "xlsx"
]
#: The form that needs stations, and to know of which election they are.
NIST: Final = "nist-1500-100"
TABLE_FORMS: Final[tuple[TableFormName, ...]] = get_args(TableFormName)
#: What a page offers of its rows, in this order; the words: `page.file_…`.
PAGE_FORMS: Final[tuple[TableFormName, ...]] = ("csv", "excel", "xlsx", "ndjson")
#: What a file of a form ends with; media types are the web's and the package's.
ENDINGS: Final = {
    "csv": "csv",
    "excel": "csv",
    "ndjson": "ndjson",
    "geojson": "geojson",
    "parquet": "parquet",
    "xlsx": "xlsx",
    NIST: "json",
}
MEDIA: Final = {
    "csv": "text/csv",
    "excel": "text/csv",
    "ndjson": "application/x-ndjson",
    "geojson": "application/geo+json",
    "parquet": "application/vnd.apache.parquet",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    NIST: "application/json",
}
_FORMS: Final[dict[str, Callable[[], TableForm]]] = {
    "csv": CsvForm,
    "excel": ExcelForm,
    "ndjson": NdjsonForm,
    "geojson": GeojsonForm,
    "parquet": ParquetForm,
    "xlsx": WorkbookForm,
}


def open_form(name: str, facts: ReportFacts | None = None) -> TableForm:
    """A file of this form, to be filled.

    `facts`: of the election, for `NIST`, which is given stations only.

    Raises:
        ConfigError: it needs a package that is not installed.
    """
    if name == NIST:
        assert facts is not None, "a report says of which election it is"
        return NistForm(facts)
    return _FORMS[name]()


def format_table(name: str, table: QueryTable, head: Mapping[str, object]) -> bytes:
    """The whole file of one page; `head`: what is said of all rows together.

    Raises:
        ConfigError: it needs a package that is not installed.
        FormatError: there are more rows than the form can have.
    """
    form = open_form(name)
    return form.open(head) + form.page(table) + b"".join(form.close())
