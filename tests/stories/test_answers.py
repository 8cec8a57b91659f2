"""What agencies answer reaches everybody who may know it: by mail, and by a program.

A city's system hands a report in at A; A sends it to one agency by e-mail, and brings
it to another. The first one writes back, which A's mail provider hands on; the program
of the second one signs what was decided. B reads both, and the city's system is told.
Real processes, a real mail server, real requests.
"""

import base64
import json
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from federation.cli.output import CONFLICT
from tests.annexed import passphrase_file
from tests.answering import AGENCY, an_answer, share_secret, sign
from tests.refer import PAPERS, by_mail
from tests.searching import Search
from tests.stories.affair import FORM, read, status_at
from tests.stories.nodes import closing_all, start_all
from tests.stories.reporting import Mailbox, OtherSystem, circle, digest_of, fetch
from tests.waiting import wait_until

pytestmark = pytest.mark.slow

TOLD = "Laporan Saudara kami registrasi; penelaahnya Bapak Hendrawan Tobing."
SECRETS = ("Hendrawan", "Tobing", "penelaahnya", "staf.hukum@bawaslu")
NUMBER, DECIDED = "012/LP/PP/Kota/03.07/IV/2019", "77/DKPP/2019"


def reply_to(mail):
    """What an officer writes back, from an address of their own."""
    reply = EmailMessage(policy=SMTP)
    reply["From"] = "Hendrawan Tobing <staf.hukum@bawaslu.example>"
    reply["Subject"] = f"Re: {mail['Subject']}"
    reply["Message-ID"] = "<balasan-1@bawaslu.example>"
    reply["In-Reply-To"] = reply["References"] = mail["Message-ID"]
    reply.set_content(TOLD)
    reply.add_attachment(
        PAPERS, maintype="application", subtype="pdf", filename="tanda-terima.pdf"
    )
    return reply.as_bytes()


def hand_on(node, mail, token):
    """As a mail provider that was given an address with a password does."""
    basic = base64.b64encode(f"mail:{token}".encode()).decode()
    fields = {"Authorization": f"Basic {basic}", "Content-Type": "message/rfc822"}
    status, said = fetch(f"{node.door}/v1/agency-mail", mail, fields)
    assert status == 200, said
    return json.loads(said)


