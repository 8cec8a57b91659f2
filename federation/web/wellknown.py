"""What programs look for on every site: what not to crawl, whom to tell of a hole.

    /robots.txt                  lists, searches, pages for people of ours: left out
    /.well-known/security.txt    the operator's contact, where it is an address
    /favicon.ico                 the sign, for what names none: JSON, a file, `/verify`

Rule: the first two are made of the settings. Below a path of an existing site
(`below.py`) they are looked for at the root of that site: both are written so that the
site can hand them on, or take their lines into its own. A contact that is neither an
e-mail address nor an `https` address is no URI: then there is no security.txt, for a
wrong one is worse.

Source: RFC 9309; RFC 9116 section 2.5
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from aiohttp import hdrs, web

from federation.config.member import EMAIL
from federation.errors import NotFoundError
from federation.text import Sentence
from federation.web.below import base_path
from federation.web.context import SITE
from federation.web.page import static_file

SECURITY: Final = "/.well-known/security.txt"
#: Every list and answer leads to more of them: a crawler would read all of the map in
#: each order that it has.
_UNCRAWLED: Final = (
    *(
        "/v1/",
        "/cari",
        "/daftar",
        "/gambar",
        "/pola",
        "/rekapitulasi",
        "/selisih",
        "/berbeda",
        "/kosong",
        "/blob/",
        "/foto/",
    ),
    *("/lapor", "/masuk", "/keluar", "/antrean"),
)
#: RFC 9116 wants less than a year.
_VALID: Final = timedelta(days=180)
_EMAIL: Final = re.compile(EMAIL)
_DAY_S: Final = 86_400


def routes() -> list[web.RouteDef]:
    """The files."""
    return [
        web.get("/robots.txt", robots),
        web.get(SECURITY, security),
        web.get("/favicon.ico", icon),
    ]


async def robots(request: web.Request) -> web.Response:
    """What crawlers leave out."""
    base = base_path(request.app[SITE].settings.listen.public_url)
    lines = ["User-agent: *", *(f"Disallow: {base}{path}" for path in _UNCRAWLED)]
    return web.Response(text="\n".join(lines) + "\n")


async def icon(_request: web.Request) -> web.Response:
    """Browsers ask for it by themselves, and complain where there is none."""
    data, _ = static_file("icon.svg")
    kept = {hdrs.CACHE_CONTROL: f"public, max-age={_DAY_S}"}
    return web.Response(body=data, content_type="image/svg+xml", headers=kept)


async def security(request: web.Request) -> web.Response:
    """Whom to tell of a hole.

    Raises:
        NotFoundError: the operator's contact is no address.
    """
    site = request.app[SITE]
    contact = _uri(site.settings.contact.strip())
    if not contact:
        raise NotFoundError(Sentence("asked.no-contact"))
    until = datetime.fromtimestamp(site.clock(), UTC) + _VALID
    lines = [
        f"Contact: {contact}",
        # The same the whole day long: whoever compares sees when something changes.
        f"Expires: {until:%Y-%m-%d}T00:00:00Z",
        "Preferred-Languages: id, en",
    ]
    public = site.settings.listen.public_url
    if public:
        root = public.removesuffix("/").removesuffix(base_path(public))
        lines.extend(
            f"Canonical: {there}{SECURITY}" for there in dict.fromkeys((root, public))
        )
    return web.Response(text="\n".join(lines) + "\n")


def _uri(contact: str) -> str:
    if _EMAIL.fullmatch(contact):
        return f"mailto:{contact}"
    is_address = contact.startswith("https://") and contact.isascii()
    return contact if is_address and " " not in contact else ""
