"""What breaks first: each bound beside what the night asks of it."""
# ruff: noqa: E501  a cell of the table stays on one line

import inspect
from functools import partial
from typing import Final, NamedTuple

from federation.blobs.incoming import LIFETIME_S, MOST_OF_ALL
from federation.config.peers import BYTES, ROWS
from federation.node.publishing import REST_S
from federation.photos.redraw import Redrawer
from tests.bench.scale.asked import Asked
from tests.bench.scale.crowd import SHARES, fetches, sorts
from tests.bench.scale.measured import Measured
from tests.bench.scale.night import THREADS, Pace, most_that, play_publishing
from tests.bench.scale.objects import parts

#: News of the map is to be so old at most.
FRESH_S: Final = 5.0
#: Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/optimizing-performance.html
PREFIX_GETS_S: Final = 5_500.0
#: Source: r2/platform/limits.mdx, as prices.toml has it.
ONE_KEY_WRITES_S: Final = 1.0
#: A rate of records is tried for so long.
TRIED_HOURS: Final = 0.1
#: Records of one request that is handed in.
BATCH: Final = 1_000
CHILDREN: Final[int] = inspect.signature(Redrawer).parameters["count"].default


class Limit(NamedTuple):
    """A bound.

    Attributes:
        what: What is bounded.
        needs: What the night asks.
        can: What there is.
        unit: Of both.
        how: How both come about, with what is assumed.
        at: At which figure of what is asked it breaks.
        moves: What moves it.
    """

    what: str
    needs: float
    can: float
    unit: str
    how: str
    at: str
    moves: str

    @property
    def times(self) -> float:
        """Above 1 it breaks."""
        return self.needs / self.can


def list_limits(asked: Asked, measured: Measured) -> list[Limit]:
    """All of them, the one that breaks first first."""
    found = [*_photos(asked, measured), *_node(asked, measured)]
    found += [*_publishing(asked, measured), *_readers(asked, measured)]
    return sorted(found, key=lambda one: -one.times)


def pace(asked: Asked, measured: Measured) -> Pace:
    """How fast this site is written."""
    return Pace(
        put_s=asked.put_ms / 1000,
        object_s=measured.written.each,
        still_s=0.05,
    )


def _photos(asked: Asked, measured: Measured) -> list[Limit]:
    if not asked.photos:
        return []
    own = asked.photos / asked.organisations
    size = asked.photo_bytes / asked.photos
    took = measured.photo_s.each * asked.photo_megapixels
    number, most = MOST_OF_ALL
    windows = asked.seconds / LIFETIME_S
    by_number, by_bytes = own / (number * windows), own * size / (most * windows)
    is_bytes = by_bytes > by_number
    return [
        Limit(
            "photographs drawn anew",
            own * took,
            CHILDREN * asked.seconds,
            "s of processor",
            f"{own:,.0f} of {asked.photo_megapixels:g} million pixels, {took:.2f} s each, by"
            f" {CHILDREN} children of one node, which must have as many processors free",
            f"{CHILDREN * asked.seconds / took:,.0f} photographs a node and night",
            "nothing in the settings: the number of children stands in photos/redraw.py;"
            " photographs may come after the records, over days",
        ),
        Limit(
            "addresses for photographs in the bucket",
            own * size / asked.seconds / 1e6 if is_bytes else own / asked.seconds,
            most / LIFETIME_S / 1e6 if is_bytes else number / LIFETIME_S,
            "MB/s" if is_bytes else "photographs/s",
            f"a node signs at most {number:,} or {most >> 30} GiB in {LIFETIME_S / 60:.0f}"
            f" minutes; {size / 1e6:.2f} MB each",
            f"{own / max(by_bytes, by_number):,.0f} photographs a node and night",
            "nothing in the settings (blobs/incoming.py); what is above goes through the node",
        ),
    ]


