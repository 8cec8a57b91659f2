"""Texts of reports with planted personal data, and without: invented, the same always.

The first half of the templates was written together with the patterns, the other one
(`personal_held_out.py`) when they were done: how much the patterns
find of what they were not made for. Numbers, names and places in a text are drawn;
given names are common ones and what stands behind them is made of syllables.
"""

# ruff: noqa: E501 - a sentence stands on one line

import random
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from federation.records.personal import PersonalKind

SEED = 20240214
#: Texts of each half, with something planted and without.
EACH = 150

GIVEN = [
    "Budi",
    "Siti",
    "Ahmad",
    "Agus",
    "Rina",
    "Hasan",
    "Yusuf",
    "Wati",
    "Ketut",
    "Yohanes",
    "Nur",
    "Amir",
]
SYLLABLES = [
    "lo",
    "wa",
    "ri",
    "san",
    "te",
    "ma",
    "po",
    "rang",
    "du",
    "ki",
    "bel",
    "no",
    "ta",
    "ju",
    "mo",
    "ra",
]
VILLAGES = [
    "Lamora",
    "Watuneo",
    "Sangkidu",
    "Tobelari",
    "Pinomau",
    "Karenua",
    "Moradu",
    "Belanta",
]

Draw = random.Random
Maker = Callable[[Draw], str]


class Planted(NamedTuple):
    """A text, and the `secret` in it, which is of this kind; None: there is none."""

    text: str
    kind: PersonalKind | None
    secret: str


class Half(NamedTuple):
    """Templates of one half: what is planted, where it is, what is planted nowhere.

    `secrets`: for each kind of thing, the ways to write it; between < and >, where not
    all that is written is secret. `frames`: for each kind,
    the sentences around it. `clean`: sentences with nothing; `words`: what fills them.
    """

    secrets: Mapping[PersonalKind, Sequence[Maker]]
    frames: Mapping[PersonalKind, Sequence[str]]
    clean: Sequence[str]
    words: Mapping[str, Maker]


def digits(draw: Draw, count: int) -> str:
    """So many digits."""
    return "".join(draw.choice("0123456789") for _ in range(count))


def grouped(text: str, sizes: Sequence[int], gap: str) -> str:
    """A text in groups."""
    parts, at = [], 0
    for size in sizes:
        parts.append(text[at : at + size])
        at += size
    return gap.join(part for part in (*parts, text[at:]) if part)


def mobile(draw: Draw, count: int = 12) -> str:
    """A number of a mobile telephone."""
    start = draw.choice(
        ("0811", "0812", "0813", "0821", "0852", "0857", "0878", "0895")
    )
    return start + digits(draw, count - 4)


def card(draw: Draw) -> str:
    """The number of an identity card."""
    day = draw.randint(1, 31) + draw.choice((0, 40))
    born = f"{day:02}{draw.randint(1, 12):02}{draw.randint(55, 99):02}"
    region = f"{draw.choice((11, 32, 35, 64, 72, 81))}{draw.randint(1, 30):02}"
    return f"{region}{draw.randint(1, 20):02}{born}{draw.randint(1, 9999):04}"


def invented(draw: Draw) -> str:
    """A name that nobody has."""
    return "".join(draw.sample(SYLLABLES, 3)).capitalize()


def full(draw: Draw) -> str:
    """A given name and an invented one behind it."""
    return f"{draw.choice(GIVEN)} {invented(draw)}"


def plate(draw: Draw, gap: str = " ") -> str:
    """The plate of a vehicle."""
    region = draw.choice(("B", "D", "L", "DN", "DD", "AB", "KT", "DB"))
    letters = "".join(draw.choice("ABCDEFGHJKLNPQRSTUVXYZ") for _ in range(2))
    return gap.join((region, str(draw.randint(1000, 9999)), letters))


def village(draw: Draw) -> str:
    """A place that is nowhere."""
    return draw.choice(VILLAGES)


def station(draw: Draw) -> str:
    """The code of a polling station."""
    return f"72{draw.randint(1, 9):02}{draw.randint(1, 9):02}10{draw.randint(1, 20):02}{draw.randint(1, 30):03}"


_SPELLED = [
    "nol",
    "satu",
    "dua",
    "tiga",
    "empat",
    "lima",
    "enam",
    "tujuh",
    "delapan",
    "sembilan",
]


def spelled(text: str, gap: str = " ") -> str:
    """Each digit as a word."""
    return gap.join(_SPELLED[int(digit)] for digit in text)


WORDS: Mapping[str, Maker] = {
    "village": village,
    "tps": lambda draw: str(draw.randint(1, 40)),
    "tps3": lambda draw: f"{draw.randint(1, 40):03}",
    "code": station,
    "votes": lambda draw: str(draw.randint(3, 290)),
    "votes2": lambda draw: str(draw.randint(3, 290)),
    "hour": lambda draw: f"{draw.randint(6, 22):02}.{draw.randint(0, 59):02}",
    "hour2": lambda draw: f"{draw.randint(6, 22):02}:{draw.randint(0, 59):02}",
    "day": lambda draw: str(draw.randint(1, 28)),
    "money": lambda draw: f"Rp{draw.choice((20, 50, 100, 150, 250))}.000",
    "party": lambda draw: draw.choice(("Golkar", "NasDem", "PDIP", "PKS", "Demokrat")),
    "number": lambda draw: f"{draw.randint(1, 4):02}",
}

