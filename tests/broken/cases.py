"""Set-ups that are broken, as found in the wild: what is said, and how to mend it.

Rule: a row breaks one thing of a node and a partner that are well (`world.py`). What
is expected stands here in the words of both languages: what is wrong, where (a file, an
address, a number; the same in both), how to mend it, line by line; and the exit code.
The page is made of this table (`scripts/make_broken.py`), the tests hold the commands
to each row.

`{home}` is the folder of the node, `{tomorrow}` the day after today, in Jakarta.
"""

# ruff: noqa: E501  a row of the table stays on few lines

import os
import resource
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, closing
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from federation.config.fingerprint import fingerprint
from federation.config.home import Home
from federation.node.house import filesystem, folders, library, limits, room
from federation.records.about import sign_about
from federation.store import alarms, upgrade
from federation.store.enginechoice import FILE_NAME
from federation.store.lock import hold
from federation.store.sqlite import SqliteLibrary
from federation.tlog.keys import Signer
from tests.broken.world import World

OURS, THEIRS = "a.example/pemilu-2024", "b.example/pemilu-2024"
STRANGER = Signer.from_seed("b.example/identity", bytes([7]) * 32)


class Said(NamedTuple):
    """In one language: what is broken, what is said of it, how to mend it."""

    done: str
    what: str
    mend: str


class Case(NamedTuple):
    """One broken set-up; `spoil` may give what has to stay open meanwhile."""

    name: str
    words: tuple[str, ...]
    exit: int
    where: str
    en: Said
    id: Said
    spoil: Callable[[World], AbstractContextManager[object] | None]


TEST = ("peers", "test")
DOCTOR = ("doctor",)
STATUS = ("status",)
SERVE = ("serve",)


def _instead(status: int, body: bytes = b"", **fields: str) -> Callable[[World], None]:
    named = {name.replace("_", "-"): value for name, value in fields.items()}

    def spoil(world: World) -> None:
        world.node.instead = status, body, named

    return spoil


def _peer(**changed: object) -> Callable[[World], None]:
    def spoil(world: World) -> None:
        world.peer = replace(world.peer, **changed)

    return spoil


def _certificate(**made: object) -> Callable[[World], None]:
    def spoil(world: World) -> None:
        world.context = world.authority.server(**made)

    return spoil


def _filter(world: World) -> None:
    folder = world.folder / "filter"
    folder.mkdir()
    world.context = type(world.authority)(folder, "Filter of a hotel").server()


def _scheme(was: str, now: str) -> Callable[[World], None]:
    """The address begins with the other of the two."""

    def spoil(world: World) -> None:
        if was == "https":
            world.context = world.authority.server()
        world.change_url = lambda url: url.replace(was, now, 1)

    return spoil


def _skew(seconds: int) -> Callable[[World], None]:
    def spoil(world: World) -> None:
        world.node.skew = seconds

    return spoil


def _unknown_here(world: World) -> None:
    world.node.disbelief = {"code": "request-unknown-key", "detail": "a.example"}


def _other_org(world: World) -> None:
    node = type(world.node)(world.home, "a.example")
    world.node.answers = node.answers


def _older_there(world: World) -> None:
    world.hold(THEIRS, 10)
    world.node.answers["/logs"] = world.node.heads(9)


def _forged(world: World) -> None:
    forger = Signer.from_seed(THEIRS, bytes([4]) * 32)
    world.node.answers["/logs"] = world.node.heads(signer=forger)


def _version(world: World) -> None:
    about = msgspec.structs.replace(world.node.about, versions=(2,))
    world.node.answers[world.node.well_known] = sign_about(about, world.node.signer)


def _path(world: World) -> None:
    world.prefix = "/federation"
    world.change_url = lambda url: url.removesuffix("/federation")


def _table(*lines: str) -> Callable[[World], None]:
    """peers.toml with these lines; `{key}` is the right one of b.example."""

    def spoil(world: World) -> None:
        text = "\n".join(lines).replace("{key}", str(world.node.identity))
        world.write(text + "\n")

    return spoil


B = ("[[peer]]", 'org = "b.example"', 'identity = "{key}"')


def _own_key(world: World) -> None:
    key = world.home.vkey("a.example").read_text().strip()
    world.write(f'[[peer]]\norg = "b.example"\nidentity = "{key}"\n')


def _ourselves(world: World) -> None:
    key = world.home.vkey("a.example").read_text().strip()
    world.write(f'[[peer]]\norg = "a.example"\nidentity = "{key}"\n')


def _settings(old: str, new: str) -> Callable[[World], None]:
    return lambda world: world.edit(old, new)


def _append(text: str) -> Callable[[World], None]:
    def spoil(world: World) -> None:
        with world.home.settings.open("a") as file:
            file.write(text)

    return spoil


def _no_settings(world: World) -> None:
    world.home.settings.unlink()


def _elsewhere(world: World) -> None:
    empty = world.folder / "empty"
    empty.mkdir()
    world.home, world.keeps_peers = Home(empty), True


def _mode(name: str, mode: int) -> Callable[[World], None]:
    return lambda world: (world.home.folder / name).chmod(mode)


