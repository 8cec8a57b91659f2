"""The map as objects of a bucket: what readers ask a node for, made when it changes.

    map/<election>/news.json                          where the map is: small, and last
    map/<election>/<contest>/region/nation.json       the bytes of /v1/regions
    map/<election>/<contest>/region/<code>.json       those of /v1/regions/<code>
    map/<election>/<contest>/disputed/nation.json     /v1/disputed, the first of them
    map/<election>/<contest>/disputed/<kecamatan>.json    all of it
    map/<election>/<contest>/gaps/<kecamatan>.json    /v1/gaps?region=, all of it
    map/<election>/tps/<kelurahan>.ndjson       for each station a line: /v1/tps/<code>
    map/<election>/stand.json                         how far this file has come

and the pages of nation, provinces, kabupaten and kecamatan (`web/publishedpages.py`).

Rule: each is made by the function that answers over HTTP, for a stranger. Written is
what changed: of each station whose row moved since (`mapreading.changed_regions`), and
of each whose record somebody else confirmed since (`held_by`), its kelurahan and what
is around it. So a turn costs what is new, however large the country is. An object's
`cursor` is that of the map when it was made: it stands until its region changes.

Where nobody knows what changed (the first turn, another list of stations, a log that
was signed twice, a contest that is new) all of it is made. Either way by code, in
parts: how far it is stands in `stand.json`, so that a turn which is killed, or has to
let others work, is taken up there. What changed meanwhile is made behind it.

Nothing here is signed: it is written whatever is there. Two nodes that write to one
address are told so by `stand.json`, which is replaced only as it was looked at.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Final, NamedTuple

import msgspec

from federation.decoding import parse_json
from federation.errors import FormatError, NotFoundError
from federation.flows.publish.place import SitePlace
from federation.flows.query import lists
from federation.flows.query.cursor import format_cursor, parse_cursor, read_cursor
from federation.flows.query.region import list_parts, region, told_contests
from federation.flows.query.scope import QueryScope, contests_of, parents_of
from federation.flows.query.tps import tps
from federation.records.profile import Profile
from federation.store import (
    claims,
    cosignatures,
    logs,
    mapreading,
    mapstate,
    registers,
)
from federation.store.cosignatures import HolderSizes
from federation.store.view import View

#: The pages of a region: path and bytes of each.
RegionDrawer = Callable[[QueryScope, str], Iterable[tuple[str, bytes]]]
#: The folder of all of it.
MAP_FOLDER: Final = "map"
#: So many objects are written until it is noted how far that is.
STRIDE: Final = 500
#: So many stations of a list; no kecamatan has more.
_MOST: Final = 10_000
_FIRST: Final = 500
_STAND_BYTES: Final = 1 << 20
_KECAMATAN, _KELURAHAN = 6, 10


class PublishedStand(msgspec.Struct, frozen=True, kw_only=True):
    """What was true when the objects were made that are there.

    Attributes:
        cursor: Where the map was.
        held: The largest size that each other organisation had confirmed of each log.
        frozen: The logs that were signed twice.
        contests: Those that were made.
    """

    cursor: str
    held: dict[str, dict[str, int]]
    frozen: list[str]
    contests: list[str]


class MapProgress(msgspec.Struct, frozen=True, kw_only=True):
    """`stand.json`: what is there; while objects are made, what that began with.

    `stand`: None: all of them are made. `done`: the last region that is written;
    `making`: None: nothing is under way.
    """

    stand: PublishedStand | None = None
    making: PublishedStand | None = None
    done: str | None = None


class MapNewsNote(msgspec.Struct, frozen=True, kw_only=True):
    """`news.json`: where the map of an election is, of which all objects are there."""

    org: str
    election: str
    cursor: str


class MapFiles:
    """Writes them; for one thread at a time."""

    def __init__(
        self,
        org: str,
        profiles: Mapping[str, Profile],
        pages: Callable[[View], RegionDrawer] | None = None,
    ) -> None:
        """Nothing is written yet.

        Args:
            org: Our own organisation.
            profiles: By election.
            pages: What draws pages of a snapshot; None: there are none.
        """
        self._org, self._profiles, self._pages = org, profiles, pages
        self._left: dict[str, _ChangedRegions] = {}

    def write(
        self,
        view: View,
        place: SitePlace,
        elections: Iterable[str],
        advance: Callable[[int], None],
        is_over: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Bring the objects of these elections up to date; whether there is more to do.

        Args:
            view: The snapshot.
            place: Where.
            elections: Which.
            advance: Called with the number of objects given.
            is_over: Asked after each region: whether others are to have their turn.

        Raises:
            ConflictError: somebody else writes there.
            OSError: the object store failed; the next turn goes on.
        """
        left, draw = False, self._pages(view) if self._pages else _draw_nothing
        for election in elections:
            profile = self._profiles.get(election)
            if profile is not None:
                writing = _MapWriting(view, place, self._org, profile, draw, advance)
                rest = writing.run(is_over, self._left.pop(election, None))
                if rest is not None:
                    self._left[election], left = rest, True
        return left


