"""A night of trouble: what the log says, what arrives outside, what `status` shows.

Real nodes, a real mail server and a program on loopback. Each trouble is heard of, by
mail and by the program, within one interval of a node as `init` founds it; so is its
end. What was planted as a secret stands in nothing that was printed or sent.
"""

import asyncio
import contextlib
import json
import shutil
import subprocess
import sys
import threading
import time

import pytest

from tests.attacks import disks
from tests.hooks import Hook, tell, tell_hook
from tests.refer import by_mail
from tests.smtp import Postbox
from tests.stories.nodes import PROJECT
from tests.waiting import LIMIT_S, wait_until

pytestmark = pytest.mark.slow

#: Of a node as `init` founds it (`sync.interval_s`); here they take one second.
INTERVAL_S = 60.0
AHEAD_S = 120
SECRETS = ("mail-password-7f3a91", "hook-secret-5c2d88-" + "x" * 32)


class Outside:
    """A mail server and a program, and what each of them has heard."""

    def __init__(self):
        self.box, self.hook = Postbox(), Hook()
        self._ready, self._loop = threading.Event(), asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_until_complete, args=(self._run(),)
        )

    async def _run(self):
        self._end = asyncio.Event()
        async with self.box.open() as port, self.hook.open() as url:
            self.port, self.url = port, url
            self._ready.set()
            await self._end.wait()

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(LIMIT_S)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(LIMIT_S)
        self._loop.close()

    def has_heard(self, state, code):
        """Whether both were told that."""
        by_hook = any((s, c) == (state, code) for s, c, _ in self.hook.alarms())
        return by_hook and any(
            f"({code})" in part
            for mail in self.box.mails()
            for part in mail.get_body().get_content().split("\r\n\r\n")
            if part.startswith("[selesai]") is (state == "settled")
        )


class Night:
    """One node that is watched, its partners, and how soon anything was heard."""

    def __init__(self, node, outside):
        self.node, self.outside = node, outside
        self.heard = {}

    def hears(self, state, code, since):
        wait_until(lambda: self.outside.has_heard(state, code), f"{state} {code}", 90)
        self.heard[f"{code} {state}"] = round(time.monotonic() - since, 1)

    @contextlib.contextmanager
    def trouble(self, code):
        """The block makes it; behind it, it has been heard of."""
        since = time.monotonic()
        yield
        self.hears("raised", code, since)
        assert code in self.status_text()

    @contextlib.contextmanager
    def mended(self, code):
        since = time.monotonic()
        yield
        self.hears("settled", code, since)

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
def night(pemilu, suara, kawal):
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
        for one in (suara, kawal):
            pemilu.trust(one, one.url)
            one.trust(pemilu, pemilu.url)
            one.start()
        pemilu.start("--log", "json")
        wait_until(lambda: pemilu.why_not() == "", "it signs")
        yield Night(pemilu, outside)
        pemilu.stop()


def test_a_night_of_trouble_is_heard_of_as_it_comes_and_as_it_goes(night, suara, kawal):
    node, outside = night.node, night.outside
    node.take(0, 20)
    wait_until(lambda: suara.size(node.origin) == 21, "a partner holds it")
    assert night.said("started", org=node.org, address=node.url, partners=2)
    assert night.partner(suara.org)["state"] == "well"
    assert outside.hook.requests == []
    assert outside.box.messages == []

    with night.trouble("partner-failing"):
        suara.stop()
    assert night.partner(suara.org)["state"] == "failing"
    assert night.said("turn-failed", peer=suara.org)
    with night.mended("partner-failing"):
        suara.program = ["tests.stories.later", str(AHEAD_S / 86_400)]
        suara.start()

    since = time.monotonic()
    night.hears("raised", "clock-differs", since)
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

    restore(night, suara, kawal)
    check_secrets(night)
    print(json.dumps(night.heard))  # noqa: T201  the figures
    assert max(night.heard.values()) < INTERVAL_S


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
    told = (node.home.folder / "serve.log").read_bytes()
    told += b"".join(outside.box.messages)
    told += b"".join(
        str(head).encode() + body for _, head, body in outside.hook.requests
    )
    told += night.status_text().encode()
    planted = [secret.encode() for secret in SECRETS]
    planted.append(json.loads(node.home.control.read_text())["token"].encode())
    for path in node.home.keys.rglob("*"):
        if path.is_file() and path.suffix in {".pem", ".secret", ".password"}:
            lines = path.read_bytes().split(b"\n")
            planted += [line for line in lines if len(line) > 20 and b"--" not in line]
    assert len(planted) > 5
    for secret in planted:
        assert secret not in told, secret
