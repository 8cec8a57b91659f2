"""docs/reference/duplicates.md is what the code does."""

import runpy
from pathlib import Path

from federation.records.incidentlikeness import LIKENESS_REASONS

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_duplicates_page.py"


def test_the_page_is_current():
    made = runpy.run_path(str(SCRIPT))
    assert [reason for reason, _ in made["points"]()] == list(LIKENESS_REASONS)
    assert made["PAGE"].read_text(encoding="utf-8") == made["make_page"](), (
        "run `make docs`"
    )