class _ChangedRegions(NamedTuple):
    """What is made between two stands, by code; `codes`: None: all there are."""

    stand: PublishedStand | None
    making: PublishedStand
    codes: Sequence[str] | None


class _MapWriting:
    """One election in one turn."""

    def __init__(
        self,
        view: View,
        place: SitePlace,
        org: str,
        profile: Profile,
        draw: RegionDrawer,
        advance: Callable[[int], None],
    ) -> None:
        self._view, self._place, self._org = view, place, org
        self._profile, self._draw, self._advance = profile, draw, advance
        self._election = profile.election
        self._folder = f"{MAP_FOLDER}/{profile.election}"
        # Before anything is said, the first of them: there is a map, and nothing on it.
        told = told_contests(view, profile) or contests_of(profile)[:1]
        self._scopes = [
            QueryScope(self._election, contest, profile) for contest in told
        ]

    def run(
        self, is_over: Callable[[], bool], left: _ChangedRegions | None
    ) -> _ChangedRegions | None:
        """What is to be made still; None: all of it is there now.

        `left`: what an earlier turn of this process gave.
        """
        known = self._read_progress()
        here = self._read_stand(known.making or known.stand)
        stand, making, done = known.stand, known.making, known.done
        if stand is not None and not _is_continued(stand, here):
            stand, making = None, None
        if making is None or not _is_continued(making, here):
            making, done = here, None
        while stand != here:
            if left is None or (left.stand, left.making) != (stand, making):
                # More than that may have changed since: made of what is here now.
                codes = None if stand is None else self._list_changed(stand, here)
                left = _ChangedRegions(stand, making, codes)
            if not self._make(left, done, is_over):
                return left
            cursor = making.cursor
            note = MapNewsNote(org=self._org, election=self._election, cursor=cursor)
            self._save("news.json", note)
            # Behind it: whoever was killed between them says it again.
            self._save("stand.json", MapProgress(stand=making))
            stand, making, done, left = making, here, None, None
        return None

    def _read_stand(self, before: PublishedStand | None) -> PublishedStand:
        """How it is now; who fell silent holds what it held before."""
        view, known = self._view, before.held if before else {}
        # Of what is in the map, which is for everybody.
        merged = mapstate.vector(view, self._election)
        holders = cosignatures.load_holders(view, merged)
        twice = [log.origin for log in logs.list_logs(view) if log.frozen is not None]
        return PublishedStand(
            cursor=format_cursor(read_cursor(view, self._election)),
            held={
                origin: dict(sorted(_largest(known.get(origin, {}), sizes).items()))
                for origin, sizes in sorted(holders.items())
            },
            frozen=sorted(origin for origin in twice if origin in merged),
            contests=sorted(scope.contest for scope in self._scopes),
        )

    def _read_progress(self) -> MapProgress:
        data = self._place.read(f"{self._folder}/stand.json", _STAND_BYTES)
        try:
            found = parse_json(data or b"{}", MapProgress)
            for stand in (found.stand, found.making):
                parse_cursor(stand.cursor if stand else "")
        except FormatError:
            return MapProgress()  # damaged, or of another version: all is made again
        return found

    def _list_changed(self, before: PublishedStand, here: PublishedStand) -> list[str]:
        """The regions of which anything is not as it was, by code."""
        since = parse_cursor(before.cursor).change
        changed = set[str]()
        for scope in self._scopes:
            changed |= mapreading.changed_regions(
                self._view, self._election, scope.contest, since, _KELURAHAN
            )
        ids = {log.origin: log.id for log in logs.list_logs(self._view)}
        for origin, start, end in _grown(before.held, here.held):
            # Of a whole log where it is confirmed for the first time: never as a list.
            for place in claims.walk_places(self._view, ids[origin], start, end):
                changed.add(place.tps[:_KELURAHAN])
        return sorted(_with_parents(changed))

    def _make(
        self, asked: _ChangedRegions, done: str | None, is_over: Callable[[], bool]
    ) -> bool:
        """Make what lies behind `done`; whether that was the end."""
        if asked.codes is None:
            codes = self._walk("", done)
        else:
            codes = (code for code in asked.codes if done is None or code > done)
        for count, code in enumerate(codes, 1):
            self._write_region(code)
            gives_way = is_over()
            if gives_way or count % STRIDE == 0:
                # What it names is there before it is (`_save`).
                stand, making = asked.stand, asked.making
                note = MapProgress(stand=stand, making=making, done=code)
                self._save("stand.json", note)
            if gives_way:
                return False
        return True

    def _walk(self, code: str, done: str | None) -> Iterator[str]:
        """This region and all below it, by code, behind the one that is done."""
        if done is not None and code < done and not done.startswith(code):
            return
        if done is None or code > done:
            yield code
        if len(code) < _KELURAHAN:
            parts = {
                part.code
                for scope in self._scopes
                for part in list_parts(self._view, scope, code)
            }
            for part in sorted(parts):
                yield from self._walk(part, done)

    def _write_region(self, code: str) -> None:
        """Everything that tells of this region."""
        for scope in self._scopes:
            # One contest is held where another is not.
            with suppress(NotFoundError):
                self._write_contest(scope, code)
        if len(code) == _KELURAHAN:
            read = partial(tps, self._view, {self._election: self._profile})
            told = [read(self._election, station) for station in self._stations(code)]
            self._give(
                f"{self._folder}/tps/{code}.ndjson",
                b"".join(msgspec.json.encode(one) + b"\n" for one in told),
            )

    def _write_contest(self, asked: QueryScope, code: str) -> None:
        """What one contest has of it.

        Raises:
            NotFoundError: nothing was ever heard of the region there.
        """
        view, folder = self._view, f"{self._folder}/{asked.contest}"
        name = f"{code or 'nation'}.json"
        self._give_one(
            f"{folder}/region/{name}", region(view, asked, code, limit=_MOST)
        )
        if len(code) in {0, _KECAMATAN}:
            most = _MOST if code else _FIRST
            listed = lists.disputed(view, asked, code, limit=most)
            self._give_one(f"{folder}/disputed/{name}", listed)
        if len(code) == _KECAMATAN:
            missing = lists.gaps(view, asked, code, limit=_MOST)
            self._give_one(f"{folder}/gaps/{name}", missing)
        for path, data in self._draw(asked, code):
            self._give(path, data)

    def _stations(self, village: str) -> Sequence[str]:
        """Those of the list, and those of which anything was said."""
        view = self._view
        listed = set(map(str, registers.list_codes(view, self._election, village)))
        for scope in self._scopes:
            rows = mapreading.list_stations(
                view, self._election, scope.contest, village
            )
            listed |= {row.tps for row in rows}
        return sorted(listed)

    def _give_one(self, path: str, answer: msgspec.Struct) -> None:
        self._give(path, msgspec.json.encode(answer))

    def _give(self, path: str, data: bytes) -> None:
        self._place.replace(path, data)
        self._advance(1)

    def _save(self, name: str, note: msgspec.Struct) -> None:
        """One of the two notes, behind all that was given before."""
        path, data = f"{self._folder}/{name}", msgspec.json.encode(note)
        self._place.sync()
        if not self._place.is_same(path, data):
            self._place.put(path, data)
            self._place.sync()
            self._advance(1)


