"""What tests do to guards."""


def lift(guard, origin, size, root):
    """Raise it from wherever it is, as one does who has compared all of it."""
    guard.raise_to(origin, size, root, after=guard.read(origin))
