"""The tests that the pages about threats name exist."""

import ast
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
PAGES = [
    "docs/reference/adversaries.md",
    "docs/explanation/threats.md",
    "docs/reference/recovery.md",
]
NAMED = re.compile(r"`([a-z_/]+\.py)(?:::(test_\w+))?`")


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_a_page_names_exists(page):
    text = (PROJECT / page).read_text(encoding="utf-8")
    named = NAMED.findall(text)
    assert len(named) > 20
    for file, name in named:
        tree = ast.parse((PROJECT / "tests" / file).read_text(encoding="utf-8"))
        assert not name or name in {getattr(one, "name", "") for one in ast.walk(tree)}


@pytest.mark.parametrize("page", PAGES)
def test_every_row_names_a_test(page):
    rows = re.findall(r"(?m)^\|(?!--).*\|$", (PROJECT / page).read_text("utf-8"))
    assert len(rows) > 15
    # Each section of a page has a table, whose heads are alike.
    for row in [row for row in rows if row != rows[0]]:
        assert NAMED.search(row.rsplit("|", 2)[1]), row
