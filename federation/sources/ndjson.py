"""Lines of JSON: one result a line, by our member names or by a mapping.

    {"tps":"1371011001001","candidates":{"01":127,"02":27},"figures":{"suara_sah":154}}

Rule: with our names a line is what `POST /v1/records` takes, so a platform can test its
export here; unknown members are refused. With a mapping (`--map candidates.01=votes.a`)
only the mapped paths are read, as CSV's columns are.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from federation.errors import FormatError
from federation.records.profile import Profile
from federation.records.result import FIGURES
from federation.records.tps import TpsId
from federation.sources.candidate import Aliases
from federation.sources.cell import check_count, join_place, parse_count, parse_place
from federation.sources.json import decode_json
from federation.sources.mapping import TEXTS, Options
from federation.sources.member import MAX_FILES, Members
from federation.sources.row import Bad, BadCell, Row, clip
from federation.sources.stream import LongLine, Source
from federation.text import Sentence

_BLOCKS = ("candidates", "parties", "figures", "evidence")
_OURS = frozenset({"tps", "kelurahan", "number", *TEXTS, *_BLOCKS})
_SIGNED = frozenset({"org", "recorded_at", "type", "election"})


def read_ndjson(source: Source, options: Options, profile: Profile) -> Iterator[Row]:
    """Every line as draft, refusal or remark.

    Raises:
        ConfigError: A default is none that a result may have.
        FormatError: The file cannot be read.
    """
    members = Members(options, profile)
    arrange = _arranger(options.columns) if options.columns else check_names
    for row, line in enumerate(source.lines(), start=1):
        if isinstance(line, LongLine):
            yield Bad(row, "long", "the line is longer than a megabyte")
            continue
        if line.isspace():
            continue
        try:
            yield read_members_of(row, arrange(decode_json(line)), members)
        except BadCell as bad:
            yield Bad(row, bad.code, bad.reason, bad.column)
        except FormatError as error:
            yield Bad(row, "json", str(error))


def check_names(line: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON is anything
    """The line, if it is an object of our own member names.

    Raises:
        BadCell: It is none, or has another member.
    """
    if not isinstance(line, dict):
        raise BadCell("shape", "not an object")
    unknown = line.keys() - _OURS
    if unknown & _SIGNED:
        name = min(unknown & _SIGNED)
        raise BadCell(
            "signed",
            f"{clip(name)} belongs to a signed record: partners' records come by"
            " synchronising, not by importing",
            name,
        )
    if unknown:
        raise BadCell("member", f"{clip(min(unknown))} is not known: say --map")
    return line


def _arranger(columns: Mapping[str, str]) -> Callable[[Any], dict[str, Any]]:
    paths = [(target.split("."), name.split(".")) for target, name in columns.items()]

    def arrange(line: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON is anything
        if not isinstance(line, dict):
            raise BadCell("shape", "not an object")
        arranged: dict[str, Any] = {}
        for target, path in paths:
            value: Any = line
            for step in path:
                value = value.get(step) if isinstance(value, dict) else None
            if value is None:
                continue
            inner = arranged
            for step in target[:-1]:
                inner = inner.setdefault(step, {})
            inner[target[-1]] = value
        if isinstance(arranged.get("evidence"), dict):
            arranged["evidence"] = [arranged["evidence"]]
        return arranged

    return arrange


def read_members_of(row: int, line: Mapping[str, Any], members: Members) -> Row:
    """A line of our own member names as draft or remark.

    Raises:
        BadCell: It cannot be taken.
    """
    tps = _read_place(line)
    fields = members.begin(tps, {n: (line[n], n) for n in TEXTS if n in line})
    aliases = members.aliases(fields["contest"])
    # One list for all is not the list of one station: the refusal says so, too.
    where = tps if aliases.differ_by_region else ""
    candidates = aliases.read_chart(_lax(line, "candidates"), "candidates", where)
    parties = _read_parties(_object(line, "parties"), aliases, tps)
    figures = _read_figures(_lax(line, "figures"))
    evidence = _read_evidence(line.get("evidence"))
    blocks = (candidates, parties, figures, evidence)
    return members.finish(row, fields, dict(zip(_BLOCKS, blocks, strict=True)))


def _read_place(line: Mapping[str, Any]) -> TpsId:
    if "tps" in line:
        return parse_place(_code(line["tps"], "tps"), "tps")
    if "kelurahan" in line and "number" in line:
        kelurahan = _code(line["kelurahan"], "kelurahan")
        number = _code(line["number"], "number")
        return join_place(kelurahan, number, ("kelurahan", "number"))
    raise BadCell("tps", "no tps, nor kelurahan and number", "tps")


def _code(value: object, column: str) -> str:
    if type(value) is int:  # codes lose nothing as numbers: none begins with zero
        return str(value)
    if isinstance(value, str):
        return value
    raise BadCell("tps", f"{clip(value)} is not text", column)


def _object(line: Mapping[str, Any], name: str) -> dict[str, Any]:
    value = line.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadCell("shape", f"{clip(value)} is not an object", name)
    return value


def _lax(line: Mapping[str, Any], name: str) -> dict[str, Any]:
    # Many exports quote their numbers: "127" is as good as 127.
    return {
        key: parse_count(value, f"{name}.{key}") if isinstance(value, str) else value
        for key, value in _object(line, name).items()
    }


def _read_figures(line: Mapping[str, Any]) -> dict[str, int]:
    figures = {}
    for name, value in line.items():
        if name not in FIGURES:
            raise BadCell("figure", f"{clip(name)} is no figure of the form", "figures")
        count = check_count(value, f"figures.{name}")
        if count is not None:
            figures[name] = count
    return figures


def _read_parties(
    given: Mapping[str, Any], aliases: Aliases, tps: TpsId
) -> dict[str, Any]:
    parties: dict[str, Any] = {}
    for raw, party in given.items():
        number = aliases.find_party(raw, tps, f"parties.{raw}")
        if number in parties:
            why = Sentence("numbering.twice", raw=clip(raw), name=number)
            raise BadCell("party", why, "parties")
        parties[number] = _read_party(party, raw)
    return parties


def _read_party(party: object, number: str) -> dict[str, Any]:
    where = f"parties.{number}"
    if not isinstance(party, dict) or party.keys() - {"partai", "jumlah", "caleg"}:
        raise BadCell("party", "has partai, jumlah and caleg, nothing else", where)
    read: dict[str, Any] = {}
    for name in ("partai", "jumlah"):
        count = check_count(party.get(name), f"{where}.{name}")
        if count is not None:
            read[name] = count
    caleg = _lax(party, "caleg")
    votes = {who: check_count(n, f"{where}.caleg.{who}") for who, n in caleg.items()}
    if votes:
        read["caleg"] = {who: n for who, n in votes.items() if n is not None}
    return read


def _read_evidence(value: object) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > MAX_FILES:
        raise BadCell("shape", f"not a list of at most {MAX_FILES} files", "evidence")
    return value
