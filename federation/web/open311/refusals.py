"""Errors as Open311 says them, made from those that the rest of the web answers.

    403  [{"code": 403, "description": "no api_key was sent: …"}]

Rule: which error is which status stands in `web/problem.py` alone; here it becomes one
that the standard knows: 404 for what is not there, 403 without a good key, 400 for all
else that is wrong with a request. The standard says nothing of a key that asks too
often: 429 is HTTP's own for it, and whoever does not know it takes it for a 400. What
is this node's own fault keeps its 5xx, with `Retry-After`: whoever is told 400 throws
the report away.

Source: GeoReport v2, "Errors"; RFC 6585, section 4 (429)
"""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import Final

from aiohttp import hdrs, web
from msgspec import Struct

from federation.errors import FederationError
from federation.text import Text
from federation.web.open311.document import Open311Form, answer_document
from federation.web.problem import Handler, answer_problems, status_of
from federation.web.refusal import CAUSE

_AS_THEY_ARE: Final = {
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.TOO_MANY_REQUESTS,
}


class Open311Fault(Struct, frozen=True, kw_only=True):
    """One thing that is wrong; `code` is the status, `description` for people."""

    code: int
    description: str


class Open311Refusal(Exception):  # noqa: N818  an answer, which never leaves the web
    """What is wrong with a request, one sentence or more, each for people."""

    def __init__(
        self, status: HTTPStatus, causes: Sequence[object], *, retry_s: int = 0
    ) -> None:
        """Say it once.

        Args:
            status: Of the answer.
            causes: Sentences, as far as they are to be said in a language.
            retry_s: In how many seconds it may be sent again; 0: nothing is said.
        """
        super().__init__(status, causes)
        self.status, self.causes, self.retry_s = status, causes, retry_s


def language_of(request: web.Request) -> Text:
    """English where that is asked for first, else Indonesian."""
    asked = request.headers.get(hdrs.ACCEPT_LANGUAGE, "").strip().lower()
    return Text("en" if asked.startswith("en") else "id")


def form_of(request: web.Request) -> Open311Form:
    """The form of answer that the path names; XML, which all must know, else."""
    return "json" if request.path.endswith(".json") else "xml"


def as_open311(handler: Handler) -> Handler:
    """The handler, its refusals as the standard says them."""

    async def told(request: web.Request) -> web.StreamResponse:
        t = language_of(request)
        try:
            return await handler(request)
        except Open311Refusal as refusal:
            answer = _answer(request, refusal.status, map(t.say, refusal.causes))
            if refusal.retry_s:
                answer.headers[hdrs.RETRY_AFTER] = str(refusal.retry_s)
            return answer
        except FederationError as error:
            return _answer(request, status_of(error), [t.say(error.told)])

    async def handle(request: web.Request) -> web.StreamResponse:
        answer = await answer_problems(request, told)
        if CAUSE not in answer:
            return answer
        cause = language_of(request).say(answer[CAUSE])
        return _answer(request, HTTPStatus(answer.status), [cause])

    return handle


def _answer(
    request: web.Request, status: HTTPStatus, causes: Iterable[str]
) -> web.Response:
    if status == HTTPStatus.UNAUTHORIZED:
        status = HTTPStatus.FORBIDDEN
    elif status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in _AS_THEY_ARE:
        status = HTTPStatus.BAD_REQUEST
    faults = [Open311Fault(code=status, description=cause) for cause in causes]
    answer = answer_document(form_of(request), "errors", faults, status)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        answer.headers[hdrs.RETRY_AFTER] = "10"
    return answer
