"""Papers for agencies lie here open: no longer than they have to."""

import asyncio
import os

import pytest

from federation.node import referrals
from federation.store.papers import PapersFolder
from tests.homes import make_home, serving
from tests.refer import (
    OTHER,
    approve,
    ask,
    by_mail,
    find_row,
    history,
    is_in,
    keep,
    make_referring,
    prepare,
    sent_from,
    write_report,
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


async def test_papers_are_gone_when_nobody_waits_for_them(home, incident, monkeypatch):
    monkeypatch.setattr(referrals, "_FRESH_S", -3_600.0)
    monkeypatch.setattr(referrals, "_ENDED_S", -3_600.0)
    async with serving(home, alone=True) as node:
        await prepare(node, incident)
        strange = PapersFolder(home.outbox).path(keep(home, OTHER))

        async def is_gone():
            return not strange.exists()

        await until(is_gone)
        path = PapersFolder(home.outbox).path(find_row(home, incident).dossier)
        assert path.exists()
        assert path.stat().st_mode & 0o777 == 0o600
        await ask(node, "hand-over", incident, reference="7/PL")

        async def is_empty():
            return not list(home.outbox.glob("*.pdf"))

        await until(is_empty)


@pytest.fixture
def late(monkeypatch):
    """Some hours later, for whatever is done by the clock."""
    now = referrals.Referrals._now
    monkeypatch.setattr(referrals, "_ENDED_S", -3_600.0)

    def set_hours(hours):
        ahead = hours * 3_600
        monkeypatch.setattr(referrals.Referrals, "_now", lambda self: now(self) + ahead)

    return set_hours


async def test_papers_that_nobody_approves_lie_here_for_a_day(home, incident, late):
    async with serving(home, alone=True) as node:
        said = await prepare(node, incident)
        path = PapersFolder(home.outbox).path(said["dossier"])
        late(23)
        await asyncio.sleep(0.6)
        assert path.exists()
        late(25)
        await until(is_in(home, incident, "withdrawn"))

        async def is_gone():
            return not path.exists()

        await until(is_gone)
        assert history(home, incident) == ["report"]
        status, said = await approve(node, incident)
        assert status == 409


async def test_papers_of_which_nobody_is_sure_lie_here_as_long_as_they_were_to_go(
    home, incident, late
):
    box = Postbox()
    box.mood = "takes-and-cuts"
    async with box.open() as port:
        by_mail(home, port, "plain")
        await sent_from(home, incident, state="unsure")
        late(49)
        path = PapersFolder(home.outbox).path(find_row(home, incident).dossier)
        async with serving(home, alone=True) as node:

            async def is_gone():
                return not path.exists()

            await until(is_gone)
            status, said = await ask(node, "resolve", incident, was_sent=False)
            assert status == 404
            assert "not here any more" in said["detail"]
            # Handed in again, the very same may go once more.
            assert keep(home) == path.stem
            late(0)
            status, said = await ask(node, "resolve", incident, was_sent=False)
            assert (status, said["again"]) == (200, 1)


async def test_what_did_not_arrive_and_is_not_to_go_is_withdrawn(home, incident):
    box = Postbox()
    box.mood = "takes-and-cuts"
    async with box.open() as port:
        by_mail(home, port, "plain")
        await sent_from(home, incident, state="unsure")
        async with serving(home, alone=True) as node:
            status, said = await ask(node, "withdraw", incident)
            assert (status, said["state"]) == (200, "withdrawn")
            assert history(home, incident)[-1] == "withdrawn"
    assert len(box.messages) == 1


async def test_papers_of_an_attempt_that_ended_can_be_prepared_once_more(
    home, incident, monkeypatch
):
    async with serving(home, alone=True) as node:
        said = await prepare(node, incident)
        path = PapersFolder(home.outbox).path(said["dossier"])
        await ask(node, "withdraw", incident)
        os.utime(path, (1, 1))
        # Swept away between the look at them and the row that says so.
        load = PapersFolder.load

        def vanish(folder, digest, kind="dossier"):
            data = load(folder, digest, kind)
            path.unlink()
            return data

        with monkeypatch.context() as patch:
            patch.setattr(PapersFolder, "load", vanish)
            status, said = await ask(
                *(node, "prepare", incident), way="by-hand", dossier=path.stem
            )
            assert status == 200, said
        assert path.exists()
