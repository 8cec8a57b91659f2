"""Whether the keys of a log of ours were never made, or are lost.

Rule: of what was never made nothing is looked for in a backup, and no key is replaced.
"""

from federation.config.home import Home
from federation.errors import FederationError
from federation.node.guards import open_guard


def is_unfounded(home: Home, origin: str) -> bool:
    """Whether the keys of a log were never made here, rather than lost.

    Where the keys of the node are gone too, or the guard knows the log, they are lost.
    """
    mine = home.chain(origin), home.log_key(origin)
    if any(path.exists() for path in mine) or not home.role_key("records").exists():
        return False
    guard = open_guard(home)
    try:
        return guard.read(origin) is None and not guard.was_founded(origin)
    except (FederationError, OSError):
        return False
