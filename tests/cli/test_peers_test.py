"""`federation peers test` says at which step a partner fails, and how to mend it."""

import contextlib
import json
import re
import shutil
from dataclasses import replace

import aiohttp
import msgspec
import pytest

from federation.cli import main
from federation.config.fingerprint import fingerprint
from federation.config.home import Home
from federation.config.peers import Peer, format_peer
from federation.feeds import tls
from federation.feeds.status import StatusEntry, format_status
from federation.flows.visit.visit import PLANS
from federation.records.about import sign_about
from federation.store.db import Database
from federation.store.logs import add_log
from federation.text import LANGUAGES
from federation.tlog.keys import Signer
from tests.certificates import Authority
from tests.homes import init_words
from tests.partnernode import PartnerNode, serve

OURS, THEIRS = "a.example/pemilu-2024", "b.example/pemilu-2024"
_CLOSED = "http://127.0.0.1:1"
CODES = [plan.code for plan in PLANS]


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
def call(cli, home, node):
    """Tests b at an address; gives the exit code and the steps by code."""

    def test(url, *, allow_private=True, **more):
        peer = Peer(
            org=more.pop("org", "b.example"),
            identity=more.pop("identity", node.identity),
            url=url,
            allow_private=allow_private,
        )
        home.peers.write_text(format_peer(peer))
        code, out, _ = cli("peers", "test", "--home", home.folder, "--json")
        [row] = json.loads(out)["peers"]
        steps = {step["code"]: step for step in row["steps"]}
        assert list(steps) == CODES
        assert all(steps[one]["mend"] for one in CODES if steps[one]["problem"])
        wrong = [one["problem"] for one in row["steps"] if one["state"] == "failed"]
        assert row["problem"] == next(iter(wrong), None)
        assert code == (5 if wrong else 0)
        return steps

    return test


def states(steps):
    return {code: step["state"] for code, step in steps.items()}


def stops_at(steps, code, problem):
    """This step failed so, and whatever needs it was not tried, and says why."""
    assert (steps[code]["state"], steps[code]["problem"]) == ("failed", problem)
    after = [one for one in steps.values() if one["after"]]
    assert {one["after"] for one in after} <= {code}
    assert all(f"step {CODES.index(code) + 1} failed" in one["seen"] for one in after)
    return [one["code"] for one in after]


