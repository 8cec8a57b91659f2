"""What a partner says of how it reaches us: its last turn with us, and how that went.

Rule: only a partner that knows our key says so, in answer to a signed question, and of
its turns with us alone (`you` in `/v1/status`). A node of an earlier version says
nothing; then it is not known.
"""

from typing import Annotated, Final

import aiohttp
import msgspec
from msgspec import Meta

from federation.decoding import parse_json
from federation.errors import FormatError
from federation.feeds.signature import RequestSigner
from federation.records.timezones import tell_here
from federation.text import Sentence, Text

#: Outcomes of a turn that say that it got what it wanted, or a part of it.
REACHED: Final = frozenset({"ok", "unchanged", "partial"})
_DEADLINE_S: Final = 15.0
_MAX_BYTES: Final = 4 << 20


class TurnsWithUs(msgspec.Struct, frozen=True):
    """How a partner's turns with us go.

    Attributes:
        failures: in a row, until now.
        last_at: Unix seconds of the last one; 0: there was none.
        outcome: of that one, as `federation sync` has it; "": there was none.
    """

    failures: int = 0
    last_at: Annotated[int, Meta(ge=0, le=1 << 33)] = 0
    outcome: Annotated[str, Meta(pattern="^[a-z-]{0,40}$")] = ""


def tell_turns(org: str, turns: TurnsWithUs) -> Sentence:
    """The same for people."""
    if not turns.outcome:
        return Sentence("steps.turns-none", org=org)
    key = f"sync.outcome-{turns.outcome}"
    words = Sentence(key) if Text("en").has(key) else turns.outcome
    name = "turns" if turns.outcome in REACHED else "turns-failing"
    when = tell_here(turns.last_at)
    told = {"org": org, "when": when, "failures": turns.failures, "outcome": words}
    return Sentence(f"steps.{name}", **told)


class _StatusOfPartner(msgspec.Struct, frozen=True):
    """The part of a status that is read here."""

    you: TurnsWithUs | None = None


async def ask_turns(
    session: aiohttp.ClientSession, url: str, signer: RequestSigner
) -> TurnsWithUs | None:
    """What the node at this address says of its turns with us; None: nothing."""
    where = f"{url}/v1/status"
    timeout = aiohttp.ClientTimeout(total=_DEADLINE_S)
    try:
        async with session.get(
            where,
            headers=signer.sign("GET", where),
            timeout=timeout,
            allow_redirects=False,
        ) as answer:
            if answer.status != 200:
                return None
            body = b""
            async for part in answer.content.iter_any():
                body += part
                if len(body) > _MAX_BYTES:
                    return None
        return parse_json(body, _StatusOfPartner).you
    except (aiohttp.ClientError, OSError, ValueError, FormatError):
        return None
