"""What a row that is handed in looks like: the record that it becomes, as it is sent.

Rule: the form that every program can send, no other spelling; what the node says itself
is not in it. Rows are read one by one and more is understood than stands here (`01`,
`61.0`, a place by its parts), so that this describes and nothing is refused by it. Said
without `if` and `oneOf`, which generators of clients do not know: what is asked of
members together is told in words.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from federation.records.incident import Incident
from federation.records.result import TpsResult
from federation.records.schema import make_definitions

_COMPONENT: Final = "#/components/schemas/{name}"
#: What the node says itself: a row that has one of these is refused.
_BY_THE_NODE: Final = frozenset({"type", "org", "election", "recorded_at"})
_TOGETHER: Final = frozenset({"if", "then", "else", "anyOf", "oneOf", "not"})


@dataclass(frozen=True, kw_only=True)
class RowForm:
    """A row by its name in the document.

    `given`: members that a record has and a row may leave out, each with what follows.
    """

    name: str
    record: type
    description: str
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def reference(self) -> dict[str, Any]:
        """A schema that is this one."""
        return {"$ref": _COMPONENT.format(name=self.name)}

    def definitions(self) -> dict[str, Any]:
        """The schema of the row by its name, and those of which it consists."""
        made = make_definitions([self.record], _COMPONENT)
        schema = made.pop(self.record.__name__)
        for name, follows in self.given.items():
            schema["properties"][name]["description"] = follows
        left_out = _BY_THE_NODE | self.given.keys()
        return {
            **made,
            self.name: {
                **{
                    name: said for name, said in schema.items() if name not in _TOGETHER
                },
                "title": self.name,
                "description": self.description,
                "properties": {
                    name: member
                    for name, member in schema["properties"].items()
                    if name not in _BY_THE_NODE
                },
                "required": [n for n in schema["required"] if n not in left_out],
            },
        }


RESULT_ROW: Final = RowForm(
    name="ResultDraft",
    record=TpsResult,
    description="What one form says. At least one of `candidates`, `parties` (of a "
    "contest of parties, in place of `candidates`), `figures` and `evidence`; what was "
    "not read is left out, 0 is zero. `kelurahan` and `number` may stand in place of "
    "`tps`; other spellings that mean one thing are understood, too. A row that names "
    "a `region` in place of a station is a recapitulation: the members of `recap/1`.",
    given={
        "form": "left out: unknown",
        "review": "left out: unreviewed",
        "round": "left out: reguler",
        "source": "left out: observer",
    },
)
REPORT_ROW: Final = RowForm(
    name="IncidentDraft",
    record=Incident,
    description="A violation that somebody reported, at a station (`tps`) or in a "
    "`region`, one of both. Nobody who did, saw or told it is named.",
    given={
        "id": "left out: it follows from `ref`, or from what the report says",
        "reported_at": "left out: now",
    },
)
