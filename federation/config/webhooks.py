"""Which programs are told what changed: `[[webhooks]]` in federation.toml.

    [[webhooks]]
    name = "firebase"
    url = "https://asia-southeast2-example.cloudfunctions.net/federation"
    secret_file = "firebase.secret"

Rule: an address may hold a secret of its own, so people and alarms meet the name only.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from federation.config.document import convert
from federation.config.member import Filled, MemberElection, Url
from federation.errors import ConfigError
from federation.records.canonical import AGENCY_PATTERN
from federation.text import Sentence


class Webhook(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[webhooks]]` table; without `elections`: all of this node."""

    name: Annotated[str, Meta(pattern=AGENCY_PATTERN)]
    url: Url
    secret_file: Filled
    elections: tuple[MemberElection, ...] = ()
    allow_private: bool = False


def check_webhooks(table: dict[str, Any], where: str) -> None:
    """Refuse what nothing can be sent to; each is counted from 1.

    Args:
        table: The settings, as they were read.
        where: The file, for errors.

    Raises:
        ConfigError: what is wrong.
    """
    entries = table.get("webhooks")
    names = set()
    for number, entry in enumerate(entries if isinstance(entries, list) else [], 1):
        key = f"webhooks[{number}]"
        hook = convert(entry, Webhook, where, key)
        if hook.url.startswith("http://") and not hook.allow_private:
            raise ConfigError(where, f"{key}.url", Sentence("refer.not-https"))
        if hook.name in names:
            why = Sentence("machine.listed-twice", org=hook.name)
            raise ConfigError(where, f"{key}.name", why)
        names.add(hook.name)
        ours = table.get("elections")
        if isinstance(ours, list) and not set(hook.elections) <= set(ours):
            why = Sentence("machine.election-not-ours", elections=", ".join(ours))
            raise ConfigError(where, f"{key}.elections", why)
