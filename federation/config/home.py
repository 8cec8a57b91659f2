"""Where the files of a node lie.

Rule: every path of a home folder is named here and nowhere else.

    federation.toml                 settings
    peers.toml                      partners
    agencies.toml                   who takes reports of violations; not made by init
    elections/<election>.json       profiles added by `federation election add`
    identity/identity.pem           the encrypted identity key; take it off this machine
    identity/identity.ml-dsa-44.pem its companion, where one was asked for; likewise
    identity/recovery.html          to print
    identity/annex.pem              opens annexes; encrypted; take it off as well
    identity/backup.pem             opens backups; likewise
    keys/                           0700
      <org>.vkey                    identity keys, public: ours and the partners'
      records.pem node.pem mirror.pem
      log.<election>.pem            one per history; "/" of its name becomes "."
      log.<election>.ml-dsa-44.pem  its companion, where one was asked for
      <hex sha256(origin)>.chain    the statements of the identity key for that log
      <hex sha256(origin)>.companions  those about companions, where there are some
      prepared/                     keys that a statement being signed will name
      retired/                      keys that others have taken the place of
      contributor.secret
      annex.pub                     seals annexes
      backup.pub                    seals what is secret of backups
    data/                           0700: database, lock, control.json; the database is
                                    elsewhere where the settings name one of a server
      blobs/ab/<hex>                photographs by their SHA-256; `photos.store` puts
                                    them elsewhere
      .making/                      a backup on its way to an object store
      partial/                      photographs of partners that did not come whole
      thumbnails/                   made from them, to be shown; may be removed
    guard/                          0700: what was signed at most, unless the settings
                                    name a bucket for it; not in data/, so that a
                                    restored copy of data/ does not take it back
      tried                         up to what was handed over to agencies, likewise
    annex/                          0700: what is personal of incidents, sealed; not in
                                    data/, so that no copy of that has it
    coming/                         0700: photographs of reports that come in pieces, as
                                    they were taken; gone when signed, or in a day; not
                                    in data/ either
    mailbox/                        0700: mail that agencies sent back, sealed; not in
                                    data/ either
    outbox/                         0700: papers on their way to agencies, by digest;
                                    gone when they have arrived; not in data/ either
    <photos.originals>/             0700, where the settings name it: photographs as
                                    they came, by digest
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from federation.config.settings import Settings


def companion_of(key: Path) -> Path:
    """The file of the companion of a private key, beside that of the key."""
    return key.with_name(f"{key.stem}.ml-dsa-44.pem")


@dataclass(frozen=True)
class Home:
    """The paths of one node.

    `data`, `keys`, `guard` and `originals` are folders; the settings may put them
    elsewhere (`Home.of`). `database` is the address of one with a server; None: it is a
    file in `data`.
    """

    folder: Path
    data_folder: str = "data"
    keys_folder: str = "keys"
    guard_folder: str = "guard"
    originals_folder: str | None = None
    store: str | None = None
    database: str | None = None
    guard_bucket: str | None = None
    guard_access: str | None = None

    @classmethod
    def of(cls, folder: Path, settings: "Settings") -> Self:
        """The paths as these settings say; relative ones start at `folder`."""
        return cls(
            folder,
            settings.data_folder,
            settings.keys_folder,
            settings.guard_folder,
            settings.photos.originals,
            settings.photos.store,
            settings.database,
            settings.guard,
            settings.guard_access,
        )

    @property
    def settings(self) -> Path:
        """federation.toml."""
        return self.folder / "federation.toml"

    @property
    def peers(self) -> Path:
        """peers.toml."""
        return self.folder / "peers.toml"

    @property
    def agencies(self) -> Path:
        """agencies.toml."""
        return self.folder / "agencies.toml"

    @property
    def elections(self) -> Path:
        """The folder of added election profiles."""
        return self.folder / "elections"

    @property
    def identity_folder(self) -> Path:
        """The folder that belongs in a safe once the node runs."""
        return self.folder / "identity"

    @property
    def identity(self) -> Path:
        """The encrypted identity key."""
        return self.identity_folder / "identity.pem"

    @property
    def recovery(self) -> Path:
        """The sheet to print."""
        return self.identity_folder / "recovery.html"

    @property
    def annex_private(self) -> Path:
        """The encrypted key that opens annexes."""
        return self.identity_folder / "annex.pem"

    @property
    def annex_public(self) -> Path:
        """The public key that annexes are sealed for."""
        return self.keys / "annex.pub"

    @property
    def backup_private(self) -> Path:
        """The encrypted key that opens what is secret in backups, if made here."""
        return self.identity_folder / "backup.pem"

    @property
    def backup_public(self) -> Path:
        """The public key that backups seal private keys for."""
        return self.keys / "backup.pub"

    @property
    def last_backup(self) -> Path:
        """What is known of the newest backup that was made whole."""
        return self.data / "last-backup.json"

    @property
    def mailbox(self) -> Path:
        """The folder of sealed mail."""
        return self.folder / "mailbox"

    @property
    def annex(self) -> Path:
        """The folder of sealed annexes."""
        return self.folder / "annex"

    @property
    def coming(self) -> Path:
        """The folder of photographs of reports that come in pieces."""
        return self.folder / "coming"

    @property
    def outbox(self) -> Path:
        """The folder of papers on their way to agencies."""
        return self.folder / "outbox"

    @property
    def data(self) -> Path:
        """The folder of the database, and of what lies beside it."""
        return self.folder / self.data_folder

    @property
    def blobs(self) -> str:
        """Where photographs lie: a folder, or the address of an object store."""
        return str(self.data / "blobs") if self.store is None else self.store

    @property
    def partial(self) -> Path:
        """The folder of photographs that did not come whole."""
        return self.data / "partial"

    @property
    def thumbnails(self) -> Path:
        """The folder of what was made small to be shown."""
        return self.data / "thumbnails"

    @property
    def private(self) -> tuple[Path, ...]:
        """The folders of which nothing may be published."""
        keys = self.keys, self.identity_folder
        inner = (self.data, *keys, self.guard, self.annex, self.outbox, self.mailbox)
        # An address that is no path is of no folder of this machine.
        photos = self.originals_folder, None if "://" in self.blobs else self.store
        named = (self.folder / one for one in photos if one)
        return (*inner, self.coming, *named)

    @property
    def originals(self) -> Path | None:
        """The folder of photographs as they came; None: they are not kept."""
        named = self.originals_folder
        return None if named is None else self.folder / named

    @property
    def guard(self) -> Path:
        """The folder of the guard files, and of what lies beside them."""
        return self.folder / self.guard_folder

    @property
    def witness(self) -> Path:
        """The folder of what we signed as a witness, and of its key."""
        return self.guard / "witness"

    @property
    def witness_key(self) -> Path:
        """The private key that signs as a witness; whoever loses both has lost it."""
        return self.witness / "witness.pem"

    @property
    def followed(self) -> Path:
        """What followers of the map were told; beside the guard, and for its reason."""
        return self.guard / "changes.json"

    @property
    def lock(self) -> Path:
        """The lock of the one writing process."""
        return self.data / "lock"

    @property
    def control(self) -> Path:
        """How a command reaches the running node: address and token, 0600."""
        return self.data / "control.json"

    @property
    def keys(self) -> Path:
        """The folder of key files."""
        return self.folder / self.keys_folder

    def vkey(self, org: str) -> Path:
        """The public identity key of an organisation."""
        return self.keys / f"{org}.vkey"

    def role_key(self, role: str) -> Path:
        """The private key of a role that does not depend on the election."""
        return self.keys / f"{role}.pem"

    def log_key(self, origin: str) -> Path:
        """The private key that signs the checkpoints of one of our logs."""
        # What follows the organisation: neither it nor "/" can hold a full stop.
        name = origin.partition("/")[2].replace("/", ".")
        return self.keys / f"log.{name}.pem"

    def companions(self, origin: str) -> Path:
        """What our identity has said of the companions of a log's keys."""
        return self.chain(origin).with_suffix(".companions")

    @property
    def prepared(self) -> Path:
        """The folder of keys that no statement names yet."""
        return self.keys / "prepared"

    @property
    def retired(self) -> Path:
        """The folder of keys that were replaced."""
        return self.keys / "retired"

    def chain(self, origin: str) -> Path:
        """The key statements of a log, encoded by `records.keychain`."""
        return self.keys / f"{hashlib.sha256(origin.encode()).hexdigest()}.chain"

    def is_founded(self, origin: str) -> bool:
        """Whether a log of ours of that name was founded."""
        return self.chain(origin).exists()

    @property
    def contributor_secret(self) -> Path:
        """The secret of the contributors' pseudonyms."""
        return self.keys / "contributor.secret"
