"""Mail of agencies: sealed and told, whatever it says; never signed."""

import asyncio
import base64
import errno
import hashlib
import io
import logging
import time

import aiohttp
import pytest

from federation.cli.output import BUG, CONFLICT, NOT_FOUND, OK, USAGE
from federation.config.settings import load_settings
from federation.flows.refer import received
from federation.flows.refer.mail import message_id
from federation.node import inmail
from federation.node.inmail import sweep_mail
from federation.node.resources import open_resources
from federation.store.actions import read_actions
from federation.store.agencyanswers import drop_answer, list_answers
from federation.store.mailbox import MAX_MAIL, Mailbox
from federation.store.outbox import OutboxItem, save_item
from tests.annexed import give_key, passphrase_file
from tests.cli.filled_home import federation
from tests.contracts.test_annex import found_in
from tests.homes import ELECTION, make_home, serving
from tests.mails import SAID, a_bounce, a_mail
from tests.parts import NO_PARTS
from tests.refer import (
    find_row,
    history,
    is_in,
    make_referring,
    opened,
    standing,
    write_reports,
)
from tests.waiting import until

PATH = "/v1/agency-mail"
RAW = {"Content-Type": "message/rfc822"}
PARTS = {"Content-Type": "multipart/form-data; boundary=x"}
WORDS = ("Roslina", "Sipayung", "diregistrasi", "Bawaslu <lapor")


@pytest.fixture
def home(tmp_path):
    found = make_home(tmp_path)
    make_referring(found)
    give_key(found)
    return found


@pytest.fixture
def reports(home):
    return write_reports(home, 2)


async def make_token(node, scope="mail"):
    body = {"name": f"{scope} provider", "secret": f"{scope:x>40}", "scope": scope}
    status, said = await node.post("/v1/control/add-token", body)
    assert status == 200, said
    return body["secret"]


def hand_over(home, incidents):
    """As if they had been sent by e-mail; the number of each message."""
    items = [
        OutboxItem(
            incident=name_of(one),
            agency="bawaslu",
            election=ELECTION,
            way="email",
            state="sent",
            dossier=hashlib.sha256(one["id"].encode()).hexdigest(),
        )
        for one in incidents
    ]
    with open_resources(home, load_settings(home.settings)) as resources:
        for item in items:
            with resources.db.transaction() as tx:
                save_item(tx, item)
    return [
        message_id(item, one["org"]) for item, one in zip(items, incidents, strict=True)
    ]


async def hand(node, data, token, headers=None, **options):
    """The status and what was answered."""
    fields = {"Authorization": f"Bearer {token}"} | (
        RAW if headers is None else headers
    )
    sent = io.BytesIO(data) if isinstance(data, bytes) else data
    async with (
        aiohttp.ClientSession() as session,
        session.post(node.url + PATH, data=sent, headers=fields, **options) as answer,
    ):
        return answer.status, await answer.json()


def listed(home):
    with opened(home) as view:
        return list_answers(view)


class Sending:
    """A node, its token for mail, and the numbers of what it has sent."""

    def __init__(self, node, token, numbers):
        self.node, self.token, self.numbers = node, token, numbers

    async def hand(self, data, headers=None, **options):
        return await hand(self.node, data, self.token, headers, **options)


@pytest.fixture
async def sending(home, reports):
    numbers = hand_over(home, reports)
    async with serving(home, alone=True) as node:
        yield Sending(node, await make_token(node), numbers)


def name_of(incident):
    return f"{incident['org']}/{incident['id']}"


async def test_a_reply_is_sealed_told_and_signs_nothing(home, reports, sending, caplog):
    caplog.set_level(logging.DEBUG)
    mail = a_mail(in_reply_to=sending.numbers[1])
    status, said = await sending.hand(mail)
    assert (status, said["outcome"]) == (200, "kept")
    [row] = listed(home)
    assert (row.incident, row.agency) == (name_of(reports[1]), "bawaslu")
    assert (row.kind, row.sender, row.done_at) == ("answer", "agency", 0)
    assert received.CAME in standing(home)
    assert history(home, reports[1])[-1] == "report"
    # What it says lies nowhere open: not in a file, a line, an answer.
    files = [path for path in home.folder.rglob("*") if path.is_file()]
    assert any(path.parent.name == "mailbox" for path in files)
    for path in files:
        assert found_in(path.read_bytes(), WORDS) == [], path
    assert found_in(caplog.text.encode(), WORDS) == []
    for path in ("/metrics", "/v1/status"):
        _, body, _ = await sending.node.get(path)
        assert found_in(body, WORDS) == []