KNOWN = Half(
    secrets={
        "telephone": (
            mobile,
            lambda draw: grouped(mobile(draw), (4, 4), "-"),
            lambda draw: grouped(mobile(draw), (4, 4), " "),
            lambda draw: grouped(mobile(draw), (4, 4), "."),
            lambda draw: grouped(mobile(draw), (3, 3, 3), " "),
            lambda draw: "+62 " + grouped(mobile(draw)[1:], (3, 4), "-"),
            lambda draw: "O" + mobile(draw)[1:].replace("0", "O"),
            lambda draw: spelled(mobile(draw)),
            lambda draw: f"(0451) {draw.randint(420000, 499999)}",
        ),
        "nik": (
            card,
            lambda draw: grouped(card(draw), (4, 4, 4), " "),
            lambda draw: grouped(card(draw), (6, 6), "-"),
            lambda draw: grouped(card(draw), (2, 2, 2, 6), "."),
        ),
        "bank": (
            lambda draw: f"BRI {digits(draw, 15)}",
            lambda draw: f"BCA no rek {digits(draw, 10)}",
            lambda draw: f"rekening Mandiri {grouped(digits(draw, 13), (3, 2), '-')}",
        ),
        "email": (
            lambda draw: f"{invented(draw).lower()}@contoh.example",
            lambda draw: (
                f"{invented(draw).lower()}{digits(draw, 2)} (at) contoh.example"
            ),
            lambda draw: f"{invented(draw).lower()} at contoh titik example",
        ),
        "plate": (
            plate,
            lambda draw: plate(draw, ""),
            lambda draw: plate(draw, "-"),
            lambda draw: "mobil " + plate(draw).lower(),
        ),
        "position": (
            lambda draw: f"-1.{digits(draw, 5)}, 120.{digits(draw, 5)}",
            lambda draw: f"1.{digits(draw, 5)} LS 120.{digits(draw, 5)} BT",
            lambda draw: f"1°{draw.randint(10, 59)}'{draw.randint(10, 59)}\"S",
            lambda draw: f"6P58QV8W+{draw.choice('23456789')}X",
            lambda draw: f"https://<maps.app.goo.gl/{invented(draw)}>",
        ),
        "account": (
            lambda draw: f"@{invented(draw).lower()}_{digits(draw, 2)}",
            lambda draw: f"wa.me/62{mobile(draw)[1:]}",
            lambda draw: f"https://<t.me/{invented(draw).lower()}>",
            lambda draw: f"facebook.com/{invented(draw).lower()}",
        ),
        "address": (
            lambda draw: f"Jl. {invented(draw)} No. {draw.randint(1, 99)}",
            lambda draw: f"Jln {invented(draw)} No {draw.randint(1, 99)} RT 03/RW 05",
            lambda draw: f"Gang {invented(draw)} II No.{draw.randint(1, 99)}B",
            lambda draw: (
                f"Perumahan {invented(draw)} Blok C2 No. {draw.randint(1, 30)}"
            ),
        ),
        "name": (
            lambda draw: f"Pak <{full(draw)}>",
            lambda draw: f"Ibu <{invented(draw)}>",
            lambda draw: f"H. <{invented(draw)}>",
            lambda draw: f"saksi <{invented(draw)} {invented(draw)}>",
            lambda draw: f"Kades {village(draw)} <{full(draw)}>",
            lambda draw: f"ketua KPPS <{full(draw)}>",
            lambda draw: f"a/n <{full(draw)}>",
            lambda draw: f"pak <{draw.choice(GIVEN).lower()}>",
        ),
    },
    frames={
        "telephone": (
            "Pelapor dapat dihubungi di {secret} untuk bukti amplop.",
            "Ada baliho di {village}, hubungi {secret}",
            "TPS {tps} {village}: saksi diusir, kontak {secret}, kejadian pukul {hour}",
        ),
        "nik": (
            "Pemilih dengan NIK {secret} mencoblos dua kali di TPS {tps}.",
            "KK {secret} tidak masuk DPT Desa {village}",
            "Namanya tidak ada di DPT, padahal nomornya {secret}.",
        ),
        "bank": (
            "Uang dikirim lewat {secret} sebesar {money} per orang.",
            "Relawan minta transfer ke {secret}",
        ),
        "email": (
            "Foto dikirim ke {secret} pada tanggal {day} Februari.",
            "Hubungi {secret}",
        ),
        "plate": (
            "Sembako dibagikan dari {secret} di depan TPS {tps}.",
            "{secret} terlihat membawa spanduk di {village}, pukul {hour}",
        ),
        "position": (
            "Baliho liar ada di {secret} dekat sekolah.",
            "Lokasi kejadian: {secret}",
        ),
        "account": (
            "Kampanye hitam disebar lewat {secret} sejak pagi.",
            "Lihat {secret}",
        ),
        "address": (
            "Uang dibagikan di {secret}, Desa {village}, pukul {hour}.",
            "Rumah pelapor di {secret}",
        ),
        "name": (
            "Uang {money} dibagikan oleh {secret} di Desa {village}.",
            "{secret} menyuruh warga memilih nomor {number}.",
            "TPS {tps}: {secret} mengubah angka dari {votes} menjadi {votes2}",
        ),
    },
    clean=(
        "Warga Desa {village} diberi amplop berisi {money} agar memilih nomor {number}.",
        "Tim sukses membagikan sembako senilai {money} di Dusun {village} pukul {hour}.",
        "Serangan fajar: amplop @{money} di TPS {tps} {village}",
        "Baliho {party} dipasang di Jl. Trans Sulawesi, menutupi rambu.",
        "Spanduk paslon {number} dipaku di pohon sepanjang Jalan Diponegoro.",
        "Kepala Desa {village} mengarahkan warga memilih paslon {number}.",
        "ASN di kantor Camat {village} berpose dua jari dalam foto bersama.",
        "Ibu Kota kabupaten: pemilih diancam tidak dapat bantuan bila tidak memilih {number}.",
        "Bapak-bapak berseragam menjaga pintu TPS {tps} dan menanyai pemilih.",
        "{votes} pemilih tidak terdaftar di DPT TPS {tps3} Desa {village}.",
        "Surat suara kurang {votes} lembar di TPS {tps}, datang pukul {hour2} WITA.",
        "Kotak suara TPS {tps} tidak tersegel waktu tiba di kantor kecamatan.",
        "KPPS tidak memberi salinan C.Hasil kepada saksi {party} di TPS {tps}.",
        "C.Hasil TPS {code}: suara paslon {number} ditulis {votes}, dibacakan {votes2}.",
        "Suara caleg nomor {number} {party} naik dari {votes} menjadi {votes2} di D.Hasil.",
        "Dugaan melanggar Pasal 454 ayat (6) dan Pasal 523 UU 7/2017.",
        "Kampanye di masa tenang tanggal {day} Februari 2024 pukul {hour} WIB.",
        "Panwascam {village} sudah menerima laporan, nomor 012/LP/PP/Kec/II/2024.",
        "Antrean di TPS {tps} tidak berjarak, {votes} orang tanpa masker.",
        "Pak RT dan Bu RT membagikan undangan memilih di RT 3 RW 4.",
        "Saksi Paslon {number} tidak hadir, saksi mandat {party} menolak tanda tangan.",
        "Pemungutan suara di TPS {tps} dihentikan pukul {hour}, dilanjutkan {hour2}.",
        "TPS 08 120 130 145 suara, TPS 09 {votes} {votes2}",
        "{code} {votes} suara sah, {votes2} tidak sah",
        "Ketua KPPS membuka kotak sebelum pukul 07.00 tanpa saksi.",
        "Kerumunan di lapangan {village}, sekitar 1.500 orang, sejak {hour}.",
    ),
    words=WORDS,
)


