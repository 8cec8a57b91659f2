"""What one turn may bring, and how much of our disk a partner may ever take.

Rule: a partner is pinned, not trusted with our disk: its rows, bytes and refused
leaves are bounded in each turn and in all. What is refused costs most, because nobody
but its author wants it: it counts once for each KiB begun, ends the turn at the bound,
and at the partner's bound its logs stop here, with the reason. A bundle that passes a
bound is still kept, so that it is not fetched again and again; it is the last one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from federation.config.peers import Peer
from federation.store.taken import Taken
from federation.text import Sentence

REFUSED_BYTES: Final = 1 << 10


class Bounded(Protocol):
    """Whoever brings logs, and within which bounds of one turn."""

    @property
    def max_rows_per_turn(self) -> int | None:
        """How many leaves one turn may take; None: as many as there are."""

    @property
    def max_bytes_per_turn(self) -> int | None:
        """How many bytes one turn may take; None: as many as there are."""

    @property
    def max_refused_per_turn(self) -> int | None:
        """How much of it may be refused; None: as much as there is."""


@dataclass(kw_only=True)
class Budget:
    """What is left of one turn; the rest comes with the next one."""

    rows: int | None
    size: int | None
    refused: int | None = None
    until: float
    clock: Callable[[], float]
    taken_rows: int = field(default=0, init=False)
    taken_bytes: int = field(default=0, init=False)
    refused_rows: int = field(default=0, init=False)
    refused_weight: int = field(default=0, init=False)

    def spend(
        self, *, rows: int = 0, size: int = 0, refused: int = 0, weight: int = 0
    ) -> None:
        """Note what was taken: leaves, bytes, and leaves that do not verify."""
        self.taken_rows += rows
        self.taken_bytes += size
        self.refused_rows += refused
        self.refused_weight += weight

    @property
    def rows_left(self) -> int | None:
        """How many leaves may still be taken; None: as many as there are."""
        return None if self.rows is None else max(0, self.rows - self.taken_rows)

    @property
    def is_refusing(self) -> bool:
        """Whether so much was refused that there is no hurry to go on."""
        return self.refused is not None and self.refused_weight >= self.refused

    @property
    def is_spent(self) -> bool:
        """Whether the turn should end here."""
        return (
            self.rows_left == 0
            or (self.size is not None and self.taken_bytes >= self.size)
            or self.is_refusing
            or self.clock() >= self.until
        )


def budget_of(bringer: Bounded, until: float, clock: Callable[[], float]) -> Budget:
    """What a turn with this peer, or of these files, may bring."""
    return Budget(
        rows=bringer.max_rows_per_turn,
        size=bringer.max_bytes_per_turn,
        refused=bringer.max_refused_per_turn,
        until=until,
        clock=clock,
    )


class Room(NamedTuple):
    """What a partner has taken of what it may take."""

    taken: Taken
    most: Taken

    @property
    def rows_left(self) -> int:
        """How many leaves its logs may still grow by."""
        return max(0, self.most.rows - self.taken.rows)

    def with_taken(self, rows: int, size: int, refused: int) -> "Room":
        """The room after so much more."""
        taken = self.taken
        return self._replace(
            taken=Taken(taken.rows + rows, taken.size + size, taken.refused + refused)
        )

    @property
    def full(self) -> Sentence | None:
        """Which bound is reached, in words that name its key; None where none is."""
        for key, taken, most in zip(_KEYS, self.taken, self.most, strict=True):
            if taken >= most:
                return Sentence(
                    "why.full", key=key, taken=f"{taken:,}", most=f"{most:,}"
                )
        return None


_KEYS: Final = ("max_rows", "max_bytes", "max_refused")


def room_of(partner: Peer, taken: Taken) -> Room:
    """What a partner may still take."""
    most = Taken(partner.max_rows, partner.max_bytes, partner.max_refused)
    return Room(taken, most)


def weigh_refused(sizes: Iterable[int]) -> int:
    """What refused leaves of these lengths count as."""
    return sum(max(1, -(-size // REFUSED_BYTES)) for size in sizes)
