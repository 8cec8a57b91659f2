"""What a node that writes holds: lock, database, guard, keys, logs, photographs.

Rule: whoever writes holds the lock, for as long as it writes. `serve` holds it while
it runs; a command without a running node holds it for that command.
"""

import contextlib
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from federation.blobs.blobs import Blobs, open_blobs
from federation.config.companionkeys import load_companions
from federation.config.founding import load_chain_notes, load_identity_key
from federation.config.home import Home
from federation.config.keystore import NodeKeys, check_named, load_node_keys
from federation.config.settings import Settings
from federation.errors import (
    ConfigError,
    FormatError,
    NotFoundError,
    RecordError,
    SignatureError,
)
from federation.files import make_folders
from federation.flows.ownlog.begin import OwnKeys, open_own
from federation.flows.ownlog.ingest import OwnLog
from federation.flows.witness import OfferJudge
from federation.node.events import say
from federation.node.guards import open_guard
from federation.node.rivals import check_one_log
from federation.node.unfounded import is_unfounded
from federation.node.witnesskey import load_witness
from federation.profiles import load_profiles
from federation.records.companion import OwnCompanions
from federation.records.keychain import (
    LAST,
    KeyChain,
    open_chain,
    parse_origin,
)
from federation.records.profile import Profile
from federation.store.db import Database
from federation.store.epoch import renew_if_older, save_followed
from federation.store.guard import Guard
from federation.store.lock import hold
from federation.store.reserve import Reserve
from federation.store.upgrade import Upgrade
from federation.text import Sentence, load_topic
from federation.tlog.keys import VerifierKey

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """`wall`: Unix seconds; `steady`: monotonic seconds."""

    wall: Callable[[], float]
    steady: Callable[[], float]


@dataclass(frozen=True, kw_only=True)
class Resources:
    """What is open; `own` by origin."""

    home: Home
    settings: Settings
    profiles: dict[str, Profile]
    db: Database
    guard: Guard
    keys: NodeKeys
    own: dict[str, OwnLog]
    reserve: Reserve
    blobs: Blobs
    witness: OfferJudge | None = None

    def log_of(self, election: str) -> OwnLog:
        """Our log of an election.

        Raises:
            NotFoundError: this node takes no part in it.
        """
        elections = self.settings.elections
        if election not in elections:
            known = ", ".join(elections) or "-"
            why = Sentence("election.not-here", election=repr(election), known=known)
            raise NotFoundError(why)
        return self.own[self.settings.origin_of(election)]

    def incidents_of(self, election: str) -> OwnLog:
        """Our log of the reports of an election, which is for partners.

        Raises:
            NotFoundError: this node takes no part in it, or keeps no reports.
        """
        self.log_of(election)
        log = self.own.get(self.settings.incidents_origin_of(election))
        if log is None:
            command = f"federation keys chain --election {election} --incidents"
            why = Sentence("incidents.not-kept", election=election, command=command)
            raise NotFoundError(why)
        return log

    def read_rules(self) -> None:
        """Follow the files of the elections' rules; whoever holds `profiles` does too.

        Raises:
            ConfigError: one is not known, or cannot be used: nothing is changed then.
        """
        self.profiles.update(read_profiles(self.home, self.settings))
        for origin, log in self.own.items():
            rules = self.profiles[log.profile.election]
            self.own[origin] = log._replace(profile=rules)


@contextlib.contextmanager
def open_resources(home: Home, settings: Settings) -> Iterator[Resources]:
    """All of it, closed at the end of the block.

    Raises:
        ConflictError: another process holds the lock.
        ConfigError: a key or a profile is missing or cannot be used.
        SignatureError: the keys of a log are not those that its chain names.
        VerificationError: the database is not what was signed.
        OSError: the disk failed.
    """
    # That no file can be opened any more must be said, too, and its words lie in one.
    load_topic("machine")
    profiles = read_profiles(home, settings)
    keys, chains = load_own_keys(home, settings.org, settings.origins)
    witness = load_witness(home, settings)
    make_folders(home.data, 0o700)
    reserve = Reserve(home.data, settings.disk.reserve_mb << 20)
    with hold(home.lock), contextlib.closing(_open_database(home, reserve)) as db:
        # Before anything is merged, and before anybody can ask what has changed.
        renew_if_older(db, home.followed)
        # Of a guard whose disk is full nothing is written, and the node serves.
        with contextlib.suppress(OSError):
            save_followed(db, home.followed)
        own = {
            origin: open_own(
                db,
                OwnKeys(
                    chains[origin],
                    keys.log[origin],
                    keys.records,
                    keys.companions.get(origin, OwnCompanions()),
                ),
                profiles[parse_origin(origin).election],
            )
            for origin in settings.origins
        }
        check_one_log(db, home, settings)
        for weakness in db.list_weaknesses():
            _log.warning("%s", weakness)
        try:
            yield Resources(
                home=home,
                settings=settings,
                profiles=profiles,
                db=db,
                guard=open_guard(home),
                keys=keys,
                own=own,
                reserve=reserve,
                blobs=open_blobs(home.blobs, home.folder),
                witness=witness,
            )
        finally:
            # Who stops between a batch of the map and this has told it already.
            with contextlib.suppress(OSError):
                save_followed(db, home.followed)


