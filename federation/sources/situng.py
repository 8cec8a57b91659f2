"""KPU's Situng of 2019: one line of JSON per polling station.

    {"kode":"1371011001001","chart":{"21":127,"22":27},"suara_sah":154,
     "suara_tidak_sah":0,"suara_total":154}

Also with `pemilih_j`, `pengguna_j`, `ts` and `images`, as KPU served it. Rule: the same
as for Sirekap, its successor: as published, what is null is left out.

Source: docs/reference/domain.md, "KPU's published JSON"
"""

from collections.abc import Iterator
from typing import Any

from federation.records.profile import Profile
from federation.sources.cell import check_count, check_object, parse_place
from federation.sources.mapping import Options
from federation.sources.member import DraftBeginner
from federation.sources.objects import read_objects
from federation.sources.row import Bad, BadCell, SourceRow, clip
from federation.sources.stream import SourceFile
from federation.text import Sentence

_FIGURES = {
    "suara_sah": "suara_sah",
    "suara_tidak_sah": "suara_tidak_sah",
    "suara_total": "suara_total",
    "pemilih_j": "pemilih_dpt_j",
    "pengguna_j": "pengguna_total_j",
}
_OTHERS = frozenset({"kode", "chart", "ts", "images"})


def read_situng(
    source: SourceFile, options: Options, profile: Profile
) -> Iterator[SourceRow]:
    """Every line as draft, refusal or remark.

    Raises:
        ConfigError: A default is none that a result may have.
        FormatError: The file cannot be read.
    """
    members = DraftBeginner(options, profile)
    for row, line in read_objects(source, lines=True):
        if isinstance(line, Bad):
            yield line
            continue
        try:
            yield _read_line(row, line, members)
        except BadCell as bad:
            yield Bad(row, bad.code, bad.reason, bad.column)


def _read_line(row: int, line: Any, members: DraftBeginner) -> SourceRow:  # noqa: ANN401 - JSON is anything
    if not isinstance(line, dict) or not isinstance(line.get("kode"), str):
        raise BadCell("shape", Sentence("row.no-kode"), "kode")
    unknown = line.keys() - _FIGURES.keys() - _OTHERS
    if unknown:
        raise BadCell("member", Sentence("row.no-situng", name=clip(min(unknown))))
    tps = parse_place(line["kode"], "kode")
    fields = members.begin(tps, {"observed_at": (line.get("ts"), "ts")})
    chart = check_object(line.get("chart") or None, "chart")
    candidates = members.aliases(fields["contest"]).read_chart(chart, "chart", tps)
    figures: dict[str, int] = {}
    for theirs, ours in _FIGURES.items():
        count = check_count(line.get(theirs), theirs)
        if count is not None:
            figures[ours] = count
    return members.finish(row, fields, {"candidates": candidates, "figures": figures})
