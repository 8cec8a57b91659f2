"""What becomes of a reading: signed, asked about, or nothing, by what stands."""

import hashlib
import itertools

import pytest
from msgspec import UNSET

from federation.errors import RecordError
from federation.flows.queue.decision import INCOMPLETE, Reading, decide
from federation.flows.queue.sources import FormSources, SignedReading
from federation.records.canonical import convert
from federation.records.claim import claim_of_result
from federation.records.result import TpsResult
from tests import sample_map as sample
from tests.sample_map import ANA, BUDI

PROFILE = sample.profile()
PHOTO = {"media_type": "image/jpeg", "sha256": "a" * 64, "size": 9, "page": 2}
OWN_PHOTO = {"media_type": "image/png", "sha256": "b" * 64, "size": 8}
RIGHT = {"01": 100, "02": 50, "03": 20}
WRONG = {"01": 100, "02": 50, "03": 21}
ALL = frozenset({"votes_sum", "valid_total", INCOMPLETE})


def signed(org, **members):
    """A standing record of this organisation, as it is found."""
    usual = {
        "contest": "ppwp",
        "election": sample.ELECTION,
        "form": "plano",
        "org": org,
        "recorded_at": "2024-02-14T13:05:00Z",
        "review": "unreviewed",
        "round": "reguler",
        "source": "citizen",
        "tps": sample.DISPUTED,
        "type": "tps-result/1",
    }
    result = convert({**usual, **members}, TpsResult)
    record = hashlib.sha256(repr((org, members)).encode()).hexdigest()
    return SignedReading(claim_of_result(result, 3, record, PROFILE, 1), result)


THEIRS = signed(BUDI, evidence=[PHOTO], observed_at="2024-02-14T08:00:00Z", ref="b-1")


def sources(own=None, *records):
    found = records or (THEIRS,)
    return FormSources("reguler", found, own, {}, frozenset())


def read(votes=RIGHT, cited=THEIRS, own=None, **more):
    figures = {"suara_sah": sum(RIGHT.values())}
    members = {"candidates": votes, "figures": figures, "form": "salinan"}
    members |= more.pop("members", {})
    reading = Reading({k: v for k, v in members.items() if v}, **more)
    return decide(
        sources(own, *{cited.claim.record: cited}.values()), cited, reading, PROFILE
    )


def test_the_first_reading_of_a_partners_photograph_credits_it():
    decided = read(contributor="c" * 64)
    assert decided.outcome == "sign"
    assert {**decided.draft, "evidence": list(decided.draft["evidence"])} == {
        "candidates": RIGHT,
        "contest": "ppwp",
        "contributor": "c" * 64,
        "derived_from": THEIRS.claim.record,
        "evidence": [PHOTO],
        "figures": {"suara_sah": 170},
        "form": "salinan",
        "observed_at": "2024-02-14T08:00:00Z",
        "review": "unreviewed",
        "round": "reguler",
        "source": "citizen",
        "tps": sample.DISPUTED,
    }


def test_our_own_photograph_is_said_again_with_its_numbers_and_cites_nobody():
    own = signed(ANA, evidence=[OWN_PHOTO], ref="a-1", revision=4, note="blur")
    decided = read(cited=own, own=own)
    assert decided.outcome == "sign"
    assert list(decided.draft["evidence"]) == [OWN_PHOTO]
    assert decided.draft["candidates"] == RIGHT
    assert decided.draft["note"] == "blur"
    assert decided.draft["review"] == "unreviewed"
    assert not {"derived_from", "ref", "revision"} & decided.draft.keys()


def test_a_partners_photograph_takes_none_of_our_own_away():
    own = signed(ANA, evidence=[OWN_PHOTO], figures={"suara_tidak_sah": 3})
    decided = read(own=own)
    assert decided.draft["evidence"] == [PHOTO, OWN_PHOTO]
    assert decided.draft["derived_from"] == THEIRS.claim.record
    assert decided.draft["figures"] == {"suara_sah": 170, "suara_tidak_sah": 3}


