"""Which signed requests were seen: each is answered once.

Rule: bounded for each partner by itself, so whoever fills its own waits, and nobody
else does. Only what holds is remembered, so no stranger can fill a partner's. What was
signed before this node began may have been seen before: it is refused, since the memory
is gone with the process.
"""

import hashlib
from typing import Final

from aiohttp import web

from federation.errors import ClockError, ReplayError
from federation.feeds.signature import SignedRequest, tell_moment
from federation.text import Sentence
from federation.web.refusal import refusal

#: Of one partner, within the minute or two in which a signature is good.
MAX_NONCES: Final = 32_768
_DIGEST_BYTES: Final = 16


class Nonces:
    """The nonces of all partners, for as long as their requests would be good."""

    def __init__(self, since: int, most: int = MAX_NONCES) -> None:
        """`since`: Unix seconds; nothing that was signed before is known here."""
        self._since, self._most = since, most
        self._seen: dict[str, dict[bytes, int]] = {}

    def spend(self, org: str, request: SignedRequest, now: int) -> None:
        """Remember a request of this partner.

        Raises:
            ClockError: it was signed before this node began.
            ReplayError: it was seen before.
            HTTPTooManyRequests: it cannot be remembered.
        """
        if request.created < self._since:
            theirs, ours = map(tell_moment, (request.created, self._since))
            raise ClockError(Sentence("signature.started", theirs=theirs, ours=ours))
        seen = self._seen.setdefault(org, {})
        # Its digest: a nonce has the length that its sender likes.
        nonce = hashlib.blake2b(
            request.nonce.encode(), digest_size=_DIGEST_BYTES
        ).digest()
        if nonce in seen:
            raise ReplayError(Sentence("signature.replayed"))
        if len(seen) >= self._most:
            seen = {one: until for one, until in seen.items() if until >= now}
            self._seen[org] = seen
            if len(seen) >= self._most:
                why = Sentence("signature.many", most=self._most)
                raise refusal(web.HTTPTooManyRequests, why)
        seen[nonce] = request.expires

    def count(self, org: str) -> int:
        """How many are remembered of a partner."""
        return len(self._seen.get(org, ()))
