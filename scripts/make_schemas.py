"""Write `schemas/*.json`: JSON Schema 2020-12 of every signed type and of profiles.

Run it after a change of a type: `python scripts/make_schemas.py`. A test compares what
it makes with what is there.

The base is what msgspec reads from the types; added is what types cannot say and a
schema can. Beyond any schema, and checked by the node alone: the canonical byte form
(also: `1.0` is an integer to a schema), signatures, that a key's id belongs to it, and
that an origin, an organisation and key names agree with each other.
"""

import json
from pathlib import Path
from typing import Any, Final

import msgspec

from federation.records.about import About
from federation.records.canonical import FORBIDDEN_CLASS
from federation.records.keystatement import KeyStatement
from federation.records.logclosed import LogClosed
from federation.records.profile import PARTY_CONTESTS, ProfileFile
from federation.records.result import FIGURES, TpsResult
from federation.records.withdrawal import Withdrawal

FOLDER: Final = Path(__file__).resolve().parent.parent / "schemas"
KINDS: Final[dict[str, type]] = {
    "about-1": About,
    "key-statement-1": KeyStatement,
    "log-closed-1": LogClosed,
    "profile": ProfileFile,
    "tps-result-1": TpsResult,
    "withdrawal-1": Withdrawal,
}

Json = dict[str, Any]

# Surrogates cannot stand in JSON text, and not in the file of a schema either.
_TEXT: Final = f"^[^{FORBIDDEN_CLASS.replace(chr(0xD800) + '-' + chr(0xDFFF), '')}]*$"
_VKEY: Final = r"^[^ +]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+={0,2}$(?!\n)"
_SUCCESSOR: Final = r"/(?:[2-9]|[1-9][0-9]{1,2})$(?!\n)"


def make_schemas() -> dict[str, str]:
    """The text of every schema file by its name."""
    return {f"{name}.json": _make_schema(name) for name in KINDS}


def _make_schema(name: str) -> str:
    made = msgspec.json.schema(KINDS[name])
    # A profile is never signed: an operator chooses it, and its texts are free.
    if name != "profile":
        _restrict_texts(made)
    members: Json = made["$defs"][KINDS[name].__name__]
    _ADD.get(name, lambda _members, _defs: None)(members, made["$defs"])
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:tps-federation:schema:{name}",
        **made,
    }
    return json.dumps(schema, ensure_ascii=True, indent=1, sort_keys=True) + "\n"


def _restrict_texts(schema: object) -> None:
    """Every free text: no code point that is forbidden; every vkey: its form."""
    if isinstance(schema, list):
        for item in schema:
            _restrict_texts(item)
    if not isinstance(schema, dict):
        return
    if schema.get("type") == "string" and "pattern" not in schema:
        schema["pattern"] = _VKEY if schema.get("maxLength") == 600 else _TEXT
    for item in schema.values():
        _restrict_texts(item)


def _add_to_result(members: Json, defs: Json) -> None:
    defs["Part"]["minProperties"] = 1
    members["properties"]["figures"]["propertyNames"] = {"enum": list(FIGURES)}
    says = ["candidates", "evidence", "figures", "parties"]
    members["anyOf"] = [{"required": [name]} for name in says]
    of_parties = {"properties": {"contest": {"enum": sorted(PARTY_CONTESTS)}}}
    members["if"] = of_parties
    members["then"] = {"not": {"required": ["candidates"]}}
    members["else"] = {"not": {"required": ["parties"]}}


def _add_to_keys(members: Json, _defs: Json) -> None:
    first = {"properties": {"version": {"const": 1}}}
    successor = {"properties": {"origin": {"pattern": _SUCCESSOR}}}
    members["allOf"] = [
        _only_if(first, negate=True, name="previous"),
        _only_if(successor, negate=False, name="follows"),
    ]
    role: Json = {"properties": {"role": {"const": "log"}}, "required": ["role"]}
    other: Json = {"properties": {"role": {"const": "records"}}, "required": ["role"]}
    members["properties"]["keys"]["allOf"] = [{"contains": role}, {"contains": other}]


def _only_if(condition: Json, *, negate: bool, name: str) -> Json:
    """This member is required under the condition, and not allowed else."""
    required, absent = {"required": [name]}, {"not": {"required": [name]}}
    outcomes = (absent, required) if negate else (required, absent)
    return {"if": condition, "then": outcomes[0], "else": outcomes[1]}


def _add_to_profile(members: Json, _defs: Json) -> None:
    contests = members["properties"]["contests"]
    rules = contests.pop("additionalProperties")
    contests["additionalProperties"] = False
    parties = {"allOf": [rules, {"not": {"required": ["candidates"]}}]}
    candidates = {"allOf": [rules, {"not": {"required": ["parties"]}}]}
    contests["properties"] = {
        name: parties if name in PARTY_CONTESTS else candidates
        for name in ("pdpd", "pdpr", "pdprdk", "pdprdp", "pkwkk", "pkwkp", "ppwp")
    }


_ADD: Final = {
    "key-statement-1": _add_to_keys,
    "profile": _add_to_profile,
    "tps-result-1": _add_to_result,
}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file_name, text in make_schemas().items():
        (FOLDER / file_name).write_text(text)