def _open_database(home: Home, reserve: Reserve) -> Database:
    """The database; on a full disk it needs room even to be read.

    Raises:
        VerificationError: it is damaged.
        OSError: the disk failed, or is full and there is nothing to be given up; a
            newer version made it, or an earlier one, and there is no room to copy it.
    """
    if reserve.is_needed:
        reserve.give_up()
    return Database.open(home.data, home.database, told=_tell_upgrade)


def _tell_upgrade(upgrade: Upgrade, copy: Path) -> None:
    say("upgrading", steps=len(upgrade.due), copy=str(copy), bytes=upgrade.size)


def load_own_keys(
    home: Home, org: str, origins: Iterable[str]
) -> tuple[NodeKeys, dict[str, KeyChain]]:
    """The keys that this node signs with, and what our identity says of them, by log.

    Raises:
        ConfigError: one is missing, damaged, or another than our identity has named.
    """
    origins = tuple(origins)
    for origin in origins:
        if is_unfounded(home, origin):
            # Says by which command they are made, and not which file is missing.
            load_chain_notes(home, origin)
    keys = load_node_keys(home, org, origins)
    identity = load_identity_key(home, org)
    chains = {origin: _open_chain(home, origin, identity) for origin in origins}
    _check_keys(home, keys, chains)
    said = {
        origin: load_companions(home, chain)
        for origin, chain in chains.items()
        if home.companions(origin).exists()
    }
    return replace(keys, companions=said), chains


def _check_keys(home: Home, keys: NodeKeys, chains: Mapping[str, KeyChain]) -> None:
    """Every key that signs is one that our identity has named for that.

    And it is the one that counts from now on: where a change of keys was interrupted,
    the chain names another already.

    Raises:
        ConfigError: a file holds another key.
    """
    named = [chain.keys_by_role() for chain in chains.values()]
    for origin, signer in keys.log.items():
        by_role = chains[origin].keys_by_role()
        check_named(home.log_key(origin), signer.key, by_role.get("log", ()))
        _check_now(home.log_key(origin), signer.key, _log_keys(chains[origin]))
    for role, signer in (
        ("records", keys.records),
        ("node", keys.node),
        ("mirror", keys.mirror),
    ):
        every = {key for by_role in named for key in by_role.get(role, ())}
        # A node without an election signs nothing yet, and names no keys.
        if chains:
            check_named(home.role_key(role), signer.key, every)
    if chains:
        now = (chain.record_keys(LAST).values() for chain in chains.values())
        path = home.role_key("records")
        _check_now(path, keys.records.key, set().union(*now))


def _check_now(path: Path, key: VerifierKey, named: Collection[VerifierKey]) -> None:
    if key not in named:
        raise ConfigError(str(path), "", Sentence("machine.key-replaced", key=key))


def _log_keys(chain: KeyChain) -> set[VerifierKey]:
    with contextlib.suppress(SignatureError):
        return {chain.log_key(LAST)}
    return set()


def _open_chain(home: Home, origin: str, identity: VerifierKey) -> KeyChain:
    """The key chain of one of our logs.

    Raises:
        ConfigError: its file is damaged, or of another log, or our identity has not
            signed it.
    """
    notes, path = load_chain_notes(home, origin), home.chain(origin)
    try:
        return _checked(open_chain(notes, identity), origin)
    except SignatureError as error:
        reason = Sentence("machine.chain-damaged", why=error.told)
        raise ConfigError(str(path), "", reason) from error
    except FormatError as error:
        raise ConfigError(str(home.chain(origin)), "", error.what) from error
    except RecordError as error:
        raise ConfigError(str(home.chain(origin)), error.field, error.rule) from error


def _checked(chain: KeyChain, origin: str) -> KeyChain:
    if chain.origin != origin:
        raise SignatureError(Sentence("chain.statement-about", origin=chain.origin))
    return chain


def read_profiles(home: Home, settings: Settings) -> dict[str, Profile]:
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
