"""The note that tells an agency that two reports are one: once, whatever goes wrong."""

import asyncio
import contextlib
import errno
import itertools
import re

import msgspec
import pytest

from federation.flows.incidents.index import index_all_incidents
from federation.flows.refer.holding import rank_of
from federation.node import couriers, referrals
from federation.records.canonical import convert
from federation.records.referral import Referral
from federation.records.sealed import seal
from federation.store import logs
from federation.store.db import Database
from federation.store.outbox import list_items
from federation.store.papers import PapersFolder
from federation.tlog.merkle import hash_leaf
from tests.fakes import RECORDED_AT, FakeOrg
from tests.homes import ELECTION, make_home, serving
from tests.refer import (
    ask,
    by_mail,
    find_note,
    find_row,
    history,
    is_in,
    make_referring,
    opened,
    put_item,
    sent_from,
    standing,
    write_report,
)
from tests.smtp import Postbox
from tests.waiting import until

OWN = "jagasuara.example"
NUMBER, PAPERS = "7/PL/2019", "ab" * 32


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(referrals, "INTERVAL_S", 0.1)
    monkeypatch.setattr(couriers, "FIRST_WAIT_S", 1)
    monkeypatch.setattr("federation.flows.refer.mail.STEP_S", 0.5)


@pytest.fixture
def home(tmp_path):
    found = make_home(tmp_path)
    make_referring(found)
    return found


def partner_of(incident, *, first):
    """An organisation whose turn comes before ours, or after it."""
    name = f"{incident['org']}/{incident['id']}"
    ours = rank_of(OWN, name, "bawaslu")
    orgs = (f"mitra{number}.example" for number in itertools.count())
    return next(o for o in orgs if (rank_of(o, name, "bawaslu") < ours) is first)


class Told:
    """What a partner says in its log about this report, as we hold it."""

    def __init__(self, home, org, incident):
        self._home, self._org, self._incident, self._count = home, org, incident, 0

    def __call__(self, **members):
        said = {
            "org": self._org,
            "election": ELECTION,
            "recorded_at": RECORDED_AT,
            "incident": self._incident,
            "agency": "bawaslu",
            "way": "email",
            "stage": "sent",
            "dossier": PAPERS,
            **members,
        }
        leaf = seal(convert(said, Referral), FakeOrg(self._org).records)
        with contextlib.closing(Database.open(self._home.data)) as db:
            with db.transaction() as tx:
                origin = f"{self._org}/{ELECTION}/incidents"
                if not self._count:
                    logs.add_log(tx, origin, own=False)
                log = logs.get_log(tx, origin)
                logs.append_leaves(tx, log.id, self._count, [leaf], [hash_leaf(leaf)])
            index_all_incidents(db)
        self._count += 1


@contextlib.asynccontextmanager
async def twice(home, *, first=False, mood="takes"):
    """A report that the agency got from us and from a partner, and its mail server."""
    incident, box = write_report(home), Postbox()
    async with box.open() as port:
        by_mail(home, port, "plain")
        await sent_from(home, incident)
        told = Told(home, partner_of(incident, first=first), incident)
        told(reference=NUMBER, stage="acknowledged")
        box.mood = mood
        yield incident, box, told


async def approve(node, incident, **members):
    await until(is_in(node.home, incident, "prepared", kind="note"))
    digest = find_note(node.home, incident).dossier
    members = {"kind": "note", "dossier": digest, **members}
    return await ask(node, "approve", incident, **members)


def is_there(home, incident, state="sent"):
    return is_in(home, incident, state, kind="note")