def _draw_nothing(_asked: QueryScope, _code: str) -> Iterable[tuple[str, bytes]]:
    return ()


def _is_continued(before: PublishedStand, here: PublishedStand) -> bool:
    """Whether it is known what changed between them."""
    old, new = parse_cursor(before.cursor), parse_cursor(here.cursor)
    is_same = (before.frozen, before.contests) == (here.frozen, here.contests)
    return is_same and old.epoch == new.epoch and old.change <= new.change


def _largest(one: Mapping[str, int], two: Mapping[str, int]) -> dict[str, int]:
    """Of each name the larger number."""
    return {name: max(one.get(name, 0), two.get(name, 0)) for name in {**one, **two}}


def _grown(before: HolderSizes, here: HolderSizes) -> Iterator[tuple[str, int, int]]:
    """The leaves (origin, from, to) that somebody confirmed meanwhile, each once."""
    for origin, sizes in here.items():
        known = before.get(origin, {})
        spans = sorted(
            (known.get(org, 0), size)
            for org, size in sizes.items()
            if size > known.get(org, 0)
        )
        end = 0
        for start, until in spans:
            if until > max(start, end):
                yield origin, max(start, end), until
                end = until


def _with_parents(villages: Iterable[str]) -> set[str]:
    """These and the regions around them."""
    return {code for one in villages for code in (*parents_of(one), one)}
