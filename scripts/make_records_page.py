"""Write docs/reference/records.md: the members of everything that is signed.

Run it after a change of a type: `make docs`. A test compares what it makes with what
is there.

Table: `federation/records/kinds.py`
"""

import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

from federation.records.canonical import WORDS
from federation.records.kinds import DOCUMENTS, KINDS, PUBLIC, RecordKind
from federation.records.schema import make_definitions

PAGE: Final = (
    Path(__file__).resolve().parent.parent / "docs" / "reference" / "records.md"
)
Json: TypeAlias = dict[str, Any]

_HEAD: Final = """\
<!-- Written by scripts/make_records_page.py out of the types themselves. -->
# Records

Every type of record that a log may hold, and what else is signed. How a record is
written and signed, and when it counts: [protocol](protocol.md#2-records). For programs:
[schemas](../../schemas), which also say which members need or exclude each other. A
member in brackets may be left out.
"""
_ENDS: Final = "$(?!\\n)"


def make_page() -> str:
    """The text of the page."""
    kinds, structs = list(KINDS.values()), [*KINDS, *DOCUMENTS]
    made = make_definitions(structs, "{name}")
    standing = {kind.struct: _standing(kind) for kind in kinds}
    text = _HEAD
    for struct in structs:
        name = struct.__name__
        where = standing.get(struct, "Stands in no log.")
        text += f"\n## `{_type_of(made[name])}`\n\n{_about(struct)} {where}\n\n"
        text += "".join(_table(made, name))
    rest = sorted(made.keys() - {struct.__name__ for struct in structs})
    text += "\n## Parts of records\n"
    for name in rest:
        text += f"\n### `{name}`\n\n" + "".join(_table(made, name))
    return text


def _type_of(definition: Json) -> str:
    return str(definition["properties"]["type"]["enum"][0])


def _about(struct: type) -> str:
    return (inspect.getdoc(struct) or "").replace("\n", " ")


def _standing(kind: RecordKind[Any]) -> str:
    """What follows from such a record, in sentences."""
    logs = "public logs only" if kind.logs == PUBLIC else "logs of every visibility"
    said = [f"It stands in {logs}, signed by the {kind.signer} key."]
    if kind.slot:
        said.append("Of those for one place only the latest of an organisation counts.")
    if kind.empties_slot:
        said.append("Nothing stands there afterwards.")
    if kind.ends_log:
        said.append("Nothing behind it is valid.")
    return " ".join(said)


def _table(made: Json, name: str) -> Iterator[str]:
    required = made[name].get("required", ())
    yield "| member | value |\n|---|---|\n"
    for member, value in made[name]["properties"].items():
        if member != "type":
            shown = f"`{member}`" if member in required else f"[`{member}`]"
            yield f"| {shown} | {_value(value)} |\n"


def _value(schema: Json) -> str:
    """The values of a schema, in words."""
    if "$ref" in schema:
        return f"a [`{schema['$ref']}`](#{schema['$ref'].lower()})"
    if "enum" in schema:
        return _either(schema["enum"])
    if schema["type"] == "integer":
        return f"{schema['minimum']} … {schema['maximum']}"
    if schema["type"] == "array":
        return f"{_count(schema, 'Items')}: {_value(schema['items'])}"
    if schema["type"] == "object":
        names = _value({"type": "string", **schema["propertyNames"]})
        entry = _value(schema["additionalProperties"])
        return f"{_count(schema, 'Properties')} by name, each {entry}; names: {names}"
    return _text(schema)


def _text(schema: Json) -> str:
    if pattern := schema.get("pattern"):
        plain = pattern.removeprefix("^").removesuffix(_ENDS).replace("|", "\\|")
        return WORDS.get(pattern, f"text of the form `{plain}`")
    return f"text of {schema.get('minLength', 0)} … {schema['maxLength']} characters"


def _count(schema: Json, of: str) -> str:
    return f"{schema.get(f'min{of}', 0)} … {schema.get(f'max{of}', 'any number')}"


def _either(words: Iterable[object]) -> str:
    return ", ".join(f"`{word}`" for word in words)


if __name__ == "__main__":
    PAGE.write_text(make_page(), encoding="utf-8")
