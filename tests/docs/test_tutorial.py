"""The tutorials, followed word by word: every command runs and prints what it says."""

from pathlib import Path

import pytest

TUTORIALS = Path(__file__).resolve().parents[2] / "docs" / "tutorial"


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    ["first-node.id.md", pytest.param("first-node.md", marks=pytest.mark.long)],
)
def test_a_newcomer_who_follows_the_tutorial_sees_what_it_says(reader, page):
    reader.follow(TUTORIALS / page)
    assert (reader.folder / "jaga" / "identity" / "recovery.html").exists()
