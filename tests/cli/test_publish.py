"""`federation export --bundle`: whole, the same every time, beside a running node."""

import contextlib
import hashlib
import json

import pytest

from federation.cli.output import CONFIG, CONFLICT, NOT_FOUND, OK, USAGE
from federation.config.fingerprint import fingerprint
from federation.config.founding import load_identity_key
from federation.feeds.resource import ABOUT, ELECTIONS, LOGS
from federation.feeds.status import parse_status
from federation.records.keychain import decode_keys, open_chain
from federation.records.receipt import open_receipt, parse_receipt
from federation.store.db import Database
from federation.store.lock import hold as hold_lock
from federation.tlog.policy import parse_policy
from tests.cli.filled_home import LOG, NAME, ORG, federation, files, fill
from tests.copies import copy_home
from tests.fakes import FakeOrg, Tree
from tests.flows.publish.conftest import hold
from tests.homes import ELECTION, add_peer, make_home, serving
from tests.policies import check_policy


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    home = make_home(tmp_path_factory.mktemp("filled"))
    fill(home)
    return home


@pytest.fixture
def home(filled, tmp_path):
    copy_home(filled.folder, tmp_path / ORG)
    return type(filled)(tmp_path / ORG)


def export(home, *words, **more):
    code, out, err = federation(home, "export", *words, **more)
    assert code == OK, err
    return json.loads(out) if more.get("is_json", True) else out


def test_a_laptop_that_never_served_writes_everything_it_signed(home, tmp_path):
    path = tmp_path / "out.zip"
    said = export(home, "--bundle", path)
    found = files(path)
    assert {ABOUT.path, LOGS.path, ELECTIONS.path, f"{NAME}/checkpoint"} <= set(found)
    said_of_map = json.loads(found[f"v1/maps/{ELECTION}"])
    profile = found[f"v1/basis/{said_of_map['profile']}"]
    assert hashlib.sha256(profile).hexdigest() == said_of_map["profile"]
    [entry] = parse_status(found[LOGS.path]).logs
    assert entry.origin == LOG
    assert entry.about == hashlib.sha256(found[f"{NAME}/about"]).hexdigest()
    assert said == {
        "path": str(path),
        "files": len(found),
        "bytes": path.stat().st_size,
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "records": 300,
        "logs": [{"origin": LOG, "from": 0, "size": 300}],
    }


def test_two_exports_of_one_state_are_equal_byte_for_byte(home, tmp_path):
    for name in ("a.zip", "b.zip"):
        export(home, "--bundle", tmp_path / name)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


async def test_a_file_has_the_bytes_that_the_running_node_answers(home, tmp_path):
    path = tmp_path / "out.zip"
    async with serving(home, alone=True) as node:
        export(home, "--bundle", path)
        for name, data in files(path).items():
            status, body, _ = await node.get(f"/{name}")
            assert (status, body) == (200, data), name


def test_since_an_earlier_bundle_there_is_only_the_rest(home, tmp_path):
    earlier, later = tmp_path / "earlier.zip", tmp_path / "later.zip"
    export(home, "--bundle", earlier)
    fill(home, range(300, 320))
    said = export(home, "--bundle", later, "--since", earlier)
    assert said["logs"] == [{"origin": LOG, "from": 256, "size": 320}]
    assert said["records"] == 64
    assert f"{NAME}/tile/entries/000" not in files(later)
    assert f"{NAME}/tile/entries/001.p/64" in files(later)
    assert not [name for name in files(later) if name.startswith(("v1/m", "v1/b"))]
    again = export(home, "--bundle", later, "--since", later)
    assert again["records"] == 64


