"""What to do about an alarm: `/bantuan/peringatan`, `/bantuan/peringatan/{code}`.

Rule: everybody may read it, signed in or not, for messages lead here; it says what an
alarm means, never which of them stand.
"""

from aiohttp import web

from federation.errors import NotFoundError
from federation.records.alarmhelp import CODES, PATH, help_for
from federation.records.severity import ORDER
from federation.text import Sentence
from federation.web.context import SITE
from federation.web.dashboard import freshen, page_handler
from federation.web.page import Page


def routes() -> list[web.RouteDef]:
    """The list and its pages."""
    return [
        web.get(PATH, page_handler(show_list)),
        web.get(f"{PATH}/{{alarm}}", page_handler(show_one)),
    ]


async def show_list(page: Page) -> web.StreamResponse:
    """Every alarm, those first that wake somebody."""
    await freshen(page)
    known = [one for code in CODES if (one := help_for(page.t, code))]
    known.sort(key=lambda one: -ORDER.index(one.severity))
    owner = page.request.app[SITE].settings.name
    return page.render("alarmlist.html", owner, alarms=known, path=PATH)


async def show_one(page: Page) -> web.StreamResponse:
    """One alarm.

    Raises:
        NotFoundError: none has that name.
    """
    code = page.request.match_info["alarm"]
    told = help_for(page.t, code)
    if told is None:
        raise NotFoundError(Sentence("asked.no-alarm", code=f"{code[:40]!r}"))
    owner = page.request.app[SITE].settings.name
    await freshen(page)
    return page.render("alarmhelp.html", owner, alarm=told, path=PATH)
