"""What a backup refuses, when it is made and when it is put back, and what is said."""

import sqlite3

import pytest

from federation.config.home import Home
from federation.config.sealingkey import public_of
from federation.config.settings import load_settings
from federation.errors import ConfigError, VerificationError
from federation.flows.backup import open_backup, restore_backup, secret
from federation.flows.backup.form import DATABASE, write_backup
from federation.flows.backup.secret import Secrets, open_secrets, seal_secrets
from federation.store.folderguard import FolderGuard
from tests.cli.filled_home import LOG, NAME, ORG
from tests.flows.backup.commands import answer, give_key, key_words, made, refused

PRIVATE = bytes(range(32))


def crafted(path, tmp_path, changed):
    """The same backup with some members replaced, or added, and a digest that fits."""
    other = tmp_path / "crafted.backup"
    with open_backup(path) as backup:
        names = [*backup.names(), *(n for n in changed if n not in backup.names())]
        members = [(n, changed.get(n) or backup.read(n, 1 << 30)) for n in names]
        write_backup(other, backup.manifest, members)
    return other


def sealed_into(path, tmp_path, files):
    """That backup with these files as secrets, sealed for the key `PRIVATE`."""
    public = public_of(PRIVATE)
    data = seal_secrets(Secrets(files, []), ORG, 1, public)
    return crafted(path, tmp_path, {secret.SECRETS: data})


# When it is made


def test_what_is_sealed_can_be_opened_again_or_is_refused(home, tmp_path, monkeypatch):
    path = made(home, tmp_path / "to")
    monkeypatch.setattr(secret, "MOST_BYTES", 20_000)
    opened, said = 0, []
    for size in range(9_000, 14_000, 250):
        files = {"keys/large.bin": bytes(size)}
        try:
            with open_backup(sealed_into(path, tmp_path, files)) as backup:
                assert open_secrets(backup, PRIVATE) == files
            opened += 1
        except ConfigError as error:
            said.append(str(error))
        (tmp_path / "crafted.backup").unlink(missing_ok=True)
    assert opened
    assert said
    assert all("the largest is keys/large.bin" in one for one in said)


def test_more_secrets_than_a_backup_takes_are_refused_and_the_largest_named(
    home, tmp_path
):
    give_key(home)
    with (home.keys / "disk.img").open("wb") as file:
        file.truncate(secret.MOST_BYTES + 1)
    said = refused(home, "backup", "create", tmp_path / "to", code=3)
    assert "keys/disk.img" in said
    assert "64 MB" in said
    assert not [*(tmp_path / "to").glob("*.backup")]


def test_a_file_in_the_place_of_the_folder_is_told_with_what_to_name(home, tmp_path):
    path = tmp_path / "mine.backup"
    path.write_text("mine")
    for place in (path, path / "below"):
        said = refused(home, "backup", "create", place, code=3)
        assert f"{path} is a file: name a folder" in said
    assert path.read_text() == "mine"


def test_no_backup_is_made_beside_the_database(home):
    for place in (home.data, home.data / "backups"):
        said = refused(home, "backup", "create", place, code=3)
        assert "beside the database" in said
    assert not (home.data / "backups").exists()


def test_other_folders_below_keys_are_no_secrets(home, tmp_path):
    """They are the database, which is there already, and the guard, which is never."""
    give_key(home)
    home.data.rename(home.keys / "data")
    home.guard.rename(home.keys / "guard")
    text = home.settings.read_text()
    for name in ("data", "guard"):
        text = text.replace(
            f'# {name}_folder = "{name}"', f'{name}_folder = "keys/{name}"'
        )
    home.settings.write_text(text)
    path = made(home, tmp_path / "to")
    again = tmp_path / "again"
    answer(home, "backup", "restore", path, again, *key_words(home))
    back = Home.of(again, load_settings(again / "federation.toml"))
    assert FolderGuard(home.keys / "guard").read(LOG) is not None
    assert FolderGuard(back.guard).read(LOG) is None
    assert {one.name for one in back.data.iterdir()} == KEPT
    assert (back.keys / "records.pem").exists()


# When it is put back

#: What is in the data folder of a home that was put back, and has no photographs.
KEPT = {"federation.db", "last-backup.json"}


