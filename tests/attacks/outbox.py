"""kill -9 of a node that sends reports: no agency gets one twice without being told.

A node sends reports to a real mail server on this machine and is killed again and
again: when the server is asked, when it gets the bytes, when it has taken them and has
not said so, and a moment later. A coordinator then looks at what is unsure: says that
it arrived, or lets it go once more, also where it did arrive. In the end holds:

    every report is there                      each once, but those that were let go
    whatever is there twice has one number     and each time somebody let it go again
    our log says first that it will be sent    then that it was, of each one, and how
                                               often it was let go once more
"""

import argparse
import asyncio
import contextlib
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from federation.store import actions
from federation.store.outbox import list_items
from federation.store.papers import PapersFolder
from tests.refer import (
    PAPERS,
    all_said,
    by_mail,
    history,
    make_referring,
    opened,
    write_reports,
)
from tests.smtp import Postbox
from tests.stories.nodes import Node
from tests.waiting import wait_until

ORG = "jagasuara.example"
EACH = 2
#: What the server has just seen when the node is killed, some milliseconds later.
MOMENTS = ("MAIL", "RCPT", "DATA", "taken")
LATER_S = 0.03
DONE_S = 1_800.0


@contextlib.contextmanager
def listening(box: Postbox):
    """The port of the server, in a thread of its own."""
    ports: list[int] = []
    loop = asyncio.new_event_loop()
    end = asyncio.Event()

    async def listen() -> None:
        async with box.open() as port:
            ports.append(port)
            await end.wait()

    def work() -> None:
        with contextlib.closing(loop):
            loop.run_until_complete(listen())

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield wait_until(lambda: ports and ports[0], "the mail server listens")
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()


class Victim:
    """A node with reports on their way, and the server that they go to."""

    def __init__(self, folder: Path, box: Postbox, port: int, count: int) -> None:
        self.node, self.box = Node(folder, ORG), box
        self.home = self.node.home
        make_referring(self.home)
        by_mail(self.home, port, "plain")
        self.waiting = write_reports(self.home, count)
        self.digest = PapersFolder(self.home.outbox).save(PAPERS)

    def ask(self, command: str, incident: dict[str, str], **members: object) -> None:
        body = {"incident": incident, "agency": "bawaslu", **members}
        status, said = self.node.post(f"/v1/control/{command}-referral", body)
        assert status == 200, (command, said)

    def begin(self, count: int) -> None:
        """Let some more reports go."""
        for incident in [self.waiting.pop() for _ in range(count)]:
            self.ask("prepare", incident, way="email", dossier=self.digest)
            self.ask("approve", incident, dossier=self.digest)

    def states(self) -> Counter[str]:
        with opened(self.home) as view:
            return Counter(item.state for item in list_items(view))

    def resolve(self, chance: random.Random) -> int:
        """As a coordinator does, who asks the agency; how many were unsure."""
        with opened(self.home) as view:
            unsure = [one for one in list_items(view) if one.state == "unsure"]
        there = Counter(self.box.reports())
        for item in unsure:
            org, _, name = item.incident.partition("/")
            was_sent = bool(there[item.incident]) and chance.random() < 0.5
            self.ask("resolve", {"id": name, "org": org}, was_sent=was_sent)
        return len(unsure)


def seen(box: Postbox, moment: str) -> int:
    """How often the server has seen it."""
    if moment == "taken":
        return len(box.messages)
    return box.commands.count(moment)


def play(folder: Path, kills: int, seed: int) -> Counter[str]:
    """Kill so often, and return what was counted.

    Raises:
        AssertionError: what must hold does not.
    """
    chance, box = random.Random(seed), Postbox()
    box.delay_s = 0.02
    figures: Counter[str] = Counter(kills=kills)
    with listening(box) as port:
        victim = Victim(folder, box, port, kills * EACH)
        node = victim.node
        try:
            for _ in range(kills):
                node.start("--alone")
                figures["unsure"] += victim.resolve(chance)
                moment = chance.choice(MOMENTS)
                before = seen(box, moment)
                victim.begin(EACH)
                wait_until(lambda m=moment, b=before: seen(box, m) > b, moment)
                time.sleep(chance.random() * LATER_S)
                node.stop(signal.SIGKILL)
            node.start("--alone")

            def is_done() -> bool:
                figures["unsure"] += victim.resolve(chance)
                return set(victim.states()) == {"sent"}

            # Whatever no life of the node was long enough for waits until now.
            wait_until(is_done, "all of them are there", DONE_S)
            wait_until(lambda: not any_due(victim), "all of it is said")
        finally:
            node.stop(signal.SIGKILL)
    check(victim, figures)
    return figures


def any_due(victim: Victim) -> bool:
    with opened(victim.home) as view:
        return any(item.due for item in list_items(view))


def check(victim: Victim, figures: Counter[str]) -> None:
    """What must hold, of all reports."""
    there = Counter(victim.box.reports())
    numbers: dict[str, set[str]] = {}
    for mail in victim.box.mails():
        report = victim.box.report_of(mail)
        numbers.setdefault(report, set()).add(mail["Message-ID"])
    with opened(victim.home) as view:
        items = list_items(view)
        lines = actions.read_actions(view, 1 << 62, 1_000_000)
    again = Counter(
        line.subject.split()[0] for line in lines if line.what == "refer-send-again"
    )
    figures["reports"] = len(items)
    for item in items:
        copies = there[item.incident]
        assert copies >= 1, f"{item} never arrived"
        assert copies - 1 <= again[item.incident], f"{item} was sent again blindly"
        assert len(numbers[item.incident]) == 1, f"{item} has several numbers"
        org, _, name = item.incident.partition("/")
        which = {"id": name, "org": org}
        # Partners read it: one number of papers, and how often they may be there.
        told = [one.get("again", 0) for one in all_said(victim.home, which)]
        assert max(told) == again[item.incident], f"{item} is not told so: {told}"
        said = history(victim.home, which)
        assert said.count("sent") == 1, said
        assert said.index("intended") < said.index("sent"), said
        figures["twice"] += copies > 1
        figures["again"] += again[item.incident]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How often, and by which chance."""
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)


def run(asked: argparse.Namespace) -> int:
    """Play it and print the figures."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        figures = play(Path(folder), asked.kills, asked.seed)
    sys.stdout.write(
        f"{figures['kills']} kills, {figures['reports']} reports:"
        f" {figures['unsure']} unsure, {figures['again']} let go once more,"
        f" {figures['twice']} there more than once, each with one number and somebody"
        f" who let it go; {time.monotonic() - began:.0f} s\n"
    )
    return 0
