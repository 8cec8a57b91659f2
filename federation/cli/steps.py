"""Steps of an examination, printed for people (`flows/steps.py` says what one is).

    3 connection (TCP)  FAILED  no program listens at port 1 of 127.0.0.1; …
                                → ask whoever runs 127.0.0.1 whether the node is on …

Lines and no table: what a step says is long, and a table that a file gets is padded
to the longest.
"""

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from federation.cli.context import Run
from federation.cli.output import clean_line
from federation.flows.steps import CheckStep
from federation.text import Text

_LEAST_WIDTH: Final = 40


def print_steps(run: Run, title: str, steps: Sequence[CheckStep]) -> None:
    """Each step, how it went, what was seen, and below it what to do."""
    t = run.t
    shown = list(_fold(t, steps))
    states = [t(f"steps.{step.state}") for _, step in shown]
    wide, state_wide = max(len(name) for name, _ in shown), max(map(len, states))
    run.out.line(title)
    for (name, step), state in zip(shown, states, strict=True):
        head = f"{name:{wide}}  {state:{state_wide}}  "
        _print_beside(run, head, t.say(step.seen))
        if step.mend:
            _print_beside(run, " " * len(head), f"→ {t.say(step.mend)}")


def _fold(t: Text, steps: Sequence[CheckStep]) -> Iterator[tuple[str, CheckStep]]:
    """The steps by number and name; those not tried for one reason are one line."""
    numbered = enumerate(steps, 1)
    for _, group in groupby(numbered, key=lambda one: one[1].after or one[0]):
        (first, step), *others = group
        name = t(f"steps.name-{step.code}")
        if others:
            yield f"{first:2}\N{EN DASH}{others[-1][0]}", step
        else:
            yield f"{first:2} {name}", step


def _print_beside(run: Run, head: str, words: str) -> None:
    """The words behind the head; on a terminal, the lines that follow stand below."""
    lines = [clean_line(words)]
    if run.out.stdout.isatty():
        room = shutil.get_terminal_size().columns - len(head)
        lines = textwrap.wrap(lines[0], max(room, _LEAST_WIDTH)) or lines
    for line in lines:
        run.out.line((head + line).rstrip())
        head = " " * len(head)
