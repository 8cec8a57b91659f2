"""docs/reference/personal-data.md is what the code finds."""

import runpy
from pathlib import Path

from federation.records.personal import MARKS

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_personal_page.py"


def test_the_page_is_current():
    made = runpy.run_path(str(SCRIPT))
    assert set(made["FORMS"]) == set(MARKS)
    assert made["PAGE"].read_text(encoding="utf-8") == made["make_page"](), (
        "run `make docs`"
    )