async def test_it_is_prepared_looked_at_said_and_sent_once(home):
    async with twice(home) as (incident, box, _), serving(home, alone=True) as node:
        await until(is_there(home, incident, "prepared"))

        async def is_told():
            return "referred-twice" in standing(home)

        await until(is_told)
        assert len(box.messages) == 1
        note = find_note(home, incident)
        text = PapersFolder(home.outbox).load(note.dossier, "note").decode()
        for named in (OWN, "mitra", incident["id"], NUMBER, PAPERS[:16]):
            assert named in text
        # As an officer reads it, who was told nothing of why there are two.
        assert re.search(r"[0-9]{2}:[0-9]{2} WIB,", text)
        assert not re.search(r"[0-9]Z\b|terhubung", text)
        status, said = await approve(node, incident)
        assert (status, said["state"]) == (200, "intended")
        await until(is_there(home, incident))

        async def is_settled():
            return "referred-twice" not in standing(home)

        await until(is_settled)
        assert find_row(home, incident).state == "sent"
        assert history(home, incident).count("referred") == 1
        assert history(home, incident)[-2:] == ["intended", "sent"]
    _, mail = box.mails()
    assert mail.get_body().get_content().split() == text.split()
    assert not [*mail.iter_attachments()]
    assert box.mails()[0]["Message-ID"] != mail["Message-ID"]


async def test_whose_turn_it_is_not_is_told_so_and_may_send_it_for_a_reason(home):
    case = twice(home, first=True)
    async with case as (incident, box, _), serving(home, alone=True) as node:
        status, said = await approve(node, incident)
        assert status == 409
        assert "goes first" in said["detail"]
        assert len(box.messages) == 1
        status, said = await approve(node, incident, anyway="mitra tidak menjawab")
        assert status == 200, said
        await until(is_there(home, incident))
    assert len(box.messages) == 2


async def test_ours_goes_away_when_the_other_one_says_that_the_agency_was_told(home):
    async with twice(home, first=True) as (incident, box, told):
        async with serving(home, alone=True):
            await until(is_there(home, incident, "prepared"))
        told(also_by=[OWN])
        async with serving(home, alone=True):
            await until(is_there(home, incident, "withdrawn"))
            assert "mitra" in find_note(home, incident).answer

            async def is_settled():
                return "referred-twice" not in standing(home)

            await until(is_settled)
    assert len(box.messages) == 1


@pytest.mark.slow
async def test_one_that_is_withdrawn_does_not_come_back_until_somebody_else_went(home):
    async with twice(home) as (incident, _, _):
        async with serving(home, alone=True) as node:
            await until(is_there(home, incident, "prepared"))
            status, _ = await ask(node, "withdraw", incident, kind="note")
            assert status == 200
            await asyncio.sleep(0.5)
            assert find_note(home, incident).state == "withdrawn"
            assert find_row(home, incident).state == "sent"
            # Whoever thinks again may have it once more.
            name = {"incident": incident, "agency": "bawaslu"}
            status, said = await node.post("/v1/control/prepare-note", name)
            assert (status, said["state"]) == (200, "prepared")
            await ask(node, "withdraw", incident, kind="note")
        Told(home, "ketiga.example", incident)()
        async with serving(home, alone=True):
            await until(is_there(home, incident, "prepared"))
            assert "ketiga.example" in find_note(home, incident).also_by


@pytest.mark.slow
@pytest.mark.parametrize("mood", ["rcpt-later", "dot-later"])
async def test_what_is_not_taken_now_comes_later_and_once(home, mood):
    async with twice(home, mood=mood) as (incident, box, _):
        async with serving(home, alone=True) as node:
            await approve(node, incident)

            async def is_tried():
                return bool(find_note(home, incident).answer)

            await until(is_tried)
            assert find_note(home, incident).state == "intended"
        box.mood = "takes"
        async with serving(home, alone=True):
            await until(is_there(home, incident))
    assert len(box.messages) == 2
    assert "kedua kalinya" not in box.mails()[1].get_body().get_content()


async def test_what_is_refused_for_good_is_shown_and_drawn_anew_by_a_person(home):
    case = twice(home, mood="rcpt-never")
    async with case as (incident, box, _), serving(home, alone=True) as node:
        await approve(node, incident)
        await until(is_there(home, incident, "failed"))

        async def is_shown():
            return {"referral-failed", "referred-twice"} <= standing(home)

        await until(is_shown)
        box.mood = "takes"
        name = {"incident": incident, "agency": "bawaslu"}
        status, said = await node.post("/v1/control/prepare-note", name)
        assert (status, said["state"]) == (200, "prepared")
        await approve(node, incident)
        await until(is_there(home, incident))
    assert len(box.messages) == 2


