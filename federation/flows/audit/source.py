"""What an audit is given, and how it reads: whatever is not there becomes a finding.

Rule: one thing that is missing or damaged never stops the rest. A feed that stands for
a node, a folder or a bundle is read the same way; a single document is only bytes.
"""

from dataclasses import dataclass
from typing import Final

from federation.errors import (
    FederationError,
    FormatError,
    NotFoundError,
    PeerError,
)
from federation.feeds.feed import Feed
from federation.feeds.files import Files
from federation.feeds.resource import Resource
from federation.flows.audit.finding import UNASKED, Findings
from federation.flows.audit.patience import PatientFeed
from federation.text import Sentence

#: Of the earlier confirmations of all logs of a source; a country's are a tenth of it.
MAX_COSIGNED_BYTES: Final = 1 << 26
_KINDS: Final = {"absent": "missing", "wrong": "damaged", "cut-off": "cut-off"}


@dataclass(frozen=True, kw_only=True)
class AuditSource:
    """Something to audit: a `feed`, with the `files` behind it if any; or a document.

    `files` alone is an excerpt: receipts without a status vector. `fault` alone is a
    file that could not even be opened.
    """

    name: str
    feed: Feed | None = None
    files: Files | None = None
    document: bytes | None = None
    fault: FederationError | None = None


def kind_of(error: FederationError) -> str:
    """What it is called that these bytes did not come, or not as they should.

    Only who answers that something is not there has said so; who could not be asked, or
    a file that cannot be read, has shown nothing that could be missing or wrong.
    """
    if isinstance(error, NotFoundError):
        return "missing"
    if isinstance(error, (FormatError, PeerError)):
        return _KINDS.get(error.cause, UNASKED)
    return "damaged"


def tell(error: FederationError) -> str:
    """What is wrong and where, as a sentence if its cause is one."""
    if not isinstance(error, PeerError) or not isinstance(error.reason, Sentence):
        if isinstance(error, FormatError) and isinstance(error.what, Sentence):
            return Sentence("network.because", said=error.at, reason=error.what)
        return str(error)
    if error.status:
        said = Sentence("network.answered", url=error.url, status=error.status)
    elif error.is_of_file:
        return Sentence("network.because", said=error.url, reason=error.reason)
    else:
        said = Sentence("network.silent", url=error.url)
    return Sentence("network.because", said=said, reason=error.reason)


class Reader:
    """One source, and where its findings go."""

    def __init__(self, source: AuditSource, feed: Feed, findings: Findings) -> None:
        """`feed` is the source's."""
        self.name, self._findings = source.name, findings
        self.is_file = source.files is not None
        self.feed = PatientFeed(feed, source.name, is_file=self.is_file)
        self.cosigned_left = MAX_COSIGNED_BYTES

    def add(
        self, kind: str, origin: str = "", index: int | None = None, detail: str = ""
    ) -> None:
        """Note one thing of this source."""
        self._findings.add(kind, self.name, origin, index, detail)

    def blame(self, error: FederationError, origin: str = "") -> None:
        """Note bytes that did not come, or not as they should."""
        self.add(kind_of(error), origin, detail=tell(error))

    async def need(self, resource: Resource) -> bytes | None:
        """What should be there; None, and a finding, where it is not."""
        try:
            return await self.feed.fetch(resource)
        except PeerError as error:
            self.blame(error, resource.origin)
            return None

    async def ask(self, resource: Resource) -> bytes | None:
        """What may be there; None where it is not."""
        try:
            return await self.feed.fetch(resource)
        except PeerError as error:
            if not error.is_absent:
                self.blame(error, resource.origin)
            return None
