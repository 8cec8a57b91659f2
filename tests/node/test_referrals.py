"""Reports on their way to agencies: approved once, said first, held back for others."""

import asyncio
import time

import pytest

from federation.errors import FormatError
from federation.node import referrals
from federation.store.papers import PapersFolder
from tests.homes import make_home, serving
from tests.refer import (
    OTHER,
    PAPERS,
    approve,
    ask,
    by_mail,
    find_row,
    history,
    keep,
    make_referring,
    prepare,
    send,
    sent_from,
    standing,
    write_report,
    write_reports,
)
from tests.smtp import Postbox
from tests.waiting import until


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Turns that do not wait for five seconds."""
    monkeypatch.setattr(referrals, "INTERVAL_S", 0.2)


@pytest.fixture
def home(tmp_path):
    found = make_home(tmp_path)
    make_referring(found)
    return found


@pytest.fixture
def incident(home):
    return write_report(home)


async def test_it_is_said_before_it_goes_and_the_number_is_kept(home, incident):
    async with serving(home, alone=True) as node:
        said = await prepare(node, incident)
        assert (said["state"], said["due"]) == ("prepared", "")
        status, said = await approve(node, incident)
        assert (status, said["state"], said["due"]) == (200, "intended", "")
        status, said = await ask(node, "hand-over", incident, reference="12/PL/2019")
        assert (status, said["state"], said["due"]) == (200, "acknowledged", "")
        assert history(node.home, incident) == [
            *("report", "intended", "acknowledged", "referred")
        ]
        status, again = await ask(node, "hand-over", incident, reference="12/PL/2019")
        assert (status, again) == (200, said)


async def test_nothing_goes_before_exactly_these_papers_were_approved(home, incident):
    async with serving(home, alone=True) as node:
        status, said = await approve(node, incident)
        assert (status, said["code"]) == (404, "not-found")
        await prepare(node, incident)
        status, said = await approve(node, incident, dossier=keep(home, OTHER))
        assert status == 409
        assert "not the papers" in said["detail"]
        path = PapersFolder(home.outbox).path(keep(home))
        path.write_bytes(PAPERS + b" ")
        status, _ = await ask(node, "approve", incident, dossier=path.stem)
        assert status != 200
        assert history(node.home, incident) == ["report"]


async def test_of_two_coordinators_at_once_one_approves(home, incident):
    async with serving(home, alone=True) as node:
        await prepare(node, incident)
        answers = await asyncio.gather(*(approve(node, incident) for _ in range(5)))
        assert sorted(status for status, _ in answers) == [200] + [409] * 4
        refused = next(said for status, said in answers if status == 409)
        assert "approved, on its way" in refused["detail"]
        assert history(node.home, incident).count("intended") == 1


async def test_only_a_coordinator_approves_and_who_is_not_let_in_does_not(
    home, incident
):
    async with serving(home, alone=True) as node:
        await prepare(node, incident)
        status, said = await approve(node, incident, person="nobody")
        assert (status, said["code"]) == (404, "not-found")
        assert history(node.home, incident) == ["report"]


async def test_a_number_that_tells_of_a_person_is_not_signed(home, incident):
    async with serving(home, alone=True) as node:
        body = {"reference": "Bapak Sutrisno 0812-3456-7890"}
        status, _ = await ask(node, "hand-over", incident, **body)
        assert status == 400
        assert history(node.home, incident) == ["report"]


@pytest.mark.slow
async def test_an_intention_ends_by_itself_and_somebody_may_begin_anew(home, incident):
    home.settings.write_text(
        home.settings.read_text().replace("# expires_h = 48", "expires_h = 1")
    )
    async with serving(home, alone=True) as node:
        await prepare(node, incident)
        await approve(node, incident)
    with pytest.MonkeyPatch.context() as patch:
        now = referrals.Referrals._now
        patch.setattr(referrals.Referrals, "_now", lambda self: now(self) + 3_601)
        async with serving(home, alone=True) as node:

            async def is_over():
                return "referral-failed" in standing(home)

            await until(is_over)
            assert history(home, incident)[-1] == "expired"
    async with serving(home, alone=True) as node:
        await prepare(node, incident)


async def test_one_that_does_not_go_after_all_frees_the_others(home, incident):
    async with serving(home, alone=True) as node:
        await prepare(node, incident)
        await approve(node, incident)
        status, said = await ask(node, "withdraw", incident)
        assert (status, said["state"]) == (200, "withdrawn")
        assert history(node.home, incident)[-1] == "withdrawn"
        status, _ = await ask(node, "withdraw", incident)
        assert status == 409


async def test_one_that_cannot_be_said_holds_up_no_other(home, monkeypatch):
    first, second = write_reports(home, 2)
    say = referrals.saying.say

    def closed(db, guard, log, name, *given, **more):
        if name.endswith(first["id"]):
            raise FormatError("closed")
        return say(db, guard, log, name, *given, **more)

    monkeypatch.setattr("federation.flows.refer.saying.say", closed)
    async with serving(home, alone=True) as node:
        for incident in (first, second):
            status, _ = await ask(node, "hand-over", incident, reference="7/PL")
            assert status == 200
        assert find_row(home, first).due == "acknowledged"
        assert find_row(home, second).due == ""
        monkeypatch.setattr("federation.flows.refer.saying.say", say)

        async def is_said():
            return not find_row(home, first).due

        await until(is_said)
    assert history(home, first)[-2:] == ["acknowledged", "referred"]


@pytest.fixture
def joined(home):
    """Two reports of ours that we hold to be one."""
    return write_reports(home, 2)


async def join(node, one, other):
    body = {"incident": one, "status": "duplicate", "duplicate_of": other}
    status, said = await node.post("/v1/control/incident-status", body)
    assert status == 200, said


async def test_of_two_of_our_own_that_are_one_the_second_is_held_back(home, joined):
    first, second = joined
    home.settings.write_text(
        home.settings.read_text().replace("hold_s = 0", "hold_s = 60")
    )
    async with serving(home, alone=True) as node:
        await join(node, first, second)
        for one in joined:
            await prepare(node, one)
        status, _ = await approve(node, first)
        assert status == 200
        status, said = await approve(node, second)
        assert status == 409
        assert first["id"] in said["detail"]


@pytest.mark.slow
async def test_joined_after_they_were_approved_one_goes_and_the_other_is_told_of(
    home, joined
):
    home.settings.write_text(
        home.settings.read_text().replace("hold_s = 0", "hold_s = 2")
    )
    box = Postbox()
    async with box.open() as port:
        by_mail(home, port, "plain")
        async with serving(home, alone=True) as node:
            for number, one in enumerate(joined):
                await send(node, one, OTHER[:-1] + bytes([48 + number]))
            await join(node, *joined)

            async def both_ended():
                states = {find_row(home, one).state for one in joined}
                return states == {"sent", "withdrawn"}

            await until(both_ended)
            assert "referral-gave-way" in standing(home)
            [held] = [one for one in joined if find_row(home, one).state == "withdrawn"]
            assert "acknowledged" not in history(home, held)
            assert "sent" not in history(home, held)
            await prepare(node, held)

            async def is_cleared():
                return "referral-gave-way" not in standing(home)

            await until(is_cleared)
    assert len(box.messages) == 1


async def test_partners_have_their_time_from_when_it_was_said(
    home, incident, monkeypatch
):
    home.settings.write_text(
        home.settings.read_text().replace("hold_s = 0", "hold_s = 60")
    )
    say = referrals.saying.say

    def later(db, guard, log, name, agency, now, **more):
        return say(db, guard, log, name, agency, now + 1_000, **more)

    monkeypatch.setattr("federation.flows.refer.saying.say", later)
    async with serving(home, alone=True) as node:
        await prepare(node, incident)
        await approve(node, incident)
        row = find_row(home, incident)
        assert row.next_at >= row.approved_at + 1_060


async def test_what_expires_while_the_server_is_asked_does_not_go(home, incident):
    box = Postbox()
    async with box.open() as port:
        by_mail(home, port, "plain")
        async with serving(home, alone=True) as node:
            with pytest.MonkeyPatch.context() as patch:
                late = "federation.node.couriers.Courier._now"
                patch.setattr(late, lambda _: int(time.time()) + 60 * 86_400)
                await send(node, incident, PAPERS)

                async def is_asked():
                    return "RCPT" in box.commands

                await until(is_asked)
                await asyncio.sleep(0.3)
                assert find_row(home, incident).state == "intended"
    assert box.messages == []


@pytest.mark.parametrize(("heard_s", "asked"), [(60.0, [0]), (-1.0, [0, 1])])
async def test_partners_are_asked_once_for_all_that_go_then_unless_it_takes_long(
    home, joined, monkeypatch, heard_s, asked
):
    box, seen = Postbox(), []

    async def ask_partners(self, within_s):
        assert within_s <= 10
        seen.append(len(box.messages))

    monkeypatch.setattr("federation.node.node.Node.ask_partners", ask_partners)
    monkeypatch.setattr(referrals, "_HEARD_S", heard_s)
    async with box.open() as port:
        by_mail(home, port, "plain")
        async with serving(home, alone=True) as node:
            with monkeypatch.context() as patch:
                # Both are due in one turn.
                patch.setattr(referrals.Referrals, "_is_due", lambda *_: False)
                for number, one in enumerate(joined):
                    await send(node, one, OTHER[:-1] + bytes([48 + number]))

            async def both():
                return len(box.messages) == 2

            await until(both)
    assert seen == asked


async def test_by_hand_does_not_end_what_nobody_is_sure_about(home, incident):
    box = Postbox()
    box.mood = "takes-and-cuts"
    async with box.open() as port:
        by_mail(home, port, "plain")
        await sent_from(home, incident, state="unsure")
        async with serving(home, alone=True) as node:
            for body in ({}, {"reference": "7/PL"}):
                status, said = await ask(node, "hand-over", incident, **body)
                assert status == 409
                assert "refer resolve" in said["detail"]
    assert find_row(home, incident).state == "unsure"
