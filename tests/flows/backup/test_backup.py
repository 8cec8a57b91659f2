"""A backup of a home: what is in it, what is not, and what becomes of it."""

import asyncio
import contextlib
import hashlib
import json
import resource
import shutil
import zipfile

import pytest

from federation.blobs.blobs import open_blobs
from federation.config.home import Home
from federation.config.rewrite import set_database
from federation.config.settings import load_settings
from federation.flows.backup import create, folder, look, open_backup, restore
from federation.flows.backup.folder import FolderPlace
from federation.flows.backup.rotate import rotate_backups
from federation.photos.originals import keep_original
from federation.store import logs
from federation.store.blobs import save_blob
from federation.store.db import Database
from federation.store.enginechoice import FILE_NAME
from federation.store.folderguard import FolderGuard
from federation.store.lock import hold
from federation.store.originals import SharedCopy, save_copy
from federation.store.sqlite import SqliteFile
from tests.cli.filled_home import LOG, ORG, federation
from tests.flows.backup.commands import (
    answer,
    give_key,
    key_words,
    listed,
    made,
    refused,
)
from tests.homes import ELECTION, add_peer, draft, make_home, serving
from tests.waiting import until


def photo_in(home, data: bytes) -> str:
    """A photo of ours that is held, as far as a backup looks."""
    digest = hashlib.sha256(data).hexdigest()
    asyncio.run(open_blobs(home.blobs, home.folder).put(digest, data))
    with contextlib.closing(Database.open(home.data)) as db, db.transaction() as tx:
        save_blob(tx, digest, len(data), "image/jpeg", is_own=True, now=1)
    return digest


def beside(folder):
    return {path.name for path in (folder / "blobs").glob("*/*")}


def test_a_backup_without_a_key_has_no_secret_and_says_so(home, tmp_path):
    secrets = [path.read_bytes() for path in home.keys.glob("*.pem")]
    secrets.append(home.contributor_secret.read_bytes())
    path = made(home, tmp_path / "to")
    with zipfile.ZipFile(path) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert len(secrets) == 5
    for secret in secrets:
        assert secret.splitlines()[-2 if b"PEM" in secret else 0] not in everything
    _, out, _ = federation(home, "backup", "create", tmp_path / "to", is_json=False)
    assert "NO private keys" in out
    assert "federation backup key" in out


def test_what_lay_with_a_server_comes_back_as_the_file_that_the_backup_holds(
    home, tmp_path, monkeypatch
):
    set_database(home.settings, "postgresql://db.example/node")
    with monkeypatch.context() as patched:
        # In the place of that server, the file with the same tables.
        patched.setattr(
            "federation.store.db.engine_at",
            lambda at, _=None: SqliteFile(at / FILE_NAME),
        )
        path = made(home, tmp_path / "to")
    again = Home(tmp_path / "again")
    answer(again, "backup", "restore", path)
    assert load_settings(again.settings).database is None
    assert (again.data / FILE_NAME).exists()


def test_with_a_key_they_are_sealed_and_come_back_byte_for_byte(home, tmp_path):
    key = give_key(home)
    path = made(home, tmp_path / "to")
    with zipfile.ZipFile(path) as archive:
        assert b"PRIVATE KEY" not in b"".join(map(archive.read, archive.namelist()))
    again = tmp_path / "again"
    words = ["backup", "restore", path, again]
    assert key in refused(home, *words, code=6)
    assert not again.exists()
    answer(home, *words, *key_words(home))
    back = Home(again)
    for one in home.keys.iterdir():
        assert (back.keys / one.name).read_bytes() == one.read_bytes(), one.name
    assert (back.keys / "records.pem").stat().st_mode & 0o777 == 0o600
    assert back.keys.stat().st_mode & 0o777 == 0o700
    assert back.settings.read_bytes() == home.settings.read_bytes()
    # No guard: whoever starts there is a copy. No identity: it is in a safe.
    assert not back.guard.exists()
    assert not back.identity_folder.exists()


