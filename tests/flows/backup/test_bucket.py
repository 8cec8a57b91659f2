"""Backups in a bucket: the same as in a folder, and what only a bucket can do wrong."""

import contextlib

import obstore
import pytest
from obstore.store import MemoryStore

from federation.config.home import Home
from federation.config.lastbackup import read_last
from federation.config.settings import load_settings
from federation.errors import ConfigError, ConflictError, NotFoundError
from federation.flows.backup import (
    BackupSource,
    create_backup,
    examine_backup,
    restore_backup,
    rotate_backups,
)
from federation.flows.backup.access import read_store_access
from federation.flows.backup.bucket import BucketPlace
from federation.flows.backup.form import BackupFile
from federation.flows.backup.place import lies_in
from federation.flows.backup.rotate import list_backups
from federation.store.db import Database
from federation.text import Text
from tests.cli.filled_home import ORG
from tests.flows.backup.commands import refused
from tests.flows.backup.test_backup import photo_in

NOW = 1_707_900_000
DAY = 86_400
URL = "s3://bucket/node"


class Bucket:
    """One in memory, and backups of a home there."""

    def __init__(self, home):
        self.home, self.files, self.photos = home, MemoryStore(), MemoryStore()
        self.stores = {URL: self.files, f"{URL}/blobs": self.photos}
        self.place = BucketPlace(URL, work=home.data, opened=self.open_at)

    def open_at(self, url):
        return self.stores.setdefault(url, MemoryStore())

    def create(self, now=NOW, told=lambda _: None):
        settings = load_settings(self.home.settings)
        with contextlib.closing(Database.open(self.home.data)) as db:
            source = BackupSource(home=self.home, settings=settings, db=db)
            return create_backup(source, self.place, now, told=told)

    def names(self):
        return {one["path"] for page in obstore.list(self.files) for one in page}

    def named_photos(self):
        found = (one["path"] for page in obstore.list(self.photos) for one in page)
        return {path.rpartition("/")[2] for path in found}

    def open(self, path):
        return BackupFile(self.place, path.rpartition("/")[2])


@pytest.fixture
def bucket(home):
    return Bucket(home)


def test_one_is_made_examined_and_put_back_with_its_photographs(bucket, home, tmp_path):
    photo = photo_in(home, b"a photo")
    made = bucket.create()
    assert made.path == f"{URL}/{ORG}-20240214T084000Z.backup"
    assert (made.photos_new, bucket.named_photos()) == (1, {photo})
    assert bucket.create(NOW + DAY).photos_new == 0
    with bucket.open(made.path) as backup:
        assert backup.size == made.size
        # The bytes of the photo are those of no picture, which is all that is amiss.
        assert examine_backup(backup, None, NOW).photos == 1
        again = restore_backup(backup, tmp_path / "again", None)
    assert (again.photos, again.photos_missing) == (1, 0)
    last = read_last(Home(tmp_path / "again").last_backup)
    assert lies_in(last, bucket.place)
    assert not any(home.data.glob(".making"))


def test_older_ones_go_behind_one_that_is_whole_and_photos_that_none_names(
    bucket, home
):
    photo_in(home, b"old")
    paths = [bucket.create(NOW + day * DAY).path for day in range(3)]
    with contextlib.closing(Database.open(home.data)) as db, db.transaction() as tx:
        tx.execute("DELETE FROM blob")
    new = photo_in(home, b"new")
    newest = bucket.create(NOW + 3 * DAY).path
    gone = rotate_backups(bucket.place, ORG, 1, newest)
    assert {f"{URL}/{name}" for name in gone} == set(paths)
    assert bucket.names() == {newest.rpartition("/")[2]}
    assert bucket.named_photos() == {new}


def test_with_one_to_keep_the_one_made_last_stays_whatever_the_clock_said(bucket):
    for now in (NOW, NOW + 365 * DAY):
        bucket.create(now)
    last = bucket.create(NOW + DAY).path
    assert len(rotate_backups(bucket.place, ORG, 1, last)) == 2
    assert bucket.names() == {last.rpartition("/")[2]}


