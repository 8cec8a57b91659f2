"""A message about alarms, for people and for programs.

Rule: the cause comes first, then what to do, then about whom and since when; nothing
stands in it that `federation status` does not show on this machine. What others wrote
is one line of printable text. The number of a message follows from what it holds.

    {"alarms":[{"alarm":"fork","cause":"…","detail":"…","do":"…","read_more":"https://…",
     "severity":"urgent","since":1707919387,"state":"raised",
     "subject":"jagasuara.example/pemilu-2024","until":null}],"left_out":0,
     "message":"<…@jagapemilu.example>","name":"…","org":"jagapemilu.example",
     "type":"alarms/1"}
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from federation.config.settings import Settings
from federation.node.noticeplan import MAX_ITEMS, DueNotice
from federation.records.alarmhelp import where_to_read
from federation.records.severity import severity_of
from federation.records.timezones import tell_here
from federation.store.notices import Notice
from federation.text import LANGUAGES, Language, Text

TYPE: Final = "alarms/1"
_MAX_SUBJECT: Final = 150
_MAX_DETAIL: Final = 1_000


class NoticeMessage(NamedTuple):
    """What goes to one recipient.

    Attributes:
        number: The same each time the same is said to the same.
        subject: One line.
        body: For people.
        payload: For programs, JSON.
    """

    number: str
    subject: str
    body: str
    payload: bytes


def write_notice(
    settings: Settings, recipient: str, language: Language, due: Sequence[DueNotice]
) -> NoticeMessage:
    """The message about these alarms, the worst first."""
    t, told = Text(language), due[:MAX_ITEMS]
    first = told[0].notice
    what = t(
        f"notices.subject-{told[0].state}",
        severity=t(f"notices.severity-{severity_of(first.code)}"),
        code=first.code,
        subject=_plain(first.subject),
    )
    more = len(due) - 1
    if more:
        what = t("notices.subject-more", what=what, count=more)
    parts = [_tell(t, one, settings.listen.public_url) for one in told]
    if len(due) > len(told):
        parts.append(t("notices.left-out", count=len(due) - len(told)))
    parts.append(t("notices.from", name=settings.name, org=settings.org))
    known = [
        (d.state, d.notice.code, d.notice.subject, d.notice.raised_at, d.notice.told_at)
        for d in due
    ]
    return _message(
        settings,
        recipient,
        f"[{settings.org}] {what}"[:_MAX_SUBJECT],
        "\n\n".join(parts),
        {
            "alarms": [_say(t, one, settings.listen.public_url) for one in told],
            "left_out": len(due) - len(told),
        },
        repr(known),
    )


def write_to_partner(
    settings: Settings, recipient: str, due: Sequence[DueNotice]
) -> NoticeMessage:
    """What a partner is told of a proved fork of its own, in both languages."""
    origin = _plain(due[0].notice.subject)
    given = {
        "origin": origin,
        "name": settings.name,
        "org": settings.org,
        "contact": settings.contact,
        "since": tell_here(due[0].notice.raised_at),
    }
    detail = due[0].notice.detail
    texts = [Text(language) for language in reversed(LANGUAGES)]
    subject = " / ".join(t("notices.partner-subject", **given) for t in texts)
    body = "\n\n--\n\n".join(
        t("notices.partner-fork", detail=_plain(t.say(detail)), **given) for t in texts
    )
    known = f"{origin} {due[0].notice.raised_at}"
    return _message(settings, recipient, subject[:_MAX_SUBJECT], body, {}, known)


def write_test(
    settings: Settings, recipient: str, language: Language, now: float
) -> NoticeMessage:
    """A message that says nothing but that it came."""
    t = Text(language)
    body = t("notices.test-body", name=settings.name, org=settings.org)
    subject = f"[{settings.org}] {t('notices.test-subject')}"
    more = {"alarms": [], "left_out": 0, "test": True}
    return _message(settings, recipient, subject[:_MAX_SUBJECT], body, more, str(now))


def _tell(t: Text, due: DueNotice, public_url: str | None) -> str:
    notice = due.notice
    where = where_to_read(notice.code, public_url)
    head = t(
        f"notices.head-{due.state}",
        severity=t(f"notices.severity-{severity_of(notice.code)}"),
    )
    lines = [f"{head} {_cause(t, notice)}"]
    if due.state != "settled":
        lines.append(t("notices.do", do=_remedy(t, notice)))
        lines.append(t("alarmhelp.read-more", where=where))
    times = t("notices.since", since=tell_here(notice.raised_at))
    if notice.settled_at:
        until = tell_here(notice.settled_at)
        times = t("notices.until", since=tell_here(notice.raised_at), until=until)
    lines.append(t("notices.about", subject=_plain(notice.subject), times=times))
    lines.append(
        t("notices.detail", detail=_plain(t.say(notice.detail)), code=notice.code)
    )
    return "\n  ".join(lines)


def _say(t: Text, due: DueNotice, public_url: str | None) -> dict[str, object]:
    notice = due.notice
    return {
        "alarm": notice.code,
        "cause": _cause(t, notice),
        "detail": _plain(t.say(notice.detail)),
        "do": _remedy(t, notice),
        "read_more": where_to_read(notice.code, public_url),
        "severity": severity_of(notice.code),
        "since": notice.raised_at,
        "state": due.state,
        "subject": _plain(notice.subject),
        "until": notice.settled_at or None,
    }


def _cause(t: Text, notice: Notice) -> str:
    return t.word(f"alarms.{notice.code}", notice.code)


def _remedy(t: Text, notice: Notice) -> str:
    return t.word(f"alarms.do-{notice.code}", "federation status")


def _message(
    settings: Settings,
    recipient: str,
    subject: str,
    body: str,
    more: dict[str, object],
    known: str,
) -> NoticeMessage:
    text = f"{settings.org} {recipient} {known}"
    number = (
        f"<{sha256(text.encode('utf-8', 'replace')).hexdigest()[:32]}@{settings.org}>"
    )
    payload = {
        **more,
        "message": number,
        "name": settings.name,
        "org": settings.org,
        "type": TYPE,
    }
    encoded = msgspec.json.encode(payload, order="sorted")
    return NoticeMessage(number, _plain(subject), body.strip() + "\n", encoded)


def _plain(text: str) -> str:
    """One line of printable text: a header is made of it, too."""
    cut = text[:_MAX_DETAIL].encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() else " " for c in cut)
