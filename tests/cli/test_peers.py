"""A partner is pinned after people compared its key, and never by itself."""

import io
import json
import shutil
import sys
from dataclasses import replace

import msgspec
import pytest

from federation.cli import main
from federation.config.circle import open_circle
from federation.config.fingerprint import fingerprint
from federation.config.home import Home
from federation.config.peers import Peer, format_peer, load_peers
from federation.config.rewrite import add_peers
from federation.records.about import OfferedLog, sign_about
from federation.store import alarms
from federation.store.db import Database
from federation.text import Sentence
from federation.tlog.keys import Signer
from tests.homes import init_words
from tests.partnernode import PartnerNode, serve

STRANGER = Signer.from_seed("c.example/identity", bytes([9]) * 32)


@pytest.fixture
def answer(monkeypatch):
    """Someone sits at the terminal and answers this."""

    def say(text):
        terminal = io.StringIO(text)
        terminal.isatty = lambda: True
        monkeypatch.setattr(sys, "stdin", terminal)

    return say


@pytest.fixture(scope="module")
def founded(tmp_path_factory):
    """Two organisations, a and b, each in its home."""
    folder = tmp_path_factory.mktemp("founded")
    for name in "ab":
        words = init_words(folder / name, f"{name}.example", "pemilu-2024")
        with pytest.raises(SystemExit) as end:
            main([*words, "--name", name])
        assert end.value.code == 0
    return folder


@pytest.fixture
def home(founded, tmp_path):
    shutil.copytree(founded / "a", tmp_path / "a")
    return Home(tmp_path / "a")


@pytest.fixture
def node(founded):
    return PartnerNode(Home(founded / "b"))


@pytest.fixture
def url(node):
    with serve(node) as address:
        yield address


def add(home, url, *more):
    return ("peers", "add", url, "--allow-private", "--home", home.folder, *more)


@pytest.mark.slow
def test_the_expected_partner_is_pinned(cli, home, node, url):
    before = home.peers.read_text(encoding="utf-8")
    code, out, _ = cli(*add(home, url), "--expect", fingerprint(node.identity).lower())
    assert (code, out) == (0, "b.example was added.\n")
    assert load_peers(home.peers) == (
        Peer(
            org="b.example",
            identity=node.identity,
            name="Jaga B",
            url=url,
            allow_private=True,
        ),
    )
    assert home.vkey("b.example").read_text() == f"{node.identity}\n"
    text = home.peers.read_text(encoding="utf-8")
    assert text.startswith(before)
    assert 'identity = "keys/b.example.vkey"' in text


def test_another_fingerprint_adds_nobody(cli, home, node, url):
    other = fingerprint(STRANGER.key)
    code, _, err = cli(*add(home, url), "--expect", other)
    assert code == 4
    assert other in err
    assert fingerprint(node.identity) in err
    assert "Check your typing first" in err
    assert "signature" not in err
    assert load_peers(home.peers) == ()
    assert not home.vkey("b.example").exists()


def test_a_mistyped_fingerprint_is_found_before_anyone_is_called(cli, home):
    typed = "A" + fingerprint(STRANGER.key)[1:]
    code, _, err = cli(*add(home, "http://127.0.0.1:1"), "--expect", typed)
    assert code == 2
    assert "group 1" in err


def test_the_group_that_is_not_theirs_is_named(cli, home, node, url):
    theirs = fingerprint(node.identity).split("-")
    other = fingerprint(STRANGER.key).split("-")
    typed = "-".join([*theirs[:4], other[4], *theirs[5:]])
    code, _, err = cli(*add(home, url), "--expect", typed, "--lang", "id")
    assert code == 4
    assert "kelompok 5 berbeda. Periksa dahulu ketikan Anda" in err


