"""Steps of an examination, printed for people (`flows/steps.py` says what one is).

    3 connection (TCP)  FAILED  no program listens at port 1 of 127.0.0.1; …
                                → ask whoever runs 127.0.0.1 whether the node is on …

What to do, where it is several lines, stands below, near the margin: a command has a
line of its own, which is never broken, so that it can be copied.

Lines and no table: what a step says is long, and a table that a file gets is padded
to the longest.
"""

import shutil
import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from federation.cli.context import Run
from federation.cli.output import clean, clean_line, typed_in
from federation.flows.steps import CheckStep
from federation.text import Text

_LEAST_WIDTH: Final = 40
_BELOW: Final = "    → "


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
        mend = clean(t.say(step.mend)).splitlines()
        if len(mend) > 1:
            _print_below(run, mend)
        elif mend:
            _print_beside(run, " " * len(head), f"→ {mend[0]}")


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
    for line in _fit(run, clean_line(words), len(head)):
        run.out.line((head + line).rstrip())
        head = " " * len(head)


def _print_below(run: Run, lines: Sequence[str]) -> None:
    """What to do, line by line; commands stand further in."""
    head = _BELOW
    for line in lines:
        if command := typed_in(line):
            run.out.line(f"{' ' * len(head)}  {command}")
            continue
        for part in _fit(run, line, len(head)):
            run.out.line(head + part)
            head = " " * len(head)


def _fit(run: Run, line: str, before: int) -> list[str]:
    """The line, on a terminal in as many as its width asks for, behind so much."""
    if not run.out.stdout.isatty():
        return [line]
    room = max(shutil.get_terminal_size().columns - before, _LEAST_WIDTH)
    # A name or a command that is broken at a hyphen cannot be copied.
    return textwrap.wrap(line, room, break_on_hyphens=False) or [line]
