r"""A line of the log: of an event, or of whatever else is logged.

Rule: one event is one line, whatever its facts hold: control characters, line feeds
and marks that reverse the writing direction are escaped, and each fact is bounded. So
nobody outside forges a line or fills a disk with one.

    text   2024-02-14T14:03:07Z WARNING turn-failed A turn with a partner failed peer=…
    json   {"time":"2024-02-14T14:03:07Z","level":"warning","event":"turn-failed",…}

What is no event is `fault`, where it holds a trace, else `note`; its place is told.
"""

import logging
from datetime import UTC, datetime
from typing import Final, Literal, TypeAlias

import msgspec

from federation.cli.output import clean, clean_line
from federation.node.events import Event, Fact
from federation.text import Text

LogFormat: TypeAlias = Literal["text", "json"]
MAX_FACT_CHARS: Final = 500
_PLAIN: Final = frozenset(" \"'=\\")


class LineFormatter(logging.Formatter):
    """Lines for people in their language, or for programs."""

    def __init__(self, t: Text, *, is_json: bool) -> None:
        """`t`: the sentences of the operator's language."""
        super().__init__()
        self._t, self._is_json = t, is_json

    def format(self, record: logging.LogRecord) -> str:
        """The line; in text, a trace follows it."""
        event, sentence, facts = self._read(record)
        moment = datetime.fromtimestamp(record.created, UTC)
        time = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
        trace = ""
        if record.exc_info:
            trace = _whole(self.formatException(record.exc_info))
        if self._is_json:
            line: dict[str, object] = {
                "time": time,
                "level": record.levelname.lower(),
                "event": event,
                "text": sentence,
                **facts,
            }
            if trace:
                line["trace"] = trace
            return msgspec.json.encode(line).decode()
        words = [time, record.levelname, event, sentence]
        words += [f"{name}={_quote(value)}" for name, value in facts.items()]
        line_text = " ".join(words)
        # Indented: no line of a trace can be taken for one of ours.
        return "\n  ".join([line_text, *clean(trace).splitlines()])

    def _read(self, record: logging.LogRecord) -> tuple[str, str, dict[str, Fact]]:
        """Event, sentence and facts of what is logged."""
        left_out = getattr(record, "left_out", 0)
        more: dict[str, Fact] = {"left_out": left_out} if left_out else {}
        said: object = record.msg
        if isinstance(said, Event):
            facts = {name: self._fact(value) for name, value in said.facts.items()}
            return said.code, self._t(f"events.{said.code}"), facts | more
        event = "fault" if record.exc_info else "note"
        sentence = clean_line(str(_bound(record.getMessage())))
        return event, sentence, {"place": record.name, **more}

    def _fact(self, value: Fact) -> Fact:
        return _bound(self._t.say(value) if isinstance(value, str) else value)


def _bound(value: Fact) -> Fact:
    if not isinstance(value, str):
        return value
    cut = value if len(value) <= MAX_FACT_CHARS else value[:MAX_FACT_CHARS] + "…"
    return _whole(cut)


def _whole(text: str) -> str:
    """The text where it is Unicode; else, as the name of a file may be, escaped."""
    return text.encode("utf-8", "backslashreplace").decode()


def _quote(value: Fact) -> str:
    """As it stands, or between quotes where it would be taken for more than one."""
    text = str(value)
    if text and text.isprintable() and _PLAIN.isdisjoint(text):
        return text
    quoted = msgspec.json.encode(text).decode()
    return clean_line(quoted)
