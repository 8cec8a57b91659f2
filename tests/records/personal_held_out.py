"""The other half of the templates: written when the patterns were done.

Other sentences, other ways to write, and names that no list of ours holds.
"""

# ruff: noqa: E501 - a sentence stands on one line

from tests.records.personal_corpus import (
    GIVEN,
    WORDS,
    Draw,
    Half,
    card,
    digits,
    grouped,
    invented,
    mobile,
    plate,
    spelled,
    village,
)


def _three(draw: Draw) -> str:
    return " ".join(invented(draw) for _ in range(3))


HELD_OUT = Half(
    secrets={
        "telephone": (
            lambda draw: mobile(draw, 11),
            lambda draw: "62" + mobile(draw)[1:],
            lambda draw: "+62" + mobile(draw)[1:],
            lambda draw: grouped(mobile(draw, 13), (4, 4), " "),
            lambda draw: grouped(mobile(draw), (2, 2, 2, 2, 2), " "),
            lambda draw: grouped(mobile(draw), [1] * 12, "-"),
            lambda draw: "0" + mobile(draw)[1:].replace("1", "l"),
            lambda draw: spelled(mobile(draw), ", "),
            lambda draw: "kosong " + spelled(mobile(draw)[1:]),
            lambda draw: f"021 {draw.randint(2000, 8999)} {digits(draw, 4)}",
            lambda draw: grouped(mobile(draw), (4, 4), " – "),
            lambda draw: "WA " + mobile(draw)[1:],
        ),
        "nik": (
            card,
            lambda draw: grouped(card(draw), (4, 4, 4), "."),
            lambda draw: grouped(card(draw), (6, 6), " "),
            lambda draw: grouped(card(draw), (12,), " "),
            lambda draw: card(draw).replace("0", "O"),
            lambda draw: grouped(card(draw), (3, 3, 3, 3, 3), " "),
            lambda draw: spelled(card(draw)),
        ),
        "bank": (
            lambda draw: f"rek. BNI <{digits(draw, 10)}>",
            lambda draw: f"nomor rekening <{grouped(digits(draw, 10), (3, 3), ' ')}>",
            lambda draw: f"Bank Mandiri: <{digits(draw, 13)}>",
            lambda draw: f"BSI <{grouped(digits(draw, 10), (4, 4), '-')}>",
            lambda draw: f"norek {invented(draw)} <{digits(draw, 15)}>",
        ),
        "email": (
            lambda draw: (
                f"{invented(draw).lower()}.{invented(draw).lower()}@contoh.co.id"
            ),
            lambda draw: f"{invented(draw).lower()}[at]contoh[dot]example",
            lambda draw: f"{invented(draw).lower()} @ contoh.example",
            lambda draw: f"{invented(draw).upper()}@CONTOH.EXAMPLE",
            lambda draw: f"{invented(draw).lower()}@contoh dot example",
        ),
        "plate": (
            lambda draw: plate(draw, "."),
            lambda draw: f"bernopol <{plate(draw)}>",
            lambda draw: f"plat <{plate(draw, '').lower()}>",
            lambda draw: f"motor <{plate(draw, '-').lower()}>",
            lambda draw: plate(draw)[:-1],
        ),
        "position": (
            lambda draw: f"(-1.{digits(draw, 6)},120.{digits(draw, 6)})",
            lambda draw: f"koordinat 1,{digits(draw, 4)} dan 120,{digits(draw, 4)}",
            lambda draw: f"S 1.{digits(draw, 5)} E 120.{digits(draw, 5)}",
            lambda draw: f"1 derajat {draw.randint(10, 59)} menit LS",
            lambda draw: f"https://www.<google.com/maps?q=-1.{digits(draw, 5)},120.1>",
            lambda draw: f"-1.{digits(draw, 4)} 120.{digits(draw, 4)}",
        ),
        "account": (
            lambda draw: (
                f"Instagram @{invented(draw).lower()}.{invented(draw).lower()}"
            ),
            lambda draw: f"https://www.<tiktok.com/@{invented(draw).lower()}>",
            lambda draw: f"chat.whatsapp.com/{invented(draw)}{digits(draw, 5)}",
            lambda draw: f"https://<x.com/{invented(draw).lower()}>",
            lambda draw: f"ig {invented(draw).lower()}_{invented(draw).lower()}",
        ),
        "address": (
            lambda draw: (
                f"Jalan {invented(draw)} {invented(draw)} Nomor {draw.randint(1, 99)}"
            ),
            lambda draw: f"jl {invented(draw).lower()} no {draw.randint(1, 99)}",
            lambda draw: (
                f"Jl. {invented(draw)} Raya Gg. Buntu No {draw.randint(1, 99)}A"
            ),
            lambda draw: f"Kompleks {invented(draw)} Blok D/{draw.randint(1, 30)}",
            lambda draw: f"Jl. {invented(draw)} {draw.randint(1, 99)}, RT 01 RW 02",
            lambda draw: f"Lorong {invented(draw)} no. {draw.randint(1, 99)} rt 2/rw 1",
        ),
        "name": (
            lambda draw: f"Bapak <{_three(draw)}>",
            lambda draw: f"Bu Hj. <{invented(draw)}>",
            lambda draw: f"Sdri. <{invented(draw)} {invented(draw)}>",
            lambda draw: f"saksi paslon 02, <{draw.choice(GIVEN)} {invented(draw)}>",
            lambda draw: f"Camat {village(draw)}, <{draw.choice(GIVEN)}>",
            lambda draw: f"anggota KPPS bernama <{invented(draw)} {invented(draw)}>",
            lambda draw: (
                f"caleg <{draw.choice(GIVEN).upper()} {invented(draw).upper()}>"
            ),
            lambda draw: f"Kepala Desa <{draw.choice(GIVEN)} {invented(draw)}>",
            lambda draw: f"Kades <{invented(draw)} {invented(draw)}>",
            lambda draw: f"bu <{invented(draw).lower()}>",
            lambda draw: f"Dr. <{invented(draw)} {invented(draw)}>, S.H.",
            lambda draw: f"relawan <{draw.choice(GIVEN)}>",
        ),
    },
    frames={
        "telephone": (
            "Ada saksi mata yang bersedia, nomornya {secret}, tinggal di Desa {village}",
            'Spanduk bertuliskan "Butuh bantuan? {secret}" di dekat TPS {tps}.',
            "{secret} adalah kontak korlap yang membagi {money}.",
        ),
        "nik": (
            "Dua undangan memakai NIK yang sama: {secret} (TPS {tps} dan TPS {tps3}).",
            "Orang meninggal masih di DPT, KTP {secret}, Desa {village}.",
            "{secret} tercatat di TPS {tps} padahal sudah pindah",
        ),
        "bank": (
            "Dana relawan {money} masuk ke {secret} tanggal {day}.",
            "Bukti transfer ke {secret}, pengirim tidak diketahui, pukul {hour}.",
        ),
        "email": (
            "Salinan laporan sudah dikirim ke {secret}, belum dijawab.",
            "Rekaman ada pada {secret} (video {hour})",
        ),
        "plate": (
            "Mobil dinas {secret} dipakai kampanye {party} tanggal {day}.",
            "Paket beras diturunkan dari truk, {secret}, di Dusun {village}.",
        ),
        "position": (
            "Titik pembagian sembako {secret}, sekitar pukul {hour}.",
            "Posko ilegal berada pada {secret} (Desa {village}).",
        ),
        "account": (
            "Siaran langsung kampanye di masa tenang oleh akun {secret} pukul {hour}",
            "Bukti tangkapan layar dari {secret}; dibagikan {votes} kali.",
        ),
        "address": (
            "Gudang logistik caleg ada di {secret}, Kelurahan {village}.",
            "Amplop {money} diserahkan dari rumah di {secret} pada malam hari",
        ),
        "name": (
            "Menurut warga, {secret} membagikan {money} pada pukul {hour}.",
            "Kami melihat {secret} masuk bilik bersama pemilih di TPS {tps}",
            "Dugaan keberpihakan {secret} dalam rapat di Balai Desa {village}.",
        ),
    },
    clean=(
        "Seorang ibu rumah tangga di {village} menerima {money} dan stiker {party}.",
        "Politik uang: {votes} KK didata, dijanjikan {money} per kepala, TPS {tps}-{tps3}.",
        "Bagi-bagi beras 5 kg x {votes} karung, nilai sekitar Rp 12.500.000,-",
        "APK {party} ukuran 3 x 4 m di Jl. Trans Sulawesi Km 12, depan SD Negeri 2.",
        "Bendera partai dipasang di Jembatan {village} dan tiang listrik, {votes} buah.",
        "Lurah dan Sekdes {village} ikut kampanye {party} memakai mobil dinas pelat merah.",
        "Kapolsek {village} hadir pada deklarasi Paslon {number}, foto terlampir.",
        "Guru PNS SMA 1 {village} menyebarkan ajakan lewat grup WhatsApp kelas.",
        "Warga Dusun II diancam dicoret dari PKH jika tidak memilih {party}.",
        "Sekelompok orang berjaga 20 m dari TPS {tps3} dan mencatat nama pemilih.",
        "Pemilih DPTb {votes} orang ditolak; form A5 tidak dilayani sejak {hour2}.",
        "NIK ganda {votes} pemilih di DPT Kelurahan {village}, sudah dilaporkan ke PPS.",
        "Surat suara Dapil 2 tertukar Dapil 3, {votes} lembar, TPS {code}",
        "Tinta habis pukul {hour} WITA, kotak suara tiba {hour2} tanpa segel.",
        "Pencoblosan ulang oleh KPPS TPS {tps}: {votes} surat suara dicoblos sendiri.",
        "Pemilih usia 15 tahun mencoblos di TPS {tps3}, petugas membiarkan.",
        "Model C1-PPWP beda: A 120 B 130 C 45, total 295, plano 259.",
        "D.Hasil Kecamatan {village}: {party} {votes} menjadi {votes2}, selisih 1.204 suara.",
        "Perolehan 01: 102, 02: 143, 03: 28; sah 273; tidak sah 4; DPT 281.",
        "Kampanye di Masjid Raya {village} dan Gereja saat ibadah, {day} Januari 2024.",
        "Pasal 280 ayat (1) huruf h juncto Pasal 521 UU No. 7 Tahun 2017",
        "Protokol kesehatan: thermo gun tidak ada, suhu 37,8 tidak dipisah, TPS {tps}.",
        "Konvoi {votes} motor tanpa helm melewati Jalan Jenderal Sudirman, {hour}-{hour2}.",
        "Lainnya: rekap PPK ditunda dari 2024-02-17 {hour} ke 2024-02-18 {hour2}.",
        "Ketua RT 05 meminta fotokopi KTP warga, Ketua PPS {village} tidak bertindak.",
        "Saksi {party} dan Saksi Paslon {number} tidak menandatangani C.Hasil TPS {tps}.",
        "Ibu PKK, Karang Taruna, Bapak Bupati dan Ibu Camat hadir membagikan hadiah.",
        "Laporan ke Bawaslu Kabupaten nomor 003/Reg/LP/PL/Kab/26.10/II/2024 belum dijawab.",
    ),
    words=WORDS,
)
