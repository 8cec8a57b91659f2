"""What a dossier is made of, for tests, and what stands on its pages."""

import base64
import io
import re
import zlib
from datetime import UTC, datetime

from PIL import Image

from federation.config.agencies import Agency
from federation.flows.annex.contents import AnnexPerson, IncidentAnnex
from federation.flows.refer.dossier import DossierInput, DossierReceipt
from federation.profiles import load_shipped
from federation.records.deadline import find_deadline
from federation.records.incident import Incident
from federation.records.result import Evidence

PHOTO, UNSEEN = "a1" * 32, "b2" * 32
TPS = "3273011001001"
SUMMARY = "Amplop dibagikan di dekat TPS sebelum pemungutan suara"
PEMILU = load_shipped()["pemilu-2024"]
KNOWN, REPORTED = "2024-02-14T01:00:00Z", "2024-02-14T03:00:00Z"

INCIDENT = Incident(
    category="politik_uang",
    election="pemilu-2024",
    happened_at="2024-02-13T22:30:00Z",
    id="5f0c" * 8,
    known_at=KNOWN,
    law="pidana",
    org="jagasuara.example",
    recorded_at="2024-02-14T13:05:00Z",
    reported_at=REPORTED,
    summary=SUMMARY,
    description="Dua orang membagikan amplop kepada warga di gang.",
    tps=TPS,
    evidence=(
        Evidence(media_type="image/jpeg", sha256=PHOTO, size=182_344),
        Evidence(media_type="image/jpeg", sha256=UNSEEN, size=99_811),
    ),
)
AGENCY = Agency(
    key="gakkumdu-3273",
    name="Sentra Gakkumdu Kota Bandung",
    kind="gakkumdu",
    address="Jalan Contoh Nomor 1\nBandung 40111",
)
ANNEX = IncidentAnnex(
    reporter=AnnexPerson(name="PELAPOR X", address="ALAMAT PELAPOR"),
    accused=(AnnexPerson(name="TERLAPOR X", about="KETERANGAN X"),),
    witnesses=(AnnexPerson(name="SAKSI X", address="ALAMAT SAKSI"),),
)


def draw_photo(size=(320, 240)):
    """The bytes of a JPEG."""
    file = io.BytesIO()
    Image.new("RGB", size, (90, 120, 90)).save(file, "JPEG")
    return file.getvalue()


def given(**changes):
    """A complete report; `changes` replace what it is made of."""
    members = {
        "incident": INCIDENT,
        "agency": AGENCY,
        "sender": "Jaga Suara",
        "contact": "data@jagasuara.example",
        "election": "Pemilu 2024",
        "place": ("Isola", "Sukasari", "Kota Bandung", "Jawa Barat"),
        "written_at": datetime(2024, 2, 16, 3, tzinfo=UTC),
        "deadline": find_deadline(
            PEMILU.reporting, TPS, reported_at=REPORTED, known_at=KNOWN
        ),
        "annex": ANNEX,
        "photos": {PHOTO: draw_photo()},
        "receipts": (DossierReceipt(record="d4" * 32, origin="a.example/e", index=17),),
    }
    return DossierInput(**members | changes)


def pages_of(pdf):
    """The text of each page, line after line, as the drawing commands have it."""
    pages = []
    for match in re.finditer(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL):
        data = match[1].strip()
        if not data.endswith(b"~>"):
            continue
        try:
            commands = zlib.decompress(base64.a85decode(b"<~" + data, adobe=True))
        except zlib.error:
            continue
        if b" Tj" in commands:
            lines = re.findall(rb"\(((?:[^()\\]|\\.)*)\) Tj", commands)
            plain = (re.sub(rb"\\([()\\])", rb"\1", line) for line in lines)
            pages.append("\n".join(line.decode("latin-1") for line in plain))
    return pages
