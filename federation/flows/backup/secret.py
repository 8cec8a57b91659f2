"""What of a home is secret, sealed as one for the backup key.

    {"keys/records.pem": "<base64>", …}       sealed under the head of a `sealedfile`

Rule: whatever lies in `keys/` is secret unless its ending says that it is public, also
what a later version puts there; and every file that the settings name, a password or
the secret of a webhook. The identity key and the private halves of keys that seal are
never here: they belong off the machine. Nor is another folder of the home that the
settings put below `keys/`. What is sealed is never more than what is opened again.
"""

import base64
from pathlib import Path
from typing import Final

import msgspec

from federation.config.agencies import load_agencies
from federation.config.home import Home
from federation.config.sealingkey import key_id
from federation.config.settings import Settings
from federation.decoding import parse_json
from federation.errors import ConfigError, FormatError, VerificationError
from federation.files import open_regular
from federation.flows.annex.sealing import open_bytes, seal_bytes
from federation.flows.backup.form import (
    BELOW,
    PUBLIC,
    SECRETS,
    BackupFile,
    is_kept_out,
    lie_below_files,
)
from federation.store.sealedfile import format_sealed, head_lines, parse_sealed
from federation.text import Sentence
from federation.text.size import tell_size

_VERSION: Final = b"federation/backup-secrets/v1\n"
#: Of the member, which is written in base64 twice.
MOST_BYTES: Final = 1 << 26


class SecretsHead(msgspec.Struct, frozen=True, kw_only=True):
    """Of whom, from when, and the id of the key that opens it."""

    org: str
    made_at: int
    key: str


class Secrets(msgspec.Struct, frozen=True):
    """Paths below the home, and their bytes; and paths that cannot be taken along."""

    files: dict[str, bytes]
    left_out: list[str]


def collect_secrets(home: Home, settings: Settings) -> Secrets:
    """What is secret, as it is now.

    Raises:
        ConfigError: agencies.toml cannot be used, or there is more than a backup takes.
        OSError: a file cannot be read.
    """
    files: dict[str, bytes] = {}
    left_out: list[str] = []
    others = [one for one in home.private if one != home.keys]
    inner = [one for one in others if one.is_relative_to(home.keys)]
    for path in sorted(home.keys.rglob("*")):
        if any(path.is_relative_to(one) for one in inner):
            continue
        if path.is_file() and not _is_public(home, path):
            name = f"keys/{path.relative_to(home.keys).as_posix()}"
            _take(path, name, files, left_out)
    for path in _named(home, settings):
        if path.is_file() and not path.is_relative_to(home.keys):
            inside = path.is_relative_to(home.folder)
            name = path.relative_to(home.folder).as_posix() if inside else ""
            _take(path, name, files, left_out)
    return Secrets(files, sorted(set(left_out)))


def _is_public(home: Home, path: Path) -> bool:
    return path.parent == home.keys and path.suffix in PUBLIC


def _has_place(name: str) -> bool:
    return BELOW.fullmatch(name) is not None and not is_kept_out(name)


def _take(path: Path, name: str, files: dict[str, bytes], left_out: list[str]) -> None:
    if not _has_place(name):
        left_out.append(str(path))
        return
    with open_regular(path) as file:
        files[name] = file.read(MOST_BYTES + 1)
    if sum(map(len, files.values())) > MOST_BYTES:
        raise _too_much(files)


def _too_much(files: dict[str, bytes]) -> ConfigError:
    largest = max(files, key=lambda name: len(files[name]))
    most = tell_size(MOST_BYTES)
    why = Sentence("backup.secrets-too-much", most=most, largest=largest)
    return ConfigError("keys", "", why)


def _named(home: Home, settings: Settings) -> set[Path]:
    """Every file that the settings name for a secret, or for authorities."""
    named: list[str | None] = [hook.secret_file for hook in settings.webhooks]
    named += [settings.mail.password_file, settings.mail.ca_file]
    named += [settings.backup.store_access, settings.publish.store_access]
    named.append(settings.guard_access)
    for one in settings.alarms.to:
        named += [one.address_file, one.webhook_key]
    paths = {home.folder / name for name in named if name is not None}
    for agency in load_agencies(home.agencies):
        if agency.webhook_key is not None:
            paths.add(agency.webhook_key)
    return paths


def seal_secrets(secrets: Secrets, org: str, made_at: int, public: bytes) -> bytes:
    """The bytes of the member; `public`: 32 bytes.

    Raises:
        ConfigError: they are more than `open_secrets` takes.
    """
    head = SecretsHead(org=org, made_at=made_at, key=key_id(public))
    named = {
        name: base64.b64encode(data).decode() for name, data in secrets.files.items()
    }
    plain = msgspec.json.encode(named)
    sealed = seal_bytes(plain, head_lines(_VERSION, head), public)
    data = format_sealed(_VERSION, head, sealed)
    if len(data) > MOST_BYTES:
        raise _too_much(secrets.files)
    return data


def open_secrets(backup: BackupFile, private: bytes) -> dict[str, bytes]:
    """Paths below the home, and their bytes; `private`: 32 bytes.

    Raises:
        FormatError: it is damaged.
        VerificationError: it was sealed for another key, is not what was sealed, or
            names a file outside of a home.
    """
    data = backup.read(SECRETS, MOST_BYTES)
    head, sealed = parse_sealed(data, _VERSION, SecretsHead, MOST_BYTES)
    try:
        plain = open_bytes(sealed, head_lines(_VERSION, head), private)
        named = parse_json(plain, dict[str, str])
        files = {name: base64.b64decode(text) for name, text in named.items()}
    except (VerificationError, FormatError, ValueError) as error:
        told = Sentence("backup.not-opened", path=backup.path, key=head.key)
        raise VerificationError(told) from error
    taken = set(backup.names())
    bad = [name for name in files if not _has_place(name) or name in taken]
    bad += sorted(lie_below_files({*files, *taken}))
    if bad:
        told = Sentence("backup.bad-name", path=backup.path, name=repr(bad[0]))
        raise VerificationError(told)
    return files


def check_key(backup: BackupFile, private_id: str, where: str) -> None:
    """Refuse a key that is not the one a backup was sealed for.

    Raises:
        ConfigError: it is another one.
    """
    wanted = backup.manifest.key
    if private_id != wanted:
        why = Sentence("backup.other-key", wanted=wanted, given=private_id)
        raise ConfigError(where, "", why)
