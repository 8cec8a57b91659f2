"""What becomes of what an editor has read: a record of ours, or a question back.

Rule: a wrong form is what monitors look for, so sums that do not hold, and votes that
are not there, are asked about once and then signed as they stand. What we say of a
station is one statement, so:

    we have no numbers yet       signed, `unreviewed`: one person has read it
    another of us read the same  ours is said again, `reviewed`: two read it alike
    the same, and it is that     nothing is signed
    ours are others              both are shown; who has seen both decides: `reviewed`

A reading of a partner's photograph is `derived_from` the partner's record and names its
files: it credits both organisations and adds no independence. Where the same numbers
are ours already, from a source of our own, they stay what they are: only a person's
second look is added. What was not typed stays as we said it, and so do the files.
"""

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import msgspec
from msgspec import UNSET

from federation.flows.queue.sources import FormSources, SignedReading
from federation.records.canonical import convert
from federation.records.claim import claim_of_result
from federation.records.profile import Profile
from federation.records.result import MOST_FILES, TpsResult, check_result, failed_rules

ReadingDecision: TypeAlias = Literal["", "mine", "ours"]
DraftRecord: TypeAlias = dict[str, Any]

#: Asked about like a sum: nobody has typed the votes of all who stand there.
INCOMPLETE: Final = "incomplete"
#: What the signing fills in, and what another system calls the record that it sent.
_NOT_RESTATED: Final = frozenset(
    {"election", "org", "recorded_at", "ref", "revision", "type"}
)


class Reading(NamedTuple):
    """What an editor says.

    Attributes:
        members: Of a result: candidates, parties, figures, form.
        accepted: The rules of sums that it may break.
        decision: Of our numbers and these, which shall stand, once both were seen.
        was_read: This person has read it before.
        contributor: The person's pseudonym, if there is one.
    """

    members: Mapping[str, Any]
    accepted: frozenset[str] = frozenset()
    decision: ReadingDecision = ""
    was_read: bool = False
    contributor: str = ""


class Decided(NamedTuple):
    """What follows: a draft to be signed, or none and why.

    `sums`: the rules that it breaks, or INCOMPLETE, and nobody has accepted.
    `differs`: our numbers are others. `confirmed`: ours are the same, and nothing is
    to be signed.
    """

    outcome: Literal["sign", "sums", "differs", "confirmed"]
    draft: Mapping[str, Any] = {}
    rules: tuple[str, ...] = ()


def decide(
    sources: FormSources, cited: SignedReading, reading: Reading, profile: Profile
) -> Decided:
    """What becomes of a reading of the photographs of `cited`.

    Raises:
        RecordError: it says nothing, or not in the terms of its contest.
    """
    read = _as_result(sources, cited, reading)
    rules = failed_rules(read, profile)
    if not claim_of_result(read, 0, "", profile, 1).complete:
        rules = (*rules, INCOMPLETE)
    if not reading.accepted.issuperset(rules):
        return Decided("sums", rules=rules)
    own = sources.own
    if own is None or own.claim.kind != "votes":
        return Decided("sign", _draft(sources, cited, reading, "unreviewed"))
    if is_same(own, read, profile) or reading.decision == "ours":
        if own.claim.review == "reviewed" or (
            reading.was_read and reading.decision != "ours"
        ):
            return Decided("confirmed")
        return Decided("sign", _reviewed(own, reading))
    if reading.decision == "mine":
        return Decided("sign", _draft(sources, cited, reading, "reviewed"))
    return Decided("differs")


def is_same(own: SignedReading, read: TpsResult, profile: Profile) -> bool:
    """Whether a reading says what we say: the votes, and each number that both have."""
    votes = claim_of_result(read, 0, "", profile, 1).votes
    if votes != own.claim.votes:
        return False
    ours = {} if own.result.figures is UNSET else own.result.figures
    theirs = {} if read.figures is UNSET else read.figures
    if any(ours[name] != theirs[name] for name in ours.keys() & theirs.keys()):
        return False
    said, typed = _within_parties(own.result), _within_parties(read)
    return all(said[name] == typed[name] for name in said.keys() & typed.keys())


