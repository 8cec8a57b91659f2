"""Decisions have numbers of their own, one after another."""

import re
from pathlib import Path

DECISIONS = sorted((Path(__file__).resolve().parents[2] / "docs" / "adr").glob("*.md"))
FILE = re.compile(r"(\d{4})-[a-z0-9]+(-[a-z0-9]+)*\.md")


def numbers() -> list[int]:
    """The number in each file's name; what is named otherwise fails here."""
    found = {path: FILE.fullmatch(path.name) for path in DECISIONS}
    assert all(found.values()), [path.name for path in found if not found[path]]
    return [int(path.name[:4]) for path in DECISIONS]


def test_numbers_follow_one_another_and_none_stands_twice():
    assert numbers() == list(range(1, len(DECISIONS) + 1))


def test_the_heading_has_the_number_of_the_file():
    for number, path in zip(numbers(), DECISIONS, strict=True):
        assert path.read_text(encoding="utf-8").startswith(f"# {number}. "), path.name
