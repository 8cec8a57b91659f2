"""Write docs/reference/records.md: the members of everything that is signed.

Run it after a change of a type: `make docs`. A test compares what it makes with what
is there.

Table: `federation/records/kinds.py`
"""

import inspect
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

from federation.records.canonical import PLAIN
from federation.records.kinds import (
    DOCUMENTS,
    KINDS,
    RecordKind,
    type_name,
)
from federation.records.schema import make_definitions
from federation.text import Text

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
member in brackets may be left out; `type` is the heading.
"""
_ENDS: Final = "$(?!\\n)"


def make_page() -> str:
    """The text of the page."""
    structs = (*KINDS, *DOCUMENTS)
    made = make_definitions(structs, "{name}")
    text = _HEAD
    for struct in structs:
        where = _standing(KINDS[struct]) if struct in KINDS else "It stands in no log."
        text += f"\n## `{type_name(struct)}`\n\n"
        text += _describe(made[struct.__name__], where)
    parts = sorted(made.keys() - {struct.__name__ for struct in structs})
    text += "\n## Parts of these\n"
    for name in parts:
        text += f"\n### `{name}`\n\n" + _describe(made[name])
    return text


def _describe(definition: Json, where: str = "") -> str:
    about = " ".join(f"{definition['description']} {where}".split())
    return f"{about}\n\n" + "".join(_table(definition))


def _standing(kind: RecordKind[Any]) -> str:
    """What follows from such a record, in sentences."""
    logs = " or ".join(sorted(kind.logs))
    said = [f"Signed by the key of role `{kind.signer}`, for logs that are {logs}."]
    if kind.empties_slot:
        said.append("Nothing of the organisation stands in its slot afterwards.")
    elif kind.slot:
        said.append("Of a slot only the latest of an organisation counts.")
    elif kind.subject:
        said.append("Of each it speaks of only the latest of an organisation counts.")
    if kind.ends_log:
        said.append("Nothing behind it is valid.")
    rules = filter(None, (kind.rules, kind.rules_in_log))
    said += [f"Refused: {refused}" for rule in rules if (refused := _refused(rule))]
    return " ".join(said)


def _refused(rule: Callable[..., None]) -> str:
    """What a rule refuses, as it says itself."""
    return (inspect.getdoc(rule) or "").partition("RecordError: ")[2]


def _table(definition: Json) -> Iterator[str]:
    required = definition.get("required", ())
    yield "| member | value |\n|---|---|\n"
    for member, value in definition["properties"].items():
        if member != "type":
            shown = f"`{member}`" if member in required else f"[`{member}`]"
            yield f"| {shown} | {_value(value)} |\n"


def _value(schema: Json) -> str:
    """The values of a schema, in words."""
    if "$ref" in schema:
        return f"[`{schema['$ref']}`](#{schema['$ref'].lower()})"
    if "enum" in schema:
        return _either(schema["enum"])
    if schema["type"] == "integer":
        return f"{schema['minimum']} … {schema['maximum']}"
    if schema["type"] == "array":
        return f"{_count(schema, 'Items')}, each {_value(schema['items'])}"
    if schema["type"] == "object":
        names = _value({"type": "string", **schema["propertyNames"]})
        entry = _value(schema["additionalProperties"])
        return f"{_count(schema, 'Properties')} by name, each {entry}; names: {names}"
    return _text(schema)


def _text(schema: Json) -> str:
    if pattern := schema.get("pattern"):
        plain = pattern.removeprefix("^").removesuffix(_ENDS).replace("|", "\\|")
        if pattern in PLAIN:
            return Text("en")(PLAIN[pattern])
        return f"text of the form `{plain}`"
    return f"text of {schema.get('minLength', 0)} … {schema['maxLength']} characters"


def _count(schema: Json, of: str) -> str:
    least, most = schema.get(f"min{of}", 0), schema.get(f"max{of}")
    return f"{least} or more" if most is None else f"{least} … {most}"


def _either(words: Iterable[object]) -> str:
    return ", ".join(f"`{word}`" for word in words)


if __name__ == "__main__":
    PAGE.write_text(make_page(), encoding="utf-8")
