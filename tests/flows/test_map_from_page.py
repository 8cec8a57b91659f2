"""A program that was written from the page alone comes to the digest of a node."""

import json
import random
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.errors import FederationError
from federation.flows.query.published import published_map
from federation.records.claim import claim_of_result, claim_of_withdrawal
from federation.records.coverage import OFFICIAL
from federation.records.merge import FLAGS, STATUSES, decode_row
from federation.records.profile import parse_profile
from federation.records.result import FIGURES, ROUNDS, TpsResult, check_result
from federation.records.withdrawal import Withdrawal
from federation.store import scratch
from federation.store.db import Database
from tests.flows.frompage import map_digest
from tests.flows.test_merge import (
    ELECTION,
    FOLLOWED_BELOW,
    NEWER,
    ORIGINS,
    follow,
    grow,
    merge_all,
    open_logs,
    save_register,
)

# In and outside of the contests' areas and the exceptions, special, overseas.
PLACES = (
    *("1371011001001", "1371011001002", "1371011001901", "1101010001001"),
    *("3207010001001", "3208010001001", "9471010001001", "99AB010001001"),
)
FILES = tuple(digit * 64 for digit in "123")
NAMED = {
    "01": {"name": "Ana & Amir", "aliases": ["100025", "21"]},
    "02": {"name": "Budi"},
}
BOX = {"01": {"name": "Citra", "aliases": ["1000562"]}, "02": {"name": "Kolom kosong"}}
PROFILE = {
    "election": ELECTION,
    "version": 1,
    "name": {"en": "e", "id": "e"},
    "contests": {
        "ppwp": {"candidates": NAMED},
        "pdpd": {"without": ["99"]},
        "pdpr": {
            "parties": {
                "1": {"name": "Satu"},
                "18": {"name": "Aceh", "only": ["11"], "aliases": ["81"]},
            },
            "only": ["11", "13"],
        },
        "pkwkk": {"races": {"3207": BOX}},
    },
    "max_voters": 300,
    "spare_per_mille": 25,
    "rounds": list(ROUNDS),
    "time_zone": "Asia/Jakarta",
    "voting_day": "2019-04-17",
    "exceptions": [{"regions": ["94"], "reason": "noken"}],
}
VOTES = ((100, 27),) * 5 + ((100, 28), (110, 27), (100, 29), (0, 0), (300, 27))
SPELT = (
    ("01", "02"),
    *(("1", "2"), ("100025", "02"), ("21", "02"), ("001", "002"), ("01", "03")),
    *(("paslon-1", "no2"), ("ana-amir", "budi"), ("1-ana-amir", "02")),
    *(("2-ana-amir", "02"), ("01", "1"), ("1000561", "1000562"), ("01",)),
    *(("citra", "kotak-kosong"), ("x", "y"), ("1", "y"), ("0", "1"), ("0100", "2")),
)


def random_record(rng, org):
    """What a log says at one index: the members of a record, in any way they may be."""
    contest = rng.choice(["ppwp"] * 4 + ["pdpd", "pdpd", "pdpr", "pkwkk", "pkwkp"])
    members = {
        "contest": contest,
        "election": ELECTION,
        "org": org,
        "recorded_at": "2019-04-17T10:00:00Z",
        "round": rng.choice(["reguler"] * 4 + ["psu", "susulan"]),
        "tps": rng.choice(PLACES[:1] * 6 + PLACES),
    }
    official = rng.random() < 0.25
    if rng.random() < 0.1:
        gone = {"official": int(official), "reason": "x", "type": "withdrawal/1"}
        return members | gone
    source = "kpu" if official else rng.choice(["citizen", "observer"])
    members |= {"form": "plano", "review": "reviewed", "source": source}
    counts = [100, 27, 100, 28, 127, 0, 0, 0, 300]
    if rng.random() < 0.85 and contest == "pdpr":
        names = rng.choice([("1",), ("1", "18"), ("01", "81"), ("1", "2")])
        names = [name for name in names if not name.startswith("0")]
        members["parties"] = {
            name: {
                "jumlah": rng.choice(counts),
                **rng.choice([{}, {"partai": 27, "caleg": {"7": 73}}]),
            }
            if rng.random() < 0.9
            else {"partai": 3}
            for name in names
        }
    elif rng.random() < 0.85 and contest != "pdpr":
        names = rng.choice(SPELT[:1] * 12 + SPELT)
        votes = rng.choice(VOTES)
        members["candidates"] = dict(zip(names, votes, strict=False))
    if rng.random() < 0.4:
        names = rng.sample(FIGURES, rng.randrange(1, 6))
        members["figures"] = {name: rng.choice([0, 100, 103, 127]) for name in names}
    if rng.random() < 0.3 or not members.keys() & {"candidates", "parties", "figures"}:
        members["evidence"] = [
            {"media_type": "image/jpeg", "sha256": digest, "size": 9}
            for digest in rng.sample(FILES, rng.randrange(1, 3))
        ]
    if rng.random() < 0.2:
        members["derived_from"] = "d" * 64
    return members | {"type": "tps-result/1"}


