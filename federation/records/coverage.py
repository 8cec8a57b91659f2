"""How much of the register has been seen, by whom, and how it compares.

Rule: every polling station adds a few counters, so a region is the sum over its
stations and can be kept exactly while claims change. Only stations of the register
enter; the others are counted beside (`outside…`). KPU's figures cover nothing.

    status.<status>   stations in that status     official.<how>  how KPU compares
    org.<org>         where it has a claim         only.<org>      and nobody else has
    flag.<flag>       with that flag               outside         not in the register

A photo without votes covers a station too: it can be transcribed.
"""

from collections.abc import Mapping
from functools import lru_cache

from msgspec import UNSET, Struct

from federation.records.merge import STATUSES, Row

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


def contribution(row: Row) -> dict[str, int]:
    """What one station adds to the counters of each of its regions."""
    counted = row.round
    orgs = {c.org for c in row.claims if c.round == counted and not c.official}
    official = "" if row.official is UNSET else row.official
    return dict(_counters(row.status, official, tuple(sorted(orgs)), tuple(row.flags)))


@lru_cache(maxsize=4096)
def _counters(
    status: str, official: str, orgs: tuple[str, ...], flags: tuple[str, ...]
) -> Mapping[str, int]:
    # Few stations differ in this: a country has some hundred combinations.
    if "outside_register" in flags:
        return {"outside": 1, f"outside.{status}": 1} if orgs else {}
    names = [f"status.{status}", *(f"flag.{flag}" for flag in flags)]
    names.extend(f"org.{org}" for org in orgs)
    if official:
        names.append(f"official.{official}")
    if len(orgs) == 1:
        names.append(f"only.{orgs[0]}")
    return dict.fromkeys(names, 1)


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
