"""Alarms reach people: in words, once, later where they cannot now, a partner first."""

import asyncio
import contextlib
import json
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

from federation.config.settings import load_settings
from federation.errors import ConfigError, RequestSignatureError
from federation.feeds.signature import open_request
from federation.node import notices, noticesending
from federation.node.notices import contact_address
from federation.node.noticesending import hide_secrets
from federation.store import alarms
from federation.store.db import Database
from tests.homes import ELECTION, add_peer, make_home, serving
from tests.hooks import Hook, tell, tell_hook
from tests.refer import by_mail
from tests.smtp import Postbox
from tests.waiting import until

PARTNER = "jagapemilu.example"
BROKEN = "peer = [\n"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(notices, "FIRST_WAIT_S", 0.1)
    monkeypatch.setattr(notices, "_WATCH_S", 0.05)


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path)


def change(home, function, *given):
    with contextlib.closing(Database.open(home.data)) as db, db.transaction() as tx:
        function(tx, *given)


def standing(home):
    db = Database.open(home.data, readonly=True)
    with contextlib.closing(db), db.view() as view:
        return {(one.code, one.subject) for one in alarms.list_alarms(view)}


def comes(check):
    async def is_so():
        return check()

    return until(is_so)


async def test_an_alarm_and_its_end_arrive_by_mail_cause_first(home):
    box = Postbox()
    async with box.open() as port:
        by_mail(home, port, "plain")
        tell(home, 'email = "ops@example.org"\nlanguage = "id"')
        async with serving(home, alone=True):
            home.peers.write_text(BROKEN)
            await comes(lambda: box.messages)
            home.peers.write_text("")
            await comes(lambda: len(box.messages) > 1)
    raised, settled = box.mails()
    assert raised["To"] == "ops@example.org"
    assert raised["Auto-Submitted"] == "auto-generated"
    assert "periksa hari ini: peers-file" in raised["Subject"]
    text = raised.get_body().get_content()
    first, do, more, about, detail = text.splitlines()[:5]
    assert first == (
        "[periksa hari ini] peers.toml mengandung kesalahan."
        " Mitra yang berlaku masih yang sebelumnya."
    )
    assert do.startswith("  Lakukan: Rinciannya menyebut")
    assert more == "  Selengkapnya: federation alarms explain peers-file"
    assert re.search(r"sejak \d{4}-\d\d-\d\d \d\d:\d\d WIB$", about)
    assert "(peers-file)" in detail
    assert settled["Subject"].startswith("[jagasuara.example] selesai: peers-file")
    assert "Lakukan" not in settled.get_body().get_content()
    assert raised["Message-ID"] != settled["Message-ID"]


async def test_a_program_gets_them_signed_by_our_node_key(home):
    hook = Hook()
    async with hook.open() as url:
        tell_hook(home, url)
        async with serving(home, alone=True):
            home.peers.write_text(BROKEN)
            await comes(lambda: hook.requests)
    [(url, headers, body)] = hook.requests
    created = int(re.search(r"created=(\d+)", headers["Signature-Input"])[1])
    signed = open_request("POST", url, headers, created)
    signed.check_body(body)
    assert signed.key.name == "jagasuara.example/node"
    with pytest.raises(RequestSignatureError):
        signed.check_body(body + b" ")
    said = json.loads(body)
    assert (said["type"], said["org"]) == ("alarms/1", "jagasuara.example")
    assert hook.alarms() == [("raised", "peers-file", str(home.peers))]
    assert headers["Idempotency-Key"].strip('"') == said["message"].strip("<>")


async def test_what_cannot_be_sent_is_kept_over_a_restart_and_told_to_the_others(home):
    dead, other = Hook(), Hook()
    dead.status = 503
    async with dead.open() as gone, other.open() as there:
        tell_hook(home, gone)
        tell_hook(home, there)
        async with serving(home, alone=True):
            home.peers.write_text(BROKEN)
            await comes(lambda: ("raised", "alarm-unsent", gone) in other.alarms())
            await comes(lambda: len(dead.requests) > 2)
        assert ("alarm-unsent", gone) in standing(home)
        assert [code for _, code, _ in other.alarms()].count("peers-file") == 1
        numbers = {json.loads(body)["message"] for _, _, body in dead.requests}
        assert len(numbers) == 1
        home.peers.write_text("")
        dead.status = 200
        dead.requests.clear()
        async with serving(home, alone=True):
            await comes(lambda: dead.requests)
            await comes(lambda: ("settled", "alarm-unsent", gone) in other.alarms())
        # It never heard that it came: it hears that it was, once.
        assert [code for _, code, _ in dead.alarms()] == ["peers-file"]
        assert ("alarm-unsent", gone) not in standing(home)


async def test_a_server_that_hangs_holds_up_nobody_and_nothing(home, monkeypatch):
    monkeypatch.setattr(noticesending, "SEND_S", 30.0)
    box, hook = Postbox(), Hook()
    box.mood = "hangs-at-mail"
    async with box.open() as port, hook.open() as url:
        by_mail(home, port, "plain")
        tell(home, 'email = "ops@example.org"')
        tell_hook(home, url)
        async with serving(home, alone=True) as node:
            home.peers.write_text(BROKEN)
            await comes(lambda: hook.requests)
            assert (await node.get("/v1/status"))[0] == 200
            assert box.messages == []