@pytest.mark.parametrize("named", ["the key itself", "its file"])
def test_a_partner_is_pinned_anew_only_by_what_it_has_read_out(
    cli, home, node, url, named
):
    lost = Signer.from_seed("b.example/identity", bytes([9]) * 32).key
    held = peer_of(lost, url)
    if named == "its file":
        home.vkey("b.example").write_text(f"{lost}\n")
        pin_text = "keys/b.example.vkey"
    else:
        pin_text = None
    add_peers(home.peers, [(held, pin_text)])
    before = home.peers.read_text(encoding="utf-8")
    again = ("peers", "re-pin", "b.example", "--home", home.folder)
    assert cli(*again, "--expect", fingerprint(lost))[0] == 4
    assert home.peers.read_text(encoding="utf-8") == before
    expected = fingerprint(node.identity)
    for said in ("is known by the new key", "is known already"):
        code, out, err = cli(*again, "--expect", expected)
        assert code == 0, err
        assert said in out
    # Everything else about it stays, and the file of the key before.
    assert load_peers(home.peers) == (replace(held, identity=node.identity),)
    if named == "its file":
        assert home.vkey("b.example").read_text() == f"{lost}\n"
    code, _, err = cli("peers", "re-pin", "c.example", "--home", home.folder)
    assert code
    assert "c.example" in err


def peer_of(identity, url):
    return Peer(
        org="b.example",
        identity=identity,
        name="Jaga B",
        url=url,
        allow_private=True,
        hidden=True,
    )


def test_the_alarm_of_a_partner_is_told_in_the_language_of_who_asks(
    cli, home, node, url
):
    cli(*add(home, url), "--expect", fingerprint(node.identity))
    why = Sentence("why.behind", size=3, known=4)
    with Database.open(home.data).transaction() as tx:
        alarms.raise_alarm(tx, "behind", "b.example/x", why, 1)
    told = {
        language: cli("peers", "show", "--home", home.folder, "--lang", language)[1]
        for language in ("id", "en")
    }
    assert "menunjukkan 3 dari 4 catatan" in told["id"]
    assert "shows 3 of 4 records" in told["en"]
    assert "shows 3" not in told["id"]


@pytest.mark.parametrize(
    ("said", "count"), [("y\n", 1), ("n\n", 0), ("\n", 0)], ids=["y", "n", "enter"]
)
def test_people_are_asked_to_compare(cli, home, url, answer, said, count):
    answer(said)
    code, _, err = cli(*add(home, url))
    assert code == 1 - count
    assert "telephone" in err
    pinned = load_peers(home.peers)
    assert len(pinned) == count
    assert all(fingerprint(peer.identity) in err for peer in pinned)


def test_where_nobody_can_compare_nobody_is_added(cli, home, url):
    code, _, err = cli(*add(home, url))
    assert (code, "--expect" in err) == (2, True)
    assert load_peers(home.peers) == ()


def test_a_partner_is_not_added_twice(cli, home, node, url):
    expected = fingerprint(node.identity)
    cli(*add(home, url), "--expect", expected)
    before = home.peers.read_bytes()
    code, _, err = cli(*add(home, url), "--expect", expected)
    assert (code, "already" in err) == (6, True)
    assert home.peers.read_bytes() == before


def test_a_partner_with_another_key_raises_the_alarm(cli, home, node, url):
    wrong = Signer.from_seed("b.example/identity", bytes([7]) * 32).key
    home.peers.write_text(format_peer(Peer(org="b.example", identity=wrong)))
    code, _, err = cli(*add(home, url), "--expect", fingerprint(node.identity))
    assert (code, "another key" in err) == (6, True)
    assert load_peers(home.peers)[0].identity == wrong


def test_a_key_file_of_that_name_with_another_key_is_kept(cli, home, node, url):
    home.vkey("b.example").write_text(f"{STRANGER.key}\n")
    code, _, err = cli(*add(home, url), "--expect", fingerprint(node.identity))
    assert (code, "another key" in err) == (3, True)
    assert load_peers(home.peers) == ()