def _node(asked: Asked, measured: Measured) -> list[Limit]:
    own, others = asked.own_records, asked.records - asked.own_records
    thread = own * measured.signed.each + asked.records * measured.merged.each
    work = own * measured.taken_in.each + others * measured.pulled.each
    photo = asked.photo_bytes / asked.organisations
    sent = photo + measured.wire.each * own * (asked.organisations - 1)
    line = asked.uplink_mbit * 1e6 / 8 * asked.seconds
    kept = measured.database.each * asked.records
    packed = measured.wire.each * own
    return [
        Limit(
            "the one thread that signs and merges",
            thread,
            asked.seconds,
            "s",
            f"{own:,.0f} signed, {1e6 * measured.signed.each:.0f} µs each;"
            f" {asked.records:,.0f} merged, {1e6 * measured.merged.each:.0f} µs each, as a"
            " first organisation's (each further one costs more: not measured); storing what was pulled is not in it",
            f"{asked.records * asked.seconds / thread:,.0f} records a night",
            "a faster processor; `serve --read-only` takes readers from it; more hours",
        ),
        Limit(
            "processors of a node, records alone",
            work,
            asked.processors * asked.seconds,
            "s of processor",
            f"{1e6 * measured.taken_in.each:.0f} µs a record of ours,"
            f" {1e6 * measured.pulled.each:.0f} µs a partner's (as the second organisation"
            " of a station; more of them cost more: not measured)",
            f"{asked.records * asked.processors * asked.seconds / work:,.0f} records a night",
            "more processors (verifying has processes of its own)",
        ),
        Limit(
            "the line of a node, upwards",
            sent * 8 / asked.seconds / 1e6,
            asked.uplink_mbit,
            "Mbit/s",
            f"its photographs once, into the bucket; its {own:,.0f} records to each of"
            f" {asked.organisations - 1} partners, {measured.wire.each:.0f} bytes each",
            f"{asked.photo_bytes / 1e12 * line / sent if sent else 0:,.1f} TB of photographs",
            'a faster line; `photos = "on-demand"`; partners pull from a bucket',
        ),
        Limit(
            "the disk of a node's database",
            kept / 1e9,
            asked.disk_gb,
            "GB",
            f"{measured.database.each:,.0f} bytes a record, as a first organisation's",
            f"{asked.disk_gb * 1e9 / measured.database.each:,.0f} records",
            "a larger disk; `elections`; `database` at a server",
        ),
        Limit(
            "records of one partner",
            own,
            float(ROWS),
            "records",
            "`max_rows` of peers.toml, where nobody set it",
            f"{ROWS:,} of one organisation",
            "`max_rows` in peers.toml (alarm `partner-full`)",
        ),
        Limit(
            "bytes of one partner",
            packed / 1e9,
            BYTES / 1e9,
            "GB",
            "`max_bytes` of peers.toml; its records as they pass on the wire",
            f"{BYTES / measured.wire.each:,.0f} records of one organisation",
            "`max_bytes` in peers.toml (alarm `partner-full`)",
        ),
        Limit(
            "writes to the guard, where it lies in a bucket",
            own / asked.seconds / BATCH,
            ONE_KEY_WRITES_S,
            "writes/s",
            f"one for each {BATCH:,} records that are handed in together; a store that takes"
            " one write a second to the same name",
            f"{BATCH * asked.seconds:,.0f} records a night",
            "larger batches; a folder (`guard_folder`)",
        ),
    ]


def _publishing(asked: Asked, measured: Measured) -> list[Limit]:
    speed = pace(asked, measured)
    night = play_publishing(asked, speed)
    ten = asked._replace(together=10.0)
    at = [_fresh_rate(one, speed) for one in (asked, ten)]
    beside = play_publishing(ten, speed).oldest_s
    return [
        Limit(
            "news of the map in the bucket",
            night.oldest_s,
            FRESH_S,
            "s old at most",
            f"told {night.news:,} times; {1000 * speed.each_s:.1f} ms an object ({asked.put_ms:g} ms a request,"
            f" {THREADS} at a time; {1000 * speed.object_s:.1f} ms of processor); where ten stations of a"
            f" kelurahan come together {beside:,.0f} s",
            f"{at[0]:,.0f} records/s from anywhere, {at[1]:,.0f} where ten stations of a kelurahan come together",
            "a store nearer by; no `listen.public_url` (no pages); fewer contests; the node's own"
            " pages (`serve --read-only`) do not wait for it",
        ),
        Limit(
            "writes of one name in the bucket",
            1 / (REST_S + speed.still_s),
            ONE_KEY_WRITES_S,
            "writes/s",
            "`news.json` and `checkpoint`, once a turn",
            "turns without a rest",
            "nothing has to: a turn that writes all rests for a second at least",
        ),
    ]


