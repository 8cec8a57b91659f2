"""Who else confirms a log, and since when: cosignatures judged.

Rule: only keys that somebody whom the auditor trusts stands behind count: the witnesses
of the trust file, and the mirror keys in pinned chains of other organisations. By its
mirror key an organisation says that it holds the log and has verified it; any other key
is an outside witness's, which says that the log only grew. A line by a key that is not
known means nothing, a bad line by a known one is a finding. Times are the cosigners'
own; none later than `as_of` counts, and one from the future says nothing about how
fresh a log is.

Source: C2SP tlog-cosignature v1, tlog-witness
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from federation.config.fingerprint import fingerprint
from federation.flows.audit.keyring import Quorum, Trust
from federation.flows.audit.report import Holding
from federation.records.keychain import KeyChain
from federation.records.keystatement import key_name
from federation.text import Sentence
from federation.tlog.checkpoint import SignedCheckpoint
from federation.tlog.cosignature import Cosignature, open_cosignatures
from federation.tlog.keys import VerifierKey
from federation.tlog.note import Note, format_note, parse_note

_SKEW_S: Final = 86_400


@dataclass(frozen=True, kw_only=True)
class Ages:
    """What counts in time: Unix seconds, `max_age_s` before `as_of` or else `now`."""

    now: int
    as_of: int | None = None
    max_age_s: int | None = None

    def counts(self, time: int) -> bool:
        """Whether a cosignature of this time is considered."""
        return self.as_of is None or time <= self.as_of

    def is_ahead(self, time: int) -> bool:
        """Whether this time is still to come, by more than clocks differ."""
        return time > self.now + _SKEW_S

    def is_stale(self, newest: int | None) -> bool:
        """Whether the newest cosignature, or none, is too old."""
        if self.max_age_s is None:
            return False
        until = self.now if self.as_of is None else self.as_of
        return newest is None or newest < until - self.max_age_s


class _OfSize(NamedTuple):
    """The cosignatures of a checkpoint of this size that count."""

    size: int
    good: list[Cosignature]
    quorum: Quorum


class Judged(NamedTuple):
    """Who holds a log up to `size`, whether they are enough, and what is wrong."""

    held: tuple[Holding, ...]
    size: int
    quorum: Quorum
    findings: list[tuple[str, Sentence | None]]


@dataclass
class HolderKeys:
    """The keys that may say so, by key: the name by which people know it.

    `strangers`: keys of organisations that nobody vouches for, each with the
    fingerprint of the identity that named it: shown, and never counted.
    """

    trust: Trust
    ages: Ages
    names: dict[VerifierKey, str] = field(default_factory=dict)
    strangers: dict[VerifierKey, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.names.update(self.trust.witnesses())

    def learn(self, pinned: Iterable[KeyChain], others: Iterable[KeyChain]) -> None:
        """Know the mirror keys of pinned chains, and of those that are not."""
        for chain in pinned:
            for key in chain.mirror_keys():
                self.names.setdefault(key, key.name)
        for chain in others:
            for key in chain.mirror_keys():
                if key not in self.names:
                    self.strangers[key] = fingerprint(chain.identity)

    def read(self, note: bytes, org: str) -> tuple[list[Cosignature], list[str]]:
        """The cosignatures of a checkpoint that count, and who signed badly.

        Args:
            note: Of a checkpoint that its log has signed.
            org: Whose log it is: what it says of itself counts for nothing.

        Raises:
            FormatError: not the note of a checkpoint.
        """
        known = {key: name for key, name in self.names.items() if _org(key) != org}
        good = [
            cosignature
            for cosignature in open_cosignatures(note, known)
            if self.ages.counts(cosignature.time)
        ]
        return good, sorted(_bad(note, known))

    def judge(self, signed: SignedCheckpoint, org: str) -> "Judged":
        """What the cosignatures of one checkpoint come to; `org`: whose log it is."""
        return self.judge_all([signed], org)

    def judge_all(self, shown: Sequence[SignedCheckpoint], org: str) -> "Judged":
        """What the cosignatures of a log's checkpoints come to.

        The newest that counts is asked for the quorum: the first of them, or, where the
        audit is of an earlier time, the largest that was cosigned to it by then.

        Args:
            shown: With the cosignatures, the newest first.
            org: Whose log it is.
        """
        findings, sizes = list[tuple[str, Sentence | None]](), list[_OfSize]()
        for signed in shown:
            good, bad = self.read(signed.note, org)
            findings += (
                ("cosignature", Sentence("audited.bad-line", name=name)) for name in bad
            )
            quorum = self.trust.quorum(self.witnesses(good))
            sizes.append(_OfSize(signed.size, good, quorum))
        chosen = self._choose(sizes)
        if chosen.quorum == "not-met":
            detail = Sentence(
                "audited.that-count", count=len(chosen.good), size=chosen.size
            )
            findings.append(("quorum", detail))
        times = [cosignature.time for of in sizes for cosignature in of.good]
        past = [time for time in times if not self.ages.is_ahead(time)]
        if self.ages.is_stale(max(past, default=None)):
            findings.append(("stale", Sentence("audited.too-old")))
        if not times:
            findings.append(("no-cosignature", None))
            return Judged(*self._claimed(shown, org), chosen.quorum, findings)
        told = chosen
        if not chosen.good:
            told = max(
                (of_size for of_size in sizes if of_size.good),
                key=lambda of_size: of_size.size,
            )
        return Judged(self.held(told.good), told.size, chosen.quorum, findings)

    def _claimed(
        self, shown: Sequence[SignedCheckpoint], org: str
    ) -> tuple[tuple[Holding, ...], int]:
        """What strangers say of the newest checkpoint that any of them cosigned."""
        keys = [key for key in self.strangers if _org(key) != org]
        for signed in shown:
            good = [
                cosignature
                for cosignature in open_cosignatures(signed.note, keys)
                if self.ages.counts(cosignature.time)
            ]
            if good:
                return self.held(good), signed.size
        return (), 0

    def _choose(self, sizes: Sequence["_OfSize"]) -> "_OfSize":
        if self.ages.as_of is None:
            return sizes[0]
        enough = [
            of_size for of_size in sizes if of_size.good and of_size.quorum != "not-met"
        ]
        return max(enough, key=lambda of_size: of_size.size, default=sizes[0])

    def held(self, cosignatures: Iterable[Cosignature]) -> tuple[Holding, ...]:
        """The same for a report, the earliest first."""
        rows = (
            Holding(
                name=self.names.get(cosignature.key, cosignature.key.name),
                org=_org(cosignature.key),
                time=cosignature.time,
                ahead=self.ages.is_ahead(cosignature.time),
                vouched=cosignature.key in self.names,
                holds=_is_mirror(cosignature.key),
                fingerprint=self.strangers.get(cosignature.key, ""),
            )
            for cosignature in cosignatures
        )
        return tuple(sorted(rows, key=lambda holding: (holding.time, holding.name)))

    def witnesses(self, cosignatures: Iterable[Cosignature]) -> set[str]:
        """The names in the trust file of those who signed."""
        known = self.trust.witnesses()
        return {
            known[cosignature.key]
            for cosignature in cosignatures
            if cosignature.key in known
        }


def _org(key: VerifierKey) -> str:
    return key.name.partition("/")[0]


def _is_mirror(key: VerifierKey) -> bool:
    """Whether the key has the name that a node's has, which no other role may have."""
    org = _org(key)
    return key.name == key_name("mirror", org, "")


def _bad(note: bytes, known: Mapping[VerifierKey, str]) -> set[str]:
    """The names of known keys with a line that does not verify."""
    opened = parse_note(note)
    named = {(key.name, key.key_id): key for key in known}
    names = set()
    for line in opened.signatures:
        key = named.get((line.name, line.key_id))
        if key is None:
            continue
        alone = format_note(Note(opened.text, (line,)))
        if not open_cosignatures(alone, [key]):
            names.add(known[key])
    return names
