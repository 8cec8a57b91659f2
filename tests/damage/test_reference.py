"""The page about damage says what the table says."""

import runpy

from tests.conftest import PROJECT


def test_the_page_is_current():
    made = runpy.run_path(str(PROJECT / "scripts" / "make_damage.py"))
    assert made["PAGE"].read_text(encoding="utf-8") == made["make_page"](), (
        "run `make docs`"
    )
