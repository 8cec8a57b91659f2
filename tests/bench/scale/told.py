"""All of it as a table for people, and as JSON; each figure beside what is assumed."""
# ruff: noqa: E501  a cell of the table stays on one line

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from tests.bench.report import machine, number
from tests.bench.scale.asked import Asked, Tree
from tests.bench.scale.breaks import list_limits, pace, page_bytes
from tests.bench.scale.crowd import SPREAD_S, fetches, play, sorts
from tests.bench.scale.measured import Law, Measured, measure
from tests.bench.scale.money import Bill, Use, bill, read_lists
from tests.bench.scale.night import play_publishing
from tests.bench.scale.objects import Kind, counts, of_log, of_regions, parts

SEED: Final = 2024
PLAYED_S: Final = 20
PLAYED_CACHES: Final = 3


class Row(NamedTuple):
    """A figure: what, how much, of what, and how it comes about."""

    what: str
    value: float
    unit: str
    how: str


class Told(NamedTuple):
    """What was measured, what follows of it, what breaks, what it costs."""

    asked: Asked
    measured: Measured
    rows: dict[str, list[Row]]
    bills: dict[str, list[Bill]]


def run(
    asked: Asked,
    folder: Path,
    register: Path,
    keep: Path | None,
    say: Callable[[str], None],
) -> Told:
    """Measure, unless that was kept, and work it out.

    Args:
        asked: The country.
        folder: For the homes.
        register: The list of stations of 2024.
        keep: A file of what an earlier run measured, or where this one goes.
        say: Told what is being done.
    """
    asked.check()
    if keep is not None and keep.is_file():
        measured = msgspec.json.decode(keep.read_bytes(), type=Measured)
    else:
        measured = measure(folder, register, machine(), say)
        if keep is not None:
            keep.write_bytes(msgspec.json.format(msgspec.json.encode(measured)) + b"\n")
    say("worked out")
    return work_out(asked, measured)


def work_out(asked: Asked, measured: Measured) -> Told:
    """All that follows: the same for the same."""
    kept, use = _use(asked, measured)
    lists = read_lists()
    records = use._replace(
        kept=use.kept - asked.photo_bytes,
        writes=use.writes - 2 * asked.photos,
        reads=use.reads - asked.photos,
    )
    bills = {"records, map and readers, no photographs": records}
    if asked.photos:
        bills["the same with all photographs in one bucket"] = use
    if asked.readers:
        bills["the first, and no cache before the bucket"] = _uncached(
            asked, measured, records
        )
    return Told(
        asked,
        measured,
        {
            "measured here": list(_measured(measured)),
            "a site in a bucket": list(_site(asked, measured, kept)),
            "a night": list(_night(asked, measured)),
            "the crowd": list(_crowd(asked, measured)) if asked.readers else [],
        },
        {what: [bill(one, each) for one in lists] for what, each in bills.items()},
    )


