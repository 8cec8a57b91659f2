"""The page about an alarm: what it means, what to do step by step, whom to call.

Rule: one text for all that show it: the page of the node, the command, the documents,
the messages. `text/alarms.toml` has the sentences that come along with an alarm,
`text/alarmhelp.toml` what is read at three in the morning.
"""

from typing import Final, NamedTuple

from federation.records.severity import SEVERITIES, Severity, severity_of
from federation.text import Text

#: Where a node shows these pages; one is `{PATH}/{code}`.
PATH: Final = "/bantuan/peringatan"
CODES: Final = tuple(sorted(SEVERITIES))


class AlarmHelp(NamedTuple):
    """What there is to know of an alarm, in one language.

    Attributes:
        meaning: What has happened.
        why: What follows from it.
        remedy: What to do, in short.
        steps: The same, one after another.
        settled: When it goes away.
        call: Whom to call.
    """

    code: str
    severity: Severity
    meaning: str
    why: str
    remedy: str
    steps: tuple[str, ...]
    settled: str
    call: str


def help_for(t: Text, code: str) -> AlarmHelp | None:
    """The page about an alarm; None for a code that this version does not know."""
    if code not in SEVERITIES:
        return None
    return AlarmHelp(
        code=code,
        severity=severity_of(code),
        meaning=t(f"alarms.{code}"),
        why=t(f"alarmhelp.why-{code}"),
        remedy=t(f"alarms.do-{code}"),
        steps=tuple(t(f"alarmhelp.steps-{code}").strip().splitlines()),
        settled=t(f"alarmhelp.settled-{code}"),
        call=t(f"alarmhelp.call-{code}"),
    )


def where_to_read(code: str, public_url: str | None) -> str:
    """The address of the page, else the command that prints it."""
    if public_url:
        return f"{public_url.rstrip('/')}{PATH}/{code}"
    return f"federation alarms explain {code}"
