"""The one table from an error's type to an HTTP status (RFC 9457 Problem Details).

    {"code":"format","detail":"…","status":400,"title":"Bad Request",
     "type":"https://node.example/errors#format"}

`code` is stable (`docs/reference/errors.md`), and `type` leads to what it means
(`errorspage.py`; a path alone where no `listen.public_url` is set). `detail` names
what, where and how to mend it. A bug of ours is 500 `bug`: the log has the trace, the
caller learns nothing about the machine. One answer is aiohttp's own, in plain text: 400
to what is no HTTP, which its parser gives before there is a request to answer.

Source: RFC 9457 section 3.
"""

import errno
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

import msgspec
from aiohttp import hdrs, web

from federation.errors import (
    ConfigError,
    ConflictError,
    DatabaseBusyError,
    DoubtError,
    FederationError,
    FencedError,
    FormatError,
    GuardUnreachableError,
    KeptError,
    NotFoundError,
    PeerError,
    PhotoError,
    PhotoRoomError,
    ReadOnlyError,
    RecordError,
    RecoveryConflictError,
    RequestSignatureError,
    StoredError,
    UploadEndedError,
    VerificationError,
)
from federation.feeds.signature import ACCEPTED
from federation.store.refusal import ServerLostError
from federation.text import Sentence, quote
from federation.text.cause import (
    FULL,
    fault_of_disk,
    is_of_disk,
    is_of_store,
    place_of,
    tell_refusal,
)
from federation.web.context import SITE
from federation.web.language import text_for_program
from federation.web.refusal import CAUSE

