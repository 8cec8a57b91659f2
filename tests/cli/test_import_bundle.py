"""`federation import` of a bundle or folder that somebody handed over."""

import json
import zipfile

import pytest

from federation.config.fingerprint import fingerprint
from federation.config.home import Home
from federation.flows.audit.report import EXITS
from federation.store import alarms, cosignatures, logs, pulls
from federation.store.db import Database
from tests.fakes import FakeOrg, FakePeer, Tree, flip_bit
from tests.handed import bundle_of, folder_of

JAGA, KAWAL = "jagapemilu.example", "kawalpemilu.example"


@pytest.fixture
def jaga():
    return FakeOrg(JAGA)


@pytest.fixture
def tree(jaga):
    return Tree(jaga).grow(jaga.results(0, 299))


@pytest.fixture
def trust(own_home):
    """Writes an organisation into peers.toml."""

    def add(owner, *lines):
        with (own_home / "peers.toml").open("a") as peers:
            peers.write(f'\n[[peer]]\norg = "{owner.org}"\n')
            peers.write(f'identity = "{owner.identity.key}"\n')
            peers.writelines(f"{line}\n" for line in lines)

    return add


@pytest.fixture
def bring(federation):
    """Imports with --json; gives the exit code and what was said."""

    def run(*arguments):
        ended = federation("import", "--json", *arguments)
        return ended.code, json.loads(ended.out or ended.err.splitlines()[-1])

    return run


@pytest.fixture
def held(own_home):
    return Held(Home(own_home))


class Held:
    """What the node holds now."""

    def __init__(self, home):
        self.home = home

    def read(self, function, *arguments):
        db = Database.open(self.home.data, readonly=True)
        try:
            with db.view() as view:
                return function(view, *arguments)
        finally:
            db.close()

    def log(self, origin):
        found = [x for x in self.read(logs.list_logs) if x.origin == origin]
        return found[0] if found else None

    def size(self, origin):
        found = self.log(origin)
        return found.size if found else 0

    def alarms(self):
        return [one.code for one in self.read(alarms.list_alarms)]


def one_log(said):
    [file] = said["files"]
    [log] = file["logs"]
    return log


@pytest.mark.parametrize("made", [bundle_of, folder_of])
def test_a_bundle_and_a_folder_are_taken_in_like_a_turn(
    made, tmp_path, trust, tree, bring, held
):
    jaga = tree.owner
    trust(jaga)
    handed = made(tmp_path / "handed.zip", FakePeer("anybody").show(tree))
    code, said = bring(handed)
    assert code == 0, said
    log = one_log(said)
    assert (log["outcome"], log["before"], log["after"]) == ("extended", 0, 300)
    assert said["files"][0]["new"] == 300
    assert held.size(jaga.origin) == 300
    # Cosigned, and no trace of a peer.
    log_id = held.log(jaga.origin).id
    assert len(held.read(cosignatures.read_cosignatures, log_id, 300)) == 1
    assert held.read(pulls.list_offered) == []
    assert held.read(pulls.load_turns) == {}
    assert held.read(pulls.load_seen, str(handed)).etag == ""
    assert held.alarms() == []


def test_the_map_follows(tmp_path, trust, tree, bring, federation):
    jaga = tree.owner
    trust(jaga)
    assert bring(bundle_of(tmp_path / "b", FakePeer("x").show(tree)))[0] == 0
    ended = federation("coverage", "--json", "--election", "pemilu-2024")
    assert ended.code == 0
    assert JAGA in ended.out


@pytest.mark.long
def test_a_file_that_takes_many_calls_is_told_as_one(
    tmp_path, trust, bring, monkeypatch
):
    monkeypatch.setattr("federation.cli.import_.handedfiles.WITHIN_S", 0.002)
    peer = FakePeer("x")
    for org in (JAGA, KAWAL):
        owner = FakeOrg(org)
        trust(owner)
        peer.show(Tree(owner).grow(owner.results(0, 1999)))
    code, said = bring(bundle_of(tmp_path / "b", peer))
    assert (code, said["files"][0]["new"]) == (0, 4000)
    for log in said["files"][0]["logs"]:
        assert (log["outcome"], log["before"], log["after"]) == ("extended", 0, 2000)


