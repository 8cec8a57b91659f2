"""One node, whole, over HTTP: what comes in is durable, what goes out verifies."""

import hashlib
import json
import stat
import time

import msgspec
import pytest

from federation.config.keystore import load_signer
from federation.errors import ConflictError
from federation.feeds.status import parse_status
from federation.profiles import load_shipped
from federation.profiles.races import format_profile
from federation.records.about import open_about_unpinned
from federation.records.keychain import decode_keys, open_chain
from federation.records.sealed import leaf_text, open_leaf, parse_statement, seal
from federation.tlog.checkpoint import open_checkpoint
from federation.tlog.keys import Signer, parse_vkey
from federation.tlog.merkle import hash_leaf, root_of
from federation.tlog.packing import unpack
from federation.tlog.tile import decode_bundle
from tests.homes import ELECTION, draft, make_home, serving
from tests.waiting import until

ORG = "jagasuara.example"
LOG = f"{ORG}/{ELECTION}"
NAME = hashlib.sha256(LOG.encode()).hexdigest()


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path)


async def post(node, *drafts, **more):
    body = {"election": ELECTION, "records": list(drafts), **more}
    status, answer = await node.post("/v1/records", body)
    assert status == 200, answer
    return answer["verdicts"]


async def begun(node):
    """The node has signed its key statement: from now on there is a log."""

    async def has_begun():
        return (await node.get(f"/{NAME}/checkpoint"))[0] == 200

    await until(has_begun)


async def is_ready(node):
    return (await node.get("/readyz"))[0] == 200


async def test_what_is_acknowledged_is_in_the_signed_tree(home):
    async with serving(home) as node:
        [verdict] = await post(node, draft())
        assert (verdict["outcome"], verdict["index"]) == ("logged", 1)
        identity = parse_vkey(home.vkey(ORG).read_text().strip())
        _, body, _ = await node.get(f"/{NAME}/keys")
        chain = open_chain(decode_keys(body), identity)
        _, note, _ = await node.get(f"/{NAME}/checkpoint")
        checkpoint = open_checkpoint(note, chain.log_key(2))
        _, bundle, headers = await node.get(f"/{NAME}/tile/entries/000.p/2")
        leaves = decode_bundle(bundle)
        assert checkpoint.root == root_of([hash_leaf(leaf) for leaf in leaves])
        sealed = open_leaf(leaves[1], chain, 1)
        assert sealed.record == verdict["record"]
        assert sealed.statement.candidates == {"01": 127, "02": 27}
        assert "immutable" not in headers["Cache-Control"]


async def test_the_same_row_twice_is_logged_once(home):
    async with serving(home) as node:
        await post(node, draft())
        [again] = await post(node, draft())
        assert again["outcome"] == "held"


async def test_a_bad_row_is_refused_and_the_others_go_in(home):
    async with serving(home) as node:
        bad, good = await post(node, draft(tps="13"), draft())
        assert bad["outcome"] == "refused"
        assert bad["code"]
        assert good["outcome"] == "logged"


async def test_a_record_signed_elsewhere_is_taken_and_a_forged_one_refused(home):
    async with serving(home) as node:
        [verdict] = await post(node, draft())
        _, bundle, _ = await node.get(f"/{NAME}/tile/entries/000.p/2")
        old = decode_bundle(bundle)[1]
        key = load_signer(home.role_key("records"), f"{ORG}/records")
        known = parse_statement(leaf_text(old)[:-1])
        leaf = seal(msgspec.structs.replace(known, round="psu"), key).decode()
        forged = leaf.replace('"01":127', '"01":227')
        assert forged != leaf
        body = {
            "election": ELECTION,
            "records": [draft()],
            "leaves": [forged, leaf, old.decode()],
        }
        _, answer = await node.post("/v1/records", body)
        again, refused, taken, held = answer["verdicts"]
        assert (refused["outcome"], refused["code"]) == ("refused", "signature")
        assert (verdict["index"], taken["outcome"], taken["index"]) == (1, "logged", 2)
        assert (again["outcome"], held["outcome"]) == ("held", "held")
        assert [one["row"] for one in answer["verdicts"]] == [0, 1, 2, 3]
        _, bundle, _ = await node.get(f"/{NAME}/tile/entries/000.p/3")
        assert decode_bundle(bundle)[2].decode() == leaf


