"""Companion keys on their way: named on the node, signed where the identity key is.

Rule: they go in the file of `keychange.py`, beside the key statements, and by the same
three steps. Which companion the identity key has is known only where that is, so
`sign` fills it in, and makes it there if there is none. A log's companion follows its
key: where that is replaced, so is this. A statement that would change nothing is not
signed.

    identity/identity.ml-dsa-44.pem              made by `sign`
    keys/prepared/log.<name>.ml-dsa-44.pem       made by `prepare`
    keys/retired/<key id>.log.<name>.ml-dsa-44.pem
"""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import UNSET, Struct, structs

from federation.config.companionkeys import format_statements, read_statements
from federation.config.disk import make_folder, refused, replace_file
from federation.config.home import Home, companion_of
from federation.config.keystore import load_signer, save_signer
from federation.errors import ConfigError, ConflictError
from federation.files import sync_folder
from federation.records.canonical import decode_as, encode
from federation.records.companion import (
    CompanionKeys,
    newest_companions,
    next_companions,
    sign_companions,
)
from federation.records.keychain import KeyChain
from federation.text import Sentence
from federation.tlog.keys import ALG_ML_DSA_44, Signer, VerifierKey, parse_vkey


class PreparedCompanions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One statement on its way, canonical JSON, and the one before it, if any ("")."""

    origin: str
    before: str
    statement: str

    def read(self) -> CompanionKeys:
        """The statement; `identity` lacks, and `signatures` are none, until signed.

        Raises:
            FormatError: it is none.
            RecordError: it breaks a rule.
        """
        return decode_as(self.statement.encode(), CompanionKeys)

    def read_before(self) -> CompanionKeys | None:
        """The statement before it; raises as `read`."""
        if not self.before:
            return None
        return decode_as(self.before.encode(), CompanionKeys)

    def tell(self) -> Iterator[Sentence]:
        """What it changes, one sentence a change; raises as `read`."""
        before, after = self.read_before(), self.read()
        told = {"origin": self.origin}
        if not after.log:
            yield Sentence("change.companion-dropped", **told)
        elif before is None or after.log != before.log:
            yield Sentence("change.companion-log", digest=_digest(after.log), **told)
        old = UNSET if before is None else before.identity
        if after.identity and after.identity != old:
            digest = _digest(after.identity)
            yield Sentence("change.companion-identity", digest=digest, **told)


def prepare_companions(
    home: Home,
    chain: KeyChain,
    random: Callable[[int], bytes],
    recorded_at: str,
    *,
    wanted: bool | None,
    is_replaced: bool,
) -> PreparedCompanions | None:
    """The statement that a log's companions need; None: it has none, and gets none.

    Args:
        home: Of the node.
        chain: Of the log.
        random: Gives that many random bytes.
        recorded_at: As records say times.
        wanted: Whether it shall have some; None: if it has them.
        is_replaced: Whether the log's key is being replaced.

    Raises:
        ConfigError: a key cannot be made or used, or what we have said is damaged.
        FormatError, RecordError, SignatureError: what we have said does not verify.
    """
    before = newest_companions(chain, read_statements(home.companions(chain.origin)))
    has_some = before is not None and bool(before.log)
    if wanted is None:
        wanted = has_some
    if not (wanted or has_some):
        return None
    named = None
    if wanted:
        path = companion_of(home.log_key(chain.origin))
        if is_replaced or not has_some:
            path = home.prepared / path.name
            if not path.exists():
                save_signer(path, random(32), ALG_ML_DSA_44)
        # Which one the identity key has is filled in where that is.
        log = load_signer(path, chain.origin, ALG_ML_DSA_44).key
        named = log, log
    statement = next_companions(chain, before, named, recorded_at)
    return PreparedCompanions(
        origin=chain.origin,
        before="" if before is None else encode(before).decode(),
        statement=encode(structs.replace(statement, identity=UNSET)).decode(),
    )


def sign_prepared(
    one: PreparedCompanions,
    identity: Signer,
    old: Callable[[], Signer],
    new: Callable[[], Signer],
) -> PreparedCompanions | None:
    """The statement, signed; None: it would change nothing.

    Args:
        one: From `prepare_companions`.
        identity: The identity key, the new one where it changes.
        old: Loads the companion that the identity key had.
        new: Loads the one that it is to have, or makes it.

    Raises:
        ConfigError: a key cannot be loaded or made.
        ConflictError: the companion here is not the one that was named before.
    """
    before, statement = one.read_before(), one.read()
    signers: list[Signer] = []
    if before is not None and before.identity:
        signers.append(old())
        if str(signers[0].key) != before.identity:
            raise ConflictError(Sentence("change.companion-other", origin=one.origin))
    if statement.log:
        signer = new()
        statement = structs.replace(statement, identity=str(signer.key))
        if signer.key not in [one.key for one in signers]:
            signers.append(signer)
    if before is not None and _named(before) == _named(statement):
        return None
    statement = structs.replace(statement, by=str(identity.key), signatures=())
    signed = sign_companions(statement, identity, *signers)
    return structs.replace(one, statement=encode(signed).decode())


def check_statements(
    home: Home, chain: KeyChain, one: PreparedCompanions
) -> list[CompanionKeys]:
    """All statements of a log's companions as they will be, each verified.

    Raises:
        ConflictError: another was published since.
        ConfigError: it is not signed, or the key that it names is not here.
        FormatError, RecordError, SignatureError: it does not continue what we have.
    """
    statement = one.read()
    if not statement.signatures:
        raise ConfigError(one.origin, "", Sentence("change.unsigned"))
    statements = list(read_statements(home.companions(one.origin)))
    # Signed twice it is two texts, and the first that was published is meant.
    if not (statements and statements[-1].message == statement.message):
        if (statements[-1] if statements else None) != one.read_before():
            raise ConflictError(Sentence("change.other-since", origin=one.origin))
        statements.append(statement)
    newest_companions(chain, statements)
    if statement.log and not _find_key(home, chain.origin, statement.log):
        words = Sentence("change.companion-away", origin=one.origin)
        raise ConfigError(str(home.prepared), "", words)
    return statements


def publish_companions(
    home: Home, origin: str, statements: list[CompanionKeys]
) -> None:
    """Put what was said, and then the key, in their places.

    Raises:
        ConfigError: a file cannot be written.
    """
    path, key = home.companions(origin), companion_of(home.log_key(origin))
    data = format_statements(statements)
    if not path.exists() or path.read_bytes() != data:
        replace_file(path, data)
    named = statements[-1].log
    held = _load(key, origin)
    if named and str(held) == named:
        return
    if held is not None:
        make_folder(home.retired)
        _move(key, home.retired / f"{held.key_id.hex()}.{key.name}")
    if named:
        _move(home.prepared / key.name, key)


def _find_key(home: Home, origin: str, vkey: str) -> bool:
    path = companion_of(home.log_key(origin))
    places = (path, home.prepared / path.name)
    return vkey in [str(_load(place, origin)) for place in places]


def _load(path: Path, origin: str) -> VerifierKey | None:
    return load_signer(path, origin, ALG_ML_DSA_44).key if path.exists() else None


def _move(path: Path, to: Path) -> None:
    try:
        path.rename(to)
        sync_folder(to.parent)
        sync_folder(path.parent)
    except OSError as error:
        raise refused(to, "written", error) from error


def _named(statement: CompanionKeys) -> tuple[object, object]:
    return statement.identity, statement.log


def _digest(vkey: str) -> str:
    """What people compare: a key of this kind has 1,760 characters."""
    public = parse_vkey(vkey, alg=ALG_ML_DSA_44).public
    return hashlib.sha256(public).hexdigest()
