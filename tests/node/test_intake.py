"""`POST /v1/records`: read as a file is, every error told, nothing false signed."""

import json

import msgspec
import pytest

from federation.config.keystore import load_signer
from federation.records.canonical import convert
from federation.records.register import Register, encode_register
from federation.records.result import TpsResult
from federation.records.sealed import seal
from tests.homes import ELECTION, draft, make_home, serving

ORG = "jagasuara.example"
TPS = "1371011001001"


@pytest.fixture
async def node(tmp_path):
    async with serving(make_home(tmp_path)) as node:
        yield node


async def hand_in(node, *rows, leaves=(), **more):
    body = {"election": ELECTION, "records": rows, "leaves": leaves, **more}
    status, answer = await node.post("/v1/records", body)
    return status, answer["verdicts"]


async def votes_at(node, tps=TPS):
    _, body, _ = await node.get(f"/v1/tps/{tps}")
    found = json.loads(body)["contests"]
    return [group["votes"] for one in found for group in one["groups"]]


async def merged(node, tps=TPS):
    await node.get("/v1/changes?wait=5&since=")
    for _ in range(100):
        if found := await votes_at(node, tps):
            return found
        await node.get("/v1/changes?wait=1")
    raise AssertionError("not merged")


def leaf(node, **members):
    signer = load_signer(node.home.role_key("records"), f"{ORG}/records")
    record = draft(**members) | {
        "type": "tps-result/1",
        "org": ORG,
        "election": ELECTION,
        "recorded_at": "2019-04-18T00:00:00Z",
    }
    return seal(convert(record, TpsResult), signer).decode()


@pytest.mark.parametrize("ids", [("1", "2"), ("01", "02"), ("21", "22"), ("1", "22")])
async def test_every_spelling_of_a_candidate_is_one_candidate(node, ids):
    votes = dict(zip(ids, (5, 6), strict=True))
    assert (await hand_in(node, draft(candidates=votes)))[0] == 200
    assert await merged(node) == [{"01": 5, "02": 6}]


@pytest.mark.parametrize(
    ("members", "at"),
    [
        ({"candidates": {"03": 1}}, "candidates.03"),
        ({"candidates": {"100025": 1}}, "candidates.100025"),
        ({"candidates": {"01": 1, "1": 2}}, "candidates"),
        ({"candidates": {"01": 1.5}}, "candidates.01"),
        ({"candidates": {"01": True}}, "candidates.01"),
        ({"tps": "137101100100"}, "tps"),
        ({"tps": "2871011001001"}, "tps"),
        ({"round": "ketiga"}, "round"),
        ({"observed_at": "kemarin"}, "observed_at"),
        ({"figures": {"sah": 1}}, "figures.sah"),
    ],
)
async def test_what_nobody_could_read_is_refused_with_its_place(node, members, at):
    status, [verdict] = await hand_in(node, draft(**members))
    assert (status, verdict["outcome"]) == (422, "refused")
    assert [one["at"] for one in verdict["errors"]] == [at]
    assert verdict["code"] == verdict["errors"][0]["code"]
    assert verdict["reason"].endswith(verdict["errors"][0]["reason"])


async def test_all_errors_of_all_rows_come_at_once(node):
    wrong = draft(tps="x", form="kertas", candidates={"04": -1, "05": 3})
    status, verdicts = await hand_in(node, wrong, 7, {})
    assert status == 422
    places = [[one["at"] for one in verdict["errors"]] for verdict in verdicts]
    assert places == [["tps", "form", "candidates.04", "candidates.05"], [""], ["tps"]]


async def test_the_status_says_whether_anything_of_the_batch_stands_in_the_log(node):
    bad, good = draft(tps="x"), draft()
    assert (await hand_in(node, bad))[0] == 422
    assert (await hand_in(node, bad, good))[0] == 200
    # Sent again after a broken line it gets the same answer, not a new status.
    assert (await hand_in(node, bad, good))[0] == 200
    assert (await hand_in(node, good))[0] == 200
    assert (await hand_in(node))[0] == 200


async def test_a_whole_number_with_a_point_is_that_number(node):
    text = json.dumps({"election": ELECTION, "records": [draft()]})
    body = b"\xef\xbb\xbf" + text.replace(": 127", ": 127.0").encode()
    status, _ = await node.post("/v1/records", body)
    assert status == 200
    assert await merged(node) == [{"01": 127, "02": 27}]


