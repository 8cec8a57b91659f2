"""The merged map made again from verified leaves, without a database, and compared.

Rule: the rows are made by the same pure functions as a node's (`records/merge.py`), of
the same claims: those of each log below the size that the published map names for it,
below the end that a successor log names, of no other log. All claims are sorted by
station on disk, so memory does not grow with the country. Where the disk is full the
map is not made again, and that is said; what was proved of the records stands.

Used so: `load_basis`, then a `MapAudit` for each source and election; `take` the
claims of each bundle; `cover` each log when it is done, with its chain and how far it
was verified; `judge` once, in a thread: it takes a while. Claims have to be made with
`MapAudit.profile`.
"""

from collections.abc import Sequence
from pathlib import Path

from msgspec import UNSET

from federation.flows.audit.finding import Findings
from federation.flows.audit.maprows import Counted, MapRows, claim_lines
from federation.flows.audit.published import MapBasis
from federation.flows.audit.report import MapReport
from federation.records.admission import EncodedClaim
from federation.records.keychain import KeyChain
from federation.records.keystatement import Follows, parse_origin
from federation.records.profile import Profile
from federation.records.publishedmap import PublishedMap
from federation.sorting import RUN_BYTES, Sorter


class MapAudit:
    """The map of one election, of one source, made again."""

    def __init__(
        self, basis: MapBasis, folder: Path, run_bytes: int = RUN_BYTES
    ) -> None:
        """`folder` is for lines that memory does not hold; see `sorting`."""
        self._basis, self._folder, self._run_bytes = basis, folder, run_bytes
        self._vector = {} if basis.published is None else basis.published.vector
        self._numbers = {origin: at for at, origin in enumerate(sorted(self._vector))}
        self._claims = Sorter(folder, run_bytes)
        self._covered: dict[str, tuple[int, int]] = {}
        self._follows: dict[str, Follows] = {}
        self._fault = ""

    @property
    def profile(self) -> Profile:
        """With which the claims have to be made."""
        profile = self._basis.profile
        assert profile is not None, "a map was published, and rests on one"
        return profile

    def wants(self, origin: str) -> bool:
        """Whether the published map names this log."""
        return origin in self._vector

    def take(self, origin: str, claims: Sequence[EncodedClaim]) -> None:
        """Take what some verified leaves of a log claim: each claim once."""
        end = self._vector.get(origin, 0)
        if self._fault or not claims or claims[0][0] >= end:
            return
        try:
            self._claims.add(claim_lines(claims, self._numbers[origin], end))
        except OSError as error:
            self._fail(error)

    def cover(self, chain: KeyChain, start: int, end: int) -> None:
        """The log of these keys is verified: its leaves from `start` to below `end`."""
        origin = chain.origin
        self._covered[origin] = start, end
        follows = chain.statements[-1].follows
        if self.wants(origin) and follows is not UNSET:
            self._follows[origin] = follows

    def judge(self, source: str, findings: Findings) -> MapReport | None:
        """What the map comes to, beside what was published.

        Returns:
            None where there is no map to compare with, or not all that it is made from
            is at hand; then `findings` has a note that says so.
        """
        said = self._basis.published
        absent = self._find_absent()
        if said is None or absent or self._fault:
            self.close()
            if said is not None:
                why = f" without {absent}" if absent else f": {self._fault}"
                self._note(said, source, findings, why)
            return None
        try:
            digest, rows = self.recompute()
        except OSError as error:
            self._fail(error)
            self._note(said, source, findings, f": {self._fault}")
            return None
        is_equal = digest == said.digest and rows == said.rows
        if not is_equal:
            findings.add("map", source, detail=_describe(said, digest, rows))
        return MapReport(
            source=source,
            election=said.election,
            published=said.digest,
            recomputed=digest,
            stations=rows,
            equal=is_equal,
        )

    def recompute(self) -> tuple[str, int]:
        """The digest of the map, and how many rows it has; once only."""
        rows = MapRows(self._count_logs(), self.profile, self._basis.stations)
        try:
            return rows.digest(self._claims, self._folder, self._run_bytes)
        finally:
            self.close()

    def close(self) -> None:
        """Give memory and disk back; for whoever does not come to `judge`."""
        self._claims.close()

    def _fail(self, error: OSError) -> None:
        """Write no more and give back what was: the disk is full, or fails."""
        self._fault = error.strerror or str(error)
        self.close()

    @staticmethod
    def _note(said: PublishedMap, source: str, findings: Findings, why: str) -> None:
        detail = f"{said.election}: not made again{why}"
        findings.add("no-map", source, detail=detail)

    def _find_absent(self) -> str:
        """The first log of which something that the map is made from is not at hand."""
        for origin, size in self._vector.items():
            start, end = self._covered.get(origin, (0, 0))
            if size and (start > 0 or end < size):
                return f"records {0 if start else end} to {size - 1} of {origin}"
        return ""

    def _count_logs(self) -> list[Counted]:
        """Every log of the map, by number, and below which index it counts."""
        ends = dict(self._vector)
        for origin, follows in self._follows.items():
            if follows.origin in ends and parse_origin(origin).generation > 1:
                ends[follows.origin] = min(ends[follows.origin], follows.size)
        return [Counted(origin, ends[origin]) for origin in self._numbers]


def _describe(said: PublishedMap, digest: str, rows: int) -> str:
    return (
        f"{said.election}: published {said.digest} over {said.rows} rows,"
        f" the records come to {digest} over {rows}"
    )
