"""`federation election archive`: whole, the same every time, and checked by itself."""

import csv
import hashlib
import json
import shutil
import subprocess

import pytest

from federation.cli.output import CONFIG, NOT_FOUND, OK
from federation.config.home import Home
from federation.config.settings import load_settings
from federation.flows.query.export import WHATS
from federation.records.sealed import leaf_text, parse_statement
from federation.store import cosignatures, leaves, logs
from federation.store.db import Database
from federation.text import LANGUAGES
from federation.tlog.cosignature import cosign
from federation.tlog.note import format_signature, parse_note
from tests.cli.filled_home import LOG, ORG, federation, files, fill, rows
from tests.copies import copy_home
from tests.fakes import FakeOrg
from tests.homes import ELECTION, make_home

FILES = {"README.txt", "SHA256SUMS", "trust.txt", "verify.html", f"{ELECTION}.zip"}


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    home = make_home(tmp_path_factory.mktemp("filled"))
    fill(home)
    with Database.open(home.data).transaction() as tx:
        logs.add_log(tx, f"{ORG}/pemilu-2024", own=False)
    return home


@pytest.fixture(scope="module")
def written(filled, tmp_path_factory):
    """An archive, for tests that only look."""
    folder = tmp_path_factory.mktemp("archives") / "archive"
    return folder, archive(filled, folder)


@pytest.fixture
def home(filled, tmp_path):
    copy_home(filled.folder, tmp_path / ORG)
    return type(filled)(tmp_path / ORG)


def archive(home, folder, *words):
    command = ["election", "archive", ELECTION, "--out", folder, *words]
    code, out, err = federation(home, *command)
    assert code == OK, err
    return json.loads(out)


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_it_holds_all_that_is_needed_and_says_so(written):
    folder, said = written
    found = contents(folder)
    tables = {f"tables/ppwp-{what}.csv" for what in WHATS}
    assert {name for name in found if not name.startswith("site/")} == FILES | tables
    assert said["files"] == len(found)
    assert said["records"] == 300
    lines = [list(csv.reader(found[name].decode().splitlines())) for name in tables]
    assert said["rows"] == sum(len(table) - 1 for table in lines)
    readme = found["README.txt"].decode()
    for word in (ELECTION, LOG, "sha256sum -c SHA256SUMS", "PROVE", "DIBUKTIKAN"):
        assert word in readme


def test_it_says_of_when_it_is_and_how_far_each_history_goes(written, filled):
    folder, _ = written
    with Database.open(filled.data).view() as view:
        log = logs.get_log(view, LOG)
        last = parse_statement(leaf_text(leaves.read_leaf(view, log.id, 299))[:-1])
    readme = (folder / "README.txt").read_text()
    _, size, root = log.checkpoint.decode().splitlines()[:3]
    assert f"{LOG}: {size} records\n" in readme
    assert readme.count(f": {root}\n") == len(LANGUAGES)
    assert f"as it stood at {last.recorded_at[:4]}" in readme
    assert readme.count(f"({last.recorded_at})") == 2 * len(LANGUAGES)
    assert readme.count("tps-federation.\n") == len(LANGUAGES)


def test_it_is_of_the_newest_confirmation_once_somebody_confirmed(home, tmp_path):
    with Database.open(home.data).transaction() as tx:
        log = logs.get_log(tx, LOG)
        for org, at in (("b.example", 1_707_920_040), ("c.example", 1_707_920_000)):
            key = FakeOrg(org, ELECTION).mirror
            line = cosign(parse_note(log.checkpoint).text, key, at)
            cosignatures.save_cosignature(
                tx, log.id, log.size, format_signature(line), key.key, at
            )
    archive(home, tmp_path / "archive")
    readme = (tmp_path / "archive" / "README.txt").read_text()
    assert readme.count("2024-02-14 21:14 WIB") == 2 * len(LANGUAGES)


def test_only_contests_that_have_records_have_tables(own_home, tmp_path):
    home = Home.of(own_home, load_settings(own_home / "federation.toml"))
    path = rows(home, [1, 2])
    words = ["import", path, "--alone", "--election", "pemilu-2024"]
    code, _, err = federation(home, *words)
    assert code == OK, err
    folder = tmp_path / "archive"
    words = ["election", "archive", "pemilu-2024", "--out", folder]
    assert federation(home, *words)[0] == OK
    tables = {path.name for path in (folder / "tables").iterdir()}
    assert tables == {f"ppwp-{what}.csv" for what in WHATS}


def test_the_sums_are_those_of_every_file(written):
    folder, _ = written
    found = contents(folder)
    lines = found.pop("SHA256SUMS").decode().splitlines()
    assert {line[66:]: line[:64] for line in lines} == {
        name: hashlib.sha256(data).hexdigest() for name, data in found.items()
    }
    if shutil.which("sha256sum"):
        subprocess.run(
            ["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=folder, check=True
        )


def test_the_site_and_the_bundle_are_the_same(written):
    folder, _ = written
    site = contents(folder / "site")
    del site["verify.html"], site[".nojekyll"]
    assert site == files(folder / f"{ELECTION}.zip")


@pytest.mark.parametrize("what", [f"{ELECTION}.zip", "site"])
def test_it_is_proved_by_what_lies_in_it(written, home, what):
    folder, _ = written
    words = ["verify", folder / what, "--trust", folder / "trust.txt"]
    code, out, err = federation(home, *words)
    assert code == OK, out + err
    assert json.loads(out)["verdict"] == "proved"


def test_written_twice_it_is_the_same_and_what_is_damaged_is_mended(home, tmp_path):
    folder = tmp_path / "archive"
    archive(home, folder)
    before = contents(folder)
    (folder / f"{ELECTION}.zip").write_bytes(b"damaged")
    (folder / "tables" / "ppwp-gaps.csv").unlink()
    archive(home, folder)
    assert contents(folder) == before


def test_nothing_of_another_election_is_in_it(written):
    folder, _ = written
    assert not [n for n, data in contents(folder).items() if b"pemilu-2024" in data]


@pytest.mark.parametrize(
    ("name", "folder", "code"),
    [
        ("nope", "archive", NOT_FOUND),
        ("pemilu-2024", "archive", NOT_FOUND),
        (ELECTION, "data", CONFIG),
        (ELECTION, "keys/archive", CONFIG),
        (ELECTION, ".", CONFIG),
    ],
)
def test_what_cannot_be_archived_leaves_nothing(home, name, folder, code):
    before = contents(home.folder)
    path = home.folder / folder
    ended, _, err = federation(home, "election", "archive", name, "--out", path)
    assert ended == code, err
    assert contents(home.folder).keys() - before.keys() == set()
    assert not (home.folder / "archive").exists()
