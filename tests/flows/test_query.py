"""What the merged map says: one small map with a case of everything."""

import itertools

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.config.witness import WitnessSettings
from federation.errors import FormatError, NotFoundError
from federation.flows.query import changes, lists, region, state, tps
from federation.flows.query.cursor import Cursor, format_cursor, parse_cursor
from federation.flows.query.export import WHATS, Export
from federation.flows.query.scope import ask, parents_of, parse_region
from federation.records.readers import NOBODY, THIS_MACHINE
from federation.store import mapreading
from tests import sample_map as sample
from tests.webnode import settings_of

PROFILES = {sample.ELECTION: sample.profile()}
ASKED = ask(PROFILES, [sample.ELECTION])
SETTINGS = settings_of(licence="CC0-1.0")


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    database = sample.build(tmp_path_factory.mktemp("map"))
    yield database
    database.close()


@pytest.fixture
def view(db):
    with db.view() as view:
        yield view


@pytest.fixture
def unlisted(tmp_path):
    database = sample.build(tmp_path, register=False)
    with database.view() as view:
        yield view
    database.close()


def station(view, code):
    return tps.tps(view, PROFILES, sample.ELECTION, code)


def contest(view, code, name="ppwp"):
    return next(c for c in station(view, code).contests if c.contest == name)


def test_a_station_shows_who_says_what_side_by_side_and_kpu_apart(view):
    found = contest(view, sample.DISPUTED)
    assert (found.status, found.official, found.flags) == (
        "disputed",
        "differs",
        ["one_digit"],
    )
    assert [(group.orgs, group.votes["02"]) for group in found.groups] == [
        ([sample.ANA], 40),
        ([sample.BUDI], 41),
    ]
    assert [said.official for said in found.monitors] == [False, False]
    assert [(said.org, said.index) for said in found.kpu] == [(sample.ANA, 5)]
    assert found.candidates["03"] == "Pasangan 3"


def test_a_station_names_the_regions_around_it(view):
    found = station(view, sample.AGREED)
    assert [(place.code, place.name) for place in found.places] == [
        (code, sample.NAMES[code])
        for code in ("", "13", "1371", "137101", "1371011001")
    ]
    assert [one.contest for one in found.contests] == ["pdpr", "ppwp"]
    assert found.in_register is True


def test_an_entry_is_held_by_those_who_confirmed_more_than_its_index(view):
    by_org = {
        said.org: said.held_by
        for code in (sample.AGREED, sample.JANGGAL)
        for said in contest(view, code).monitors
    }
    # Budi confirmed 4 entries of Ana's log: 0 … 3; nobody confirmed Budi's.
    assert by_org == {sample.ANA: 1, sample.BUDI: 0}
    assert contest(view, sample.AGREED).kpu[0].held_by == 0


def test_an_organisation_never_holds_its_own_log(tmp_path):
    database = sample.build(tmp_path)
    sample.confirm(database, sample.ANA, sample.ANA, 10)
    with database.view() as view:
        assert contest(view, sample.AGREED).kpu[0].held_by == 0
    database.close()


def test_what_was_withdrawn_is_said_and_the_station_is_missing(view):
    found = contest(view, sample.WITHDRAWN)
    assert found.status == "missing"
    assert [said.kind for said in found.monitors] == ["withdrawal"]
    assert [(e.origin, e.index) for e in found.earlier] == [
        (f"{sample.ANA}/{sample.ELECTION}", 6)
    ]


def test_only_the_round_that_counts_is_counted_and_the_other_stays_visible(view):
    found = contest(view, sample.REPEATED)
    assert found.round == "psu"
    assert {said.round: said.counted for said in found.monitors} == {
        "psu": True,
        "reguler": False,
    }


def test_a_photo_without_votes_counts_its_files(view):
    found = contest(view, sample.PHOTO)
    assert (found.status, found.files, found.groups) == ("unread", 1, [])


def test_a_station_that_nobody_ever_heard_of_is_not_found(view, unlisted):
    with pytest.raises(NotFoundError):
        station(view, "1371011001777")
    assert station(view, sample.FAR_GAP).contests == []
    # Without a register nobody can say that it does not exist.
    assert station(unlisted, "1371011001777").in_register is msgspec.UNSET


