"""A night of trouble: what the log says, what arrives outside, what `status` shows.

Real nodes, a real mail server and a program on loopback. Each trouble is heard of, by
mail and by the program, within one interval of a node as `init` founds it; so is its
end. The log tells of both, the pages go on: that of the partners shows it to people of
ours, and that of the alarm says what to do.
What was planted as a secret stands in nothing that was printed or sent.
"""

import asyncio
import contextlib
import json
import shutil
import subprocess
import sys
import time
import urllib.request

import pytest
from cryptography.hazmat.primitives import serialization

from federation.records.alarmhelp import PATH, help_for
from federation.text import Text
from federation.web.page import mark_commands
from tests.attacks import disks
from tests.browsing import Browser
from tests.certificates import Authority
from tests.hooks import tell, tell_hook
from tests.outside import Outside
from tests.refer import by_mail
from tests.stories.nodes import PROJECT
from tests.stories.test_people import command
from tests.waiting import LIMIT_S, wait_until

# One of the troubles is that the disk below the file is full.
pytestmark = [pytest.mark.slow, pytest.mark.of_file]

#: Of a node as `init` founds it (`sync.interval_s`); here they take one second.
INTERVAL_S = 60.0
AHEAD_S = 120
SECRETS = ("mail-password-7f3a91", "hook-secret-5c2d88-" + "x" * 32)


class Night:
    """One node that is watched, its partners, and how soon anything was heard."""

    def __init__(self, node, outside, port):
        self.node, self.outside, self.port = node, outside, port
        self.heard = {}
        made = command(node, "people", "add", "koordinator", "--role", "coordinator")
        self.cookies = asyncio.run(self._sign_in(made["link"]))

    def hears(self, state, code, since, mark):
        def heard():
            return self.outside.has_heard(state, code, mark)

        wait_until(heard, f"{state} {code}", 90)
        self.heard[f"{code} {state}"] = round(time.monotonic() - since, 1)

    @contextlib.contextmanager
    def trouble(self, code):
        """The block makes it; behind it, it has been heard of."""
        since, mark = time.monotonic(), self.outside.mark()
        yield
        self.hears("raised", code, since, mark)
        # On a full disk it is written down once the reserve has made room.
        wait_until(lambda: code in self.status_text(), f"status says {code}", 90)
        self.heard[f"{code} in status"] = round(time.monotonic() - since, 1)
        wait_until(
            lambda: self.said("alarm-raised", alarm=code), f"the log says {code}"
        )
        self.see_pages(code)

    @contextlib.contextmanager
    def mended(self, code):
        since, mark = time.monotonic(), self.outside.mark()
        yield
        self.hears("settled", code, since, mark)
        wait_until(lambda: self.said("alarm-settled", alarm=code), f"{code} is over")

    def see_pages(self, code):
        """The pages are there all the same, also the one to which the message leads."""
        told = json.loads(self.outside.hook.requests[-1][2])["alarms"][0]
        assert told["read_more"] == f"federation alarms explain {told['alarm']}"
        paths = ("/", f"{PATH}/{code}?lang=en", f"{PATH}/{code}?lang=id")
        for path, language in zip(paths, ("id", "en", "id"), strict=True):
            with urllib.request.urlopen(self.node.url + path, timeout=LIMIT_S) as page:
                text = page.read().decode()
            assert f'<html lang="{language}">' in text
            known = help_for(Text(language), code) if code in path else None
            assert known is None or str(mark_commands(known.steps[0])) in text
        # And that of the partners, to people of ours: what it is, what to do.
        assert f"{PATH}/{code}" in self.partners_page()

    def partners_page(self):
        request = urllib.request.Request(f"{self.node.url}/mitra")
        request.add_header("Cookie", "; ".join(f"{k}={v}" for k, v in self.cookies))
        with urllib.request.urlopen(request, timeout=LIMIT_S) as page:
            return page.read().decode()

    async def _sign_in(self, link):
        async with Browser(self.node.url) as browser:
            await browser.sign_in(link)
            return list(browser.cookies().items())

    def status_text(self, language="en"):
        """What `federation status` says; of a broken file it says that."""
        return self._status("--lang", language).replace("peers.toml", "peers-file")

    def _status(self, *more):
        words = ["status", "--home", str(self.node.home.folder), *more]
        done = subprocess.run(
            [sys.executable, "-m", "federation", *words],
            capture_output=True, check=False, cwd=PROJECT, text=True,
        )  # fmt: skip
        return done.stdout + done.stderr

    def partner(self, org):
        seen = json.loads(self._status("--json"))["observed"]["partners"]
        return next(one for one in seen if one["org"] == org)

    def log(self):
        """Every event of the log, with its facts."""
        text = (self.node.home.folder / "serve.log").read_text()
        return [json.loads(line) for line in text.splitlines() if line[:1] == "{"]

    def said(self, event, **facts):
        return any(
            line["event"] == event and facts.items() <= line.items()
            for line in self.log()
        )


