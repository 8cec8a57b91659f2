"""All documents of an audit: single texts, and the files of excerpts.

Rule: taken first and judged when the keys of all sources are known, in an order in
which keys come before what they judge.
"""

from contextlib import suppress
from typing import Final

from federation.errors import FormatError, NotFoundError
from federation.feeds.bundle import RECEIPTS
from federation.feeds.feed import LOGS_PATH
from federation.feeds.files import Files
from federation.flows.audit.document import Case, Court, Kind, recognise
from federation.flows.audit.judges import JUDGES
from federation.flows.audit.keys import BAD, open_any
from federation.flows.audit.report import DocumentReport
from federation.flows.audit.source import kind_of
from federation.records.keychain import decode_keys
from federation.records.receipt import MAX_RECEIPT_BYTES, parse_receipt

_OF_EXCERPT: Final = frozenset({"checkpoint", "keys"})
_RECORDS: Final = "/tile/"


class Documents:
    """The documents of an audit."""

    def __init__(self, court: Court) -> None:
        self._court = court
        self.reports = list[DocumentReport]()
        self._given: dict[Kind, list[tuple[str, bytes]]] = {}

    def add(self, name: str, data: bytes) -> None:
        """Take a document; it is judged when all keys are known."""
        kind = recognise(data)
        if kind is None:
            self._court.findings.add(
                "damaged", name, detail="nothing that can be verified"
            )
        else:
            self._given.setdefault(kind, []).append((name, data))

    def add_excerpt(self, name: str, files: Files) -> None:
        """Take an excerpt: every file in it is a document of its own."""
        before, has_records = self._count(), False
        for path in files.names():
            kind = path.rpartition("/")[2]
            if not path.startswith(RECEIPTS) and kind not in _OF_EXCERPT:
                has_records |= _RECORDS in path
                if kind != "about":
                    self._court.findings.add("extra-file", name, detail=path)
                continue
            try:
                data = files.read(path, MAX_RECEIPT_BYTES)
            except (FormatError, NotFoundError) as error:
                kind = "missing" if isinstance(error, NotFoundError) else kind_of(error)
                self._court.findings.add(kind, name, detail=str(error))
                continue
            self.add(f"{name}:{path}", data)
        if self._count() == before:
            said = "neither histories nor receipts"
            self._court.findings.add("missing", name, detail=said)
        elif has_records:
            # Nobody looks at records that no list names: not to be taken for proved.
            self._court.findings.add("missing", name, detail=LOGS_PATH)

    def learn_keys(self) -> None:
        """Put the keys that documents bring into the pool."""
        for name, data in self._given.get("keys", ()):
            with suppress(*BAD):
                self._court.pool.add(name, open_any(decode_keys(data)))
        for name, data in self._given.get("receipt", ()):
            with suppress(*BAD):
                self._court.pool.add(name, open_any(parse_receipt(data).keys))

    def judge(self) -> None:
        """Say of each what holds; what does not is a finding."""
        for kind, judge in JUDGES.items():
            for name, data in self._given.get(kind, ()):
                self.reports.append(judge(Case(self._court, name, kind, data)))

    def _count(self) -> int:
        return sum(map(len, self._given.values()))
