"""A change of our keys on its way: the file between two machines, and the key files.

Rule: what is signed is what is shown, made anew from the statements themselves and
never read from the words beside them. A key that is replaced is put aside, not
removed. Each step that is done already is passed over, so that what was interrupted is
finished by doing it again.

    keys/prepared/<name>.pem     made by `prepare`; signs nothing yet
    keys/retired/<key id>.<name>.pem

The file, JSON, that goes to the identity key and comes back:

    changes     what it does, in Indonesian and English, for people
    org
    statements  each: origin, size of the log when it was made, the statement, and the
                signed note once there is one
    companions  each: origin, the statement, the one before it (`companionchange.py`)
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from federation.config.companionchange import PreparedCompanions
from federation.config.disk import (
    make_folder,
    read_bounded,
    refused,
    replace_file,
)
from federation.config.founding import (
    NODE_ROLES,
    load_chain_notes,
    load_identity_key,
)
from federation.config.home import Home
from federation.config.keystore import load_signer, save_signer
from federation.decoding import json_parser
from federation.errors import ConfigError, ConflictError, FormatError
from federation.files import sync_folder
from federation.records.canonical import decode_as, encode
from federation.records.keychain import LAST, KeyChain, encode_keys, open_chain
from federation.records.keychange import needs_standstill, tell_changes
from federation.records.keystatement import KeyStatement, Role
from federation.text import LANGUAGES, Sentence, Text
from federation.tlog.keys import ALG_ED25519, VerifierKey, parse_vkey
from federation.tlog.note import parse_note

_MOST_BYTES: Final = 8 << 20
_ALGS: Final = dict(NODE_ROLES) | {"log": ALG_ED25519}


class Prepared(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One statement on its way.

    Attributes:
        origin: Of the log that it is about.
        size: Of that log when it was made.
        before: The newest note of its chain; "": it begins one, of a log that
            continues another (`election continue`).
        statement: Its text, canonical JSON.
        note: Signed; "": not yet.
    """

    origin: str
    size: int
    before: str
    statement: str
    note: str = ""

    def read(self) -> KeyStatement:
        """The statement: the signed one, where there is one.

        Raises:
            FormatError: it is none.
            RecordError: it breaks a rule.
        """
        text = parse_note(self.note.encode()).text[:-1] if self.note else None
        return decode_as(text or self.statement.encode(), KeyStatement)

    def read_before(self) -> KeyStatement | None:
        """The statement before it, if there is one.

        Raises:
            FormatError: it is none.
            RecordError: it breaks a rule.
        """
        if not self.before:
            return None
        return decode_as(parse_note(self.before.encode()).text[:-1], KeyStatement)


class KeyChangeFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the file says; `changes` by language."""

    org: str
    statements: tuple[Prepared, ...] = ()
    companions: tuple[PreparedCompanions, ...] = ()
    changes: dict[str, list[str]] = {}

    def tell(self) -> list[Sentence]:
        """What it does, from the statements themselves.

        Raises:
            FormatError: one of them is none.
            RecordError: one breaks a rule.
        """
        return [
            *(
                sentence
                for one in self.statements
                for sentence in tell_changes(one.read_before(), one.read())
            ),
            *(sentence for one in self.companions for sentence in one.tell()),
        ]

    @property
    def is_signed(self) -> bool:
        """Whether all of it is; raises as `tell`."""
        signed = [bool(one.read().signatures) for one in self.companions]
        return all(signed) and all(one.note for one in self.statements)


_parse = json_parser(KeyChangeFile, what=Sentence("change.file"))


def load_change(path: Path) -> KeyChangeFile:
    """The file that `prepare` or `sign` has written.

    Raises:
        ConfigError: it cannot be read, is none, or changes nothing.
    """
    try:
        change = _parse(read_bounded(path, _MOST_BYTES))
    except FormatError as error:
        raise ConfigError(str(path), "", error.what) from error
    if not (change.statements or change.companions):
        raise ConfigError(str(path), "", Sentence("change.empty"))
    return change


def save_change(path: Path, change: KeyChangeFile) -> None:
    """Write it, in place of what `prepare` has written before.

    Raises:
        ConfigError: it cannot be written.
    """
    told = change.tell()
    words = {name: [Text(name).say(one) for one in told] for name in LANGUAGES}
    data = msgspec.json.encode(msgspec.structs.replace(change, changes=words))
    replace_file(path, msgspec.json.format(data, indent=1) + b"\n")


def prepare_key(
    home: Home, org: str, role: Role, origin: str, random: Callable[[int], bytes]
) -> VerifierKey:
    """A new key for a role of this node, made unless it lies ready from before.

    Args:
        home: Of the node.
        org: Ours.
        role: What it is for.
        origin: Of the log, where it is the key of one.
        random: Gives that many random bytes.

    Raises:
        ConfigError: it cannot be made, or what lies ready cannot be used.
    """
    path = home.prepared / current_key(home, role, origin).name
    if not path.exists():
        save_signer(path, random(32))
    name = origin if role == "log" else f"{org}/{role}"
    return load_signer(path, name, _ALGS[role]).key


def current_key(home: Home, role: Role, origin: str) -> Path:
    """The file of the key that a role has now."""
    return home.log_key(origin) if role == "log" else home.role_key(role)


def load_chain(home: Home, org: str, origin: str) -> KeyChain:
    """The key chain of one of our logs, as it lies ready.

    Raises:
        ConfigError: it is missing or damaged.
        FormatError, RecordError, SignatureError: it does not verify.
    """
    return open_chain(load_chain_notes(home, origin), load_identity_key(home, org))


def check_publishable(
    home: Home, change: KeyChangeFile, size_of: Callable[[str], int]
) -> list[KeyChain]:
    """The chains as they will be, each verified, and none of a log that has gone on.

    Raises:
        ConflictError: a log has grown since, or was given other keys.
        ConfigError: it is not signed.
        FormatError, RecordError, SignatureError: what is signed does not continue what
            we have.
    """
    chains = []
    for one in change.statements:
        if not one.note:
            raise ConfigError(one.origin, "", Sentence("change.unsigned"))
        is_first = not one.before and not home.chain(one.origin).exists()
        notes = [] if is_first else load_chain_notes(home, one.origin)
        note, held = one.note.encode(), load_identity_key(home, change.org)
        if note not in notes:
            if notes[-1:] != ([one.before.encode()] if one.before else []):
                raise ConflictError(Sentence("change.other-since", origin=one.origin))
            notes = [*notes, note]
            size = size_of(one.origin)
            before = one.read_before()
            stands_still = before and needs_standstill(before, one.read())
            if stands_still and size != one.size:
                words = Sentence(
                    "change.grown", origin=one.origin, before=one.size, size=size
                )
                raise ConflictError(words)
        chains.append(_open(notes, held, one))
    return chains


def _open(notes: Sequence[bytes], held: VerifierKey, one: Prepared) -> KeyChain:
    chain = open_chain(notes, held)
    if chain.origin != one.origin:
        raise FormatError(Sentence("chain.statement-about", origin=chain.origin))
    return chain


def publish(home: Home, org: str, chains: Iterable[KeyChain]) -> None:
    """Put the chains and the keys in their places.

    The chains come first: a node that is started in between finds a key that its chain
    does not name now, and says so; done again, this goes on where it stopped.

    Raises:
        ConfigError: a file cannot be written; a key that is named now is missing, or
            cannot be used, and nothing was written.
        SignatureError: no key would sign a log any more; nothing was written.
    """
    chains = list(chains)
    for chain in chains:
        _check_held(home, org, chain)
    for chain in chains:
        path = home.chain(chain.origin)
        data = encode_keys(chain.notes)
        if not path.exists() or path.read_bytes() != data:
            replace_file(path, data)
    for chain in chains:
        newest = chain.statements[-1]
        named = {parse_vkey(entry.vkey) for entry in newest.keys}
        for role, alg in _ALGS.items():
            path = current_key(home, role, chain.origin)
            name = chain.origin if role == "log" else f"{org}/{role}"
            _place(home, path, name, alg, named)
    identity = chains[0].identity if chains else load_identity_key(home, org)
    place_identity(home, org, identity)


def place_identity(home: Home, org: str, identity: VerifierKey) -> None:
    """Write the public identity key in the place of the one before, if it is another.

    Raises:
        ConfigError: a file cannot be read or written.
    """
    public, held = home.vkey(org), load_identity_key(home, org)
    if identity == held:
        return
    make_folder(home.retired)
    # Copied, not moved: without this file nothing of ours can be verified.
    aside = home.retired / f"{held.key_id.hex()}.{public.name}"
    replace_file(aside, f"{held}\n".encode())
    replace_file(public, f"{identity}\n".encode())


def _check_held(home: Home, org: str, chain: KeyChain) -> None:
    """Refuse a chain by whose keys this node could sign nothing: it would not start."""
    valid: dict[str, set[VerifierKey]] = {
        "log": {chain.log_key(LAST)},
        "records": set(chain.record_keys(LAST).values()),
        "node": set(chain.node_keys()),
        "mirror": set(chain.mirror_keys()),
    }
    for role, alg in _ALGS.items():
        path = current_key(home, role, chain.origin)
        prepared = home.prepared / path.name
        name = chain.origin if role == "log" else f"{org}/{role}"
        held = {load_signer(p, name, alg).key for p in (prepared, path) if p.exists()}
        if not held & valid[role] and (valid[role] or role == "records"):
            told = Sentence(f"keys.role-{role}")
            words = Sentence("change.key-away", origin=chain.origin, role=told)
            raise ConfigError(str(prepared), "", words)


def _place(
    home: Home, path: Path, name: str, alg: int, named: set[VerifierKey]
) -> None:
    """Put a prepared key, if the statement names it, in the place of the one before."""
    prepared = home.prepared / path.name
    if not prepared.exists() or load_signer(prepared, name, alg).key not in named:
        return
    if path.exists():
        _put_aside(home, path, load_signer(path, name, alg).key)
    try:
        prepared.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise refused(path, "written", error) from error


def _put_aside(home: Home, path: Path, key: VerifierKey) -> None:
    make_folder(home.retired)
    aside = home.retired / f"{key.key_id.hex()}.{path.name}"
    try:
        path.rename(aside)
        sync_folder(aside.parent)
        sync_folder(path.parent)
    except OSError as error:
        raise refused(aside, "written", error) from error


def as_prepared(chain: KeyChain, size: int, statement: KeyStatement) -> Prepared:
    """A statement that continues a chain, not signed yet."""
    return Prepared(
        origin=chain.origin,
        size=size,
        before=chain.notes[-1].decode(),
        statement=encode(statement).decode(),
    )