def test_each_step_of_a_partner_that_is_well_says_what_was_seen(call, node):
    with serve(node) as url:
        steps = call(url)
    plain = {**dict.fromkeys(CODES, "ok"), "tls": "skipped"}
    assert states(steps) == plain
    assert steps["address"]["facts"]["host"] == "127.0.0.1"
    assert steps["dns"]["facts"]["addresses"] == ["127.0.0.1"]
    assert steps["key"]["facts"]["found"] == fingerprint(node.identity)
    assert steps["versions"]["facts"]["versions"] == [1]
    [own, other] = steps["heads"]["facts"]["logs"]
    assert (own["origin"], own["verified"], own["held"]) == (THEIRS, True, None)
    assert (other["origin"], other["verified"], other["size"]) == (
        "x.example/pemilu-2024",
        False,
        7,
    )
    assert "not known" in steps["back"]["seen"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_people_read_a_table_and_a_line_for_each_partner(cli, home, node, language):
    with serve(node) as url:
        dead = Peer(org="c.example", identity=_other("c.example"), url=_CLOSED)
        alive = Peer(org="b.example", identity=node.identity, url=url)
        peers = (replace(one, allow_private=True) for one in (alive, dead))
        home.peers.write_text("\n".join(map(format_peer, peers)))
        words = ("peers", "test", "--home", home.folder, "--lang", language)
        code, out, _ = cli(*words)
    assert code == 5
    said = " ".join(out.split())
    if language == "en":
        assert "b.example: all steps went well." in said
        assert "c.example: step 3 failed: connection (TCP)." in said
        assert "not tried, because step 3" in said
        assert "no program listens at port" in said
    else:
        assert "b.example: semua langkah berjalan baik." in said
        assert "c.example: langkah 3 gagal: sambungan (TCP)." in said
        assert "tidak ada program yang melayani port" in said
        assert not re.search(r"\b(the|failed|because)\b", said)


def _other(org):
    return Signer.from_seed(f"{org}/identity", bytes([9]) * 32).key


def test_without_an_address_nothing_is_tried(cli, home, node):
    home.peers.write_text(format_peer(Peer(org="b.example", identity=node.identity)))
    code, out, _ = cli("peers", "test", "b.example", "--home", home.folder, "--json")
    steps = {one["code"]: one for one in json.loads(out)["peers"][0]["steps"]}
    assert code == 5
    assert len(stops_at(steps, "address", "no-own-address")) == len(CODES) - 1


def test_a_name_that_nobody_knows_ends_at_the_second_step(call):
    steps = call("https://nobody.invalid")
    assert steps["dns"]["problem"] in {"no-name", "no-name-server"}
    assert "nobody.invalid" in steps["dns"]["mend"]


def test_a_closed_port_ends_at_the_third_step(call):
    assert "tls" in stops_at(call("http://127.0.0.1:1"), "tcp", "no-listener")


def test_an_inner_address_is_refused_at_the_connection(call):
    steps = call("http://127.0.0.1:1", allow_private=False)
    assert steps["address"]["problem"] == "plain"
    stops_at(steps, "tcp", "private")


@pytest.fixture
def authority(tmp_path, monkeypatch):
    folder = tmp_path / "certificates"
    folder.mkdir()
    made = Authority(folder)
    monkeypatch.setattr(aiohttp.connector, "_SSL_CONTEXT_VERIFIED", made.trusting())
    monkeypatch.setattr(tls, "trusted_context", made.trusting)
    return made


def test_a_secure_connection_tells_issuer_names_and_days(call, node, authority):
    with serve(node, authority.server(days=(-1, 40))) as url:
        steps = call(url)
    assert states(steps) == dict.fromkeys(CODES, "ok")
    facts = steps["tls"]["facts"]
    assert facts["version"] in {"TLSv1.2", "TLSv1.3"}
    assert facts["names"] == ["127.0.0.1"]
    assert facts["issuer"] == authority.name
    assert facts["days_left"] == 39


@pytest.mark.parametrize(("days", "state"), [(14, "warning"), (15, "ok")])
def test_a_certificate_that_ends_within_14_days_is_a_warning(
    call, node, authority, days, state
):
    with serve(node, authority.server(days=(-1, days))) as url:
        steps = call(url)
    assert steps["tls"]["state"] == state
    assert steps["heads"]["state"] == "ok", "a warning stops nothing"


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        ({"days": (-3, -1)}, "tls-expired"),
        ({"days": (1, 3)}, "tls-not-yet"),
        ({"is_self_signed": True}, "tls-self-signed"),
        ({"host": "other.example"}, "tls-host"),
    ],
)
def test_a_certificate_that_is_not_believed_is_shown(
    call, node, authority, made, problem
):
    with serve(node, authority.server(**made)) as url:
        steps = call(url)
    stops_at(steps, "tls", problem)
    assert steps["tls"]["facts"]["names"] == [made.get("host", "127.0.0.1")]
    assert "valid from 2" in steps["tls"]["seen"]


def test_an_unknown_issuer_is_named(call, node, authority, tmp_path, monkeypatch):
    other = Authority(tmp_path, "Filter of a hotel")
    with serve(node, other.server()) as url:
        steps = call(url)
    stops_at(steps, "tls", "tls-issuer")
    assert steps["tls"]["facts"]["issuer"] == "Filter of a hotel"


def test_https_where_http_is_spoken_is_told(call, node, authority):
    with serve(node) as url:
        stops_at(call(url.replace("http:", "https:")), "tls", "tls-none")


