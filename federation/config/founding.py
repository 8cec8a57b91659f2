"""The keys and files a node begins with.

Rule: nothing that exists is replaced. Each step makes what is missing and says so, so
a founding that was interrupted is finished by doing it again. An identity is made only
where there is no trace of one: a second identity under one name would look to every
partner like a theft.

For each log, what the identity key says about its keys is signed here and lies ready
as `keys/<hex sha256(origin)>.chain`; the log itself begins with it when it is opened.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from federation.config.disk import create_file, make_folder, refused
from federation.config.home import Home
from federation.config.keystore import (
    SECRET_BYTES,
    check_named,
    load_identity,
    load_signer,
    save_contributor_secret,
    save_identity,
    save_signer,
)
from federation.config.peers import load_vkey_text
from federation.config.pkcs8 import SALT_BYTES
from federation.errors import ConfigError, FederationError, FormatError
from federation.records.canonical import format_time
from federation.records.keychain import (
    decode_keys,
    encode_keys,
    format_origin,
    open_by_first,
    open_chain,
    parse_origin,
)
from federation.records.keysigning import sign_statement
from federation.records.keystatement import (
    INCIDENTS,
    Follows,
    KeyStatement,
    Role,
    first_statement,
)
from federation.text import Sentence
from federation.tlog.keys import (
    ALG_COSIGNATURE,
    ALG_ED25519,
    Signer,
    VerifierKey,
    parse_vkey,
)

NODE_ROLES: Final[tuple[tuple[Role, int], ...]] = (
    ("records", ALG_ED25519),
    ("node", ALG_ED25519),
    ("mirror", ALG_COSIGNATURE),
)


@dataclass
class FoundingReport:
    """What was made, files all but the mark in a bucket, and what was there already."""

    made: list[Path | str] = field(default_factory=list)
    kept: list[Path] = field(default_factory=list)

    def ensure(self, path: Path, make: Callable[[], None]) -> None:
        """Make a file unless it exists; note which it was."""
        if path.exists():
            self.kept.append(path)
        else:
            make()
            self.made.append(path)


@dataclass(frozen=True)
class Founder:
    """Makes the keys of one organisation.

    `random` gives that many random bytes; it is an argument so that tests and golden
    vectors can fix it. `mark` is told the origin of each log whose first key statement
    is about to be made here, and says where that is kept: `Guard.found`.
    """

    home: Home
    org: str
    random: Callable[[int], bytes]
    report: FoundingReport
    mark: Callable[[str], Path | str]

    def found_identity(self, passphrase: str) -> Signer:
        """The identity key, made unless it exists, with its public file.

        Raises:
            ConfigError: the passphrase is wrong or too short, or the public file is
                there and the private one is not.
        """
        home, public = self.home, self.home.vkey(self.org)
        if public.exists() and not home.identity.exists():
            reason = Sentence("machine.identity-away", org=self.org, public=public)
            raise ConfigError(str(home.identity), "", reason)
        self.report.ensure(
            home.identity,
            lambda: save_identity(
                home.identity, self.random(32), passphrase, self.random(SALT_BYTES)
            ),
        )
        identity = load_identity(home.identity, self.org, passphrase)
        make_folder(home.keys)
        self.report.ensure(
            public, lambda: create_file(public, f"{identity.key}\n".encode())
        )
        if load_identity_key(home, self.org) != identity.key:
            reason = Sentence("machine.identity-other", public=public)
            raise ConfigError(str(home.identity), "", reason)
        return identity

    def found_keys(self, origins: Sequence[str]) -> None:
        """Make the keys that lie on the node: for each role and for each log.

        Raises:
            ConfigError: one cannot be written.
        """
        home = self.home
        paths = [home.role_key(role) for role, _ in NODE_ROLES]
        paths += [home.log_key(origin) for origin in origins]
        for path in paths:
            self.report.ensure(path, lambda p=path: save_signer(p, self.random(32)))  # type: ignore[misc]  # mypy cannot infer a lambda with a default
        secret = home.contributor_secret
        self.report.ensure(
            secret, lambda: save_contributor_secret(secret, self.random(SECRET_BYTES))
        )

    def found_chain(
        self,
        origin: str,
        identity: Signer,
        now: datetime,
        follows: Follows | None = None,
    ) -> None:
        """Sign the first key statement of a log, unless there is one.

        `follows`: what a log that continues another says of that one.

        Raises:
            ConfigError: a key is missing or cannot be used.
            OSError: that it was made here cannot be remembered.
        """
        path = self.home.chain(origin)

        def make() -> None:
            statement = self.state_first(origin, identity.key, now, follows)
            notes = [sign_statement(statement, identity)]
            # What is signed once lies in the log for ever: read it as others will.
            open_chain(notes, identity.key)
            # First, so that a crash in between makes both again. Never where there is
            # a chain already: it may come from a backup, and its log be far along.
            self.report.made.append(self.mark(origin))
            create_file(path, encode_keys(notes))

        self.report.ensure(path, make)

    def _named_keys(self) -> dict[str, set[VerifierKey]]:
        """The keys that statements of ours name already, by role."""
        named: dict[str, set[VerifierKey]] = {}
        for path in self.home.keys.glob("*.chain"):
            try:
                chain = open_by_first(decode_keys(path.read_bytes()))
            except FederationError as error:
                reason = Sentence("machine.chain-damaged", why=error.told)
                raise ConfigError(str(path), "", reason) from error
            for role, keys in chain.keys_by_role().items():
                named.setdefault(role, set()).update(keys)
        return named

    def state_first(
        self,
        origin: str,
        identity: VerifierKey,
        now: datetime,
        follows: Follows | None,
    ) -> KeyStatement:
        """The first key statement of a log, not signed; its keys are there.

        Raises:
            ConfigError: a key is missing or cannot be used.
        """
        signers: list[tuple[Role, Signer]] = [
            ("log", load_signer(self.home.log_key(origin), origin))
        ]
        named = self._named_keys()
        for role, alg in NODE_ROLES:
            path = self.home.role_key(role)
            signer = load_signer(path, f"{self.org}/{role}", alg)
            # What is stated once about a key stands in a log for ever.
            if role in named:
                check_named(path, signer.key, named[role])
            signers.append((role, signer))
        keys = [(role, signer.key) for role, signer in signers]
        recorded_at = format_time(now.timestamp())
        return first_statement(origin, identity, keys, recorded_at, follows)


def load_own_identity(home: Home, org: str, passphrase: str) -> Signer:
    """The identity key, which is the one that our partners have pinned.

    Raises:
        ConfigError: it is missing, readable by others, damaged, another one than its
            public file says, or the passphrase is wrong.
    """
    identity = load_identity(home.identity, org, passphrase)
    if load_identity_key(home, org) != identity.key:
        reason = Sentence("machine.identity-other", public=home.vkey(org))
        raise ConfigError(str(home.identity), "", reason)
    return identity


def load_identity_key(home: Home, org: str) -> VerifierKey:
    """The public identity key of our organisation, from its file.

    Raises:
        ConfigError: it is missing or no key.
    """
    path = home.vkey(org)
    try:
        return parse_vkey(load_vkey_text(path, str(path), ""))
    except FormatError as error:
        raise ConfigError(str(path), "", Sentence("machine.vkey-bad")) from error


def load_chain_notes(home: Home, origin: str) -> list[bytes]:
    """The signed key statements of one of our logs, as they lie ready.

    Raises:
        ConfigError: they are missing or damaged.
    """
    path = home.chain(origin)
    try:
        return decode_keys(path.read_bytes())
    except FileNotFoundError as error:
        command = chain_command(origin)
        reason = Sentence("machine.keys-unsigned", origin=origin, command=command)
        raise ConfigError(str(path), "", reason) from error
    except OSError as error:
        raise refused(path, "read", error) from error
    except FormatError as error:
        raise ConfigError(str(path), "", error.what) from error


def chain_command(origin: str) -> str:
    """The command that makes and signs the keys of one of our logs."""
    parts = parse_origin(origin)
    if parts.generation > 1:
        return f"federation election continue {parts.election}"
    command = f"federation keys chain --election {parts.election}"
    is_of_reports = origin == format_origin(parts.org, parts.election, INCIDENTS)
    return f"{command} --incidents" if is_of_reports else command
