"""The federation.toml that `federation init` writes, explained in both languages.

Rule: every key stands in it, with its unit and default, so that nobody needs a second
page to change one; what has a default and was not chosen is a comment.
"""

from dataclasses import dataclass
from typing import Final

from federation.config.peers import quote


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What an operator answers."""

    org: str
    name: str
    contact: str
    elections: tuple[str, ...]
    licence: str
    attribution: str
    host: str
    port: int
    public_url: str | None
    incidents: tuple[str, ...] = ()
    guard: str | None = None
    database: str | None = None


_TEXT: Final = """\
# Settings of this node. Each key: what it means (English, then Indonesian), its unit
# and its default. A key that is not listed here is refused.
# Pengaturan node ini. Tiap kunci: artinya (Inggris, lalu Indonesia), satuan, dan nilai
# bawaan. Kunci yang tidak tercantum di sini akan ditolak.

# Our domain name; it is in everything we sign and can never be changed.
# Nama domain kita; tercantum di semua yang kita tandatangani dan tidak bisa diganti.
org = {org}

# How people call us. / Nama kita bagi orang.
name = {name}

# Where to reach us when something is wrong. / Kontak kita bila ada masalah.
contact = {contact}

# Under which licence our records may be used, and whom to name.
# Lisensi untuk catatan kita, dan siapa yang harus disebut.
licence = {licence}
attribution = {attribution}

# Elections that we publish results of; add one with `federation keys chain`.
# Pemilu yang hasilnya kita terbitkan; tambah dengan `federation keys chain`.
elections = [{elections}]

# Those of them for which we keep reports of violations, in a history of their own that
# partners read whom peers.toml lets; `federation keys chain --incidents` adds one.
# Di antaranya yang laporan pelanggarannya kita simpan, dalam riwayat tersendiri yang
# dibaca mitra seizin peers.toml; tambah dengan `federation keys chain --incidents`.
incidents = [{incidents}]

# Our histories that continue one that has ended: `federation election continue` writes
# it. / Riwayat kita yang meneruskan riwayat yang berakhir; ditulis perintah itu.
successors = []

# From when on everybody may read our results of an election, as in
# {{ pemilu-2029 = 2029-02-14T18:00:00+07:00 }}: a full minute with its zone. Before it
# they are for our people, and for partners with logs = ["early"] in peers.toml. Write
# it before the first result, then run `federation keys chain`; it is never moved.
# Sejak kapan hasil suatu pemilu boleh dibaca umum, misalnya
# {{ pemilu-2029 = 2029-02-14T18:00:00+07:00 }}: menit penuh dengan zonanya. Sebelumnya
# hanya untuk orang kita, dan untuk mitra dengan logs = ["early"] di peers.toml. Tulis
# sebelum hasil pertama, lalu jalankan `federation keys chain`; tidak pernah digeser.
# public_from = {{}}

# Folders, relative to this file. / Folder, relatif terhadap berkas ini.
# data_folder = "data"
# keys_folder = "keys"
# How much was signed, never taken back: best on another disk, and never inside
# data_folder, so that a restored backup is found out.
# Seberapa banyak yang ditandatangani, tidak pernah mundur: sebaiknya di disk lain, dan
# tidak di dalam data_folder, supaya cadangan yang dipulihkan ketahuan.
# guard_folder = "guard"
# Or a bucket of an object store, where it is changed by compare-and-swap: of several
# machines that would sign one does. The store must keep conditional writes, and lie
# where the database does not; it is in no backup.
# Atau bucket di penyimpanan objek, yang diubah dengan bandingkan-lalu-tukar: dari
# beberapa mesin yang hendak menandatangani, satu yang berhasil. Penyimpanannya harus
# mematuhi tulisan bersyarat dan tidak berada di tempat basis data; tidak ikut cadangan.
{guard}
# Where that store is and who asks it: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID … of the
# environment, or lines with them in this file (0600).
# Letak penyimpanan itu dan siapa yang meminta: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID … di
# variabel lingkungan, atau baris-barisnya di berkas ini (0600).
# guard_access = "keys/guard.env"
# The database of a PostgreSQL server instead of the file in data_folder, for a node
# whose records outgrow one machine: docs/how-to/use-postgresql.md. No password here.
# Basis data di server PostgreSQL, bukan berkas di data_folder, untuk node yang lebih
# besar daripada satu mesin: docs/how-to/use-postgresql.id.md. Tanpa kata sandi di sini.
{database}

