"""Time that costs nothing: an event loop whose clock jumps to whatever is due next.

Rule: no threads and no real clock, so that one seed gives one run. What is awaited
from a thread is done at once, in this one.
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class Here(ThreadPoolExecutor):
    """Does what it is handed at once, where it was handed in."""

    def submit(
        self, fn: Callable[..., T], /, *args: object, **kwargs: object
    ) -> Future[T]:
        """The result, which is there already."""
        done = Future[T]()
        try:
            done.set_result(fn(*args, **kwargs))
        except BaseException as error:  # noqa: BLE001  a crash, too, is the caller's
            done.set_exception(error)
        return done


class _Jumping(selectors.DefaultSelector):
    """Waits for nobody: the clock goes on by as much as would have been waited."""

    seconds = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        found = super().select(0)
        if not found:
            if timeout is None:
                raise RuntimeError("everybody waits for somebody")
            self.seconds += max(0.0, timeout)
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time, from 0 on."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)
        self.set_default_executor(Here(1))

    def time(self) -> float:
        """Virtual seconds since it was made."""
        return self._jumping.seconds


def run_virtually(work: Coroutine[Any, Any, T]) -> T:
    """What this gives, in no time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)