async def test_a_record_of_another_organisation_is_refused(home):
    other = Signer.from_seed("kawalpemilu.example/records", bytes(range(32)))
    async with serving(home) as node:
        await post(node, draft())
        _, bundle, _ = await node.get(f"/{NAME}/tile/entries/000.p/2")
        identity = parse_vkey(home.vkey(ORG).read_text().strip())
        _, keys, _ = await node.get(f"/{NAME}/keys")
        chain = open_chain(decode_keys(keys), identity)
        statement = open_leaf(decode_bundle(bundle)[1], chain, 1).statement
        theirs = msgspec.structs.replace(statement, org="kawalpemilu.example")
        leaf = seal(theirs, other).decode()
        _, answer = await node.post(
            "/v1/records", {"election": ELECTION, "leaves": [leaf]}
        )
        assert answer["verdicts"][0]["outcome"] == "refused"


async def test_without_a_token_nothing_is_taken(home):
    async with serving(home) as node:
        for token in (None, "wrong", "ünicode"):
            status, answer = await node.post("/v1/records", {}, token)
            assert (status, answer["code"]) == (401, "unauthorized")
        status, _ = await node.post("/v1/control/sync", {}, None)
        assert status == 401


async def test_a_token_opens_intake_and_not_control(home):
    secret = "x" * 40
    async with serving(home) as node:
        given = {"name": "web", "secret": secret}
        assert (await node.post("/v1/control/add-token", given))[0] == 200
        body = {"election": ELECTION, "records": [draft()]}
        assert (await node.post("/v1/records", body, secret))[0] == 200
        status, answer = await node.post("/v1/control/sync", {}, secret)
        assert (status, answer["code"]) == (403, "forbidden")
        await node.post("/v1/control/remove-token", {"name": "web"})
        assert (await node.post("/v1/records", body, secret))[0] == 401


async def test_a_withdrawal_empties_the_slot_on_the_map(home):
    async with serving(home) as node:
        await post(node, draft())
        given = {
            "election": ELECTION,
            "contest": "ppwp",
            "tps": "1371011001001",
            "round": "reguler",
            "reason": "wrong photo",
        }
        status, verdict = await node.post("/v1/control/withdraw", given)
        assert (status, verdict["outcome"]) == (200, "logged")

        async def is_missing():
            _, body, _ = await node.get("/v1/tps/1371011001001")
            contests = json.loads(body)["contests"]  # empty before the first merge
            return [contest["status"] for contest in contests] == ["missing"]

        await until(is_missing)