def test_secrets_that_the_settings_name_are_sealed_and_far_ones_are_named(
    home, tmp_path
):
    give_key(home)
    (home.folder / "hook.secret").write_text("whsec_inside")
    far = tmp_path / "far.password"
    far.write_text("outside")
    with home.settings.open("a") as file:
        file.write('[[webhooks]]\nname = "a"\nurl = "https://a.example"\n')
        file.write('secret_file = "hook.secret"\n')
    text = home.settings.read_text().replace(
        "[mail]\n",
        f'[mail]\nhost = "mail.example"\nsender = "a@b.example"\nuser = "u"\n'
        f'password_file = "{far}"\n',
    )
    home.settings.write_text(text)
    told = answer(home, "backup", "create", tmp_path / "to")
    assert told["manifest"]["left_out"] == [str(far)]
    words = ["backup", "restore", told["path"], tmp_path / "again", *key_words(home)]
    answer(home, *words)
    assert (tmp_path / "again/hook.secret").read_text() == "whsec_inside"


def test_identity_keys_of_partners_come_along_from_wherever_peers_toml_says(
    home, tmp_path
):
    other = make_home(tmp_path / "others", "jagapemilu.example")
    vkey = other.vkey("jagapemilu.example").read_text()
    (home.folder / "mitra").mkdir()
    (home.folder / "mitra/jp.vkey").write_text(vkey)
    table = '[[peer]]\norg = "jagapemilu.example"\nidentity = '
    home.peers.write_text(f'{table}"mitra/jp.vkey"\n')
    told = answer(home, "backup", "create", tmp_path / "to")
    answer(home, "backup", "restore", told["path"], tmp_path / "again")
    assert (tmp_path / "again/mitra/jp.vkey").read_text() == vkey
    answer(home, "backup", "verify", told["path"])
    far = tmp_path / "far.vkey"
    far.write_text(vkey)
    home.peers.write_text(f'{table}"{far}"\n')
    told = answer(home, "backup", "create", tmp_path / "to")
    assert told["manifest"]["left_out"] == [str(far)]


@pytest.mark.parametrize(
    "name", ["elections/.old.json", "keys/a b.vkey", "keys/.a.chain", "annex/a b"]
)
def test_a_file_with_an_odd_name_is_left_out_and_named(home, tmp_path, name):
    path = home.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("{}")
    told = answer(home, "backup", "create", tmp_path / "to", "--with-annex")
    assert told["manifest"]["left_out"] == [str(path)]
    answer(home, "backup", "restore", told["path"], tmp_path / "again")
    assert not (tmp_path / "again" / name).exists()


def test_a_folder_that_backups_take_along_is_no_place_for_them(home):
    words = ["backup", "create", home.keys / "to"]
    assert "takes along" in refused(home, *words, code=3)
    assert not (home.keys / "to").exists()


def test_a_key_is_refused_where_the_keys_are_to_stay_away(home, tmp_path):
    give_key(home)
    path = made(home, tmp_path / "to")
    words = ["backup", "restore", path, tmp_path / "again", *key_words(home)]
    assert "--key and --without-keys" in refused(home, *words, "--without-keys", code=2)
    assert not (tmp_path / "again").exists()


def test_a_data_folder_inside_of_the_folder_of_keys_is_put_back(home, tmp_path):
    home.data.rename(home.keys / "data")
    text = home.settings.read_text()
    home.settings.write_text(
        text.replace('# data_folder = "data"', 'data_folder = "keys/data"')
    )
    told = answer(home, "backup", "create", tmp_path / "to")
    answer(home, "backup", "restore", told["path"], tmp_path / "again")
    assert (tmp_path / "again/keys/data/federation.db").exists()
    assert [*(tmp_path / "again/keys").glob("*.vkey")]


