"""Which records name a photo: exactly, or one that looks so; each once, bounded."""

import pytest

from federation.flows.audit.mentions import MOST_KEPT, PhotoSearch, SoughtPhoto
from federation.photos.likeness import LIKE
from federation.records.result import Evidence
from tests.fakes import FakeOrg

ORIGIN = "jagasuara.example/pemilu-2024"
FILE, OTHER = "a1" * 32, "b2" * 32
LOOKS = "5" * 64


@pytest.fixture(scope="module")
def org():
    return FakeOrg("jagasuara.example")


def named(org, number, sha256, **members):
    file = Evidence(media_type="image/jpeg", sha256=sha256, size=1, **members)
    return org.result(number, evidence=(file,))


def search(*leaves, digests=(FILE,), likeness=LOOKS):
    search = PhotoSearch([SoughtPhoto(frozenset(digests), likeness)])
    search.take("a.zip", ORIGIN, enumerate(leaves))
    return search.found[0]


def flipped(count):
    return f"{int(LOOKS, 16) ^ ((1 << count) - 1):064x}"


def test_a_record_that_names_the_file_is_found_with_its_place(org):
    [found] = search(org.result(0), named(org, 1, FILE), named(org, 2, OTHER))
    assert (found.index, found.bits, found.sha256) == (1, None, FILE)
    assert (found.source, found.origin, found.org) == ("a.zip", ORIGIN, org.org)


@pytest.mark.parametrize("count", [0, 1, LIKE])
def test_one_that_looks_so_is_found_up_to_the_bits_that_are_called_alike(org, count):
    [found] = search(named(org, 0, OTHER, likeness=flipped(count)))
    assert found.bits == count


def test_one_that_looks_otherwise_or_says_nothing_of_it_is_not(org):
    assert not search(named(org, 0, OTHER, likeness=flipped(LIKE + 1)))
    assert not search(named(org, 0, OTHER))
    assert not search(named(org, 0, OTHER, likeness=LOOKS), likeness="")


def test_whoever_lies_about_the_looks_of_the_very_file_hides_nothing(org):
    [found] = search(named(org, 0, FILE, likeness="0" * 64))
    assert found.bits is None


def test_a_record_that_two_sources_bring_is_told_once(org):
    leaf = named(org, 0, FILE)
    search = PhotoSearch([SoughtPhoto(frozenset({FILE}), "")])
    for source in ("a.zip", "b.zip"):
        search.take(source, ORIGIN, [(0, leaf)])
    assert [one.source for one in search.found[0]] == ["a.zip"]


def test_what_a_later_version_signs_is_passed_over():
    search = PhotoSearch([SoughtPhoto(frozenset({FILE}), "")])
    line = b'{"evidence":[{"sha256":"' + FILE.encode() + b'"}],"type":"unheard/1"}'
    search.take_record("a.zip", ORIGIN, 0, line)
    assert search.found == [[]]


def test_who_names_one_photo_without_end_fills_no_memory(org):
    leaf = named(org, 0, FILE)
    search = PhotoSearch([SoughtPhoto(frozenset({FILE}), "")])
    for number in range(MOST_KEPT + 50):
        search.take("a.zip", f"{ORIGIN}/{number}", [(number, leaf)])
    assert len(search.found[0]) == MOST_KEPT
