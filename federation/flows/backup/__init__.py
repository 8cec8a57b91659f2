"""A backup of a node: made while it runs, looked through, put back.

Rule: a backup never makes a second history. The guard is not in it, so that whoever
starts what was put back is taken for a copy, and asks every partner before it signs
(`flows/ownlog/reconcile.py`). No private key lies in it but sealed.

    form       the file: a ZIP, by one digest whole or damaged
    manifest   what it says of itself
    place      where backups lie, of which there are two
    folder     a folder
    bucket     a bucket of an object store
    opening    a place, or a backup there, by the address that somebody typed
    access     the file that says who asks an object store
    room       whether there is room for one
    photos     photographs beside the files, each once for all of them
    originals  original photographs, sealed, beside the files
    secret     what of a home is secret, sealed for the backup key
    create     a backup is made
    rotate     older ones give way
    look       one is put back into a scratch folder and examined
    restore    one becomes the home of a node

Source: docs/adr/0044-a-backup-has-no-guard.md
"""

from federation.flows.backup.create import BackupSource, CreatedBackup, create_backup
from federation.flows.backup.form import BackupFile
from federation.flows.backup.look import BackupReport, examine_backup
from federation.flows.backup.manifest import BackupManifest
from federation.flows.backup.opening import open_backup, place_for
from federation.flows.backup.restore import RestoredHome, restore_backup
from federation.flows.backup.rotate import rotate_backups

__all__ = (
    "BackupFile",
    "BackupManifest",
    "BackupReport",
    "BackupSource",
    "CreatedBackup",
    "RestoredHome",
    "create_backup",
    "examine_backup",
    "open_backup",
    "place_for",
    "restore_backup",
    "rotate_backups",
)
