"""Write docs/reference/errors.md: every code that a program may meet.

Run it after a change of an error or its words: `make docs`. A test compares what it
makes with what is there. The node shows the same words at `/errors`, in both languages.

Words: `federation/text/problems.toml`; types: `federation/errors.py`
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from federation import errors
from federation.errors import FederationError
from federation.web.errorspage import codes

PAGE: Final = (
    Path(__file__).resolve().parent.parent / "docs" / "reference" / "errors.md"
)
#: Whose fault each type is, by its code.
FAULTS: Final[Mapping[str, str]] = {
    "error": "",
    "config": "operator",
    "format": "sender",
    "photo": "sender",
    "stored": "machine",
    "unreadable": "machine",
    "record": "sender",
    "verification": "signer or server",
    "signature": "signer or server",
    "proof": "server",
    "rollback": "server",
    "fork": "signer",
    "conflict": "nobody",
    "unknown-past": "operator",
    "kept": "machine",
    "in-doubt": "machine",
    "request-signature": "caller",
    "request-clock": "caller or machine",
    "request-replayed": "caller or network",
    "request-unknown-key": "caller or operator",
    "not-found": "caller",
    "peer": "partner or network",
}
#: The status beside each code that the web alone knows.
STATUSES: Final[Mapping[str, str]] = {
    "unauthorized": "401",
    "forbidden": "403",
    "method-not-allowed": "405",
    "too-slow": "408",
    "too-large": "413",
    "media-type": "415",
    "too-many": "429",
    "misdirected": "421",
    "bug": "500",
    "busy": "503",
    "disk-failed": "500",
    "disk-full": "507",
    "http": "",
}

_HEAD: Final = """\
<!-- Written by scripts/make_errors_page.py out of the program itself. -->
# Error codes

Stable codes for programs: in `--json` output of commands, in Problem Details of the
node (`code`), in import reports. The text beside a code is for people and may change.
A node explains all of them at `/errors`, in Indonesian and English: there the `type` of
a Problem Details leads (`https://node.example/errors#format`). Guards and copies: [restores](restores.md);
signed requests: [protocol](protocol.md); personal data: [what is looked for](personal-data.md).

| code | type | whose fault | what happened |
|---|---|---|---|
"""  # noqa: E501  lines of a page
_OVER_HTTP: Final = """
Only over HTTP, where no such type is raised:

| code | status | what happened |
|---|---|---|
"""
_MIDDLE: Final = """
`kept` and `in-doubt` answer 503 with `Retry-After`, and end a command with 75. What each failed step of a batch comes to:

| the step that failed | what is true | answer |
|---|---|---|
| no room at all, seen before anything is written | nothing is kept | `disk-full` |
| the records are written, read back, signed | nothing is kept | `disk-full`, `disk-failed` |
| the signed state is committed, and the disk says no | found out by the next write | as above, or as if nothing had failed; if that fails, too, `in-doubt` |
| the guard is raised, the new size is shown | all of it is kept | `kept` |

What is no HTTP at all gets 400 in plain text, without a code. An export that breaks on the way is cut off before
the chunk that would end it: HTTP clients report that, so half an export is not taken for a whole one.

## Codes of rows

In the verdicts of `POST /v1/records` and `POST /v1/incidents` (`code`, `errors[].code`) and in the reports of
imports, beside those above; all that is wrong with a row is said at once:

| code of a row | what happened |
|---|---|
"""  # noqa: E501  lines of a page
_END: Final = """
Exit codes of commands: [exit-codes.md](exit-codes.md).
"""


def make_page() -> str:
    """The text of the page."""
    meanings, rows = codes("en")
    of_types = [
        f"| `{code}` | `{kind.__name__}` | {fault} | {meanings[code]} |\n"
        for code, fault in FAULTS.items()
        for kind in _kinds()
        if kind.code == code
    ]
    over_http = [
        f"| `{code}` | {status} | {meanings[code]} |\n"
        for code, status in STATUSES.items()
    ]
    of_rows = [f"| `{code}` | {meaning} |\n" for code, meaning in rows.items()]
    return (
        _HEAD
        + "".join(of_types)
        + _OVER_HTTP
        + "".join(over_http)
        + _MIDDLE
        + "".join(of_rows)
        + _END
    )


def _kinds() -> Iterator[type[FederationError]]:
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, FederationError):
            yield kind


if __name__ == "__main__":
    PAGE.write_text(make_page(), encoding="utf-8")
