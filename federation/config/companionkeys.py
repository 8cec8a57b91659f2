"""Our companion keys, and what our identity has said of them.

Rule: what was said stands in a file of its own beside the key chain, one statement a
line, and the node carries it into the log at its next start. A statement that was
published once is never changed: the log has it for ever.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from federation.config.disk import read_bounded, refused
from federation.config.home import Home, companion_of
from federation.config.keystore import load_signer
from federation.errors import ConfigError, FormatError, RecordError, SignatureError
from federation.records.canonical import decode_as, encode
from federation.records.companion import (
    CompanionKeys,
    OwnCompanions,
    newest_companions,
)
from federation.records.keychain import KeyChain
from federation.text import Sentence
from federation.tlog.keys import ALG_ML_DSA_44

_MOST_BYTES: Final = 8 << 20


def load_companions(home: Home, chain: KeyChain) -> OwnCompanions:
    """What was said of the companions of one of our logs, and the key to sign with.

    Raises:
        ConfigError: the file is damaged, our identity has not signed it, or the key is
            missing, readable by others or another one.
    """
    path = home.companions(chain.origin)
    statements = read_statements(path)
    try:
        newest = newest_companions(chain, statements)
    except (FormatError, RecordError, SignatureError) as error:
        reason = Sentence("machine.companions-damaged", why=error.told)
        raise ConfigError(str(path), "", reason) from error
    if newest is None or not newest.log:
        return OwnCompanions(statements)
    key = companion_of(home.log_key(chain.origin))
    signer = load_signer(key, chain.origin, ALG_ML_DSA_44)
    if str(signer.key) != newest.log:
        reason = Sentence("machine.companion-not-named", key_id=signer.key.key_id.hex())
        raise ConfigError(str(key), "", reason)
    return OwnCompanions(statements, signer)


def read_statements(path: Path) -> tuple[CompanionKeys, ...]:
    """The statements in a file, none of them verified; none, where there is no file.

    Raises:
        ConfigError: it cannot be read, or holds something else.
    """
    try:
        lines = read_bounded(path, _MOST_BYTES).splitlines() if path.exists() else []
        return tuple(decode_as(line, CompanionKeys) for line in lines)
    except OSError as error:
        raise refused(path, "read", error) from error
    except (FormatError, RecordError) as error:
        reason = Sentence("machine.companions-damaged", why=error.told)
        raise ConfigError(str(path), "", reason) from error


def format_statements(statements: Iterable[CompanionKeys]) -> bytes:
    """The bytes of such a file."""
    return b"".join(encode(one) + b"\n" for one in statements)
