"""Write `docs/reference/duplicates.md`: when two reports are proposed as duplicates.

Run it after a change of the points or of the corpus: `make docs`. A test compares what
it makes with what is there. The figures are those of `make bench ARGS=duplicates`.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from federation.records import incidentlikeness as rules  # noqa: E402
from federation.text import Text  # noqa: E402
from tests.bench.duplicates import measure  # noqa: E402
from tests.bench.report import format_table  # noqa: E402

PAGE: Final = ROOT / "docs" / "reference" / "duplicates.md"
TEXTS: Final = Text("en"), Text("id")

HEAD: Final = f"""\
# Which reports are proposed as duplicates

[How many reports become one
incident](../explanation/merging.md#how-many-reports-become-one-incident) · written by
`make docs` out of the code

`federation incidents duplicates` and `GET /v1/incidents/duplicates` lay reports side by
side that may be of one thing, say why, and how sure: points from 0 to 100, from
{rules.PROPOSED} on. Nothing is joined by it: an editor looks and says
`federation incidents status ORG/ID duplicate --duplicate-of ORG/ID`, or
`not_duplicate`; either is signed and can be taken back. What one of the two
organisations has said of a pair is not proposed again.

What partners signed is all that is looked at; likenesses of photos are what their
records say ([likeness](likeness.md)), so a score is a reason to look and never a
verdict. Two that happened in two kecamatan, or more than {rules.MAX_DAYS} days apart,
are not compared, however alike they are.

| why | dalam bahasa Indonesia | points |
|---|---|---|
"""

MEASURED: Final = """
`words`: the stems of summary and description, without those that every report has; as
many points as the part of the shorter text that stands in the other, too.
`other_numbers`: for each number that only the one says and each that only the other
says, a pair of them at a time.

## What was measured

`make bench ARGS=duplicates`: 400 invented things that happened, each reported by one to
four people in other words, at another hour, for a wider region, now and then under
another category or with a number that is wrong, one in five with a copy of the same
photo. Two thirds happened where another one did or next door, mostly of the same kind
and on the same days: more alike than reports of a whole country are. Points were set
with one half of the scenes; the other half was written before it was first tried, and
nothing was changed afterwards. All texts are invented by the same hand: on what people
really write expect less.

"""


def points() -> Iterator[tuple[str, str]]:
    """Each reason and its points."""
    yield "same_tps", f"{rules.SAME_TPS}"
    for _, reason, value in rules.IN_REGION:
        yield reason, f"{value}"
    yield "other_tps", f"{rules.OTHER_TPS}"
    yield "other_village", f"{rules.OTHER_VILLAGE}"
    for _, reason, value in rules.TIME_POINTS:
        yield reason, f"{value}"
    yield "same_category", f"{rules.SAME_CATEGORY}"
    yield "other_category", f"{rules.OTHER_CATEGORY}"
    yield "words", f"up to {rules.WORD_POINTS}"
    most = rules.OTHER_NUMBER * rules.MOST_NUMBERS
    yield "other_numbers", f"{rules.OTHER_NUMBER} each, up to {most}"
    yield "same_file", f"{rules.SAME_FILE}"
    yield "alike_photo", f"{rules.ALIKE_PHOTO}"


def make_page() -> str:
    """The text of the page."""
    lines = []
    for reason, value in points():
        english, indonesian = (t(f"incidents.likeness-{reason}") for t in TEXTS)
        lines.append(f"| {english} (`{reason}`) | {indonesian} | {value} |\n")
    return HEAD + "".join(lines) + MEASURED + format_table(measure()) + "\n"


def main() -> None:
    """Write the page."""
    PAGE.write_text(make_page(), encoding="utf-8")


if __name__ == "__main__":
    main()
