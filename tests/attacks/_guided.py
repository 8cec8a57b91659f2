"""One door, guided by atheris: `python -m tests.attacks._guided DOOR CORPUS …`.

Atheris counts the branches of our code that a case reaches, keeps what reaches a new
one, and ends the process at the first thing that comes through.
"""

import sys
from contextlib import suppress

import atheris

with atheris.instrument_imports(include=["federation"]):
    from tests.attacks import _doors

from federation.errors import FederationError


def main() -> None:
    """Never returns."""
    name, *rest = sys.argv[1:]
    take = _doors.doors()[name].take

    def one(data: bytes) -> None:
        with suppress(FederationError):
            take(data)

    atheris.Setup([sys.argv[0], *rest], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
