"""How many reports there are, for everybody: of all logs, once for all who ask."""

from federation.flows.incidents import counts
from federation.flows.incidents.counts import CountsCache, counts_table
from federation.flows.query.cells import format_csv
from tests.fakes import ELECTION
from tests.flows.test_incidents_merged import Partners
from tests.flows.test_incidents_merged import partners as partners  # noqa: PLC0414
from tests.records.test_incidentmerge import A, B, name, report, same

LATER = 1_900_000_000


def read(partners: Partners, cache: CountsCache, now=LATER):
    with partners.db.view() as view:
        return cache.read(view, ELECTION, now)


def test_reports_of_all_organisations_are_counted_and_of_one_thing_once(partners):
    partners.say(*(report(A, number) for number in range(3)))
    partners.say(*(report(B, number) for number in range(3)))
    assert read(partners, CountsCache()).incidents == 5
    partners.say(same(B, name(B, 0), name(A, 0)), same(B, name(B, 1), name(A, 1)))
    assert read(partners, CountsCache()).incidents == 0


def test_they_are_made_again_only_when_something_came_or_an_hour_is_over(
    partners, monkeypatch
):
    made = []
    merge = counts.count_reports
    monkeypatch.setattr(
        counts, "count_reports", lambda *given: made.append(1) or merge(*given)
    )
    cache = CountsCache()
    for number in range(5):
        partners.say(report(A, number))
        for _ in range(3):
            read(partners, cache)
    assert len(made) == 5
    assert read(partners, cache).incidents == 5
    read(partners, cache, LATER + 3_600)
    assert len(made) == 6


def test_a_table_names_no_organisation(partners):
    partners.say(*(report(A, number) for number in range(7)))
    table = counts_table(read(partners, CountsCache()))
    text = format_csv([table.columns, *table.rows]).decode()
    assert f"{ELECTION},{read(partners, CountsCache()).until},law,pidana,,5\n" in text
    assert ",category-province,politik_uang,31,5\n" in text
    assert A not in text
