"""Reports by e-mail: what is sent, how often, and what is shown, for each fault."""

import errno
import hashlib

import pytest
from cryptography.hazmat.primitives import serialization

from federation.config.settings import load_settings
from federation.flows.refer import mail as mailing
from federation.node import couriers, referrals
from federation.store.trymark import TryMark
from tests.certificates import Authority
from tests.homes import make_home, serving
from tests.refer import (
    PAPERS,
    all_said,
    ask,
    by_mail,
    find_row,
    history,
    is_in,
    make_referring,
    send,
    standing,
    tried,
    write_report,
)
from tests.smtp import Postbox
from tests.waiting import until


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(referrals, "INTERVAL_S", 0.1)
    monkeypatch.setattr(mailing, "STEP_S", 0.5)
    monkeypatch.setattr(couriers, "FIRST_WAIT_S", 1)


@pytest.fixture
def authority(tmp_path):
    folder = tmp_path / "certificates"
    folder.mkdir()
    return Authority(folder)


@pytest.fixture
def home(tmp_path, authority):
    found = make_home(tmp_path)
    make_referring(found)
    pem = authority.certificate.public_bytes(serialization.Encoding.PEM)
    (found.folder / "ca.pem").write_bytes(pem)
    return found


TRUSTED = 'ca_file = "ca.pem"\n'


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_it_is_sent_once_under_tls_and_says_what_it_is(home, authority, security):
    incident = write_report(home)
    box = Postbox(authority.server(), implicit=security == "tls")
    (home.keys / "mail.password").touch(0o600)
    (home.keys / "mail.password").write_text("secret\n")
    async with box.open() as port:
        by_mail(
            home,
            port,
            security,
            TRUSTED + 'user = "u"\npassword_file = "keys/mail.password"\n',
        )
        async with serving(home, alone=True) as node:
            await send(node, incident, formal="initial")
            await until(is_in(home, incident, "sent"))
    [mail] = box.mails()
    digest = hashlib.sha256(PAPERS).hexdigest()
    assert digest[:16] in mail["Subject"]
    assert "nformasi awal" in mail["Subject"]
    assert mail["To"] == "lapor@bawaslu.example"
    [papers] = mail.iter_attachments()
    assert papers.get_content() == PAPERS
    assert digest in mail.get_body().get_content()
    assert history(home, incident) == ["report", "intended", "sent", "referred"]
    assert find_row(home, incident).tries == 1
    assert "AUTH" in box.commands


@pytest.mark.slow
@pytest.mark.parametrize("mood", ["rcpt-later", "dot-later", "hangs-at-mail"])
async def test_what_is_not_taken_now_is_tried_again_and_comes_once(home, mood):
    incident = write_report(home)
    box = Postbox()
    box.mood = mood
    async with box.open() as port:
        by_mail(home, port, "plain")
        async with serving(home, alone=True) as node:
            await send(node, incident)
            await until(tried(home, incident))
            row = find_row(home, incident)
            assert (row.state, box.messages) == ("intended", [])
            assert row.next_at > row.approved_at
        # Also by a node that was started anew.
        box.mood = "takes"
        async with serving(home, alone=True):
            await until(is_in(home, incident, "sent"))
    assert len(box.messages) == 1


@pytest.mark.parametrize("mood", ["rcpt-never", "mail-never", "dot-never"])
async def test_what_is_refused_for_good_is_not_tried_again_and_is_shown(home, mood):
    incident = write_report(home)
    box = Postbox()
    box.mood = mood
    async with box.open() as port:
        by_mail(home, port, "plain")
        async with serving(home, alone=True) as node:
            await send(node, incident)
            await until(is_in(home, incident, "failed"))

            async def shown():
                return "referral-failed" in standing(home)

            await until(shown)
            count = len(box.commands)
            assert history(home, incident)[-1] == "failed"
            assert find_row(home, incident).answer.startswith("55")
            # Mended, it is prepared anew, and the alarm goes.
            box.mood = "takes"
            await send(node, incident)
            await until(is_in(home, incident, "sent"))
            assert len(box.commands) > count
    assert len(box.messages) == 1


@pytest.mark.slow
@pytest.mark.parametrize("mood", ["hangs-at-dot", "cuts-at-dot", "takes-and-cuts"])
async def test_what_may_have_arrived_is_not_sent_again_blindly(home, mood):
    incident = write_report(home)
    box = Postbox()
    box.mood = mood
    async with box.open() as port:
        by_mail(home, port, "plain")
        async with serving(home, alone=True) as node:
            await send(node, incident)
            await until(is_in(home, incident, "unsure"))

            async def shown():
                return "referral-unsure" in standing(home)

            await until(shown)
            count = len(box.commands)
            box.mood = "takes"
        async with serving(home, alone=True) as node:
            await until(is_in(home, incident, "unsure"))
            assert len(box.commands) == count
            if mood == "takes-and-cuts":
                status, said = await ask(node, "resolve", incident, was_sent=True)
                assert (status, said["state"], said["due"]) == (200, "sent", "")
                assert len(box.messages) == 1
            else:
                status, _ = await ask(node, "resolve", incident, was_sent=False)
                assert status == 200
                await until(is_in(home, incident, "sent"))
                [mail] = box.mails()
                assert "kedua kalinya" in mail.get_body().get_content()
            status, _ = await ask(node, "resolve", incident, was_sent=False)
            assert status == 409


