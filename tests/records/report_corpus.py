"""Reports of invented violations, several of some of them: the same texts always.

Of each thing that happened there are one to four reports, of different people: other
words, another hour, a wider region, now and then another category, sometimes a copy of
one photo. What is hard: the same kind of thing in the next village on the same day, the
same station twice, texts that are hardly more than a heading.

One half of the scenes was written with the points of `incidentlikeness.py`, the other
(`HELD_OUT`) when they were set.
"""

# ruff: noqa: E501 - a sentence stands on one line

import random
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from federation.records.canonical import format_time
from federation.records.incident import Incident, IncidentCategory, IncidentLaw
from federation.records.result import Evidence
from tests.fakes import ELECTION, RECORDED_AT

SEED = 20240214
DAY = datetime.fromisoformat("2024-02-14T00:00:00Z")
ORGS = ("jagapemilu.example", "jagasuara.example", "kawal.example", "warga.example")


class Scene(NamedTuple):
    """A kind of thing that happens, as different people write it down.

    `taken_for`: the category under which some file it.
    """

    category: IncidentCategory
    taken_for: IncidentCategory
    law: IncidentLaw
    texts: Sequence[str]


class CorpusReport(NamedTuple):
    """A report, and the number of what happened."""

    incident: Incident
    event: int


SLOTS: Mapping[str, Sequence[str]] = {
    "amount": ("Rp20.000", "Rp50.000", "Rp100.000", "Rp75.000", "Rp150.000"),
    "goods": ("beras", "minyak goreng", "mi instan", "sarung", "gula pasir", "telur"),
    "spot": (
        "balai warga", "posko ronda", "lapangan voli", "masjid", "gereja", "warung kopi",
        "pasar pagi", "rumah ketua RT", "gedung PKK", "sekolah dasar", "tepi jembatan",
    ),
    "side": ("paslon 01", "paslon 02", "paslon 03"),
    "count": ("12", "30", "45", "80", "120", "7", "19", "26"),
    "vehicle": ("mobil bak terbuka", "sepeda motor", "mobil dinas", "angkot", "truk"),
    "office": ("camat", "lurah", "kepala dusun", "guru", "perangkat", "penyuluh"),
    "hour": ("subuh", "pagi", "siang", "sore", "malam"),
}  # fmt: skip

KNOWN = (
    Scene("politik_uang", "lainnya", "pidana", (
        "Amplop berisi {amount} dibagikan kepada warga di {spot} menjelang {hour}",
        "Warga di {spot} menerima uang {amount} dalam amplop dari tim {side}",
        "Bagi-bagi amplop {amount} dekat {spot}, penerima diminta memilih {side}",
        "Serangan fajar: tim {side} keliling membawa amplop {amount} di sekitar {spot}",
    )),
    Scene("politik_uang", "kampanye_terlarang", "pidana", (
        "Paket sembako berisi {goods} dengan stiker {side} diturunkan dari {vehicle} di {spot}",
        "Pembagian {goods} bergambar {side} kepada {count} warga di {spot}",
        "Ada {vehicle} membagikan {goods}, ada stiker {side}, lokasi {spot}",
        "Sembako ({goods}) dari {side} dibagi di {spot}",
    )),
    Scene("prosedur_tps", "logistik_surat_suara", "administrasi", (
        "KPPS mengizinkan {count} orang mencoblos tanpa KTP dan tanpa undangan",
        "Sebanyak {count} pemilih tidak terdaftar dibiarkan mencoblos oleh petugas tanpa KTP",
        "Pemilih tanpa undangan dan KTP ikut memilih, jumlahnya {count}, saksi keberatan",
        "Petugas membolehkan {count} pemilih luar mencoblos tanpa dokumen",
    )),
    Scene("logistik_surat_suara", "prosedur_tps", "administrasi", (
        "Surat suara kurang {count} lembar, pemungutan berhenti sejak {hour}",
        "Kekurangan {count} surat suara sehingga antrean pemilih pulang",
        "Logistik kurang: {count} lembar surat suara tidak ada, pemungutan suara dihentikan",
        "Pemilih pulang sebab surat suara habis, kurang {count}",
    )),
    Scene("netralitas_aparat", "kampanye_terlarang", "hukum_lain", (
        "Seorang {office} mengajak warga memilih {side} dalam pertemuan di {spot}",
        "{office} berpidato mendukung {side} saat rapat di {spot}",
        "Rapat di {spot}: {office} meminta {count} undangan mencoblos {side}",
        "Aparat ({office}) terang-terangan kampanye untuk {side} di {spot}",
    )),
    Scene("intimidasi", "prosedur_tps", "pidana", (
        "Sekelompok pemuda mengancam saksi {side} di depan TPS pada {hour} hari",
        "Saksi {side} diancam {count} pemuda dan diusir dari TPS",
        "Ancaman terhadap saksi {side}, ia disuruh keluar oleh {count} orang tak dikenal",
        "{count} orang datang dengan {vehicle} mengusir dan mengancam saksi {side}",
    )),
)  # fmt: skip

