"""A circle: one signed list of many partners, so that thirty need not be typed.

Rule: whoever sends the list is known by the fingerprint of the identity key that
signed it, compared by people; the list then vouches for the keys in it. Importing it
pins those keys as if they had been typed. It takes nothing away: a partner that is
not in it stays.

    # a comment may stand here
    type = "circle/1"
    name = "Pemantau Pemilu 2024"
    signer = "jagapemilu.example/identity+…"

    [[member]]
    org = "jagasuara.example"
    name = "Jaga Suara"
    identity = "jagasuara.example/identity+…"
    url = "https://data.jagasuara.example"

    — jagapemilu.example/identity <base64>

TOML, then an empty line and the signature: a signed note over the text as it stands.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from federation.config.document import convert, parse_document
from federation.config.fingerprint import fingerprint
from federation.config.member import Filled, MemberOrg, OneLine, Url
from federation.config.peers import Peer, quote
from federation.errors import ConfigError, FormatError, SignatureError
from federation.text import Sentence
from federation.tlog.keys import Signer, VerifierKey, parse_vkey
from federation.tlog.note import open_note, parse_note, sign_note

MAX_CIRCLE_BYTES: Final = 1_000_000


class Member(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[member]]` table as it is written."""

    org: MemberOrg
    identity: Filled
    name: OneLine = ""
    url: Url | None = None


class _SignedList(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    type: Literal["circle/1"]
    name: Filled
    signer: Filled
    member: Annotated[tuple[object, ...], Meta(max_length=1000)] = ()


@dataclass(frozen=True)
class Circle:
    """An opened list."""

    name: str
    signer: VerifierKey
    members: tuple[Peer, ...]


def format_circle(name: str, signer: VerifierKey, members: Iterable[Peer]) -> str:
    """The text of a circle, to be signed by the key `signer`."""
    head = f'type = "circle/1"\nname = {quote(name)}\nsigner = {quote(str(signer))}\n'
    return head + "".join(_format_member(member) for member in members)


def sign_circle(text: str, signer: Signer) -> bytes:
    """The signed circle file.

    Raises:
        ConfigError: the text is not that of a circle.
        FormatError: it cannot be signed, e.g. because it holds a tab.
        SignatureError: the text names another signer.
    """
    if _parse(text).signer != signer.key:
        raise SignatureError(Sentence("machine.circle-signer", name=signer.name))
    return sign_note(text.encode("utf-8"), signer)


def open_circle(data: bytes, expected: str | None) -> Circle:
    """The circle in a file.

    Args:
        data: the signed note.
        expected: the fingerprint of the signer as people know it, in its written
            form; None when it will be compared afterwards.

    Raises:
        FormatError: not a note.
        ConfigError: not a circle; the key in the error counts members from 1.
        SignatureError: it is not signed by the key that it names, or that key is not
            the expected one.
    """
    note = parse_note(data, MAX_CIRCLE_BYTES)
    circle = _parse(note.text.decode("utf-8"))
    open_note(data, [circle.signer], MAX_CIRCLE_BYTES)
    theirs = fingerprint(circle.signer)
    if expected is not None and theirs != expected:
        reason = Sentence("machine.circle-other", name=circle.signer.name, found=theirs)
        raise SignatureError(reason)
    return circle


def _parse(text: str) -> Circle:
    where = "circle"
    table = convert(parse_document(text, where), _SignedList, where)
    members = [
        _to_peer(convert(member, Member, where, key), key)
        for number, member in enumerate(table.member, 1)
        for key in [f"member[{number}]"]
    ]
    if len({peer.org for peer in members}) != len(members):
        raise ConfigError(where, "member", Sentence("machine.member-twice"))
    return Circle(table.name, _identity(table.signer, "signer"), tuple(members))


def _to_peer(member: Member, key: str) -> Peer:
    """The member as a partner; `key` is where it stands in the list."""
    identity = _identity(member.identity, f"{key}.identity")
    if identity.name != f"{member.org}/identity":
        reason = Sentence("machine.key-of", name=identity.name, org=member.org)
        raise ConfigError("circle", f"{key}.identity", reason)
    return Peer(org=member.org, identity=identity, name=member.name, url=member.url)


def _identity(text: str, key: str) -> VerifierKey:
    try:
        identity = parse_vkey(text)
    except FormatError as error:
        raise ConfigError("circle", key, Sentence("machine.vkey-bad")) from error
    if not identity.name.endswith("/identity"):
        reason = Sentence("machine.no-identity", name=identity.name)
        raise ConfigError("circle", key, reason)
    return identity


def _format_member(peer: Peer) -> str:
    lines = ["", "[[member]]", f"org = {quote(peer.org)}"]
    if peer.name:
        lines.append(f"name = {quote(peer.name)}")
    lines.append(f"identity = {quote(str(peer.identity))}")
    if peer.url:
        lines.append(f"url = {quote(peer.url)}")
    return "\n".join(lines) + "\n"
