"""What stands in the log of actions."""

from federation.store.actions import read_actions


def all_actions(view) -> list[tuple[str, str, str, str]]:
    """Person, role, what and of what; the oldest first."""
    return [
        (one.person, one.role, one.what, one.subject)
        for one in reversed(read_actions(view, 1 << 62, 1000))
    ]