def test_another_key_is_refused_by_its_name(home, tmp_path):
    mine = give_key(home)
    path = made(home, tmp_path / "to")
    home.backup_public.unlink()
    home.backup_private.rename(home.backup_private.with_name("old.pem"))
    other = give_key(home)
    said = refused(home, "backup", "verify", path, *key_words(home), code=3)
    assert mine in said
    assert other in said


def test_a_key_for_a_backup_that_has_none_is_not_asked_for(home, tmp_path):
    path = made(home, tmp_path / "to")
    key = ["--key", tmp_path / "no.pem"]
    assert answer(home, "backup", "verify", path, *key)["secrets"] is None
    words = ["backup", "restore", path, tmp_path / "again", *key]
    assert answer(home, *words)["has_keys"] is False


def test_annexes_and_mail_are_in_it_only_where_they_are_asked_for(home, tmp_path):
    for place in (home.annex / ELECTION, home.mailbox):
        place.mkdir(parents=True)
        (place / "abc").write_text("sealed")
    usual = made(home, tmp_path / "to")
    asked = made(home, tmp_path / "to", "--with-annex")
    with open_backup(tmp_path / usual) as backup:
        assert not [n for n in backup.names() if n.startswith(("annex", "mailbox"))]
    with open_backup(tmp_path / asked) as backup:
        assert f"annex/{ELECTION}/abc" in backup.names()
        assert "mailbox/abc" in backup.names()
    answer(home, "backup", "restore", asked, tmp_path / "again")
    assert (tmp_path / f"again/annex/{ELECTION}/abc").read_text() == "sealed"


def test_verify_says_what_is_in_it_and_finds_what_was_changed(home, tmp_path):
    path = made(home, tmp_path / "to")
    report = answer(home, "backup", "verify", path)
    log = {"origin": LOG, "own": True, "records": 40, "signed": 40}
    assert report["manifest"]["logs"] == [log]
    assert report["examined"]["leaves"] == 40
    # A database of which SQLite finds nothing wrong, and that says what nobody signed.
    with contextlib.closing(Database.open(home.data)) as db, db.transaction() as tx:
        tx.execute("UPDATE merged SET status = status + 1")
    wrong = made(home, tmp_path / "to")
    report = answer(home, "backup", "verify", wrong, code=1)
    assert report["examined"]["errors"] > 0
    _, out, _ = federation(home, "backup", "verify", wrong, is_json=False)
    assert "NOT good" in out


def test_photographs_are_copied_once_and_missed_when_they_are_gone(home, tmp_path):
    to = tmp_path / "to"
    first, second = photo_in(home, b"one"), photo_in(home, b"two")
    assert answer(home, "backup", "create", to)["photos_new"] == 2
    third = photo_in(home, b"three")
    told = answer(home, "backup", "create", to)
    assert (told["photos_new"], told["manifest"]["photos"]) == (1, 3)
    assert beside(to) == {first, second, third}
    path = told["path"]
    assert answer(home, "backup", "verify", path)["photos"] == 3
    (to / "blobs" / first[:2] / first).unlink()
    (to / "blobs" / second[:2] / second).write_bytes(b"owt")
    report = answer(home, "backup", "verify", path, code=1)
    assert (report["photos_missing"], report["photos_damaged"]) == (1, 1)
    told = answer(home, "backup", "restore", path, tmp_path / "again")
    assert (told["photos"], told["photos_missing"]) == (1, 2)
    assert beside(tmp_path / "again/data") == {third}
    # The next backup brings back what is gone.
    assert answer(home, "backup", "create", to)["photos_new"] == 1