[listen]
# Address and port of this node; 0.0.0.0 = every network, port 0 = any free one.
# Alamat dan port node; 0.0.0.0 = semua jaringan, port 0 = port bebas mana pun.
host = {host}
port = {port}
# How partners reach it, usually through a web server with TLS, without "/" at the end.
# Alamat bagi mitra, biasanya melalui server web dengan TLS, tanpa "/" di akhir.
{public_url}
# Other names under which it may be asked while it listens on this machine only,
# like "node.lan".
# Nama lain yang boleh dipakai untuk bertanya selama ia hanya mendengarkan di mesin ini,
# misalnya "node.lan".
# hosts = []
# Proxies before it, like "127.0.0.1", whose word on callers is believed: limits count
# their callers.
# Proksi di depannya, misalnya "127.0.0.1", yang keterangannya dipercaya: batas
# dihitung per klien.
# trusted_proxies = []
# The header in which they name callers: "x-forwarded-for", or "forwarded" (RFC 7239).
# Tajuk tempat mereka menyebut klien: "x-forwarded-for", atau "forwarded" (RFC 7239).
# forwarded = "x-forwarded-for"
# Whether strangers see in /metrics and /v1/status who our partners are and who fails.
# Apakah orang luar melihat mitra kita dan yang gagal di /metrics dan /v1/status.
# show_partners = false

[sync]
# Seconds between two turns with a partner, and how far a turn may move (0.1 = 10 %).
# Detik antara dua giliran dengan satu mitra, dan seberapa jauh boleh bergeser.
# interval_s = 60
# jitter = 0.1
# Seconds after which a turn is ended; it goes on next time.
# Detik sebelum satu giliran dihentikan; dilanjutkan pada giliran berikutnya.
# deadline_s = 120
# Seconds after which we confirm again that we hold a partner's records.
# Detik sebelum kita mengonfirmasi lagi bahwa kita memegang catatan mitra.
# heartbeat_s = 300
# Seconds at start to wait for partners that may hold more of our records than we do.
# Detik menunggu mitra saat mulai; mungkin mereka memegang lebih banyak catatan kita.
# reconcile_wait_s = 30

[witness]
# So many other organisations must have signed that they hold a record before we call it
# "held by others". With one partner write 1. Of n partners of which f lie, two
# histories cannot both reach a quorum q where 2q - n > f (docs/explanation/trust.md).
# Sebanyak ini organisasi lain harus menandatangani bahwa mereka menyimpan sebuah
# catatan sebelum kita sebut "disimpan pihak lain". Dengan satu mitra tulis 1. Dari n
# mitra yang f di antaranya berbohong, dua riwayat tidak dapat sama-sama mencapai kuorum
# q bila 2q - n > f (docs/explanation/trust.id.md).
# quorum = 2
# Hours after which somebody is told (an alarm) that too few hold what we signed, that a
# partner has not confirmed ours again, or that nobody has seen a partner show its own.
# Jam sampai ada yang diberi tahu (peringatan) bahwa terlalu sedikit yang menyimpan yang
# kita tandatangani, bahwa mitra tidak mengonfirmasi lagi riwayat kita, atau bahwa tidak
# ada yang melihat mitra menunjukkan riwayatnya sendiri.
# stale_h = 6
# Witnesses from outside (C2SP tlog-witness) that our public totals are brought to: the
# address before /add-checkpoint, and the key by which each signs. As many tables as
# you like; `federation witness show` prints what its operator needs.
# Pengonfirmasi luar (C2SP tlog-witness) yang menerima jumlah riwayat publik kita:
# alamat sebelum /add-checkpoint, dan kunci tanda tangannya. Boleh beberapa tabel;
# `federation witness show` menampilkan yang diperlukan operatornya.
# [[witness.outside]]
# url = "https://witness.example"
# vkey = "witness.example/w1+…"
# Logs that we do not mirror and confirm as a witness: their names and keys. Make our
# key first: `federation witness key`.
# Log yang tidak kita simpan dan kita konfirmasi dari luar: nama dan kuncinya. Buat
# kunci kita dahulu: `federation witness key`.
# [[witness.for]]
# origin = "log.example/pemilu-2029"
# vkey = "log.example/pemilu-2029+…"