def test_the_second_time_brings_nothing_new(tmp_path, trust, tree, bring):
    jaga = tree.owner
    trust(jaga)
    path = bundle_of(tmp_path / "b", FakePeer("x").show(tree))
    bring(path)
    code, said = bring(path)
    assert code == 0
    log = one_log(said)
    assert (log["outcome"], log["before"], log["after"]) == ("same", 300, 300)
    assert said["files"][0]["new"] == 0


def test_an_older_bundle_after_a_newer_one_takes_nothing_away(
    tmp_path, trust, tree, bring, held
):
    jaga = tree.owner
    trust(jaga)
    bring(bundle_of(tmp_path / "new", FakePeer("x").show(tree)))
    old = bundle_of(tmp_path / "old", FakePeer("x").show(tree.truncate(100)))
    code, said = bring(old)
    assert (code, one_log(said)["outcome"]) == (0, "same")
    assert held.size(jaga.origin) == 300


def test_a_dry_run_says_what_would_come_and_changes_nothing(
    tmp_path, trust, tree, bring, held
):
    jaga = tree.owner
    trust(jaga)
    path = bundle_of(tmp_path / "b", FakePeer("x").show(tree))
    code, said = bring("--dry-run", path)
    log = one_log(said)
    assert (code, said["dry_run"]) == (0, True)
    assert (log["outcome"], log["before"], log["after"]) == ("new", 0, 300)
    assert held.size(jaga.origin) == 0
    assert all(log.size == 0 for log in held.read(logs.list_logs))


def test_our_keys_are_published_for_what_we_confirm_and_nothing_more_is_signed(
    tmp_path, trust, tree, bring, held
):
    trust(tree.owner)
    path = bundle_of(tmp_path / "b", FakePeer("x").show(tree))
    bring("--dry-run", path)
    assert [log.size for log in held.read(logs.list_logs) if log.own] == [0, 0]
    bring(path)
    assert [log.size for log in held.read(logs.list_logs) if log.own] == [1, 1]


def test_where_a_partner_can_be_asked_nothing_of_ours_is_begun(
    tmp_path, trust, tree, bring, held
):
    trust(tree.owner)
    trust(FakeOrg(KAWAL), 'url = "http://127.0.0.1:9"', "allow_private = true")
    bring(bundle_of(tmp_path / "b", FakePeer("x").show(tree)))
    assert [log.size for log in held.read(logs.list_logs) if log.own] == [0, 0]


def test_a_stranger_is_passed_over_with_what_to_do(
    tmp_path, trust, tree, bring, federation, held
):
    jaga = tree.owner
    kawal = FakeOrg(KAWAL)
    trust(jaga)
    other = Tree(kawal).grow(kawal.results(0, 5))
    path = bundle_of(tmp_path / "b", FakePeer("x").show(tree).show(other))
    code, said = bring(path)
    found = {log["origin"]: log["outcome"] for log in said["files"][0]["logs"]}
    assert (code, found) == (
        0,
        {jaga.origin: "extended", kawal.origin: "no-partner"},
    )
    assert held.size(kawal.origin) == 0
    ended = federation("import", path)
    assert KAWAL in ended.err
    assert "federation peers add" in ended.err


def test_a_paused_partner_an_other_election_and_a_private_log_are_passed_over(
    tmp_path, trust, tree, bring
):
    jaga = tree.owner
    trust(jaga, "paused = true")
    foreign = FakeOrg(KAWAL, "pilpres-2009")
    trust(foreign)
    peer = FakePeer("x").show(tree).show(Tree(foreign))
    code, said = bring(bundle_of(tmp_path / "b", peer))
    found = [log["outcome"] for log in said["files"][0]["logs"]]
    assert (code, found) == (0, ["paused", "election"])