def _gone(name: str) -> Callable[[World], None]:
    return lambda world: (world.home.folder / name).unlink()


def _key_of_another(world: World) -> None:
    other = world.other.keys / "node.pem"
    (world.home.keys / "node.pem").write_bytes(other.read_bytes())


def _cut_key(world: World) -> None:
    path = world.home.keys / "records.pem"
    path.write_bytes(path.read_bytes()[:60])


def _nobodys_keys(world: World) -> None:
    # All is theirs, but the keys, which root made by hand.
    world.as_nobody(world.home.folder)
    for path in world.home.keys.iterdir():
        os.chown(path, 0, 0)


def _nobodys_data(world: World) -> None:
    world.as_nobody(world.home.folder)
    for path in (world.home.data, *world.home.data.iterdir()):
        os.chown(path, 0, 0)
    world.home.data.chmod(0o755)


def _read_only(world: World) -> None:
    class ReadOnly:
        f_flag = 1
        f_blocks = 0

    world.monkeypatch.setattr(folders.os, "statvfs", lambda _: ReadOnly)
    world.monkeypatch.setattr(room, "free_bytes", lambda _: None)
    world.monkeypatch.setattr(room, "free_files", lambda _: None)


def _not_mounted(world: World) -> None:
    (world.home.guard / "x.guard").write_bytes(b"")
    world.home.data.rename(world.folder / "away")


def _full(world: World) -> None:
    world.monkeypatch.setattr(room, "free_bytes", lambda _: 1 << 20)


def _taken(world: World) -> AbstractContextManager[object]:
    other = socket.socket()
    other.bind(("127.0.0.1", 0))
    other.listen()
    world.edit("port = 0", f"port = {other.getsockname()[1]}")
    return closing(other)


def _privileged(world: World) -> None:
    world.edit("port = 0", "port = 80")
    world.as_nobody(world.home.folder)


def _mounted(kind: str) -> Callable[[World], None]:
    def spoil(world: World) -> None:
        mounts = [filesystem.Mount(Path("/"), kind)]
        world.monkeypatch.setattr(filesystem, "read_mounts", lambda _: mounts)

    return spoil


def _newer_schema(world: World) -> None:
    with closing(world.database()) as db, db.transaction() as tx:
        tx.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at)"
            " VALUES ('federation.logs', '9999-later', '2030-01-01')"
        )
    (world.home.data / upgrade.COPY_NAME).touch()


def _inodes(count: int) -> Callable[[World], None]:
    def spoil(world: World) -> None:
        world.monkeypatch.setattr(room, "free_files", lambda _: count)

    return spoil


def _earlier_key(world: World) -> None:
    text = world.home.settings.read_text()
    world.home.settings.write_text(f"intervall_s = 1\n{text}")


def _no_room_to_upgrade(world: World) -> None:
    with closing(world.database()):
        pass
    later = ("9999-later", "CREATE TABLE later (a INTEGER) STRICT;")
    steps = (*alarms.MIGRATIONS, later)
    world.monkeypatch.setattr(alarms, "MIGRATIONS", steps)
    world.monkeypatch.setattr(upgrade, "free_bytes", lambda _: 1)


def _header(world: World) -> None:
    path = world.home.data / FILE_NAME
    path.write_bytes(b"X" * 100 + path.read_bytes()[100:])


def _held(world: World) -> AbstractContextManager[object]:
    return hold(world.home.lock)


def _hanging(world: World) -> AbstractContextManager[object]:
    world.home.control.write_text('{"url": "http://127.0.0.1:1", "token": "x"}')
    world.home.control.chmod(0o600)
    return hold(world.home.lock)


def _public(url: str) -> Callable[[World], None]:
    return lambda world: world.edit("[listen]", f'[listen]\npublic_url = "{url}"')


def _partners_address(world: World) -> None:
    def change(url: str) -> str:
        world.edit("[listen]", f'[listen]\npublic_url = "{url}"')
        return url

    world.change_url = change


def _our_clock(world: World) -> None:
    world.node.skew = 300
    _public("http://127.0.0.1:1")(world)


def _old_sqlite(world: World) -> None:
    found = SqliteLibrary("3.36.0", (3, 36, 0), ())
    world.monkeypatch.setattr(library, "describe_library", lambda: found)


def _few_files(world: World) -> None:
    found = 256, 256
    world.monkeypatch.setattr(limits.resource, "getrlimit", lambda _: found)
    assert resource is limits.resource