HELD_OUT = (
    Scene("alat_peraga", "kampanye_terlarang", "administrasi", (
        "Baliho {side} masih berdiri di {spot} pada masa tenang",
        "Masa tenang tetapi {count} spanduk {side} belum diturunkan dekat {spot}",
        "Alat peraga {side} terpasang di {spot}, jumlah {count}, sudah lewat batas",
        "Spanduk dan baliho {side} dibiarkan di {spot}",
    )),
    Scene("penggelembungan_suara", "prosedur_tps", "pidana", (
        "Angka {side} di C Hasil bertambah {count} dibanding hitungan saksi",
        "Selisih {count} suara untuk {side} antara plano dan salinan",
        "Perolehan {side} digelembungkan {count} suara waktu rekap",
        "Salinan berbeda dari plano: {side} naik {count} suara",
    )),
    Scene("daftar_pemilih", "prosedur_tps", "administrasi", (
        "Nama {count} pemilih yang sudah meninggal masih tercantum dan dipakai mencoblos",
        "DPT memuat {count} orang meninggal, surat undangannya digunakan orang lain",
        "Undangan milik {count} warga yang wafat dipakai memilih",
        "{count} nama ganda dan orang meninggal ada di daftar pemilih",
    )),
    Scene("kampanye_terlarang", "politik_uang", "pidana", (
        "Tim {side} berkampanye di {spot} pada hari pemungutan",
        "Ada kampanye {side} memakai {vehicle} dan pengeras suara dekat {spot}",
        "Pengeras suara dari {vehicle} mengajak memilih {side}, keliling {spot}",
        "Simpatisan {side} mengumpulkan {count} warga di {spot} untuk berkampanye",
    )),
    Scene("kerumunan", "protokol_kesehatan", "protokol", (
        "Kerumunan {count} orang saat konvoi {side} dari {spot}",
        "Konvoi {side} dengan {vehicle}, massa {count} orang menutup jalan depan {spot}",
        "Jalan di {spot} ditutup pendukung {side}, sekitar {count} orang",
        "Massa {side} berkumpul di {spot}",
    )),
    Scene("politik_uang", "netralitas_aparat", "pidana", (
        "Seorang {office} menjanjikan bantuan {goods} bila {side} menang",
        "Janji bantuan {goods} oleh {office} dalam acara di {spot} untuk {side}",
        "{office} bilang bantuan {goods} dihentikan bila {side} kalah",
        "Bantuan {goods} dijadikan alat oleh {office} supaya warga memilih {side}",
    )),
)  # fmt: skip


def make_reports(scenes: Sequence[Scene], events: int = 400) -> list[CorpusReport]:
    """All reports of so many things, in no order.

    Two thirds of the things happen where another one did, or next to it.
    """
    chance = random.Random(SEED)
    found: list[CorpusReport] = []
    tps = ""
    day = DAY
    scene = scenes[0]
    for event in range(events):
        kind = chance.randrange(3)
        if kind == 0 or not tps:
            tps = _any_tps(chance)
        elif kind == 1:  # next door
            tps = f"{tps[:6]}{1001 + chance.randrange(6)}{chance.randrange(1, 15):03}"
        if chance.random() < 0.5:  # else the same again
            scene = chance.choice(scenes)
        if chance.random() < 0.5:
            day = DAY + timedelta(hours=chance.randrange(-72, 24))
        found += _reports_of(chance, scene, event, tps, day)
    chance.shuffle(found)
    return found


def _any_tps(chance: random.Random) -> str:
    village = f"{chance.choice(('3171', '3273', '7202'))}{chance.randrange(1, 40):02}"
    return f"{village}{1001 + chance.randrange(6)}{chance.randrange(1, 15):03}"


def _reports_of(
    chance: random.Random, scene: Scene, event: int, tps: str, at: datetime
) -> list[CorpusReport]:
    values = {name: chance.choice(words) for name, words in SLOTS.items()}
    photo = f"{chance.getrandbits(256):064x}"
    count = chance.choice((1, 1, 1, 2, 2, 3, 4))
    return [
        CorpusReport(_report(chance, scene, values, (tps, at, photo)), event)
        for _ in range(count)
    ]


def _report(
    chance: random.Random,
    scene: Scene,
    values: Mapping[str, str],
    where: tuple[str, datetime, str],
) -> Incident:
    tps, at, photo = where
    own = dict(values)
    if chance.random() < 0.2:  # somebody counted, or saw, something else
        name = chance.choice(sorted(own))
        own[name] = chance.choice(SLOTS[name])
    text = chance.choice(scene.texts).format(**own)
    members = {}
    if chance.random() < 0.5:
        members["description"] = chance.choice(scene.texts).format(**own)
    place = chance.choice((tps, tps, tps[:10], tps[:10], tps[:6]))
    members["tps" if len(place) == 13 else "region"] = place
    if chance.random() < 0.2:
        # The same photo, redrawn by another: other bytes, the same likeness.
        sha256 = f"{chance.getrandbits(256):064x}"
        members["evidence"] = (
            Evidence(media_type="image/jpeg", sha256=sha256, size=9, likeness=photo),
        )
    minutes = chance.choice((0, 5, -20, 45, 90, -150, 400, 1300))
    happened = (at + timedelta(minutes=minutes)).timestamp()
    return Incident(
        category=scene.taken_for if chance.random() < 0.15 else scene.category,
        election=ELECTION,
        happened_at=format_time(happened),
        id=f"{chance.getrandbits(128):032x}",
        law=scene.law,
        org=chance.choice(ORGS),
        recorded_at=RECORDED_AT,
        reported_at=format_time(happened + 3600),
        summary=text,
        **members,
    )