class Correspondence:
    """A and B, a city's system, a mail server, and what is known of one report."""

    def __init__(self, folder):
        self.folder, self.post = folder, Mailbox(None)
        self.a, self.b = self.nodes = circle(
            folder, "jagapemilu.example", "jagasuara.example"
        )
        by_mail(self.a.home, self.post.port, "plain")
        with (self.a.home.folder / "agencies.toml").open("a") as agencies:
            agencies.write(AGENCY)
        share_secret(self.a.home)

    def close(self):
        for node in self.nodes:
            node.close()
        self.post.close()

    def hand_in(self):
        start_all(*(one.node for one in self.nodes))
        words = ("keys", "token", "add", "aplikasi-kota", "--reports")
        self.city = OtherSystem(self.a.door, self.a.tell(*words)["token"])
        told = {"description": "Amplop dibagikan di depan balai warga"}
        [handed] = json.loads(self.city.post(FORM | told))
        self.report = handed["service_request_id"]
        self.name = f"{self.a.org}/{self.report}"
        assert self.seen_by_city() == ("open", "received")

    def seen_by_city(self):
        [seen] = self.city.get(f"requests/{self.report}.json")
        return seen["status"], seen["status_notes"].partition(":")[0]

    def seen_by_b(self, status):
        found = lambda: read(self.b, self.name)["status"] == [status]  # noqa: E731
        wait_until(found, self.b.org)
        return self.b.say("incidents", "show", self.name)

    def send(self):
        papers = self.folder / "papers.pdf"
        papers.write_bytes(PAPERS)
        words = (self.name, "--agency", "bawaslu", "--dossier")
        self.a.say("refer", "prepare", *words, papers, "--initial")
        self.a.say("refer", "approve", *words, digest_of(papers))
        wait_until(lambda: status_at(self.a, self.name) == "sent", "it is sent")
        [self.sent] = self.post.box.mails()
        assert self.seen_by_city() == ("open", "referred")

    def write_back(self):
        """It is sealed and told; nothing is signed of it."""
        token = self.a.tell("keys", "token", "add", "penyedia", "--mail")["token"]
        reply = reply_to(self.sent)
        kept = [hand_on(self.a, reply, token) for _ in range(2)]
        assert [one["outcome"] for one in kept] == ["kept", "held"]
        self.mail = kept[0]["id"]
        listed = self.a.say("refer", "answers")
        for part in (self.mail, self.name, "another address", "Anybody can write"):
            assert part in listed, part
        assert "agency-mail" in self.a.type("status")[1]
        assert self.seen_by_city() == ("open", "referred")

    def read_mail(self):
        """A coordinator reads it, and says what it means."""
        self.a.say("people", "add", "Koko", "--role", "coordinator")
        printed = len(self.a.printed)
        key = passphrase_file(self.folder)
        shown = self.a.say(
            *("refer", "answers", "--show", self.mail, "--why", "jawaban lembaga"),
            *("--as", "Koko", "--passphrase-file", key),
        )
        assert TOLD in shown
        assert "attached: tanda-terima.pdf" in shown
        # That it is shown here is what it is for.
        del self.a.printed[printed:]
        self.a.say(
            *("incidents", "answer", self.name, "--reference", NUMBER, "--agency"),
            *("bawaslu", "--outcome", "registered", "--mail", self.mail),
        )
        assert "Nothing waits" in self.a.say("refer", "answers")
        assert "agency-mail" not in self.a.type("status")[1]
        assert NUMBER in self.seen_by_b("registered")
        assert self.seen_by_city() == ("open", "registered")

    def hold_back(self):
        """B would take it there, too: the number that came with the answer is told."""
        papers = self.folder / "b.pdf"
        papers.write_bytes(PAPERS)
        words = (self.name, "--agency", "bawaslu", "--dossier")
        by_hand = ("--initial", "--way", "by-hand")

        def is_told():
            self.b.say("refer", "prepare", *words, papers, *by_hand)
            code, told = self.b.type("refer", "approve", *words, digest_of(papers))
            assert code == CONFLICT, told
            return NUMBER in told

        wait_until(is_told, "B is told the number")

    def decide(self):
        """The other agency's program signs what it decided, once it has the report."""
        answered = an_answer(
            {"org": self.a.org, "id": self.report},
            status="decided",
            reference=DECIDED,
            outcome="violation",
        )
        url = f"{self.a.node.url}/v1/agency-answers"
        status, said = fetch(url, answered, sign(url, answered))
        assert status == 404, said
        self.a.say("refer", "by-hand", self.name, "--agency", "program")
        status, said = fetch(url, answered, sign(url, answered, secret="0" * 64))
        assert status == 401, said
        outcomes = []
        for _ in range(2):
            status, said = fetch(url, answered, sign(url, answered))
            assert status == 200, said
            outcomes.append(json.loads(said)["outcome"])
        assert outcomes == ["logged", "held"]
        assert DECIDED in self.seen_by_b("decided")
        assert self.seen_by_city() == ("closed", "decided")

    def search(self):
        """What the mail says is nowhere but in the sealed file."""
        search = Search(SECRETS)
        for node in self.nodes:
            node.node.stop()
            for where, data in node.left(self.folder / "none"):
                search.look(data, where)
        return search


@pytest.mark.long
def test_what_agencies_answer_is_seen_by_all_who_may_know_it(tmp_path):
    with closing_all() as opened:
        letters = Correspondence(tmp_path)
        opened.append(letters)
        letters.hand_in()
        letters.send()
        letters.write_back()
        letters.read_mail()
        letters.hold_back()
        letters.decide()
        search = letters.search()
    assert search.found == []
    assert search.searched > 500_000
