"""The number that comes with an answer: partners who try the same are told it."""

import time

import msgspec
import pytest

from federation.flows.refer import mail as mailing
from federation.flows.refer.holding import find_holding
from federation.node import referrals
from tests.homes import make_home, serving
from tests.refer import (
    all_said,
    ask,
    by_mail,
    find_row,
    history,
    is_in,
    make_referring,
    opened,
    put_item,
    send,
    write_report,
    write_reports,
)
from tests.smtp import Postbox
from tests.waiting import until

PARTNER = "kawalpemilu.example"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Turns that do not wait for two seconds."""
    monkeypatch.setattr(referrals, "INTERVAL_S", 0.1)


@pytest.fixture
def home(tmp_path):
    found = make_home(tmp_path)
    make_referring(found)
    return found


async def answer(node, incident, number: str | None = "012/LP/2019", **changes):
    """What the command and the page hand in."""
    said = {"status": "registered", "agency": "bawaslu", "reference": number}
    body = {"incident": incident, **said, **changes}
    status, said = await node.post("/v1/control/incident-status", body)
    assert status == 200, said
    return said["outcome"]


def told(home, incident) -> list[tuple[str, str]]:
    """What a partner is told who would take it there, too: the stage, the number."""
    with opened(home) as view:
        name = f"{incident['org']}/{incident['id']}"
        found = find_holding(view, PARTNER, name, "bawaslu", time.time())
    return [(one.stage, one.reference) for one in found]


async def test_a_partner_is_told_the_number_that_came_with_the_answer(home):
    incident = write_report(home)
    async with serving(home, alone=True) as node:
        await ask(node, "hand-over", incident, reference=None)
        assert told(home, incident) == [("sent", "")]
        assert await answer(node, incident) == "logged"
        await until(is_in(home, incident, "acknowledged"))
        assert told(home, incident) == [("acknowledged", "012/LP/2019")]
        assert await answer(node, incident) == "held"
        assert await answer(node, incident, "77/P/2019", status="decided") == "logged"
        await until(is_in(home, incident, "acknowledged"))
        assert told(home, incident) == [("acknowledged", "77/P/2019")]
    row = find_row(home, incident)
    assert (row.state, row.due, row.reference) == ("acknowledged", "", "77/P/2019")
    stages = history(home, incident)
    assert stages[stages.index("registered") :] == [
        "registered",
        "acknowledged",
        "decided",
        "acknowledged",
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"agency": "gakkumdu"},
        {"agency": None},
        {"number": None},
        {"status": "verified", "agency": None},
        {"status": "closed"},
    ],
    ids=str,
)
async def test_what_is_no_answer_of_that_agency_changes_no_number(home, changes):
    incident = write_report(home)
    async with serving(home, alone=True) as node:
        await ask(node, "hand-over", incident, reference=None)
        await answer(node, incident, **changes)
    assert told(home, incident) == [("sent", "")]


async def test_of_what_was_not_taken_there_an_answer_makes_no_referral(home):
    incident = write_report(home)
    async with serving(home, alone=True) as node:
        await answer(node, incident)
    assert told(home, incident) == []
    assert [one for one in all_said(home, incident) if "stage" in one] == []


@pytest.mark.parametrize("state", ["sent", "sending", "unsure"])
async def test_a_process_killed_behind_the_answer_finds_the_number_again(home, state):
    incident = write_report(home)
    async with serving(home, alone=True) as node:
        await ask(node, "hand-over", incident, reference=None)
        row = find_row(home, incident)
        await answer(node, incident)
    put_item(home, msgspec.structs.replace(row, state=state, tries=1))
    async with serving(home, alone=True):
        await until(is_in(home, incident, "acknowledged"))
    assert find_row(home, incident).reference == "012/LP/2019"
    assert told(home, incident) == [("acknowledged", "012/LP/2019")]


@pytest.mark.slow
async def test_no_answer_waits_for_a_mail_server_that_hangs(home, monkeypatch):
    monkeypatch.setattr(mailing, "STEP_S", 3.0)
    first, second = write_reports(home, 2)
    box = Postbox()
    box.mood = "hangs-at-dot"
    async with box.open() as port:
        by_mail(home, port, "plain")
        async with serving(home, alone=True) as node:
            await ask(node, "hand-over", first, reference=None)
            await send(node, second)

            async def hangs():
                return find_row(home, second).state == "sending"

            await until(hangs)
            assert await answer(node, first) == "logged"
            assert find_row(home, second).state == "sending"
            assert find_row(home, first).reference == "012/LP/2019"
    async with serving(home, alone=True):
        await until(is_in(home, first, "acknowledged"))
    assert told(home, first) == [("acknowledged", "012/LP/2019")]
