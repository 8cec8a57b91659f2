"""How a command ends that is asked to: by SIGTERM and SIGHUP as by Ctrl-C.

Rule: `timeout`, a service manager, a closed SSH session ask a process to end. It then
ends as at Ctrl-C: what has begun is finished or undone, files that are not whole yet
go, processes that it started end; the exit code is 128 and the signal's number.

Only the first such request counts: `timeout` sends its signal to the process and to
its group, a terminal that closes sends SIGHUP twice, and neither means "at once". Who
asks again later does mean that: the process ends there and then, as at SIGKILL.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Final, Self

SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)
#: Within this time a second request is the first one, sent twice.
TWICE_S: Final = 2.0
_AGAIN_S: Final = 0.02
_SHOW_CURSOR: Final = b"\x1b[?25h"


def on_request(do: Callable[[], object]) -> None:
    """In a running loop: instead of interrupting, do this when asked to end.

    Ctrl-C is such a request, too. For what runs until it is asked (`serve`, `demo`).
    """
    import asyncio  # noqa: PLC0415  # start-up time: whoever has a loop has it already

    loop = asyncio.get_running_loop()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # see `Ending`
    for number in (signal.SIGINT, *SIGNALS):
        # Whoever started it with `nohup` wants it to go on when the terminal closes.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, do)


class Ending:
    """Turns requests to end into an interruption for as long as a command runs."""

    def __init__(self) -> None:
        self.number: int | None = None
        self._first = 0.0
        self._is_deaf = False
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Self:
        """Listen from here on; what is ignored (`nohup`) stays ignored."""
        # A thread is not asked: signals come to the process, and its main thread.
        is_asked = threading.current_thread() is threading.main_thread()
        for number in SIGNALS if is_asked else ():
            if signal.getsignal(number) is signal.SIG_DFL:
                self._before[number] = signal.signal(number, self._asked)
        # `command &` in a script ignores Ctrl-C. Blocked it does not come either, and
        # asyncio, which asks for this handler, can undo in order what has begun.
        self._is_deaf = is_asked and signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        if self._is_deaf:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
            signal.signal(signal.SIGINT, signal.default_int_handler)
        return self

    def __exit__(self, *_: object) -> None:
        """Be as before."""
        for number in self._before:
            signal.signal(number, signal.SIG_DFL)
        if self._is_deaf:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})

    def exit_code(self, code: int) -> int:
        """`code`, unless the command was asked to end."""
        return code if self.number is None else 128 + self.number

    def _asked(self, number: int, frame: FrameType | None) -> None:
        if self.number is not None:
            if time.monotonic() - self._first > TWICE_S:
                _end_now(number)
            return
        if _is_importing(frame):
            # Python drops what is raised while a lock of its imports goes.
            again = threading.Timer(_AGAIN_S, os.kill, (os.getpid(), number))
            again.daemon = True
            again.start()
            return
        self.number, self._first = number, time.monotonic()
        # Inside of asyncio this is its own handler, which cancels the main task, so
        # that every `finally` of a coroutine is run in order.
        interrupt = signal.getsignal(signal.SIGINT)
        if callable(interrupt):
            interrupt(number, frame)


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _end_now(number: int) -> None:
    if sys.stderr.isatty():  # a progress bar hides it
        os.write(2, _SHOW_CURSOR)
    os._exit(128 + number)