async def test_after_the_end_of_a_log_nothing_can_be_added(home):
    async with serving(home) as node:
        await post(node, draft())
        given = {"election": ELECTION, "reason": "counted"}
        assert (await node.post("/v1/control/close", given))[0] == 200
        body = {"election": ELECTION, "records": [draft(first=1)]}
        status, answer = await node.post("/v1/records", body)
        assert (status, answer["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("command", "arguments", "status"),
    [
        ("dance", {}, 404),
        ("close", {"election": ELECTION}, 400),
        ("close", {"election": "pemilu-1955", "reason": "x"}, 404),
        ("sync", {"orgs": ["nobody.example"]}, 404),
        ("withdraw", {"more": 1}, 400),
    ],
)
async def test_a_command_that_is_wrong_is_refused(home, command, arguments, status):
    async with serving(home) as node:
        answered, problem = await node.post(f"/v1/control/{command}", arguments)
        assert answered == status, problem
        assert problem["detail"]


async def test_the_status_vector_costs_an_idle_peer_one_conditional_request(home):
    async with serving(home) as node:
        await begun(node)
        _, body, headers = await node.get("/logs")
        [entry] = parse_status(body).logs
        assert entry.origin == LOG
        etag = {"If-None-Match": headers["ETag"]}
        assert (await node.get("/logs", headers=etag))[0] == 304
        await post(node, draft())
        assert (await node.get("/logs", headers=etag))[0] == 200


async def test_the_vector_names_the_digests_of_keys_and_about(home):
    async with serving(home) as node:
        await begun(node)
        _, body, _ = await node.get("/logs")
        [entry] = parse_status(body).logs
        _, keys, _ = await node.get(f"/{NAME}/keys")
        _, about, _ = await node.get(f"/{NAME}/about")
        assert entry.keys == hashlib.sha256(keys).hexdigest()
        assert entry.about == hashlib.sha256(about).hexdigest()
        assert (await node.get("/.well-known/tps-federation"))[1] == about
        assert open_about_unpinned(about).org == ORG


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/" + "0" * 64 + "/checkpoint", 404),
        (f"/{NAME}/tile/entries/001", 404),
        (f"/{NAME}/tile/0/000.p/256", 400),
        (f"/{NAME}/tile/0/0", 400),
        ("/nothing", 404),
    ],
)
async def test_a_path_that_is_not_there_is_a_problem_with_a_code(home, path, status):
    async with serving(home) as node:
        await begun(node)
        answered, body, headers = await node.get(path)
        assert answered == status
        assert headers["Content-Type"].startswith("application/problem+json")
        assert json.loads(body)["status"] == status


async def test_a_full_tile_may_be_kept_for_ever(home):
    async with serving(home) as node:
        drafts = [draft(tps=f"1371011001{n:03}") for n in range(1, 257)]
        await post(node, *drafts)
        status, body, headers = await node.get(f"/{NAME}/tile/0/000")
        assert (status, len(body)) == (200, 256 * 32)
        assert "immutable" in headers["Cache-Control"]


@pytest.mark.parametrize(
    ("accept", "is_packed"),
    [
        ("zstd", True),
        ("gzip, ZSTD;q=0.5", True),
        ("identity", False),
        ("gzip", False),
        ("zstd;q=0", False),
        ("zstd; q=0.000", False),
    ],
)
async def test_a_full_bundle_goes_packed_to_those_who_take_it(home, accept, is_packed):
    async with serving(home) as node:
        await post(node, *[draft(tps=f"1371011001{n:03}") for n in range(1, 257)])
        path, headers = f"/{NAME}/tile/entries/000", {"Accept-Encoding": accept}
        _, body, said = await node.get(path, headers=headers)
        assert said["Vary"] == "Accept-Encoding"
        assert (said.get("Content-Encoding") == "zstd") == is_packed
        bundle = unpack(body, 1 << 24) if is_packed else body
        assert len(decode_bundle(bundle)) == 256


async def test_too_many_notices_are_refused_and_strangers_learn_nothing(home):
    async with serving(home) as node:
        news = {"org": "stranger.example"}
        answers = [(await node.post("/notify", news))[0] for _ in range(33)]
        assert set(answers[:30]) == {202}
        assert 429 in answers[30:]
        assert (await node.post("/notify", b"x" * 2000))[0] == 400


def gauge(body, name):
    """The value of one metric, exact to the second."""
    (line,) = [one for one in body.decode().splitlines() if one.startswith(name)]
    return float(line.removeprefix(name))