async def test_a_partner_hears_of_its_fork_before_all_others(tmp_path, home):
    theirs = make_home(tmp_path, PARTNER)
    box, order = Postbox(), []
    async with box.open() as port, serving(theirs, alone=True) as partner:
        add_peer(home, theirs, partner.url)
        by_mail(home, port, "plain")
        tell(home, 'email = "ops@example.org"\nat_least = "urgent"')
        async with serving(home, alone=True):

            def knows_its_contact():
                db = Database.open(home.data, readonly=True)
                with contextlib.closing(db), db.view() as view:
                    return contact_address(view, PARTNER)

            await comes(knows_its_contact)
            origin = f"{PARTNER}/{ELECTION}"
            change(
                home, alarms.raise_alarm, "fork", origin, "seen at two", 1_700_000_000
            )
            await comes(lambda: len(box.messages) > 1)
            await asyncio.sleep(0.3)
    order = [mail["To"] for mail in box.mails()]
    assert order == [f"data@{PARTNER}", "ops@example.org"]
    text = box.mails()[0].get_body().get_content()
    assert origin in text
    assert "data@jagasuara.example" in text  # whom to call
    assert "Ini fakta tentang sebuah kunci" in text
    assert "This is a fact about a key" in text


def use_apprise(monkeypatch, home, address, *, takes):
    """A stand-in for the package: what it is handed, and whether it takes it."""
    handed = []

    class Captured:
        def __init__(self, **_):
            self.text = f"could not reach {address}"

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def getvalue(self):
            return self.text

    class Apprise:
        def add(self, url):
            handed.append(url)
            return url.startswith("tgram://")

        def notify(self, *, body, title):
            handed.append((title, body))
            if takes is None:
                raise KeyError(address)  # a bug of the service's part
            return takes

    package = SimpleNamespace(
        Apprise=Apprise,
        LogCapture=Captured,
        logger=SimpleNamespace(propagate=True),
    )
    monkeypatch.setitem(sys.modules, "apprise", package)
    path = home.keys / "service.url"
    path.touch(0o600)
    path.write_text(address + "\n")
    tell(home, 'address_file = "keys/service.url"')
    return handed


SECRET = "123456789:abcdefghijklmnop"


async def test_another_service_is_told_by_its_package(home, monkeypatch):
    handed = use_apprise(monkeypatch, home, f"tgram://{SECRET}/4711", takes=True)
    async with serving(home, alone=True):
        home.peers.write_text(BROKEN)
        await comes(lambda: len(handed) > 1)
    assert handed[0] == f"tgram://{SECRET}/4711"
    title, body = handed[1]
    assert "peers-file" in title
    assert body.startswith("[periksa hari ini] peers.toml")


@pytest.mark.parametrize("takes", [False, None])
@pytest.mark.parametrize("address", [f"tgram://{SECRET}/4711", f"what://{SECRET}"])
async def test_why_a_service_does_not_take_it_holds_no_secret(
    home, monkeypatch, address, takes, caplog
):
    use_apprise(monkeypatch, home, address, takes=takes)
    async with serving(home, alone=True):
        home.peers.write_text(BROKEN)
        await comes(lambda: "alarm-unsent" in {code for code, _ in standing(home)})
    db = Database.open(home.data, readonly=True)
    with contextlib.closing(db), db.view() as view:
        [why] = alarms.find_details(view, "alarm-unsent").values()
    assert "service" in why or "apprise" in why
    assert "abcdefghij" not in caplog.text + why
    assert hide_secrets(f"x {address} y", address).count("abcdef") == 0


ONE = 'webhook = "https://b.example/x"'
TWICE = f"{ONE}\n[[alarms.to]]\n{ONE}"


@pytest.mark.parametrize(
    ("lines", "key"),
    [
        ("", "alarms.to[1]"),
        ('email = "a@b.example"\nwebhook = "https://b.example/x"', "alarms.to[1]"),
        ('email = "a@b.example"', "alarms.to[1].email"),  # no server is named
        ('webhook = "http://b.example/x"', "alarms.to[1].webhook"),
        ('address_file = "x"\nwebhook_key = "y"', "alarms.to[1].webhook_key"),
        ('webhook = "https://b.example/x"\nat_least = "loud"', "alarms.to[1].at_least"),
        ('webhook = "https://b.example/x"\nfrom = "urgent"', "alarms.to[1].from"),
        (TWICE, "alarms.to[2]"),
    ],
)
def test_a_recipient_that_cannot_be_is_refused_with_its_place(home, lines, key):
    tell(home, lines)
    with pytest.raises(ConfigError) as refused:
        load_settings(home.settings)
    assert refused.value.key == key


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
async def test_the_package_brings_it_to_a_service_that_it_knows(home):
    pytest.importorskip("apprise")
    hook = Hook()
    async with hook.open() as url:
        path = home.keys / "service.url"
        path.touch(0o600)
        path.write_text(url.replace("http://", "json://") + "\n")
        tell(home, 'address_file = "keys/service.url"\nlanguage = "en"')
        async with serving(home, alone=True):
            home.peers.write_text(BROKEN)
            await comes(lambda: hook.requests)
    said = json.loads(hook.requests[0][2])
    assert "peers-file" in said["title"]
    assert said["message"].startswith("[to look at today] peers.toml has a mistake.")


@pytest.mark.slow
def test_a_node_that_asks_for_no_service_pays_nothing_for_the_package():
    code = "import sys, federation.cli.serve; print('apprise' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True
    )
    assert done.stdout.strip() == "False"
