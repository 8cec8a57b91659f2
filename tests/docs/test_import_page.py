"""docs/reference/import.md and its twin are what the code knows."""

import runpy
from pathlib import Path

import pytest

from federation.sources.headers import KNOWN, NOT_READ
from federation.text import LANGUAGES

SCRIPT = Path(__file__).parents[2] / "scripts" / "make_import_page.py"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_current(language):
    made = runpy.run_path(str(SCRIPT))
    there = made["PAGES"][language].read_text(encoding="utf-8")
    assert there == made["make_page"](language), "run `make docs`"


def test_no_header_means_two_things():
    names = [name for names in (*KNOWN.values(), *NOT_READ.values()) for name in names]
    assert len(names) == len(set(names))
