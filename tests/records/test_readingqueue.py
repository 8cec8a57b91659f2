"""Which photographs wait to be read, and why: golden, and every small case."""

import itertools

import pytest

from federation.records.claim import Claim
from federation.records.merge import merge_tps
from federation.records.readingqueue import (
    QUEUES,
    REASONS,
    counted_monitors,
    reading_reason,
    unread_files,
)

TPS = "1371011001001"
PHOTO, OTHER = "a" * 64, "b" * 64
ONE, TWO = '{"01":1,"02":2}', '{"01":1,"02":3}'


def claim(org, votes="", *files, **more):
    members = {
        "index": 1,
        "kind": "votes" if votes else "unread",
        "org": org,
        "official": False,
        "contest": "ppwp",
        "tps": TPS,
        "round": "reguler",
        "record": "0" * 64,
        "votes": votes,
        "complete": bool(votes),
        "files": files,
        "review": "unreviewed",
    }
    return Claim(**members | more)


def why(*claims):
    placed = [(f"{one.org}/e", one) for one in claims]
    row = merge_tps("ppwp", TPS, placed, in_register=True)
    return reading_reason(row, counted_monitors(claims))


@pytest.mark.parametrize(
    ("reason", "claims"),
    [
        (None, [claim("a")]),
        (None, [claim("a", ONE)]),
        ("unread", [claim("a", "", PHOTO)]),
        ("unread", [claim("a", '{"01":1}', PHOTO, complete=False)]),
        ("single", [claim("a", ONE, PHOTO)]),
        (None, [claim("a", ONE, PHOTO, review="reviewed")]),
        (None, [claim("a", "", PHOTO), claim("b", ONE, PHOTO, review="reviewed")]),
        ("photo", [claim("a", "", PHOTO), claim("b", ONE, review="reviewed")]),
        ("photo", [claim("a", "", PHOTO), claim("b", ONE, OTHER)]),
        (None, [claim("a", ONE, PHOTO), claim("b", ONE, PHOTO, derived=True)]),
        (None, [claim("a", ONE, PHOTO), claim("b", ONE), claim("c", "", OTHER)]),
        ("disputed", [claim("a", ONE), claim("b", TWO), claim("c", "", PHOTO)]),
        (None, [claim("a", ONE), claim("b", TWO)]),
        ("official", [claim("a", ONE, PHOTO), claim("b", TWO, official=True)]),
        # What KPU has is no photograph of a monitor.
        (None, [claim("a", ONE), claim("b", TWO, PHOTO, official=True)]),
        (None, [claim("a", "", PHOTO, kind="withdrawal")]),
        # Only the round that counts.
        (
            None,
            [claim("a", "", PHOTO), claim("b", ONE, round="psu")],
        ),
    ],
)
def test_a_photograph_waits_for_the_gravest_reason(reason, claims):
    for order in itertools.permutations(claims):
        assert why(*order) == reason


def test_every_reason_is_of_one_queue():
    listed = [reason for reasons in QUEUES.values() for reason in reasons]
    assert sorted(listed) == sorted(REASONS)


def test_every_small_station_waits_exactly_where_it_should():
    """Two monitors and KPU, each silent or with any of photo and numbers."""
    says = [None, ("", ()), ("", (PHOTO,)), (ONE, ()), (ONE, (PHOTO,)), (TWO, (OTHER,))]
    for a, b, kpu in itertools.product(says, says, [None, (ONE, ())]):
        claims = [
            claim(org, said[0], *said[1], official=org == "kpu", complete=bool(said[0]))
            for org, said in (("a", a), ("b", b), ("kpu", kpu))
            if said
        ]
        if not claims:
            continue
        reason, monitors = why(*claims), counted_monitors(claims)
        has_photo = any(one.files for one in monitors)
        votes = {one.votes for one in monitors if one.complete}
        if not has_photo:
            assert reason is None
        elif len(votes) == 2:
            assert reason == "disputed"
        elif kpu and votes and votes != {ONE}:
            assert reason == "official"
        elif not votes:
            assert reason == "unread"
        elif sum(one.complete for one in monitors) == 2:
            assert reason is None
        else:
            assert reason == ("photo" if unread_files(monitors) else "single")