MEDIA_TYPE = "application/problem+json"
#: The page that explains every code.
ERRORS_PATH: Final = "/errors"
STATUS: dict[type[FederationError], HTTPStatus] = {
    FormatError: HTTPStatus.BAD_REQUEST,
    PhotoError: HTTPStatus.UNPROCESSABLE_ENTITY,
    PhotoRoomError: HTTPStatus.INSUFFICIENT_STORAGE,
    StoredError: HTTPStatus.INTERNAL_SERVER_ERROR,
    RecordError: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFoundError: HTTPStatus.NOT_FOUND,
    UploadEndedError: HTTPStatus.GONE,
    ConflictError: HTTPStatus.CONFLICT,
    # The same question is answered in a moment.
    RecoveryConflictError: HTTPStatus.SERVICE_UNAVAILABLE,
    # Another machine answers in a moment, at this address or at its own.
    FencedError: HTTPStatus.SERVICE_UNAVAILABLE,
    RequestSignatureError: HTTPStatus.UNAUTHORIZED,
    # Whoever asks again, as this status invites to, is told `held` once it is finished.
    KeptError: HTTPStatus.SERVICE_UNAVAILABLE,
    DoubtError: HTTPStatus.SERVICE_UNAVAILABLE,
    ReadOnlyError: HTTPStatus.SERVICE_UNAVAILABLE,
    GuardUnreachableError: HTTPStatus.SERVICE_UNAVAILABLE,
    VerificationError: HTTPStatus.SERVICE_UNAVAILABLE,
    PeerError: HTTPStatus.BAD_GATEWAY,
    ConfigError: HTTPStatus.SERVICE_UNAVAILABLE,
    FederationError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
# The code, and the name of a sentence where aiohttp's own error has no cause.
# Written down, not taken from `HTTPStatus`, whose phrases change with Python.
_SAID: dict[HTTPStatus, tuple[str, str]] = {
    HTTPStatus.UNAUTHORIZED: ("unauthorized", ""),
    HTTPStatus.FORBIDDEN: ("forbidden", ""),
    HTTPStatus.NOT_FOUND: ("not-found", "nothing-here"),
    HTTPStatus.METHOD_NOT_ALLOWED: ("method-not-allowed", "allowed"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("too-large", ""),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ("media-type", ""),
    HTTPStatus.TOO_MANY_REQUESTS: ("too-many", ""),
}
#: What a refused signature is answered with, beside its reason.
# Source: RFC 9110 section 11.6.1; RFC 9421 section 5.1
_HOW_TO_SIGN = {
    "WWW-Authenticate": 'Signature realm="tps-federation"',
    "Accept-Signature": ACCEPTED,
}
_RETRY = {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def problem(
    request: web.Request,
    status: HTTPStatus,
    code: str,
    cause: Sentence | None = None,
    *,
    retry_after_s: int = 10,
) -> web.Response:
    """The answer that says what is wrong, to programs and to people.

    In English, unless `Accept-Language` asks for Indonesian.
    """
    public = request.app[SITE].settings.listen.public_url or ""
    body = {
        "code": code,
        "detail": "" if cause is None else text_for_program(request).say(cause),
        "status": int(status),
        "title": status.phrase,
        "type": f"{public.rstrip('/')}{ERRORS_PATH}#{code}",
    }
    answer = web.Response(
        status=status, body=msgspec.json.encode(body), content_type=MEDIA_TYPE
    )
    answer.headers[hdrs.VARY] = hdrs.ACCEPT_LANGUAGE
    if cause is not None:
        answer[CAUSE] = cause
    if status in _RETRY:
        answer.headers["Retry-After"] = str(retry_after_s)
    return answer


def status_of(error: FederationError) -> HTTPStatus:
    """The status of an error: that of its nearest ancestor in the table."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def _unexpected(request: web.Request, error: Exception) -> web.Response:
    """What is nobody's fault but this node's: its disk, or a bug."""
    if isinstance(error, OSError) and (
        is_of_disk(error) or _is_away_for_reader(request, error)
    ):
        return _of_disk(request, error)
    if isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE}:
        log.error("no file can be opened for %s: %s", request.method, error)
        why = Sentence("refused.many-files")
        return problem(request, HTTPStatus.SERVICE_UNAVAILABLE, "busy", why)
    log.error("bug in %s %r", request.method, request.path, exc_info=error)
    why = Sentence("refused.bug")
    return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, "bug", why)


def _is_away_for_reader(request: web.Request, error: OSError) -> bool:
    """Whether a reader cannot open the database that the node has, or had, there."""
    site = request.app[SITE]
    return site.behind() is not None and place_of(error) == site.db.engine.name


def _of_disk(request: web.Request, error: OSError) -> web.Response:
    """What the disk does not do; no path, which is nobody's business out there.

    Errors after which something is kept have types of their own: see `sequence.commit`.
    """
    # One transaction takes a batch; a command may have done a part of its work.
    is_batch = request.path == "/v1/records"
    is_full = error.errno in FULL
    done = Sentence("refused.disk-nothing" if is_batch else "refused.disk-cut-off")
    if isinstance(error, ServerLostError) or _is_away_for_reader(request, error):
        log.error("%s %s: %s", request.method, request.path, tell_refusal(error))
        why = Sentence("refused.database-away", cause=fault_of_disk(error), done=done)
        return problem(request, HTTPStatus.SERVICE_UNAVAILABLE, "database-away", why)
    if is_of_store(error):
        log.error("%s %s: %s", request.method, request.path, tell_refusal(error))
        why = Sentence("refused.store-away", cause=fault_of_disk(error), done=done)
        return problem(request, HTTPStatus.SERVICE_UNAVAILABLE, "store-away", why)
    why = Sentence(
        "refused.disk",
        cause=fault_of_disk(error),
        done=done,
        seen=Sentence("refused.disk-made-room" if is_full else "refused.disk-looked"),
    )
    if is_full:
        return problem(request, HTTPStatus.INSUFFICIENT_STORAGE, "disk-full", why)
    log.error("%s %s: %s", request.method, request.path, tell_refusal(error))
    return problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, "disk-failed", why)


def _http_error(request: web.Request, error: web.HTTPException) -> web.Response:
    status = HTTPStatus(error.status)
    code, known = _SAID.get(status, ("http", ""))
    cause = Sentence(f"refused.{known}") if known else None
    if CAUSE in error:
        cause = error[CAUSE]
    elif error.text and not error.text.startswith(f"{error.status}:"):
        # aiohttp's own text is the status once more.
        cause = quote(error.text)
    answer = problem(request, status, code, cause)
    for name in ("Allow", "WWW-Authenticate"):
        if name in error.headers:
            answer.headers[name] = error.headers[name]
    return answer


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal in one form, whoever raised it.

    Raises:
        web.HTTPException: a redirect, which is no refusal.
        ConnectionError: the caller has gone.
    """
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status < HTTPStatus.BAD_REQUEST:
            raise
        return _http_error(request, error)
    except RequestSignatureError as error:
        answer = problem(request, status_of(error), error.code, error.told)
        answer.headers.update(_HOW_TO_SIGN)
        return answer
    except (GuardUnreachableError, FencedError, DatabaseBusyError) as error:
        return problem(request, status_of(error), error.code, error.outside)
    except FederationError as error:
        return problem(request, status_of(error), error.code, error.told)
    except ConnectionError:
        raise
    except Exception as error:  # noqa: BLE001  the web's edge: no trace leaves here
        return _unexpected(request, error)
