"""What everybody may know of reports, as files of a static site.

    laporan/<election>/index.html      the page, in Indonesian; en.html: in English
    laporan/<election>/statistics.…    json, csv, ndjson, geojson: the bytes that a node
                                       answers with
    laporan/style.css, tilemap.css

They are counted anew once an hour: all records are read for that.

Rule: only of elections of which this organisation keeps reports, and only the figures
of `records/incidentcounts.py`. No script, nothing from elsewhere: the page says so to
the browser itself, as no header of ours goes with a file.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import msgspec

from federation.config.settings import Settings
from federation.flows.dataset.choose import format_table
from federation.flows.incidents.counts import (
    CountsCache,
    counts_table,
    read_count_provinces,
    read_provinces,
)
from federation.flows.publish.beside import FOLDER
from federation.flows.publish.items import Item
from federation.records.incidentcounts import IncidentCounts
from federation.store.view import View
from federation.text import LANGUAGES, Language, Text
from federation.web.countspage import FORMS, tell_counts
from federation.web.page import render_file, static_file

_PAGES: Final[dict[Language, str]] = {"id": "index.html", "en": "en.html"}
_STYLES: Final = ("style.css", "tilemap.css")


class StaticCounts:
    """Makes these files; for one thread at a time."""

    def __init__(self, settings: Settings, clock: Callable[[], float]) -> None:
        """`clock`: Unix seconds; only whole weeks are counted."""
        self._settings, self._clock = settings, clock
        self._cache = CountsCache()

    def __call__(self, view: View, elections: Sequence[str]) -> list[Item]:
        """The files; `elections`: only of these, none named: of all."""
        items: list[Item] = []
        for election in self._settings.elections:
            is_kept = election in self._settings.incidents
            if is_kept and election in (elections or [election]):
                items += self._list(view, election)
        if items:
            items += [
                Item(FOLDER + name, partial(_read_static, name)) for name in _STYLES
            ]
        return items

    def _list(self, view: View, election: str) -> list[Item]:
        counts = self._cache.read(view, election, int(self._clock()), follows=False)
        above = f"{FOLDER}{election}/"
        items = [
            Item(above + _PAGES[language], partial(self._page, view, counts, language))
            for language in LANGUAGES
        ]
        encode = partial(msgspec.json.encode, counts)
        items.append(Item(f"{above}statistics.json", encode))
        return items + [
            Item(f"{above}statistics.{form}", partial(_read_table, view, counts, form))
            for form in FORMS
        ]

    def _page(self, view: View, counts: IncidentCounts, language: Language) -> bytes:
        t = Text(language)
        other = _PAGES["en" if language == "id" else "id"]
        files = [
            (name, f"statistics.{form}", f"laporan-{counts.election}.{form}")
            for form, name in FORMS.items()
        ]
        return render_file(
            "staticcounts.html",
            t=t,
            owner=self._settings.name,
            number=t.number,
            other=other,
            **tell_counts(t, counts, read_count_provinces(view, counts), files),
        )


def _read_table(view: View, counts: IncidentCounts, form: str) -> bytes:
    table = counts_table(counts, read_provinces(view, counts))
    return format_table(form, table, {"cursor": ""})


def _read_static(name: str) -> bytes:
    return static_file(name)[0]