def test_a_key_that_is_not_there_is_said_to_be_missing(home, tmp_path, monkeypatch):
    give_key(home)
    path = made(home, tmp_path / "to")
    (tmp_path / "open").mkdir(0o755)
    monkeypatch.chdir(tmp_path / "open")
    words = ["backup", "restore", path, tmp_path / "again", "--key", "missing.pem"]
    said = refused(home, *words, code=3)
    assert "missing.pem: cannot be read: there is no such file" in said


def test_a_restored_node_knows_which_backup_it_was_made_of(home, tmp_path):
    path = made(home, tmp_path / "to")
    answer(home, "backup", "restore", path, tmp_path / "again")
    back = Home(tmp_path / "again")
    assert {one.name for one in back.data.iterdir()} == KEPT
    seen = answer(back, "status")["observed"]["backup"]
    assert (seen["path"], seen["has_keys"]) == (path, False)


def other_database(tmp_path):
    with sqlite3.connect(tmp_path / "other.db") as db:
        db.execute("CREATE TABLE notes (text)")
    return (tmp_path / "other.db").read_bytes()


@pytest.mark.parametrize(
    "change",
    [
        lambda _, __: b"garbage" * 1000,
        lambda data, _: b"X" + data[1:],
        lambda data, _: data[: len(data) // 2],
        lambda data, _: data[: 8192 * 5] + b"\xff" * 8192 + data[8192 * 6 :],
        lambda _, tmp_path: other_database(tmp_path),
    ],
    ids=["garbage", "header", "half", "page", "of another program"],
)
def test_what_is_no_whole_database_of_ours_is_not_put_back(home, tmp_path, change):
    path = made(home, tmp_path / "to")
    with open_backup(tmp_path / path) as backup:
        data = backup.read(DATABASE, 1 << 30)
    wrong = crafted(path, tmp_path, {DATABASE: change(data, tmp_path)})
    again = tmp_path / "again"
    said = refused(home, "backup", "restore", wrong, again, code=4)
    assert f"{wrong} is damaged: {DATABASE}" in said
    assert list(again.iterdir()) == []


@pytest.mark.of_file  # its file is taken away
def test_a_database_with_other_logs_than_the_backup_says_is_not_put_back(
    home, tmp_path
):
    path = made(home, tmp_path / "to")
    (home.data / "federation.db").unlink()
    answer(home, "keys", "token", "add", "makes-a-database")
    empty = made(home, tmp_path / "to")
    with open_backup(tmp_path / empty) as backup:
        data = backup.read(DATABASE, 1 << 30)
    wrong = crafted(path, tmp_path, {DATABASE: data})
    assert DATABASE in refused(
        home, "backup", "restore", wrong, tmp_path / "again", code=4
    )


@pytest.mark.parametrize(
    "name",
    [
        "guard/x.guard",
        "identity/identity.pem",
        "data/federation.db",
        "federation.toml/x",
        "keys",
        "../x",
    ],
)
def test_a_secret_that_has_no_place_in_a_home_is_refused(home, tmp_path, name):
    path = made(home, tmp_path / "to")
    wrong = sealed_into(path, tmp_path, {name: b"x"})
    with open_backup(wrong) as backup, pytest.raises(VerificationError) as said:
        open_secrets(backup, PRIVATE)
    assert said.value.told.key == "backup.bad-name"


@pytest.mark.parametrize(
    ("folder", "name"),
    [("elsewhere", f"elsewhere/{NAME}.guard"), ("keys/g", f"keys/g/{NAME}.guard")],
)
def test_no_guard_is_put_where_the_settings_of_a_backup_say_that_it_lies(
    home, tmp_path, folder, name
):
    text = home.settings.read_text()
    home.settings.write_text(
        text.replace('# guard_folder = "guard"', f'guard_folder = "{folder}"')
    )
    path = made(home, tmp_path / "to")
    again = tmp_path / "again"
    with (
        open_backup(sealed_into(path, tmp_path, {name: b"x"})) as backup,
        pytest.raises(VerificationError) as said,
    ):
        restore_backup(backup, again, PRIVATE)
    assert said.value.told.key == "backup.bad-name"
    assert list(again.iterdir()) == []
