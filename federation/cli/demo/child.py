"""A command of the demonstration: `federation`, for as long as the demonstration runs.

Rule: its standard input is a pipe that nobody writes to. When that ends, whoever
started this command has ended, however it did, and this one is asked to end as well: a
node whose demonstration was killed would hold its port and its folder for ever.
"""

import os
import signal
from threading import Thread


def follow_starter() -> None:
    """Ask this process to end as soon as standard input does."""
    Thread(target=_end_after, args=(os.dup(0),), daemon=True).start()
    # What the command reads is nothing, and not this pipe.
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def _end_after(pipe: int) -> None:
    while os.read(pipe, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    # Not above: a verifying process imports this module, too, and needs no command.
    from federation.cli import main

    follow_starter()
    main()