[limits]
# Bytes of one request, and connections at a time.
# Byte per permintaan, dan sambungan sekaligus.
# max_body_bytes = 8388608
# max_connections = 512

[disk]
# Megabytes that are kept for a full disk (data/reserve); with less room than that
# nothing is taken in. 0: none, and records are taken in to the last byte.
# Megabyte yang disimpan untuk saat disk penuh (data/reserve); bila sisa ruang kurang
# dari itu, tidak ada yang diterima. 0: tidak ada cadangan.
# reserve_mb = 8

[photos]
# A folder of your own, relative to this file, for photographs as they came, with all
# that cameras write into them; nobody else is ever handed one. Not named: they are not
# kept, only the copies drawn anew, which partners may be handed.
# Folder milik sendiri, relatif terhadap berkas ini, untuk foto asli beserta semua yang
# ditulis kamera di dalamnya; tidak pernah diberikan kepada siapa pun. Tanpa nama: yang
# asli tidak disimpan, hanya salinan yang digambar ulang, yang boleh diberikan kepada
# mitra.
# originals = "originals"
# Where the copies drawn anew lie, ours and partners': a folder, relative to this file,
# or an object store, "s3://bucket/below", whose credentials stand in the environment,
# never here. Not named: the folder "blobs" in data_folder.
# Tempat salinan yang digambar ulang, milik kita dan mitra: folder, relatif terhadap
# berkas ini, atau penyimpanan objek, "s3://bucket/below", dengan kredensial di
# lingkungan proses, tidak pernah di sini. Tanpa nama: folder "blobs" di data_folder.
# store = "photos"
# The address of that object store as those reach it who hand photographs in: programs
# then put them there themselves, by an address that we sign for one file each. Not
# named: they come through this node.
# Alamat penyimpanan objek itu seperti dijangkau pengirim foto: program menaruh sendiri
# fotonya di sana, lewat alamat yang kita tanda tangani untuk satu berkas. Tanpa nama:
# foto datang lewat node ini.
# uploads = "https://s3.example.org"
# Whether everybody may see our own photos of public records. A form bears names and
# signatures of officials and witnesses.
# Apakah siapa pun boleh melihat foto kita dari catatan publik. Formulir memuat nama dan
# tanda tangan petugas dan saksi.
# public = false
# Megabytes for photographs of partners; then those go that nobody has looked at for
# longest, never our own. 0: none of theirs are kept.
# Megabyte untuk foto milik mitra; bila penuh, yang paling lama tidak dilihat dihapus,
# foto kita sendiri tidak pernah. 0: foto mitra tidak disimpan.
# max_mb = 16384
# The most that our own photographs may be: megabytes of copies drawn anew, and how
# many. Beyond it further ones are refused; none that was taken in is ever dropped. From
# 90 % on there is an alarm. Not named: no bound.
# Sebanyak-banyaknya foto milik sendiri: megabyte salinan yang digambar ulang, dan
# jumlahnya. Lebih dari itu foto baru ditolak; yang sudah diterima tidak pernah dihapus.
# Mulai 90 % ada peringatan. Tanpa nama: tanpa batas.
# own_max_mb = 4000000
# own_max_photos = 5000000
# Days after the voting day of an election until its photographs are deleted here, ours
# and partners', originals too; the records stay. An election that is not named: never.
# Hari setelah pemungutan suara sampai foto pemilu itu dihapus di sini, milik kita dan
# mitra, termasuk yang asli; catatannya tetap. Pemilu yang tidak disebut: tidak pernah.
# retention_days = {{ pemilu-2024 = 365 }}