def test_the_newest_stay_and_nothing_goes_that_is_no_backup_of_ours(home, tmp_path):
    to = tmp_path / "to"
    old = photo_in(home, b"old")
    paths = [made(home, to)]
    with contextlib.closing(Database.open(home.data)) as db, db.transaction() as tx:
        tx.execute("DELETE FROM blob")
    new = photo_in(home, b"new")
    paths += [made(home, to) for _ in range(3)]
    foreign = [
        to / "notes.txt",
        to / f"{ORG}-20200101T000000Z.backup",  # our name, and no backup
        to / f"{ORG}-old.backup.gz",
    ]
    for path in foreign:
        path.write_text("mine")
    other = to / "other.example-20200101T000000Z.backup"
    shutil.copy(paths[0], other)  # of ours, under a name of others
    foreign.append(other)
    gone = rotate_backups(FolderPlace(to), ORG, 2, paths[-1])
    assert {str(to / name) for name in gone} == set(paths[:2])
    assert all(path.exists() for path in foreign)
    # One of them cannot be read, so nobody knows which photographs it needs.
    assert beside(to) == {old, new}
    foreign[1].unlink()
    other.unlink()
    assert len(rotate_backups(FolderPlace(to), ORG, 1, paths[-1])) == 1
    assert beside(to) == {new}
    assert rotate_backups(FolderPlace(to), ORG, 1, paths[-1]) == []