def test_nothing_is_left_of_an_export_that_fails(home, tmp_path, monkeypatch):
    path = tmp_path / "out.zip"
    path.write_bytes(b"before")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("federation.flows.publish.items.leaves.read_bundle", fail)
    code, _, err = federation(home, "export", "--bundle", path)
    assert code == CONFIG
    assert "there is no space left" in err
    assert path.read_bytes() == b"before"
    assert sorted(p.name for p in tmp_path.iterdir()) == [ORG, "out.zip"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--bundle", "x", "--what", "gaps"], USAGE, "--what"),
        (["--bundle", "x", "--out", "y"], USAGE, "--out"),
        (["--since", "README"], USAGE, "--bundle"),
        (["--bundle", "x", "--since", "no-such-file"], USAGE, "no-such-file"),
        (["--bundle", "/no/such/folder/x"], CONFIG, "/no/such/folder"),
        (["--bundle", "x", "--election", "nope"], NOT_FOUND, "nope"),
    ],
)
def test_options_that_mean_nothing_together_are_refused(
    home, words, code, said, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README").write_text("not a bundle")
    found = federation(home, "export", *words)
    assert found[0] == code
    assert said in found[2]
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(("language", "word"), [("en", "records"), ("id", "catatan")])
def test_people_read_what_was_written(home, tmp_path, language, word):
    path = tmp_path / "out.zip"
    out = export(home, "--bundle", path, language=language, is_json=False)
    assert f"300 {word}" in out
    assert hashlib.sha256(path.read_bytes()).hexdigest() in out


def test_a_static_site_has_the_files_of_a_bundle_and_grows(home, tmp_path):
    path, site = tmp_path / "out.zip", tmp_path / "site"
    export(home, "--bundle", path)
    said = export(home, "--static", site)
    wanted = files(path)
    assert {name: (site / name).read_bytes() for name in wanted} == wanted
    assert said["path"] == str(site)
    assert said["files"] >= len(wanted)
    assert export(home, "--static", site) == {
        "path": str(site),
        "files": 0,
        "bytes": 0,
        "removed": 0,
    }
    fill(home, range(300, 310))
    assert 0 < export(home, "--static", site)["files"] < said["files"]


@pytest.mark.parametrize("folder", ["data", "keys/site", "guard", "identity", "."])
def test_a_site_is_not_written_among_the_files_of_the_home(home, folder):
    before = {path for path in home.folder.rglob("*") if path.is_file()}
    code, _, err = federation(home, "export", "--static", home.folder / folder)
    assert code == CONFIG, err
    after = {path for path in home.folder.rglob("*") if path.is_file()}
    assert after - before == set()


def test_an_excerpt_has_every_record_of_the_region_and_its_proof(home, tmp_path):
    path = tmp_path / "region.zip"
    said = export(home, "--bundle", path, "--region", "1371011001")
    found = files(path)
    receipts = {name for name in found if name.startswith("receipts/")}
    assert said["records"] == 299
    assert receipts == {f"receipts/{LOG}/{n}.txt" for n in range(300)}
    assert set(found) - receipts == {
        f"{NAME}/{n}" for n in ("about", "checkpoint", "keys")
    }
    chain = open_chain(decode_keys(found[f"{NAME}/keys"]), load_identity_key(home, ORG))
    stations = set()
    for name in receipts:
        checkpoint, sealed = open_receipt(parse_receipt(found[name]), chain)
        assert checkpoint.size == 300
        stations.add(getattr(sealed.statement, "tps", "keys"))
    assert stations == {"keys", *(f"1371011001{n:03}" for n in range(1, 300))}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--region", "11"], NOT_FOUND),
        (["--region", "1"], USAGE),
        (["--region", "13", "--contest", "nope"], NOT_FOUND),
        (["--region", "13", "--since", "x.zip"], USAGE),
        (["--contest", "ppwp"], USAGE),
    ],
)
def test_an_excerpt_of_nothing_is_not_written(home, tmp_path, monkeypatch, words, code):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.zip").touch()
    ended, _, err = federation(home, "export", "--bundle", "out.zip", *words)
    assert ended == code, err
    assert not (tmp_path / "out.zip").exists()


def test_the_trust_file_accepts_what_this_node_publishes(home, tmp_path):
    path, trust = tmp_path / "out.zip", tmp_path / "trust.txt"
    partner = make_home(tmp_path, "kawalpemilu.example")
    add_peer(home, partner)
    said = export(home, "--trust", trust, "--quorum", "3")
    assert (said["logs"], said["quorum"], said["left_out"]) == (1, 0, [])
    export(home, "--bundle", path)
    policy = parse_policy(trust.read_bytes())
    checkpoint, _ = check_policy(policy, files(path)[f"{NAME}/checkpoint"])
    assert (checkpoint.origin, checkpoint.size) == (LOG, 300)
    assert fingerprint(load_identity_key(home, ORG)).encode() in trust.read_bytes()


def test_people_read_whose_histories_the_trust_file_leaves_out(home, tmp_path):
    """A partner's history that came by relay before anybody compared its key."""
    stranger = FakeOrg("asing.example", ELECTION)
    with contextlib.closing(Database.open(home.data)) as database:
        hold(database, Tree(stranger))
    trust = tmp_path / "trust.txt"
    code, out, err = federation(home, "export", "--trust", trust, is_json=False)
    assert code == OK
    assert "Nobody else needs to confirm" in out
    assert stranger.origin in err
    assert stranger.log.key not in {
        one.key for one in parse_policy(trust.read_bytes())[0]
    }


def test_while_another_command_writes_nothing_is_exported(home, tmp_path):
    path = tmp_path / "out.zip"
    with hold_lock(home.lock):
        code, _, err = federation(home, "export", "--bundle", path)
    assert code == CONFLICT, err
    assert not path.exists()


def test_a_disk_that_is_full_ends_a_site_with_a_reason(home, tmp_path, monkeypatch):
    def put(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("federation.flows.publish.outputfolder.OutputFolder.put", put)
    code, _, err = federation(home, "export", "--static", tmp_path / "site")
    assert code == CONFIG
    assert "there is no space left" in err
