"""One report, step by step, at three organisations: see `test_reports.py`.

Each step is done as it is in the field, and what is told to whoever does it is read.
"""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import fromstring

from cryptography.hazmat.primitives import serialization

from federation.cli.output import CONFLICT
from tests.annexed import passphrase_file
from tests.browsing import Browser
from tests.certificates import Authority
from tests.contracts.test_readers import STRANGER
from tests.dossiers import pages_of
from tests.refer import by_mail
from tests.searching import Search, found_in
from tests.stories.nodes import start_all
from tests.stories.reporting import (
    Mailbox,
    OtherSystem,
    a_photo,
    circle,
    digest_of,
)
from tests.waiting import wait_until

TPS = "1371011001004"
SUMMARY = "Amplop berisi uang dibagikan di depan balai warga sebelum TPS dibuka"
#: Longer than a summary may be, with one who is named behind a title.
TOLD = (
    f"{SUMMARY}. Dua orang memakai kaus seragam berdiri di gerbang sejak sebelum subuh"
    " dan memberi setiap pemilih yang lewat satu amplop cokelat berisi lima puluh ribu"
    " rupiah beserta kartu bergambar pasangan calon. Warga diminta menunjukkan foto"
    " surat suara sesudah mencoblos. Amplop diambil dari mobil yang diparkir di"
    " samping balai. Yang membagikan adalah Pak Hendrawan Tobing."
)
FORM = {
    "service_code": "politik_uang",
    "address_id": TPS,
    "description": TOLD,
    "attribute[happened_at]": "2019-04-16T22:30:00Z",
}
REPORTER = {
    "first_name": "Zulkifli",
    "last_name": "Manurung",
    "phone": "0813-5555-0117",
    "email": "zul@contoh.example",
    "device_id": "tt222111zk",
    "account_id": "91234567",
    "lat": "-0.947083",
    "long": "100.417181",
    "address_string": "samping warung Mak Uwo",
    "attribute[accused]": "Hendrawan Tobing",
    "attribute[reporter_address]": "Jalan Kenari 17",
}
WITNESS = "Roslina Sipayung"
#: A piece of each thing that is personal, and the exact place.
SECRETS = (
    *("Zulkifli", "Manurung", "5555-0117", "081355550117", "zul@contoh"),
    *("tt222111zk", "91234567", "0.947083", "100.417181", "Mak Uwo", "Kenari 17"),
    *("Hendrawan", "Tobing", "Roslina", "Sipayung"),
)
NUMBER = "012/LP/PP/Kota/03.07/IV/2019"
OTHERS = (
    ("Kotak suara dibuka sebelum saksi datang dan segelnya robek", "1371021001002"),
    ("Undangan memilih tidak dibagikan kepada penghuni rumah susun", "1371031001003"),
    ("Anggota panitia mencoblos sisa surat suara menjelang siang", "1371041001001"),
    (
        "Pemilih dari luar kota datang dengan tiga bus tanpa surat pindah",
        "1371051001002",
    ),
    ("Sembako bergambar calon diturunkan di dekat pasar pagi", "1371061001001"),
)


AGENCY = ("--agency", "bawaslu")
AS = ("--as", "Koko")
WHY = ("--why", "diteruskan kepada Bawaslu")


def known(node) -> dict[str, str]:
    """The summary of each report that a node lists, by its name."""
    found = node.tell("incidents", "list")["incidents"]
    return {one["incident"]: one["said"]["summary"] for one in found}


def read(node, name):
    """What a node shows of the incident that a report is part of."""
    return node.tell("incidents", "show", name)["merged"]["merged"]


def named(incident) -> list[str]:
    """The names of its reports."""
    return sorted(f"{one['org']}/{one['id']}" for one in incident["reports"])


def status_at(node, name) -> str:
    """How far a report is on its way, at the node that sends it."""
    found = node.tell("refer", "status")["referrals"]
    return next(one["state"] for one in found if one["incident"] == name)


def is_there(incident) -> bool:
    """Whether somebody says that an agency has it, with a number."""
    stages = [one["stage"] for of in incident["referrals"] for one in of["said"]]
    return "acknowledged" in stages


