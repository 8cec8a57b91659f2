"""The pages of the map as objects of a bucket, and what they are drawn with.

    index.html                                     the nation, in Indonesian
    page/<lang>/<election>/<contest>/nation.html   the nation
    page/<lang>/<election>/<contest>/<code>.html   a province, kabupaten or kecamatan
    static/style.css  tilemap.css  live.js  icon.svg

Rule: the template and what is read for it are those of the node (`regionpage.py`). Only
where links lead is another thing: to what lies in the bucket as it lies there, to all
else (lists, a station, search, order) on the node, by its public address. No header of
ours goes with a file, so the page says itself what a browser may do. What is counted
behind a node's page, whether the order can change, is not on it.

An open page asks for the small `news.json` of its election (`live.js`).
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from federation.config.settings import Settings
from federation.flows.publish.items import Item
from federation.flows.publish.mapfiles import MAP_FOLDER, RegionDrawer
from federation.flows.query.region import told_contests
from federation.flows.query.scope import QueryScope
from federation.records.profile import Profile
from federation.store.view import View
from federation.text import LANGUAGES, Language, Text
from federation.web import live
from federation.web.page import POLICY, Page, query_of, static_file
from federation.web.regionpage import RegionShown, read_page

PAGES: Final = "page"
INDEX: Final = "index.html"
_STATIC: Final = ("style.css", "tilemap.css", "live.js", "icon.svg")
_LEVELS: Final = (0, 2, 4, 6)
_CHOSEN: Final = {"election", "contest", "lang"}
_WILAYAH: Final = "/wilayah/"
_REGIONS: Final = "/v1/regions"


class PublishedPages:
    """Draws them; for one thread at a time."""

    def __init__(
        self,
        settings: Settings,
        profiles: Mapping[str, Profile],
        names: Callable[[View], Mapping[str, str]],
        clock: Callable[[], float],
    ) -> None:
        """Nothing is drawn yet.

        Args:
            settings: Of the node; its public address is where other links lead.
            profiles: By election.
            names: What organisations are called.
            clock: Unix seconds.
        """
        self._settings, self._profiles = settings, profiles
        self._names, self._clock = names, clock

    def files(self) -> list[Item]:
        """What the pages are drawn with."""
        return [Item(f"static/{name}", partial(_read_static, name)) for name in _STATIC]

    def __call__(self, view: View) -> RegionDrawer:
        """What gives the pages of a region, all of one snapshot."""
        return partial(self._draw, view, self._names(view))

    def _draw(
        self, view: View, names: Mapping[str, str], asked: QueryScope, code: str
    ) -> Iterator[tuple[str, bytes]]:
        """Path and bytes of each page of a region; none of what has none."""
        if len(code) not in _LEVELS:
            return
        for language in LANGUAGES:
            path = page_path(language, asked.election, asked.contest, code)
            yield path, self._render(view, names, asked, code, (language, path))
        is_first = asked.election == next(iter(self._settings.elections))
        if not code and is_first and asked.contest == self._first_contest(view, asked):
            yield INDEX, self._render(view, names, asked, code, ("id", INDEX))

    def _first_contest(self, view: View, asked: QueryScope) -> str:
        told = told_contests(view, asked.profile)
        return told[0] if told else asked.contest

    def _render(
        self,
        view: View,
        names: Mapping[str, str],
        asked: QueryScope,
        code: str,
        where: tuple[Language, str],
    ) -> bytes:
        language, path = where
        public = (self._settings.listen.public_url or "").rstrip("/")
        page = _PublishedPage(Text(language), asked, path, public)
        page.names = names
        shown = RegionShown(
            settings=self._settings,
            profiles=self._profiles,
            asked=asked,
            code=code,
            path=f"{_WILAYAH}{code}" if code else "/",
            now=int(self._clock()),
        )
        # It is drawn when its region changes: "today" would be another day.
        others = {"suggests": False, "fresh": "", "policy": _policy(public)}
        values = {**read_page(view, page, shown), **others}
        answered = page.render("region.html", self._settings.name, **values)
        assert isinstance(answered.body, bytes), "just drawn"
        return answered.body


def page_path(language: str, election: str, contest: str, code: str) -> str:
    """Where the page of a region lies."""
    return f"{PAGES}/{language}/{election}/{contest}/{code or 'nation'}.html"


class _PublishedPage(Page):
    """A page of no request, for no reader."""

    def __init__(
        self, t: Text, asked: QueryScope, path: str, public: str
    ) -> None:  # no request: not called
        self.t, self._asked, self._public = t, asked, public
        self.chosen = {
            "election": asked.election,
            "contest": asked.contest,
            "lang": t.language,
        }
        self.names: Mapping[str, str] = {}
        self.fresh, self.before = "", None
        self._root = "../" * path.count("/") or "./"
        self._code = path.rpartition("/")[2].removesuffix(".html")
        if self._code in {"nation", "index"}:
            self._code = ""

    def to(self, address: str) -> str:
        """An address of the bucket, from this page on; of the node, if it is there."""
        parts = urlsplit(address)
        asked = dict(parse_qsl(parts.query))
        found = self._find(parts.path, asked)
        if found is None:
            return f"{self._public}{address}"
        return f"{self._root}{found}"

    def lag_address(self) -> str:
        """None: a file has no reader behind it."""
        return ""

    def _find(self, path: str, asked: Mapping[str, str]) -> str | None:
        """Where it lies in the bucket; None: it does not."""
        election = asked.get("election", self._asked.election)
        if path.startswith("/static/"):
            return query_of(path.removeprefix("/"), asked)
        if path == live.PATH:
            news = f"{MAP_FOLDER}/{election}/news.json"
            return query_of(news, {"since": asked.get("since", "")})
        if path == "/verify":
            return "verify.html"
        return self._find_region(path, election, asked)

    def _find_region(
        self, path: str, election: str, asked: Mapping[str, str]
    ) -> str | None:
        """Where a region lies: its page, or what it is made of."""
        contest = asked.get("contest", self._asked.contest)
        above, _, code = path.rpartition("/")
        if path == _REGIONS:
            above, code = path, ""
        if not asked.keys() <= _CHOSEN or len(code) not in {*_LEVELS, 10}:
            return None
        if above == _REGIONS:
            return _data_path(election, contest, code)
        is_page = path == "/" or (f"{above}/" == _WILAYAH and len(code) in _LEVELS)
        language = asked.get("lang", self.t.language)
        return page_path(language, election, contest, code) if is_page else None

    def other_language(self, language: str) -> str:
        """The same page in it."""
        asked = self._asked
        path = page_path(language, asked.election, asked.contest, self._code)
        return f"{self._root}{path}"

    def who_reads(self) -> Mapping[str, object]:
        """Nobody."""
        nobody = ("may_refer", "may_read_forms", "may_remove")
        return {**dict.fromkeys(nobody, False), "who": None, "form_token": ""}


def _data_path(election: str, contest: str, code: str) -> str:
    return f"{MAP_FOLDER}/{election}/{contest}/region/{code or 'nation'}.json"


def _policy(public: str) -> str:
    """What a browser may do with such a page: search is asked of the node."""
    found = urlsplit(public)
    origin = f"{found.scheme}://{found.netloc}" if public else "'self'"
    kept = POLICY.replace("form-action 'self'", f"form-action {origin}")
    kept = kept.replace("; frame-ancestors 'none'", "")
    return f"{kept}; script-src 'self'; connect-src 'self'"


def _read_static(name: str) -> bytes:
    return static_file(name)[0]
