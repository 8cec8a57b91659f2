"""Rows of one file or batch that speak of one slot: which count, which cannot both be.

Rule: the order of rows decides nothing. A slot is (tps, contest, round, KPU's or not).
Of its rows

- those with equal votes and figures count once, the fullest of them, unless each
  shows a photo that the others do not have;
- those with different votes or figures contradict each other: none is taken, and each
  is told the others' numbers and where they differ;
- a `ref` with different `revision`s orders its own rows: the newest speaks for them,
  and an older one contradicts nobody;
- one revision of a `ref` is of one slot: of two stations for one photo neither is
  taken, and of two revisions the newer one knows where the photo is from;
- a row with photos alone says nothing of the votes, so it contradicts nobody either.

What was said on another day, in another file, is not looked at here: saying something
else later is how a result is corrected.

    judge_slot([BatchRow(2, {"candidates": {"01": 5}, …}), BatchRow(9, {…})])
    → {2: SlotAnswer("contradicts", (9,), ("candidates.01",)), 9: …}
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from federation.records.canonical import encode
from federation.records.numbering import numbering
from federation.text import Sentence

VOTES = ("candidates", "parties", "figures")
MAX_NAMED = 5
_FIGURES = "figures."
# Instead of members: the rows are of one `ref`, or of two numberings.
REF, NUMBERINGS = ("ref",), ("numbering",)

RecordMembers: TypeAlias = Mapping[str, Any]


class BatchRow(NamedTuple):
    """A row by the number that its sender knows, and the members of its draft."""

    number: int
    members: RecordMembers

    @property
    def revision(self) -> int | None:
        """Which one of its `ref` it is; None: it is of none."""
        return self.members.get("revision") if "ref" in self.members else None


class Referred(NamedTuple):
    """A row that is a revision of something: `ref` and contest, and its slot."""

    number: int
    ref: Hashable
    revision: int
    slot: Hashable


class SlotAnswer(NamedTuple):
    """Why a row does not go in by itself.

    `repeats`: `rows` is the one that says the same and counts. `outdated`: it is a
    newer revision, of another station. `contradicts`: `rows` are the others of its
    slot, or its `ref`; `members` where they differ, dotted.
    """

    kind: Literal["repeats", "outdated", "contradicts"]
    rows: tuple[int, ...]
    members: tuple[str, ...] = ()


def find_repeated(slots: Iterable[tuple[int, Hashable]]) -> list[list[int]]:
    """The numbers of the rows of each slot that stands in more than one."""
    first: dict[Hashable, int] = {}
    repeated: dict[Hashable, list[int]] = {}
    for number, slot in slots:
        # Hardly any slot is there twice: a list for each would take longer than this.
        other = first.setdefault(slot, number)
        if other != number:
            repeated.setdefault(slot, [other]).append(number)
    return list(repeated.values())


def judge_slot(rows: Sequence[BatchRow]) -> dict[int, SlotAnswer]:
    """The answers to rows of one slot; who has none in it is taken."""
    spoken = [row for row in rows if has_votes(row.members)]
    chains = _chains(spoken)
    newest = [row for row in spoken if not _is_older(row, chains)]
    groups = [newest, *_same_revision(spoken)]
    if differing := next(filter(None, map(_differing, groups)), ()):
        everybody = [row.number for row in spoken]
        return {
            number: SlotAnswer(
                "contradicts",
                # Each of very many naming all would be the square of them.
                tuple(other for other in everybody[: MAX_NAMED + 2] if other != number),
                differing,
            )
            for number in everybody
        }
    answers = _repeated(newest, chains)
    for group in groups[1:]:
        if _is_older(group[0], chains):
            answers |= _repeated(group, chains)
    counting = {
        row.members.get("ref"): row for row in newest if row.number not in answers
    }
    for row in spoken:
        # What stands behind a row that does not count does not count either: it would
        # come after the one that does, with other votes.
        if _is_older(row, chains) and row.members["ref"] not in counting:
            same = next(iter(counting.values()))
            answers[row.number] = SlotAnswer("repeats", (same.number,))
    unread = [row for row in rows if not has_votes(row.members)]
    return answers | _repeated(unread, {})


def judge_refs(rows: Iterable[Referred]) -> dict[int, SlotAnswer]:
    """The answers to rows whose `ref` is of several slots; before `judge_slot`."""
    by_ref: dict[Hashable, list[Referred]] = defaultdict(list)
    for row in rows:
        by_ref[row.ref].append(row)
    answers: dict[int, SlotAnswer] = {}
    for several in by_ref.values():
        if len(several) == 1 or len({row.slot for row in several}) == 1:
            continue
        newest = max(row.revision for row in several)
        speakers = [row for row in several if row.revision == newest]
        if len({row.slot for row in speakers}) > 1:
            few = _some_of_each_slot(several)
            for row in several:
                others = tuple(other.number for other in few if other.slot != row.slot)
                answers[row.number] = SlotAnswer("contradicts", others, REF)
        else:
            same = (speakers[0].number,)
            older = (row.number for row in several if row.revision < newest)
            answers |= {number: SlotAnswer("outdated", same) for number in older}
    return answers


def _some_of_each_slot(rows: Iterable[Referred]) -> list[Referred]:
    """Enough rows to name to each; all of very many would be the square of them."""
    counted: dict[Hashable, int] = {}
    few = []
    for row in rows:
        count = counted.get(row.slot, 0)
        if count > MAX_NAMED or (not count and len(counted) > MAX_NAMED + 1):
            continue
        counted[row.slot] = count + 1
        few.append(row)
    return few


def has_votes(members: RecordMembers) -> bool:
    """Whether a row says numbers, and not that a photo is there alone."""
    return any(name in members for name in VOTES)


def explain(answer: SlotAnswer) -> Sentence:
    """The answer as a sentence; rows by the numbers that were given."""
    rows = name_rows(answer.rows)
    if answer.kind == "repeats":
        return Sentence("intake.repeats", rows=rows)
    if whole := explain_whole(answer, rows):
        return whole
    members = ", ".join(answer.members[:MAX_NAMED])
    if len(answer.members) > MAX_NAMED:
        members += ", …"
    return Sentence("intake.contradicts", rows=rows, members=members)


def explain_whole(answer: SlotAnswer, rows: str) -> Sentence | None:
    """An answer that is not of members in which rows differ, wherever it is told."""
    if answer.kind == "outdated":
        return Sentence("intake.outdated", rows=rows)
    if answer.members == REF:
        return Sentence("intake.one-ref", rows=rows)
    if answer.members == NUMBERINGS:
        return Sentence("intake.two-numberings", rows=rows)
    return None


def name_rows(numbers: Sequence[int]) -> str:
    """A few of these numbers, and that there are more."""
    shown = ", ".join(str(number) for number in numbers[:MAX_NAMED])
    return shown + (", …" if len(numbers) > MAX_NAMED else "")


def _chains(rows: Sequence[BatchRow]) -> dict[str, int]:
    """The newest revision of each `ref` that comes in several."""
    by_ref: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        if row.revision is not None:
            by_ref[row.members["ref"]].add(row.revision)
    return {ref: max(some) for ref, some in by_ref.items() if len(some) > 1}


def _told(members: RecordMembers) -> dict[str, int]:
    """The numbers of a row by their dotted names."""
    return {
        name: value
        for block in VOTES
        for name, value in _flatten(block, members.get(block, {}))
    }


def _flatten(name: str, value: Any) -> Iterator[tuple[str, int]]:  # noqa: ANN401 - a number or an object of them
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flatten(f"{name}.{key}", inner)
    else:
        yield name, value


def _differing(rows: Sequence[BatchRow]) -> tuple[str, ...]:
    """The names of which not all say the same.

    A vote that only some rows have is a difference: for nobody it is zero. Another
    figure that a row lacks was not read there and denies nothing; but where one row
    has what another lacks and the reverse, neither is the result. Votes by two
    numberings are not compared at all.
    """
    kinds = {numbering(row.members.get("candidates", ())) for row in rows}
    if {"b", "k"} <= {kind.replace("w", "") for kind in kinds}:
        return NUMBERINGS
    told = [_told(row.members) for row in rows]
    names = sorted({name for numbers in told for name in numbers})
    fullest: Mapping[str, int] = max(told, key=len, default={})
    return tuple(
        name
        for name in names
        if name not in fullest
        or any(
            numbers.get(name) != fullest[name]
            for numbers in told
            if name in numbers or not name.startswith(_FIGURES)
        )
    )


def _same_revision(rows: Sequence[BatchRow]) -> Iterable[list[BatchRow]]:
    """The rows of each revision, which can have said one thing only."""
    groups: dict[tuple[str, int], list[BatchRow]] = defaultdict(list)
    for row in rows:
        if row.revision is not None:
            groups[row.members["ref"], row.revision].append(row)
    return groups.values()


def _is_older(row: BatchRow, chains: Mapping[str, int]) -> bool:
    """Whether a newer revision of the same thing is there."""
    return row.revision is not None and row.revision < chains.get(
        row.members["ref"], row.revision
    )


def _repeated(
    rows: Sequence[BatchRow], chains: Mapping[str, int]
) -> dict[int, SlotAnswer]:
    """Of rows with equal votes: those that another one says as well."""
    kept: list[tuple[int, frozenset[str]]] = []
    answers: dict[int, SlotAnswer] = {}
    for number, members in sorted(rows, key=lambda row: _rank(row, chains)):
        photos = _photos(members)
        same = next((other for other, shown in kept if photos <= shown), None)
        if same is None:
            kept.append((number, photos))
        else:
            answers[number] = SlotAnswer("repeats", (same,))
    return answers


def _rank(
    row: BatchRow, chains: Mapping[str, int]
) -> tuple[bool, int, bool, int, int, bytes, int]:
    """The fullest first; of two alike whichever has the smaller text, not the place."""
    members = {k: v for k, v in row.members.items() if k != "recorded_at"}
    speaks = row.revision is not None and row.members["ref"] in chains
    return (
        not speaks,
        -len(_told(members)),
        members.get("review") != "reviewed",
        -len(_photos(members)),
        -len(members),
        encode(members),
        row.number,
    )


def _photos(members: RecordMembers) -> frozenset[str]:
    return frozenset(str(photo.get("sha256")) for photo in members.get("evidence", ()))
