"""The runbook of election night, typed command by command at a node with a partner."""

import contextlib
from pathlib import Path

import pytest

from tests.docs.conftest import Step, steps_of
from tests.hooks import tell_hook
from tests.outside import Outside
from tests.stories.nodes import Node, closing_all, start_all
from tests.waiting import wait_until

PAGES = Path(__file__).resolve().parents[2] / "docs" / "how-to"


@contextlib.contextmanager
def a_night(folder):
    """A node that runs and has a partner, records and a recipient of its alarms."""
    with contextlib.ExitStack() as stack:
        outside, opened = stack.enter_context(Outside()), None
        opened = stack.enter_context(closing_all())
        nodes = [Node(folder, f"{name}.example") for name in ("jaga", "suara")]
        opened.extend(nodes)
        ours, other = nodes
        tell_hook(ours.home, outside.url)
        ours.trust(other, other.url)
        other.trust(ours, ours.url)
        start_all(*nodes)
        ours.take(0, 5)
        other.take(2, 7, first=120)
        wait_until(lambda: ours.size(other.origin) == 6, "the partner's are here")
        yield ours


@pytest.fixture
def at_a_node(tmp_path, reader):
    """A reader in the folder of such a node."""
    with a_night(tmp_path) as ours:
        reader.do(Step(f"cd {ours.home.folder}", []))
        codes = "\\n".join(f"1371011001{number:03}" for number in range(1, 9))
        reader.do(Step(f"printf 'tps\\n{codes}\\n' >tps.csv", []))
        reader.do(Step("federation tps-list import tps.csv", []))
        yield reader


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("page", ["election-night.id.md", "election-night.md"])
def test_every_command_of_the_night_can_be_typed(at_a_node, page):
    text = (PAGES / page).read_text(encoding="utf-8")
    steps = steps_of(text)
    assert len(steps) > 15
    language = "id" if ".id." in page else "en"
    at_a_node.do(Step(f"export FEDERATION_LANG={language}", []))
    for step in steps:
        at_a_node.do(step)


@pytest.mark.parametrize(
    "page",
    [
        "election-night.id.md",
        pytest.param("election-night.md", marks=pytest.mark.long),
    ],
)
def test_the_page_to_print_is_one_page(page):
    """A sheet of A4 has some sixty lines of this page at the size it is printed in."""
    text = (PAGES / page).read_text(encoding="utf-8")
    printed = text.split("\n## ")[1]
    lines = sum(1 + len(line) // 110 for line in printed.splitlines() if line.strip())
    assert lines <= 50
