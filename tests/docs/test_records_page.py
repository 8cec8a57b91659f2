"""docs/reference/records.md is what the table of kinds says."""

import runpy

from tests.conftest import PROJECT


def test_the_page_is_current():
    made = runpy.run_path(str(PROJECT / "scripts" / "make_records_page.py"))
    assert made["PAGE"].read_text(encoding="utf-8") == made["make_page"](), (
        "run `make docs`"
    )