def test_sums_that_do_not_hold_are_asked_about_once_and_then_signed():
    asked = read(WRONG)
    assert (asked.outcome, asked.rules) == ("sums", ("votes_sum",))
    assert read(WRONG, accepted=frozenset({"votes_sum"})).outcome == "sign"
    assert read(WRONG, accepted=frozenset({"max_votes"})).outcome == "sums"


def test_votes_that_are_not_there_are_asked_about_too():
    some = {"01": 100}
    assert read(some).rules == (INCOMPLETE,)
    assert read(some, accepted=ALL).draft["candidates"] == some
    only_figures = {"candidates": None}
    assert read(members=only_figures).rules == (INCOMPLETE,)


def test_the_same_numbers_of_another_person_make_ours_reviewed():
    own = signed(ANA, candidates=RIGHT, evidence=[PHOTO], derived_from="d" * 64)
    decided = read(own=own)
    assert decided.outcome == "sign"
    assert decided.draft["review"] == "reviewed"
    assert decided.draft["derived_from"] == "d" * 64
    assert decided.draft["figures"] == {"suara_sah": 170}, "what only the second read"
    assert read(own=own, was_read=True).outcome == "confirmed"


def test_what_we_know_from_a_source_of_our_own_stays_independent():
    own = signed(ANA, candidates=RIGHT)
    decided = read(own=own)
    assert decided.draft["review"] == "reviewed"
    assert "derived_from" not in decided.draft
    assert "evidence" not in decided.draft


def test_nothing_is_signed_of_what_we_say_reviewed_already():
    own = signed(ANA, candidates=RIGHT, review="reviewed")
    assert read(own=own).outcome == "confirmed"


def test_other_numbers_than_ours_are_decided_by_who_sees_both():
    own = signed(ANA, candidates=WRONG, evidence=[OWN_PHOTO])
    assert read(own=own).outcome == "differs"
    mine = read(own=own, decision="mine").draft
    assert (mine["candidates"], mine["review"]) == (RIGHT, "reviewed")
    assert mine["derived_from"] == THEIRS.claim.record
    ours = read(own=own, decision="ours").draft
    assert (ours["candidates"], ours["review"]) == (WRONG, "reviewed")
    assert list(ours["evidence"]) == [OWN_PHOTO]
    reviewed = signed(ANA, candidates=WRONG, review="reviewed")
    assert read(own=reviewed, decision="ours").outcome == "confirmed"
    assert read(own=reviewed, decision="mine").outcome == "sign"


def test_another_figure_is_another_reading():
    own = signed(ANA, candidates=RIGHT, figures={"suara_sah": 171})
    assert read(own=own).outcome == "differs"
    assert read(own=own, members={"figures": None}).draft["review"] == "reviewed"


@pytest.mark.parametrize(
    "members", [{"parties": {"1": {"jumlah": 3}}}, {"candidates": {"01": -1}}]
)
def test_what_is_no_result_of_the_contest_is_refused(members):
    with pytest.raises(RecordError):
        read(members=members, accepted=ALL)


def test_no_decision_ever_signs_what_no_door_takes():
    """Every small case: what is signed is a result, and never less than we had."""
    owns = [
        None,
        signed(ANA, evidence=[OWN_PHOTO]),
        signed(ANA, candidates=RIGHT),
        signed(ANA, candidates=WRONG, evidence=[OWN_PHOTO], review="reviewed"),
        signed(ANA, candidates=RIGHT, evidence=[PHOTO], derived_from="d" * 64),
        signed(ANA, figures={"suara_sah": 5}),
    ]
    for own, votes, decision, was in itertools.product(
        owns, (RIGHT, WRONG, {"01": 1}), ("", "mine", "ours"), (False, True)
    ):
        for cited in {
            one.claim.record: one for one in (THEIRS, own) if one and one.files
        }.values():
            decided = read(
                votes, cited, own, accepted=ALL, decision=decision, was_read=was
            )
            if decided.outcome != "sign":
                assert not decided.draft
                continue
            result = convert(
                {
                    **decided.draft,
                    "org": ANA,
                    "election": sample.ELECTION,
                    "recorded_at": "2024-02-14T13:05:00Z",
                    "type": "tps-result/1",
                },
                TpsResult,
            )
            files = () if result.evidence is UNSET else result.evidence
            kept = own.files if own else ()
            assert {f.sha256 for f in kept} <= {f.sha256 for f in files}
            if own and own.claim.review == "reviewed":
                assert result.review == "reviewed"


