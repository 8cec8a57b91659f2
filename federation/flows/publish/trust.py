"""The trust file of this node: whose signatures count, and how many are enough.

Rule: only logs whose key chain begins with an identity that somebody here has compared
(our own, and those of peers.toml). What the file means stands in it as comments, in
Indonesian and English, since it is read and changed by people.

    # Jaga Suara, jagasuara.example: XTI5E-…
    log jagasuara.example/pemilu-2024+3f1a…
    witness jagasuara.example jagasuara.example/mirror+9c20…
    group holders 1 jagasuara.example kawalpemilu.example
    quorum holders

An organisation with several confirming keys is a group by itself, so that it counts
once. `2q - n`: so many organisations any two quorums of q among n have in common; only
where more than that many lie can two histories both find one.

Source: C2SP tlog-policy (draft)
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from federation.config.fingerprint import fingerprint
from federation.errors import FormatError, RecordError, SignatureError
from federation.flows.publish.readable import list_readable
from federation.records.keychain import KeyChain, open_chain
from federation.records.readers import Nobody
from federation.store import keystatements
from federation.store.view import View
from federation.text import LANGUAGES, Text
from federation.tlog.keys import VerifierKey, parse_vkey
from federation.tlog.policy import (
    NO_QUORUM,
    Policy,
    PolicyLog,
    Witness,
    WitnessGroup,
    format_policy,
    parse_policy,
)

HOLDERS: Final = "holders"
TRUST_QUORUM: Final = 1
_TEXTS: Final = tuple(Text(language) for language in LANGUAGES)


class KnownOrg(NamedTuple):
    """An organisation whose identity was compared."""

    org: str
    name: str
    identity: VerifierKey


class TrustFile(NamedTuple):
    """The file; the organisations that confirm; the logs that are left out."""

    data: bytes
    policy: Policy
    left_out: tuple[str, ...]


def make_trust(
    view: View,
    known: Iterable[KnownOrg],
    quorum: int,
    elections: Sequence[str] = (),
    at: float = 0,
) -> TrustFile:
    """The trust file of the public logs that are held here.

    Args:
        view: The snapshot.
        known: Our own organisation and the partners.
        quorum: How many must confirm; as many as there are where that is more.
        elections: Only logs of these; none named: of all.
        at: Unix seconds, when it is written.

    Raises:
        FormatError: more logs or organisations than a trust file may have.
    """
    by_org = {org.org: org for org in known}
    opened, left_out = dict[str, KeyChain](), list[str]()
    for log in list_readable(view, Nobody(at=at), elections):
        chain = _open(view, log.id, by_org.get(log.org))
        if chain is None:
            left_out.append(log.origin)
        else:
            opened[log.origin] = chain
    logs = [key for chain in opened.values() for key in _log_keys(chain)]
    witnesses, groups = _confirming(opened.values())
    members = tuple(sorted({_org_of(witness.key) for witness in witnesses}))
    # Nobody is asked to confirm its own history: with one organisation there is none.
    others = min(
        (len({*members} - {chain.org}) for chain in opened.values()), default=0
    )
    need = min(quorum, others)
    if need:
        groups.append(WitnessGroup(HOLDERS, need, members))
    policy = Policy(
        tuple(map(PolicyLog, logs)),
        tuple(witnesses),
        tuple(groups),
        HOLDERS if need else NO_QUORUM,
    )
    data = _explain(policy, opened, by_org, left_out)
    assert parse_policy(data) == policy, "comments change nothing"
    return TrustFile(data, policy, tuple(left_out))


def _open(view: View, log_id: int, known: KnownOrg | None) -> KeyChain | None:
    """The key chain of a log; None where nobody has compared its identity."""
    if known is None:
        return None
    try:
        return open_chain(keystatements.read_keys(view, log_id), known.identity)
    except (FormatError, RecordError, SignatureError):
        return None  # pinned anew since: pull says so, and these keys do not count


def _log_keys(chain: KeyChain) -> list[VerifierKey]:
    """The keys that sign a log's checkpoints, the newest first: all that ever did."""
    entries = [entry for entry in chain.statements[-1].keys if entry.role == "log"]
    entries.sort(key=lambda entry: entry.from_, reverse=True)
    return [parse_vkey(entry.vkey) for entry in entries]


def _confirming(opened: Iterable[KeyChain]) -> tuple[list[Witness], list[WitnessGroup]]:
    """A witness for each key that confirms; a group for who has several."""
    keys: dict[str, dict[VerifierKey, None]] = {}
    for chain in opened:
        keys.setdefault(chain.org, {}).update(dict.fromkeys(chain.mirror_keys()))
    witnesses, groups = list[Witness](), list[WitnessGroup]()
    for org, own in sorted(keys.items()):
        if len(own) == 1:
            witnesses.append(Witness(org, next(iter(own))))
        elif own:
            several = [Witness(f"{org}/{n}", key) for n, key in enumerate(own, 1)]
            witnesses += several
            groups.append(
                WitnessGroup(org, 1, tuple(witness.name for witness in several))
            )
    return witnesses, groups


def _explain(
    policy: Policy,
    opened: Mapping[str, KeyChain],
    by_org: Mapping[str, KnownOrg],
    left_out: Sequence[str],
) -> bytes:
    """The file with a comment above each part."""
    text, told = [f"# {line}" for line in _say("trust.head")], set[str]()
    for line in format_policy(policy).decode().splitlines():
        part = _part_of(line)
        if part not in told:
            told.add(part)
            kind, _, org = part.partition(" ")
            above = [_describe(by_org[org], opened)] if org else _say_part(kind, policy)
            text += ["", *(f"# {sentence}" for sentence in above)] if above else []
        text.append(line)
    text += [
        f"# {sentence}"
        for origin in left_out
        for sentence in _say("trust.left", log=origin)
    ]
    return ("\n".join(text) + "\n").encode()


def _part_of(line: str) -> str:
    """Which part of the file a line belongs to: its kind, of logs also whose."""
    kind, name, *_ = line.split(" ")
    if kind == "log":
        return f"log {name.partition('/')[0]}"
    if (kind, name) == ("group", HOLDERS):
        return HOLDERS
    return "none" if (kind, name) == ("quorum", NO_QUORUM) else kind


def _describe(known: KnownOrg, opened: Mapping[str, KeyChain]) -> str:
    """An organisation in one line: its name and the fingerprints of its identities."""
    prints = {
        fingerprint(chain.identity)
        for chain in opened.values()
        if chain.org == known.org
    }
    name = "".join(c for c in known.name if c.isprintable())
    return f"{name}, {known.org}: {' '.join(sorted(prints))}".removeprefix(", ")


def _say_part(part: str, policy: Policy) -> list[str]:
    """What stands above the first line of a part."""
    if part != HOLDERS:
        key = f"trust.{part}"
        return _say(key) if _TEXTS[0].has(key) else []
    group = policy.groups[-1]
    q, n = group.threshold, len(group.members)
    key = "trust.quorum-prevented" if 2 * q > n else "trust.quorum-found"
    return [*_say("trust.holders", q=q, n=n), *_say(key, q=q, n=n, shared=2 * q - n)]


def _say(key: str, **values: object) -> list[str]:
    """A sentence in both languages."""
    return [t(key, **values) for t in _TEXTS]


def _org_of(key: VerifierKey) -> str:
    return key.name.partition("/")[0]
