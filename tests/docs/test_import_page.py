"""docs/reference/import.md is what the code knows."""

import runpy
from pathlib import Path

from federation.sources.headers import KNOWN, NOT_READ

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_import_page.py"


def test_the_page_is_current():
    made = runpy.run_path(str(SCRIPT))
    assert made["PAGE"].read_text(encoding="utf-8") == made["make_page"](), (
        "run `make docs`"
    )


def test_no_header_means_two_things():
    names = [name for names in (*KNOWN.values(), *NOT_READ.values()) for name in names]
    assert len(names) == len(set(names))
