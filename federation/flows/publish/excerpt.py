"""A region's records, each with its proof: what fits into an e-mail to a court.

Rule: every statement that stands about a polling station of the region, of every
organisation, as a receipt: self-contained, so one of them can be passed on alone. The
keys and the newest checkpoint of their logs lie beside them, and the receipt of the
first key statement: a trust file names the log's key, and that proves the others. No
status vector: an excerpt proves, it is no part of a history that could be taken in.

    receipts/<origin>/<index>.txt        an origin begins with <org>/<election>
    receipts/<origin>/0.txt              the first key statement, no record of a region
    <hex>/about  checkpoint  keys
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from federation.errors import NotFoundError
from federation.feeds.bundle import RECEIPTS
from federation.feeds.resource import log_path
from federation.flows.publish.items import Item, list_log
from federation.flows.publish.readable import list_readable
from federation.flows.query.scope import QueryScope, parse_region
from federation.flows.receipt import make_receipt
from federation.records.merge import decode_row
from federation.records.readers import Nobody
from federation.store import mapreading
from federation.store.view import View
from federation.text import Sentence

PAGE = 500
_BESIDE = ("about", "checkpoint", "keys")


def list_excerpt(
    view: View,
    asked: Sequence[QueryScope],
    region: str,
    advance: Callable[[int], None] = lambda _: None,
    at: float = 0,
) -> list[Item]:
    """The files of an excerpt, in ascending order of their paths.

    Args:
        view: The snapshot.
        asked: The contests whose records are wanted.
        region: A code of 2, 4, 6 or 10 characters.
        advance: Called with the number of stations looked at.
        at: Unix seconds, when it is written.

    Raises:
        FormatError: not the code of a region.
        NotFoundError: nothing was reported from there.
    """
    stranger = Nobody(at=at)
    public = {log.origin: log for log in list_readable(view, stranger)}
    items, origins = list[Item](), set[str]()
    for scope in asked:
        for origin, index in _list_standing(view, scope, parse_region(region), advance):
            # Ours may be stored and not yet signed; then it is nobody's business.
            if origin in public and index < public[origin].size:
                items.append(_receipt(view, origin, index))
                origins.add(origin)
    if not items:
        raise NotFoundError(Sentence("asked.nothing-from", region=f"{region!r}"))
    beside = {log_path(origin, name) for origin in origins for name in _BESIDE}
    for origin in origins:
        items.append(_receipt(view, origin, 0))
        items += [
            item for item in list_log(view, public[origin]) if item.path in beside
        ]
    return sorted(items, key=lambda item: item.path)


def is_record(item: Item) -> bool:
    """Whether a file of an excerpt is the receipt of a record of the region."""
    return item.path.startswith(RECEIPTS) and not item.path.endswith("/0.txt")


def _receipt(view: View, origin: str, index: int) -> Item:
    path = f"{RECEIPTS}{origin}/{index}.txt"
    return Item(path, partial(make_receipt, view, origin, index))


def _list_standing(
    view: View, asked: QueryScope, region: str, advance: Callable[[int], None]
) -> Iterator[tuple[str, int]]:
    """Where the statements that stand about the stations of a region are."""
    after = ""
    while rows := mapreading.list_rows(
        view, asked.election, asked.contest, region, after=after, limit=PAGE
    ):
        codes = [decode_row(row).tps for row in rows]
        places = [(asked.contest, code) for code in codes]
        for standing in mapreading.read_standing(view, asked.election, places).values():
            yield from ((origin, claim.index) for origin, claim in standing)
        after = codes[-1]
        advance(len(codes))