@pytest.mark.parametrize(
    "code",
    [
        "",
        "137101100100",
        "\uff11\uff13\uff17\uff11\uff10\uff11\uff11\uff10\uff10\uff11\uff10\uff10\uff11",
        "x" * 13,
    ],
)
def test_what_is_no_code_of_a_station_is_refused(view, code):
    with pytest.raises(FormatError):
        station(view, code)


def test_the_nation_is_the_sum_of_its_parts_at_every_level(view):
    for code in ("", "13", "1371", "137101"):
        found = region.region(view, ASKED, code)
        whole = found.region.coverage
        parts = [child.coverage for child in found.children]
        assert whole.covered == sum(part.covered for part in parts)
        assert whole.register == sum(part.register for part in parts)
        assert whole.outside == sum(part.outside for part in parts)
        for name, count in whole.status.items():
            assert count == sum(part.status[name] for part in parts), name
        votes = [child.tally.votes for child in found.children]
        for number, (least, most) in found.region.tally.votes.items():
            assert least == sum(v.get(number, (0, 0))[0] for v in votes)
            assert most == sum(v.get(number, (0, 0))[1] for v in votes)


def test_a_region_without_any_result_is_listed_with_what_is_expected(view):
    found = region.region(view, ASKED)
    assert [
        (c.code, c.coverage.covered, c.coverage.register) for c in found.children
    ] == [
        ("13", 6, 8),
        ("72", 0, 1),
    ]


def test_statuses_beside_a_tally_add_up_to_the_register(view):
    one = region.region(view, ASKED).region
    for status in (one.tally.status, one.tally.plausible_status, one.coverage.status):
        assert sum(status.values()) == one.coverage.register == len(sample.REGISTER)


def test_votes_are_intervals_and_implausible_forms_can_be_left_out(view):
    votes = region.region(view, ASKED).region.tally
    assert votes.votes["02"] == (148, 149)
    assert votes.plausible_votes["02"] == (118, 119)


def test_a_contest_is_expected_only_where_it_is_held(view):
    asked = ask(PROFILES, [sample.ELECTION], contest="pdpr")
    assert region.count_expected(view, asked, "") == 8
    assert region.count_expected(view, asked, "72") == 0
    assert region.count_expected(view, asked, "1371") == 8
    missing = [gap.tps for gap in lists.gaps(view, asked).gaps]
    assert sample.FAR_GAP not in missing
    assert len(missing) == 7


def test_a_village_lists_all_its_stations_page_by_page(view):
    whole = region.region(view, ASKED, "1371011001").stations
    assert [s.tps[10:] for s in whole] == ["001", "002", "003", "099"]
    paged, after = [], ""
    while after is not None:
        found = region.region(view, ASKED, "1371011001", after, 1)
        paged += found.stations
        after = found.next or None
    assert paged == whole


def test_a_village_shows_the_stations_nobody_has_been_to(view):
    found = region.region(view, ASKED, "1371011002").stations
    assert [(s.tps, s.status) for s in found] == [
        (sample.PHOTO, "unread"),
        (sample.GAP, "missing"),
    ]


def test_a_region_that_nobody_ever_heard_of_is_not_found(view):
    for code in ("77", "1399", "1371019999"):
        with pytest.raises(NotFoundError):
            region.region(view, ASKED, code)


@pytest.mark.parametrize(
    "code", ["1", "137", "13710", "1371011", "AB", "13\n", "\uff11\uff13"]
)
def test_what_is_no_code_of_a_region_is_refused(view, code):
    with pytest.raises(FormatError):
        parse_region(code)


def test_without_a_register_what_is_covered_is_all_there_is(unlisted):
    one = region.region(unlisted, ASKED).region
    assert one.listed is False
    assert one.coverage.register == one.coverage.covered == 7
    assert lists.gaps(unlisted, ASKED).register == 0


def test_gaps_are_the_stations_without_a_monitor_in_order_and_in_pages(view):
    expected = [sample.GAP, sample.WITHDRAWN, sample.FAR_GAP]
    whole = lists.gaps(view, ASKED)
    assert [gap.tps for gap in whole.gaps] == expected
    assert [gap.voters for gap in whole.gaps] == [250, msgspec.UNSET, msgspec.UNSET]
    first = lists.gaps(view, ASKED, limit=2)
    assert first.next == sample.WITHDRAWN
    second = lists.gaps(view, ASKED, after=first.next, limit=2)
    assert [gap.tps for gap in second.gaps] == [sample.FAR_GAP]
    assert second.next is msgspec.UNSET
    assert [g.tps for g in lists.gaps(view, ASKED, "72").gaps] == [sample.FAR_GAP]