def _within_parties(result: TpsResult) -> dict[tuple[str, str], int]:
    """Each party's own votes, and those of its candidates, by both their numbers."""
    found = {}
    for number, part in ({} if result.parties is UNSET else result.parties).items():
        if part.partai is not UNSET:
            found[number, ""] = part.partai
        for caleg, votes in ({} if part.caleg is UNSET else part.caleg).items():
            found[number, caleg] = votes
    return found


def _as_result(
    sources: FormSources, cited: SignedReading, reading: Reading
) -> TpsResult:
    """What was read, as a record of nobody yet, to be judged by the rules of sums."""
    result = cited.result
    members = {
        "contest": result.contest,
        "election": result.election,
        "form": result.form,
        "org": result.org,
        "recorded_at": result.recorded_at,
        "review": "unreviewed",
        "round": sources.round,
        "source": result.source,
        "tps": result.tps,
        "type": "tps-result/1",
        **reading.members,
    }
    read = convert(members, TpsResult)
    check_result(read)
    return read


def _members(result: TpsResult) -> DraftRecord:
    members = msgspec.to_builtins(result)
    return {name: value for name, value in members.items() if name not in _NOT_RESTATED}


def _reviewed(own: SignedReading, reading: Reading) -> DraftRecord:
    """What we say, said again as two of us read it; with what only the second read."""
    members = _members(own.result)
    figures = {**reading.members.get("figures", {}), **members.get("figures", {})}
    parties = _joined(members, reading.members)
    return {
        **members,
        **({"figures": figures} if figures else {}),
        **({"parties": parties} if parties else {}),
        "review": "reviewed",
    }


def _joined(said: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """The parties of `said`, and of those with the same sum what only `more` says."""
    joined = {}
    for number, part in said.get("parties", {}).items():
        other = more.get("parties", {}).get(number, {})
        if other.get("jumlah") != part.get("jumlah"):
            other = {}
        caleg = {**other.get("caleg", {}), **part.get("caleg", {})}
        joined[number] = {**other, **part, **({"caleg": caleg} if caleg else {})}
    return joined


def _draft(
    sources: FormSources,
    cited: SignedReading,
    reading: Reading,
    review: Literal["reviewed", "unreviewed"],
) -> DraftRecord:
    """A record of ours with these numbers."""
    own = None if sources.own is None else _members(sources.own.result)
    is_own = sources.own is not None and cited.claim.record == sources.own.claim.record
    base = own if is_own and own is not None else _transcript(cited, reading)
    if own is not None and not is_own:
        base = {**base, **_files_of_both(base, own)}
    kept = {} if own is None else own.get("figures", {})
    figures = {**kept, **reading.members.get("figures", {})}
    numbers = ("candidates", "parties", "figures")
    parties = _joined(reading.members, own or {})
    return {
        **{name: value for name, value in base.items() if name not in numbers},
        **reading.members,
        **({"figures": figures} if figures else {}),
        **({"parties": parties} if parties else {}),
        "review": review,
        "round": sources.round,
    }


def _transcript(cited: SignedReading, reading: Reading) -> DraftRecord:
    """What a reading of another's photographs takes over from the record it cites."""
    members = _members(cited.result)
    names = ("contest", "evidence", "form", "observed_at", "source", "tps")
    taken = {name: members[name] for name in names if name in members}
    if reading.contributor:
        taken["contributor"] = reading.contributor
    return {**taken, "derived_from": cited.claim.record}


def _files_of_both(base: DraftRecord, own: DraftRecord) -> DraftRecord:
    """The files of the record that is cited, and those that we have named before."""
    cited: list[dict[str, Any]] = list(base["evidence"])
    known = {file["sha256"] for file in cited}
    ours = [file for file in own.get("evidence", ()) if file["sha256"] not in known]
    return {"evidence": [*cited, *ours][:MOST_FILES]}