class Affair:
    """Three nodes, a city's system, the agency's mailbox, and what is known by now."""

    def __init__(self, folder: Path) -> None:
        certificates = folder / "certificates"
        certificates.mkdir()
        authority = Authority(certificates)
        self.folder, self.post = folder, Mailbox(authority.server())
        self.a, self.b, self.c = self.nodes = circle(
            folder, "jagapemilu.example", "jagasuara.example", "kawalpemilu.example"
        )
        pem = authority.certificate.public_bytes(serialization.Encoding.PEM)
        for node in self.nodes:
            (node.home.folder / "ca.pem").write_bytes(pem)
            by_mail(node.home, self.post.port, more='ca_file = "ca.pem"\n')
            text = node.home.settings.read_text().replace("hold_s = 0", "hold_s = 2")
            text = text.replace("# redact = false", "redact = true")
            node.home.settings.write_text(text)
        self.ids: list[str] = []
        self.name = self.twin = ""
        self.papers = folder / "papers.pdf"

    def close(self) -> None:
        for node in self.nodes:
            node.close()
        self.post.close()

    def begin(self) -> None:
        """The nodes serve, and have results of polling stations, too."""
        start_all(*(one.node for one in self.nodes))
        for one in self.nodes:
            one.node.take(0, 2)

    def hand_in(self) -> None:
        """A city's system hands reports in, photographs with them."""
        key = self.a.tell("keys", "token", "add", "aplikasi-kota", "--reports")["token"]
        self.city = OtherSystem(self.a.door, key)
        codes = {one["service_code"] for one in self.city.get("services.json")}
        assert FORM["service_code"] in codes
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        form = FORM | REPORTER | {"attribute[known_at]": now}
        [answer] = json.loads(self.city.post(form, a_photo("Zulkifli Manurung")))
        assert "has signed this report" in answer["service_notice"]
        assert "were replaced by marks" in answer["service_notice"]
        self.ids.append(answer["service_request_id"])
        for told, tps in OTHERS:
            form = FORM | {"description": told, "address_id": tps}
            said = self.city.post(form, a_photo("Zulkifli Manurung"), form="xml")
            self.ids.append(fromstring(said).findtext("request/service_request_id"))
        self.name = f"{self.a.org}/{self.ids[0]}"

    def read_by_partners(self) -> None:
        """B and C read them, with a mark where somebody was named."""
        names = {f"{self.a.org}/{one}" for one in self.ids}
        for node in (self.b, self.c):
            wait_until(lambda node=node: known(node).keys() == names, node.org)
            assert known(node)[self.name].startswith(SUMMARY)
            told = node.say("incidents", "show", self.name)
            assert "Yang membagikan adalah Pak [nama]" in told
            assert f"Polling station: {TPS}" in told
            assert "working day(s) left" in told
            self.see_photo(node)

    def see_photo(self, node) -> None:
        """A partner fetches the photograph that a report names, for its own alone."""
        [file] = node.tell("incidents", "show", self.name)["said"]["evidence"]
        node.say("photos", "fetch", file["sha256"])
        path = f"/blob/{file['sha256']}"
        token = json.loads(node.home.control.read_text())["token"]
        status, photo = node.get(path, Authorization=f"Bearer {token}")
        assert status == 200, (path, status, photo[:200])
        assert hashlib.sha256(photo).hexdigest() == file["sha256"]
        assert node.get(path, **STRANGER)[0] in {403, 404}

    async def confirm_duplicate(self) -> None:
        """C saw it, too; its editor says on the page that both are of one thing."""
        added = self.c.tell(
            *("incidents", "add", "--category", "politik_uang", "--law", "pidana"),
            *("--tps", TPS, "--happened", "2019-04-17 05.30", "--ref", "K-1"),
            *("--summary", f"{SUMMARY}, ada kaus seragam"),
        )
        self.twin = added["verdicts"][0]["incident"]
        told = self.c.say("incidents", "duplicates")
        for part in (self.name, self.twin, "same polling station", "words in common"):
            assert part in told, part
        link = self.c.tell("people", "add", "Edi", "--role", "editor")["link"]
        async with Browser(self.c.url) as edi:
            page = await edi.sign_in(self.c.url + link[link.index("/masuk") :])
            assert "Edi" in page.text
            page = await edi.open("/laporan/kembar?lang=en")
            assert "very likely the same" in page.text
            [form] = [
                one
                for one in page.forms()
                if one.fields.get("duplicate_of") in {self.name, self.twin}
            ]
            page = await edi.send(page, form, status="duplicate")
            assert "Signed. Partners see it at their next turn." in page.text
            assert "No open proposals" in page.text
        both = sorted((self.name, self.twin))
        for node in self.nodes:
            wait_until(lambda node=node: named(read(node, self.name)) == both, node.org)
            [pair] = read(node, self.name)["pairs"]
            assert pair["said"] == [{"org": self.c.org, "status": "duplicate"}]

    def draw_papers(self) -> None:
        """A's coordinator completes the annex, draws the papers and reads them."""
        self.a.tell("people", "add", "Koko", "--role", "coordinator")
        opened = self.folder / "annex.json"
        key = (*AS, "--passphrase-file", passphrase_file(self.folder))
        self.a.say("annex", "export", self.ids[0], "--out", opened, *WHY, *key)
        annex = json.loads(opened.read_text())
        assert annex["reporter"]["name"] == "Zulkifli Manurung"
        annex["witnesses"] = [{"name": WITNESS}]
        opened.write_text(json.dumps(annex))
        self.a.say("annex", "add", self.ids[0], "--file", opened, "--replace", *AS)
        words = ("refer", "dossier", self.name, *AGENCY, "--out", self.papers)
        told = self.a.say(*words, "--annex", *WHY, *key)
        assert f"SHA-256 {digest_of(self.papers)}" in told
        whole = " ".join(" ".join(pages_of(self.papers.read_bytes())).split())
        for part in (
            *("Zulkifli Manurung", "Jalan Kenari 17", "Hendrawan Tobing", WITNESS),
            *(SUMMARY, "Rabu, 17 April 2019, 05.30 WIB", "Batas waktu"),
        ):
            assert part in whole, part
        assert "informasi awal" not in whole.lower(), "it has all that it must have"

    def prepare(self) -> None:
        """The papers wait to be looked at, and nothing leaves."""
        words = (self.name, *AGENCY, *AS, "--dossier", self.papers, "--complete")
        told = self.a.say("refer", "prepare", *words)
        assert "It goes to Bawaslu, by e-mail: lapor@bawaslu.example" in told
        assert "Nothing has left." in told
        assert self.post.box.messages == []

    async def look_and_approve(self) -> None:
        """The coordinator reads on a page exactly what goes, and lets it go."""
        page = f"/laporan/{self.name}/berkas/{digest_of(self.papers)}"
        links = {
            name: self.a.tell("people", "add", name, "--role", role)["link"]
            for name, role in (("Koko", "coordinator"), ("Edo", "editor"))
        }
        async with Browser(self.a.url) as edo:
            await edo.sign_in(self.a.url + links["Edo"][links["Edo"].index("/masuk") :])
            for path in (page, f"{page}/pdf"):
                assert (await edo.open(path)).status == 403, "for coordinators alone"
        # Not by the tap: who may read the papers sees what is in them.
        async with Browser(self.a.node.url) as koko:
            await koko.sign_in(links["Koko"])
            shown = await koko.open(f"{page}?lang=en")
            assert "lapor@bawaslu.example" in shown.text
            async with koko.session.get(f"{self.a.node.url}{page}/pdf") as answer:
                assert await answer.read() == self.papers.read_bytes()
            assert self.post.box.messages == []
            form = next(
                one
                for one in shown.forms()
                if one.method == "post" and digest_of(self.papers) in one.action
            )
            shown = await koko.send(shown, form, do="approve")
            assert "Approved. Partners see it and hold back" in shown.text

    def send(self) -> None:
        """It goes, once, over TLS."""
        wait_until(lambda: status_at(self.a, self.name) == "sent", "it is sent")
        assert "250 2.0.0 taken as 4711" in self.a.say("refer", "status")
        assert "STARTTLS" in self.post.box.commands
        [self.mail] = self.post.box.mails()
        assert self.mail["To"] == "lapor@bawaslu.example"
        assert "Laporan dugaan pelanggaran" in self.mail["Subject"]
        [attached] = self.mail.iter_attachments()
        assert attached.get_content() == self.papers.read_bytes()
        used = self.a.say("people", "log")
        for what in ("wrote the annex", "opened papers", "approved papers"):
            assert f"Koko coordinator {what}" in used, used

    def hold_back(self) -> None:
        """It has a number; B, and C for its own report of it, are told so."""
        told = self.a.say(
            "refer", "by-hand", self.name, *AGENCY, *AS, "--reference", NUMBER
        )
        assert f"there, with a number. Number: {NUMBER}" in told
        for node, name in ((self.b, self.name), (self.c, self.twin)):
            wait_until(
                lambda node=node, name=name: is_there(read(node, name)), node.org
            )
            papers = self.folder / f"{node.org}.pdf"
            words = (name, *AGENCY, "--dossier")
            node.say("refer", "dossier", name, *AGENCY, "--out", papers)
            prepared = node.say("refer", "prepare", *words, papers, "--initial")
            code, refused = node.type("refer", "approve", *words, digest_of(papers))
            assert code == CONFLICT
            for told in (prepared, refused):
                assert f"{self.a.org} took it there ({self.name}), 20" in told
                assert f"its number there is {NUMBER}" in told
            assert "held back" in refused
        assert len(self.post.box.messages) == 1

    def answer(self) -> None:
        """The agency registers it; everybody who may know sees that."""
        told = self.a.say(
            *("incidents", "answer", self.name, "--reference", NUMBER, *AGENCY),
            *("--outcome", "registered"),
        )
        assert "registered by the agency" in told
        names = (self.name, self.name, self.twin)
        for node, name in zip(self.nodes, names, strict=True):
            wait_until(
                lambda node=node, name=name: (
                    read(node, name)["status"] == ["registered"]
                ),
                node.org,
            )
            told = node.say("incidents", "show", name)
            said = f"{self.a.org} · registered by the agency · bawaslu · {NUMBER}"
            assert said in told
        digests = {node.tell("incidents", "digest")["digest"] for node in self.nodes}
        assert len(digests) == 1
        [seen] = self.city.get(f"requests/{self.ids[0]}.json")
        assert seen["status"] == "open"
        assert seen["status_notes"] == "registered: diregistrasi lembaga"
        assert seen["agency_responsible"] == "bawaslu"
        assert len(self.post.box.messages) == 1

    def let_a_week_pass(self) -> None:
        """Counts are made once a week."""
        for one in self.nodes:
            one.node.stop()
            one.node.program = ["tests.stories.later", "8"]
        start_all(*(one.node for one in self.nodes))

    def look_as_public(self) -> None:
        """A stranger at B and at C sees counts, and nothing else."""
        for node in (self.b, self.c):
            status, body = node.get("/v1/incidents/statistics", **STRANGER)
            told = json.loads(body)
            assert (status, told["incidents"]) == (200, 5), "of six, one has a status"
            tables = {one["by"]: one["rows"] for one in told["tables"]}
            assert tables["category"] == [{"count": 5, "of": ["politik_uang"]}]
            assert tables["agency"] == []
            status, page = node.get("/laporan?lang=en", **STRANGER)
            assert status == 200
            assert "money for votes" in page.decode()
            seen = [page, body]
            for path, refused in (
                ("/v1/incidents", 404),
                ("/v1/incidents/merged", 404),
                (f"/v1/incidents/{self.name}", 404),
                ("/laporan/daftar", 403),
                (f"/laporan/{self.name}", 403),
            ):
                status, body = node.get(path, **STRANGER)
                assert status == refused, path
                seen.append(body)
            search = Search((*self.ids, SUMMARY, NUMBER, "balai warga"))
            for body in seen:
                search.look(body, node.org)
            assert search.found == []

    def search(self) -> Search:
        """All that left the three by now, and can be had of them, looked through."""
        search = Search(SECRETS)
        for node in self.nodes:
            token = json.loads(node.home.control.read_text())["token"]
            for headers in ({}, STRANGER, {"Authorization": f"Bearer {token}"}):
                node.ask_all(**headers)
            out = self.folder / f"out-{node.org}"
            node.export_all(out)
            node.node.stop()
            for where, data in node.left(out):
                search.look(data, where)
        head, _, papers = self.mail.as_string().partition("JVBERi")
        assert papers
        search.look(head.encode(), "the agency's mail, but for the papers")
        return search

    def known_by_agency(self) -> list[str]:
        """What is personal in the papers that the agency got."""
        [attached] = self.mail.iter_attachments()
        told = "\n".join(pages_of(attached.get_content()))
        return found_in(told.encode(), SECRETS)
