"""Kawal Pemilu's documents of 2019: one per kelurahan, votes and photos by TPS number.

    {"id":42324,"name":"BELAKANG PONDOK","depth":4,"children":[[1,120,118]],
     "data":{"1":{"sum":{"pas1":127,"pas2":27,"sah":154,"tSah":0,"jum":154,"cakupan":1},
       "c1":null,"ts":1555510426000,"photos":{"http://…":{"c1":{"type":1,"plano":1},
         "sum":{"pas1":127,"pas2":27,"sah":154,"tSah":0},"ts":1555510426000}}}}}

Rule: a TPS's own `sum` is what Kawal Pemilu says; the order of photos decides nothing.
Photos say from which form it was read (`plano` 1: the wall original, 2: a copy): its
own `c1` does, else the photos that have exactly these votes. A `sum` that none of its
photos has is refused. Row numbers are TPS numbers.

Their `id` is not KPU's code of a kelurahan: that comes from the file's name, from the
document's `kode`, or from a table; it is never guessed from names.

Source: https://github.com/kawalpemilu/upload.kawalpemilu.org/tree/master/shared
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from federation.errors import FormatError
from federation.records.profile import Profile
from federation.sources.cell import check_count, check_object, join_place
from federation.sources.json import decode_json
from federation.sources.kelurahan import CODE
from federation.sources.mapping import Options
from federation.sources.member import DraftBeginner
from federation.sources.row import Bad, BadCell, Remark, SourceRow, clip
from federation.sources.stream import SourceFile
from federation.text import Sentence

MAX_BYTES = 32 << 20  # a kelurahan of 500 TPS with twenty photos each has 3 MB
YEAR = "2019"
CONTEST = "ppwp"
_DEPTH = 4  # of a kelurahan
_FIGURES = {"sah": "suara_sah", "tSah": "suara_tidak_sah", "jum": "pengguna_total_j"}
_VOTE = re.compile(r"pas([0-9]{1,2})")
_READ_FROM = ("sah", "tSah")  # with the votes on one page; `jum` is on another
_FLAGS = frozenset({"cakupan", "pending", "error", "janggal", "laporKpu"})
_FORMS = {1: "plano", 2: "salinan"}
_PRESIDENT = 1  # `c1.type`
_NAMES = ("kode", "kode_kelurahan", "kelurahan")


def read_kawalpemilu(
    source: SourceFile,
    options: Options,
    profile: Profile,
    codes: Mapping[str, str] | None = None,
) -> Iterator[SourceRow]:
    """Every TPS of a kelurahan as draft, refusal or remark.

    Args:
        source: The document.
        options: Defaults; `kelurahan` names the member that holds the code.
        profile: Of an election of 2019.
        codes: Kawal Pemilu's id → the code of the kelurahan.

    Raises:
        ConfigError: A default is none that a result may have.
        FormatError: It is no such document, or not clear of which kelurahan.
    """
    if not profile.file.voting_day.startswith(YEAR):
        reason = Sentence("kawalpemilu.election", election=profile.election)
        raise FormatError(reason, source.label)
    if options.contest not in {None, CONTEST}:
        raise FormatError(Sentence("kawalpemilu.contest"), source.label)
    document = _load(source)
    kelurahan = _find_code(document, source, options, codes or {})
    options = msgspec.structs.replace(options, contest=CONTEST)
    reader = _KelurahanReader(kelurahan, DraftBeginner(options, profile))
    for number, station in _member(document, "data", source).items():
        try:
            yield reader.read(number, station)
        except BadCell as bad:
            yield Bad(_row(number), bad.code, bad.reason, bad.column)
    yield from reader.remarks(document)


def _load(source: SourceFile) -> dict[str, Any]:
    why = Sentence("kawalpemilu.large", most=MAX_BYTES >> 20)
    document = decode_json(source.read_whole(MAX_BYTES, why))
    if not isinstance(document, dict):
        raise _no_document("data", source)
    depth = document.get("depth")
    if depth != _DEPTH:
        if type(depth) is int:
            raise FormatError(Sentence("kawalpemilu.region", depth=depth), source.label)
        raise _no_document("depth", source)
    return document


def _member(
    document: Mapping[str, Any], name: str, source: SourceFile
) -> dict[str, Any]:
    value = document.get(name)
    if not isinstance(value, dict):
        raise _no_document(name, source)
    return value


def _no_document(member: str, source: SourceFile) -> FormatError:
    return FormatError(Sentence("kawalpemilu.no-document", member=member), source.label)


def _find_code(
    document: Mapping[str, Any],
    source: SourceFile,
    options: Options,
    codes: Mapping[str, str],
) -> str:
    """The code of the kelurahan, from wherever it is said.

    Raises:
        FormatError: It is said nowhere, or in two ways.
    """
    named = options.columns.get("kelurahan")
    members = (named,) if named else _NAMES
    path = source.path
    given = [
        *(str(document[name]) for name in members if document.get(name) is not None),
        *(codes[key] for key in (str(document.get("id")),) if key in codes),
        *(
            name
            for name in (path.name.partition(".")[0], path.absolute().parent.name)
            if CODE.fullmatch(name)
        ),
    ]
    plain = [code.replace(".", "").upper() for code in given]
    for code in plain:
        if code != plain[0]:
            two = Sentence(
                "kawalpemilu.two-codes", said=clip(plain[0]), other=clip(code)
            )
            raise FormatError(two, source.label)
    if not plain or not CODE.fullmatch(plain[0]):
        name, number = clip(document.get("name", "")), clip(document.get("id", ""))
        none = Sentence("kawalpemilu.no-code", id=number, name=name)
        raise FormatError(none, source.label)
    return plain[0]


class _KelurahanReader:
    """Reads the stations of one kelurahan and keeps what is to be said at the end."""

    def __init__(self, kelurahan: str, members: DraftBeginner) -> None:
        self._kelurahan, self._members = kelurahan, members
        self._reported: list[str] = []
        self._differing: list[str] = []
        self._unknown: set[str] = set()

    def read(self, number: str, station: object) -> SourceRow:
        """One TPS.

        Raises:
            BadCell: It cannot be taken.
        """
        tps = join_place(self._kelurahan, number, ("kode", "data"))
        body = check_object(station, f"data.{number}")
        counted = check_object(body.get("sum"), "sum")
        fields = self._members.begin(tps)
        moment = _read_time(body.get("ts"))
        if moment:
            fields["observed_at"] = moment
        votes = {m[1]: n for name, n in counted.items() if (m := _VOTE.fullmatch(name))}
        figures = {
            ours: count
            for theirs, ours in _FIGURES.items()
            if (count := check_count(counted.get(theirs), f"sum.{theirs}")) is not None
        }
        blocks = {
            "candidates": self._members.aliases(CONTEST).read_chart(votes, "sum.pas"),
            "figures": figures,
        }
        self._note(number, counted)
        form = self._find_form(number, body, counted)
        if form:
            fields["form"] = form
        return self._members.finish(_row(number), fields, blocks)

    def _note(self, number: str, counted: Mapping[str, Any]) -> None:
        if counted.get("error"):
            self._reported.append(number)
        known = _FIGURES.keys() | _FLAGS
        others = [n for n in counted if n not in known and not _VOTE.fullmatch(n)]
        self._unknown.update(others[: 20 - len(self._unknown)])

    def _find_form(
        self, number: str, body: Mapping[str, Any], counted: Mapping[str, Any]
    ) -> str:
        """The form that these votes were read from; "" if that is not clear.

        Raises:
            BadCell: Photos have votes, but none has these.
        """
        own = _form_of(body.get("c1"))
        same: set[str] = set()
        other: set[str] = set()
        for photo in check_object(body.get("photos"), "photos").values():
            seen = check_object(photo, "photos")
            votes = _votes_of(check_object(seen.get("sum"), "photos.sum"))
            if votes and _is_president(seen.get("c1")):
                is_same = all(counted.get(name) == n for name, n in votes.items())
                (same if is_same else other).add(_form_of(seen.get("c1")))
        if other and not same:
            counts = ", ".join(f"{name} {n}" for name, n in _votes_of(counted).items())
            raise BadCell(
                "photos",
                Sentence("kawalpemilu.photos", number=number, sum=counts),
                "sum",
            )
        if other - same:
            self._differing.append(number)
        if own:
            return own
        if len(same) > 1:  # both forms say the same: it stands on the original
            return "plano" if "plano" in same - other else ""
        return next(iter(same), "")

    def remarks(self, document: Mapping[str, Any]) -> Iterator[Remark]:
        """What a person should know of the document as a whole."""
        for code, key, numbers in (
            ("kp-reported", "kawalpemilu.reported", self._reported),
            ("kp-forms", "kawalpemilu.forms", self._differing),
        ):
            if numbers:
                shown = ", ".join(clip(number) for number in numbers[:20])
                yield Remark(0, code, Sentence(key, numbers=shown))
        if self._unknown:
            yield Remark(0, "kp-contest", Sentence("kawalpemilu.contest"))
        if document.get("kpu"):
            yield Remark(0, "kp-kpu", Sentence("kawalpemilu.kpu"))


def _row(number: str) -> int:
    return int(number) if re.fullmatch(r"[0-9]{1,6}", number) else 0


def _votes_of(counted: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: n
        for name, n in counted.items()
        if _VOTE.fullmatch(name) or name in _READ_FROM
    }


def _is_president(form: object) -> bool:
    return not isinstance(form, dict) or form.get("type", _PRESIDENT) == _PRESIDENT


def _form_of(form: object) -> str:
    if not isinstance(form, dict) or not _is_president(form):
        return ""
    plano = form.get("plano")
    return _FORMS.get(plano, "") if type(plano) is int else ""


def _read_time(value: object) -> str | None:
    """Their milliseconds as ours; None where there are none."""
    if type(value) is not int or value <= 0:
        return None
    try:
        moment = datetime.fromtimestamp(value // 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment.year < 2100 else None
