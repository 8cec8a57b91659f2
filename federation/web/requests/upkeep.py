"""What keeps a node in order: alarms that somebody has looked at; tokens."""

from typing import Annotated, Literal

from msgspec import Meta

from federation.records.canonical import ShortText
from federation.records.readers import Person
from federation.store.tokens import MIN_TOKEN_CHARS
from federation.web.requests.request import Request


class ClearAlarm(Request[list[str]], frozen=True, kw_only=True):
    """Which alarms somebody has looked at; without a subject: all of that code.

    Answered with the subjects of those that are gone.
    """

    route = "/v1/control/clear-alarm"

    code: str
    subject: str | None = None
    #: Who of ours does so by a page; None: a command on the machine.
    person: Person | None = None


class AddToken(Request[None], frozen=True, kw_only=True):
    """A secret by which a platform may hand in records, or reports or mail only."""

    route = "/v1/control/add-token"

    name: ShortText
    secret: Annotated[str, Meta(min_length=MIN_TOKEN_CHARS, max_length=200)]
    scope: Literal["intake", "reports", "mail"] = "intake"


class RemoveToken(Request[None], frozen=True, kw_only=True):
    """Which token is accepted no longer."""

    route = "/v1/control/remove-token"

    name: ShortText