def as_claim(members, index, record, profile, generation):
    """What a node makes of it."""
    if members["type"] == "withdrawal/1":
        said = msgspec.convert(members, Withdrawal)
        return claim_of_withdrawal(said, index, record, profile, generation)
    said = msgspec.convert(members, TpsResult)
    check_result(said)
    return claim_of_result(said, index, record, profile, generation)


def random_logs(rng, profile):
    """For each origin what the program is given, and what a node has taken in."""
    logs, said = {}, {}
    for number, origin in enumerate(ORIGINS):
        logs[origin], said[origin] = [], []
        for index in range(rng.randrange(40)):
            members = random_record(rng, origin.partition("/")[0])
            record = f"{number * 1000 + index:064x}"
            generation = 2 if origin == NEWER else 1
            try:
                claim = as_claim(members, index, record, profile, generation)
            except FederationError:
                said[origin].append(None)  # no record at all: it holds nowhere
                continue
            logs[origin].append((index, record, members))
            said[origin].append(claim)
    return logs, said


def compare(folder, rng):
    """Both digests and the rows of a node that took in such logs."""
    profile = parse_profile(json.dumps(PROFILE).encode())
    logs, said = random_logs(rng, profile)
    register = rng.choice([None, rng.sample(PLACES, 6)])
    db = Database.open(folder)
    try:
        numbers = dict(zip(ORIGINS, open_logs(db, *ORIGINS), strict=True))
        for origin, found in said.items():
            grow(db, numbers[origin], found)
        with db.transaction() as tx:
            follow(tx, numbers[NEWER])
            if register is not None:
                save_register(tx, register)
        merge_all(db, profile)
        with db.view() as view:
            published = published_map(view, ELECTION)
            rows = [decode_row(held.row) for held in scratch.list_map(view, ELECTION)]
    finally:
        db.close()
    ends = {ORIGINS[0]: FOLLOWED_BELOW}
    made = map_digest(logs, ends, json.loads(profile.text), register)
    return made, (published.digest, published.rows), rows


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_the_page_is_enough_to_come_to_the_digest(tmp_path_factory, seed):
    made, published, _ = compare(tmp_path_factory.mktemp("page"), random.Random(seed))
    assert made == published


def test_these_logs_have_a_case_of_everything_that_the_page_tells(tmp_path_factory):
    flags, statuses, official = set(), set(), set()
    for seed in range(40):
        folder = tmp_path_factory.mktemp("page")
        made, published, rows = compare(folder, random.Random(seed))
        assert made == published
        for row in rows:
            flags.update(row.flags)
            statuses.add(row.status)
            official.add(row.official)
    assert flags == set(FLAGS)
    assert statuses == set(STATUSES)
    assert official >= set(OFFICIAL)


@pytest.mark.parametrize("page", ["merging.md", "merging.id.md"])
def test_the_page_names_every_flag_and_status(page):

    path = Path(__file__).parents[2] / "docs" / "explanation" / page
    text = path.read_text(encoding="utf-8")
    for name in (*FLAGS, *STATUSES, *OFFICIAL, *ROUNDS):
        assert name in text
