"""The backup file: every bit counts, and nothing in it leads out of a home."""

import hashlib
import zipfile

import pytest

from federation.errors import NotFoundError, VerificationError
from federation.flows.backup import open_backup
from federation.flows.backup.form import write_backup
from federation.flows.backup.manifest import BackupManifest

MANIFEST = BackupManifest(
    org="jagasuara.example",
    name="Jaga Suara",
    made_at=1707900000,
    program="0.1.0",
    logs=[],
    photos=0,
    photo_store="",
    key="",
    has_annex=False,
    left_out=[],
)
SETTINGS = ("federation.toml", b'org = "jagasuara.example"\n')
DATABASE = ("data/federation.db", b"rows" * 40)
USUAL = [SETTINGS, DATABASE]


def written(path, members=USUAL):
    write_backup(path, MANIFEST, members)
    return path


def forged(path, members, comment=b"sha256 " + b"0" * 64):
    """What anybody can make: an archive with any names, and a digest that fits."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.comment = comment
        for name, data in members:
            archive.writestr(name, data)
    data = path.read_bytes()[:-64]
    path.write_bytes(data + hashlib.sha256(data).hexdigest().encode())
    return path


def manifest_of(path):
    with zipfile.ZipFile(path) as archive:
        return archive.read("backup.json")


def test_a_whole_one_says_what_it_is_and_gives_back_what_was_put_in(tmp_path):
    path = written(tmp_path / "one.backup")
    with open_backup(path) as backup:
        assert backup.manifest == MANIFEST
        assert backup.names() == ["federation.toml", "data/federation.db"]
        backup.extract("data/federation.db", tmp_path / "db")
    assert (tmp_path / "db").read_bytes() == DATABASE[1]
    assert path.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(path) as archive:  # as any other program opens it
        assert archive.testzip() is None


def test_a_flipped_bit_in_any_byte_is_refused(tmp_path):
    data = written(tmp_path / "one.backup").read_bytes()
    path = tmp_path / "flipped.backup"
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1 << at % 8
        path.write_bytes(changed)
        with pytest.raises(VerificationError):
            open_backup(path)


def test_every_shorter_one_is_refused_and_said_to_be_cut(tmp_path):
    data = written(tmp_path / "one.backup").read_bytes()
    path = tmp_path / "short.backup"
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(VerificationError) as refused:
            open_backup(path)
        # Of less than a head nobody knows what it was to be.
        word = "backup.cut-short" if length >= 41 else "backup.none"
        assert refused.value.told.key == word


def test_what_is_behind_it_is_no_part_of_it(tmp_path):
    path = written(tmp_path / "one.backup")
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(VerificationError):
        open_backup(path)


def test_other_files_are_told_to_be_none(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("PK, dear reader" * 40)
    with pytest.raises(VerificationError) as refused:
        open_backup(path)
    assert refused.value.told.key == "backup.none"
    with pytest.raises(NotFoundError):
        open_backup(tmp_path / "gone.backup")


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "name",
    [
        "../federation.toml",
        "/etc/passwd",
        "keys/../../x.vkey",
        "/x.vkey",
        "..vkey",
        "keys/records.pem",
        "keys/./x.vkey",
        "keys\\x.vkey",
        "keys/.vkey/../x.chain",
        "guard/x.guard",
        "data/other.db",
        "identity/identity.pem",
        "elections/../x.json",
        "annex/../x",
        "annex/",
        "federation.toml/x",
        "federation.toml/x.vkey",
        "guard/x.vkey",
        "identity/x.vkey",
        "data/x.vkey",
        "federation.toml",  # a second one
    ],
)
def test_a_name_that_has_no_place_in_a_home_is_refused(tmp_path, name):
    says = manifest_of(written(tmp_path / "one.backup"))
    members = [("backup.json", says), *USUAL, (name, b"x")]
    path = forged(tmp_path / "forged.backup", members)
    with pytest.raises(VerificationError) as refused:
        open_backup(path)
    assert refused.value.told.key == "backup.bad-name"


@pytest.mark.parametrize("lacking", ["backup.json", "federation.toml", DATABASE[0]])
def test_one_that_lacks_what_every_home_has_is_refused(tmp_path, lacking):
    says = manifest_of(written(tmp_path / "one.backup"))
    members = [("backup.json", says), *USUAL]
    path = tmp_path / "forged.backup"
    forged(path, [(name, data) for name, data in members if name != lacking])
    with pytest.raises(VerificationError):
        open_backup(path)


def test_one_of_a_later_form_is_refused_as_that(tmp_path):
    says = manifest_of(written(tmp_path / "one.backup"))
    later = says.replace(b'"version":1', b'"version":2')
    path = forged(tmp_path / "forged.backup", [("backup.json", later), *USUAL])
    with pytest.raises(VerificationError) as refused:
        open_backup(path)
    assert refused.value.told.key == "backup.not-understood"