async def test_the_same_mail_once_more_is_one(home, sending):
    mail = a_mail(in_reply_to=sending.numbers[0])
    again = b"Received: by another way\r\n" + mail
    answered = [await sending.hand(one) for one in (mail, again, mail)]
    assert [said["outcome"] for _, said in answered] == ["kept", "held", "held"]
    assert len(listed(home)) == 1


async def test_mail_that_answers_nothing_is_kept_and_raises_nothing(home, sending):
    forged = a_mail(in_reply_to="<0011@jagasuara.example>", subject="0" * 16)
    assert (await sending.hand(forged))[0] == 200
    [row] = listed(home)
    assert (row.incident, row.agency, row.sender) == ("", "", "")
    assert received.CAME not in standing(home)


async def test_papers_are_known_by_their_number_in_the_subject(home, reports, sending):
    number = find_row(home, reports[0]).dossier[:16]
    await sending.hand(a_mail(subject=f"Balasan {number}", **{"from": "x@y.example"}))
    [row] = listed(home)
    assert (row.incident, row.sender) == (name_of(reports[0]), "other")


async def test_a_bounce_is_an_alarm_and_changes_nothing(home, reports, sending):
    assert (await sending.hand(a_bounce(sending.numbers[0])))[0] == 200
    [row] = listed(home)
    assert (row.kind, row.incident) == ("bounce", name_of(reports[0]))
    assert received.BOUNCED in standing(home)
    assert received.CAME not in standing(home)
    assert find_row(home, reports[0]).state == "sent"
    assert history(home, reports[0])[-1] == "report"


def in_form(mail, name="email"):
    form = aiohttp.FormData()
    form.add_field("spf", "pass")
    form.add_field("attachment", b"x" * 10_000, filename="a.pdf")
    form.add_field(name, mail.decode())
    return form


async def test_a_form_of_a_provider_holds_the_message_as_it_came(home, sending):
    mail = a_mail(in_reply_to=sending.numbers[0])
    ways = [
        (in_form(mail), {}),
        (in_form(mail, "body-mime"), {}),
        (aiohttp.FormData({"body-mime": mail.decode(), "from": "x"}), {}),
        (mail, {"Content-Type": "application/octet-stream"}),
    ]
    ids = set()
    for data, headers in ways:
        status, said = await sending.hand(data, headers)
        assert status == 200, said
        ids.add(said["id"])
    assert len(ids) == 1


async def test_an_address_can_carry_the_token_as_a_password(sending):
    basic = base64.b64encode(f"mail:{sending.token}".encode()).decode()
    fields = RAW | {"Authorization": f"Basic {basic}"}
    assert (await sending.hand(a_mail(), fields))[0] == 200
    basic = base64.b64encode(b"mail:" + b"x" * 40).decode()
    fields = RAW | {"Authorization": f"Basic {basic}"}
    assert (await sending.hand(a_mail("<3@x>"), fields))[0] == 401


async def test_nobody_else_hands_mail_in_and_its_token_does_nothing_else(sending):
    node = sending.node
    intake = await make_token(node, "intake")
    reports = await make_token(node, "reports")
    assert (await hand(node, a_mail(), "x" * 40))[0] == 401
    for token in (intake, reports):
        assert (await hand(node, a_mail(), token))[0] == 403
    for path in ("/v1/records", "/v1/incidents", "/v1/control/sync"):
        assert (await node.post(path, {}, sending.token))[0] == 403
    fields = {"Authorization": f"Bearer {sending.token}"}
    assert (await node.get("/v1/incidents", headers=fields))[0] == 404
    form = aiohttp.FormData({"api_key": sending.token, "service_code": "politik_uang"})
    async with (
        aiohttp.ClientSession() as session,
        session.post(node.url + "/open311/v2/requests.json", data=form) as answer,
    ):
        assert answer.status == 403


