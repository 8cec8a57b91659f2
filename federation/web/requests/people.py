"""Who of ours is to be let in, by which link; and the sessions of their browsers.

Rule: a browser's requests come from the page that it is shown, never over the wire.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from federation.records.readers import PersonRole
from federation.store.people import KnownPerson, SignedIn
from federation.store.sessions import MIN_SECRET_CHARS
from federation.web.requests.request import Request

#: Where a person's link leads to, and the member of its query that is the secret.
SIGN_IN_PATH: Final = "/masuk"
LINK_MEMBER: Final = "k"
PersonName = Annotated[str, Meta(pattern=r"^\S(.*\S)?$", max_length=80)]
Secret = Annotated[str, Meta(min_length=MIN_SECRET_CHARS, max_length=200)]


class Added(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whose link it is, and what the one before was that opens nothing any more."""

    name: str
    role: PersonRole
    until: int
    before: KnownPerson | None = None


class AddPerson(Request[Added], frozen=True, kw_only=True):
    """Whom to let in by a new link, as what, and until when (Unix time)."""

    route = "/v1/control/add-person"

    name: PersonName
    role: PersonRole
    link: Secret
    until: Annotated[int, Meta(ge=0, le=1 << 37)]


class Revoked(msgspec.Struct, frozen=True, kw_only=True):
    """How many open sessions that has ended."""

    name: str
    ended: int


class RevokePerson(Request[Revoked], frozen=True, kw_only=True):
    """Whose link lets nobody in any more; what it has opened ends at once."""

    route = "/v1/control/revoke-person"

    name: str


class ForgetActions(Request[int], frozen=True, kw_only=True):
    """Before which time the log of actions is forgotten; answered with the count."""

    route = "/v1/control/forget-actions"

    before: Annotated[int, Meta(ge=0, le=1 << 37)]


class OpenSession(Request[SignedIn], frozen=True, kw_only=True):
    """A browser has shown a link; never on the wire: the page for it asks this."""

    link: Secret
    secret: Secret
    instead_of: str = ""


class CloseSession(Request[bool], frozen=True, kw_only=True):
    """A browser signs out; whether it was signed in."""

    secret: str


class SeeSession(Request[None], frozen=True, kw_only=True):
    """A browser was here, too."""

    secret: str
