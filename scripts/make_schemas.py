"""Write `schemas/*.json`: JSON Schema 2020-12 of every signed type and of profiles.

Run it after a change of a type: `python scripts/make_schemas.py`. A test compares what
it makes with what is there.

What each says is `records/schema.py`; added is which texts are free, and of profiles
what a contest may list. Beyond any schema, and checked by the node alone: the canonical
byte form (also: `1.0` is an integer to a schema), signatures, that a key's id belongs
to it, and that an origin, an organisation and key names agree with each other.
"""

import json
from pathlib import Path
from typing import Any, Final

from federation.records.canonical import FORBIDDEN_CLASS
from federation.records.kinds import DOCUMENTS, KINDS, type_name
from federation.records.profile import PARTY_CONTESTS, ProfileFile
from federation.records.schema import make_definitions

FOLDER: Final = Path(__file__).resolve().parent.parent / "schemas"

Json = dict[str, Any]
_REF: Final = "#/$defs/{name}"

# Surrogates cannot stand in JSON text, and not in the file of a schema either.
_TEXT: Final = f"^[^{FORBIDDEN_CLASS.replace(chr(0xD800) + '-' + chr(0xDFFF), '')}]*$"
_VKEY: Final = r"^[^ +]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]+={0,2}$(?!\n)"


def make_schemas() -> dict[str, str]:
    """The text of every schema file by its name."""
    made = {}
    for struct in (*KINDS, *DOCUMENTS):
        definitions = make_definitions([struct], _REF)
        _restrict_texts(definitions)
        name = type_name(struct).replace("/", "-")
        made[f"{name}.json"] = _format(name, struct, definitions)
    # A profile is never signed: an operator chooses it, and its texts are free.
    definitions = make_definitions([ProfileFile], _REF)
    _add_to_profile(definitions["ProfileFile"])
    made["profile.json"] = _format("profile", ProfileFile, definitions)
    return made


def _format(name: str, struct: type, definitions: Json) -> str:
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:tps-federation:schema:{name}",
        "$ref": _REF.format(name=struct.__name__),
        "$defs": definitions,
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


def _add_to_profile(members: Json) -> None:
    contests = members["properties"]["contests"]
    rules = contests.pop("additionalProperties")
    contests["additionalProperties"] = False
    parties = {"allOf": [rules, {"not": {"required": ["candidates"]}}]}
    candidates = {"allOf": [rules, {"not": {"required": ["parties"]}}]}
    contests["properties"] = {
        name: parties if name in PARTY_CONTESTS else candidates
        for name in ("pdpd", "pdpr", "pdprdk", "pdprdp", "pkwkk", "pkwkp", "ppwp")
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for file_name, text in make_schemas().items():
        (FOLDER / file_name).write_text(text)
