"""In which orders the parts of a region come: on its page, as JSON, as a file."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, TypeAlias, get_args

from federation.flows.query import answers

#: By their codes, or by a figure, the most first; `-`: the least first.
PartOrder: TypeAlias = Literal[
    "",
    "covered", "-covered", "agreed", "-agreed",
    "disputed", "-disputed", "differs", "-differs",
]  # fmt: skip
PART_ORDERS: Final[frozenset[str]] = frozenset(get_args(PartOrder))


def _share(part: answers.Region) -> float:
    seen = part.coverage
    return seen.covered / seen.register if seen.register else 0.0


#: By what the parts can be put in order, each with its figure.
PART_FIGURES: Final[Mapping[str, Callable[[answers.Region], float]]] = {
    "covered": _share,
    "agreed": lambda part: part.coverage.status.get("agreed", 0),
    "disputed": lambda part: part.coverage.status.get("disputed", 0),
    "differs": lambda part: part.coverage.official.get("differs", 0),
}


def order_parts(parts: Sequence[answers.Region], order: str) -> list[answers.Region]:
    """The parts in this order, one of `PART_ORDERS`; equal ones by their codes."""
    figure = PART_FIGURES.get(order.removeprefix("-"))
    if figure is None:
        return list(parts)
    sign = 1 if order.startswith("-") else -1
    return sorted(parts, key=lambda part: (sign * figure(part), part.code))