@pytest.mark.slow
def test_the_part_that_is_missing_is_named(
    tmp_path, trust, tree, bring, federation, held
):
    jaga = tree.owner
    trust(jaga)
    bring(bundle_of(tmp_path / "first", FakePeer("x").show(tree.truncate(100))))
    more = Tree(jaga).grow(jaga.results(0, 999))
    path = bundle_of(tmp_path / "since", FakePeer("x").show(more), since=600)
    code, said = bring(path)
    log = one_log(said)
    assert (code, log["outcome"], log["begins"], log["before"]) == (
        1, "missing", 512, 100,
    )  # fmt: skip
    assert held.size(jaga.origin) == 100
    ended = federation("import", path)
    assert "512" in ended.err
    assert "--since" in ended.err
    # And nothing is left half begun: the whole one is taken in as if nothing were.
    assert held.log(jaga.origin).pending is None
    assert bring(bundle_of(tmp_path / "all", FakePeer("x").show(more)))[0] == 0
    assert held.size(jaga.origin) == 1000


@pytest.mark.slow
def test_a_bundle_since_what_is_held_is_enough(tmp_path, trust, tree, bring, held):
    jaga = tree.owner
    trust(jaga)
    bring(bundle_of(tmp_path / "first", FakePeer("x").show(tree)))
    more = Tree(jaga).grow(jaga.results(0, 999))
    path = bundle_of(tmp_path / "since", FakePeer("x").show(more), since=300)
    assert bring(path)[0] == 0
    assert held.size(jaga.origin) == 1000


def test_an_excerpt_proves_and_cannot_be_taken_in(tmp_path, federation):
    path = tmp_path / "excerpt.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("receipts/a.example/pemilu-2024/1.txt", b"")
    ended = federation("import", path)
    assert ended.code == 2
    assert "excerpt" in ended.err


def test_bundles_and_results_on_one_line_are_refused(tmp_path, federation, tree):
    bundle = bundle_of(tmp_path / "b.zip", FakePeer("x").show(tree))
    (tmp_path / "r.csv").write_text("tps,01\n")
    ended = federation("import", bundle, tmp_path / "r.csv")
    assert ended.code == 2
    assert "one after the other" in ended.err


def test_options_of_results_beside_a_bundle_are_refused(tmp_path, federation, tree):
    bundle = bundle_of(tmp_path / "b.zip", FakePeer("x").show(tree))
    ended = federation("import", "--election", "pemilu-2024", bundle)
    assert ended.code == 2
    assert "--election" in ended.err


def test_a_stick_with_several_bundles_is_taken_in_as_a_whole(
    tmp_path, trust, tree, bring, held
):
    jaga = tree.owner
    kawal = FakeOrg(KAWAL)
    trust(jaga)
    trust(kawal)
    stick = tmp_path / "stick"
    stick.mkdir()
    bundle_of(stick / "1.zip", FakePeer("x").show(tree))
    bundle_of(stick / "2.zip", FakePeer("x").show(Tree(kawal)))
    bad = bundle_of(stick / "3.zip", FakePeer("x").show(tree))
    bad.write_bytes(bad.read_bytes()[:-30])
    with zipfile.ZipFile(stick / "photos.zip", "w") as archive:
        archive.writestr("photo.jpg", b"x")
    code, said = bring(stick)
    assert code == 1
    errors = [file["error"]["message"] for file in said["files"] if "error" in file]
    assert len(said["files"]) == 3
    assert len(errors) == 1
    assert "cut off" in errors[0]
    assert (held.size(jaga.origin), held.size(kawal.origin)) == (300, 1)


def test_a_file_that_is_cut_off_says_so(tmp_path, federation, tree):
    path = bundle_of(tmp_path / "b", FakePeer("x").show(tree))
    path.write_bytes(path.read_bytes()[:2000])
    ended = federation("import", path)
    assert ended.code == 2
    assert "cut off" in ended.err


def spoilt(what, change):
    return lambda w, _o, data: change(data) if w.endswith(what) else data


