"""Publish polling-station results as plain files that any web server can serve.

    python publisher.py PRIVATE EXPORT.csv PUBLIC

PRIVATE holds publisher.json (who you are) and, from the first run on, your keys and all
that you ever signed: back it up, run it from one place only. PUBLIC is for the server.
"""

import csv
import fcntl
import json
import os
import sys
import time
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def record_of(row):
    """What one row of your export says. This is the function to make your own."""
    tps = f"{row['kode_kelurahan']}{int(row['no_tps']):03}"
    said = {"type": "tps-result/1", "contest": "ppwp", "tps": tps, "round": "reguler"}
    said |= {"form": "plano", "source": "citizen", "review": "unreviewed"}
    votes = {"01": int(row["paslon_01"]), "02": int(row["paslon_02"])}
    figures = {"suara_sah": int(row["sah"]), "suara_tidak_sah": int(row["tidak_sah"])}
    return {**said, "candidates": votes, "figures": figures}


def line(value):
    """The one way to write it: members sorted, no white space, UTF-8 (form NFC)."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode() + b"\n"


def write(path, data, mode=0o644):
    """All of the file or nothing, whenever the machine stops."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(data)
        os.fsync(file.fileno())
    new.replace(path)


class Key:
    """An Ed25519 key and the name that it signs under; made before the first record."""

    def __init__(self, path, name, new):
        if new and not path.exists():
            form = pem.Encoding.PEM, pem.PrivateFormat.PKCS8, pem.NoEncryption()
            write(path, Ed25519PrivateKey.generate().private_bytes(*form), 0o600)
        self.name, self.key = name, pem.load_pem_private_key(path.read_bytes(), None)
        public = b"\x01" + self.key.public_key().public_bytes_raw()
        self.id = sha256(f"{name}\n".encode() + public).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{b64encode(public).decode()}"

    def sign(self, text):
        signature = b64encode(self.id + self.key.sign(text)).decode()
        return text + f"\n— {self.name} {signature}\n".encode()


def root_of(hashes):
    """The root over these hashes (RFC 6962)."""
    while len(hashes) > 1:
        pairs = zip(hashes[::2], hashes[1::2], strict=False)
        odd = hashes[len(hashes) // 2 * 2 :]
        hashes = [sha256(b"\1" + a + b).digest() for a, b in pairs] + odd
    return hashes[0]


def tiles_of(level, items):
    """The files of one level, 256 to a file, and of the levels of hashes above it."""
    groups = [items[at : at + 256] for at in range(0, len(items), 256)]
    for number, group in enumerate(groups):
        *most, last = [part.zfill(3) for part in f"{number:,}".split(",")]
        partial = "" if len(group) == 256 else f".p/{len(group)}"
        path = "".join(f"x{part}/" for part in most) + last + partial
        yield f"tile/{level}/{path}", b"".join(group)
    if level != "entries" and len(items) >= 256:
        yield from tiles_of(level + 1, [root_of(g) for g in groups if len(g) == 256])


def new_records(leaves, rows, who):
    """A record for each row that says something new about its polling station."""
    said = {}
    for old in [json.loads(leaf.split(b"\n")[0]) for leaf in leaves[1:]]:
        said[old["contest"], old["tps"], old["round"]] = old
    for row in rows:
        new = {**record_of(row), **who}
        old = said.get(place := (new["contest"], new["tps"], new["round"]), {})
        if {**old, "recorded_at": new["recorded_at"]} != new:
            said[place] = new
            yield line(new)


def main(private, export, public):
    # Two runs at once would sign two histories; the lock ends with this process.
    fcntl.flock(os.open(private / "lock", os.O_CREAT | os.O_RDWR), fcntl.LOCK_EX)
    about = json.loads((private / "publisher.json").read_text(encoding="utf-8"))
    org, election = about["org"], about.pop("election")
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    who = {"org": org, "election": election, "recorded_at": now}
    origin, kept = f"{org}/{election}", private / "leaves.json"
    log = public / sha256(origin.encode()).hexdigest()
    leaves = [x.encode() for x in json.loads(kept.read_text())] if kept.exists() else []
    if (shown := log / "checkpoint").exists():
        size, root = shown.read_text(encoding="utf-8").split("\n")[1:3]
        held = [sha256(b"\0" + leaf).digest() for leaf in leaves[: int(size)]]
        if len(held) < int(size) or root_of(held) != b64decode(root):
            sys.exit(f"{shown} is of another history than {kept}: nothing was signed")
    names = {"log": origin, "records": f"{org}/records", "node": f"{org}/node"}
    keys = {r: Key(private / f"{r}.pem", n, not leaves) for r, n in names.items()}
    if not leaves:
        owner = Key(private / "identity.pem", f"{org}/identity", new=True)
        named = [{"from": 0, "role": r, "vkey": keys[r].vkey} for r in names]
        first = {"type": "key-statement/1", "version": 1, "origin": origin, **who}
        leaves = [owner.sign(line({**first, "identity": owner.vkey, "keys": named}))]
    identity = json.loads(leaves[0].split(b"\n")[0])["identity"]
    with export.open(newline="", encoding="utf-8") as rows:
        new = new_records(leaves, csv.DictReader(rows), who)
        leaves += [keys["records"].sign(text) for text in new]
    # Kept before anything is shown: what was shown once is never said otherwise.
    write(kept, json.dumps([leaf.decode() for leaf in leaves]).encode())
    hashes = [sha256(b"\0" + leaf).digest() for leaf in leaves]
    entries = [len(leaf).to_bytes(2, "big") + leaf for leaf in leaves]
    for path, data in [*tiles_of("entries", entries), *tiles_of(0, hashes)]:
        if not (log / path).exists():
            write(log / path, data)
    root = b64encode(root_of(hashes)).decode()
    checkpoint = keys["log"].sign(f"{origin}\n{len(leaves)}\n{root}\n".encode())
    logs = [{"origin": origin, "visibility": "public"}]
    signed = keys["node"].sign(line({**about, "identity": identity, "logs": logs}))
    row = {"origin": origin, "checkpoint": checkpoint.decode()}
    row |= {"about": sha256(signed).hexdigest(), "keys": sha256(entries[0]).hexdigest()}
    for path in (public / ".well-known/tps-federation", log / "about"):
        write(path, signed)
    write(log / "keys", entries[0])
    write(public / "logs", line({"logs": [row]})[:-1])
    write(log / "checkpoint", checkpoint)  # last: what it speaks of is all there
    print(f"# {len(leaves) - 1} results; for partners' peers.toml, with your address:")
    print(f'[[peer]]\norg = "{org}"\nidentity = "{identity}"\nurl = "https://…"')


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
