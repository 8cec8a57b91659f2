"""The page about hostile inputs says what the tables say."""

import runpy
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_hostile_inputs.py"


def test_the_page_is_current():
    made = runpy.run_path(str(SCRIPT))
    assert made["PAGE"].read_text(encoding="utf-8") == made["make_page"](), (
        "run `make docs`"
    )