def test_http_where_https_is_spoken_is_told(call, node, authority):
    with serve(node, authority.server()) as url:
        steps = call(url.replace("https:", "http:"))
    skipped = ["key", "clock", "versions", "heads", "back"]
    assert stops_at(steps, "about", "needs-tls") == skipped
    assert "begin with https:// in place of http://" in steps["about"]["mend"]


def test_a_path_that_is_missing_is_told_with_the_address(call, node):
    with serve(node, prefix="/federation") as url:
        steps = call(url.removesuffix("/federation"))
        assert call(url)["about"]["state"] == "ok"
    assert stops_at(steps, "about", "no-file") == ["key", "versions", "heads", "back"]
    assert "its path included" in steps["about"]["mend"]
    assert steps["clock"]["state"] == "ok", "clocks are compared all the same"


def test_another_organisation_behind_the_address_is_named(call, founded):
    with serve(PartnerNode(Home(founded / "a"), "a.example")) as url:
        steps = call(url)
    stops_at(steps, "about", "other-org")
    assert (
        "a (a.example)" in steps["about"]["seen"]
        or "a.example" in (steps["about"]["seen"])
    )


def test_another_key_is_told_with_both_fingerprints(call, node):
    wrong = Signer.from_seed("b.example/identity", bytes([7]) * 32).key
    with serve(node) as url:
        steps = call(url, identity=wrong)
    assert stops_at(steps, "key", "other-key") == ["heads", "back"]
    assert fingerprint(wrong) in steps["key"]["seen"]
    assert fingerprint(node.identity) in steps["key"]["seen"]


def test_a_note_that_its_own_key_did_not_sign_is_told(call, node):
    stranger = Signer.from_seed("b.example/node", bytes([5]) * 32)
    node.answers[node.well_known] = sign_about(node.about, stranger)
    with serve(node) as url:
        stops_at(call(url), "about", "about-unsigned")


def test_a_clock_that_is_not_said_is_not_judged(call, node):
    node.skew = None
    with serve(node) as url:
        steps = call(url)
    assert steps["clock"]["state"] == "ok"
    assert steps["clock"]["facts"] == {"skew_s": None}


@pytest.mark.parametrize(
    ("skew", "problem"),
    [(300, "clock-ahead"), (-7200, "clock-behind"), (33, "clock-ahead"), (27, "")],
)
def test_a_clock_more_than_30_seconds_off_is_told_with_both(call, node, skew, problem):
    node.skew = skew
    with serve(node) as url:
        steps = call(url)
    assert steps["clock"]["problem"] == problem
    assert abs(steps["clock"]["facts"]["skew_s"] - skew) <= 2
    assert len(re.findall(r"\d\d:\d\d:\d\d WIB", steps["clock"]["seen"])) == 2
    assert steps["heads"]["state"] == "ok", "it stops nothing by itself"


@pytest.mark.parametrize(
    ("versions", "state", "problem"),
    [((1, 2), "warning", "newer-version"), ((2,), "failed", "other-version")],
)
def test_versions_of_the_protocol_are_compared(call, node, versions, state, problem):
    about = msgspec.structs.replace(node.about, versions=versions)
    node.answers[node.well_known] = sign_about(about, node.signer)
    with serve(node) as url:
        step = call(url)["versions"]
    assert (step["state"], step["problem"]) == (state, problem)


def test_a_head_that_another_key_signed_is_told(call, node):
    forger = Signer.from_seed(THEIRS, bytes([4]) * 32)
    node.answers["/logs"] = node.heads(signer=forger)
    with serve(node) as url:
        assert stops_at(call(url), "heads", "head-unsigned") == ["back"]


def hold(home, origin, size, *, own=False):
    with contextlib.closing(Database.open(home.data)) as db, db.transaction() as tx:
        log = add_log(tx, origin, own=own)
        tx.execute("UPDATE log SET size = ? WHERE id = ?", (size, log.id))