[backup]
# A folder of another disk, "/mnt/backup/node", say, or relative to this file, in which
# the node makes a backup by itself. Not named: none is made by the clock. Private keys
# are in it, sealed, once `federation backup key` was run. Or a bucket of an object
# store, "s3://bucket/node".
# Folder di disk lain, misalnya "/mnt/backup/node", atau relatif terhadap berkas ini,
# tempat node membuat cadangan sendiri. Tanpa nama: tidak ada yang dibuat terjadwal.
# Kunci pribadi ikut, tersegel, setelah `federation backup key` dijalankan. Atau bucket
# di penyimpanan objek, "s3://bucket/node".
# to = "/mnt/backup/node"
# Where that store is and who asks it: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID … of the
# environment, or lines with them in this file (0600).
# Letak penyimpanan itu dan siapa yang meminta: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID … di
# variabel lingkungan, atau baris-barisnya di berkas ini (0600).
# store_access = "keys/store.env"
# Hours between two, and how many stay; older ones go when a newer one is whole.
# Jam antara dua cadangan, dan berapa yang disimpan; yang lama dihapus setelah yang baru
# utuh.
# every_h = 24
# keep = 7
# Whether what is personal of reports, and mail of agencies, goes along, sealed.
# Apakah data pribadi laporan dan surel lembaga ikut, tersegel.
# with_annex = false
# Whether original photographs go along (photos.originals), each sealed for the backup
# key, once; without that key none does.
# Apakah foto asli ikut (photos.originals), masing-masing disegel untuk kunci cadangan,
# sekali; tanpa kunci itu tidak ada yang ikut.
# with_originals = false

[annex]
# Days for which the sealed annex of an incident (who reported it, who is accused, the
# exact place) is kept, unless it says another day; then it is purged here.
# Lama lampiran tersegel sebuah kejadian (pelapor, terlapor, letak persisnya) disimpan,
# dalam hari, kecuali lampiran itu menyebut tanggal lain; sesudahnya dihapus di sini.
# days = 180

[refer]
# Seconds between saying that a report will go to an agency and sending it: so long
# partners have to say that they mean to, too. Then hours for which it is tried, and for
# which partners hold back. Then hours for which papers wait to be approved: they hold
# what is personal, and are deleted then.
# Detik antara pengumuman bahwa laporan akan dikirim ke lembaga dan pengirimannya: waktu
# bagi mitra untuk menyatakan niat yang sama. Lalu lama mencoba, dalam jam; selama itu
# mitra menahan diri. Lalu lama berkas menunggu persetujuan, dalam jam: isinya data
# pribadi, dan sesudah itu dihapus.
# hold_s = 60
# expires_h = 48
# prepared_h = 24

[mail]
# The server that takes e-mail to agencies, our address, and how: "starttls", "tls" from
# the first byte, or "plain" for this machine only. A password lies in a file of its own
# that only you can read (0600, as in keys/), relative to this one; so do authorities
# of your own.
# Server yang menerima surel ke lembaga, alamat kita, dan caranya: "starttls", "tls"
# sejak awal, atau "plain" hanya untuk mesin ini. Kata sandi ada di berkas tersendiri
# yang hanya terbaca oleh Anda (0600), relatif terhadap berkas ini; begitu pula
# sertifikat otoritas sendiri.
# host = "mail.example"
# sender = "laporan@example.org"
# port = 587
# security = "starttls"
# user = "laporan"
# password_file = "keys/mail.password"
# ca_file = "keys/mail-ca.pem"

[alarms]
# Hours after which an alarm that still stands is told again, and whether a partner that
# signed two histories is told so, at the contact that it has signed, once.
# Jam sebelum peringatan yang masih berlaku disampaikan lagi, dan apakah mitra yang
# menandatangani dua riwayat diberi tahu, sekali, di kontak yang ditandatanganinya.
# remind_h = 24
# tell_partner = true
# Where alarms go; as many tables as you like, each with one way: an e-mail (by the
# server of [mail]), a program, or a file (0600 in a folder of 0700) with an address
# of another service, which is a secret. From which severity on: "notice", "warning" or
# "urgent". Try it: `federation alarms test`.
# Ke mana peringatan dikirim; boleh beberapa tabel, masing-masing satu jalan: surel
# (melalui server di [mail]), program, atau berkas (0600 di folder 0700) berisi alamat
# layanan lain, yang rahasia. Mulai dari tingkat mana: "notice", "warning", atau
# "urgent". Cobalah: `federation alarms test`.
# [[alarms.to]]
# email = "siaga@example.org"
# at_least = "warning"
# language = "id"