async def test_one_that_is_sent_again_has_the_number_of_the_first(home):
    incident = write_report(home)
    box = Postbox()
    box.mood = "takes-and-cuts"
    async with box.open() as port:
        by_mail(home, port, "plain")
        async with serving(home, alone=True) as node:
            await send(node, incident)
            await until(is_in(home, incident, "unsure"))
            box.mood = "takes"
            await ask(node, "resolve", incident, was_sent=False)
            await until(is_in(home, incident, "sent"))
    first, second = box.mails()
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Subject"] == second["Subject"]
    assert find_row(home, incident).tries == 2
    assert history(home, incident).count("intended") == 2
    # Partners read that the agency may have both, and under which number.
    said = [one for one in all_said(home, incident) if "stage" in one]
    assert [one.get("again") for one in said] == [None, 1, 1]
    assert len({one["dossier"] for one in said}) == 1


async def test_a_certificate_of_somebody_else_gets_nothing(home, authority):
    incident = write_report(home)
    box = Postbox(authority.server(is_self_signed=True))
    async with box.open() as port:
        by_mail(home, port, "starttls", TRUSTED)
        async with serving(home, alone=True) as node:
            await send(node, incident)
            await until(tried(home, incident))
    assert find_row(home, incident).answer.startswith("the connection to the mail")
    assert "MAIL" not in box.commands


async def test_nothing_leaves_that_no_mark_outside_of_the_database_tells(
    home, monkeypatch
):
    incident = write_report(home)
    box, write = Postbox(), TryMark.write

    def full(mark, said):
        if b"refer-try" in said:
            raise OSError(errno.ENOSPC, "full", "tried")
        write(mark, said)

    monkeypatch.setattr(TryMark, "write", full)
    async with box.open() as port:
        by_mail(home, port, "plain")
        async with serving(home, alone=True) as node:
            await send(node, incident)
            await until(tried(home, incident))
            assert find_row(home, incident).state == "intended"
            assert box.messages == []
            monkeypatch.setattr(TryMark, "write", write)
            await until(is_in(home, incident, "sent"))
    assert len(box.messages) == 1


@pytest.mark.slow
async def test_on_a_full_disk_nothing_leaves(home, monkeypatch):
    incident = write_report(home)
    box = Postbox()

    def full(*_):
        raise OSError(errno.ENOSPC, "full", str(home.data))

    async with box.open() as port:
        by_mail(home, port, "plain")
        async with serving(home, alone=True) as node:
            with monkeypatch.context() as patch:
                patch.setattr("federation.flows.refer.sending.begin_try", full)
                await send(node, incident)
                await until(tried(home, incident))
                assert box.messages == []
            await until(is_in(home, incident, "sent"))
    assert len(box.messages) == 1


async def test_an_answer_that_no_disk_takes_is_written_when_one_does(home, monkeypatch):
    incident = write_report(home)
    box = Postbox()
    end_try, failed = couriers.steps.end_try, []

    def full_at_first(*given):
        if len(failed) < 2:
            failed.append(given)
            raise OSError(errno.ENOSPC, "full", str(home.data))
        return end_try(*given)

    monkeypatch.setattr(couriers, "_AGAIN_S", 0.1)
    monkeypatch.setattr("federation.flows.refer.sending.end_try", full_at_first)
    async with box.open() as port:
        by_mail(home, port, "plain")
        async with serving(home, alone=True) as node:
            await send(node, incident)
            await until(is_in(home, incident, "sent"))
    assert len(failed) == 2
    assert len(box.messages) == 1


async def test_one_that_was_withdrawn_while_the_server_was_asked_stays(home):
    incident = write_report(home)
    box = Postbox()
    box.mood = "rcpt-later"
    async with box.open() as port:
        by_mail(home, port, "plain")
        async with serving(home, alone=True) as node:
            await send(node, incident)
            await until(tried(home, incident))
            status, _ = await ask(node, "withdraw", incident)
            assert status == 200
            box.mood = "takes"
            await node.get("/livez")
        async with serving(home, alone=True):
            await until(is_in(home, incident, "withdrawn"))
    assert box.messages == []


def test_without_tls_only_this_machine_is_used(home):
    by_mail(home, 25, "plain")
    assert load_settings(home.settings).mail.security == "plain"
    home.settings.write_text(
        home.settings.read_text().replace(
            'host = "127.0.0.1"\ns', 'host = "a.example"\ns'
        )
    )
    with pytest.raises(Exception, match=r"mail\.security"):
        load_settings(home.settings)
