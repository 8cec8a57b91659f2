"""What a price list makes of a month with one election night in it.

Rule: a list says what it says: what it has no price for is named and not counted.
"""

import tomllib
from pathlib import Path
from typing import Any, Final, NamedTuple

PRICES: Final = Path(__file__).with_name("prices.toml")


class Use(NamedTuple):
    """Of a store, in a month: bytes kept, requests, bytes out of it."""

    kept: float
    writes: float
    reads: float
    out: float


class Bill(NamedTuple):
    """US dollars; `warnings`: what the list forbids or does not say."""

    name: str
    kept: float
    writes: float
    reads: float
    out: float
    warnings: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        """All of it."""
        return self.kept + self.writes + self.reads + self.out


def read_lists(path: Path = PRICES) -> list[dict[str, Any]]:
    """The price lists of a file."""
    return tomllib.loads(path.read_text(encoding="utf-8"))["list"]


def bill(prices: dict[str, Any], use: Use) -> Bill:
    """What that use costs by this list, for the first month.

    Source: the list's own page, named in prices.toml
    """
    kept_gb = use.kept / prices["gb"]
    out_gb = use.out / prices["gb"]
    warnings = [
        f"no price for {what}: not counted"
        for what in ("gb_month", "write_million", "read_million", "out_gb")
        if what not in prices
    ]
    if "most_out_of_kept" in prices and use.out > use.kept * prices["most_out_of_kept"]:
        times = use.out / use.kept if use.kept else float("inf")
        warnings.append(f"sends {times:,.1f} times what it keeps: more than it allows")
    kept = max(
        kept_gb - prices.get("free_gb_month", 0), prices.get("least_gb_month", 0), 0
    )
    writes = max(use.writes - prices.get("free_write", 0), 0)
    reads = max(use.reads - prices.get("free_read", 0), 0)
    months = prices.get("least_months", 1)
    if months > 1:
        warnings.append(f"what is kept is paid for {months} months: in it")
    return Bill(
        prices["name"],
        kept * months * prices.get("gb_month", 0.0),
        writes / 1e6 * prices.get("write_million", 0.0),
        reads / 1e6 * prices.get("read_million", 0.0),
        out_gb * prices.get("out_gb", 0.0),
        tuple(warnings),
    )