def planted(half: Half, seed: int = SEED) -> list[Planted]:
    """Texts with something in them, of each kind as many, as near as it goes."""
    draw = random.Random(seed)
    kinds = list(half.secrets)
    return [
        _plant(half, kinds[n % len(kinds)], n // len(kinds), draw) for n in range(EACH)
    ]


def clean(half: Half, seed: int = SEED) -> list[Planted]:
    """Texts with nothing in them."""
    draw = random.Random(seed)
    return [
        Planted(_fill(half, half.clean[n % len(half.clean)], draw), None, "")
        for n in range(EACH)
    ]


def place_of(planted: Planted) -> tuple[int, int]:
    """Where the secret begins and ends in its text."""
    start = planted.text.index(planted.secret)
    return start, start + len(planted.secret)


def leaked(planted: Planted, text: str) -> list[str]:
    """What of the secret is still in a text: its words that tell something."""
    letters = "".join(char if char.isalnum() else " " for char in planted.secret)
    worded = planted.kind in ("name", "email", "account")
    return [
        part
        for part in letters.split()
        if len(part) > 2 and (worded or any(c.isdigit() for c in part)) and part in text
    ]


def _plant(half: Half, kind: PersonalKind, number: int, draw: Draw) -> Planted:
    ways, frames = half.secrets[kind], half.frames[kind]
    written = ways[number % len(ways)](draw)
    frame = frames[number // len(ways) % len(frames)]
    before, is_parted, rest = written.partition("<")
    secret = rest.partition(">")[0] if is_parted else before
    shown = written.replace("<", "").replace(">", "")
    return Planted(_fill(half, frame, draw, shown), kind, secret)


def _fill(half: Half, frame: str, draw: Draw, secret: str = "") -> str:
    words = {name: make(draw) for name, make in half.words.items()}
    return frame.format(secret=secret, **words)
