"""The table of failures: each row names a test or a command that there is."""

import argparse
import ast
import re
import shlex
from functools import cache
from pathlib import Path

import pytest

from tests.attacks import signers
from tests.attacks.__main__ import attacks
from tests.nightly import PARTS

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs/reference/failures.md"
COLUMNS = 7


def rows(page: Path) -> list[list[str]]:
    """The cells of each row of its tables, but for the heads."""
    lines = re.findall(r"(?m)^\| (.+) \|$", page.read_text(encoding="utf-8"))
    cells = [line.split(" | ") for line in lines]
    heads = {cells[0][0]}
    return [row for row in cells if row[0] not in heads]


@cache
def functions(file: Path) -> set[str]:
    """The tests that a file has."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree) if isinstance(node, kinds)}


def why_not_there(shown: str) -> str:
    """What is wrong with a test or a command that a row names; "" where nothing is."""
    if "::" in shown:
        file, _, name = shown.partition("::")
        there = (TESTS / file).is_file() and name in functions(TESTS / file)
        return "" if there else "no such test"
    made = re.fullmatch(r'make (\w+) ARGS="(.+)"', shown)
    if made is None:
        return "neither a test nor a command"
    name, *words = shlex.split(made[2])
    if made[1] == "nightly":
        return "" if name in PARTS else "no such part"
    if made[1] != "attack" or name not in dict(attacks()):
        return "no such attack"
    parser = argparse.ArgumentParser(exit_on_error=False)
    if name == "signers":
        signers.add_arguments(parser)
        asked = parser.parse_args(words)
        is_played = asked.kind in signers.set_ups()[asked.over].kinds
        return "" if is_played else "not played there"
    return ""


@pytest.mark.parametrize("suffix", [".md", ".id.md"])
def test_each_row_says_by_which_test_or_command_it_is_shown(suffix):
    found = rows(PAGE.with_name(f"failures{suffix}"))
    assert len(found) > 20
    for row in found:
        assert len(row) == COLUMNS, row
        shown = re.findall(r"`([^`]+)`", row[-1])
        assert shown, f"nothing shows: {row[0]}"
        assert {one: why for one in shown if (why := why_not_there(one))} == {}


def test_whatever_a_night_plays_has_a_row():
    shown = {row[-1] for row in rows(PAGE)}
    for part in PARTS.values():
        attack, *words = part.attack
        if attack != "signers":
            continue
        (over,) = words
        for kind in signers.set_ups()[over.removeprefix("--")].kinds:
            wanted = f"make attack ARGS=\"signers {over} --kind '{kind}'\""
            assert any(wanted in one for one in shown), wanted