@pytest.mark.slow
@pytest.mark.parametrize("how", ["no answer", "killed"])
async def test_what_may_have_arrived_is_asked_about(home, how):
    mood = "takes-and-cuts" if how == "no answer" else "hangs-at-mail"
    async with twice(home, mood=mood) as (incident, box, _):
        async with serving(home, alone=True) as node:
            await approve(node, incident)
            if how == "no answer":
                await until(is_there(home, incident, "unsure"))
        if how == "killed":
            # As a process leaves it that is killed while the bytes are on the wire.
            note = msgspec.structs.replace(
                find_note(home, incident), state="sending", tries=1, due=""
            )
            put_item(home, note)
        box.mood = "takes"
        count = len(box.messages)
        async with serving(home, alone=True) as node:
            await until(is_there(home, incident, "unsure"))

            async def is_shown():
                return "referral-unsure" in standing(home)

            await until(is_shown)
            status, _ = await ask(
                node, "resolve", incident, kind="note", was_sent=False
            )
            assert status == 200
            await until(is_there(home, incident))
            assert len(box.messages) == count + 1
    last = box.mails()[-1].get_body().get_content()
    assert "kedua kalinya" in last


async def test_of_two_coordinators_at_once_one_approves(home):
    async with twice(home) as (incident, box, _), serving(home, alone=True) as node:
        await until(is_there(home, incident, "prepared"))
        answers = await asyncio.gather(*(approve_now(node, incident) for _ in range(4)))
        assert sorted(status for status, _ in answers) == [200, 409, 409, 409]
        await until(is_there(home, incident))
    assert len(box.messages) == 2


async def approve_now(node, incident):
    digest = find_note(node.home, incident).dossier
    return await ask(node, "approve", incident, kind="note", dossier=digest)


async def test_on_a_full_disk_it_is_drawn_when_there_is_room(home, monkeypatch):
    async with twice(home) as (incident, _, _):
        with monkeypatch.context() as patch:

            def full(*_):
                raise OSError(errno.ENOSPC, "full", str(home.outbox))

            patch.setattr(PapersFolder, "save", full)
            async with serving(home, alone=True):
                await asyncio.sleep(0.5)
                assert find_note(home, incident) is None
        async with serving(home, alone=True):
            await until(is_there(home, incident, "prepared"))


async def test_a_note_that_is_not_what_was_written_does_not_go(home):
    async with twice(home) as (incident, box, _), serving(home, alone=True) as node:
        await until(is_there(home, incident, "prepared"))
        digest = find_note(home, incident).dossier
        path = PapersFolder(home.outbox).path(digest, "note")
        path.write_bytes(path.read_bytes() + b" ")
        status, _ = await approve(node, incident)
        assert status != 200
        # Whoever asks for it has it as it was.
        name = {"incident": incident, "agency": "bawaslu"}
        status, said = await node.post("/v1/control/prepare-note", name)
        assert (status, said["dossier"]) == (200, digest)
        status, _ = await approve(node, incident)
        assert status == 200
        await until(is_there(home, incident))
    assert len(box.messages) == 2


async def test_it_is_brought_by_hand_only_where_there_is_one(home):
    async with twice(home) as (incident, box, _), serving(home, alone=True) as node:
        body = {"kind": "note", "reference": "8/PL/2019"}
        status, _ = await ask(node, "hand-over", incident, "gakkumdu", **body)
        assert status == 404
        await until(is_there(home, incident, "prepared"))
        status, said = await ask(node, "hand-over", incident, **body)
        assert (status, said["state"]) == (200, "acknowledged")
        assert find_row(home, incident).reference == ""
    assert len(box.messages) == 1


async def test_a_note_holds_no_report_back_and_is_none(home):
    incident = write_report(home)
    told = Told(home, "mitra.example", incident)
    told(also_by=["ketiga.example"])
    box = Postbox()
    async with box.open() as port:
        by_mail(home, port, "plain")
        await sent_from(home, incident)
    assert len(box.messages) == 1
    with opened(home) as view:
        assert [one.kind for one in list_items(view)] == ["dossier"]
