"""JSON Schema of what is signed: the shapes of its structs, and the rules beyond them.

A schema says what a line is; the node's own rules (`RecordKind.rules`) say the same, a
test holds both to one table. Beyond any schema: the canonical form, signatures, which
key a key id belongs to, and that origins, organisations and key names agree.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from federation.records.kinds import KINDS

Json: TypeAlias = dict[str, Any]


def make_definitions(structs: Iterable[type], ref_template: str) -> Json:
    """The definition of each struct, and of those within them, by name.

    Args:
        structs: Of `KINDS`, or others that say everything by themselves.
        ref_template: How one definition names another: `#/$defs/{name}`.
    """
    named = tuple(structs)
    _, made = msgspec.json.schema_components(named, ref_template=ref_template)
    for struct in named:
        if struct in KINDS:
            _add(made, KINDS[struct].schema or {})
    return made


def _add(schema: Json, keywords: Mapping[str, Any]) -> None:
    for name, value in keywords.items():
        if isinstance(value, Mapping) and name in schema:
            _add(schema[name], value)
        else:
            schema[name] = value
