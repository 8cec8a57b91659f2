"""One incident of the reports of many organisations, the same on every node."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from federation.records.incident import Incident, IncidentName
from federation.records.incidentmerge import (
    MergedIncident,
    PlacedIncident,
    awaits_referral,
    digest_merged,
    encode_merged,
    key_of,
    merge_incidents,
)
from federation.records.incidentstatus import (
    STATES,
    IncidentStatus,
    check_incident_status,
)
from federation.records.referral import STAGES, Referral, check_referral
from federation.records.result import Evidence
from tests.fakes import ELECTION, RECORDED_AT

A, B, C, X = (f"{letter}.example" for letter in "abcx")
ORGS = (A, B, C, X)
LATER = "2024-02-15T03:00:00Z"


def name(org: str, number: int = 1) -> IncidentName:
    return IncidentName(id=f"{number:032x}", org=org)


def report(org: str, number: int = 1, **members) -> Incident:
    given = {"category": "politik_uang", "law": "pidana"} | members
    if "tps" not in given:
        given.setdefault("region", "3171")
    return Incident(
        election=ELECTION,
        happened_at=RECORDED_AT,
        id=name(org, number).id,
        org=org,
        recorded_at=RECORDED_AT,
        reported_at=RECORDED_AT,
        summary="Amplop dibagikan",
        **given,
    )


def said(org: str, status: str, incident: IncidentName, **members) -> IncidentStatus:
    statement = IncidentStatus(
        election=ELECTION,
        incident=incident,
        org=org,
        recorded_at=RECORDED_AT,
        status=status,
        **members,
    )
    check_incident_status(statement)
    return statement


def same(org: str, one: IncidentName, other: IncidentName) -> IncidentStatus:
    return said(org, "duplicate", one, duplicate_of=other)


def apart(org: str, one: IncidentName, other: IncidentName) -> IncidentStatus:
    return said(org, "not_duplicate", one, duplicate_of=other)


def taken(org: str, stage: str, incident: IncidentName, **members) -> Referral:
    if stage == "intended":
        members["expires_at"] = LATER
    statement = Referral(
        agency=members.pop("agency", "bawaslu-dki"),
        election=ELECTION,
        incident=incident,
        org=org,
        recorded_at=RECORDED_AT,
        stage=stage,
        way="email",
        **members,
    )
    check_referral(statement)
    return statement


def placed(*statements) -> list[PlacedIncident]:
    """Each in the log of its organisation, in this order."""
    sizes = dict.fromkeys(ORGS, 0)
    found = []
    for statement in statements:
        at = sizes[statement.org]
        sizes[statement.org] += 1
        record = f"{statement.org[0]}{at:063x}"
        found.append(PlacedIncident(1, at, record, statement))
    return found


def merge(*statements) -> list[MergedIncident]:
    return merge_incidents(placed(*statements))


def together(*statements) -> list[str]:
    """The reports of each incident, as `a1 b1`."""
    return [
        " ".join(f"{one.org[0]}{int(one.id, 16)}" for one in row.reports)
        for row in merge(*statements)
    ]


def standings(*statements) -> list[str]:
    return sorted({pair.standing for row in merge(*statements) for pair in row.pairs})


a1, a2, b1, b2, c1, x1, x2 = (
    name(org, number)
    for org, number in ((A, 1), (A, 2), (B, 1), (B, 2), (C, 1), (X, 1), (X, 2))
)
EACH = tuple(report(org) for org in ORGS)


def test_the_row_is_these_bytes():
    photo = Evidence(media_type="image/jpeg", sha256="e" * 64, size=1)
    [row] = merge(
        report(A, evidence=(photo,)),
        report(B, category="lainnya", region="317101"),
        same(B, b1, a1),
        said(A, "registered", a1, agency="bawaslu-dki", reference="12/LP"),
        said(X, "rejected", b1),
        taken(B, "acknowledged", b1, reference="12/LP", dossier="d" * 64),
    )
    a, b = ('{"id":"%032x","org":"%s"}' % (1, org) for org in (A, B))  # noqa: UP031
    assert encode_merged(row).decode() == (
        '{"categories":["lainnya","politik_uang"],"contradicted":[],'
        f'"evidence":["{"e" * 64}"],"incident":{a},"laws":["pidana"],'
        f'"pairs":[{{"one":{a},"other":{b},"said":[{{"org":"b.example",'
        '"status":"duplicate"}],"standing":"joined"}],"places":["3171","317101"],'
        '"referrals":[{"agency":"bawaslu-dki","double":0,"said":[{'
        f'"dossier":"{"d" * 64}","incident":{b},"org":"b.example",'
        '"reference":"12/LP","stage":"acknowledged","way":"email"}]}],'
        f'"reports":[{{"id":"{a1.id}","org":"a.example","record":"a{0:063x}"}},'
        f'{{"id":"{b1.id}","org":"b.example","record":"b{0:063x}"}}],'
        f'"status":["registered"],"statuses":[{{"agency":"bawaslu-dki","incident":{a},'
        '"org":"a.example","reference":"12/LP","status":"registered"},'
        f'{{"incident":{b},"org":"x.example","status":"rejected"}}]}}\n'
    )


def test_who_reported_one_of_two_joins_them_and_takes_it_back():
    assert together(*EACH, same(B, b1, a1)) == ["a1 b1", "c1", "x1"]
    assert together(*EACH, same(B, a1, b1)) == ["a1 b1", "c1", "x1"]
    undone = (same(B, b1, a1), apart(B, a1, b1))
    assert together(*EACH, *undone) == ["a1", "b1", "c1", "x1"]
    assert standings(*EACH, *undone) == ["apart"]
    assert together(*EACH, *undone, same(B, b1, a1)) == ["a1 b1", "c1", "x1"]


def test_what_others_say_of_two_reports_joins_nothing_and_is_shown():
    assert together(*EACH, same(X, a1, b1)) == ["a1", "b1", "c1", "x1"]
    assert standings(*EACH, same(X, a1, b1)) == ["proposed"]
    # …until one of the two says so too.
    assert together(*EACH, same(X, a1, b1), same(A, a1, b1)) == ["a1 b1", "c1", "x1"]
    # And it parts nothing either.
    assert together(*EACH, same(A, a1, b1), apart(X, a1, b1)) == ["a1 b1", "c1", "x1"]


def test_conflicting_words_of_both_keep_them_apart_and_are_shown():
    for words in (
        (same(A, a1, b1), apart(B, b1, a1)),
        (apart(A, a1, b1), same(B, b1, a1)),
    ):
        assert together(*EACH, *words) == ["a1", "b1", "c1", "x1"]
        assert standings(*EACH, *words) == ["contested"]


def test_by_one_word_alone_a_report_is_joined_to_one_thing_only():
    words = (same(X, x1, b1), same(X, x1, a1), same(X, x1, c1))
    assert together(*EACH, *words) == ["a1", "b1 x1", "c1"]
    assert standings(*EACH, *words) == ["joined", "proposed"]
    # Confirmed by B, the next of its words counts; confirmed by A too, all do.
    assert together(*EACH, *words, same(B, b1, x1)) == ["a1 b1 x1", "c1"]
    all_of_them = (*words, same(B, b1, x1), same(A, a1, x1))
    assert together(*EACH, *all_of_them) == ["a1 b1 c1 x1"]


def test_more_reports_of_ones_own_that_are_one_thing_join_no_more():
    two = (*EACH, report(X, 2), same(X, x1, x2))
    assert together(*two) == ["a1", "b1", "c1", "x1 x2"]
    words = (same(X, x1, a1), same(X, x2, b1))
    assert together(*two, *words) == ["a1 x1 x2", "b1", "c1"]


def test_who_denies_what_others_join_stands_alone():
    words = (same(C, c1, a1), same(A, a1, c1), same(C, c1, b1), same(B, b1, c1))
    assert together(*EACH, *words) == ["a1 b1 c1", "x1"]
    assert together(*EACH, *words, apart(B, b1, a1)) == ["a1 c1", "b1", "x1"]
    assert standings(*EACH, *words, apart(B, b1, a1)) == [
        "apart",
        "contested",
        "joined",
    ]


def test_a_report_that_is_not_known_yet_joins_those_that_are():
    known = (report(A), report(B))
    words = (same(A, a1, c1), same(B, b1, c1))
    assert together(*known, *words) == ["a1 b1"]
    assert together(*known, *words, report(C)) == ["a1 b1 c1"]


def test_a_report_is_no_duplicate_of_itself():
    for word in (same(A, a1, a1), same(X, a1, a1)):
        assert together(*EACH, word) == ["a1", "b1", "c1", "x1"]
        assert standings(*EACH, word) == [], "it says nothing"


def test_the_status_is_the_furthest_of_those_who_reported_it():
    words = (
        same(B, b1, a1),
        said(A, "verified", a1),
        said(B, "referred", b1),
        said(C, "closed", a1),
    )
    row = merge(*EACH, *words)[0]
    assert row.status == ["referred"]
    assert [(one.org, one.status) for one in row.statuses] == [
        (A, "verified"),
        (B, "referred"),
        (C, "closed"),
    ]
    assert row.contradicted == []
    assert merge(report(A))[0].status == []


def test_words_that_cannot_both_hold_are_both_shown():
    joined = (*EACH, same(B, b1, a1))
    row = merge(*joined, said(A, "verified", a1), said(B, "rejected", b1))[0]
    assert (row.status, row.contradicted) == (["rejected", "verified"], ["status"])
    row = merge(*joined, said(A, "referred", a1), said(B, "unverifiable", b1))[0]
    assert (row.status, row.contradicted) == (["referred"], ["status"])
    of = {"agency": "bawaslu-dki"}
    registered = (said(A, "registered", a1, **of), said(B, "not_registered", b1, **of))
    assert merge(*joined, *registered)[0].contradicted == ["status"]
    # Two agencies may answer differently.
    elsewhere = said(B, "not_registered", b1, agency="dkpp")
    assert merge(*joined, registered[0], elsewhere)[0].contradicted == []
    found = (
        said(A, "decided", a1, outcome="violation", **of),
        said(B, "decided", b1, outcome="no_violation", **of),
    )
    assert merge(*joined, *found)[0].contradicted == ["outcome"]


def test_who_did_not_report_it_contradicts_nothing():
    row = merge(*EACH, said(A, "verified", a1), said(X, "rejected", a1))[0]
    assert row.contradicted == []
    assert [one.org for one in row.statuses] == [A, X]


def test_an_agency_that_got_it_twice_is_named_with_both_who_sent_it():
    joined = (*EACH, same(B, b1, a1))
    sent = (taken(A, "sent", a1), taken(B, "acknowledged", b1, reference="7"))
    [agency] = merge(*joined, *sent)[0].referrals
    assert agency.double == 1
    assert [(one.org, one.stage) for one in agency.said] == [
        (A, "sent"),
        (B, "acknowledged"),
    ]
    # A note about both is neither.
    noted = (*sent, taken(A, "intended", a1, also_by=(B,)))
    assert merge(*joined, *noted)[0].referrals == [agency]
    once = (taken(A, "sent", a1), taken(B, "intended", b1))
    assert merge(*joined, *once)[0].referrals[0].double == 0
    elsewhere = (taken(A, "sent", a1), taken(B, "sent", b1, agency="dkpp"))
    assert [one.double for one in merge(*joined, *elsewhere)[0].referrals] == [0, 0]


def test_what_one_takes_to_two_agencies_stands_at_each():
    sent = (taken(A, "sent", a1), taken(A, "intended", a1, agency="dkpp"))
    row = merge(*EACH, *sent)[0]
    assert [(one.agency, one.said[0].stage) for one in row.referrals] == [
        ("bawaslu-dki", "sent"),
        ("dkpp", "intended"),
    ]
    later = taken(A, "failed", a1, agency="dkpp")
    row = merge(*EACH, *sent, later)[0]
    assert [one.said[0].stage for one in row.referrals] == ["sent", "failed"]


def test_it_awaits_a_referral_until_one_arrived_or_its_reporters_are_done():
    joined = (*EACH, same(B, b1, a1))

    def awaits(*words):
        return awaits_referral(merge(*joined, *words)[0])

    assert awaits()
    assert awaits(said(A, "verified", a1))
    assert awaits(taken(X, "intended", a1), taken(A, "failed", a1))
    # Of others than who reported it only the referral counts.
    assert awaits(said(X, "closed", a1))
    assert not awaits(taken(X, "sent", b1))
    for status in ("rejected", "referred", "registered", "decided", "closed"):
        assert not awaits(said(A, status, a1)), status
    # One of the two does not believe it, the other does.
    assert awaits(said(A, "rejected", a1), said(B, "verified", b1))


def test_only_the_latest_of_an_organisation_about_the_same_counts():
    words = (said(A, "rejected", a1), said(A, "verified", a1), report(A, law="lain"))
    row = merge(*EACH, *words)[0]
    assert (row.status, row.laws) == (["verified"], ["lain"])
    # A later generation of the log comes after all of the earlier.
    first, second = placed(said(A, "rejected", a1), said(A, "verified", a1))
    newer = first._replace(generation=2)
    assert merge_incidents([*placed(*EACH), newer, second])[0].status == ["rejected"]


NAMES = [name(org, number) for org in ORGS for number in (1, 2)]
names = st.sampled_from(NAMES)


@st.composite
def pair_words(draw, orgs=ORGS):
    speak = same if draw(st.booleans()) else apart
    return speak(draw(st.sampled_from(orgs)), draw(names), draw(names))


@st.composite
def statements(draw, orgs=ORGS):
    org, about = draw(st.sampled_from(orgs)), draw(names)
    kind = draw(st.sampled_from(["report", "pair", "pair", "pair", "state", "taken"]))
    if kind == "report":
        law = draw(st.sampled_from(["pidana", "kode_etik"]))
        return report(org, draw(st.sampled_from([1, 2])), law=law)
    if kind == "pair":
        return draw(pair_words(orgs))
    if kind == "state":
        states = [one for one in STATES if "duplicate" not in one]
        return said(org, draw(st.sampled_from(states)), about)
    agency = draw(st.sampled_from(["bawaslu-dki", "dkpp"]))
    return taken(org, draw(st.sampled_from(STAGES)), about, agency=agency)


ALL = tuple(report(org, number) for org in ORGS for number in (1, 2))


@given(st.lists(statements(), max_size=40), st.randoms(use_true_random=False))
@settings(max_examples=60)
def test_whatever_the_order_of_arrival_all_come_to_the_same(told, chance):
    there = placed(*ALL, *told)
    arrived = there + chance.choices(there, k=len(there) // 3)
    chance.shuffle(arrived)
    assert digest_merged(merge_incidents(arrived)) == digest_merged(
        merge_incidents(there)
    )


def test_long_logs_come_to_the_same_however_they_are_interleaved():
    chance = random.Random(11)
    for _ in range(40):
        words = [any_statement(chance) for _ in range(60)]
        there = placed(*ALL, *words)
        logs = {org: [one for one in there if one.statement.org == org] for org in ORGS}
        arrived = []
        while any(logs.values()):  # each log in its order, the logs in any
            arrived.append(logs[chance.choice([*filter(logs.get, ORGS)])].pop(0))
        rows = merge_incidents(there)
        assert merge_incidents(arrived) == rows == merge_incidents(there[::-1])
        assert rows == sorted(rows, key=lambda row: key_of(row.incident))


def any_statement(chance: random.Random):
    org, one, other = chance.choice(ORGS), *chance.choices(NAMES, k=2)
    kind = chance.randrange(5)
    if kind == 0:
        return said(org, chance.choice(["verified", "rejected", "closed"]), one)
    if kind == 1:
        return taken(org, chance.choice(STAGES), one)
    return (apart if kind == 2 else same)(org, one, other)


@given(st.lists(statements(), max_size=40))
@settings(max_examples=60)
def test_each_report_stands_in_one_incident_named_by_its_smallest(told):
    rows = merge(*ALL, *told)
    found = [(one.org, one.id) for row in rows for one in row.reports]
    assert sorted(found) == sorted(map(key_of, NAMES))
    for row in rows:
        members = [(one.org, one.id) for one in row.reports]
        assert key_of(row.incident) == min(members)


@given(st.lists(pair_words(), max_size=40))
@settings(max_examples=60)
def test_what_its_organisation_denies_is_never_in_one_incident_with_it(told):
    latest = {}
    for one in told:
        pair = frozenset((key_of(one.incident), key_of(one.duplicate_of)))
        if len(pair) == 2 and one.org in {org for org, _ in pair}:
            latest[one.org, pair] = one.status
    for row in merge(*ALL, *told):
        members = {(one.org, one.id) for one in row.reports}
        for (_, pair), status in latest.items():
            assert not (status == "not_duplicate" and pair <= members)


#: One report of each: who is joined by way of others comes up often.
FEW = [name(org) for org in ORGS]


@st.composite
def words_of_a_side(draw):
    one, other = draw(st.permutations(FEW))[:2]
    return draw(st.sampled_from([same, same, same, apart]))(one.org, one, other)


@given(st.lists(words_of_a_side(), min_size=6, max_size=30))
@settings(max_examples=200)
def test_nor_by_way_of_any_others_who_say_that_all_is_one(told):
    latest = {}
    for one in told:
        pair = frozenset((key_of(one.incident), key_of(one.duplicate_of)))
        latest[one.org, pair] = one.status
    denied = {pair for (_, pair), status in latest.items() if status != "duplicate"}
    for row in merge(*EACH, *told):
        members = {(one.org, one.id) for one in row.reports}
        assert not any(pair <= members for pair in denied)


def _without(row: MergedIncident, org: str) -> MergedIncident:
    """What a row says, but for what `org` says beside it."""
    pairs = [
        structs.replace(pair, said=[one for one in pair.said if one.org != org])
        for pair in row.pairs
    ]
    referrals = [
        structs.replace(
            agency, double=0, said=[one for one in agency.said if one.org != org]
        )
        for agency in row.referrals
    ]
    return structs.replace(
        row,
        pairs=[pair for pair in pairs if pair.said],
        referrals=[agency for agency in referrals if agency.said],
        statuses=[one for one in row.statuses if one.org != org],
    )


HONEST = (A, B, C)
others = st.lists(statements(HONEST), max_size=25)


def _names_x(statement) -> bool:
    about = [getattr(statement, "incident", None)]
    about.append(getattr(statement, "duplicate_of", None))
    return any(getattr(one, "org", "") == X for one in about)


@given(others, st.lists(statements((X,)), max_size=25))
@settings(max_examples=60)
def test_a_partner_alone_changes_no_incident_without_a_report_of_its_own(told, hostile):
    honest = [one for one in told if not _names_x(one)]
    quiet = merge(*ALL, *honest)
    before = {key_of(row.incident): _without(row, X) for row in quiet}
    for row in merge(*ALL, *honest, *hostile):
        if all(one.org != X for one in row.reports):
            assert _without(row, X) == before[key_of(row.incident)]


@given(others, st.lists(statements((X,)), max_size=25))
@settings(max_examples=60)
def test_a_partner_alone_joins_no_two_reports_of_others(told, hostile):
    honest = [one for one in told if not _names_x(one)]
    assert _others_together(merge(*ALL, *honest, *hostile)) == _others_together(
        merge(*ALL, *honest)
    )


def _others_together(rows) -> set[frozenset[tuple[str, str]]]:
    found = (
        frozenset((one.org, one.id) for one in row.reports if one.org != X)
        for row in rows
    )
    return {members for members in found if members}


@given(others, st.lists(pair_words((X,)), max_size=10))
@settings(max_examples=60)
def test_what_was_said_is_undone_by_saying_the_opposite(told, hostile):
    honest = [one for one in told if not _names_x(one)]
    undone = [apart(X, one.incident, one.duplicate_of) for one in hostile]
    rows = merge(*ALL, *honest, *hostile, *undone)
    before = merge(*ALL, *honest)
    assert [row.reports for row in rows if row.reports[0].org != X] == [
        row.reports for row in before if row.reports[0].org != X
    ]


def test_a_partner_that_calls_everything_a_duplicate_joins_no_two_of_others():
    many = [report(org, number) for org in (A, B, X) for number in range(20)]
    every = [name(one.org, int(one.id, 16)) for one in many]
    random.Random(11).shuffle(every)
    lies = [same(X, one, other) for one in every for other in every if one != other]
    rows = merge(*many, *lies)
    assert max(sum(one.org != X for one in row.reports) for row in rows) == 1
    assert sum(row.reports[0].org != X for row in rows) == 40
