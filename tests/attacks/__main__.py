"""`make attack`: the attacks by name; `make attack ARGS="NAME …"`: one of them.

Each attack is a module of this folder: its docstring says what is attacked and what
must hold, `add_arguments` takes its bounds, `run` plays it and prints figures. All are
bounded, stay on loopback, end by themselves, and clean up behind them. The command
ends with 0 where what must hold held, else with 1.

    make attack ARGS="connections --kind bodies"
"""

import argparse
import importlib
import pkgutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, cast


class Attack(Protocol):
    """A module of this folder."""

    __doc__: str

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """The bounds of the attack, with defaults that a laptop bears."""

    @staticmethod
    def run(asked: argparse.Namespace) -> int:
        """Play it, print figures; 0: what must hold held, 1: it did not."""


def attacks() -> Iterator[tuple[str, Attack]]:
    """Every attack and its name."""
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if not module.name.startswith("_"):
            name = f"tests.attacks.{module.name}"
            loaded = cast("Attack", importlib.import_module(name))
            if hasattr(loaded, "run"):
                yield module.name, loaded


def main() -> int:
    """Play the attack that the command line names; without one, list them."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.attacks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = parser.add_subparsers(dest="attack", metavar="NAME")
    loaded = dict(attacks())
    for name, attack in loaded.items():
        first_line = attack.__doc__.splitlines()[0]
        attack.add_arguments(
            names.add_parser(
                name,
                help=first_line,
                description=attack.__doc__,
                formatter_class=argparse.RawDescriptionHelpFormatter,
            )
        )
    asked = parser.parse_args()
    # Asked to end, it cleans up as at its own end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if asked.attack is None:
        parser.print_help()
        return 0
    return loaded[asked.attack].run(asked)


if __name__ == "__main__":
    sys.exit(main())
