"""`federation backup` as an operator calls it, and what it answers."""

import json

from federation.flows.backup.folder import FolderPlace
from federation.flows.backup.rotate import list_backups
from tests.cli.filled_home import ORG, federation

PASSPHRASE = "only for the tests"


def answer(home, *words, code=0):
    ended, out, err = federation(home, *words)
    assert ended == code, out + err
    return json.loads(out or err)


def give_key(home):
    words = ["backup", "key", "--passphrase-file", home.folder.parent / "passphrase"]
    return answer(home, *words)["key"]


def key_words(home):
    file = home.folder.parent / "passphrase"
    return ["--key", home.backup_private, "--passphrase-file", file]


def made(home, folder, *words):
    return answer(home, "backup", "create", folder, *words)["path"]


def refused(home, *words, code):
    return answer(home, *words, code=code)["error"]["message"]


def listed(folder):
    return [folder / name for name in list_backups(FolderPlace(folder), ORG)]
