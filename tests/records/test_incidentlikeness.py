"""Which reports are proposed as duplicates: why, and how sure."""

import itertools

from federation.records.incidentlikeness import (
    PROPOSED,
    compare_reports,
    traits_of,
    words_of,
)
from federation.records.result import Evidence
from federation.text import Text
from tests.bench.duplicates import HALVES, is_alike, score_pairs
from tests.records.report_corpus import KNOWN, make_reports
from tests.records.test_incident import make_incident

TPS, NEXT = "3171011001001", "3171011001002"
SAID = "Amplop berisi Rp50.000 dibagikan tim paslon 02 kepada warga di balai warga"
OTHERWISE = "Tim paslon 02 membagikan amplop Rp50.000 pada warga dekat balai warga"


def traits(summary=SAID, place=TPS, **members):
    members["tps" if len(place) == 13 else "region"] = place
    return traits_of(make_incident(summary=summary, **members))


def reasons(one, other, alike=is_alike):
    return {
        why.reason: why.points for why in compare_reports(one, other, alike).reasons
    }


def score(one, other):
    return compare_reports(one, other, is_alike).score


def photo(sha256, likeness):
    file = Evidence(media_type="image/jpeg", sha256=sha256, size=1, likeness=likeness)
    return {"evidence": (file,)}


def test_the_same_in_other_words_is_proposed_with_every_reason():
    found = compare_reports(traits(), traits(OTHERWISE), is_alike)
    assert found.score >= PROPOSED
    named = {why.reason for why in found.reasons}
    assert named == {"same_tps", "within_hours", "same_category", "words"}
    assert found.score == min(100, sum(why.points for why in found.reasons))


def test_another_thing_at_the_same_station_is_not():
    other = "Surat suara kurang 30 lembar, antrean pemilih pulang"
    assert score(traits(), traits(other)) < PROPOSED


def test_what_happened_in_another_kecamatan_or_another_week_is_not_compared():
    assert reasons(traits(), traits(place="3171021001001")) == {}
    assert score(traits(place="317101"), traits(place="317102")) == 0
    late = traits(happened_at="2024-02-23T22:00:00Z")
    assert reasons(traits(), late) == {}


def test_a_region_has_its_stations_in_it_and_next_door_is_another_place():
    named = {
        TPS: "same_tps",
        NEXT: "other_tps",
        "3171011001": "in_village",
        "3171011002": "other_village",
        "317101": "in_kecamatan",
        "3171": "in_kabupaten",
    }
    for place, reason in named.items():
        assert reason in reasons(traits(), traits(place=place))
    assert reasons(traits(), traits(place="31")) == {}


def test_numbers_of_both_that_differ_speak_against_it():
    other = SAID.replace("50.000", "100.000")
    assert reasons(traits(), traits(other))["other_numbers"] < 0
    # Who leaves a number out says nothing else.
    less = SAID.replace("Rp50.000", "uang")
    assert "other_numbers" not in reasons(traits(), traits(less))


def test_a_photo_of_both_speaks_for_it_as_a_file_or_by_its_looks():
    near, far = "f" * 64, "0f" * 32
    one = traits(**photo("a" * 64, near))
    assert "same_file" in reasons(one, traits(**photo("a" * 64, far)))
    assert "alike_photo" in reasons(one, traits(**photo("b" * 64, near)))
    assert (
        not {"same_file", "alike_photo"}
        & reasons(one, traits(**photo("b" * 64, far))).keys()
    )


def test_words_are_compared_without_what_stands_before_and_behind():
    assert words_of("membagikan") == words_of("dibagikan") == words_of("Bagi-bagikan")
    assert words_of("Rp50.000") == words_of("rp50000")
    assert words_of("yang ada di TPS pada hari ini") == frozenset()


def test_two_short_texts_are_not_alike_by_a_word():
    one, other = traits("Uang dibagikan"), traits("Beras dibagikan")
    assert reasons(one, other)["words"] < 12


def test_the_order_makes_no_difference_and_a_score_is_from_0_to_100():
    reports = [traits_of(one.incident) for one in make_reports(KNOWN, 30)]
    seen = set()
    for one, other in itertools.permutations(reports, 2):
        found = compare_reports(one, other, is_alike)
        assert found == compare_reports(other, one, is_alike)
        assert 0 <= found.score <= 100
        seen |= {why.reason for why in found.reasons}
    assert all(Text("en")(f"incidents.likeness-{reason}") for reason in seen)


def test_four_of_five_are_found_and_of_ten_seven_are_right():
    for scenes in HALVES.values():
        same, other, _ = score_pairs(scenes)
        right = sum(score >= PROPOSED for score in same)
        wrong = sum(score >= PROPOSED for score in other)
        assert right > 0.8 * len(same)
        assert right > 0.7 * (right + wrong)