@pytest.mark.parametrize(
    ("size", "words"),
    [(12, "2 more than we hold"), (10, "we hold all of it"), (9, None)],
)
def test_heads_are_told_beside_our_copies(call, home, node, size, words):
    hold(home, THEIRS, 10)
    node.answers["/logs"] = node.heads(size)
    with serve(node) as url:
        steps = call(url)
    if words is None:
        stops_at(steps, "heads", "older-than-ours")
        assert "backup" in steps["heads"]["mend"]
    else:
        assert words in steps["heads"]["seen"]


def test_of_an_election_that_is_not_followed_it_is_said_why_nothing_comes(
    cli, call, home, node
):
    node.answers["/logs"] = node.heads(0)
    text = home.settings.read_text(encoding="utf-8")
    home.settings.write_text(text.replace('["pemilu-2024"]', '["pilpres-2019"]'))
    with serve(node) as url:
        step = call(url)["heads"]
        _, out, _ = cli("peers", "test", "--home", home.folder, "--lang", "id")
        home.settings.write_text(text)
        followed = call(url)["heads"]
    assert (step["state"], step["problem"]) == ("warning", "heads-not-followed")
    assert "pemilu-2024" in step["seen"]
    assert "federation keys chain --election pemilu-2024" in step["mend"]
    assert "tidak diikuti node ini" in out
    assert [one["followed"] for one in step["facts"]["logs"]] == [False, False]
    assert followed["state"] == "ok"
    assert followed["facts"]["logs"][0]["followed"] is True


def test_how_much_of_ours_it_holds_shows_the_way_back(call, home, node, founded):
    hold(home, OURS, 10, own=True)
    ours = PartnerNode(Home(founded / "a"), "a.example")
    heads = (json.loads(node.answers["/logs"]), json.loads(ours.heads(8)))
    own, shown = (one["logs"] for one in heads)
    entries = [StatusEntry(**one) for one in (*own, shown[0])]
    node.answers["/logs"] = format_status(entries)
    node.answers[ours.keys_path] = ours.answers[ours.keys_path]
    with serve(node) as url:
        steps = call(url)
    assert steps["back"]["facts"]["holds_of_ours"] == {OURS: 8}
    assert f"it holds 8 of our 10 of {OURS}" in steps["back"]["seen"]


def test_what_a_partner_lets_us_have_stands_in_its_signed_note(call, node):
    about = msgspec.structs.replace(
        node.about, audience=("a.example",), relays=(), incidents=()
    )
    node.answers[node.well_known] = sign_about(about, node.signer)
    with serve(node) as url:
        back = call(url)["back"]
    assert (back["facts"]["knows_us"], back["facts"]["gives"]) == (True, ["photos"])
    assert "photos" in back["seen"]


@pytest.mark.parametrize(
    ("outcome", "state", "problem"),
    [("ok", "ok", ""), ("peer", "warning", "turns-failing")],
)
def test_what_it_says_of_its_turns_with_us_is_the_way_back(
    call, node, outcome, state, problem
):
    you = {"failures": 2, "last_at": 1_707_900_000, "outcome": outcome}
    node.answers["/v1/status"] = json.dumps({"you": you}).encode()
    with serve(node) as url:
        back = call(url)["back"]
    assert (back["state"], back["problem"]) == (state, problem)
    assert back["facts"]["turns_with_us"] == outcome
    assert "not known" not in back["seen"]


@pytest.mark.parametrize(
    ("code", "state", "problem"),
    [
        ("request-clock", "failed", "unbelieved"),
        ("request-unknown-key", "warning", "unknown-here"),
    ],
)
def test_a_partner_that_does_not_believe_who_asks_says_why(
    call, node, code, state, problem
):
    node.disbelief = {"code": code, "detail": "signed at noon, and it is two"}
    with serve(node) as url:
        steps = call(url)
    back = steps["back"]
    assert (back["state"], back["problem"]) == (state, problem)
    assert back["facts"]["knows_us"] is False
    assert back["seen"].endswith("signed at noon, and it is two")
    assert steps["heads"]["facts"]["logs"], "what is public is shown all the same"
