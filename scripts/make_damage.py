"""Write `docs/reference/damage.md` from the table that the tests use.

Run it after a change of the table: `make docs`. Tests compare what it makes with what
is there, and hold three programs to each row.

Table: `tests/damage/cases.py`
"""

from pathlib import Path
from typing import Final

from federation.flows.audit.report import EXITS
from tests.damage.cases import CASES, Case

PAGE: Final = (
    Path(__file__).resolve().parent.parent / "docs" / "reference" / "damage.md"
)

_HEAD: Final = """\
# Damage

What three programs say of published files that were damaged in {count} ways. They share
no code: `federation verify` is Python, the page that checks in a browser
([verify.html](../verify.html)) is JavaScript with the browser's own cryptography, and
the program in Go (`tests/interop`) stands on the libraries of Go's checksum database.

The undamaged base: three organisations; a log of 700 records (two full bundles, a
partial one, two levels of hash tiles) and two small ones; each cosigned by both others;
a trust file that asks for both. `federation verify` was given it as a folder and, with
the same answer, as a data file; the page as a data file; Go as a folder.

The number behind each word is the exit code ([what the words mean](exit-codes.md)); the
page says the same number in its report. Of several things that are wrong the gravest is
the verdict, all of them are listed. A dash: the program was not asked, the remark says
why. Each row is a test:

```sh
.venv/bin/pytest tests/damage/test_verify.py   # federation verify
.venv/bin/pytest tests/damage/test_page.py     # the page; needs Chromium
.venv/bin/pytest tests/damage/test_go.py       # Go; needs golang-golang-x-mod-dev
```

Two kinds of damage end with one word only where the bytes cannot tell them apart: a
length that was flipped, and a file that ends within a record (`cut-off`); a file that
ends behind a record, and records that were left out (`dropped`); the record, the path
and the index of a receipt, any of which leads elsewhere than to the root (`receipt`);
a text that was cut, and one with a wrong byte (`damaged`), because a text says nowhere
how long it is. The sentence beside the word says which file it is, and where in it.

Written by `make docs` out of the table of these tests.

| damage | what was done | `federation verify` | page | Go | remark |
|---|---|---|---|---|---|
"""


def make_page() -> str:
    """The text of the page."""
    return _HEAD.format(count=sum(not _is_good(one) for one in CASES)) + "".join(
        map(_format, CASES)
    )


def _is_good(case: Case) -> bool:
    return case.kind == "nothing"


def _format(case: Case) -> str:
    notes = "".join(f", note `{note}`" for note in case.notes)
    verify = _verdict(case.verify) + notes
    page = _verdict(case.page) + notes
    cells = (case.kind, case.done, verify, page, _verdict(case.go), case.remark)
    return f"| {' | '.join(cells)} |\n"


def _verdict(kind: str) -> str:
    return f"`{kind}` {EXITS.get(kind, 0)}" if kind else "–"


if __name__ == "__main__":
    PAGE.write_text(make_page(), encoding="utf-8")