def test_of_a_contest_of_parties_each_partys_sum_is_what_is_compared():
    photo = signed(BUDI, contest="pdpr", evidence=[PHOTO])
    own = signed(
        ANA,
        contest="pdpr",
        parties={"1": {"caleg": {"100211": 3}, "jumlah": 9}, "2": {"jumlah": 4}},
    )
    parties = {"1": {"jumlah": 9, "partai": 6}, "2": {"jumlah": 4}}
    found = FormSources("reguler", (photo,), None, {}, frozenset())
    draft = decide(found, photo, Reading({"parties": parties}), PROFILE).draft
    assert (draft["contest"], draft["parties"]) == ("pdpr", parties)
    found = found._replace(own=own)
    again = decide(found, photo, Reading({"parties": parties}), PROFILE).draft
    assert again["review"] == "reviewed"
    assert again["parties"]["1"]["caleg"] == {"100211": 3}
    other = {"1": {"jumlah": 8}, "2": {"jumlah": 4}}
    assert (
        decide(found, photo, Reading({"parties": other}), PROFILE).outcome == "differs"
    )


PARTIES = {
    "1": {"jumlah": 9, "partai": 4, "caleg": {"1": 3, "2": 2}},
    "2": {"jumlah": 5},
}
THEIR_PARTIES = signed(BUDI, contest="pdpr", evidence=[PHOTO])


def read_parties(parties, own=None, **more):
    members = {"candidates": None, "figures": None, "parties": parties}
    return read(None, THEIR_PARTIES, own, members=members, **more)


def test_candidates_of_parties_are_signed_and_their_sums_asked_about():
    assert read_parties(PARTIES).draft["parties"] == PARTIES
    off = {**PARTIES, "1": {**PARTIES["1"], "caleg": {"1": 3}}}
    assert read_parties(off).rules == ("party_sum",)
    accepted = frozenset({"party_sum"})
    assert read_parties(off, accepted=accepted).draft["parties"] == off


def test_who_typed_the_sums_only_takes_no_candidate_of_ours_away():
    sums = {number: {"jumlah": part["jumlah"]} for number, part in PARTIES.items()}
    own = signed(ANA, contest="pdpr", parties=PARTIES)
    assert read_parties(sums, own).draft["parties"] == PARTIES
    ours_are_sums = signed(ANA, contest="pdpr", parties=sums)
    decided = read_parties(PARTIES, ours_are_sums)
    assert decided.draft["parties"] == PARTIES, "what only the second read"
    # A party whose sum is another's now keeps nothing that made up the old one.
    other = {"1": {"jumlah": 8}, "2": {"jumlah": 5}}
    mine = read_parties(other, own, decision="mine").draft
    assert mine["parties"] == other
    assert read_parties(other, own, decision="ours").draft["parties"] == PARTIES


@pytest.mark.parametrize("member", ["partai", "caleg"])
def test_another_number_within_a_party_is_another_reading(member):
    own = signed(ANA, contest="pdpr", parties=PARTIES)
    within = {"partai": 5, "caleg": {"1": 2}}[member]
    read_otherwise = {**PARTIES, "1": {"jumlah": 9, member: within}}
    assert read_parties(read_otherwise, own).outcome == "differs"
    assert read_parties(PARTIES, own).draft["review"] == "reviewed"