def _fresh_rate(asked: Asked, speed: Pace) -> float:
    """Records a second at which news is `FRESH_S` old at most; looked for up to 10,000."""
    hours = min(asked.hours, TRIED_HOURS)
    now = asked.records / asked.seconds

    def is_fresh(rate: float) -> bool:
        share = asked.share * rate / now * hours / asked.hours
        tried = asked._replace(hours=hours, share=share)
        return play_publishing(tried, speed).oldest_s <= FRESH_S

    return most_that(is_fresh, 10_000.0)


def _readers(asked: Asked, measured: Measured) -> list[Limit]:
    if not asked.readers:
        return []
    asks = sorts(asked, float("inf"))
    requests = sum(one.rate for one in asks)
    get_s = asked.get_ms / 1000
    alone = sum(fetches(one, asked.edges, get_s) for one in asks)
    shielded = sum(fetches(one, 1, get_s) for one in asks)
    sent = asked.readers * page_bytes(asked, measured) / measured.packed["page"]

    def holds(caches: int, times: float) -> bool:
        more = sorts(asked._replace(readers=asked.readers * times), float("inf"))
        return sum(fetches(one, caches, get_s) for one in more) <= PREFIX_GETS_S

    at = [most_that(partial(holds, caches), 100.0) for caches in (asked.edges, 1)]
    return [
        Limit(
            "requests at one cache of one's own",
            requests,
            asked.cache_rate,
            "requests/s",
            f"{asked.readers:,.0f} pages; each stays open {asked.stay_s:g} s and looks for"
            " news every 5 s",
            f"{asked.readers * asked.cache_rate / requests:,.0f} readers/s for each cache",
            f"{-(-requests // asked.cache_rate):,.0f} caches, or a CDN; people who close the page",
        ),
        Limit(
            "the line of one cache of one's own",
            sent * 8 / 1e6,
            asked.uplink_mbit,
            "Mbit/s",
            f"{page_bytes(asked, measured) / measured.packed['page'] / 1000:.1f} kB a page, packed",
            f"{asked.readers * asked.uplink_mbit / (sent * 8 / 1e6):,.0f} readers/s",
            "more caches, or a CDN",
        ),
        Limit(
            f"requests at the bucket behind caches: {asked.edges}",
            alone,
            PREFIX_GETS_S,
            "requests/s",
            "by formula; copies are good 2 s, news 1 s; the bound is that of one"
            " prefix at Amazon S3",
            _at(asked, at[0]),
            "one cache behind the others (a shield, tiered cache); fewer caches",
        ),
        Limit(
            "the same behind one cache before them",
            shielded,
            PREFIX_GETS_S,
            "requests/s",
            "each object at most once in 2 s, however many readers",
            _at(asked, at[1]),
            "nothing has to",
        ),
    ]


def _at(asked: Asked, times: float) -> str:
    if times >= 100.0:
        return "not up to a hundred times as many readers"
    return f"{asked.readers * times:,.0f} readers/s"


def page_bytes(asked: Asked, measured: Measured) -> float:
    """Of the page that a reader opens, on average, not packed."""
    each = parts(asked.tree, asked.stations)
    levels = ("nation", "province", "kabupaten", "kecamatan")
    return sum(
        share * measured.bytes[f"page {level}"].at(each[level])
        for level, share in zip(levels, SHARES, strict=True)
    )
