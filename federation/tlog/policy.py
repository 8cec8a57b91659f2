"""Trust files: which logs and witnesses count, and how many of them are enough.

Rule: a policy judges one signed checkpoint and nothing else. It is written by hand, so
spaces, comments and empty lines are free; the meaning of each line is not. Names are
octets: two spellings of one look are two names.

    log <vkey> [<url>]
    witness <name> <vkey> [<url>]
    group <name> all|any|<k> <name>...
    quorum <name>|none

A quorum of q among n witnesses of which f may lie rules out two histories only where
2q - n > f; below that a fork is detected, not prevented.

Source: C2SP tlog-policy (draft)
"""

import re
from collections.abc import Collection
from typing import Final, NamedTuple

from federation.errors import FormatError
from federation.text import Sentence
from federation.tlog.checkpoint import parse_decimal
from federation.tlog.keys import (
    ALG_COSIGNATURE,
    ALG_ED25519,
    VerifierKey,
    format_vkey,
    parse_vkey,
)

MAX_POLICY_BYTES: Final = 256_000
NO_QUORUM: Final = "none"

_BAD_OCTET: Final = re.compile(rb"[^\x09\x0a\x20-\x7e\x80-\xff]")
_MAX_LINES_OF_A_KIND: Final = 256


class PolicyLog(NamedTuple):
    """A log that counts."""

    key: VerifierKey
    url: str = ""


class Witness(NamedTuple):
    """A witness; `name` has a meaning inside the file only."""

    name: str
    key: VerifierKey
    url: str = ""


class WitnessGroup(NamedTuple):
    """Witnesses if at least `threshold` of its members do."""

    name: str
    threshold: int
    members: tuple[str, ...]


class Policy(NamedTuple):
    """A trust file; `groups` stand in an order in which each knows its members."""

    logs: tuple[PolicyLog, ...]
    witnesses: tuple[Witness, ...]
    groups: tuple[WitnessGroup, ...]
    quorum: str

    def is_met(self, names: Collection[str]) -> bool:
        """Whether cosignatures by the witnesses of these names are enough."""
        met = {witness.name for witness in self.witnesses if witness.name in names}
        for group in self.groups:
            if sum(member in met for member in group.members) >= group.threshold:
                met.add(group.name)
        return self.quorum == NO_QUORUM or self.quorum in met


def format_policy(policy: Policy) -> bytes:
    """The trust file in the form that we write: no comments, one line each."""
    lines = [f"log {format_vkey(log.key)} {log.url}".rstrip() for log in policy.logs]
    lines += [
        f"witness {witness.name} {format_vkey(witness.key)} {witness.url}".rstrip()
        for witness in policy.witnesses
    ]
    lines += [
        f"group {group.name} {group.threshold} {' '.join(group.members)}"
        for group in policy.groups
    ]
    lines.append(f"quorum {policy.quorum}")
    text = "".join(f"{line}\n" for line in lines)
    return text.encode("utf-8", "surrogateescape")


def parse_policy(data: bytes) -> Policy:
    """The policy in a trust file.

    Raises:
        FormatError: an unknown line, a name used before it is defined, a key or name
            that is there twice, a threshold that no group can meet, or no quorum.
    """
    if len(data) > MAX_POLICY_BYTES:
        raise FormatError(Sentence("trust.policy-large", most=MAX_POLICY_BYTES))
    if _BAD_OCTET.search(data):
        raise FormatError(Sentence("trust.policy-control"))
    if data and not data.endswith(b"\n"):
        raise FormatError(Sentence("trust.policy-end"))
    reader = _PolicyReader()
    # Octets that are not UTF-8 pass through unchanged: names are opaque.
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    for number, line in enumerate(lines, 1):
        # The draft's white space is space and tab; str.split() knows many more.
        words = [word for word in re.split("[ \t]+", line) if word]
        if words and not words[0].startswith("#"):
            reader.read(words, Sentence("trust.policy-at", line=number))
    return reader.policy()


class _PolicyReader:
    """A policy as far as it has been read."""

    def __init__(self) -> None:
        self._logs: list[PolicyLog] = []
        self._witnesses: list[Witness] = []
        self._groups: list[WitnessGroup] = []
        self._quorum: str | None = None
        self._names = {NO_QUORUM}
        self._members: set[str] = set()

    def policy(self) -> Policy:
        if self._quorum is None:
            raise FormatError(Sentence("trust.policy-quorum"))
        return Policy(
            tuple(self._logs), tuple(self._witnesses), tuple(self._groups), self._quorum
        )

    def read(self, words: list[str], at: str) -> None:
        kind, *rest = words
        if kind == "log" and 1 <= len(rest) <= 2:
            self._read_log(rest, at)
        elif kind == "witness" and 2 <= len(rest) <= 3:
            self._read_witness(rest, at)
        elif kind == "group" and len(rest) >= 3:
            self._read_group(rest, at)
        elif kind == "quorum" and len(rest) == 1:
            self._read_quorum(rest[0], at)
        else:
            raise FormatError(Sentence("trust.policy-line"), at)

    def _read_log(self, words: list[str], at: str) -> None:
        log = PolicyLog(parse_vkey(words[0]), *words[1:])
        publics = [known.key.public for known in self._logs]
        if log.key.alg != ALG_ED25519 or log.key.public in publics:
            raise FormatError(Sentence("trust.policy-log"), at)
        _check_room(publics, at)
        self._logs.append(log)

    def _read_witness(self, words: list[str], at: str) -> None:
        self._define(words[0], at)
        witness = Witness(words[0], parse_vkey(words[1]), *words[2:])
        publics = [known.key.public for known in self._witnesses]
        if witness.key.alg != ALG_COSIGNATURE or witness.key.public in publics:
            raise FormatError(Sentence("trust.policy-witness"), at)
        _check_room(publics, at)
        self._witnesses.append(witness)

    def _read_group(self, words: list[str], at: str) -> None:
        name, rule, *members = words
        for member in members:
            # Once at most, anywhere: a witness must not count in two ways.
            if member not in self._names - {NO_QUORUM} or member in self._members:
                raise FormatError(Sentence("trust.policy-member"), at)
            self._members.add(member)
        self._define(name, at)
        named = {"any": 1, "all": len(members)}
        threshold = named[rule] if rule in named else parse_decimal(rule)
        if not 1 <= threshold <= len(members):
            raise FormatError(Sentence("trust.policy-threshold"), at)
        _check_room(self._groups, at)
        self._groups.append(WitnessGroup(name, threshold, tuple(members)))

    def _read_quorum(self, name: str, at: str) -> None:
        if self._quorum is not None or name not in self._names:
            raise FormatError(Sentence("trust.policy-second"), at)
        self._quorum = name

    def _define(self, name: str, at: str) -> None:
        if name in self._names:
            raise FormatError(Sentence("trust.policy-name"), at)
        self._names.add(name)


def _check_room(lines: Collection[object], at: str) -> None:
    if len(lines) >= _MAX_LINES_OF_A_KIND:
        raise FormatError(Sentence("trust.policy-lines", most=_MAX_LINES_OF_A_KIND), at)