def _measured(measured: Measured) -> Iterator[Row]:
    def two(law: Law, unit: str, done: str = "records") -> str:
        (small, large), (less, more) = law.done, law.cost
        at = f"{less:,.4g} {unit} at {small:,.6g} {done}, {more:,.4g} at {large:,.6g}"
        return f"{at}: {more / less:.1f} times for {large / small:.1f} times as many"

    yield Row(
        "database, a record",
        measured.database.each,
        "bytes",
        two(measured.database, "bytes"),
    )
    yield Row(
        "entries, tiles and heads, a record",
        measured.log.each,
        "bytes",
        two(measured.log, "bytes"),
    )
    yield Row(
        "a full sync on the wire, a record",
        measured.wire.each,
        "bytes",
        two(measured.wire, "bytes"),
    )
    yield Row(
        "`federation import`, a record",
        1e6 * measured.taken_in.each,
        "µs of processor",
        two(measured.taken_in, "s"),
    )
    yield Row(
        "signed by the one thread, a record",
        1e6 * measured.signed.each,
        "µs",
        two(measured.signed, "s"),
    )
    yield Row(
        "merged by it, a record",
        1e6 * measured.merged.each,
        "µs",
        two(measured.merged, "s"),
    )
    yield Row(
        "pulled, verified and merged, a record",
        1e6 * measured.pulled.each,
        "µs of processor",
        two(measured.pulled, "s"),
    )
    yield Row(
        "digest of a map, a row",
        1e6 * measured.digest.each,
        "µs",
        two(measured.digest, "s"),
    )
    yield Row(
        "an object published",
        1e3 * measured.written.each,
        "ms of processor",
        two(measured.written, "s", "objects"),
    )
    for what, (foretold, written) in measured.more.items():
        yield Row(
            f"objects of 40 stations more on {what}",
            written,
            "",
            f"{foretold:,.0f} of the map foretold; the others are of the log: it does not grow with"
            " what is there",
        )
    for kind, line in measured.bytes.items():
        how = f"of one part; {line.each:,.0f} more for each further one"
        yield Row(f"object: {kind}", line.at(1), "bytes", how)
    for what, times in measured.packed.items():
        yield Row(f"{what}, packed", times, "times smaller", "gzip, level 1")
    yield Row(
        "a photograph drawn anew, a million pixels",
        measured.photo_s.each,
        "s of processor",
        two(measured.photo_s, "s", "million pixels"),
    )


def _site(
    asked: Asked, measured: Measured, kept: dict[Kind, tuple[float, float]]
) -> Iterator[Row]:
    for kind, (objects, size) in kept.items():
        yield Row(f"objects: {' '.join(kind)}", objects, "", f"{size / 1e9:,.2f} GB")
    logs = asked.organisations * of_log(asked.own_records)
    yield Row(
        "objects: entries and tiles",
        logs,
        "",
        f"{asked.records:,.0f} records in {asked.organisations} logs",
    )
    total = sum(objects for objects, _ in kept.values()) + logs
    yield Row("objects in all", total, "", "one organisation's site, photographs apart")
    size = sum(size for _, size in kept.values())
    log = asked.records * measured.log.each
    yield Row(
        "bytes in all",
        (size + log) / 1e9,
        "GB",
        f"map and pages {size / 1e9:,.1f}, logs {log / 1e9:,.1f};"
        " where organisations differ there is more",
    )
    if asked.photos:
        yield Row(
            "photographs",
            asked.photos,
            "objects",
            f"{asked.photo_bytes / 1e12:g} TB in all,"
            f" {asked.photo_bytes / asked.photos / 1e6:.2f} MB each, one for a record (the page of the bench"
            f" came to {measured.photo_bytes / 1e6:.2f}); one PUT each, no parts",
        )


def _night(asked: Asked, measured: Measured) -> Iterator[Row]:
    yield Row(
        "records of an organisation",
        asked.own_records,
        "",
        f"{asked.share:.0%} of {asked.stations:,} stations x {asked.contests} contests",
    )
    yield Row(
        "records of all",
        asked.records,
        "",
        f"{asked.records / asked.seconds:,.0f} a second, evenly"
        f" through {asked.hours:g} h",
    )
    speed = pace(asked, measured)
    for what, one, pages in (
        ("with pages", asked, True),
        ("without `listen.public_url`", asked, False),
        ("ten stations of a kelurahan together", asked._replace(together=10.0), True),
    ):
        night = play_publishing(one, speed, pages=pages)
        yield Row(
            f"PUTs of a night, {what}",
            night.puts,
            "",
            "where turns follow each other without rest, as many as the store takes: a cap, no need;"
            f" news of the map {night.news:,} times; what readers have is up to {night.oldest_s:,.0f} s old",
        )
    rows = asked.stations * asked.contests
    yield Row(
        "the digest of a map",
        rows * measured.digest.each,
        "s",
        f"of {rows:,.0f} rows, every `publish.interval_s`, beside the turns",
    )
    yield Row(
        "the one thread: signing",
        asked.own_records * measured.signed.each / 3600,
        "h",
        "its own records",
    )
    yield Row(
        "the one thread: merging",
        asked.records * measured.merged.each / 3600,
        "h",
        "all records, as first organisation's",
    )
    yield Row(
        "processor of a node, records",
        (
            asked.own_records * measured.taken_in.each
            + (asked.records - asked.own_records) * measured.pulled.each
        )
        / 3600,
        "h",
        "on this machine",
    )
    yield Row(
        "database", asked.records * measured.database.each / 1e9, "GB", "of each node"
    )
    between = (
        asked.organisations
        * (asked.organisations - 1)
        * asked.own_records
        * measured.wire.each
    )
    yield Row(
        "sync among all nodes",
        between / 1e9,
        "GB",
        f"{asked.organisations} x {asked.organisations - 1}, each"
        " log once to each; a node that asks and finds nothing new adds one answer 304",
    )
    if asked.photos:
        each = asked.photo_bytes / asked.organisations
        yield Row(
            "photographs of an organisation, to the bucket",
            each * 8 / asked.seconds / 1e6,
            "Mbit/s",
            f"{each / 1e12:.2f} TB in {asked.hours:g} h; twice where the sender puts them there: the node reads"
            " them back and writes the copy",
        )


