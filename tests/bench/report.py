"""The figures of a run as a table, each beside its target, with machine and command."""

import os
import platform
from pathlib import Path
from typing import NamedTuple

import nacl
import pysqlite3 as sqlite3


class Figure(NamedTuple):
    """One line: what, how much, in which unit; the target and whether it is met.

    `note`: how it came about, in a few words.
    """

    what: str
    value: float
    unit: str
    target: str
    is_met: bool | None
    note: str


def at_least(what: str, value: float, unit: str, least: float, note: str) -> Figure:
    """A figure that should be large."""
    return Figure(what, value, unit, f"≥ {least:,g}", value >= least, note)


def at_most(what: str, value: float, unit: str, most: float, note: str) -> Figure:
    """A figure that should be small."""
    return Figure(what, value, unit, f"≤ {most:,g}", value <= most, note)


def shown(what: str, value: float, unit: str, note: str = "") -> Figure:
    """A figure without a target."""
    return Figure(what, value, unit, "", None, note)


def format_table(figures: list[Figure]) -> str:
    """A Markdown table."""
    lines = ["| what | measured | target | met | how |", "|---|---|---|---|---|"]
    for one in figures:
        met = {True: "yes", False: "no", None: ""}[one.is_met]
        value = f"{number(one.value)} {one.unit}".strip()
        lines.append(f"| {one.what} | {value} | {one.target} | {met} | {one.note} |")
    return "\n".join(lines)


def number(value: float) -> str:
    """With as many digits as mean something."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def machine() -> str:
    """What it ran on."""
    model = "unknown processor"
    memory = ""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal"):
            memory = f"{int(line.split()[1]) // (1 << 20)} GB"
    return (
        f"{os.cpu_count()} x {model}, {memory}, {platform.system()} "
        f"{platform.release()}, Python {platform.python_version()}, PyNaCl "
        f"{nacl.__version__}, SQLite {sqlite3.sqlite_version}; load at the start "
        f"{os.getloadavg()[0]:.1f}"
    )
