"""What may be meant, while somebody is still typing it: `/cari/saran?q=`.

    {"found": [{"name": "TPS 2 Rawang", "where": "Padang Selatan, ...", "href": "…"}]}

Rule: it proposes what `/cari` finds for the same letters, the likeliest first, and only
that; nothing that somebody types is an error. From `LEAST` letters on, `MOST` of them;
so often for each client (`SUGGESTED`), and what many type is looked up once a minute.
"""

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from aiohttp import hdrs, web

from federation.flows.query.scope import places
from federation.flows.query.search import MAX_TYPED, SearchAnswer, search
from federation.records.register import LEVELS
from federation.store.view import View
from federation.web.bucket import Bucket
from federation.web.context import SITE
from federation.web.dashboard import ask_page, page_handler
from federation.web.origin import caller
from federation.web.page import SAFETY, Page

PATH: Final = "/cari/saran"
#: How often a client may ask; whoever types fast asks twice a second, for a while.
SUGGESTED: Final[web.AppKey[Bucket]] = web.AppKey("suggested", Bucket)
LEAST: Final = 2
MOST: Final = 8
_KEPT_S: Final = 60
_MOST_KEPT: Final = 500

Suggestion: TypeAlias = dict[str, str]


class KeptSuggestions:
    """What was proposed lately, by what was typed; bounded in memory."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._kept: OrderedDict[tuple[str, ...], tuple[float, list[Suggestion]]] = (
            OrderedDict()
        )

    def find(self, key: tuple[str, ...], now: float) -> list[Suggestion] | None:
        """What was proposed in the last minute; None: nothing was."""
        at, found = self._kept.get(key, (-_KEPT_S, []))
        return found if 0 <= now - at < _KEPT_S else None

    def keep(self, key: tuple[str, ...], now: float, found: list[Suggestion]) -> None:
        """Propose it again for a minute."""
        self._kept.pop(key, None)
        self._kept[key] = now, found
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)


KEPT: Final[web.AppKey[KeptSuggestions]] = web.AppKey("suggestions", KeptSuggestions)


def routes() -> list[web.RouteDef]:
    """What the search box of a page asks."""
    return [web.get(PATH, page_handler(suggest))]


async def suggest(page: Page) -> web.StreamResponse:
    """Some places that may be meant.

    Raises:
        HTTPTooManyRequests: by this client.
    """
    request, site = page.request, page.request.app[SITE]
    asked, now = ask_page(page), site.clock()
    typed = " ".join(request.query.get("q", "").split())[:MAX_TYPED].casefold()
    if not request.app[SUGGESTED].take(caller(request), now):
        raise web.HTTPTooManyRequests
    key = (asked.election, typed, *sorted(page.chosen.values()))
    found = request.app[KEPT].find(key, now)
    if found is None:
        found = []
        if sum(map(str.isalnum, typed)) >= LEAST:

            def read(view: View) -> list[Suggestion]:
                index = site.names.index(view, asked.election)
                answer = search(view, index, asked.election, typed)
                return [*_tell(page, view, asked.election, answer)][:MOST]

            # As `/cari`: until the first answer all wait for the index.
            async with site.large_answers:
                found = await site.db.read(read)
        request.app[KEPT].keep(key, now, found)
    body: dict[str, Any] = {"found": found}
    return web.json_response(
        body,
        headers={
            **SAFETY,
            hdrs.CACHE_CONTROL: f"public, max-age={_KEPT_S}",
            hdrs.VARY: hdrs.ACCEPT_LANGUAGE,
            "X-Robots-Tag": "noindex",
        },
    )


def _tell(
    page: Page, view: View, election: str, answer: SearchAnswer
) -> Iterator[Suggestion]:
    """Each of what was found, in words; a station before its region."""
    if answer.code and len(answer.code) in LEVELS:
        (place,) = places(view, election, [answer.code])
        href = page.link(f"/wilayah/{place.code}")
        yield {"name": page.name(place), "where": place.code, "href": href}
    for one in answer.found:
        name, around = page.name(one.place), [page.name(it) for it in one.around]
        for tps, village in one.tps.items():
            station = page.t("page.station_number", number=tps[10:])
            yield {
                "name": f"{station} {village or name}",
                "where": ", ".join([name, *around] if village else around),
                "href": page.link(f"/tps/{tps}"),
            }
        if not one.tps:
            yield {
                "name": name,
                "where": ", ".join(around) or one.place.code,
                "href": page.link(f"/wilayah/{one.place.code}"),
            }
