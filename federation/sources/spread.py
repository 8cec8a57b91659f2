"""Where the rows of a large file are read: by this process alone, or by others, too.

Rule: what a row means is said by one function of the row and of the file's header, so
that it may be asked in any process; rows come back in the order of the file. What goes
before (lines, cells, the header) is read here, one row after the other.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class Spread(Protocol):
    """Asks `read` of all `items`, a block of them at a time, in several processes."""

    def __call__(
        self,
        read: Callable[[Sequence[T]], R],
        items: Iterable[T],
        weigh: Callable[[T], int],
    ) -> Iterator[R]:
        """What `read` gives of each block, in their order.

        `weigh`: about how many bytes an item has, so that few long ones make a block.
        Where `items` fails, what came before it is read first.
        """
        ...
