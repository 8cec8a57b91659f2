"""How a command ends that is asked to: by SIGTERM and SIGHUP as by Ctrl-C.

Rule: `timeout`, a service manager, a closed SSH session ask a process to end. It then
ends as at Ctrl-C: what has begun is finished or undone, files that are not whole yet
go, processes that it started end; the exit code is 128 and the signal's number.

Only the first such request counts: `timeout` sends its signal to the process and to
its group, a terminal that closes sends SIGHUP twice, and neither means "at once".
"""

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Final, Self

SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)


def on_request(do: Callable[[], object]) -> None:
    """In a running loop: instead of interrupting, do this when asked to end.

    Ctrl-C is such a request, too. For what runs until it is asked (`serve`, `demo`).
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, *SIGNALS):
        # Whoever started it with `nohup` wants it to go on when the terminal closes.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, do)


class Ending:
    """Turns requests to end into an interruption for as long as a command runs."""

    def __init__(self) -> None:
        self.number: int | None = None
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        """Listen from here on; what is ignored (`nohup`) stays ignored."""
        # A thread is not asked: signals come to the process, and its main thread.
        is_asked = threading.current_thread() is threading.main_thread()
        for number in SIGNALS if is_asked else ():
            if signal.getsignal(number) is signal.SIG_DFL:
                self._before[number] = signal.signal(number, self._asked)
        return self

    def __exit__(self, *_: object) -> None:
        """Be as before."""
        for number in self._before:
            signal.signal(number, signal.SIG_DFL)

    def exit_code(self, code: int) -> int:
        """`code`, unless the command was asked to end."""
        return code if self.number is None else 128 + self.number

    def _asked(self, number: int, frame: FrameType | None) -> None:
        if self.number is not None:
            return
        self.number = number
        # Inside of asyncio this is its own handler, which cancels the main task, so
        # that every `finally` of a coroutine is run in order.
        interrupt = signal.getsignal(signal.SIGINT)
        if callable(interrupt):
            interrupt(number, frame)
            return
        # SIGINT is ignored (`command &` in a script): then nobody handles it.
        raise KeyboardInterrupt
