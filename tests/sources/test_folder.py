"""sources/folder.py: every file of a folder is read or named."""

import os
import socket

import pytest

from federation.sources import folder
from federation.sources.folder import find_files, tell
from federation.text import Text


@pytest.fixture
def fill(tmp_path):
    def work(*names, content=b"kode_tps,01,02\n"):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return tmp_path

    return work


def found(path):
    read, passed = find_files(path)
    names = [os.path.relpath(one, path) for one in read]
    return names, {os.path.relpath(one.path, path): one.kind for one in passed}


@pytest.mark.parametrize(
    "name",
    [
        *("b.CSV", "b.Csv", "b.tsv", "B.TXT", "b.dat", "b.DAT", "b.json", "b.NDJSON"),
        *("b.jsonl", "b.JSONL", "b.csv.gz", "b.CSV.GZ", "b.xlsx", "b.XLSX", "b.xlsm"),
        *("b.xls", "b.ods", "b.zip", "HASIL", "rekap 14.02", "rekap.2024", "a.csv (1)"),
        *("TPS 4. Padang", "b.", "~b.csv", "$b.csv"),
    ],
)
def test_a_table_is_read_whatever_its_ending_looks_like(fill, name):
    assert found(fill(name)) == ([name], {})


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (".csv", "hidden"),
        (".hasil.csv", "hidden"),
        (".git/config.csv", "hidden"),
        (".DS_Store", "system"),
        ("._hasil.csv", "system"),
        ("Thumbs.db", "system"),
        ("desktop.ini", "system"),
        ("__MACOSX/hasil.csv", "system"),
        ("~$hasil.xlsx", "lock"),
        (".~lock.hasil.csv#", "lock"),
        ("foto.JPG", "picture"),
        ("foto.heic", "picture"),
        ("C1.pdf", "pdf"),
        ("rekam.mp4", "film"),
        ("laporan.docx", "document"),
        ("halaman.html", "document"),
        ("semua.tar.gz", "archive"),
        ("semua.rar", "archive"),
        ("hasil.csv.crdownload", "unfinished"),
        ("hasil.sqlite", "database"),
        ("hasil.csv~", "ending"),
        ("hasil.bak", "ending"),
        ("catatan.log", "ending"),
    ],
)
def test_what_is_not_read_is_named_with_its_kind(fill, name, kind):
    assert found(fill(name)) == ([], {name.partition("/")[0]: kind})


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"kode;01\n", None),
        ("kode;01\n".encode("utf-16"), None),
        (b"\x1f\x8b\x08\x00", None),
        (b"PK\x03\x04", None),
        (b"\xd0\xcf\x11\xe0", None),
        (b"\xff\xd8\xff\xe0", "picture"),
        (b"\x89PNG\r\n", "picture"),
        (b"%PDF-1.4", "pdf"),
        (b"\x7fELF\0\0\0", "binary"),
        (b"", "empty"),
    ],
)
def test_a_file_without_an_ending_is_judged_by_what_it_holds(fill, content, kind):
    names, passed = found(fill("HASIL", content=content))
    assert (names, passed) == (
        (["HASIL"], {}) if kind is None else ([], {"HASIL": kind})
    )


def test_the_order_is_that_of_the_names(fill):
    names = ["A/2.csv", "A/10.csv", "a.csv", "B.csv", "z/a/b.csv", "z.csv"]
    read, _ = found(fill(*names))
    assert read == ["A/10.csv", "A/2.csv", "B.csv", "a.csv", "z/a/b.csv", "z.csv"]


def test_a_folder_that_leads_back_to_itself_is_entered_once(fill):
    path = fill("a/b.csv")
    (path / "a" / "back").symlink_to(path, target_is_directory=True)
    (path / "twice").symlink_to(path / "a", target_is_directory=True)
    assert found(path) == (["a/b.csv"], {"a/back": "loop", "twice": "loop"})


def test_a_link_to_a_file_or_to_another_folder_is_followed(fill, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "b.csv").write_bytes(b"x")
    path = fill("a.csv")
    (path / "l.csv").symlink_to(other / "b.csv")
    (path / "m").symlink_to(other, target_is_directory=True)
    (path / "n.csv").symlink_to(path / "nowhere.csv")
    assert found(path) == (["a.csv", "l.csv", "m/b.csv"], {"n.csv": "broken"})


def test_what_is_no_file_is_named(fill):
    path = fill("a.csv")
    os.mkfifo(path / "pipe.csv")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path / "s.csv"))
        names, passed = found(path)
    assert names == ["a.csv"]
    assert passed == {"pipe.csv": "special", "s.csv": "special"}


@pytest.mark.parametrize(
    ("error", "kind"), [(PermissionError, "forbidden"), (OSError, "unreadable")]
)
def test_a_folder_that_cannot_be_read_is_named(fill, monkeypatch, error, kind):
    path = fill("a.csv", "closed/b.csv")
    listing = os.listdir

    def refuse(name):
        if str(name).endswith("closed"):
            raise error
        return listing(name)

    monkeypatch.setattr(folder.os, "listdir", refuse)
    assert found(path) == (["a.csv"], {"closed": kind})


def test_a_hidden_folder_that_was_named_itself_is_read(fill):
    assert found(fill(".hasil/b.csv") / ".hasil") == (["b.csv"], {})


def test_names_are_told_up_to_the_bound_and_counted_beyond(fill):
    path = fill(*(f"{n:03}.jpg" for n in range(25)), "C1.pdf")
    said = list(tell(find_files(path)[1], path))
    assert [one.code for one in said] == ["not-read-picture", "not-read-pdf"]
    assert "'019.jpg' and 5 more (a picture)" in said[0].reason
    assert "'020.jpg'" not in said[0].reason
    assert "dan 5 lagi (gambar)" in Text("id").say(said[0].reason)
    assert "not read, 1: 'C1.pdf'" in said[1].reason


def test_a_name_that_is_no_text_is_shown_escaped(fill):
    path = fill(os.fsdecode(b"f\xe9\x1b[2J.jpg"))
    [said] = tell(find_files(path)[1], path)
    assert "\x1b" not in said.reason
    said.reason.encode()
