"""What a form looks like on the page: parts, rows and cells, and what is asked back.

Rule: only what the template prints; what a field means: `flows/queue/form.py`.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from federation.flows.queue.form import PARTS, PaperForm
from federation.records.result import SUMS
from federation.text import Text

#: Parts of the paper that stand on its first page: shown closed, they are read seldom.
_FIRST_PAGE: Final = frozenset({"voters", "users", "ballots", "disabled"})


class FormCell(NamedTuple):
    """One field: `label` is what a reader hears of it, `head` what stands above it."""

    name: str
    label: str
    head: str
    value: str
    is_bad: bool


class FormRow(NamedTuple):
    """One line of the paper; `below`: lines of it that are shown closed if none is set.

    Of a party: its candidates.
    """

    number: str
    label: str
    cells: Sequence[FormCell]
    below: Sequence[FormCell] = ()

    @property
    def is_closed(self) -> bool:
        """Whether nothing was typed below."""
        return not any(cell.value for cell in self.below)


class FormPart(NamedTuple):
    """A part of the paper; `is_closed`: it opens when somebody wants it."""

    key: str
    title: str
    rows: Sequence[FormRow]
    is_closed: bool


class ComparedRow(NamedTuple):
    """One field as we say it and as it was typed."""

    label: str
    ours: str
    mine: str


def form_parts(
    t: Text, form: PaperForm, values: Mapping[str, str], bad: Collection[str]
) -> list[FormPart]:
    """The parts of the form, the votes first: they are what is read most.

    Args:
        t: The reader's language.
        form: What there is to fill in.
        values: Of the fields, as they were typed.
        bad: The fields that hold no number.
    """

    def cell(name: str, label: str, head: str = "") -> FormCell:
        return FormCell(name, label, head, values.get(name, ""), name in bad)

    votes = []
    for row in form.votes:
        name = row.name or t("queue.ballot-number", number=row.number)
        below = [
            cell(at, f"{name}: {t('queue.caleg', number=number)}", number)
            for number, at in row.caleg.items()
        ]
        if form.is_of_parties:
            sum_head, own_head = t("queue.party-sum"), t("queue.party-own")
            cells = [
                cell(row.field, f"{name}: {sum_head}", sum_head),
                cell(row.own, f"{name}: {own_head}", own_head),
            ]
        else:
            cells = [cell(row.field, name)]
        votes.append(FormRow(row.number, name, cells, below))
    parts = [FormPart("votes", t("queue.part-votes"), votes, is_closed=False)]
    for key, lines in PARTS:
        rows = []
        for line in lines:
            label = t(f"queue.row-{line[0].removesuffix('_l')}")
            heads = [
                t(f"queue.sex-{name[-1]}") if len(line) > 1 else "" for name in line
            ]
            cells = [
                cell(f"f.{name}", f"{label} {head}".strip(), head)
                for name, head in zip(line, heads, strict=True)
            ]
            rows.append(FormRow("", label, cells))
        names = {cell.name for row in rows for cell in row.cells}
        is_closed = key in _FIRST_PAGE and not any(map(values.get, names))
        parts.append(FormPart(key, t(f"queue.part-{key}"), rows, is_closed))
    return parts


def sum_rules(t: Text, form: PaperForm) -> str:
    """The sums that a script can check while somebody types, as JSON.

    `[{"parts":["f.…"],"rule":"valid_total","text":"…","total":"f.…"}]`: it is looked at
    when all of `parts` were typed, and of `some`, where there is that, at least one.
    """
    votes = {"rule": "votes_sum", "total": "f.suara_sah"}
    rules: list[dict[str, Any]] = [
        {**votes, "parts": [row.field for row in form.votes]}
    ]
    rules += [
        {"rule": rule, "total": f"f.{total}", "parts": [f"f.{name}" for name in names]}
        for rule, (total, names) in SUMS.items()
    ]
    rules += [
        {
            "rule": "party_sum",
            "total": row.field,
            "parts": [row.own],
            "some": [*row.caleg.values()],
            "of": row.name or t("queue.ballot-number", number=row.number),
        }
        for row in form.votes
        if row.caleg
    ]
    for rule in rules:
        said, of = t(f"rules.{rule['rule']}"), rule.pop("of", "")
        rule["text"] = f"{of}: {said}" if of else said
    return msgspec.json.encode(rules).decode()


def compare(
    parts: Sequence[FormPart], ours: Mapping[str, str], mine: Mapping[str, str]
) -> list[ComparedRow]:
    """The fields in which what we say is not what was typed."""
    return [
        ComparedRow(f"{row.number} {cell.label}".strip(), said or "–", typed or "–")
        for part in parts
        for row in part.rows
        for cell in (*row.cells, *row.below)
        if (said := ours.get(cell.name, "")) != (typed := mine.get(cell.name, ""))
        and said + typed
    ]
