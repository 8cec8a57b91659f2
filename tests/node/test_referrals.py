"""Reports on their way to agencies: approved once, said first, held back for others."""

import asyncio
import contextlib
import shutil
import time

import msgspec
import pytest

from federation.cli import run
from federation.cli.output import Output
from federation.errors import FormatError
from federation.node import referrals
from federation.store.db import Database
from federation.store.outbox import save_item
from federation.store.papers import PapersFolder
from federation.text import Text
from tests.homes import add_peer, make_home, serving
from tests.refer import (
    PAPERS,
    ask,
    by_mail,
    find_known,
    find_row,
    forget_items,
    history,
    make_referring,
    standing,
    write_report,
    write_reports,
)
from tests.smtp import Postbox
from tests.waiting import until

OTHER = b"%PDF-1.4\nothers\n%%EOF\n"


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


def keep(home, data=PAPERS):
    return PapersFolder(home.outbox).save(data)


async def prepare(node, incident, **members):
    members = {"way": "by-hand", "dossier": keep(node.home), **members}
    status, said = await ask(node, "prepare", incident, **members)
    assert status == 200, said
    return said


async def approve(node, incident, **members):
    members = {"dossier": keep(node.home), **members}
    return await ask(node, "approve", incident, **members)


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


@pytest.fixture
def two(tmp_path):
    ours = make_home(tmp_path)
    theirs = make_home(tmp_path, "kawalpemilu.example")
    for home, other in ((ours, theirs), (theirs, ours)):
        make_referring(home)
        add_peer(home, other)
        with home.peers.open("a") as peers:
            peers.write('logs = ["incidents"]\n')
    return ours, theirs


async def listening(home, other_home, url):
    text = home.peers.read_text()
    home.peers.write_text(text + f'url = "{url}"\nallow_private = true\n')


@pytest.mark.slow
async def test_whoever_comes_second_is_told_by_whom_when_and_under_which_number(two):
    ours, theirs = two
    incident = write_report(theirs)
    async with serving(theirs, alone=True) as b:
        await listening(ours, theirs, b.url)
        async with serving(ours, alone=True) as a:
            await listening(theirs, ours, a.url)

            async def here():
                status, _ = await ask(
                    *(a, "prepare", incident), way="by-hand", dossier=keep(ours)
                )
                return status == 200

            await until(here)
            status, _ = await ask(b, "hand-over", incident, reference="7/PL/2019")
            assert status == 200

            async def is_held():
                status, said = await approve(a, incident)
                if status == 200:
                    await ask(a, "withdraw", incident)
                    await prepare(a, incident)
                return status == 409 and "7/PL/2019" in said["detail"]

            await until(is_held)
            _, said = await approve(a, incident)
            assert "kawalpemilu.example" in said["detail"]
            status, said = await approve(a, incident, anyway="lain berkas")
            assert (status, said["anyway"]) == (200, "lain berkas")
            await ask(a, "hand-over", incident, reference="8/PL/2019")

            async def both_know():
                return all("referred-twice" in standing(one) for one in two)

            await until(both_know)


async def heard(home, other_home, incident):
    """The other one's report came here."""

    async def here():
        return find_known(home, incident)

    await until(here)


@contextlib.asynccontextmanager
async def connected(two):
    """Two nodes that hear each other from now on, until the end of the block."""
    ours, theirs = two
    async with serving(theirs, alone=True) as b:
        await listening(ours, theirs, b.url)
        async with serving(ours, alone=True) as a:
            await listening(theirs, ours, a.url)
            yield a, b


async def send(node, incident, data):
    given = {"way": "email", "dossier": keep(node.home, data)}
    status, said = await ask(node, "prepare", incident, **given)
    assert status == 200, said
    status, said = await ask(node, "approve", incident, dossier=given["dossier"])
    assert status == 200, said


@pytest.mark.slow
async def test_of_two_who_mean_to_at_once_one_goes_and_the_other_gives_way(two):
    ours, theirs = two
    incident = write_report(theirs)
    box = Postbox()
    async with box.open() as port:
        for home in two:
            by_mail(home, port, "plain")
            text = home.settings.read_text()
            home.settings.write_text(text.replace("hold_s = 0", "hold_s = 4"))
        async with connected(two) as nodes:
            await heard(ours, theirs, incident)
            await asyncio.gather(
                *(
                    send(node, incident, OTHER[:-1] + bytes([48 + n]))
                    for n, node in enumerate(nodes)
                )
            )

            async def both_ended():
                states = {find_row(home, incident).state for home in two}
                return states == {"sent", "withdrawn"}

            await until(both_ended)
    assert len(box.messages) == 1
    [gave_way] = [h for h in two if find_row(h, incident).state == "withdrawn"]
    [went] = [h for h in two if h is not gave_way]
    assert went.folder.name in find_row(gave_way, incident).answer


