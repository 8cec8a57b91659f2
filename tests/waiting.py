"""Waiting for what others do: until it is so, on a machine that has much else to do.

A limit is a safety net: what a test says is that something happens, not how soon. Where
the time itself is meant, a test compares it with another time of the same run.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

LIMIT_S = 60.0
_LOOK_S = 0.02
T = TypeVar("T")


def wait_until(check: Callable[[], T], what: str = "", limit_s: float = LIMIT_S) -> T:
    """What `check` answers, as soon as that is something."""
    end = time.monotonic() + limit_s
    while not (answer := check()):
        assert time.monotonic() < end, f"not within {limit_s:g} s: {what}"
        time.sleep(_LOOK_S)
    return answer


async def until(check: Callable[[], Awaitable[T]], limit_s: float = LIMIT_S) -> T:
    """What `check` answers, as soon as that is something."""
    end = time.monotonic() + limit_s
    while not (answer := await check()):
        assert time.monotonic() < end, f"not within {limit_s:g} s: {check}"
        await asyncio.sleep(_LOOK_S)
    return answer


def unmeasured() -> dict[str, str]:
    """The environment of a process that a signal may meet anywhere.

    `make check` measures what processes cover, and a handler written in Python that
    runs while coverage holds its own lock waits for that lock for ever.
    """
    return {k: v for k, v in os.environ.items() if k != "COVERAGE_PROCESS_CONFIG"}


def is_running(pid: int) -> bool:
    """Whether there is such a process, and more of it than what nobody waited for."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return False
    return fields[0] != "Z"
