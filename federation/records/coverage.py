"""How much of the register has been seen, by whom, and how it compares.

Rule: every polling station adds a few counters, so a region is the sum over its
stations and can be kept exactly while claims change. Only stations of the register
enter; the others are counted beside (`outside…`). KPU's figures cover nothing.

    status.<status>   stations in that status     official.<how>  how KPU compares
    org.<org>         where it has a claim         only.<org>      and nobody else has
    flag.<flag>       with that flag               outside         not in the register

A photo without votes covers a station too: it can be transcribed.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from msgspec import Struct

from federation.records.merge import STATUSES, Row, RowVerdict

OFFICIAL = ("none", "matches", "differs")


class Share(Struct, frozen=True, kw_only=True):
    """One organisation's part, in stations: seen, by it alone, by others only."""

    tps: int
    adds: int
    gains: int


class Coverage(Struct, frozen=True, kw_only=True):
    """A region: `register` = `covered` + `missing`; `orgs` by name.

    `outside` counts stations with a counted claim that the register does not have.
    """

    register: int
    covered: int
    missing: int
    status: dict[str, int]
    official: dict[str, int]
    flags: dict[str, int]
    orgs: dict[str, Share]
    outside: int


class RowKind(NamedTuple):
    """All of a row that its counters follow from; many rows are of one kind."""

    status: str
    official: str
    orgs: tuple[str, ...]
    flags: tuple[str, ...]


def kind_of(row: Row) -> RowKind:
    """The kind of a row by itself."""
    counted = row.round
    return kind_with(
        row, [c.org for c in row.claims if c.round == counted and not c.official]
    )


def kind_with(row: Row | RowVerdict, orgs: Iterable[str]) -> RowKind:
    """The kind of a row whose counted claims are of `orgs`, without KPU."""
    official = row.official
    return RowKind(
        row.status,
        official if isinstance(official, str) else "",
        tuple(sorted(orgs)),
        tuple(row.flags),
    )


def counters_of(kind: RowKind) -> list[str]:
    """The counters that each row of this kind adds one to."""
    if "outside_register" in kind.flags:
        return ["outside", f"outside.{kind.status}"] if kind.orgs else []
    names = [f"status.{kind.status}", *(f"flag.{flag}" for flag in kind.flags)]
    names.extend(f"org.{org}" for org in kind.orgs)
    if kind.official:
        names.append(f"official.{kind.official}")
    if len(kind.orgs) == 1:
        names.append(f"only.{kind.orgs[0]}")
    return names


def contribution(row: Row) -> dict[str, int]:
    """What one station adds to the counters of each of its regions."""
    return dict.fromkeys(counters_of(kind_of(row)), 1)


def region_coverage(counters: Mapping[str, int], register_count: int) -> Coverage:
    """A region's coverage out of its counters.

    Args:
        counters: The sum of its stations' contributions.
        register_count: How many stations of the contest's area the register has
            there; 0 where no register is known: then what is covered is all there is.
    """
    status = {name: counters.get(f"status.{name}", 0) for name in STATUSES}
    covered = sum(status.values()) - status["missing"]
    register = max(register_count, covered)
    status["missing"] = register - covered
    return Coverage(
        register=register,
        covered=covered,
        missing=register - covered,
        status=status,
        official={name: counters.get(f"official.{name}", 0) for name in OFFICIAL},
        flags=_named(counters, "flag."),
        orgs={
            org: Share(
                tps=tps, adds=counters.get(f"only.{org}", 0), gains=covered - tps
            )
            for org, tps in _named(counters, "org.").items()
        },
        outside=counters.get("outside", 0),
    )


def _named(counters: Mapping[str, int], prefix: str) -> dict[str, int]:
    return {
        name.removeprefix(prefix): count
        for name, count in sorted(counters.items())
        if name.startswith(prefix) and count
    }
