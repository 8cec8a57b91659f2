"""How it stands with a partner: each state by what was measured, the worst first."""

import pytest

from federation.config.peers import Peer
from federation.flows.query.partners import CONDITIONS, partners
from federation.records.readers import (
    NOBODY,
    THIS_MACHINE,
    Insider,
    Nobody,
    Person,
)
from federation.store import alarms, logs, pulls, strangers
from federation.store.cosignatures import save_cosignature
from federation.store.observations import Observation, save_observations
from federation.text import LANGUAGES, Text
from federation.tlog.keys import Signer
from tests.fakes import FakeOrg, Tree
from tests.flows.publish.conftest import hold

A, NOW = "jagasuara.example", 1_700_000_000
ELECTION = "pilpres-2019"
WHY = "https://10.0.0.7: refused"


def peer(**given):
    key = Signer.from_seed(f"{A}/identity", bytes(32)).key
    return Peer(**{"org": A, "identity": key, "url": f"https://{A}"} | given)


def visit(tx, outcome="ok", failures=0, count=1):
    for n in range(count):
        turn = pulls.Turn(
            org=A, at=NOW - 60 * (count - n), seconds=1, outcome=outcome, reason=WHY
        )
        state = pulls.PeerTurn(org=A, failures=failures, next_due=NOW + 30)
        pulls.save_turn(tx, state, turn)


def fork(tx):
    visit(tx)
    log = logs.add_log(tx, f"{A}/{ELECTION}", own=False)
    logs.freeze(tx, log.id, b"proof")


def pend(tx):
    visit(tx)
    log = logs.add_log(tx, f"{A}/{ELECTION}", own=False)
    tx.execute(
        "UPDATE log SET pending = ?, pending_size = 200, size = 20,"
        " next_index = 50 WHERE id = ?",
        (b"\0", log.id),
    )


def clock(tx):
    visit(tx)
    save_observations(tx, [Observation(what="clock", subject=A, value=90, at=NOW)])


def alarm(code):
    def write(tx):
        visit(tx)
        alarms.raise_alarm(tx, code, A, WHY, NOW)

    return write


CASES = {
    "forked": ({}, fork, "dua riwayat"),
    "other-key": ({}, lambda tx: visit(tx, "other-key"), "kunci salah"),
    "paused": ({"paused": True}, fork, "dijeda"),
    "no-address": ({"url": None}, lambda _: None, "tanpa alamat"),
    "never-asked": ({}, lambda _: None, "belum pernah"),
    "unreachable": ({}, lambda tx: visit(tx, "failed", 5, 5), "tidak terjangkau sejak"),
    "trying-again": ({}, lambda tx: visit(tx, "failed", 1), "menunggu"),
    "refused": ({}, lambda tx: visit(tx, "mismatch"), "tidak dapat diperiksa"),
    "full": ({}, alarm("partner-full"), "jatah"),
    "clock-differs": ({}, clock, "90 detik lebih cepat"),
    "disbelieves": ({}, alarm("unbelieved"), "tidak memercayai"),
    "syncing": ({}, pend, "25 %"),
    "up-to-date": ({}, visit, "mutakhir"),
}


def read(db, caller=THIS_MACHINE, **given):
    one = peer(**given)
    with db.view() as view:
        return partners(view, caller, {one.org: one}, NOW)


@pytest.mark.parametrize("condition", CONDITIONS)
def test_each_state_is_told_in_words_of_both_languages(db, condition):
    given, write, words = CASES[condition]
    with db.transaction() as tx:
        write(tx)
    [view] = read(db, **given).partners
    assert condition in {view.state, *view.also}
    for language in LANGUAGES:
        told = Text(language).say(view.tell(condition, str))
        assert told
        assert "{" not in told
    assert words in Text("id").say(view.tell(condition, str))


def test_the_worst_is_the_state_and_the_rest_stands_beside_it(db):
    with db.transaction() as tx:
        fork(tx)
        clock(tx)
    [view] = read(db, paused=True).partners
    assert (view.state, view.also) == ("forked", ["paused", "clock-differs"])


def test_whose_log_goes_on_in_another_is_forked_no_more(db):
    def told(*steps):
        with db.transaction() as tx:
            for step in steps:
                step(tx)
        [view] = read(db).partners
        return view.state, view.also

    def go_on(tx):
        logs.add_log(tx, f"{A}/{ELECTION}/2", own=False)

    def fork_again(tx):
        log = logs.get_log(tx, f"{A}/{ELECTION}/2")
        logs.freeze(tx, log.id, b"proof of another")

    assert told(pend, fork) == ("forked", ["syncing"])
    assert told(go_on) == ("up-to-date", [])
    assert told(fork_again) == ("forked", [])


def test_who_does_not_answer_is_told_since_when_as_far_as_visits_are_kept(db):
    with db.transaction() as tx:
        visit(tx, count=2)
        visit(tx, "failed", 4, 4)
    [view] = read(db).partners
    assert (view.since, view.is_longer, view.next_at) == (NOW - 240, False, NOW + 30)
    assert view.answered_at == NOW - 60
    with db.transaction() as tx:
        visit(tx, "failed", pulls.KEPT_TURNS + 9, pulls.KEPT_TURNS)
    [view] = read(db).partners
    assert view.is_longer


def test_what_it_holds_of_ours_and_since_when_is_what_it_has_signed(db):
    ours, theirs = FakeOrg("kawalpemilu.example"), FakeOrg(A)
    tree = Tree(ours)
    tree.grow(ours.results(0, 4))
    hold(db, tree)
    with db.transaction() as tx:
        log = logs.get_log(tx, ours.origin)
        tx.execute("UPDATE log SET own = 1 WHERE id = ?", (log.id,))
        for at in (NOW - 500, NOW - 900, NOW - 100):
            save_cosignature(tx, log.id, log.size, b"x", theirs.mirror.key, at)
        visit(tx)
    [view] = read(db).partners
    [held] = view.holds
    assert (held.held, held.size) == (log.size, log.size)
    assert (held.since, held.confirmed_at) == (NOW - 900, NOW - 100)


def test_reasons_and_details_are_for_the_machine_alone_and_strangers_get_nothing(db):
    with db.transaction() as tx:
        alarm("partner-failing")(tx)
        old = alarms.list_alarms(tx)
        alarms.note_settled(tx, old, NOW, "Sari", "coordinator")
        strangers.save_strangers(
            tx,
            [
                strangers.Stranger(
                    vkey="b.example/node+00000000+x",
                    org="b.example",
                    first_at=1,
                    last_at=2,
                    times=3,
                )
            ],
        )
    whole = read(db)
    assert whole.partners[0].turns[0].reason == WHY
    assert whole.partners[0].alarms[0].detail == WHY
    told = read(db, Person("Sari", "viewer"))
    assert WHY not in repr(told)
    assert (told.asking[0].org, told.settled[0].person) == ("b.example", "Sari")
    inside = read(db, Insider())
    assert inside.asking
    assert "Sari" not in repr(inside), "no program is told who of ours did what"
    shown = read(db, Nobody(sees_partners=True))
    assert (len(shown.partners), shown.asking, shown.settled) == (1, [], [])
    assert WHY not in repr(shown)
    nothing = read(db, NOBODY)
    assert (nothing.partners, nothing.asking, nothing.settled) == ([], [], [])