CASES: Final[tuple[Case, ...]] = (
    # The way to a partner.
    Case(
        "port closed", TEST, 5, "http://127.0.0.1:1",
        Said("nobody listens at the partner's port", "no program listens", "call b.example: is their node on, does it listen at port 1"),
        Said("tidak ada yang melayani port mitra", "tidak ada program yang melayani port 1", "telepon b.example: apakah node mereka menyala, melayani port 1"),
        _peer(url="http://127.0.0.1:1"),
    ),
    Case(
        "name misspelt", TEST, 5, "nobody.invalid",
        Said("the host of `url` does not exist", "nobody.invalid", "compare nobody.invalid in `url` of b.example in peers.toml"),
        Said("host pada `url` tidak ada", "nobody.invalid", "cocokkan nobody.invalid pada `url` b.example di peers.toml"),
        _peer(url="https://nobody.invalid"),
    ),
    Case(
        "no address", ("peers", "test", "b.example"), 5, "peers.toml",
        Said("`url` is missing", "this partner has no address of its own", "write the address of its node as `url`"),
        Said("`url` tidak ada", "mitra ini tidak punya alamat sendiri", "tulis alamat node-nya sebagai `url`"),
        _table(*B),
    ),
    Case(
        "private address", TEST, 5, "127.0.0.1",
        Said("the address is of a private network, and that was not allowed", "not an address of the Internet", "write `allow_private = true` in its table of peers.toml"),
        Said("alamatnya di jaringan pribadi dan tidak diizinkan", "bukan alamat internet", "tulis `allow_private = true` di tabelnya di peers.toml"),
        _peer(allow_private=False),
    ),
    Case(
        "http for https", TEST, 5, "http://127.0.0.1",
        Said("`url` begins with http://, the node speaks TLS", "a secure connection is spoken at this port", "let `url` of b.example begin with https:// in place of http://"),
        Said("`url` diawali http://, node memakai TLS", "port ini memakai sambungan aman", "ganti awal `url` b.example dari http:// menjadi https://"),
        _scheme("https", "http"),
    ),
    Case(
        "https for http", TEST, 5, "127.0.0.1",
        Said("`url` begins with https://, the node speaks no TLS", "no secure connection is spoken at port", "ask b.example for their whole address and write it as `url`"),
        Said("`url` diawali https://, node tidak memakai TLS", "tidak memakai sambungan aman", "tanyakan alamat lengkap kepada b.example, lalu tulis sebagai `url`"),
        _scheme("http", "https"),
    ),
    Case(
        "self-signed", TEST, 5, "127.0.0.1",
        Said("the certificate is signed by itself", "has signed its certificate itself", "b.example has to put the certificate of 127.0.0.1 in order"),
        Said("sertifikat ditandatangani sendiri", "ditandatangani sendiri", "b.example harus membereskan sertifikat 127.0.0.1"),
        _certificate(is_self_signed=True),
    ),
    Case(
        "expired certificate", TEST, 5, "127.0.0.1",
        Said("the certificate has expired", "has expired", "tell b.example that the certificate of 127.0.0.1 has expired"),
        Said("sertifikat kedaluwarsa", "sudah kedaluwarsa", "beri tahu b.example bahwa sertifikat 127.0.0.1 kedaluwarsa"),
        _certificate(days=(-3, -1)),
    ),
    Case(
        "certificate of tomorrow", TEST, 5, "127.0.0.1",
        Said("the clock of this machine is days behind", "is not valid yet", "if it is right, wait until {tomorrow}"),
        Said("jam komputer ini terlambat berhari-hari", "belum berlaku", "bila jam kita benar, tunggu sampai {tomorrow}"),
        _certificate(days=(1, 3)),
    ),
    Case(
        "wrong host name", TEST, 5, "other.example",
        Said("the certificate is for another name", "is not for 127.0.0.1", "letter by letter"),
        Said("sertifikat untuk nama lain", "bukan untuk 127.0.0.1", "huruf demi huruf"),
        _certificate(host="other.example"),
    ),
    Case(
        "filter in between", TEST, 5, "Filter of a hotel",
        Said("a filter of the network shows its own certificate", "does not know who issued the certificate", "a filter of our network reads along"),
        Said("penyaring jaringan menunjukkan sertifikatnya sendiri", "tidak mengenal penerbit sertifikat", "penyaring jaringan kita ikut membaca"),
        _filter,
    ),
    Case(
        "certificate ends soon", TEST, 0, "127.0.0.1",
        Said("the certificate ends in five days", "ends in 4 days", "tell b.example that the certificate of 127.0.0.1 has to be renewed"),
        Said("sertifikat berakhir dalam lima hari", "berakhir dalam 4 hari", "beri tahu b.example bahwa sertifikat 127.0.0.1 harus diperbarui"),
        _certificate(days=(-1, 5)),
    ),
    Case(
        "clock 5 minutes ahead", TEST, 5, "WIB",
        Said("the partner's clock is five minutes ahead", "their clock is 5 min ahead of ours", "timedatectl set-ntp true"),
        Said("jam mitra lima menit lebih cepat", "jam mereka 5 menit mendahului jam kita", "timedatectl set-ntp true"),
        _skew(300),
    ),
    Case(
        "clock 2 hours behind", TEST, 5, "WIB",
        Said("the partner's clock is two hours behind", "their clock is 2 h behind ours", "timedatectl set-ntp true"),
        Said("jam mitra terlambat dua jam", "jam mereka 2 jam di belakang jam kita", "timedatectl set-ntp true"),
        _skew(-7200),
    ),
    Case(
        "wrong organisation", TEST, 5, "a.example",
        Said("another organisation's node answers", "another organisation answers", "that is our own node: call b.example, ask for the address of their node"),
        Said("yang menjawab node organisasi lain", "yang menjawab organisasi lain", "itu node kita sendiri: telepon b.example, tanyakan alamat node mereka"),
        _other_org,
    ),
    Case(
        "wrong key pasted", TEST, 5, fingerprint(STRANGER.key),
        Said("`identity` is another key of that name", "ANOTHER key answers", "change nothing else, tell b.example so\nfederation peers pause b.example"),
        Said("`identity` kunci lain dengan nama itu", "yang menjawab kunci LAIN", "jangan ubah yang lain, beri tahu b.example\nfederation peers pause b.example"),
        _peer(identity=STRANGER.key),
    ),
    Case(
        "base path missing", TEST, 5, "/.well-known/tps-federation",
        Said("the node answers below /federation, `url` leaves that out", "it has no such file", "its path included"),
        Said("node menjawab di bawah /federation, `url` tidak menyebutnya", "berkas itu tidak ada", "termasuk jalur di belakang nama"),
        _path,
    ),
    Case(
        "login page of the network", TEST, 5, "Wi-Fi",
        Said("the network shows a login page for every file", "a web page for people", "If it wants a login, log in there"),
        Said("jaringan menampilkan halaman masuk untuk tiap berkas", "halaman web", "Bila diminta masuk, masuklah di sana"),
        _instead(200, b"<!doctype html><title>Wi-Fi</title>", Content_Type="text/html"),
    ),
    Case(
        "502 of a proxy", TEST, 5, "502",
        Said("the proxy does not reach the node", "does not reach the node behind", "If it lasts longer than an hour, call b.example"),
        Said("proksi tidak mencapai node", "tidak dapat mencapai node di belakangnya", "Bila lebih dari satu jam, telepon b.example"),
        _instead(502, b"<html>Bad Gateway"),
    ),
    Case(
        "login wanted", TEST, 5, "401",
        Said("the node lies behind a password", "it asks for a login", "no password"),
        Said("node ada di balik kata sandi", "situs itu meminta kata sandi", "tanpa kata sandi"),
        _instead(401),
    ),
    Case(
        "moved", TEST, 5, "https://new.example",
        Said("the node has moved", "has moved to https://new.example", "call b.example; if they have moved, write the new address as `url`"),
        Said("node pindah alamat", "pindah ke https://new.example", "telepon b.example; bila memang pindah, tulis alamat baru sebagai `url`"),
        _instead(308, Location="https://new.example/.well-known/tps-federation"),
    ),
    Case(
        "it does not know us", TEST, 0, "a.example",
        Said("the partner has not added us", "does not know this node's key yet", "ask b.example to add us"),
        Said("mitra belum menambahkan kita", "belum mengenal kunci node ini", "mintalah b.example menambahkan kita"),
        _unknown_here,
    ),
    Case(
        "backup put back there", TEST, 5, THEIRS,
        Said("the partner runs on an older copy", "an older copy runs there", "THEY must sign nothing now\n1. Stop the second node\n3. Start your node"),
        Said("mitra berjalan dengan salinan lama", "yang berjalan di sana salinan lama", "MEREKA tidak boleh menandatangani apa pun dulu\n1. Hentikan node kedua\n3. Jalankan node Anda"),
        _older_there,
    ),
    Case(
        "head forged", TEST, 5, THEIRS,
        Said("its history is signed by another key", "is not signed by the key that is known here", "nothing has to be changed here, and nothing of it is taken in. Read this line to b.example"),
        Said("riwayatnya ditandatangani dengan kunci lain", "tidak ditandatangani dengan kunci yang dikenal di sini", "di sini tidak ada yang perlu diubah, dan tidak ada yang dimasukkan darinya. Bacakan baris ini kepada b.example"),
        _forged,
    ),
    Case(
        "other protocol", TEST, 5, "b.example",
        Said("the partner speaks a later protocol only", "b.example speaks protocol 2, this node speaks protocol 1", "upgrade the program on this machine\n1. Ask b.example what `federation --version` prints there\nsudo systemctl stop federation\n3. Look again: `federation peers test b.example`"),
        Said("mitra hanya memakai protokol yang lebih baru", "b.example memakai protokol 2, node ini protokol 1", "perbarui program di komputer ini\n1. Tanyakan kepada b.example apa yang dicetak `federation --version` di sana\nsudo systemctl stop federation\n3. Periksa lagi: `federation peers test b.example`"),
        _version,
    ),
    # peers.toml
    Case(
        "peers: a slip", STATUS, 3, "{home}/peers.toml",
        Said("a closing quote is missing", "line 2", "five lines are enough for a partner"),
        Said("tanda petik penutup tidak ada", "baris 2", "lima baris cukup untuk satu mitra"),
        _table("[[peer]]", 'org = "b.example', 'identity = "{key}"'),
    ),
    Case(
        "peers: curly quotes", STATUS, 3, "{home}/peers.toml",
        Said("pasted out of a letter, with curly quotes", "curly", "type straight ones"),
        Said("ditempel dari surat, dengan petik melengkung", "melengkung", "ketik yang lurus"),
        _table("[[peer]]", "org = \u201cb.example\u201d", 'identity = "{key}"'),
    ),
    Case(
        "peers: twice", STATUS, 3, "peer[2].org",
        Said("an organisation stands twice", "once from line 1 on, once from line 4 on", "Delete line 4, which is [[peer]], and the lines below it up to the line before the next [[peer]], or to the end of the file"),
        Said("satu organisasi ditulis dua kali", "sekali mulai baris 1, sekali mulai baris 4", "Hapus baris 4, yaitu [[peer]], beserta baris di bawahnya sampai baris sebelum [[peer]] berikutnya, atau sampai akhir berkas"),
        _table(*B, *B),
    ),
    Case(
        "peers: twice, and different", STATUS, 3, "peer[2].org",
        Said("an organisation stands twice, with two addresses", "They differ in `url`", "Ask b.example by telephone which is right"),
        Said("satu organisasi ditulis dua kali, dengan dua alamat", "Bedanya: `url`", "Tanyakan lewat telepon kepada b.example mana yang benar"),
        _table(*B, *B, 'url = "https://b.example"'),
    ),
    Case(
        "peers: unknown key", STATUS, 3, "peer[1].intervall_s",
        Said("a name is misspelt", "'interval_s'", "mend that line"),
        Said("sebuah nama salah eja", "'interval_s'", "perbaiki baris itu"),
        _table(*B, "intervall_s = 5"),
    ),
    Case(
        "peers: no scheme", STATUS, 3, "peer[1].url",
        Said("`url` without https://", "should be an address", "mend that line"),
        Said("`url` tanpa https://", "seharusnya alamat", "perbaiki baris itu"),
        _table(*B, 'url = "data.b.example"'),
    ),
    Case(
        "peers: key of another", STATUS, 3, "peer[1].identity",
        Said("the key of another organisation is pasted", "'a.example/identity'", "`federation keys show --json` on their node prints it"),
        Said("kunci organisasi lain ditempel", "'a.example/identity'", "`federation keys show --json` di node mereka mencetaknya"),
        _own_key,
    ),
    Case(
        "peers: key cut off", STATUS, 3, "peer[1].identity",
        Said("half of the key is pasted", "is no public key", "`federation keys show --json` on their node prints it"),
        Said("kunci ditempel separuh", "bukan kunci publik", "`federation keys show --json` di node mereka mencetaknya"),
        _table("[[peer]]", 'org = "b.example"', 'identity = "b.example/identity+c00d"'),
    ),
    Case(
        "peers: no key file", STATUS, 3, "peer[1].identity",
        Said("the file of the key is missing", "keys/b.example.vkey", "`federation keys show --json` on their node prints it"),
        Said("berkas kunci tidak ada", "keys/b.example.vkey", "`federation keys show --json` di node mereka mencetaknya"),
        _table("[[peer]]", 'org = "b.example"', 'identity = "keys/b.example.vkey"'),
    ),
    Case(
        "peers: ourselves", DOCTOR, 1, "{home}/peers.toml",
        Said("we stand in our own list", "a.example is our own organisation", "federation peers remove a.example --keep"),
        Said("kita ada di daftar sendiri", "a.example adalah organisasi kita sendiri", "federation peers remove a.example --keep"),
        _ourselves,
    ),
    # federation.toml
    Case(
        "settings missing", STATUS, 3, "{home}/federation.toml",
        Said("federation.toml was deleted", "this file is gone, and the rest of the node is still here", "do not run `federation init` in {home}, and delete nothing there\ncp COPY {home}/federation.toml\nfederation backup restore BACKUP NEWFOLDER"),
        Said("federation.toml terhapus", "berkas ini hilang, sedangkan bagian lain node masih ada di sini", "jangan jalankan `federation init` di {home}, dan jangan hapus apa pun di sana\ncp SALINAN {home}/federation.toml\nfederation backup restore CADANGAN FOLDERBARU"),
        _no_settings,
    ),
    Case(
        "settings elsewhere", STATUS, 3, "federation.toml",
        Said("the node is in another folder", "none is here", "`--home FOLDER` (for a service mostly `--home /var/lib/federation`\nsudo find / -xdev -name federation.toml"),
        Said("node ada di folder lain", "di sini tidak ada", "`--home FOLDER` (untuk layanan biasanya `--home /var/lib/federation`\nsudo find / -xdev -name federation.toml"),
        _elsewhere,
    ),
    Case(
        "settings: a slip", STATUS, 3, "{home}/federation.toml",
        Said("two equals signs", "line", "start it again after mending"),
        Said("dua tanda sama dengan", "baris", "jalankan ulang sesudah diperbaiki"),
        _settings("port = 0", "port = = 0"),
    ),
    Case(
        "settings: unknown key", STATUS, 3, "{home}/federation.toml: listen.prot",
        Said("a name is misspelt", "'port'", "mend that line"),
        Said("sebuah nama salah eja", "'port'", "perbaiki baris itu"),
        _settings("port = 0", "prot = 0"),
    ),
    Case(
        "settings: a number in quotes", STATUS, 3, "listen.port",
        Said("a number stands in quotes", "should be a whole number without quotes", "mend that line"),
        Said("angka ditulis dalam tanda petik", "seharusnya bilangan bulat tanpa tanda petik", "perbaiki baris itu"),
        _settings("port = 0", 'port = "8470"'),
    ),
    Case(
        "election unknown", DOCTOR, 1, "{home}/federation.toml: elections",
        Said("an election of which no rules are known", "pemilu-2042", "write the right name in `elections` in federation.toml"),
        Said("pemilu yang aturannya tidak dikenal", "pemilu-2042", "betulkan namanya pada `elections` di federation.toml"),
        _settings('elections = ["pemilu-2024"]', 'elections = ["pemilu-2042"]'),
    ),
    # Keys.
    Case(
        "key 0644", SERVE, 3, "{home}/keys/node.pem",
        Said("others of the machine can read a key", "0644", "chmod 0600 "),
        Said("kunci dapat dibaca orang lain di komputer itu", "0644", "chmod 0600 "),
        _mode("keys/node.pem", 0o644),
    ),
    Case(
        "key folder 0755", SERVE, 3, "{home}/keys",
        Said("others of the machine can enter the folder of keys", "0755", "chmod 0700 "),
        Said("folder kunci dapat dibuka orang lain", "0755", "chmod 0700 "),
        _mode("keys", 0o755),
    ),
    Case(
        "key missing", DOCTOR, 1, "{home}/keys/mirror.pem",
        Said("a key was not copied along", "there is no such file", "With a backup of {home}/keys: copy this file back\nWithout one: delete nothing\nfederation keys statement prepare --replace all"),
        Said("sebuah kunci tidak ikut disalin", "tidak ada", "Bila ada cadangan {home}/keys: salin kembali berkas ini\nBila tidak ada: jangan hapus apa pun\nfederation keys statement prepare --replace all"),
        _gone("keys/mirror.pem"),
    ),
    Case(
        "key of another organisation", DOCTOR, 1, "{home}/keys/node.pem",
        Said("a key of another organisation", "which no statement of our identity names", "With a backup of {home}/keys: copy this file back\nWithout one: delete nothing\nfederation keys statement prepare --replace all"),
        Said("kunci organisasi lain", "yang tidak disebut pernyataan identitas kita", "Bila ada cadangan {home}/keys: salin kembali berkas ini\nBila tidak ada: jangan hapus apa pun\nfederation keys statement prepare --replace all"),
        _key_of_another,
    ),
    Case(
        "key cut off", DOCTOR, 1, "{home}/keys/records.pem",
        Said("a key was copied in part", "is cut off", "With a backup of {home}/keys: copy this file back\nWithout one: delete nothing\nfederation keys statement prepare --replace all"),
        Said("kunci tersalin sebagian", "terpotong", "Bila ada cadangan {home}/keys: salin kembali berkas ini\nBila tidak ada: jangan hapus apa pun\nfederation keys statement prepare --replace all"),
        _cut_key,
    ),
    Case(
        "keys of root", DOCTOR, 1, "{home}/keys/node.pem",
        Said("root copied the keys, the node is another user", "the owner is root, and this command runs as nobody, who has no permission", "sudo chown -R nobody {home}/keys\nfederation doctor --home {home}"),
        Said("kunci disalin root, node pengguna lain", "pemiliknya root, sedangkan perintah ini dijalankan sebagai nobody, yang tidak mempunyai izin", "sudo chown -R nobody {home}/keys\nfederation doctor --home {home}"),
        _nobodys_keys,
    ),
    # The data.
    Case(
        "data of root", DOCTOR, 1, "{home}/data",
        Said("a command was once run as root", "belongs to the user root; this command runs as nobody, and this user may not write there", "sudo chown -R nobody {home}/data\nfederation doctor --home {home}"),
        Said("sebuah perintah pernah dijalankan sebagai root", "milik pengguna root; perintah ini dijalankan sebagai nobody, dan pengguna ini tidak boleh menulis di sana", "sudo chown -R nobody {home}/data\nfederation doctor --home {home}"),
        _nobodys_data,
    ),
    Case(
        "data read-only", DOCTOR, 1, "{home}/data",
        Said("the disk was mounted read-only after a fault", "a medium that can only be read", "2. Copy the data to another disk first\n`sudo cp -a {home}/data /DISK/`\n3. Let the disk be written again: `sudo mount -o remount,rw /"),
        Said("disk dipasang hanya dapat dibaca setelah gangguan", "media yang hanya dapat dibaca", "2. Salin dulu datanya ke disk lain\n`sudo cp -a {home}/data /DISK/`\n3. Buat disknya dapat ditulisi lagi: `sudo mount -o remount,rw /"),
        _read_only,
    ),
    Case(
        "data not mounted", DOCTOR, 1, "{home}/data",
        Said("the disk with the data is not mounted", "this node has signed", "put nothing there: all may be safe on that disk\n1. See which disks there are: `lsblk`\n2. Mount those that this machine knows: `sudo mount -a`"),
        Said("disk datanya tidak terpasang", "pernah menandatangani", "jangan taruh apa pun di sana: semuanya mungkin aman di disk itu\n1. Lihat disk yang ada: `lsblk`\n2. Pasang yang dikenal komputer ini: `sudo mount -a`"),
        _not_mounted,
    ),
    Case(
        "disk full", DOCTOR, 1, "{home}/data",
        Said("the disk is full", "the disk is nearly full, too little is left", "make 1024 MB free on the disk of {home}/data; delete nothing in {home}\nsudo apt-get clean\n1. `sudo systemctl stop federation`\ndata_folder = \"/DISK/data\""),
        Said("disk penuh", "disk hampir penuh, sisanya terlalu sedikit", "kosongkan 1024 MB di disk tempat {home}/data; jangan hapus apa pun di {home}\nsudo apt-get clean\n1. `sudo systemctl stop federation`\ndata_folder = \"/DISK/data\""),
        _full,
    ),
    Case(
        "on a network", DOCTOR, 1, "nfs4",
        Said("the data lies on NFS", "lies on a network (nfs4), on the disk of another machine", "2. `sudo cp -a {home}/data {home}/guard {home}/keys /DISK/`\nguard_folder = \"/DISK/guard\"\nReadWritePaths=/DISK"),
        Said("datanya ada di NFS", "ada di jaringan (nfs4), di disk komputer lain", "2. `sudo cp -a {home}/data {home}/guard {home}/keys /DISK/`\nguard_folder = \"/DISK/guard\"\nReadWritePaths=/DISK"),
        _mounted("nfs4"),
    ),
    Case(
        "in memory", DOCTOR, 0, "tmpfs",
        Said("the data lies in /tmp, which is memory", "lies in memory (tmpfs)", "move this to a disk inside this machine"),
        Said("datanya ada di /tmp, yaitu memori", "ada di memori (tmpfs)", "pindahkan ke disk di dalam komputer ini"),
        _mounted("tmpfs"),
    ),
    Case(
        "in a container", DOCTOR, 0, "overlay",
        Said("the data lies in a container without a volume", "a layer of a container", "1. `podman stop NAME`\n-v federation:{home} IMAGE`\n4. `podman cp copy/. NAME-2:{home}`"),
        Said("datanya ada di kontainer tanpa volume", "lapisan kontainer", "1. `podman stop NAMA`\n-v federation:{home} CITRA`\n4. `podman cp salinan/. NAMA-2:{home}`"),
        _mounted("overlay"),
    ),
    Case(
        "no more files", DOCTOR, 1, "{home}/data",
        Said("the disk has room, and no place for a file (inodes)", "no more files can be made in {home}/data", "make place for more than 10000 files"),
        Said("disk masih kosong, tetapi tidak ada tempat untuk berkas (inode)", "tidak ada lagi berkas yang dapat dibuat di {home}/data", "sediakan tempat bagi lebih dari 10000 berkas"),
        _inodes(12),
    ),
    Case(
        "few more files", DOCTOR, 0, "{home}/data",
        Said("the places for files (inodes) are nearly used up", "few more files can be made in {home}/data", "sudo apt-get clean\nsudo journalctl --vacuum-time=7d\ndf -i {home}/data"),
        Said("tempat untuk berkas (inode) hampir habis", "tinggal sedikit berkas yang dapat dibuat di {home}/data", "sudo apt-get clean\nsudo journalctl --vacuum-time=7d\ndf -i {home}/data"),
        _inodes(9_999),
    ),
    Case(
        "database of a newer version", DOCTOR, 1, "{home}/data/federation.db",
        Said("the program was put back to an earlier version", "made by a newer version of this program", "install the newer version again\nsudo rm -f {home}/data/federation.db-wal {home}/data/federation.db-shm\nsudo mv {home}/data/before-upgrade.db {home}/data/federation.db"),
        Said("program dikembalikan ke versi sebelumnya", "dibuat versi program yang lebih baru", "pasang lagi versi yang lebih baru\nsudo rm -f {home}/data/federation.db-wal {home}/data/federation.db-shm\nsudo mv {home}/data/before-upgrade.db {home}/data/federation.db"),
        _newer_schema,
    ),
    Case(
        "database of a newer version, served", SERVE, 74, "{home}/data/federation.db",
        Said("the node of an earlier version is started on it", "made this database, and nothing of it was changed", "install the newer version again, the one that ran here before; that loses nothing"),
        Said("node versi sebelumnya dijalankan di atasnya", "dibuat versi program yang lebih baru", "pasang lagi versi yang lebih baru, yang sebelumnya berjalan di sini; dengan itu tidak ada yang hilang"),
        _newer_schema,
    ),
    Case(
        "database of an earlier version, disk nearly full", SERVE, 74, "before-upgrade.db",
        Said("there is no room for the copy that is made before the tables change", "copies the database first", "Make room on that disk, but delete nothing in this folder\nsudo apt-get clean"),
        Said("tidak ada ruang untuk salinan yang dibuat sebelum tabel diubah", "menyalin basis datanya lebih dulu", "Bebaskan ruang di disk itu, tetapi jangan hapus apa pun di folder ini\nsudo apt-get clean"),
        _no_room_to_upgrade,
    ),
    Case(
        "key of an earlier version", ("upgrade-check",), 1, "federation.toml: intervall_s",
        Said("a settings file has a key that the new version does not know", "this version does not know", "if not, delete the line"),
        Said("berkas pengaturan memuat kunci yang tidak dikenal versi baru", "versi ini tidak mengenal", "bila tidak ada di sana, hapus baris itu"),
        _earlier_key,
    ),
    Case(
        "database overwritten", SERVE, 4, "{home}/data/federation.db",
        Said("the beginning of the file is overwritten", "is not a database of SQLite", "2. `sudo mv {home}/data {home}/data.damaged`\n3. `sudo federation backup restore BACKUP {home}/data.restored --without-keys`"),
        Said("awal berkas tertimpa", "bukan basis data SQLite", "2. `sudo mv {home}/data {home}/data.damaged`\n3. `sudo federation backup restore CADANGAN {home}/data.restored --without-keys`"),
        _header,
    ),
    # The machine.
    Case(
        "a second node", SERVE, 6, "{home}/data",
        Said("the node runs already", "another process works in", "A command: wait until it has ended\nfuser -v {home}/data/lock"),
        Said("node sudah berjalan", "proses lain sedang bekerja", "Bila itu perintah, tunggu sampai selesai\nfuser -v {home}/data/lock"),
        _held,
    ),
    Case(
        "node hangs", DOCTOR, 1, "http://127.0.0.1:1",
        Said("the node holds its data and does not answer", "does not answer at", "systemctl restart federation"),
        Said("node memegang datanya dan tidak menjawab", "tidak menjawab di", "systemctl restart federation"),
        _hanging,
    ),
    Case(
        "port in use", SERVE, 74, "127.0.0.1:",
        Said("another program has the port", "already answers on this port", "`port` under [listen] in federation.toml"),
        Said("program lain memakai portnya", "sudah menjawab di port ini", "`port` di bawah [listen] dalam federation.toml"),
        _taken,
    ),
    Case(
        "privileged port", SERVE, 74, "127.0.0.1:80",
        Said("port 80, and the node is not root", "this user may not listen on this port", "choose a number from 1024 on"),
        Said("port 80, dan node bukan root", "pengguna ini tidak boleh memakai port ini", "pilih nomor mulai 1024"),
        _privileged,
    ),
    Case(
        "address of another machine", SERVE, 74, "192.0.2.1:0",
        Said("`host` is the address of the proxy's machine", "no network interface of this machine has this address", "`ip -brief address`\n`host` under [listen] in federation.toml"),
        Said("`host` alamat komputer proksi", "tidak ada antarmuka jaringan komputer ini", "`ip -brief address`\n`host` di bawah [listen] dalam federation.toml"),
        _settings('host = "127.0.0.1"', 'host = "192.0.2.1"'),
    ),
    Case(
        "our address leads nowhere", ("doctor", "--online"), 1, "http://127.0.0.1:1",
        Said("the proxy in front of the node is off", "does not lead to us", "our node does not run: start it"),
        Said("proksi di depan node mati", "tidak menuju ke kita", "node kita tidak berjalan: jalankan dulu"),
        _public("http://127.0.0.1:1"),
    ),
    Case(
        "our address is a partner's", ("doctor", "--online"), 1, "b.example",
        Said("`public_url` was copied from a partner", "another organisation answers", "as `public_url` in federation.toml, not that of b.example"),
        Said("`public_url` disalin dari mitra", "yang menjawab organisasi lain", "sebagai `public_url` di federation.toml, bukan alamat b.example"),
        _partners_address,
    ),
    Case(
        "our clock", ("doctor", "--online"), 1, "b.example",
        Said("our clock is five minutes behind", "the clock of b.example is 5 min ahead of ours", "timedatectl set-ntp true"),
        Said("jam kita terlambat lima menit", "jam b.example 5 menit mendahului jam kita", "timedatectl set-ntp true"),
        _our_clock,
    ),
    Case(
        "proxy not named", DOCTOR, 0, "https://data.a.example",
        Said("a proxy stands in front, and `trusted_proxies` is empty", "all callers count as one", "trusted_proxies = ["),
        Said("ada proksi di depan, dan `trusted_proxies` kosong", "semua klien dihitung satu", "trusted_proxies = ["),
        _public("https://data.a.example"),
    ),
    Case(
        "SQLite of an old system", DOCTOR, 1, "3.36.0",
        Said("the system's SQLite is older than the tables need", "is older than 3.37.0", "-m pip install pysqlite3`"),
        Said("SQLite sistem lebih lama daripada yang diperlukan", "lebih lama daripada 3.37.0", "-m pip install pysqlite3`"),
        _old_sqlite,
    ),
    Case(
        "too few open files", DOCTOR, 0, "256",
        Said("the unit allows 256 open files", "only 256 may be open", "let `max_connections` under [limits] in federation.toml be 128"),
        Said("unit hanya mengizinkan 256 berkas terbuka", "hanya 256 boleh terbuka", "turunkan `max_connections` di bawah [limits] dalam federation.toml menjadi 128"),
        _few_files,
    ),
)  # fmt: skip