async def test_live_ready_and_metrics_answer(home):
    async with serving(home) as node:
        await begun(node)
        assert (await node.get("/livez"))[1] == b"ok\n"
        await until(lambda: is_ready(node))
        _, body, _ = await node.get("/metrics")
        assert f'federation_log_size{{log="{LOG}"}} 1'.encode() in body
        signed_at = gauge(body, f'federation_own_checkpoint_seconds{{log="{LOG}"}}')
        assert 0 <= time.time() - signed_at < 60
        # Nobody has confirmed it yet, and no time is better than a wrong one.
        assert b"federation_newest_confirmation_seconds" not in body


async def test_a_wrong_method_says_which_are_allowed(home):
    async with serving(home) as node:
        status, problem = await node.post("/logs", {})
        assert (status, problem["code"]) == (405, "method-not-allowed")


async def test_the_control_file_is_private_and_gone_when_the_node_is(home):
    async with serving(home) as node:
        mode = stat.S_IMODE(node.home.control.stat().st_mode)
        assert mode == 0o600
    assert not home.control.exists()


async def test_two_nodes_of_one_home_cannot_run(home):
    async with serving(home):
        with pytest.raises(ConflictError, match="another process"):
            async with serving(home):
                raise AssertionError("both run")


async def test_what_was_logged_is_there_after_a_restart(home):
    async with serving(home) as node:
        [verdict] = await post(node, draft())
    async with serving(home) as node:
        _, bundle, _ = await node.get(f"/{NAME}/tile/entries/000.p/2")
        assert (
            hashlib.sha256(
                decode_bundle(bundle)[1].partition(b"\n")[0] + b"\n"
            ).hexdigest()
            == verdict["record"]
        )
        [again] = await post(node, draft())
        assert again["outcome"] == "held"


async def test_changed_settings_give_the_about_note_a_higher_issue(home):
    async with serving(home) as node:
        first = open_about_unpinned((await node.get("/.well-known/tps-federation"))[1])
    text = home.settings.read_text().replace("Jaga Suara", "Jaga Suara Rakyat")
    home.settings.write_text(text)
    async with serving(home) as node:
        second = open_about_unpinned((await node.get("/.well-known/tps-federation"))[1])
    assert second.name == "Jaga Suara Rakyat"
    assert second.issue == first.issue + 1


async def test_the_first_entry_of_a_log_is_its_key_statement(home):
    async with serving(home) as node:
        # At once: nothing else has had time to begin the log.
        [verdict] = await post(node, draft())
        assert verdict["index"] == 1
        _, bundle, _ = await node.get(f"/{NAME}/tile/entries/000.p/2")
        assert b'"type":"key-statement/1"' in decode_bundle(bundle)[0]


async def test_a_node_starts_with_a_log_that_has_ended(home):
    async with serving(home) as node:
        await post(node, draft())
        await node.post("/v1/control/close", {"election": ELECTION, "reason": "x"})
    async with serving(home) as node:
        await until(lambda: is_ready(node))


async def test_a_node_that_runs_signs_by_the_new_list_at_once(home):
    async with serving(home) as node:
        assert (await post(node, draft()))[0]["outcome"] == "logged"
        rules = json.loads(format_profile(load_shipped()[ELECTION]))
        del rules["contests"]["ppwp"]["candidates"]["02"]
        home.elections.mkdir(exist_ok=True)
        path = home.elections / f"{ELECTION}.json"
        path.write_text(json.dumps(rules))
        assert (await node.post("/v1/control/rules", {}))[0] == 200
        body = {"election": ELECTION, "records": [draft(tps="1371011001002")]}
        [refused] = (await node.post("/v1/records", body))[1]["verdicts"]
        assert (refused["outcome"], refused["code"]) == ("refused", "candidate")
        _, body, _ = await node.get("/v1/elections")
        [ours] = json.loads(body)["elections"]
        assert list(ours["contests"][0]["candidates"]) == ["01"]
        path.write_text("{")
        assert (await node.post("/v1/control/rules", {}))[0] >= 400
        [taken] = await post(node, draft(tps="1371011001002", candidates={"01": 5}))
        assert taken["outcome"] == "logged"