@pytest.mark.parametrize(
    ("data", "headers", "status"),
    [
        (b"x" * (MAX_MAIL + 1), RAW, 413),
        (b"", RAW, 400),
        (b" \n", RAW, 400),
        (b"{}", {"Content-Type": "application/json"}, 415),
        (b"email=", {"Content-Type": "application/x-www-form-urlencoded"}, 400),
        (b"a=b", {"Content-Type": "application/x-www-form-urlencoded"}, 400),
        (b"a&" * 999, {"Content-Type": "application/x-www-form-urlencoded"}, 400),
        (b"--x\r\n", PARTS, 400),
        (b"nothing", {"Content-Type": "multipart/form-data"}, 400),
        *((b"--x\r\n" + part, PARTS, 400) for part in NO_PARTS),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_what_is_no_mail_is_refused(home, sending, data, headers, status):
    fields = headers | {"Authorization": f"Bearer {sending.token}"}
    assert (await sending.hand(data, fields))[0] == status
    assert listed(home) == []


async def test_a_hostile_mail_is_kept_like_any_other(home, sending):
    deep = b"Content-Type: multipart/mixed; boundary=a\n\n--a\n" * 50_000
    long = b"Subject: " + b"x" * 1_000_000 + b"\n\nx"
    for mail in (deep, long, b"\0\xff" * 500, b"no header"):
        assert (await sending.hand(mail))[0] == 200
    assert len(listed(home)) == 4


async def test_without_a_key_nothing_is_kept_and_somebody_is_told(home, sending):
    home.annex_public.rename(home.annex_public.with_suffix(".away"))
    status, said = await sending.hand(a_mail())
    assert status == 503
    assert found_in(str(said).encode(), WORDS) == []
    assert (listed(home), standing(home) & {"agency-mail-refused"}) == (
        [],
        {"agency-mail-refused"},
    )
    assert not home.mailbox.exists()


async def test_who_floods_the_address_takes_no_room_from_answers(
    home, reports, sending, monkeypatch
):
    monkeypatch.setattr(received, "MOST_UNKNOWN", 2)
    for number in range(2):
        assert (await sending.hand(a_mail(f"<{number}@spam.example>")))[0] == 200
    assert (await sending.hand(a_mail("<3@spam.example>")))[0] == 503
    reply = a_mail(in_reply_to=sending.numbers[0])
    assert (await sending.hand(reply))[0] == 200
    assert [one.incident for one in listed(home)].count(name_of(reports[0])) == 1


async def test_a_coordinator_reads_it_and_says_what_it_means(
    home, reports, sending, tmp_path
):
    mail = a_mail(in_reply_to=sending.numbers[0])
    _, said = await sending.hand(mail)
    key, name = passphrase_file(tmp_path), name_of(reports[0])
    why = ("--why", "jawaban lembaga", "--passphrase-file", key)

    def run(*words):
        return federation(home, *words)

    code, out, _ = await asyncio.to_thread(run, "refer", "answers")
    assert code == OK
    assert said["id"] in out
    assert name in out
    assert found_in(out.encode(), WORDS) == []
    code, out, err = await asyncio.to_thread(
        run, "refer", "answers", "--show", said["id"], *why
    )
    assert code == OK, err
    assert SAID in out
    file = tmp_path / "mail.eml"
    code, out, err = await asyncio.to_thread(
        run, "refer", "answers", "--show", said["id"], "--out", file, *why
    )
    assert code == OK, err
    assert file.read_bytes() == mail
    assert file.stat().st_mode & 0o777 == 0o600
    words = ("incidents", "answer", name, "--reference", "012/LP/2019")
    words += ("--outcome", "registered", "--mail")
    code, _, _ = await asyncio.to_thread(run, *words, "0" * 32)
    assert code == NOT_FOUND
    other = name_of(reports[1])
    wrong = (*words[:2], other, *words[3:], said["id"])
    assert (await asyncio.to_thread(run, *wrong))[0] == CONFLICT
    assert received.CAME in standing(home)
    code, _, err = await asyncio.to_thread(run, *words, said["id"])
    assert code == OK, err
    # Whoever answers it has got it, and its number is that of our referral: said at
    # once, or by the turn of the outbox that is under way.
    await until(is_in(home, reports[0], "acknowledged"))
    assert history(home, reports[0])[-2:] == ["registered", "acknowledged"]
    assert history(home, reports[1])[-1] == "report"
    assert received.CAME not in standing(home)
    [row] = listed(home)
    assert row.done_at
    with opened(home) as view:
        done = [one.what for one in read_actions(view, 1 << 62, 50)]
    assert [one for one in done if one.startswith("mail-")] == [
        "mail-done",
        "mail-export",
        "mail-show",
    ]


async def test_nothing_is_shown_without_a_reason_a_key_and_somebody_who_may(
    home, sending, tmp_path
):
    _, said = await sending.hand(a_mail(in_reply_to=sending.numbers[0]))
    key = passphrase_file(tmp_path)
    show = ("refer", "answers", "--show", said["id"], "--passphrase-file", key)
    wrong = tmp_path / "wrong"
    wrong.touch(0o600)
    wrong.write_text("not this one\n")
    tries = [
        show,
        (*show, "--why", "untuk 0812-3456-7890"),
        (*show[:-1], wrong, "--why", "jawaban"),
        (*show, "--why", "jawaban", "--as", "Tidak Ada"),
        ("refer", "answers", "--out", tmp_path / "x"),
        ("refer", "answers", "--show", said["id"], "--done", said["id"]),
    ]
    for words in tries:
        code, out, err = await asyncio.to_thread(federation, home, *words)
        assert code != OK, words
        assert found_in((out + err).encode(), WORDS) == []
    with opened(home) as view:
        assert not [
            one for one in read_actions(view, 1 << 62, 50) if one.what == "mail-show"
        ]


async def test_no_reason_that_tells_of_a_person_is_noted_whoever_asks(home, sending):
    _, said = await sending.hand(a_mail())
    asked = {"id": said["id"], "why": "untuk 0812-3456-7890"}
    for command, more in (("use", {"use": "show"}), ("purge", {})):
        path = f"/v1/control/{command}-mail"
        assert (await sending.node.post(path, asked | more))[0] == 400
    assert len(list(home.mailbox.iterdir())) == 1


async def test_what_is_deleted_is_gone_and_does_not_come_again(home, sending, tmp_path):
    mail = a_mail(in_reply_to=sending.numbers[0])
    _, said = await sending.hand(mail)
    purge = ("refer", "answers", "--purge", said["id"])
    assert (await asyncio.to_thread(federation, home, *purge))[0] == USAGE
    code, _, err = await asyncio.to_thread(federation, home, *purge, "--why", "selesai")
    assert code == OK, err
    assert list(home.mailbox.iterdir()) == []
    assert received.CAME not in standing(home)
    assert (await sending.hand(mail))[1]["outcome"] == "held"
    show = ("refer", "answers", "--show", said["id"], "--why", "lagi")
    assert (await asyncio.to_thread(federation, home, *show))[0] == NOT_FOUND


async def test_one_alarm_stands_until_the_last_mail_about_it_is_done(home, sending):
    node, ids = sending.node, []
    for number in ("<1@b>", "<2@b>"):
        mail = a_mail(number, in_reply_to=sending.numbers[0])
        ids.append((await sending.hand(mail))[1]["id"])
    for mail_id, is_left in zip(ids, (True, False), strict=True):
        status, _ = await node.post("/v1/control/end-mail", {"id": mail_id})
        assert status == 200
        assert (received.CAME in standing(home)) is is_left


def test_mail_goes_when_its_time_has_come(home, reports):
    """By the clock; in this process, with nobody else at the database."""

    async def play():
        async with serving(home, alone=True) as node:
            token = await make_token(node)
            await hand(node, a_mail("<1@x>"), token)
            await hand(node, a_mail("<2@x>"), token)
        settings = load_settings(home.settings)
        with open_resources(home, settings) as resources:
            now = time.time()
            assert await sweep_mail(resources, now + 29 * 86_400) == 0
            [first, second] = list_of(resources)
            with resources.db.transaction() as tx:
                drop_answer(tx, first.id)
            # Its row may yet be written, for an hour.
            await sweep_mail(resources, now)
            assert len(list_of(resources)) == 1
            await sweep_mail(resources, now + 7_200)
            assert {one.id for one in list_of(resources)} == {first.id, second.id}
            assert await sweep_mail(resources, now + 31 * 86_400) == 2
            assert list(Mailbox(home.mailbox).walk()) == []
            assert list_of(resources) == []

    def list_of(resources):
        with resources.db.view() as view:
            return list_answers(view)

    asyncio.run(play())


@pytest.mark.parametrize("step", ["_save", "note_mail"])
async def test_a_full_disk_at_any_step_is_told_and_sent_again_it_is_one(
    home, sending, monkeypatch, step
):
    owner = inmail if step == "_save" else received

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(owner, step, full)
        status, said = await sending.hand(a_mail(in_reply_to=sending.numbers[0]))
        assert (status, said["code"]) == (507, "disk-full")
        assert listed(home) == []
    for outcome in ("kept", "held"):
        _, said = await sending.hand(a_mail(in_reply_to=sending.numbers[0]))
        assert said["outcome"] == outcome
    assert len(list(home.mailbox.iterdir())) == len(listed(home)) == 1
    assert received.CAME in standing(home)


@pytest.mark.parametrize("at", [0, 30, -80, -1])
async def test_a_damaged_mail_is_known_before_it_is_opened(home, sending, tmp_path, at):
    _, said = await sending.hand(a_mail())
    path = home.mailbox / said["id"]
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)
    words = ("refer", "answers", "--show", said["id"], "--why", "jawaban")
    words += ("--passphrase-file", passphrase_file(tmp_path))
    code, out, err = await asyncio.to_thread(federation, home, *words)
    assert code not in {OK, BUG}, out
    assert "damaged" in err