def test_we_are_not_our_own_partner(cli, home):
    with serve(PartnerNode(home, "a.example")) as url:
        code, _, err = cli(*add(home, url))
    assert (code, "our own" in err) == (6, True)


def _resigned(node, **changed):
    """The about note with other members, signed by a key that nobody vouched for."""
    about = msgspec.structs.replace(node.about, **changed)
    return sign_about(about, Signer.from_seed(f"{about.org}/node", bytes([5]) * 32))


FAULTS = {
    "no answer": (lambda n: {n.well_known: None}, 5),
    "no note": (lambda n: {n.well_known: b"hello\n"}, 5),
    "a web page": (lambda n: {n.well_known: b"<html>"}, 5),
    "too much": (lambda n: {n.well_known: b"x" * (1 << 19)}, 5),
    "no keys": (lambda n: {n.keys_path: None}, 5),
    "empty keys": (lambda n: {n.keys_path: b""}, 5),
    "a stranger's key": (lambda n: {n.well_known: _resigned(n)}, 4),
    "another identity": (
        lambda n: {
            n.well_known: _resigned(
                n,
                identity=str(
                    Signer.from_seed("b.example/identity", bytes([8]) * 32).key
                ),
            )
        },
        4,
    ),
    "no log": (lambda n: {n.well_known: _resigned(n, logs=())}, 4),
    "no public log": (
        lambda n: {
            n.well_known: _resigned(
                n,
                logs=(
                    OfferedLog(
                        origin="b.example/pemilu-2024/incidents", visibility="incidents"
                    ),
                ),
            )
        },
        4,
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whoever_cannot_prove_it_is_not_even_shown(cli, home, node, url, fault):
    replace, expected = FAULTS[fault]
    node.answers |= replace(node)
    code, _, err = cli(*add(home, url), "--expect", fingerprint(node.identity))
    assert code == expected, err
    assert load_peers(home.peers) == ()


def test_an_inner_address_needs_permission(cli, home, url):
    code, _, _ = cli("peers", "add", url, "--home", home.folder)
    assert code == 5


@pytest.mark.parametrize(
    "url", ["b.example", "ftp://b.example", "http://u:p@b.example"]
)
def test_what_is_no_address_is_refused(cli, home, url):
    code, _, err = cli(*add(home, url))
    assert (code, "should be an address" in err) == (2, True)


@pytest.fixture
def pinned(cli, home, node, url):
    assert cli(*add(home, url), "--expect", fingerprint(node.identity))[0] == 0
    return home


def test_partners_are_listed(cli, pinned, node, url):
    _, out, _ = cli("peers", "list", "--home", pinned.folder, "--json")
    assert json.loads(out)["peers"] == [
        {
            "org": "b.example",
            "name": "Jaga B",
            "url": url,
            "state": "active",
            "logs": [],
            "may_have_photos": True,
            "may_relay": True,
            "fingerprint": fingerprint(node.identity),
        }
    ]
    _, out, _ = cli("peers", "list", "--home", pinned.folder, "--lang", "id")
    assert "aktif" in out


def test_no_partners_says_how_to_add_one(cli, home):
    code, out, _ = cli("peers", "list", "--home", home.folder)
    assert (code, "federation peers add" in out) == (0, True)


def test_a_partner_is_paused_and_resumed(cli, pinned):
    for word, paused in (("pause", True), ("pause", True), ("resume", False)):
        code, _, _ = cli("peers", word, "b.example", "--home", pinned.folder)
        assert code == 0
        assert load_peers(pinned.peers)[0].paused is paused


def test_a_partner_is_removed_and_its_results_stay(cli, pinned):
    code, _, _ = cli("peers", "remove", "b.example", "--keep", "--home", pinned.folder)
    assert code == 0
    assert load_peers(pinned.peers) == ()


def test_a_partner_is_hidden(cli, pinned):
    code, _, _ = cli("peers", "remove", "b.example", "--hide", "--home", pinned.folder)
    assert code == 0
    peer = load_peers(pinned.peers)[0]
    assert (peer.hidden, peer.paused) == (True, True)


@pytest.mark.parametrize("flags", [[], ["--keep", "--hide"]])
def test_keep_or_hide_has_to_be_said(cli, pinned, flags):
    code, _, _ = cli("peers", "remove", "b.example", *flags, "--home", pinned.folder)
    assert code == 2
    assert len(load_peers(pinned.peers)) == 1


@pytest.mark.parametrize(
    "word", [["pause"], ["resume"], ["remove", "--keep"], ["test"]]
)
def test_nobody_is_not_found(cli, home, word):
    assert cli("peers", *word, "x.example", "--home", home.folder)[0] == 7


@pytest.fixture
def circle(cli, pinned, founded, tmp_path):
    """A circle of a and b, signed by a."""
    path = tmp_path / "circle.toml"
    code, out, _ = cli(
        *("peers", "circle", "--name", "Pemantau", "--out", path, "--json"),
        *("--home", pinned.folder, "--passphrase-file", founded / "passphrase"),
    )
    assert code == 0
    return path, json.loads(out)["fingerprint"]


@pytest.fixture
def receiver(founded, tmp_path):
    """The home of b, which gets the circle."""
    shutil.copytree(founded / "b", tmp_path / "b")
    return Home(tmp_path / "b")


def imported(home, circle, *more):
    path, expected = circle
    return (
        *("peers", "import", path, "--expect", expected, "--home", home.folder),
        *("--json", *more),
    )


def test_a_circle_holds_ourselves_and_our_partners(circle):
    path, expected = circle
    members = open_circle(path.read_bytes(), expected).members
    assert [member.org for member in members] == ["a.example", "b.example"]


def test_a_circle_pins_all_its_members_but_ourselves(cli, circle, receiver):
    home = receiver
    code, out, _ = cli(*imported(home, circle))
    assert code == 0
    assert json.loads(out)["members"] == [
        {"org": "a.example", "name": "a", "state": "added"}
    ]
    assert [peer.org for peer in load_peers(home.peers)] == ["a.example"]
    code, out, _ = cli(*imported(home, circle))
    assert (code, json.loads(out)["members"][0]["state"]) == (0, "kept")


def test_a_member_with_another_key_than_we_know_is_not_replaced(cli, circle, receiver):
    home = receiver
    wrong = Signer.from_seed("a.example/identity", bytes([7]) * 32).key
    home.peers.write_text(format_peer(Peer(org="a.example", identity=wrong)))
    code, out, _ = cli(*imported(home, circle))
    assert (code, json.loads(out)["members"][0]["state"]) == (1, "differs")
    assert load_peers(home.peers)[0].identity == wrong


@pytest.mark.parametrize(("said", "count"), [("y\n", 1), ("n\n", 0)], ids=["y", "n"])
def test_people_are_asked_to_compare_the_signer_of_a_circle(
    cli, circle, receiver, answer, said, count
):
    answer(said)
    arguments = ("peers", "import", circle[0], "--home", receiver.folder)
    code, _, err = cli(*arguments)
    assert code == 1 - count
    assert circle[1] in err
    assert len(load_peers(receiver.peers)) == count


def test_a_circle_signed_by_another_is_refused(cli, circle, receiver):
    other = (circle[0], fingerprint(STRANGER.key))
    code, _, _ = cli(*imported(receiver, other))
    assert code == 4
    assert load_peers(receiver.peers) == ()


def test_a_circle_that_was_changed_is_refused(cli, circle, receiver):
    path, _ = circle
    path.write_bytes(path.read_bytes().replace(b"Pemantau", b"Pemantas"))
    code, _, _ = cli(*imported(receiver, circle))
    assert code == 4
    assert load_peers(receiver.peers) == ()
