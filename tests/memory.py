"""Where the files of tests lie: in memory, where this machine has room for them.

Tests write small files all the time and wait until they are durable: in memory nobody
waits, and it takes less of the processor (`pytest -n 3 tests/flows/pull
tests/flows/photos tests/store`, the quick ones: 146 s in place of 167). That what is
durable stays is shown by killing processes, which memory survives; that a disk is asked
to keep it, by what is asked of it (`strace`). Whoever sets TMPDIR has them there.
"""

import os
import tempfile
from pathlib import Path
from typing import Final

_MEMORY: Final = Path("/dev/shm")  # each user has a folder there, made by pytest
_LEAST_BYTES: Final = 8 << 30


def lay_in_memory() -> None:
    """From now on, for this process and those that it starts."""
    if "TMPDIR" in os.environ or not _MEMORY.is_dir():
        return
    room = os.statvfs(_MEMORY)
    # Environments are made there, too, and their programs run.
    if room.f_bavail * room.f_frsize >= _LEAST_BYTES and not room.f_flag & os.ST_NOEXEC:
        os.environ["TMPDIR"] = str(_MEMORY)
        tempfile.tempdir = None
