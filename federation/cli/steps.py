"""Steps of an examination, printed for people (`flows/steps.py` says what one is)."""

from collections.abc import Sequence

from federation.cli.context import Run
from federation.flows.steps import CheckStep


def print_steps(run: Run, title: str, steps: Sequence[CheckStep]) -> None:
    """A table: each step, how it went, what was seen, and below it what to do."""
    t = run.t
    rows = []
    for number, step in enumerate(steps, 1):
        name = f"{number} {t(f'steps.name-{step.code}')}"
        rows.append((name, t(f"steps.{step.state}"), t.say(step.seen)))
        if step.mend:
            rows.append(("", "", f"→ {t.say(step.mend)}"))
    headers = [t(f"steps.head-{name}") for name in ("step", "state", "seen")]
    run.out.table(headers, rows, title=title)
