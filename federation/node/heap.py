"""What is let go goes back to the system, as far as the C library can be asked to.

Rule: large blocks (a bundle of a hostile partner may have 16 MB) lie in maps of their
own, whatever lay there before, and few threads keep heaps of their own. By itself the
GNU library learns to keep ever larger blocks, in as many heaps as there are threads: of
what a node holds beside such a partner that was a third. Elsewhere nothing is done.

What was loaded at start stays: the collector of circles does not go through it again
and again, which holds all threads for as long as it takes to answer thirty readers.

Source: https://man7.org/linux/man-pages/man3/mallopt.3.html, `gc.freeze` of Python
"""

import ctypes
import gc
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_THRESHOLD: Final = -3
_ARENA_MAX: Final = -8

LARGE_BYTES: Final = 1 << 20
#: What is let go at the end of a heap is kept up to here: what comes next (pieces of a
#: photo) would else be taken from the system again, page by page.
KEPT_BYTES: Final = 16 << 20
HEAPS: Final = 2


def keep_small() -> bool:
    """Whether this process could be asked to; before its threads are started."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    asked = (
        (_TRIM_THRESHOLD, KEPT_BYTES),
        (_MMAP_THRESHOLD, LARGE_BYTES),
        (_ARENA_MAX, HEAPS),
    )
    return all(mallopt(*setting) == 1 for setting in asked)


def keep_started() -> None:
    """Whatever is there now is not looked through again: when all is loaded."""
    gc.collect()
    gc.freeze()