def _crowd(asked: Asked, measured: Measured) -> Iterator[Row]:
    get_s = asked.get_ms / 1000
    asks = sorts(asked, float("inf"))
    requests = sum(one.rate for one in asks)
    size = page_bytes(asked, measured)
    yield Row(
        "requests of readers",
        requests,
        "a second",
        f"{asked.readers:,.0f} pages; {asked.readers * asked.stay_s:,.0f}"
        f" open at a time ({asked.stay_s:g} s each), which look for news every 5 s",
    )
    yield Row(
        "bytes to readers",
        asked.readers * size / measured.packed["page"] * 8 / 1e9,
        "Gbit/s",
        f"{size / 1e3:.1f} kB a page, {size / measured.packed['page'] / 1e3:.1f} packed; answers to looks apart",
    )
    for caches in dict.fromkeys((asked.edges, 1)):
        by_formula = sum(fetches(one, caches, get_s) for one in asks)
        unlocked = sum(fetches(one, caches, get_s, is_locked=False) for one in asks)
        what = f"at the bucket behind {caches} cache{'s' * (caches > 1)}"
        yield Row(
            f"requests {what}",
            by_formula,
            "a second",
            f"by formula; {unlocked:,.0f} where each who waits asks (no `proxy_cache_lock`)",
        )
        # News in the middle: pages that are open ask for themselves.
        factor = 1 + asked.stay_s / SPREAD_S
        bursts = [(PLAYED_S / 2, factor)]
        played = [
            play(asks, caches, get_s, PLAYED_S, SEED + one, bursts=bursts)
            for one in range(min(caches, PLAYED_CACHES))
        ]
        scale = caches / len(played)
        mean = scale * sum(one.mean for one in played)
        most = scale * max(
            sum(at) for at in zip(*(one.by_second for one in played), strict=True)
        )
        yield Row(
            "the same, played",
            mean,
            "a second",
            f"{PLAYED_S} s, seed {SEED}, {len(played)} of {caches} caches;"
            f" nothing kept at first; {most:,.0f} in the busiest second; news of the map at {PLAYED_S // 2} s:"
            f" pages {factor:,.0f} times as often for {SPREAD_S:g} s",
        )


def _use(
    asked: Asked, measured: Measured
) -> tuple[dict[Kind, tuple[float, float]], Use]:
    """Objects and bytes of the map by kind; what the store does in that month."""
    each = parts(asked.tree, asked.stations)
    found = of_regions(counts(asked.tree), asked.contests, pages=True)
    kept = {
        kind: (number, number * measured.bytes[" ".join(kind)].at(each[kind.level]))
        for kind, number in found.items()
    }
    night = play_publishing(asked, pace(asked, measured))
    logs = asked.organisations * of_log(asked.own_records)
    get_s, crowd_s = asked.get_ms / 1000, asked.crowd_hours * 3600
    fetched = (
        sum(fetches(one, 1, get_s) for one in sorts(asked, float("inf"))) * crowd_s
    )
    size = sum(size for _, size in kept.values()) + asked.records * measured.log.each
    return kept, Use(
        kept=size + asked.photo_bytes,
        writes=night.puts + logs + 2 * asked.photos,
        reads=fetched + asked.photos,
        out=fetched * page_bytes(asked, measured),
    )