async def test_rows_that_contradict_each_other_are_both_refused_and_named(node):
    other = leaf(node, first=128)
    status, verdicts = await hand_in(node, draft(), leaves=[other])
    assert status == 422
    assert [one["code"] for one in verdicts] == ["contradiction"] * 2
    assert [one["errors"][0]["at"] for one in verdicts] == ["candidates.01"] * 2
    assert "row 1" in verdicts[0]["reason"]
    assert "row 0" in verdicts[1]["reason"]
    assert await votes_at(node) == []


async def test_rows_that_say_the_same_count_once(node):
    _, verdicts = await hand_in(node, draft(), draft(candidates={"1": 127, "22": 27}))
    assert sorted(one["outcome"] for one in verdicts) == ["held", "logged"]


@pytest.mark.parametrize(
    ("ids", "said"),
    [({"03": 1}, "standing there"), ({"1": 1}, "01"), ({"21": 1}, "01")],
)
async def test_a_signed_record_says_candidates_by_our_ids_or_is_refused(
    node, ids, said
):
    (one,) = ids
    status, [verdict] = await hand_in(node, leaves=[leaf(node, candidates=ids)])
    assert (status, verdict["code"]) == (422, "candidate")
    assert verdict["errors"][0]["at"] == f"candidates.{one}"
    assert said in verdict["reason"]


@pytest.fixture
async def listed(node, tmp_path):
    """The node, with a list of one station."""
    register = Register(ELECTION)
    register.add(TPS)
    given = {
        "register": msgspec.to_builtins(encode_register(register)),
        "source": "a test",
    }
    assert (await node.post("/v1/control/register", given))[0] == 200
    return node


OUTSIDE = "1371011001009"


async def test_a_station_outside_the_list_is_refused_until_its_sender_insists(listed):
    signed = leaf(listed, tps=OUTSIDE, round="psu")
    rows = draft(), draft(tps=OUTSIDE)
    status, verdicts = await hand_in(listed, *rows, leaves=[signed])
    assert status == 200
    assert [one["code"] for one in verdicts] == ["", "unlisted", "unlisted"]
    assert '"unlisted": true' in verdicts[1]["reason"]
    _, verdicts = await hand_in(listed, *rows, leaves=[signed], unlisted=True)
    assert [one["outcome"] for one in verdicts] == ["held", "logged", "logged"]
    assert [one["flags"] for one in verdicts] == [[], *[["outside_register"]] * 2]


async def test_without_a_list_the_regions_of_the_election_decide(node):
    strange = draft(tps="1371010001001")
    status, [verdict] = await hand_in(node, strange)
    assert (status, verdict["code"]) == (422, "region")
    _, [verdict] = await hand_in(node, strange, unlisted=True)
    assert (verdict["outcome"], verdict["flags"]) == ("logged", ["outside_register"])


@pytest.mark.parametrize(
    ("time", "flags"),
    [
        ("1970-01-01T00:00:00Z", ["time_past"]),
        ("2019-03-16T23:59:59Z", ["time_past"]),
        ("2019-04-08T00:00:00Z", []),
        ("2019-04-17T20:00:00+07:00", []),
        ("2091-04-17T13:00:00Z", ["time_future"]),
    ],
)
async def test_a_time_at_which_nobody_saw_the_form_is_flagged(node, time, flags):
    _, [verdict] = await hand_in(node, draft(observed_at=time))
    assert (verdict["outcome"], verdict["flags"]) == ("logged", flags)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR  \t"])
async def test_the_scheme_of_a_token_has_any_case(node, scheme):
    async with node._session.post(
        node.url + "/v1/records",
        json={"election": ELECTION, "records": [draft()]},
        headers={"authorization": f" {scheme} {node.token} "},
    ) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("header", "said", "challenge"),
    [
        (None, "no token was sent", 'Bearer realm="tps-federation"'),
        ("Bearer", "no token stands", 'Bearer realm="tps-federation"'),
        ("Basic YTpi", "another scheme", 'Bearer realm="tps-federation"'),
        ("Bearer guess", "no such token", 'error="invalid_token"'),
    ],
)
async def test_a_refusal_says_what_is_wrong_with_the_token(
    node, header, said, challenge
):
    async with node._session.post(
        node.url + "/v1/records",
        json={},
        headers={"Authorization": header} if header else {},
    ) as answer:
        assert answer.status == 401
        assert challenge in answer.headers["WWW-Authenticate"]
        assert said in (await answer.json())["detail"]
