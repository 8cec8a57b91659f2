"""KPU's roll-up documents: the sums of a region, and of each region right below it.

    pkwkk_32_3209.json
    {"mode":"hhcw","tungsura":{"chart":{"1000566":67742,…,"progres":{"total":3318,
     "persen":100.0,"progres":3318}},"table":{"320901":{"psu":"Reguler",
     "1000566":1134,…,"progres":{…},"status_progress":true},…}}}

Rule: as published. `chart` is of the region by which the file is named (the last code
of its name, `0` the nation), each entry of `table` of its own code; `progres` says over
how many stations it is a sum. What holds no votes is reported. Row 1 is the chart, the
others follow in the order of the table.

Source: docs/reference/domain.md, "Recapitulation"
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from federation.errors import FormatError
from federation.records.profile import CONTESTS, Profile
from federation.sources.cell import check_object, check_sum
from federation.sources.json import decode_json
from federation.sources.mapping import Options
from federation.sources.recap import RecapDrafter
from federation.sources.row import Bad, BadCell, SourceRow, clip
from federation.sources.stream import SourceFile
from federation.text import Sentence

MAX_BYTES: Final = 16 << 20
_NAME: Final = re.compile(
    rf"(?:({'|'.join(CONTESTS)})_)?(?:[0-9A-Z]+_)*([0-9A-Z]+)\.json(?:\.gz)?"
)
_SHAPE: Final = re.compile(r'"table"\s*:\s*\{')
_PROGRESS: Final = re.compile(r'"(?:progres|persen)"\s*:')
#: What an entry has beside the votes.
_OTHERS: Final = frozenset(
    {"progres", "psu", "status_progress", "persen", "null", "ts", "mode"}
)


def is_rollup(text: str) -> bool:
    """Whether the beginning of a file is that of such a document."""
    return bool(_PROGRESS.search(text) and (_SHAPE.search(text) or "tungsura" in text))


def read_rollup(
    source: SourceFile, options: Options, profile: Profile
) -> Iterator[SourceRow]:
    """The sums of a document, each as draft, refusal or remark.

    Raises:
        ConfigError: A default is none that such a record may have.
        FormatError: The file is none of this shape, or its name says no region.
    """
    named = _NAME.fullmatch(source.path.name)
    if named is None:
        name = clip(source.path.name)
        raise FormatError(Sentence("recap.file-name", name=name), source.label)
    if named[1] and options.contest is None:
        options = msgspec.structs.replace(options, contest=named[1])
    drafter = RecapDrafter(options, profile)
    why = Sentence("numbering.too-long", most=MAX_BYTES)
    document = decode_json(source.read_whole(MAX_BYTES, why))
    body = document.get("tungsura", document) if isinstance(document, dict) else None
    table = body.get("table") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(table, dict):
        raise FormatError(Sentence("recap.no-rollup"), source.label)
    time = document.get("ts")
    entries = {named[2]: body.get("chart"), **table}
    for row, (code, entry) in enumerate(entries.items(), start=1):
        try:
            yield drafter.read(row, _line(code, entry, body, time))
        except BadCell as bad:
            reason = Sentence("row.of-document", code=clip(code), reason=bad.reason)
            yield Bad(row, bad.code, reason, bad.column)


def _line(
    code: str, entry: object, body: Mapping[str, Any], time: object
) -> dict[str, Any]:
    said = check_object(entry, "chart")
    line: dict[str, Any] = {"region": code, "observed_at": time}
    votes = {name: value for name, value in said.items() if name not in _OTHERS}
    of_parties = [name for name, value in votes.items() if isinstance(value, dict)]
    if of_parties:
        line["parties"] = {
            name: {"jumlah": votes[name].get("jml_suara_total")} for name in of_parties
        }
    else:
        line["candidates"] = votes
    # Of presidential documents it stands beside the chart.
    progress = said.get("progres")
    if progress is None and entry is body.get("chart"):
        progress = body.get("progres")
    if isinstance(progress, dict):
        counted = check_sum(progress.get("progres"), "progres.progres")
        total = check_sum(progress.get("total"), "progres.total")
        if counted is not None and total is not None:
            line["stations"] = {"counted": counted, "total": total}
    return line