def _uncached(asked: Asked, measured: Measured, use: Use) -> Use:
    """All readers at the store itself."""
    seconds = asked.crowd_hours * 3600
    requests = sum(one.rate for one in sorts(asked, float("inf"))) * seconds
    return use._replace(
        reads=requests, out=asked.readers * seconds * page_bytes(asked, measured)
    )


def format_text(told: Told) -> str:
    """For people."""
    lines = [f"measured on {told.measured.machine}", ""]
    lines += [f"{name} = {value}" for name, value in _flat(told.asked).items()]
    for title, rows in told.rows.items():
        lines += ["", f"## {title}", "", "| what | value | how |", "|---|---|---|"]
        lines += [
            f"| {one.what} | {f'{number(one.value)} {one.unit}'.strip()} | {one.how} |"
            for one in rows
        ]
    lines += [
        "",
        "## what breaks first",
        "",
        "| | what | asked | there is | times | breaks at | what moves it | how |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for place, one in enumerate(list_limits(told.asked, told.measured), 1):
        times = f"**{number(one.times)}**" if one.times > 1 else number(one.times)
        lines.append(
            f"| {place} | {one.what} | {number(one.needs)} {one.unit} | {number(one.can)} | {times} | {one.at} |"
            f" {one.moves} | {one.how} |"
        )
    lines += [
        "",
        "## money, US dollars: the month of the election (prices.toml)",
        "",
        f"Readers as above through {told.asked.crowd_hours:g} h; one cache before the bucket, others behind it. Servers, caches and their lines: what yours cost is in no list.",
        "",
        "| | list | kept | writes | reads | out | all | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for what, bills in told.bills.items():
        for one in bills:
            costs = (one.kept, one.writes, one.reads, one.out, one.total)
            lines.append(
                f"| {what} | {one.name} | {' | '.join(f'{cost:,.2f}' for cost in costs)} | {'; '.join(one.warnings)} |"
            )
    return "\n".join(lines)


def to_json(told: Told) -> str:
    """For programs."""
    document: dict[str, Any] = {
        "asked": _flat(told.asked),
        "measured": msgspec.to_builtins(told.measured),
        **{title: [one._asdict() for one in rows] for title, rows in told.rows.items()},
        "breaks": [
            {**one._asdict(), "times": one.times}
            for one in list_limits(told.asked, told.measured)
        ],
        "money": {
            what: [{**one._asdict(), "total": one.total} for one in bills]
            for what, bills in told.bills.items()
        },
    }
    return json.dumps(document, indent=1, ensure_ascii=False)


def _flat(asked: Asked) -> dict[str, float]:
    found = dict(asked._asdict())
    return {**found.pop("tree")._asdict(), **found}


def add_options(parser: argparse.ArgumentParser) -> None:
    """What can be asked."""
    for name, default in Asked._field_defaults.items():
        if name not in {"tree", "readers"}:
            option = f"--{name.replace('_', '-')}"
            parser.add_argument(
                option, type=type(default), default=default, metavar="N"
            )
    parser.add_argument("--measured", type=Path, metavar="FILE")
    parser.add_argument("--json", action="store_true")


def asked_of(given: argparse.Namespace) -> Asked:
    """What is asked."""
    fields = {
        name: getattr(given, name)
        for name in Asked._fields
        if name not in {"tree", "readers"}
    }
    readers = given.readers or Asked().readers
    return Asked(**fields, readers=readers, tree=Tree.of(given.stations))
