"""What is named as the place of a file, and is none, is neither replaced nor read."""

import os

import pytest
from obstore.store import MemoryStore

from federation.cli.export import publish
from federation.cli.output import CONFIG, OK
from federation.flows.publish.outputbucket import OutputBucket
from federation.text import LANGUAGES
from tests.cli.filled_home import federation, fill
from tests.homes import make_home


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = make_home(tmp_path_factory.mktemp("filled"))
    fill(home)
    return home


def identity(path):
    """What it is and when it was changed; not when it was read, as we do here."""
    found = os.lstat(path)
    return found.st_mode, found.st_ino, found.st_size, found.st_mtime_ns


def export(home, *words):
    code, _, err = federation(home, "export", *words)
    return code, err


@pytest.mark.parametrize("option", ["--bundle", "--trust", "--out"])
@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to(os.devnull)])
def test_a_file_is_not_written_over_something_else(home, tmp_path, option, make):
    path = tmp_path / "it"
    make(path)
    before = identity(path)
    code, err = export(home, option, path)
    assert code == CONFIG, err
    assert "not a regular file" in err
    assert identity(path) == before
    assert [one.name for one in tmp_path.iterdir()] == ["it"]


def test_what_a_killed_export_left_beside_its_file_goes(home, tmp_path):
    (tmp_path / ".b.zip.0badcafe.part").write_bytes(b"half")
    assert export(home, "--bundle", tmp_path / "b.zip")[0] == OK
    assert [one.name for one in tmp_path.iterdir()] == ["b.zip"]


def test_a_site_is_not_written_to_where_something_lies_that_is_not_for_all(tmp_path):
    home = make_home(tmp_path)
    text = home.settings.read_text()
    home.settings.write_text('guard = "s3://b/guard"\n' + text)
    for address in ("s3://b", "s3://b/guard", "s3://b/guard/site"):
        code, err = export(home, "--static", address)
        assert (code, "guard" in err) == (CONFIG, True), err


def test_a_bucket_is_told_as_objects_and_another_site_in_it_by_name(home, monkeypatch):
    store = MemoryStore()

    def opened(address, *_):
        return OutputBucket(address, opened=store)

    def ask(lang):
        words = ("export", "--static", "s3://b/site")
        return federation(home, *words, language=lang, is_json=False)

    monkeypatch.setattr(publish, "open_place", opened)
    for lang in LANGUAGES:
        code, out, _ = ask(lang)
        assert code == OK
        assert "folder" not in out
        assert {"en": "objects written", "id": "objek ditulis"}[lang] in out
    store = MemoryStore()
    opened("s3://b/site").begin("kawalpemilu.example")
    for lang in LANGUAGES:
        code, _, err = ask(lang)
        assert code == CONFIG
        words = {"en": "holds the site of", "id": "berisi situs"}[lang]
        assert f"{words} kawalpemilu.example" in err


def test_a_site_is_not_written_through_a_link_and_waits_for_no_pipe(home, tmp_path):
    site, victim = tmp_path / "site", tmp_path / "victim"
    assert export(home, "--static", site)[0] == OK
    (log,) = (one for one in site.iterdir() if len(one.name) == 64)
    log.rename(victim)
    (victim / "checkpoint").write_text("precious")
    log.symlink_to(victim)
    code, err = export(home, "--static", site)
    assert code == CONFIG
    assert "is a link or a file, not a folder" in err
    assert (victim / "checkpoint").read_text() == "precious"
    log.unlink()
    victim.rename(log)
    (log / "checkpoint").unlink()
    os.mkfifo(log / "checkpoint")
    code, err = export(home, "--static", site)
    assert code == CONFIG
    assert "checkpoint: cannot be written: it is not a regular file" in err
