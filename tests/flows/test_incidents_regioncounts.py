"""Exact figures of regions: what the list has when it is asked for that region."""

import random

import pytest
from msgspec.structs import replace

from federation.errors import NotFoundError
from federation.flows.incidents import regioncounts
from federation.flows.incidents.days import day_begins, day_is_over, end_of_week
from federation.flows.incidents.mergedlist import list_merged
from federation.flows.incidents.places import read_all_provinces, read_places
from federation.flows.incidents.regioncounts import RegionCountsCache
from federation.records.readers import NOBODY, THIS_MACHINE
from federation.store.incidents import IncidentFilter
from tests.fakes import ELECTION
from tests.flows.test_incidents_merged import ASKED, Partners
from tests.flows.test_incidents_merged import partners as partners  # noqa: PLC0414
from tests.records.test_incidentmerge import A, B, C, X, name, report, said, same, taken

NOW = 1_900_000_000
REGIONS = ("31", "3171", "317101", "3171011001", "3173", "32", "3204", "99")


def counted(partners: Partners, asked=ASKED, status="", cache=None, now=NOW):
    cache = cache or RegionCountsCache()
    with partners.db.view() as view:
        return cache.read(view, THIS_MACHINE, asked, status, now)


def listed(partners: Partners, asked, status=""):
    with partners.db.view() as view:
        return list_merged(view, THIS_MACHINE, asked, 1_000, status).incidents


def fill(partners: Partners, seed: int):
    chance = random.Random(seed)
    named = [name(org, number) for org in (A, B, C) for number in range(1, 7)]
    reports = [
        report(
            one.org,
            int(one.id, 16),
            region=chance.choice(REGIONS),
            law=chance.choice(("pidana", "kode_etik")),
        )
        for one in named
    ]
    # About midnight from Sunday to Monday in Jakarta, too.
    times = ("2024-02-11T16:59:59Z", "2024-02-11T17:00:00Z", "2024-02-20T03:00:00Z")
    partners.say(*(replace(it, reported_at=chance.choice(times)) for it in reports))
    for _ in range(6):
        one, other = chance.sample(named, 2)
        partners.say(same(one.org, one, other))
    for one in chance.sample(named, 5):
        partners.say(said(one.org, "verified", one))
    for one in chance.sample(named, 5):
        agency = chance.choice(("bawaslu", "bawaslu-3171", "dkpp"))
        stage = chance.choice(("sent", "acknowledged", "intended"))
        partners.say(taken(chance.choice((A, B, C)), stage, one, agency=agency))


@pytest.mark.parametrize("seed", range(6))
def test_a_figure_is_what_the_list_has_for_that_region(partners, seed):
    fill(partners, seed)
    cache = RegionCountsCache()
    for region in ("", "31", "3171", "317101", "3171011001", "32", "99", "51"):
        for more in ({}, {"law": "pidana"}, {"org": B}, {"agency": "bawaslu"}):
            for status in ("", "verified", "received"):
                asked = ASKED._replace(region=region, **more)
                found = counted(partners, asked, status, cache)
                assert found.total == len(listed(partners, asked, status))
                for code, count in found.parts.items():
                    below = asked._replace(region=code)
                    assert count == len(listed(partners, below, status))
                assert found.total - found.wider <= sum(found.parts.values())
                for monday, count in found.weeks.items():
                    week = asked._replace(
                        since=day_begins(monday), until=day_is_over(end_of_week(monday))
                    )
                    assert count == len(listed(partners, week, status))
                assert found.total <= sum(found.weeks.values())


def test_an_incident_of_two_provinces_is_counted_in_both_and_once_in_all(partners):
    partners.say(report(A, region="3171"), report(B, region="32"))
    partners.say(same(A, name(A), name(B)))
    assert counted(partners)[:3] == (1, {"31": 1, "32": 1}, 0)
    assert counted(partners, ASKED._replace(region="31"))[:3] == (1, {"3171": 1}, 0)
    # Whoever named no smaller region is in no part of it.
    assert counted(partners, ASKED._replace(region="32"))[:3] == (1, {}, 1)


def test_it_is_made_again_when_a_log_moved_and_of_large_ones_once_a_minute(
    partners, monkeypatch
):
    made = []
    keep = regioncounts._keep_incidents
    monkeypatch.setattr(
        regioncounts, "_keep_incidents", lambda *given: made.append(1) or keep(*given)
    )
    cache = RegionCountsCache()
    for number in range(3):
        partners.say(report(A, number))
        for law in ("", "pidana"):
            asked = ASKED._replace(law=law)
            assert counted(partners, asked, cache=cache).total == number + 1
    assert len(made) == 3
    monkeypatch.setattr(regioncounts, "_LARGE", 3)
    partners.say(report(A, 3))
    assert counted(partners, cache=cache, now=NOW + 59).total == 3
    assert counted(partners, cache=cache, now=NOW + 60).total == 4
    # A clock that was set back keeps nothing for ever.
    partners.say(report(A, 4))
    assert counted(partners, cache=cache, now=NOW - 3_600).total == 5


def test_who_may_not_read_reports_gets_no_figure(partners):
    partners.say(report(A), report(X))
    with partners.db.view() as view, pytest.raises(NotFoundError):
        RegionCountsCache().read(view, NOBODY, IncidentFilter(ELECTION), "", NOW)


def test_a_province_has_its_name_without_a_register(partners):
    with partners.db.view() as view:
        provinces = read_all_provinces(view, ELECTION)
        assert len(provinces) == 39
        assert (provinces["31"], provinces["99"]) == ("DKI Jakarta", "")
        assert read_places(view, ELECTION, ["31", "3171", "20"]) == {
            "31": "DKI Jakarta"
        }
        assert read_all_provinces(view, "of-nobody-2030") == {}