def test_no_backup_goes_while_none_that_stays_is_whole(home, tmp_path):
    to = tmp_path / "to"
    for _ in range(3):
        made(home, to)
    newest, *_, oldest = listed(to)
    data = bytearray(newest.read_bytes())
    data[len(data) // 2] ^= 1
    newest.write_bytes(data)
    assert rotate_backups(FolderPlace(to), ORG, 1, str(newest)) == []
    assert oldest.exists()


@pytest.mark.parametrize("step", ["write_backup", "copy_held", "check_form"])
def test_a_disk_that_fails_at_any_step_leaves_no_file_and_the_older_ones(
    home, tmp_path, monkeypatch, step
):
    to = tmp_path / "to"
    before = made(home, to)

    def fail(*_, **__):
        raise OSError(28, "No space left on device", str(to))

    monkeypatch.setattr(create, step, fail)
    code, _, err = federation(home, "backup", "create", to)
    assert code == 74, err
    assert [str(path) for path in listed(to)] == [before]
    assert not (to / folder.MAKING).exists()


def test_a_disk_that_fails_below_the_copy_of_the_database_is_told(home, tmp_path):
    to = tmp_path / "to"
    before = made(home, to)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        code, _, err = federation(home, "backup", "create", to)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert code == 74, err
    assert json.loads(err)["error"]["message"], err
    assert [str(path) for path in listed(to)] == [before]
    assert not (to / folder.MAKING).exists()


def test_what_a_killed_one_left_goes_and_has_no_name(home, tmp_path):
    to = tmp_path / "to"
    (to / folder.MAKING).mkdir(parents=True)
    (to / folder.MAKING / "federation.db").write_text("half")
    made(home, to)
    assert len(listed(to)) == 1
    assert not (to / folder.MAKING).exists()


def test_two_at_once_in_one_folder_are_refused(home, tmp_path):
    to = tmp_path / "to"
    to.mkdir()
    with hold(to / folder.LOCK):
        assert "another backup" in refused(home, "backup", "create", to, code=6)


def test_a_disk_without_room_is_found_out_before_anything_is_written(
    home, tmp_path, monkeypatch
):
    path = made(home, tmp_path / "to")
    for module in (create, look, restore):
        monkeypatch.setattr(module, "free_bytes", lambda _: 1000)
    again = tmp_path / "again"
    for words in (
        ["create", tmp_path / "to"],
        ["verify", path],
        ["restore", path, again],
    ):
        assert federation(home, "backup", *words)[0] == 74
    assert not again.exists() or not list(again.iterdir())


def test_a_damaged_database_makes_no_backup(home, tmp_path):
    data = bytearray((home.data / "federation.db").read_bytes())
    data[8192 * 5 : 8192 * 6] = b"\xff" * 8192
    (home.data / "federation.db").write_bytes(data)
    code, _, _ = federation(home, "backup", "create", tmp_path / "to")
    assert code == 4
    assert listed(tmp_path / "to") == []


def test_nothing_is_put_back_where_something_is(home, tmp_path):
    path = made(home, tmp_path / "to")
    before = sorted(home.folder.rglob("*"))
    assert "not empty" in refused(home, "backup", "restore", path, home.folder, code=6)
    assert sorted(home.folder.rglob("*")) == before
    # What a killed one left is nothing, and so is what is in the root of a disk.
    again = tmp_path / "again"
    (again / restore.STAGE / "data").mkdir(parents=True)
    (again / "lost+found").mkdir()
    answer(home, "backup", "restore", path, again)
    assert not (again / restore.STAGE).exists()


def test_two_that_put_back_into_one_folder_are_refused(home, tmp_path):
    path = made(home, tmp_path / "to")
    again = tmp_path / "again"
    again.mkdir()
    with restore._alone(again):
        said = refused(home, "backup", "restore", path, again, code=6)
    assert "just now" in said
    assert list(again.iterdir()) == []


def test_a_restore_that_fails_leaves_no_node(home, tmp_path, monkeypatch):
    path = made(home, tmp_path / "to")

    def fail(*_):
        raise OSError(28, "No space left on device", "somewhere")

    monkeypatch.setattr(restore, "_move", fail)
    again = tmp_path / "again"
    assert federation(home, "backup", "restore", path, again)[0] == 74
    assert list(again.iterdir()) == []


def test_folders_outside_of_the_home_are_written_only_when_that_is_said(home, tmp_path):
    far = tmp_path / "far"
    home.data.rename(far)
    text = home.settings.read_text()
    home.settings.write_text(
        text.replace('# data_folder = "data"', f'data_folder = "{far}"')
    )
    path = made(home, tmp_path / "to")
    far.rename(tmp_path / "moved")
    words = ["backup", "restore", path, tmp_path / "again"]
    assert "--outside" in refused(home, *words, code=6)
    assert not far.exists()
    answer(home, *words, "--outside")
    assert (far / "federation.db").exists()
    assert "not empty" in refused(
        home, *words[:3], tmp_path / "third", "--outside", code=6
    )


@pytest.mark.slow
async def test_what_is_put_back_signs_nothing_before_its_partner_was_asked(
    home, tmp_path
):
    """Made while the node runs; what was signed behind it is taken back."""
    other = make_home(tmp_path / "others", "jagapemilu.example")
    give_key(home)
    async with serving(other, alone=True) as partner:
        add_peer(home, other, partner.url)
        async with serving(home, alone=True) as node:
            add_peer(other, home, node.url)
            path = await asyncio.to_thread(made, home, tmp_path / "to")
            rows = {"election": ELECTION, "records": [draft("1371011001900")]}
            assert (await node.post("/v1/records", rows))[0] == 200
            size = FolderGuard(home.guard).read(LOG)[0]
            await until(partly(lambda: mirrored(other) == size))
            old_url = node.url
        words = ["backup", "restore", path, tmp_path / "again", *key_words(home)]
        await asyncio.to_thread(answer, home, *words)
        back = Home.of(
            tmp_path / "again", load_settings(tmp_path / "again/federation.toml")
        )
        assert FolderGuard(back.guard).read(LOG) is None
        async with serving(back) as node:
            more = {"election": ELECTION, "records": [draft("1371011001901")]}
            assert (await node.post("/v1/records", more))[0] == 200
            # Behind what was signed once, not beside it.
            assert FolderGuard(back.guard).read(LOG)[0] == size + 1
            other.peers.write_text(other.peers.read_text().replace(old_url, node.url))
            await until(partly(lambda: mirrored(other) == size + 1))
    with (
        contextlib.closing(Database.open(other.data, readonly=True)) as db,
        db.view() as view,
    ):
        assert not [log.origin for log in logs.list_logs(view) if log.frozen]


def partly(look):
    async def found():
        return look()

    return found


def mirrored(home):
    """How much of our log a partner holds."""
    with (
        contextlib.closing(Database.open(home.data, readonly=True)) as db,
        db.view() as view,
    ):
        sizes = {log.origin: log.size for log in logs.list_logs(view)}
    return sizes.get(LOG)


async def test_what_is_put_back_and_has_nobody_to_ask_signs_nothing(home, tmp_path):
    await asyncio.to_thread(give_key, home)
    path = await asyncio.to_thread(made, home, tmp_path / "to")
    words = ["backup", "restore", path, tmp_path / "again", *key_words(home)]
    await asyncio.to_thread(answer, home, *words)
    back = Home.of(
        tmp_path / "again", load_settings(tmp_path / "again/federation.toml")
    )
    async with serving(back) as node:
        rows = {"election": ELECTION, "records": [draft("1371011001900")]}
        status, said = await node.post("/v1/records", rows)
    assert (status, said["code"]) == (409, "unknown-past")


def original_in(home, data: bytes) -> str:
    """An original that is kept, and what its shared copy is called."""
    digest, copy = (hashlib.sha256(one).hexdigest() for one in (data, data + b"copy"))
    keep_original(home.folder / "originals", digest, data)
    with contextlib.closing(Database.open(home.data)) as db, db.transaction() as tx:
        save_copy(tx, digest, SharedCopy(copy, 1, "image/jpeg", ""), 1)
    return digest


@pytest.fixture
def keeping(home):
    text = home.settings.read_text()
    settings = text.replace('# originals = "originals"', 'originals = "originals"')
    assert settings != text
    home.settings.write_text(settings)
    return home


@pytest.mark.slow
def test_originals_leave_the_home_only_sealed_and_come_back_opened(keeping, tmp_path):
    home, to = keeping, tmp_path / "to"
    digest = original_in(home, b"taken at -6.2, 106.8 by a telephone")
    words = ["backup", "create", to, "--with-originals"]
    told = answer(home, *words)["manifest"]
    assert (told["originals"], told["left_out"]) == (0, [f"{home.folder}/originals"])
    key = give_key(home)
    assert answer(home, "backup", "create", to)["manifest"]["originals"] == 0
    assert not (to / "originals").exists()
    assert answer(home, *words)["originals_new"] == 1
    made = answer(home, *words)
    assert (made["manifest"]["originals"], made["originals_new"]) == (1, 0)
    sealed = to / "originals" / key / digest[:2] / digest
    files = [path for path in to.rglob("*") if path.is_file()]
    assert sealed in files
    assert not any(b"106.8" in path.read_bytes() for path in files)

    again = tmp_path / "again"
    restored = ["backup", "restore", made["path"], again, *key_words(home)]
    assert answer(home, *restored)["originals"] == 1
    back = again / "originals" / digest[:2] / digest
    assert back.read_bytes() == b"taken at -6.2, 106.8 by a telephone"
    assert (back.stat().st_mode & 0o777, back.parent.stat().st_mode & 0o777) == (
        0o600,
        0o700,
    )
    look = ["backup", "verify", made["path"], *key_words(home)]
    assert answer(home, *look)["originals"] == 1
    data = bytearray(sealed.read_bytes())
    data[-1] ^= 1
    sealed.write_bytes(data)
    assert answer(home, *look, code=1)["originals_damaged"] == 1
    sealed.unlink()
    assert answer(home, *look[:3], code=1)["originals_missing"] == 1


def test_an_original_goes_with_the_last_backup_that_names_it(keeping, tmp_path):
    home, to = keeping, tmp_path / "to"
    key, digest = give_key(home), original_in(home, b"old")
    paths = [made(home, to, "--with-originals")]
    shutil.rmtree(home.folder / "originals")
    new = original_in(home, b"new")
    paths += [made(home, to, "--with-originals") for _ in range(2)]
    folder = to / "originals" / key

    def sealed():
        return {path.name for path in folder.glob("*/*")}

    assert sealed() == {digest, new}
    assert len(rotate_backups(FolderPlace(to), ORG, 2, paths[-1])) == 1
    assert sealed() == {new}