SPOILT = {
    "a record changed": ("entries/000", lambda d: flip_bit(d, 8 * 1000)),
    "a hash changed": ("tile/1/000.p/2", lambda d: flip_bit(d, 3)),
    "the keys changed": ("keys", lambda d: flip_bit(d, 8 * 40)),
    "a bundle without its end": ("entries/000", lambda d: d[:-5]),
}


@pytest.mark.parametrize("name", SPOILT)
def test_what_does_not_verify_is_refused_and_nobody_is_accused(
    name, tmp_path, trust, jaga, bring, held
):
    trust(jaga)
    tree = Tree(jaga).grow(jaga.results(0, 511))
    peer = FakePeer("x", spoil=spoilt(*SPOILT[name])).show(tree)
    code, said = bring(bundle_of(tmp_path / "b", peer))
    log = one_log(said)
    assert code == 1
    assert log["outcome"] in {"mismatch", "refused", "failed"}, log
    assert log["reason"]
    assert held.size(jaga.origin) == 0
    assert held.alarms() == []
    # And a good file later mends it.
    good = bundle_of(tmp_path / "good", FakePeer("x").show(tree))
    assert bring(good)[0] == 0
    assert held.size(jaga.origin) == 512


def test_two_histories_in_two_files_stop_that_log_alone(
    tmp_path, trust, tree, bring, held
):
    jaga = tree.owner
    trust(jaga)
    bring(bundle_of(tmp_path / "one", FakePeer("x").show(tree)))
    other = tree.fork(10, jaga.results(500, 800))
    code, said = bring(bundle_of(tmp_path / "other", FakePeer("x").show(other)))
    assert (code, one_log(said)["outcome"]) == (1, "frozen")
    assert held.alarms() == ["fork"]


def test_the_proof_of_two_histories_is_a_folder_that_anybody_can_check(
    tmp_path, trust, tree, bring, federation
):
    jaga, folder = tree.owner, tmp_path / "proof"
    trust(jaga)
    bring(bundle_of(tmp_path / "one", FakePeer("x").show(tree)))
    assert federation("export", "--forks", folder).code == 1
    assert not folder.exists()
    other = tree.fork(10, jaga.results(500, 800))
    bring(bundle_of(tmp_path / "other", FakePeer("x").show(other)))
    for _ in range(2):
        ended = federation("export", "--forks", folder, "--json")
        assert ended.code == 0, ended.err
        name = jaga.origin.replace("/", ".")
        written = {f"{name}.fork", f"{name}.keys", "README.md", "README.id.md"}
        assert {path.name for path in folder.iterdir()} == written
    told = (folder / "README.id.md").read_text()
    assert jaga.origin in told
    assert fingerprint(jaga.identity.key) in told
    # By itself, and by the key that the organisation has read out.
    for known in ((), ("--fingerprint", fingerprint(jaga.identity.key))):
        ended = federation("verify", folder, *known)
        assert ended.code == EXITS["forked"], ended.out + ended.err
        assert jaga.origin in ended.out
    proof = folder / f"{name}.fork"
    proof.write_bytes(flip_bit(proof.read_bytes(), -9))
    assert federation("verify", folder).code not in {0, EXITS["forked"]}


def test_a_folder_of_results_is_still_one(tmp_path, federation):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "r.csv").write_text(
        "kode_kelurahan,no_tps,paslon_01,paslon_02,sah,tidak_sah\n"
        "1371011001,1,100,50,150,2\n"
    )
    words = ("import", "--json", "--election", "pilpres-2019", tmp_path / "results")
    ended = federation(*words)
    assert ended.code == 0
    assert json.loads(ended.out)["rows"]["logged"] == 1


def test_people_are_told_in_words(tmp_path, trust, tree, federation):
    jaga = tree.owner
    trust(jaga)
    path = bundle_of(tmp_path / "b", FakePeer("x").show(tree))
    ended = federation("import", "--lang", "id", path)
    assert ended.code == 0
    assert "300 catatan baru" in ended.out
    assert "semua tanda tangan cocok" in ended.out
    assert JAGA in ended.out
