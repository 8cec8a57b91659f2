"""How a partner's node is told who asks, and whether it believes it.

Rule: what may be answered otherwise to us than to a stranger is signed. A node that
does not believe a signature says why; then its status vector is asked for as by a
stranger, so that public records go on, and it is told again later. What is for partners
only is always signed: else the honest answer would be that there is no such thing.
"""

from collections.abc import Callable
from typing import Final

from federation.feeds.resource import LOGS, Resource
from federation.feeds.signature import RequestSigner
from federation.text import Sentence

FIRST_S: Final = 5.0
MOST_S: Final = 300.0


class Introduction:
    """Of this node, to one partner."""

    def __init__(self, signer: RequestSigner, clock: Callable[[], float]) -> None:
        """`clock` gives monotonic seconds."""
        self._signer, self._clock = signer, clock
        self._again = float("-inf")
        self._wait_s = FIRST_S
        #: Why the partner did not believe it when it was last told; None: it did.
        self.refusal: Sentence | None = None

    @property
    def is_held_back(self) -> bool:
        """Whether it was refused, and is not told again yet."""
        return self._clock() < self._again

    def sign_get(self, url: str, resource: Resource) -> dict[str, str]:
        """The header fields that say who asks for this, where that matters."""
        if not resource.is_gated or (resource == LOGS and self.is_held_back):
            return {}
        return self._signer.sign("GET", url)

    def sign_post(self, url: str, body: bytes) -> dict[str, str]:
        """The header fields that say who sends this."""
        return {} if self.is_held_back else self._signer.sign("POST", url, body)

    def refused(self, why: Sentence) -> None:
        """The partner does not believe it."""
        self.refusal = why
        self._again = self._clock() + self._wait_s
        self._wait_s = min(MOST_S, 2 * self._wait_s)

    def believed(self) -> None:
        """The partner has answered what was signed."""
        if not self.is_held_back:
            self.refusal, self._wait_s = None, FIRST_S
