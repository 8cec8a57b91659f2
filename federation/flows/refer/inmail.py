"""What can be known of a mail that came in: what it answers, and who says it wrote it.

Rule: whoever knows our address writes what they like. Nothing of a mail makes this
raise, or takes longer than its size: it is parsed as far as `HEAD_BYTES`, which holds
the header and what a report of a mail server has to say; no more than `MOST_PARTS` lie
within each other; no value of a header is longer than `MAX_VALUE`. `From` proves
nothing, nor does any other line: what a mail means is for a person to say.

    answers    In-Reply-To, References: the number of the message that we sent
               (`mail.message_id`); in a report, that of the message that came back;
               else 16 hex digits in the subject, the number of our papers
    kind       bounce     multipart/report of a failed delivery      RFC 3464
               automatic  Auto-Submitted, other reports, mail daemons     RFC 3834
               answer     all others
"""

import email.policy
import hashlib
import html
import re
from collections.abc import Iterator
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.utils import parseaddr
from typing import Final, NamedTuple

from federation.store.agencyanswers import AnswerKind

HEAD_BYTES: Final = 1 << 16
MAX_VALUE: Final = 8_192
MOST_PARTS: Final = 20
MAX_SHOWN: Final = 200_000
_SHOWN_HEADERS: Final = ("From", "To", "Date", "Subject")
_BLANK_LINE: Final = re.compile(rb"\r?\n\r?\n")
_MESSAGE_ID: Final = re.compile(r"<([^<>\s]{1,200})>")
_NUMBER: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])")
#: Each of these may open a part within a part.
_OPENS: Final = re.compile(rb"(?i)boundary|message/")
_MARK: Final = re.compile(r"(<[^<>]*>)")
_MARK_NAME: Final = re.compile(r"<(/?\w*)")
_UNSEEN: Final = frozenset({"style", "script", "head"})
_LINES: Final = frozenset({"br", "p", "div", "tr", "li"})
#: No letters of a mail; the first takes the square of what it decodes.
_NO_CHARSETS: Final = frozenset(
    {"punycode", "idna", "unicode_escape", "raw_unicode_escape"}
)
_DAEMONS: Final = frozenset({"mailer-daemon", "postmaster"})
#: What the library is known to raise at what nobody should send.
_BROKEN: Final = (
    *(MessageError, ValueError, LookupError, TypeError, AttributeError),
    *(AssertionError, RecursionError),
)


class MailFacts(NamedTuple):
    """What is known of a mail without anybody having read it.

    Attributes:
        message_ids: Of messages that it answers or reports, without brackets.
        numbers: That may be of papers of ours, 16 hex digits.
        kind: What it is.
        sender: The address that it says it is from, in small letters; "": none.
    """

    message_ids: frozenset[str]
    numbers: frozenset[str]
    kind: AnswerKind
    sender: str


class MailText(NamedTuple):
    """A mail as somebody reads it.

    Attributes:
        headers: Name and value of those that people look at.
        text: What it says.
        attachments: The names of its files.
    """

    headers: tuple[tuple[str, str], ...]
    text: str
    attachments: tuple[str, ...]


class _BoundedPolicy(email.policy.Compat32):
    """Reads headers as they are, and of each only so much.

    Parameters of a header are taken apart in the square of its length.
    """

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:MAX_VALUE]


_POLICY: Final = _BoundedPolicy()


def mail_id(data: bytes) -> str:
    """The same for the same mail, by whatever way it came; 32 hex digits.

    By what it says below its header, too: who only knows a Message-ID must not be able
    to send something else under it first, so that the real one is taken for known.
    """
    head, body = _divide(data)
    number = _first_id(_parse(head), "Message-ID") or hashlib.sha256(head).hexdigest()
    plain = hashlib.sha256(body.replace(b"\r", b"")).hexdigest()
    return hashlib.sha256(f"mail\n{number}\n{plain}".encode()).hexdigest()[:32]


def read_facts(data: bytes) -> MailFacts:
    """What is known of a mail; never raises."""
    mail = _parse(data[:HEAD_BYTES])
    ids = set(_ids(mail, "In-Reply-To")) | set(_ids(mail, "References"))
    kind: AnswerKind = "automatic" if _is_automatic(mail) else "answer"
    if mail.get_content_type() == "multipart/report":
        kind = "automatic"
        for part in _walk(mail):
            if part.get_content_type() == "message/delivery-status":
                kind = "bounce" if _has_failed(part) else kind
            ids |= set(_ids(part, "Message-ID")) if part is not mail else set()
            if part.get_content_type() == "text/rfc822-headers":
                original = _parse(_content(part).encode("utf-8", "replace"))
                ids |= set(_ids(original, "Message-ID"))
    subject = _header(mail, "Subject").lower()
    return MailFacts(
        frozenset(one.lower() for one in ids),
        frozenset(_NUMBER.findall(subject)),
        kind,
        _sender(mail),
    )