# Programs of your own that are told what changed in the map, signed; as many tables as
# you like. The file (0600 in a folder of 0700) holds the secret that both sides know,
# whsec_ and Base64 of 32 random bytes. Try it: `federation webhooks test`.
# Program milik Anda yang diberi tahu apa yang berubah di peta, dengan tanda tangan;
# boleh beberapa tabel. Berkas itu (0600 di folder 0700) berisi rahasia yang diketahui
# kedua pihak, whsec_ dan Base64 dari 32 byte acak. Cobalah: `federation webhooks test`.
# [[webhooks]]
# name = "firebase"
# url = "https://…"
# secret_file = "keys/firebase.secret"

[log]
# What `federation serve` writes to standard error: lines for people, "text", or for
# programs, "json".
# Yang ditulis `federation serve` ke keluaran galat: baris untuk orang, "text", atau
# untuk program, "json".
# format = "text"

[open311]
# Whether what may be somebody's in the words of a report that another system hands in
# is replaced by a mark, and the words as they came are sealed; else it is refused.
# Apakah kata milik seseorang dalam laporan dari sistem lain diganti tanda, dan tulisan
# aslinya disegel; jika tidak, laporan itu ditolak.
# redact = false
# So many reports each key may hand in at once, and as many more in an hour.
# Sebanyak ini laporan boleh diserahkan tiap kunci sekaligus, dan sebanyak itu lagi
# dalam satu jam.
# per_hour = 3600

[publish]
# A folder, relative to this file, in which everything public is kept as plain files for
# any web server, or a bucket of an object store, "s3://bucket/site"; and seconds
# between two turns. A bucket follows the map as it changes, too. Not named: nothing is
# written.
# Folder, relatif terhadap berkas ini, tempat semua yang publik disimpan sebagai berkas
# biasa untuk server web apa pun, atau bucket di penyimpanan objek, "s3://bucket/site";
# dan detik antara dua giliran. Bucket juga mengikuti peta begitu berubah. Tanpa nama:
# tidak ada yang ditulis.
# to = "site"
# interval_s = 300
# Where that store is and who asks it, as in [backup]: lines in this file (0600), or the
# environment. / Letak penyimpanan itu dan siapa yang meminta, seperti di [backup].
# store_access = "keys/site-store.env"
"""


def format_settings(answers: Answers) -> str:
    """The text of federation.toml for these answers."""
    url = answers.public_url
    return _TEXT.format(
        org=quote(answers.org),
        name=quote(answers.name),
        contact=quote(answers.contact),
        licence=quote(answers.licence),
        attribution=quote(answers.attribution),
        elections=", ".join(quote(election) for election in answers.elections),
        incidents=", ".join(quote(election) for election in answers.incidents),
        host=quote(answers.host),
        port=answers.port,
        guard=f"guard = {quote(answers.guard)}"
        if answers.guard
        else '# guard = "s3://bucket/guard"',
        database=f"database = {quote(answers.database)}"
        if answers.database
        else '# database = "postgresql://federation@db.example/federation"',
        public_url=f"public_url = {quote(url)}"
        if url
        else '# public_url = "https://…"',
    )


PEERS_TEXT: Final = """\
# Partners of this node. Add one with `federation peers add`, or write it here: five
# lines are enough. peers.example.toml and docs/reference/configuration.md explain
# every key. A change takes effect without a restart.
# Mitra node ini. Tambah dengan `federation peers add`, atau tulis di sini: lima baris
# cukup. peers.example.toml dan docs/reference/configuration.id.md menjelaskan tiap
# kunci. Perubahan berlaku tanpa mulai ulang.
#
# [[peer]]
# org = "jagasuara.example"
# name = "Jaga Suara"
# identity = "keys/jagasuara.example.vkey"
# url = "https://data.jagasuara.example"
"""
