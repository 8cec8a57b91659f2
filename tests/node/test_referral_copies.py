"""What a copy of a database, or of a whole home, does not know is not sent again."""

import asyncio
import shutil

import msgspec
import pytest

from federation.errors import FormatError
from federation.node import referrals
from federation.store.folderguard import WRITING_S
from tests.homes import make_home, serving
from tests.refer import (
    PAPERS,
    approve,
    ask,
    by_mail,
    find_row,
    forget_items,
    history,
    is_in,
    make_referring,
    prepare,
    put_item,
    send,
    sent_from,
    standing,
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


async def put_back(saved, target):
    """So much later that a file which takes a freed inode is told by its time."""
    await asyncio.sleep(WRITING_S + 1)
    shutil.rmtree(target)
    shutil.copytree(saved, target)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["all", pytest.param("data", marks=pytest.mark.long)])
async def test_what_was_to_go_in_a_copy_may_have_gone_since_and_is_asked_about(
    home, incident, tmp_path, monkeypatch, what
):
    box, saved = Postbox(), tmp_path / "saved"
    monkeypatch.setattr("federation.node.couriers.FIRST_WAIT_S", 1)
    async with box.open() as port:
        by_mail(home, port, "plain")
        box.mood = "rcpt-later"
        async with serving(home, alone=True) as node:
            await send(node, incident, PAPERS)

            async def is_tried():
                return bool(find_row(home, incident).answer)

            await until(is_tried)
        folder = home.data if what == "data" else home.folder
        shutil.copytree(folder, saved)
        box.mood = "takes"
        # It is taken, and our log has not said so when the copy is put back.
        with monkeypatch.context() as patch:

            def unsaid(*_, **__):
                raise FormatError("not now")

            patch.setattr("federation.flows.refer.saying.say", unsaid)
            async with serving(home, alone=True):

                async def is_sent():
                    return find_row(home, incident).state == "sent"

                await until(is_sent)
        await put_back(saved, folder)
        assert find_row(home, incident).state == "intended"
        async with serving(home, alone=True) as node:

            async def is_unsure():
                return "referral-unsure" in standing(home)

            await until(is_unsure)
            assert find_row(home, incident).state == "unsure"
            assert len(box.messages) == 1
            status, said = await ask(node, "resolve", incident, was_sent=True)
            assert (status, said["state"]) == (200, "sent")
    assert len(box.messages) == 1


async def test_a_node_that_was_only_stopped_doubts_nothing(home, incident):
    box = Postbox()
    box.mood = "rcpt-later"
    async with box.open() as port:
        by_mail(home, port, "plain")
        async with serving(home, alone=True) as node:
            await send(node, incident, PAPERS)
        async with serving(home, alone=True):
            pass
    assert find_row(home, incident).state == "intended"


@pytest.mark.slow
async def test_nothing_is_sent_while_our_log_may_not_be_signed(
    home, incident, monkeypatch
):
    box = Postbox()
    box.mood = "rcpt-later"
    monkeypatch.setattr("federation.node.couriers.FIRST_WAIT_S", 1)
    async with box.open() as port:
        by_mail(home, port, "plain")
        async with serving(home, alone=True) as node:
            await send(node, incident, PAPERS)

            async def is_tried():
                return bool(find_row(home, incident).answer)

            await until(is_tried)
        box.mood = "takes"
        with monkeypatch.context() as patch:
            patch.setattr("federation.node.gate.Gate.reason", lambda *_: "waiting")
            async with serving(home, alone=True):
                await asyncio.sleep(2.5)
            assert box.messages == []
        async with serving(home, alone=True):

            async def is_there():
                return find_row(home, incident).state == "sent"

            await until(is_there)
    assert len(box.messages) == 1


async def test_not_even_anyway_do_the_same_papers_go_twice(home, incident):
    box = Postbox()
    async with box.open() as port:
        by_mail(home, port, "plain")
        await sent_from(home, incident)
        row = find_row(home, incident)
        forget_items(home)
        async with serving(home, alone=True) as node:
            await prepare(node, incident, way="email")
            status, said = await approve(node, incident, anyway="lain perkara")
            assert status == 409
            assert "these very papers" in said["detail"]
        # As a database has it that knows less than its log.
        old = msgspec.structs.replace(row, state="unsure", anyway="lain perkara")
        put_item(home, old)
        async with serving(home, alone=True) as node:
            await ask(node, "resolve", incident, was_sent=False)

            async def is_believed():
                row = find_row(home, incident)
                return row.state == "sent" and not row.due

            await until(is_believed)
        assert len(box.messages) == 1
        assert history(home, incident)[-1] in {"sent", "referred"}


async def test_a_database_that_forgot_it_believes_the_log(home, incident):
    async with serving(home, alone=True) as node:
        await ask(node, "hand-over", incident, reference="7/PL")
    forget_items(home)
    async with serving(home, alone=True) as node:
        await prepare(node, incident)
        status, said = await approve(node, incident)
        assert status == 409
        assert "7/PL" in said["detail"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "mark", ["copied", pytest.param("lost", marks=pytest.mark.long)]
)
async def test_in_a_copied_home_what_was_only_prepared_does_not_go_unasked(
    home, incident, tmp_path, mark
):
    box, saved = Postbox(), tmp_path / "saved"
    async with box.open() as port:
        by_mail(home, port, "plain")
        async with serving(home, alone=True) as node:
            await prepare(node, incident, way="email")
        shutil.copytree(home.folder, saved)
        async with serving(home, alone=True) as node:
            status, _ = await approve(node, incident)
            assert status == 200
            await until(is_in(home, incident, "sent"))
        await put_back(saved, home.folder)
        if mark == "lost":
            (home.guard / "tried").unlink()
        # Again and again, over restarts.
        for _ in range(2):
            async with serving(home, alone=True) as node:
                await prepare(node, incident, way="email")
                status, said = await approve(node, incident)
                assert status == 409
                assert "found to be a copy" in said["detail"]
        assert len(box.messages) == 1
        # What came after it was copied goes as ever.
        await asyncio.sleep(1.1)
        later = write_report(home, ref="QL-99")
        async with serving(home, alone=True) as node:
            await send(node, later)
            await until(is_in(home, later, "sent"))
            # And what somebody has asked about.
            status, said = await approve(node, incident, anyway="lembaga tidak punya")
            assert status == 200, said
            await until(is_in(home, incident, "sent"))
    assert len(box.messages) == 3


async def test_what_our_log_says_is_going_is_not_approved_by_who_forgot_it(
    home, incident
):
    home.settings.write_text(
        home.settings.read_text().replace("hold_s = 0", "hold_s = 600")
    )
    by_mail(home, 9, "plain")
    async with serving(home, alone=True) as node:
        await send(node, incident)
    row = find_row(home, incident)
    # As a database has it that is older than its log.
    put_item(home, msgspec.structs.replace(row, state="prepared"))
    async with serving(home, alone=True) as node:
        status, said = await approve(node, incident)
        assert status == 409
        assert "our own log says" in said["detail"]
    # And one that was approved before the log was whole again.
    changed = {"due": "intended", "expires_at": row.expires_at + 9}
    put_item(home, msgspec.structs.replace(row, **changed))
    async with serving(home, alone=True):
        await until(is_in(home, incident, "unsure"))
    assert history(home, incident) == ["report", "intended"]


async def test_a_node_that_only_prepared_and_was_restarted_is_no_copy(home, incident):
    async with serving(home, alone=True) as node:
        await prepare(node, incident)
    async with serving(home, alone=True) as node:
        status, said = await approve(node, incident)
        assert status == 200, said