def read_text(data: bytes) -> MailText:
    """A mail as somebody reads it; never raises.

    One with more parts within each other than a mail has is shown as it came.
    """
    if len(_OPENS.findall(data)) > MOST_PARTS:
        head, body = _divide(data)
        shown = body[:MAX_SHOWN].decode("utf-8", "replace")
        return MailText(_headers(_parse(head)), shown, ())
    mail = _parse(data, whole=True)
    plain, marked, files = [], [], []
    for part in _walk(mail):
        kind, name = part.get_content_type(), _file_name(part)
        if name or part.get_content_disposition() == "attachment":
            files.append(name or kind)
        elif kind in {"text/plain", "message/delivery-status"}:
            plain.append(_content(part))
        elif kind == "text/html":
            marked.append(_without_marks(_content(part)))
    text = "\n".join(plain or marked)[:MAX_SHOWN]
    return MailText(_headers(mail), text, tuple(files))


def _divide(data: bytes) -> tuple[bytes, bytes]:
    """The header and what follows it."""
    found = _BLANK_LINE.search(data)
    if found is None:
        return data, b""
    return data[: found.start() + 1], data[found.end() :]


def _parse(data: bytes, *, whole: bool = False) -> Message:
    """A mail, as far as it can be read."""
    if not whole:
        data = data[:HEAD_BYTES]
    is_deep = len(_OPENS.findall(data)) > MOST_PARTS
    try:
        parser = BytesParser(policy=_POLICY)
        return parser.parsebytes(data, headersonly=is_deep)
    except _BROKEN:
        return Message(policy=_POLICY)


def _walk(mail: Message) -> Iterator[Message]:
    try:
        yield from mail.walk()
    except _BROKEN:
        return


def _header(mail: Message, name: str) -> str:
    """The value of a header in plain characters, on one line."""
    value = str(mail.get(name, ""))[:MAX_VALUE]
    try:
        value = str(make_header(decode_header(value)))
    except _BROKEN:
        value = value.encode("utf-8", "replace").decode()
    return " ".join(value.encode("utf-8", "replace").decode().split())


def _headers(mail: Message) -> tuple[tuple[str, str], ...]:
    found = ((name, _header(mail, name)) for name in _SHOWN_HEADERS)
    return tuple((name, value) for name, value in found if value)


def _ids(mail: Message, name: str) -> list[str]:
    text = " ".join(str(value) for value in mail.get_all(name, []))[:MAX_VALUE]
    return _MESSAGE_ID.findall(text)


def _first_id(mail: Message, name: str) -> str:
    return next(iter(_ids(mail, name)), "")


def _sender(mail: Message) -> str:
    try:
        return parseaddr(_header(mail, "From")[:1_000])[1].lower()
    except _BROKEN:
        return ""


def _is_automatic(mail: Message) -> bool:
    said = _header(mail, "Auto-Submitted").partition(";")[0].strip().lower()
    if said not in {"", "no"}:
        return True
    # What was there before RFC 3834, and is still sent.
    if _header(mail, "Precedence").lower() == "auto_reply" or "X-Autoreply" in mail:
        return True
    is_from_nobody = _header(mail, "Return-Path").replace(" ", "") == "<>"
    return is_from_nobody or _sender(mail).partition("@")[0] in _DAEMONS


def _has_failed(status: Message) -> bool:
    """Whether a report says of somebody that nothing will arrive (RFC 3464, 2.3.3)."""
    return any(
        _header(part, "Action").partition(";")[0].strip().lower() == "failed"
        for part in _walk(status)
    )


def _content(part: Message) -> str:
    """The text of a part, whatever it says its letters are."""
    try:
        data = part.get_payload(decode=True)
    except _BROKEN:
        data = None
    if not isinstance(data, bytes):
        return "\n".join(
            f"{name}: {_header(one, name)}"
            for one in _walk(part)
            for name in dict.fromkeys(one.keys())
        )
    charset = str(part.get_content_charset("utf-8"))
    if charset.replace("-", "_") in _NO_CHARSETS:
        charset = "utf-8"
    try:
        text = data.decode(charset, "replace")
    except (LookupError, ValueError):
        text = data.decode("utf-8", "replace")
    return text.encode("utf-8", "replace").decode()


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename("")
    except _BROKEN:
        return ""
    return " ".join(str(name).split())[:200]


def _without_marks(text: str) -> str:
    """What stands between the marks of HTML; in time by its length alone."""
    pieces, hidden = list[str](), ""
    for piece in _MARK.split(text[:MAX_SHOWN]):
        found = _MARK_NAME.match(piece)
        name = found[1].lower() if found else ""
        if hidden:
            hidden = "" if name == f"/{hidden}" else hidden
        elif name in _UNSEEN:
            hidden = name
        elif found is None:
            pieces.append(" ".join(piece.split("\n")))
        elif name.strip("/") in _LINES:
            pieces.append("\n")
    lines = html.unescape("".join(pieces)).splitlines()
    return "\n".join(line for line in map(str.strip, lines) if line)