def test_disputed_lists_groups_and_kpu_and_nothing_else(view):
    found = lists.disputed(view, ASKED)
    assert [one.tps for one in found.disputed] == [sample.DISPUTED]
    assert len(found.disputed[0].kpu) == 1
    assert lists.disputed(view, ASKED, "72").disputed == []


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_following_changes_in_any_steps_gives_every_row_once(view, limit):
    seen, cursor = {}, ""
    for _ in itertools.count():
        found = changes.changes(view, ASKED, cursor, limit)
        assert not found.reset
        for one in found.changes:
            assert (one.contest, one.tps) not in seen
            seen[one.contest, one.tps] = msgspec.json.decode(one.row)
        cursor = found.cursor
        if not found.more:
            break
    assert len(seen) == 10
    assert seen["ppwp", sample.AGREED]["status"] == "agreed"
    assert changes.changes(view, ASKED, cursor).changes == []


def test_a_cursor_of_another_life_of_the_map_starts_again_and_says_so(view):
    here = parse_cursor(changes.changes(view, ASKED).cursor)
    for foreign in (Cursor("ffff", 3), Cursor(here.epoch, here.change + 1)):
        found = changes.changes(view, ASKED, format_cursor(foreign))
        assert found.reset
        assert len(found.changes) == 10


def test_changes_can_leave_out_what_only_we_say(view):
    others = changes.changes(view, ASKED, exclude_org=sample.ANA)
    stations = {one.tps for one in others.changes}
    assert sample.SINGLE in stations
    assert sample.JANGGAL not in stations
    assert others.cursor == changes.changes(view, ASKED).cursor


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1, max_size=20), st.integers(0, 2**53 - 1))
def test_cursors_come_back_from_their_text(epoch, change):
    assert parse_cursor(format_cursor(Cursor(epoch, change))) == Cursor(epoch, change)


@pytest.mark.parametrize(
    "text", ["x", ".", ".1", "a.", "a.-1", "a.\uff11", "a.1e3", "a." + "9" * 17]
)
def test_what_is_no_cursor_is_refused(text):
    with pytest.raises(FormatError):
        parse_cursor(text)


def test_the_summary_is_of_the_whole_contest_with_digest_and_vector(view):
    digest = mapreading.map_digest(view, sample.ELECTION)
    found = state.summary(view, ASKED, sample.ANA, digest)
    assert found.register == 9
    assert found.status == {
        "missing": 3, "unread": 1, "single": 3, "agreed": 1, "disputed": 1,
    }  # fmt: skip
    assert found.official == {"none": 4, "matches": 1, "differs": 1}
    assert found.coverage == {sample.ANA: 3, sample.BUDI: 5}
    assert found.tally["02"] == (148, 149)
    assert found.digest == digest
    assert found.vector[f"{sample.ANA}/{sample.ELECTION}"] == 11


def test_sources_carry_the_licence_of_each_log(view):
    found = state.sources(view, sample.ELECTION, SETTINGS)
    assert [(one.org, one.licence, one.attribution) for one in found] == [
        (sample.ANA, "CC0-1.0", ""),  # ours: from the settings
        (sample.BUDI, "ODbL-1.0", "Budi & Kawan"),
    ]


def test_a_partner_without_an_about_note_has_no_licence_rather_than_a_guess(tmp_path):
    database = sample.build(tmp_path)
    sample.add_claims(database, sample.CITRA, sample.said_by(sample.CITRA))
    sample.merge(database)
    with database.view() as view:
        found = state.sources(view, sample.ELECTION, SETTINGS)
    database.close()
    assert [s.licence for s in found if s.org == sample.CITRA] == [""]


def test_status_lists_logs_and_every_partner_of_the_list(view):
    found = state.status(view, THIS_MACHINE, SETTINGS, ["x.example"])
    assert {log.org: log.merged for log in found.logs} == {
        sample.ANA: 11,
        sample.BUDI: 7,
    }
    assert [(peer.org, peer.last_at) for peer in found.peers] == [
        ("x.example", msgspec.UNSET)
    ]