def test_none_goes_while_none_that_stays_is_whole(bucket):
    bucket.create()
    path = bucket.create(NOW + DAY).path
    name = path.rpartition("/")[2]
    data = bytearray(obstore.get(bucket.files, name).bytes())
    data[len(data) // 2] ^= 1
    obstore.put(bucket.files, name, bytes(data))
    assert rotate_backups(bucket.place, ORG, 1, path) == []
    assert len(list_backups(bucket.place, ORG)) == 2


def test_one_that_is_stopped_while_it_is_sent_has_no_name(bucket):
    calls = []

    def stop(count):
        calls.append(count)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        bucket.create(told=stop)
    assert calls == [0]
    assert bucket.names() == set()
    assert read_last(bucket.home.last_backup) is None


def test_a_name_that_another_has_taken_is_left_to_it(bucket):
    first = bucket.create().path
    taken = f"{ORG}-20240214T084000Z-2.backup.making"
    obstore.put(bucket.files, taken, b"")
    assert bucket.create().path == first.replace(".backup", "-3.backup")
    assert taken in bucket.names()


def test_where_the_list_of_a_bucket_is_behind_a_backup_is_made_all_the_same(
    bucket, monkeypatch
):
    whole = obstore.list_with_delimiter

    def behind(store):
        found = [
            one
            for one in whole(store)["objects"]
            if not one["path"].endswith(".making")
        ]
        return {"objects": found}

    monkeypatch.setattr(obstore, "list_with_delimiter", behind)
    made = bucket.create()
    assert bucket.names() == {made.path.rpartition("/")[2]}


def test_one_that_is_replaced_while_it_is_read_is_told(bucket):
    obstore.put(bucket.files, "a.backup", bytes(4 << 20))
    with bucket.place.open("a.backup") as file:
        file.read(1)
        obstore.put(bucket.files, "a.backup", bytes(5 << 20))
        file.seek(2 << 20)
        with pytest.raises(OSError, match="precondition"):
            file.read(1)


def test_two_at_once_of_one_node_are_refused(bucket):
    with bucket.place.alone(), pytest.raises(ConflictError) as said:
        bucket.create()
    assert URL in Text("en").say(said.value.told)


def test_one_that_is_not_there_is_told_by_its_address(bucket):
    with pytest.raises(NotFoundError) as said:
        bucket.open(f"{URL}/gone.backup")
    assert f"{URL}/gone.backup" in Text("id").say(said.value.told)


def test_the_nodes_own_photographs_are_no_place_for_those_of_backups(bucket, home):
    text = home.settings.read_text()
    text = text.replace("[photos]", f'[photos]\nstore = "{URL}/blobs"')
    home.settings.write_text(text)
    bucket.home = Home.of(home.folder, load_settings(home.settings))
    with pytest.raises(ConfigError):
        bucket.create()


@pytest.mark.parametrize(
    ("address", "word"),
    [("s3://key:secret@bucket/x", "environment"), ("gs://bucket/x", "S3")],
)
def test_an_address_that_cannot_be_is_refused_without_what_is_secret(
    home, address, word
):
    for words in (["create", address], ["verify", f"{address}/a.backup"]):
        said = refused(home, "backup", *words, code=3)
        assert word in said
        assert "secret@" not in said


def test_the_file_of_who_asks_is_read_as_a_service_manager_reads_it(tmp_path):
    tmp_path.chmod(0o700)
    file = tmp_path / "store.env"
    file.touch(0o600)
    file.write_text('# who\nAWS_ACCESS_KEY_ID=a=b\n\nAWS_SECRET_ACCESS_KEY="c d"\n')
    expected = {"AWS_ACCESS_KEY_ID": "a=b", "AWS_SECRET_ACCESS_KEY": "c d"}
    assert read_store_access(file) == expected
    for wrong in ("SECRET hush", "AWS_ENDPOINT_URL=hush.example"):
        file.write_text(f"AWS_ACCESS_KEY_ID=a\n{wrong}\n")
        with pytest.raises(ConfigError) as said:
            read_store_access(file)
        told = Text("en").say(said.value.told)
        assert "line 2" in told
        assert "hush" not in told
    file.chmod(0o644)
    with pytest.raises(ConfigError):
        read_store_access(file)
