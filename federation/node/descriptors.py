"""How many files this process may have open, and how many of them are for callers.

Rule: the database, partners and workers come first; callers get what is left. Linux
gives a service 1,024 unless it asks for more, and lets it ask.

Source: https://man7.org/linux/man-pages/man2/getrlimit.2.html
"""

import contextlib
import logging
import resource

#: For the database, partners, workers and files that are written.
RESERVE = 128

_log = logging.getLogger(__name__)


def places(wanted: int) -> int:
    """How many callers there may be at a time: `wanted`, or as many as fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = wanted + RESERVE
    if resource.RLIM_INFINITY != soft < needed:
        more = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
        # macOS says "no limit" and means 10,240 or so.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (more, hard))
            soft = more
    return fit(wanted, soft)


def fit(wanted: int, limit: int) -> int:
    """How many of `wanted` callers fit beside what comes first."""
    if limit == resource.RLIM_INFINITY or limit >= wanted + RESERVE:
        return wanted
    # Under a very small limit some callers are better than none.
    most = max(1, limit - min(RESERVE, limit * 3 // 4))
    _log.warning(
        "only %d files may be open (ulimit -n), so %d connections at a time and not "
        "the %d of limits.max_connections; %d files are enough",
        limit,
        most,
        wanted,
        wanted + RESERVE,
    )
    return most
