"""What we say of a report: who may, having seen what; signed with who it was."""

import errno
import itertools
import time
from random import Random

import pytest

from federation.config.settings import load_settings
from federation.errors import ConflictError
from federation.flows.incidents import state
from federation.flows.incidents.state import (
    Saying,
    act_of,
    find_own_word,
    state_incident,
)
from federation.node.resources import open_resources
from federation.records.incidentstatus import STATES, WorkflowStatus
from federation.records.readers import ROLES, Person, may_do
from federation.store import actions, people
from tests.desk import PEOPLE, let_people_in
from tests.homes import ELECTION, make_home
from tests.refer import make_referring, write_reports

WORKFLOW = WorkflowStatus.__args__
NOW = time.time()


class Desk:
    """Where people say what they say, of three reports."""

    def __init__(self, resources, names):
        self.resources, self.names = resources, names
        self.log = resources.incidents_of(ELECTION)

    def say(self, status, person="", seen=None, report=0, **more):
        members = {"incident": self.names[report], "status": status, **more}
        resources = self.resources
        return state_incident(
            resources.db,
            resources.guard,
            self.log,
            members,
            NOW,
            Saying(person, seen),
        ).outcome

    def word(self, report=0):
        name = "{org}/{id}".format(**self.names[report])
        with self.resources.db.view() as view:
            return find_own_word(view, self.log.chain.org, name)

    def did(self):
        with self.resources.db.view() as view:
            found = actions.read_actions(view, 1 << 62, 10_000)
        return [
            (one.person, one.role, one.what)
            for one in reversed(found)
            if one.what not in {"add", "sign-in", "revoke"}
        ]


@pytest.fixture
def desk(tmp_path):
    home = make_home(tmp_path)
    make_referring(home)
    let_people_in(home)
    names = write_reports(home, 3)
    with open_resources(home, load_settings(home.settings)) as resources:
        yield Desk(resources, names)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_says_what_is_its_own_and_takes_nothing_back_that_is_not(desk, role):
    who = next(name for name, its in PEOPLE.items() if its == role)
    for before, status in itertools.product((None, "rejected", "decided"), WORKFLOW):
        if before is not None:
            desk.say(before)
        word = desk.word()
        held = word is not None and word.status.status
        acts = {act_of(status), *([act_of(held)] if held else [])}
        is_let = all(may_do(Person(who, role), act) for act in acts)
        is_same = held == status and may_do(Person(who, role), act_of(status))
        try:
            outcome = desk.say(status, who)
        except ConflictError:
            assert not is_let, (before, status)
            assert desk.word() == word
        else:
            assert is_let or is_same, (before, status)
            assert outcome == ("held" if is_same else "logged")
            assert desk.word().status.status == status


def test_each_word_that_is_signed_has_its_line_and_no_other(desk):
    desk.say("verified", "Edi")
    desk.say("verified", "Esti")
    with pytest.raises(ConflictError):
        desk.say("registered", "Edi")
    desk.say("rejected", "Esti", reason="Kata Bapak Hendrawan Tobing, 0813-5555-0117")
    _, other, _ = desk.names
    pair = {"duplicate_of": other}
    desk.say("duplicate", "Edi", **pair)
    desk.say("not_duplicate", "Esti", **pair)
    desk.say("registered", "Koko", agency="bawaslu", reference="1/2019")
    desk.say("closed")
    assert desk.did() == [
        ("Edi", "editor", "classify"),
        ("Edi", "editor", "pair"),
        ("Esti", "editor", "unpair"),
        ("Koko", "coordinator", "answer"),
        ("", "machine", "close"),
    ]


def test_whoever_is_let_in_no_longer_says_nothing(desk):
    with desk.resources.db.transaction() as tx:
        people.revoke_person(tx, "Edi", int(NOW))
    for name in ("Edi", "Nobody"):
        with pytest.raises(ConflictError):
            desk.say("verified", name)
    assert desk.word() is None


@pytest.mark.parametrize("seed", range(4))
def test_of_many_hands_each_is_signed_only_if_it_saw_what_stands(desk, seed):
    chance = Random(seed)
    seen, signed = {"Edi": "", "Esti": "", "Koko": ""}, []
    for _ in range(25):
        who = chance.choice(sorted(seen))
        if chance.random() < 0.4:
            seen[who] = "" if desk.word() is None else desk.word().record
            continue
        status = chance.choice(["received", "verified", "unverifiable"])
        word = desk.word()
        stands = "" if word is None else word.record
        try:
            outcome = desk.say(status, who, seen[who])
        except ConflictError:
            assert seen[who] != stands
            assert desk.word() == word
            continue
        is_same = word is not None and word.status.status == status
        assert outcome == ("held" if is_same else "logged")
        assert is_same or seen[who] == stands
        if outcome == "logged":
            signed.append((who, PEOPLE[who], "classify"))
    assert desk.did() == signed


def test_where_it_cannot_be_written_who_it_was_nothing_is_signed(desk, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patched:
        patched.setattr(state, "note_action", fail)
        with pytest.raises(OSError, match="full"):
            desk.say("verified", "Edi")
    assert (desk.word(), desk.did()) == (None, [])
    assert desk.say("verified", "Edi") == "logged"
    assert len(desk.did()) == 1


def test_a_pair_is_the_same_whichever_is_named_first_but_for_its_reason(desk):
    one, other, _ = desk.names
    assert desk.say("duplicate", duplicate_of=other) == "logged"
    assert desk.say("duplicate", report=1, duplicate_of=one) == "held"
    more = {"duplicate_of": one, "reason": "Foto yang sama"}
    assert desk.say("duplicate", report=1, **more) == "logged"


def test_every_state_is_for_somebody_to_say():
    assert {act_of(state) for state in STATES} == {"classify", "refer"}
    assert {state for state in STATES if act_of(state) == "refer"} == {
        *("referred", "registered", "not_registered", "decided", "closed")
    }
