"""All documents of an audit: single texts, and the files of excerpts.

Rule: taken first and judged when the keys of all sources are known, in an order in
which keys come before what they judge. An excerpt may have a hundred thousand files:
of each only the path is kept, and it is read again when it is its turn.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final, NamedTuple

import msgspec

from federation.errors import FormatError, NotFoundError
from federation.feeds.bundle import RECEIPTS
from federation.feeds.files import Files
from federation.feeds.resource import LOGS
from federation.flows.audit.document import (
    JUDGES,
    Context,
    DocumentAudit,
    DocumentKind,
    recognise,
)
from federation.flows.audit.keyring import BAD, open_any
from federation.flows.audit.report import DocumentReport
from federation.flows.audit.source import kind_of, tell
from federation.records.keychain import decode_keys
from federation.records.receipt import parse_receipt
from federation.text import Sentence, as_said

_OF_EXCERPT: Final = frozenset({"checkpoint", "keys"})
_RECORDS: Final = "/tile/"
# A leaf of 64 KB in base64, and its keys; a ZIP of a megabyte can hold thousands.
_MAX_BYTES: Final = 1 << 17
#: So much of what the records say is told; the receipts have it all.
MAX_TOLD_BYTES: Final = 1 << 24


class _Given(NamedTuple):
    """A document: its bytes, or where in an excerpt they are."""

    name: str
    data: bytes = b""
    files: Files | None = None
    path: str = ""

    def read(self) -> bytes:
        """Its bytes.

        Raises:
            NotFoundError: it went away meanwhile. FormatError: it is damaged.
        """
        return (
            self.data if self.files is None else self.files.read(self.path, _MAX_BYTES)
        )


class Documents:
    """The documents of an audit."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.reports = list[DocumentReport]()
        self._given: dict[DocumentKind, list[_Given]] = {}
        self._left = MAX_TOLD_BYTES

    def add(self, name: str, data: bytes) -> None:
        """Take a document; it is judged when all keys are known."""
        self._add(_Given(name, data), data)

    def _add(self, given: _Given, data: bytes) -> None:
        kind = recognise(data)
        if kind is None:
            self._context.findings.add(
                "damaged", given.name, detail=Sentence("verify.no-document")
            )
        else:
            self._given.setdefault(kind, []).append(given)

    def add_excerpt(self, name: str, files: Files) -> None:
        """Take an excerpt: every file in it is a document of its own."""
        has_receipts = has_records = False
        for path in files.names():
            kind = path.rpartition("/")[2]
            has_receipts |= path.startswith(RECEIPTS)
            if not path.startswith(RECEIPTS) and kind not in _OF_EXCERPT:
                has_records |= _RECORDS in path
                if kind != "about":
                    self._context.findings.add("extra-file", name, detail=as_said(path))
                continue
            try:
                data = files.read(path, _MAX_BYTES)
            except (FormatError, NotFoundError) as error:
                self._context.findings.add(kind_of(error), name, detail=tell(error))
                continue
            self._add(_Given(f"{name}:{path}", files=files, path=path), data)
        # Keys and totals alone say nothing of any record.
        if not has_receipts and not has_records:
            detail = Sentence("audited.neither")
            self._context.findings.add("missing", name, detail=detail)
        elif has_records:
            # Nobody looks at records that no list names: not to be taken for proved.
            self._context.findings.add("missing", name, detail=as_said(LOGS.path))

    def learn_keys(self) -> None:
        """Put the keys that documents bring into the keyring."""
        for given in self._given.get("keys", ()):
            with suppress(NotFoundError, *BAD):
                chain = open_any(decode_keys(given.read()))
                self._context.keyring.add(given.name, chain)
        for given in self._given.get("receipt", ()):
            with suppress(NotFoundError, *BAD):
                chain = open_any(parse_receipt(given.read()).keys)
                self._context.keyring.add(given.name, chain)

    def judge(self) -> None:
        """Say of each what holds; what does not is a finding."""
        for kind in JUDGES:
            for given in self._given.get(kind, ()):
                self.reports += self._judge(kind, given)

    def _judge(self, kind: DocumentKind, given: _Given) -> Iterator[DocumentReport]:
        try:
            data = given.read()
        except (FormatError, NotFoundError) as error:
            # Somebody exchanges the files while they are read.
            self._context.findings.add("damaged", given.name, detail=error.told)
            return
        report = JUDGES[kind](DocumentAudit(self._context, given.name, kind, data))
        self._check_path(given, report)
        self._left -= len(report.statement)
        if self._left < 0:
            report = msgspec.structs.replace(report, statement="")
        yield report

    def _check_path(self, given: _Given, report: DocumentReport) -> None:
        """Tell a receipt that lies under another record's name: it proves its own."""
        is_receipt = given.path.startswith(RECEIPTS) and report.index is not None
        right = f"{RECEIPTS}{report.origin}/{report.index}.txt"
        if is_receipt and given.path != right:
            detail = Sentence(
                "audited.receipt-of",
                path=given.path,
                origin=report.origin,
                index=report.index,
            )
            self._context.findings.add("extra-file", given.name, detail=detail)
