"""What one round measured: a figure, where it should be, and what stood around it."""

import msgspec


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure of one round.

    `least`, `most`: where it should be, if that was said. `bare`: records per second
    that PyNaCl verified right before and right after, if it was asked then.
    `used_us`: microseconds of processor a record, of every process that took part.
    `note`: how it came about, the same in every round.
    """

    what: str
    value: float
    unit: str
    least: float | None = None
    most: float | None = None
    bare: float | None = None
    used_us: float | None = None
    note: str = ""

    def is_met(self, value: float) -> bool | None:
        """Whether this value is where it should be; None: nothing was said."""
        if self.least is None and self.most is None:
            return None
        above = self.least is None or value >= self.least
        return above and (self.most is None or value <= self.most)

    def target(self) -> str:
        """Where it should be, in a few signs."""
        if self.least is not None:
            return f"≥ {self.least:,g}"
        return "" if self.most is None else f"≤ {self.most:,g}"
