"""What each error code means: where the `type` of a Problem Details leads.

    /errors#format

Rule: the words are those of `text/problems.toml`, as in docs/reference/errors.md; a
code that is answered and not on this page is a fault of ours, and a test holds that.
"""

from collections.abc import Mapping

from aiohttp import web

from federation.text import LANGUAGES, Language, Text, load_topic
from federation.web.context import SITE
from federation.web.dashboard import freshen, pick_page_language
from federation.web.page import Page
from federation.web.problem import ERRORS_PATH

_OF_ROW = "row-"
_HEADINGS = frozenset({"title", "lead", "code", "meaning", "of-answers", "of-rows"})


def routes() -> list[web.RouteDef]:
    """The page."""
    return [web.get(ERRORS_PATH, show)]


def codes(language: Language) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The codes of whole answers and those of rows, each with what it means."""
    answers: dict[str, str] = {}
    rows: dict[str, str] = {}
    for key, words in load_topic("problems").items():
        if key.startswith(_OF_ROW):
            rows[key.removeprefix(_OF_ROW)] = words[language]
        elif key not in _HEADINGS:
            answers[key] = words[language]
    return answers, rows


async def show(request: web.Request) -> web.StreamResponse:
    """All codes on one page."""
    chosen = request.query.get("lang", "")
    text = Text(pick_page_language(request))
    page = Page(request, text, {"lang": chosen} if chosen in LANGUAGES else {})
    answers, rows = codes(text.language)
    owner = request.app[SITE].settings.name
    await freshen(page)
    return page.render("errors.html", owner, answers=answers, rows=rows)
