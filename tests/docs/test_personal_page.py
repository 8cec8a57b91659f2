"""docs/reference/personal-data.md and its twin are what the code finds."""

import runpy
from pathlib import Path

import pytest

from federation.records.personal import MARKS
from federation.text import LANGUAGES

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_personal_page.py"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_current(language):
    made = runpy.run_path(str(SCRIPT))
    assert set(made["FORMS"]) == set(MARKS)
    there = made["PAGES"][language].read_text(encoding="utf-8")
    assert there == made["make_page"](language), "run `make docs`"
