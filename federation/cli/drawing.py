"""Tables and bars on a terminal, drawn by rich.

Rule: what is drawn passed `clean` of `cli/output.py` before, the only caller, which
loads this file with the first table: rich is a quarter of the time that `status` takes.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, TextIO

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text as Styled

# Wide enough that a table is never wrapped when a program or a file reads it.
_UNBOUNDED: Final = 10_000


def draw_table(
    stream: TextIO,
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    title: str | None,
    right: Sequence[int],
) -> None:
    """Print a table; `right`: the columns (from 0) that are aligned to the right."""
    table = Table(
        box=box.SIMPLE_HEAD, title=title, title_justify="left", pad_edge=False
    )
    for number, header in enumerate(headers):
        justify = "right" if number in right else "left"
        table.add_column(header, justify=justify, overflow="fold")  # type: ignore[arg-type]  # rich narrows to literals
    for row in rows:
        table.add_row(*map(Styled, row))
    _console(stream).print(table)


@contextmanager
def draw_bar(
    stream: TextIO, total: int | None, label: str, *, is_silent: bool
) -> Iterator[Callable[[int], None]]:
    """A bar while a terminal watches, unless `is_silent`; yields `advance(n)`."""
    from rich import progress  # noqa: PLC0415  # start-up time: a table needs none

    console = _console(stream)
    columns = (
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TimeRemainingColumn(),
    )
    is_drawn = console.is_terminal and not is_silent
    with progress.Progress(*columns, console=console, disable=not is_drawn) as bar:
        task = bar.add_task(label, total=total)
        yield lambda count: bar.advance(task, count)


def _console(stream: TextIO) -> Console:
    """A console of that stream: as wide as the terminal, unbounded elsewhere."""
    width = None if stream.isatty() else _UNBOUNDED
    return Console(file=stream, width=width, markup=False, emoji=False, highlight=False)
