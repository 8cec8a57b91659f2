"""KPU's Sirekap: one document per polling station, collected in one file or many.

Rule: what KPU published is passed on as it stands, sums that fail and all; only what it
left out (null, the literal key "null") is left out. Documents without any number are
reported, not drafted. The addresses of KPU's pictures are not evidence.

    {"3101011001001": {"chart": {"null": null, "100025": 83, …}, "administrasi": {…},
                       "psu": null, "ts": "2024-02-16 23:00:00", …}, …}

Three shapes: president (`chart` of candidates), legislative (`chart` of parties with
`jml_suara_total` and `jml_suara_partai`, beside it `caleg`), Pilkada (the same as the
president's, under `tungsura`).

Source: docs/reference/domain.md, "KPU's published JSON"
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from federation.errors import FormatError
from federation.records.profile import Profile
from federation.records.result import CONTESTS, FIGURES
from federation.records.tps import TpsId
from federation.sources.candidate import NO_ID
from federation.sources.cell import check_count, check_object, parse_place
from federation.sources.json import decode_json, read_members
from federation.sources.mapping import Options
from federation.sources.member import DraftBeginner, read_round
from federation.sources.row import (
    NO_NUMBERS,
    Bad,
    BadCell,
    Remark,
    SourceRow,
    cause_of,
    clip,
)
from federation.sources.stream import SourceFile
from federation.text import Sentence

KEYS = frozenset({"chart", "administrasi", "tungsura", "caleg"})  # any one betrays it

_IMAGE = re.compile(rf"/({'|'.join(CONTESTS)})/")
# Held by all 2,300 addresses of the documents at hand: the code of their station.
_IMAGE_CODE = re.compile(r"/([0-9]{13})(?![0-9])[^/]*\Z")
_FIGURES: Mapping[str, str] = {
    **{name: name for name in FIGURES},
    **{f"pengguna_non_dpt_{g}": f"pengguna_dpk_{g}" for g in "lpj"},
}


def read_sirekap(
    source: SourceFile, options: Options, profile: Profile, *, single: bool = False
) -> Iterator[SourceRow]:
    """Every document as draft, refusal or remark.

    Args:
        source: `{code: document}`, or one document in a file named by its code.
        options: Defaults; `contest` must be said where the shape does not tell it.
        profile: Of the election.
        single: The file is one document.

    Raises:
        ConfigError: A default is none that a result may have.
        FormatError: The file is not of either form.
    """
    reader = _DocumentReader(options, profile)
    documents = _one(source) if single else read_members(source)
    row = 0
    while True:
        row += 1
        try:
            code, document = next(documents)
        except StopIteration:
            break
        except FormatError as error:
            yield Bad(
                row, "json", Sentence("row.nothing-after", reason=cause_of(error))
            )
            break
        try:
            yield reader.read(row, code, document)
        except BadCell as bad:
            reason = Sentence("row.of-document", code=clip(code), reason=bad.reason)
            yield Bad(row, bad.code, reason, bad.column)
    if reader.unknown_figures:
        names = ", ".join(sorted(map(clip, reader.unknown_figures)))
        yield Remark(0, "figures", Sentence("row.unknown-figures", names=names))


def _one(source: SourceFile) -> Iterator[tuple[str, Any]]:
    data = b"".join(iter(source.read, b""))
    yield code_of(source.path), decode_json(data)


def code_of(path: Path) -> str:
    """The polling station that a file is named by."""
    return path.name.split(".", maxsplit=1)[0]


class _DocumentReader:
    """Turns documents of one file into drafts."""

    def __init__(self, options: Options, profile: Profile) -> None:
        self._members = DraftBeginner(options, profile)
        self._contests = profile.contests
        self.unknown_figures: set[str] = set()

    def read(self, row: int, code: str, document: object) -> SourceRow:
        tps = parse_place(code)
        body, outer = _open(document)
        texts: dict[str, tuple[Any, str]] = {
            "round": (read_round(outer.get("psu"), "psu"), "psu"),
            "observed_at": (outer.get("ts"), "ts"),
        }
        chart = check_object(body.get("chart"), "chart")
        blocks: dict[str, Any] = {"figures": self._read_figures(body)}
        if not (blocks["figures"] or _has_votes(chart) or outer.get("caleg")):
            # Before its contest is looked for: an empty document may name none.
            why = Sentence("row.published-empty", tps=tps)
            return Remark(row, NO_NUMBERS, why, self._emptied(tps, outer, texts))
        named = self._read_images(tps, outer.get("images"))
        _see_code(tps, outer)
        if named or self._members.contest is None:
            texts["contest"] = (named or self._find_contest(chart), "contest")
        fields = self._members.begin(tps, texts)
        if self._members.contest not in (None, fields["contest"]):
            other = Sentence(
                "row.other-contest", contest=self._members.contest, found=named
            )
            raise BadCell("contest", other, "images")
        aliases = self._members.aliases(fields["contest"])
        if _is_legislative(chart, outer):
            caleg = check_object(outer.get("caleg"), "caleg")
            blocks["parties"] = {
                aliases.find_party(number, tps, f"chart.{number}"): party
                for number, party in _read_parties(chart, caleg).items()
            }
        else:
            blocks["candidates"] = aliases.read_chart(chart, "chart", tps)
        return self._members.finish(row, fields, blocks)

    def _emptied(
        self, tps: TpsId, document: Mapping[str, Any], texts: dict[str, tuple[Any, str]]
    ) -> Mapping[str, Any]:
        """The members before the votes of a document without numbers; {}: not known."""
        try:
            named = self._read_images(tps, document.get("images"))
            _see_code(tps, document)
        except BadCell:
            return {}
        if named and self._members.contest not in {None, named}:
            return {}
        contest = {"contest": (named, "images")} if named else {}
        return self._members.emptied(tps, texts | contest)

    def _read_images(self, tps: str, images: object) -> str | None:
        """The contest in KPU's picture addresses, if they name one.

        Raises:
            BadCell: They name two, or another polling station.
        """
        contests = set[str]()
        for image in images if isinstance(images, list) else ():
            if isinstance(image, str):
                contests.update(_IMAGE.findall(image))
                if (code := _IMAGE_CODE.search(image)) and code[1] != tps:
                    raise _elsewhere(tps, "images", code[1])
        if len(contests) > 1:
            two = Sentence("row.two-contests", contests=", ".join(sorted(contests)))
            raise BadCell("contest", two, "images")
        return next(iter(contests), None)

    def _find_contest(self, chart: Mapping[str, Any]) -> str | None:
        """The contest whose candidates these are.

        A document that names none is refused: numbers of the wrong contest would be
        worse than none.
        """
        ids = [raw for raw in chart if raw != NO_ID]
        for contest in self._contests if ids else ():
            if all(self._members.aliases(contest).is_listed(raw) for raw in ids):
                return contest
        return None

    def _read_figures(self, body: Mapping[str, Any]) -> dict[str, int]:
        figures = {}
        for name, value in check_object(
            body.get("administrasi"), "administrasi"
        ).items():
            ours = _FIGURES.get(name)
            count = check_count(value, name) if ours else None
            if ours is None:
                # Bounded: a hostile file must not fill memory with names.
                if len(self.unknown_figures) < 20:
                    self.unknown_figures.add(name)
            elif count is not None:
                figures[ours] = count
        return figures


def _see_code(tps: str, document: Mapping[str, Any]) -> None:
    """See that a code within a document is that by which it stands in the file."""
    for name in ("kode", "tps"):
        code = document.get(name)
        if isinstance(code, int | str) and str(code) != tps:
            raise _elsewhere(tps, name, str(code))


def _elsewhere(tps: str, column: str, other: str) -> BadCell:
    two = Sentence("row.two-places", tps=tps, column=column, other=clip(other))
    return BadCell("tps", two, column)


def _open(document: object) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    outer = check_object(document, "document")
    body = check_object(outer["tungsura"], "tungsura") if "tungsura" in outer else outer
    if not body.keys() & KEYS:
        raise BadCell("shape", Sentence("row.no-document"))
    return body, outer


def _has_votes(chart: Mapping[str, Any]) -> bool:
    return any(raw != NO_ID and value is not None for raw, value in chart.items())


def _is_legislative(chart: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    return "caleg" in document or any(isinstance(v, dict) for v in chart.values())


def _read_parties(
    chart: Mapping[str, Any], caleg: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    parties: dict[str, dict[str, Any]] = {}
    for number in dict.fromkeys((*chart, *caleg)):
        if number == NO_ID:
            continue
        party = _read_totals(check_object(chart.get(number), f"chart.{number}"), number)
        votes = {
            who: check_count(n, f"caleg.{number}.{who}")
            for who, n in check_object(caleg.get(number), f"caleg.{number}").items()
            if who != NO_ID and n is not None
        }
        if votes:
            party["caleg"] = votes
        if party:
            parties[number] = party
    return parties


def _read_totals(totals: Mapping[str, Any], number: str) -> dict[str, Any]:
    party: dict[str, Any] = {}
    for theirs, ours in (("jml_suara_total", "jumlah"), ("jml_suara_partai", "partai")):
        count = check_count(totals.get(theirs), f"chart.{number}.{theirs}")
        if count is not None:
            party[ours] = count
    return party
