"""Merged incidents page by page: none twice, no report left out, whatever is cut."""

import random
from itertools import pairwise

import pytest
from msgspec.structs import replace

from federation.flows.incidents import merged
from federation.flows.incidents.answers import parse_after, parse_traced
from federation.records.incident import Incident
from tests.flows.test_incidents_merged import ASKED, Partners, members
from tests.flows.test_incidents_merged import partners as partners  # noqa: PLC0414
from tests.records.test_incidentmerge import A, B, C, X, name, report, said, same


def tangle(chance):
    """Reports of four organisations, many of them joined, in chains and across."""
    last = chance.choice((3, 6, 9))
    names = [name(org, number) for org in (A, B, C, X) for number in range(1, last)]
    statements = [
        replace(
            report(
                one.org, int(one.id, 16), region=chance.choice(("31", "3171", "72"))
            ),
            reported_at=f"2024-02-{1 + at % 20:02}T03:00:00Z",
        )
        for at, one in enumerate(chance.sample(names, len(names)))
    ]
    pairs = [pair for pair in pairwise(names) if chance.random() < 0.8]
    pairs += [chance.sample(names, 2) for _ in range(chance.choice((0, 3, 8)))]
    for one, other in pairs:
        statements.append(same(one.org, one, other))
        if chance.random() < 0.8:
            statements.append(same(other.org, one, other))
    return [*statements, *(said(it.org, "verified", it) for it in names[::5])]


def read_pages(partners: Partners, asked, limit, status=""):
    """What all pages have, each of so many."""
    found, there = [], asked
    while True:
        page = partners.merged(there, limit=limit, status=status)
        assert len(page.incidents) <= limit
        found += page.incidents
        if not page.next:
            return found
        there = asked._replace(
            after=parse_after(page.next), traced=parse_traced(page.next)
        )


def cut_short(monkeypatch, chance):
    """So little is looked at for one incident."""
    for limit, some in (
        ("MAX_LOOKED_AT", (3, 5, 8, 1_000)),
        ("MAX_STEPS", (1, 2, 4, 50)),
        ("MAX_WORDS", (8, 20, 5_000)),
    ):
        monkeypatch.setattr(merged, limit, chance.choice(some))


@pytest.mark.parametrize("seed", range(8))
def test_pages_of_any_length_have_the_same_incidents_and_each_report(
    partners, monkeypatch, seed
):
    chance = random.Random(seed)
    cut_short(monkeypatch, chance)
    statements = tangle(chance)
    partners.say(*statements)
    for region, status in (("", ""), ("31", ""), ("", "verified")):
        asked = ASKED._replace(region=region)
        whole = read_pages(partners, asked, 1_000, status)
        for limit in (1, 2, 7):
            assert read_pages(partners, asked, limit, status) == whole
        if not status:
            fitting = {
                str(one.name)
                for one in statements
                if isinstance(one, Incident) and one.place.startswith(region)
            }
            assert fitting <= {it for one in whole for it in members(one)}


def test_who_joins_too_many_is_told_of_once_and_hides_nobody(partners, monkeypatch):
    monkeypatch.setattr(merged, "MAX_LOOKED_AT", 5)
    many = [name(X, number) for number in range(1, 13)]
    partners.say(*(report(X, number) for number in range(1, 13)), report(A))
    partners.say(*(same(X, one, other) for one, other in pairwise(many)))
    partners.say(same(X, many[0], name(A)))
    pages = read_pages(partners, ASKED, 2)
    assert all(one.is_cut for one in pages)
    assert str(name(A)) in {it for one in pages for it in members(one)}
    assert pages == read_pages(partners, ASKED, 1_000)


def test_who_joins_thousands_to_a_report_makes_no_pages_of_nothing(
    partners, monkeypatch
):
    many = [name(X, number) for number in range(1, 141)]
    partners.say(
        *(report(X, number) for number in range(1, 141)),
        report(B),
        replace(report(A), reported_at="2024-02-15T03:00:00Z"),
        *(same(X, one, name(A)) for one in many),
    )
    monkeypatch.setattr(merged, "MAX_LISTED", 1_000)
    pages, there = 1, ASKED
    while (page := partners.merged(there, limit=200)).next:
        pages += 1
        there = ASKED._replace(
            after=parse_after(page.next), traced=parse_traced(page.next)
        )
    assert pages <= 2


@pytest.mark.parametrize("day", [1, 15, 28])
def test_who_joins_more_to_a_report_than_is_looked_at_does_not_repeat_it(partners, day):
    """`day`: all of X's are newer than A's, or older, or some of each."""
    many = [report(X, number) for number in range(1, 141)]
    days = [day if day != 15 else 14 + number % 3 for number in range(140)]
    partners.say(
        *(
            replace(one, reported_at=f"2024-02-{at:02}T03:00:00Z")
            for one, at in zip(many, days, strict=True)
        ),
        replace(report(A), reported_at="2024-02-15T03:00:00Z"),
        report(B),
        same(B, name(B), many[0].name),
        *(same(X, one.name, name(A)) for one in many),
    )
    for limit in (1, 7, 1_000):
        pages = read_pages(partners, ASKED, limit)
        told = [str(name(A)) in members(one) for one in pages]
        assert 1 <= sum(told) <= 2, "A's, and perhaps once more with B's"
        assert len(pages) <= 3
        assert str(name(B)) in {it for one in pages for it in members(one)}
        assert all(one.is_cut for one in pages if str(name(A)) in members(one))


def test_a_page_after_one_that_nobody_has_given_out_harms_nothing(partners):
    partners.say(report(A), report(B, 2))
    for traced in (("",), ("x/y",), (str(name(C, 9)), str(name(A)))):
        page = partners.merged(ASKED._replace(traced=traced))
        assert len(page.incidents) == 2 - (str(name(A)) in traced)
