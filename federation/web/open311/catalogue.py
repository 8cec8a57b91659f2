"""What is here, for everybody: the discovery file, the services, one of them.

Rule: only a node that keeps reports has any of it; elsewhere nothing is at these paths.
Beside a code, nothing here tells whether anybody has ever reported anything.

Source: GeoReport v2; Open311 Service Discovery
"""

from http import HTTPStatus
from typing import Final

from aiohttp import web
from msgspec import Struct

from federation.text import Sentence
from federation.web.context import SITE, WebContext
from federation.web.open311.document import MEDIA_TYPES, answer_document
from federation.web.open311.refusals import (
    Open311Refusal,
    as_open311,
    form_of,
    language_of,
)
from federation.web.open311.services import define_service, list_services
from federation.web.origin import own_address

PATH: Final = "/open311/v2"
FORMAT: Final = "{format:json|xml}"
_SPECIFICATION: Final = "http://wiki.open311.org/GeoReport_v2"
#: When what stands in the discovery file last changed.
_CHANGESET: Final = "2026-11-30T00:00:00Z"


class Open311Endpoint(Struct, frozen=True, kw_only=True):
    """One interface that is served."""

    specification: str
    url: str
    changeset: str
    type: str
    formats: tuple[str, ...]


class Open311Discovery(Struct, frozen=True, kw_only=True):
    """Whom to ask, also for a key, and where the interfaces are."""

    changeset: str
    contact: str
    key_service: str
    endpoints: tuple[Open311Endpoint, ...]


def routes() -> list[web.RouteDef]:
    """The paths that everybody may read."""
    return [
        web.get(f"{PATH}/discovery.{FORMAT}", as_open311(discover)),
        web.get(f"{PATH}/services.{FORMAT}", as_open311(show_services)),
        web.get(f"{PATH}/services/{{code}}.{FORMAT}", as_open311(show_definition)),
    ]


def no_other() -> list[web.RouteDef]:
    """Whatever else is asked below the path: after all other routes of it."""
    path, nothing = f"{PATH}/{{rest:.*}}", as_open311(show_nothing)
    return [web.get(path, nothing), web.post(path, nothing)]


def jurisdiction(site: WebContext, given: str) -> str:
    """The election that is meant.

    `given`: the election, or, where reports of one only are kept, also our own name as
    an organisation; "" where nothing was said.

    Raises:
        Open311Refusal: no reports of it are kept, or it is not said which one.
    """
    kept = site.settings.incidents
    known = ", ".join(kept)
    if not kept:
        raise not_found(Sentence("open311.none-kept"))
    if not given and len(kept) > 1:
        which = Sentence("open311.which-jurisdiction", known=known)
        raise Open311Refusal(HTTPStatus.BAD_REQUEST, [which])
    if len(kept) == 1 and given in {"", site.settings.org}:
        return kept[0]
    if given not in kept:
        why = Sentence("open311.no-jurisdiction", given=given[:60], known=known)
        raise not_found(why)
    return given


def not_found(why: Sentence) -> Open311Refusal:
    """What was asked for is not here."""
    return Open311Refusal(HTTPStatus.NOT_FOUND, [why])


async def discover(request: web.Request) -> web.StreamResponse:
    """The discovery file.

    Raises:
        Open311Refusal: no reports are kept here.
    """
    site = request.app[SITE]
    if not site.settings.incidents:
        raise not_found(Sentence("open311.none-kept"))
    address = (own_address(request) or "").rstrip("/")
    found = Open311Discovery(
        changeset=_CHANGESET,
        contact=site.settings.contact,
        key_service=site.settings.contact,
        endpoints=(
            Open311Endpoint(
                specification=_SPECIFICATION,
                url=address + PATH,
                changeset=_CHANGESET,
                type="production",
                formats=tuple(MEDIA_TYPES[form] for form in ("xml", "json")),
            ),
        ),
    )
    return answer_document(form_of(request), "discovery", found)


async def show_services(request: web.Request) -> web.StreamResponse:
    """Every service.

    Raises:
        Open311Refusal: no reports are kept here, or not of what was asked for.
    """
    jurisdiction(request.app[SITE], request.query.get("jurisdiction_id", ""))
    services = list_services(language_of(request))
    return answer_document(form_of(request), "services", services)


async def show_definition(request: web.Request) -> web.StreamResponse:
    """What may be said of a report of one service.

    Raises:
        Open311Refusal: there is no such service, or no reports are kept here.
    """
    jurisdiction(request.app[SITE], request.query.get("jurisdiction_id", ""))
    code = request.match_info["code"]
    definition = define_service(language_of(request), code)
    if definition is None:
        raise not_found(Sentence("open311.no-service", code=code[:60]))
    return answer_document(form_of(request), "service_definition", definition)


async def show_nothing(request: web.Request) -> web.StreamResponse:
    """Nothing is at this path.

    Raises:
        Open311Refusal: always.
    """
    raise not_found(Sentence("open311.no-path", path=request.path[:100]))