def test_a_log_is_held_once_as_many_as_the_quorum_asks_for_hold_all_of_it(tmp_path):
    database = sample.build(tmp_path)
    wanted = msgspec.structs.replace(SETTINGS, witness=WitnessSettings(quorum=1))

    def told(settings, caller=THIS_MACHINE):
        with database.view() as view:
            found = state.status(view, caller, settings, [])
        ana = next(log for log in found.logs if log.org == sample.ANA)
        return found.quorum, ana.held, ana.held_by, ana.holders

    def grow(size):
        with database.transaction() as tx:
            origin = f"{sample.ANA}/{sample.ELECTION}"
            tx.execute("UPDATE log SET size = ? WHERE origin = ?", (size, origin))

    grow(5)
    assert told(wanted) == (1, False, 0, []), "Budi confirmed 4 entries"
    grow(4)
    assert told(wanted) == (1, True, 1, [sample.BUDI])
    assert told(SETTINGS) == (2, False, 1, [sample.BUDI])
    assert told(SETTINGS, NOBODY)[3] is msgspec.UNSET, "of partners no stranger hears"
    database.close()


def test_elections_name_contests_usual_ones_first(view):
    (one,) = state.elections(
        view, NOBODY, PROFILES, [sample.ELECTION], SETTINGS
    ).elections
    assert [c.contest for c in one.contests] == ["ppwp", "pdpr"]
    assert one.contests[1].candidates == {"1": "Partai Satu", "2": "Partai Dua"}
    assert one.register == 9


@pytest.mark.parametrize(
    ("election", "contest"), [("other", ""), ("", "pdpd"), (sample.ELECTION, "x")]
)
def test_an_unknown_election_or_contest_is_named_with_what_there_is(election, contest):
    with pytest.raises(NotFoundError, match="there are"):
        ask(PROFILES, [sample.ELECTION], election, contest)


def read_all(view, what, code=""):
    export = Export(view, SETTINGS, ASKED, what, code)
    rows = []
    while not export.done:
        page = export.read(view)
        rows += [dict(zip(page.columns, row, strict=True)) for row in page.rows]
    return rows


@pytest.mark.parametrize("what", WHATS)
def test_every_exported_row_names_cursor_licence_and_attribution(view, what):
    rows = read_all(view, what)
    assert rows
    for row in rows:
        assert row["cursor"] == changes.changes(view, ASKED).cursor
        assert row["licence"]
        assert row["attribution"]


def test_exported_results_are_every_statement_with_who_says_it(view):
    rows = read_all(view, "results")
    assert [r["source"] for r in rows if r["tps"] == sample.AGREED] == [
        "monitor",
        "monitor",
        "kpu",
    ]
    janggal = next(r for r in rows if r["tps"] == sample.JANGGAL)
    assert (janggal["failed_sums"], janggal["votes_02"]) == ("votes_sum", 30)
    budi = next(r for r in rows if r["org"] == sample.BUDI)
    assert (budi["licence"], budi["valid"]) == ("ODbL-1.0", 170)
    assert len(rows) == 14


def test_exports_of_a_region_stay_inside_it(view):
    assert {row["tps"] for row in read_all(view, "gaps", "72")} == {sample.FAR_GAP}
    assert {row["tps"] for row in read_all(view, "disputed", "13")} == {sample.DISPUTED}
    assert read_all(view, "results", "72") == []


def test_exported_coverage_has_every_region_to_the_kecamatan_once(view):
    codes = [row["region"] for row in read_all(view, "coverage")]
    assert sorted(codes) == [
        "",
        "13",
        "1371",
        "137101",
        "137102",
        "72",
        "7202",
        "720201",
    ]


def test_export_pages_are_joined_without_loss(view, monkeypatch):
    whole = {what: read_all(view, what) for what in WHATS}
    monkeypatch.setattr("federation.flows.query.export.PAGE", 2)
    assert {what: read_all(view, what) for what in WHATS} == whole


@pytest.mark.parametrize("length", [0, 2, 4, 6, 10])
def test_parents_of_a_region_are_all_shorter_codes(length):
    code = "1371011001"[:length]
    assert parents_of(code) == [code[:n] for n in (0, 2, 4, 6) if n < length]
