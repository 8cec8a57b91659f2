"""Where alarms go: `[[alarms.to]]` in federation.toml.

Rule: each recipient is reached in one way, an `email`, a `webhook` or an address of
another service in a file of its own (`address_file`): such an address is a secret.

    [[alarms.to]]
    email = "ops@example.org"
    at_least = "warning"
    language = "id"
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from federation.config.member import Filled, MemberEmail, Url
from federation.errors import ConfigError
from federation.records.severity import Severity
from federation.text import Language, Sentence

_WAYS = ("email", "webhook", "address_file")


class Recipient(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[alarms.to]]` table."""

    email: MemberEmail | None = None
    webhook: Url | None = None
    webhook_key: Filled | None = None
    address_file: Filled | None = None
    allow_private: bool = False
    at_least: Severity = "warning"
    language: Language = "id"

    @property
    def name(self) -> str:
        """Whom it is, in lines and rows; the same as long as it is reached so."""
        return self.email or self.webhook or self.address_file or ""


class AlarmSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """Where alarms go, and how often one that stands is told again."""

    to: tuple[Recipient, ...] = ()
    remind_h: Annotated[int, Meta(ge=1, le=8_760)] = 24
    tell_partner: bool = True


def check_recipient(entry: Recipient, where: str, key: str, *, has_mail: bool) -> None:
    """Refuse one that cannot be reached, or in two ways.

    Args:
        entry: It.
        where: The file, for errors.
        key: The dotted key of its table.
        has_mail: Whether a server for e-mail is named.

    Raises:
        ConfigError: what is wrong.
    """
    given = [way for way in _WAYS if getattr(entry, way) is not None]
    if len(given) != 1:
        raise ConfigError(where, key, Sentence("notices.one-way"))
    if entry.email is not None and not has_mail:
        raise ConfigError(where, f"{key}.email", Sentence("notices.no-mail"))
    is_open = (entry.webhook or "").startswith("http://")
    if is_open and not entry.allow_private:
        raise ConfigError(where, f"{key}.webhook", Sentence("refer.not-https"))
    if entry.webhook_key is not None and entry.webhook is None:
        raise ConfigError(where, f"{key}.webhook_key", Sentence("notices.no-webhook"))
