"""The parts of a node that writes: lock, database, guard, keys, its own logs.

Rule: whoever writes holds the lock, for as long as it writes. `serve` holds it while
it runs; a command without a running node holds it for that command.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from federation.config.founding import load_chain_notes, load_identity_key
from federation.config.home import Home
from federation.config.keystore import NodeKeys, load_node_keys
from federation.config.settings import Settings
from federation.errors import ConfigError, FormatError, NotFoundError, RecordError
from federation.flows.ingest import OwnLog
from federation.flows.open_log import OwnKeys, open_own
from federation.profiles import load_profiles
from federation.records.keychain import KeyChain, format_origin, open_chain
from federation.records.profile import Profile
from federation.regular import make_folders
from federation.store.db import Database
from federation.store.followed import renew_if_older, save_followed
from federation.store.guard import Guard
from federation.store.lock import hold
from federation.text import Sentence, load_topic
from federation.tlog.keys import VerifierKey


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What is open; `own` by election."""

    home: Home
    settings: Settings
    profiles: dict[str, Profile]
    db: Database
    guard: Guard
    keys: NodeKeys
    own: dict[str, OwnLog]

    def log_of(self, election: str) -> OwnLog:
        """Our log of an election.

        Raises:
            NotFoundError: this node takes no part in it.
        """
        if election not in self.own:
            known = ", ".join(self.own) or "-"
            why = Sentence("election.not-here", election=repr(election), known=known)
            raise NotFoundError(why)
        return self.own[election]

    def read_rules(self) -> None:
        """Follow the files of the elections' rules; whoever holds `profiles` does too.

        Raises:
            ConfigError: one is not known, or cannot be used: nothing is changed then.
        """
        self.profiles.update(_profiles(self.home, self.settings))
        for election, log in self.own.items():
            self.own[election] = log._replace(profile=self.profiles[election])


@contextlib.contextmanager
def open_parts(home: Home, settings: Settings) -> Iterator[Parts]:
    """The parts, closed at the end of the block.

    Raises:
        ConflictError: another process holds the lock.
        ConfigError: a key or a profile is missing or cannot be used.
        SignatureError: the keys of a log are not those that its chain names.
        VerificationError: the database is not what was signed.
        OSError: the disk failed.
    """
    # That no file can be opened any more must be said, too, and its words lie in one.
    load_topic("machine")
    profiles = _profiles(home, settings)
    origins = {e: format_origin(settings.org, e) for e in settings.elections}
    keys = load_node_keys(home, settings.org, origins.values())
    identity = load_identity_key(home, settings.org)
    make_folders(home.data, 0o700)
    with hold(home.lock), contextlib.closing(Database.open(home.data)) as db:
        # Before anything is merged, and before anybody can ask what has changed.
        with db.transaction() as tx:
            renew_if_older(tx, home.followed)
        save_followed(db, home.followed)
        own = {
            election: open_own(
                db,
                OwnKeys(
                    _open_chain(home, origin, identity),
                    keys.log[origin],
                    keys.records,
                ),
                profiles[election],
            )
            for election, origin in origins.items()
        }
        yield Parts(
            home=home,
            settings=settings,
            profiles=profiles,
            db=db,
            guard=Guard(home.guard),
            keys=keys,
            own=own,
        )


def _open_chain(home: Home, origin: str, identity: VerifierKey) -> KeyChain:
    """The key chain of one of our logs.

    Raises:
        ConfigError: its file is damaged.
        SignatureError: our identity has not signed it.
    """
    notes = load_chain_notes(home, origin)
    try:
        return open_chain(notes, identity)
    except FormatError as error:
        raise ConfigError(str(home.chain(origin)), "", error.what) from error
    except RecordError as error:
        raise ConfigError(str(home.chain(origin)), error.field, error.rule) from error


def _profiles(home: Home, settings: Settings) -> dict[str, Profile]:
    """The rules of the elections of this node.

    Raises:
        ConfigError: one is not known.
    """
    known = load_profiles(home.elections)
    for election in settings.elections:
        if election not in known:
            raise ConfigError(
                str(home.settings),
                "elections",
                Sentence("machine.election-unknown", election=election),
            )
    return {election: known[election] for election in settings.elections}