@pytest.fixture
def authority(tmp_path, monkeypatch):
    """Whoever is started believes it: by the system's own variable."""
    folder = tmp_path / "certificates"
    folder.mkdir()
    made = Authority(folder)
    pem = made.certificate.public_bytes(serialization.Encoding.PEM)
    (tmp_path / "authority.pem").write_bytes(pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return made


@pytest.fixture
def night(pemilu, suara, kawal, authority):
    with Outside() as outside, contextlib.ExitStack() as stack:
        home = pemilu.home
        for name, secret in zip(("mail.password", "hook.secret"), SECRETS, strict=True):
            path = home.keys / name
            path.touch(0o600)
            path.write_text(secret + "\n")
        signing_in = 'user = "u"\npassword_file = "keys/mail.password"\n'
        by_mail(home, outside.port, "plain", signing_in)
        tell(home, 'email = "siaga@jagapemilu.example"')
        tell_hook(home, outside.url, 'webhook_key = "keys/hook.secret"')
        if disks.may_mount():
            before = {one.name: one.read_bytes() for one in home.data.glob("*")}
            home.data.mkdir(exist_ok=True)
            stack.enter_context(disks.mounted(home.data, disks.SIZE_MIB))
            for name, body in before.items():
                (home.data / name).write_bytes(body)
        port = outside.relay(authority.server(days=(-1, 30)), 0, kawal.port)
        ways = {suara: suara.url, kawal: f"https://127.0.0.1:{port}"}
        for one, url in ways.items():
            pemilu.trust(one, url)
            one.trust(pemilu, pemilu.url)
            one.start()
        pemilu.start("--log", "json")
        wait_until(lambda: pemilu.why_not() == "", "it signs")
        yield Night(pemilu, outside, port)
        pemilu.stop()


@pytest.mark.long
def test_a_night_of_trouble_is_heard_of_as_it_comes_and_as_it_goes(
    night, suara, kawal, authority
):
    node, outside = night.node, night.outside
    node.take(0, 20)
    wait_until(lambda: suara.size(node.origin) == 21, "a partner holds it")
    assert night.said("started", org=node.org, address=node.url, partners=2)
    assert night.partner(suara.org)["state"] in {"up-to-date", "syncing"}
    # A server with TLS before a node that does not say so: it does not believe us.
    assert {code for _, code, _ in outside.hook.alarms()} <= {"unbelieved"}

    with night.trouble("partner-failing"):
        suara.stop()
    assert night.partner(suara.org)["state"] == "unreachable"
    assert night.said("turn-failed", peer=suara.org)
    with night.mended("partner-failing"):
        suara.program = ["tests.stories.later", str(AHEAD_S / 86_400)]
        since, mark = time.monotonic(), outside.mark()
        suara.start()

    night.hears("raised", "clock-differs", since, mark)
    assert abs(night.partner(suara.org)["clock_s"] - AHEAD_S) <= 2
    assert "lebih cepat" in night.status_text("id")
    suara.stop()
    with night.mended("clock-differs"):
        suara.program = ["federation"]
        suara.start()

    text = node.home.peers.read_text()
    with night.trouble("peers-file"):
        node.home.peers.write_text(text + "paused = maybe\n")
    assert night.said("peers-broken", file=str(node.home.peers))
    with night.mended("peers-file"):
        node.home.peers.write_text(text)
    assert night.said("peers-mended")

    if disks.may_mount():
        with night.trouble("disk-full"):
            fill(node.home.data)
        assert node.ask("/v1/status")[0] == 200
        with night.mended("disk-full"):
            (node.home.data / "filler").unlink()

    certificates(night, authority, kawal)
    restore(night, suara, kawal)
    check_secrets(night)
    print(json.dumps(night.heard))  # noqa: T201  the figures
    assert max(night.heard.values()) < INTERVAL_S


def certificates(night, authority, kawal):
    """One that ends in some days is told of before it has, and one that has, too."""
    outside, long = night.outside, authority.server(days=(-1, 30))
    assert 28 <= days_left(night.partner(kawal.org)) <= 30
    with night.trouble("certificate-expires"):
        outside.end_relays()
        outside.relay(authority.server(days=(-1, 10)), night.port, kawal.port)
    assert 8 <= days_left(night.partner(kawal.org)) <= 10
    with night.mended("certificate-expires"):
        outside.end_relays()
        outside.relay(long, night.port, kawal.port)
    with night.trouble("partner-failing"):
        outside.end_relays()
        outside.relay(authority.server(days=(-3, -1)), night.port, kawal.port)
    failed = [one for one in night.log() if one["event"] == "turn-failed"]
    assert "certificate of 127.0.0.1 has expired" in failed[-1]["reason"]
    with night.mended("partner-failing"):
        outside.end_relays()
        outside.relay(long, night.port, kawal.port)


def days_left(partner):
    return (partner["certificate_until"] - time.time()) / 86_400


def fill(folder):
    with contextlib.suppress(OSError), (folder / "filler").open("ab") as file:
        while True:
            file.write(b"x" * 4096)
            file.flush()


def restore(night, suara, kawal):
    """An older copy of the data is put back while nobody answers, then one does."""
    node = night.node
    node.stop()
    backup = node.home.folder / "backup"
    shutil.copytree(node.home.data, backup)
    node.start("--log", "json").take(20, 40)
    wait_until(lambda: suara.size(node.origin) == 41, "a partner holds it")
    for one in (node, suara, kawal):
        one.stop()
    for path in node.home.data.iterdir():
        path.unlink() if path.is_file() else shutil.rmtree(path)
    shutil.copytree(backup, node.home.data, dirs_exist_ok=True)
    with night.trouble("own-log-larger-elsewhere"):
        node.start("--log", "json")
    with night.mended("own-log-larger-elsewhere"):
        suara.start()
    assert night.said("restored", origin=node.origin, records=20, peer=suara.org)
    assert not suara.is_frozen(node.origin)


def check_secrets(night):
    """Nothing that was planted, and no key, was printed or sent."""
    node, outside = night.node, night.outside
    words = ["keys", "token", "add", "web", "--home", str(node.home.folder), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "federation", *words],
        capture_output=True, check=True, cwd=PROJECT, text=True,
    )  # fmt: skip
    token = json.loads(done.stdout)["token"]
    for path, body in (("/v1/records", "?"), ("/v1/control/x", {}), ("/v1/no", {})):
        assert node.ask(path, body, token=token)[0] >= 400
    told = (node.home.folder / "serve.log").read_bytes()
    told += b"".join(outside.box.messages)
    told += b"".join(
        str(head).encode() + body for _, head, body in outside.hook.requests
    )
    told += night.status_text().encode()
    planted = [secret.encode() for secret in (*SECRETS, token)]
    planted.append(json.loads(node.home.control.read_text())["token"].encode())
    for path in node.home.keys.rglob("*"):
        if path.is_file() and path.suffix in {".pem", ".secret", ".password"}:
            lines = path.read_bytes().split(b"\n")
            planted += [line for line in lines if len(line) > 20 and b"--" not in line]
    assert len(planted) > 5
    for secret in planted:
        assert secret not in told, secret
