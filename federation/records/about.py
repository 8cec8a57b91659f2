"""What a node says about the organisation that runs it.

Rule: signed by the node key; the highest `issue` wins. It grants nothing: keys are
believed because of the key chain, logs because of their own signatures.

    {"attribution":"…","audience":["jagapemilu.example"],"contact":"…",
     "identity":"<vkey>","issue":3,"licence":"CC-BY-4.0",
     "logs":[{"origin":"jagasuara.example/pemilu-2024","visibility":"public"}],
     "name":"Jaga Suara","org":"jagasuara.example","type":"about/1","versions":[1]}

A signed note: this line, an empty line, `— <org>/node <base64>`.

`audience` are those who may be handed something of it that is not for everybody. Three
members may narrow that, each to some of them; absent, it is all: `incidents` and
`photos`, who may be handed those; `relays`, who may hand on what they were handed.
"""

from collections.abc import Iterable
from typing import Annotated, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from federation.errors import FormatError, RecordError, SignatureError
from federation.records.canonical import (
    Natural,
    Org,
    Origin,
    ShortText,
    VKey,
    decode_as,
    encode,
)
from federation.records.keystatement import stored_parts
from federation.text import Sentence
from federation.tlog.keys import Signer, VerifierKey, parse_vkey
from federation.tlog.note import Note, open_note, parse_note, sign_note

MAX_ABOUT_BYTES: Final = 65_535

_AboutText = Annotated[str, Meta(max_length=300)]
_Many: Final = Meta(max_length=1000)
_Orgs = Annotated[tuple[Org, ...], _Many]


class OfferedLog(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A log of this organisation, and whether all may read it or partners only."""

    origin: Origin
    visibility: Literal["incidents", "public"]

    @property
    def org(self) -> str:
        """The organisation that signs it."""
        return self.origin.partition("/")[0]

    @property
    def public_from(self) -> int:
        """Unix seconds; 0: at once, if it is public at all."""
        return stored_parts(self.origin).public_from


class About(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="type",
    tag="about/1",
):
    """An organisation as its node presents it; who may be handed what: see above."""

    attribution: _AboutText
    audience: _Orgs
    contact: _AboutText
    identity: VKey
    issue: Natural
    licence: _AboutText
    logs: Annotated[tuple[OfferedLog, ...], _Many]
    name: ShortText
    org: Org
    versions: Annotated[
        tuple[Annotated[int, Meta(ge=1, le=999)], ...],
        Meta(min_length=1, max_length=16),
    ]
    incidents: _Orgs | UnsetType = UNSET
    photos: _Orgs | UnsetType = UNSET
    relays: _Orgs | UnsetType = UNSET


def sign_about(about: About, signer: Signer) -> bytes:
    """The signed note of this document.

    Raises:
        FormatError: a text holds a code point that is not allowed.
        RecordError: a rule of the document is broken.
        SignatureError: the signer is not the organisation's node key.
    """
    line = encode(about)
    _check_about(decode_as(line, About))
    if signer.name != f"{about.org}/node":
        raise SignatureError(
            Sentence("chain.not-node-key", name=signer.name, org=about.org)
        )
    return sign_note(line + b"\n", signer)


def open_about(note: bytes, node_keys: Iterable[VerifierKey]) -> About:
    """The document, signed by one of these keys of its own organisation.

    Raises:
        FormatError: not a note, or its text is not canonical.
        RecordError: a rule of the document is broken.
        SignatureError: not signed by one of the keys, or about someone else.
    """
    opened, keys = open_note(note, node_keys, MAX_ABOUT_BYTES)
    about = _read(opened)
    if all(key.name != f"{about.org}/node" for key in keys):
        raise SignatureError(
            Sentence("chain.about-other", name=keys[0].name, org=about.org)
        )
    return about


def open_about_unpinned(note: bytes) -> About:
    """The document of someone not known yet: a claim to show, verified by nothing.

    Only for adding a partner: what it says of its identity key is compared with a
    fingerprint by people, and its node key comes from the key chain afterwards.

    Raises:
        FormatError: not a note, or its text is not canonical.
        RecordError: a rule of the document is broken.
    """
    return _read(parse_note(note, MAX_ABOUT_BYTES))


def _read(note: Note) -> About:
    about = decode_as(note.text[:-1], About)
    _check_about(about)
    return about


def _check_about(about: About) -> None:
    try:
        identity = parse_vkey(about.identity)
    except FormatError as error:
        raise RecordError(error.told, "identity") from None
    if identity.name != f"{about.org}/identity":
        raise RecordError(Sentence("chain.key-of", name=identity.name), "identity")
    for at, log in enumerate(about.logs):
        if not log.origin.startswith(f"{about.org}/"):
            raise RecordError(Sentence("chain.log-of-other"), f"logs.{at}")
    for name in ("incidents", "photos", "relays"):
        named = getattr(about, name)
        if named is not UNSET and not set(named) <= set(about.audience):
            raise RecordError(Sentence("chain.not-audience"), name)