@pytest.mark.slow
async def test_cut_off_from_each_other_both_go_and_both_are_told_and_linked(
    two, tmp_path
):
    ours, theirs = two
    incident = write_report(theirs)
    box = Postbox()
    async with box.open() as port:
        for home in two:
            by_mail(home, port, "plain")
        async with connected(two):
            await heard(ours, theirs, incident)
        for home in two:
            peers = home.peers.read_text().partition('\nurl = "http://127.')[0] + "\n"
            home.peers.write_text(peers)
        for number, home in enumerate(two):
            async with serving(home, alone=True) as node:
                await send(node, incident, OTHER[:-1] + bytes([48 + number]))

                async def is_there(home=home):
                    row = find_row(home, incident)
                    return row.state == "sent" and not row.due

                await until(is_there)
        assert len(box.messages) == 2
        async with connected(two):

            async def both_know():
                return all("referred-twice" in standing(home) for home in two)

            await until(both_know)
    assert len(box.messages) == 2
    for home, other in ((ours, theirs), (theirs, ours)):
        out = tmp_path / f"{home.folder.name}.txt"
        name = f"{incident['org']}/{incident['id']}"
        words = ["refer", "note", name, "--agency", "bawaslu", "--out", str(out)]
        words += ["--home", str(home.folder), "--json"]
        assert await asyncio.to_thread(run, words, Output(Text("en"))) == 0
        note = out.read_text()
        for one in (home, other):
            assert one.folder.name in note
            assert find_row(one, incident).dossier[:16] in note


async def test_a_database_that_forgot_it_believes_the_log(home, incident):
    async with serving(home, alone=True) as node:
        await ask(node, "hand-over", incident, reference="7/PL")
    forget_items(home)
    async with serving(home, alone=True) as node:
        await prepare(node, incident)
        status, said = await approve(node, incident)
        assert status == 409
        assert "7/PL" in said["detail"]


async def test_papers_are_gone_when_nobody_waits_for_them(home, incident, monkeypatch):
    monkeypatch.setattr(referrals, "_FRESH_S", -3_600.0)
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


async def test_one_that_cannot_be_said_holds_up_no_other(home, monkeypatch):
    first, second = write_reports(home, 2)
    say = referrals.steps.say

    def closed(db, guard, log, name, *given, **more):
        if name.endswith(first["id"]):
            raise FormatError("closed")
        return say(db, guard, log, name, *given, **more)

    monkeypatch.setattr("federation.flows.refer.outbox.say", closed)
    async with serving(home, alone=True) as node:
        for incident in (first, second):
            status, _ = await ask(node, "hand-over", incident, reference="7/PL")
            assert status == 200
        assert find_row(home, first).due == "acknowledged"
        assert find_row(home, second).due == ""
        monkeypatch.setattr("federation.flows.refer.outbox.say", say)

        async def is_said():
            return not find_row(home, first).due

        await until(is_said)
    assert history(home, first)[-2:] == ["acknowledged", "referred"]


# What a copy of the database does not know.


async def sent_from(home, incident, *, state="sent"):
    async with serving(home, alone=True) as node:
        given = {"way": "email", "dossier": keep(home)}
        status, said = await ask(node, "prepare", incident, **given)
        assert status == 200, said
        status, said = await approve(node, incident)
        assert status == 200, said

        async def is_there():
            row = find_row(home, incident)
            return row.state == state and not row.due

        await until(is_there)


def copy(source, target):
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["data", "all"])
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
        copy(folder, saved)
        box.mood = "takes"
        # It is taken, and our log has not said so when the copy is put back.
        with monkeypatch.context() as patch:

            def unsaid(*_, **__):
                raise FormatError("not now")

            patch.setattr("federation.flows.refer.outbox.say", unsaid)
            async with serving(home, alone=True):

                async def is_sent():
                    return find_row(home, incident).state == "sent"

                await until(is_sent)
        copy(saved, folder)
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
        with contextlib.closing(Database.open(home.data)) as db, db.transaction() as tx:
            save_item(tx, old)
        async with serving(home, alone=True) as node:
            await ask(node, "resolve", incident, was_sent=False)

            async def is_believed():
                row = find_row(home, incident)
                return row.state == "sent" and not row.due

            await until(is_believed)
        assert len(box.messages) == 1
        assert history(home, incident)[-1] in {"sent", "referred"}


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
    say = referrals.steps.say

    def later(db, guard, log, name, agency, now, **more):
        return say(db, guard, log, name, agency, now + 1_000, **more)

    monkeypatch.setattr("federation.flows.refer.outbox.say", later)
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
