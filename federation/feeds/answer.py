"""What an HTTP answer means that is not the file that was asked for.

Rule: pure; told apart by what follows for whoever asked. Only 404 and 410 say that
something is not there. Whatever an answer says of itself (a new address, a title, how
long to wait) is foreign text: bounded, printable, and never followed.

Source: RFC 9110 sections 10.2.2, 10.2.3 and 15; RFC 6585
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final, NamedTuple

import msgspec
from yarl import URL

from federation.decoding import parse_json
from federation.errors import Cause, FormatError, PeerError, UnknownSignerError
from federation.text import Sentence

#: So much of a body shows whether it is a page for people.
HEAD_BYTES: Final = 2048

_MAX_SHOWN: Final = 200
_MAX_TITLE: Final = 60
_MAX_REASON: Final = 500
_UNKNOWN: Final = UnknownSignerError.code
_DAY_S: Final = 86_400
_SECONDS: Final = re.compile(r"([0-9]{1,12})(?:\.[0-9]*)?")
# Tags that begin a page, and no hash or length by chance: four letters or more.
_PAGE: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--|<\?xml\b|<!doctype\s+html"
    rb"|<(?:html|head|body|meta|script|title|style|link|table|form|center|iframe)\b)",
    re.IGNORECASE,
)
_TITLE: Final = re.compile(rb"<title[^>]*>([^<]+)", re.IGNORECASE)
# What nginx, Apache and Go say to whoever speaks plainly where TLS is spoken.
_WANTS_TLS: Final = re.compile(rb"HTTPS (?:port|server)|SSL-enabled server port")
# What services say of themselves that stand before a site and ask for a browser.
_GUARDS: Final = {
    "cf-mitigated": "Cloudflare",
    "x-amzn-waf-action": "AWS WAF",
    "x-vercel-mitigated": "Vercel",
    "x-sucuri-block": "Sucuri",
    "x-ddos-protection": "DDoS protection",
}


class FeedRequest(NamedTuple):
    """What was asked: `base`, the address of the node, and the path below it.

    `is_typed`: somebody typed the address, rather than wrote it into a file.
    """

    base: str
    path: str
    is_typed: bool = False


class Meaning(NamedTuple):
    """What it means, in a word and in a sentence; seconds that it asks to wait."""

    cause: Cause
    reason: Sentence
    retry_after: float | None = None


def is_page(head: bytes) -> bool:
    """Whether these first bytes of a body are those of a web page."""
    return _PAGE.match(head) is not None


def judge_page(head: bytes) -> Meaning:
    """What a web page means that came where a file was asked for."""
    title = _title(head)
    if title:
        return Meaning("page", Sentence("network.page-titled", title=title))
    return Meaning("page", Sentence("network.page"))


def judge_other(body: bytes) -> Meaning:
    """What a body means that is evidently not the file that was asked for."""
    words = " ".join(body[:HEAD_BYTES].decode("utf-8", "replace").split())
    if not words:
        return Meaning("garbled", Sentence("network.empty"))
    return Meaning("garbled", Sentence("network.other", words=show(words, _MAX_TITLE)))


# The sentences of what has one of its own; of others that of their cause.
_NAMES: Final = {
    401: "login",
    407: "login-proxy",
    511: "login-network",
    451: "refused-law",
    408: "too-slow-there",
    502: "failing-behind",
    504: "failing-behind",
    **dict.fromkeys(range(520, 528), "failing-behind"),
}


def judge_answer(
    status: int,
    headers: Mapping[str, str],
    head: bytes,
    asked: FeedRequest,
    now: float | None = None,
) -> Meaning:
    """What an answer means whose status is not 200.

    Args:
        status: Of the answer.
        headers: Of the answer; their names in any case.
        head: The first bytes of its body, as far as they came.
        asked: What was asked for.
        now: Unix seconds, for a time to wait that is given as a date.
    """
    cause = PeerError("", "", status).cause
    guard = next((name for sign, name in _GUARDS.items() if sign in headers), "")
    if cause == "moved":
        return judge_move(headers.get("Location", ""), asked)
    unbelieved = judge_disbelief(status, head)
    if unbelieved is not None:
        return unbelieved
    if guard and cause != "absent":
        return Meaning("page", Sentence("network.challenge", service=guard))
    if cause == "busy":
        wait_s = parse_wait(headers.get("Retry-After"), headers.get("Date"), now)
        return Meaning(cause, _tell_wait(status, wait_s), wait_s)
    return _judge_refusal(status, cause, head, asked)


def _judge_refusal(
    status: int, cause: Cause, head: bytes, asked: FeedRequest
) -> Meaning:
    if cause == "absent":
        name = "no-node" if asked.path == "/logs" else "no-file"
        return Meaning(cause, Sentence(f"network.{name}"))
    if status in {400, 497} and _WANTS_TLS.search(head):
        return Meaning(cause, Sentence("network.needs-tls"))
    if status == 403 and is_page(head):
        title = _title(head)
        name = "refused-titled" if title else "refused-page"
        return Meaning("page", Sentence(f"network.{name}", title=title))
    return Meaning(cause, Sentence(f"network.{_NAMES.get(status, cause)}"))


class _Disbelief(msgspec.Struct):
    """What a node says that does not believe who asks (RFC 9457)."""

    code: str
    detail: str


def judge_disbelief(status: int, head: bytes) -> Meaning | None:
    """What it means that a node does not know, or does not believe, who asks."""
    if status != 401:
        return None
    try:
        said = parse_json(head, _Disbelief)
    except FormatError:
        return None
    if not said.code.startswith("request-"):
        return None
    name = "unknown-here" if said.code == _UNKNOWN else "unbelieved"
    detail = show(said.detail, _MAX_REASON)
    return Meaning("unbelieved", Sentence(f"network.{name}", said=detail))


def judge_move(location: str, asked: FeedRequest) -> Meaning:
    """What a redirect means: where the node has moved to, if it says so."""
    if not location:
        return Meaning("moved", Sentence("network.moved-nowhere"))
    new = _resolve(location, asked)
    if new is None:
        shown = show(location)
        return Meaning("moved", Sentence("network.moved-odd", address=shown))
    where = str(new.with_query(None).with_fragment(None))
    if new.query_string or not where.endswith(asked.path):
        return Meaning("moved", Sentence("network.moved-elsewhere", address=where))
    base = where.removesuffix(asked.path)
    if base == str(URL(asked.base, encoded=True)):
        return Meaning("moved", Sentence("network.moved-circle"))
    key = "network.moved-typed" if asked.is_typed else "network.moved"
    return Meaning("moved", Sentence(key, address=base))


def _resolve(location: str, asked: FeedRequest) -> URL | None:
    """The address that is meant; None for one that nobody should be told to use."""
    try:
        old = URL(asked.base + asked.path, encoded=True)
        target = URL(location)
        if target.scheme and not target.host:
            return None  # what it would be joined to is not what it says
        new = old.join(target)
        shown = str(new)
    except (ValueError, UnicodeError):
        return None
    is_plain = new.scheme in {"http", "https"} and new.host and new.user is None
    is_short = len(shown) <= _MAX_SHOWN and shown.isascii() and shown.isprintable()
    return new if is_plain and is_short and new.password is None else None


def parse_wait(wait: str | None, date: str | None, now: float | None) -> float | None:
    """The seconds that a `Retry-After` asks to wait; None where it says none.

    A date is counted from the server's own clock, where it shows it: whose clock is
    wrong is not known.
    """
    wait = (wait or "").strip()
    seconds = _SECONDS.fullmatch(wait)
    if seconds is not None:
        return float(seconds[1])
    until = _parse_date(wait)
    if until is None:
        return None
    began = _parse_date(date or "")
    began = now if began is None else began
    return None if began is None else max(0.0, until - began)


def _parse_date(text: str) -> float | None:
    with suppress(ValueError, TypeError, OverflowError, IndexError):
        moment = parsedate_to_datetime(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return moment.timestamp()
    return None


def _tell_wait(status: int, wait_s: float | None) -> Sentence:
    name = "busy" if status == 429 else "pause"
    if wait_s is None:
        return Sentence(f"network.{name}")
    if wait_s > _DAY_S:
        return Sentence(f"network.{name}-long")
    return Sentence(f"network.{name}-wait", seconds=f"{wait_s:.0f}")


def _title(head: bytes) -> str:
    title = _TITLE.search(head)
    if title is None:
        return ""
    words = " ".join(title[1].decode("utf-8", "replace").split())
    return show(words, _MAX_TITLE)


def show(text: str, most: int = _MAX_SHOWN) -> str:
    r"""Foreign text on one line, as it can be printed and stored: `\x1b` as `\\x1b`."""
    shown = "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in text
    )
    return shown if len(shown) <= most else f"{shown[:most]}…"
