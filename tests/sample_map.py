"""A small merged map with one case of everything, for the tests of what is answered.

Claims are put in as an admission would; the map is made by the real merge.
"""

import hashlib
import json
from pathlib import Path

from federation.flows.merge import merge_once
from federation.records.about import About, sign_about
from federation.records.claim import Claim, bundle_claims
from federation.records.profile import Profile, parse_profile
from federation.records.register import Register
from federation.records.tps import TpsId
from federation.store import claims, cosignatures, keystatements, logs, registers
from federation.store.db import Database
from federation.tlog.keys import ALG_COSIGNATURE, ALG_ED25519, Signer
from federation.tlog.merkle import hash_leaf

ELECTION = "pemilu-uji"
ANA, BUDI, CITRA = "ana.example", "budi.example", "citra.example"
AGREED, DISPUTED, JANGGAL = "1371011001001", "1371011001002", "1371011001003"
PHOTO, GAP = "1371011002001", "1371011002002"
SINGLE, WITHDRAWN = "1371021001001", "1371021001002"
FAR_GAP, OUTSIDE, REPEATED = "7202011001001", "1371011001099", "1371021001003"
REGISTER = (
    AGREED, DISPUTED, JANGGAL, PHOTO, GAP, SINGLE, WITHDRAWN, REPEATED, FAR_GAP,
)  # fmt: skip
NAMES = {
    "": "Indonesia",
    "13": "Sumatera Barat",
    "1371": "Kota Padang",
    "137101": "Padang Selatan",
    "1371011001": "Mata <b>Air</b>",
    "72": "Sulawesi Tengah",
}
FORMULA = '=HYPERLINK("https://evil.example")'


def make_home(folder: Path, *lines: str) -> Path:
    """The folder of a node that has this map, to be filled, with these settings too."""
    settings = [f'org = "{ANA}"', 'name = "Ana"', 'contact = "data@ana.example"']
    settings += [f'elections = ["{ELECTION}"]', *lines]
    (folder / "federation.toml").write_text("\n".join(settings) + "\n")
    (folder / "elections").mkdir()
    (folder / "elections" / f"{ELECTION}.json").write_bytes(profile().text)
    return folder


def profile() -> Profile:
    pairs = {f"0{n}": {"name": f"Pasangan {n}"} for n in (1, 2, 3)}
    parties = {"1": {"name": "Partai Satu"}, "2": {"name": "Partai Dua"}}
    return parse_profile(
        json.dumps(
            {
                "election": ELECTION,
                "version": 1,
                "name": {"en": "Election 2024", "id": "Pemilu 2024"},
                "contests": {
                    "ppwp": {"candidates": pairs},
                    "pdpr": {"parties": parties, "without": ["72"]},
                },
                "max_voters": 300,
                "spare_per_mille": 20,
                "rounds": ["reguler", "psu"],
                "time_zone": "Asia/Jakarta",
                "voting_day": "2024-02-14",
            }
        ).encode()
    )


def signer(name: str, alg: int = ALG_ED25519) -> Signer:
    return Signer.from_seed(name, hashlib.sha256(name.encode()).digest(), alg)


def _claim(index, org, tps, votes, **more):
    text = "" if votes is None else json.dumps(votes, separators=(",", ":"))
    record = hashlib.sha256(f"{org} {index}".encode()).hexdigest()
    members = {
        "index": index,
        "kind": "votes" if votes else "unread",
        "org": org,
        "official": False,
        "contest": "ppwp",
        "tps": tps,
        "round": "reguler",
        "record": record,
        "votes": text,
        "complete": votes is not None,
        "review": "unreviewed",
    }
    return Claim(**{**members, **more})


def three(a, b, c):
    return {"01": a, "02": b, "03": c}


def said_by(org):
    """The claims of one organisation, in the order of its log."""
    file = hashlib.sha256(b"photo").hexdigest()
    if org == ANA:
        return [
            _claim(1, ANA, AGREED, three(100, 50, 20), files=(file,)),
            _claim(2, ANA, DISPUTED, three(90, 40, 10)),
            _claim(3, ANA, JANGGAL, three(80, 30, 5), rules=("votes_sum",)),
            _claim(4, ANA, AGREED, three(100, 50, 20), official=True),
            _claim(5, ANA, DISPUTED, three(90, 40, 10), official=True),
            _claim(6, ANA, WITHDRAWN, three(1, 2, 3)),
            _claim(7, ANA, WITHDRAWN, None, kind="withdrawal"),
            _claim(8, ANA, OUTSIDE, three(5, 5, 5)),
            _claim(9, ANA, AGREED, {"1": 70, "2": 30}, contest="pdpr"),
            _claim(10, ANA, GAP, three(60, 6, 1), official=True),
        ]
    if org == CITRA:
        return [_claim(1, CITRA, SINGLE, three(10, 20, 30))]
    return [
        _claim(1, BUDI, AGREED, three(100, 50, 20), figures='{"suara_sah":170}'),
        _claim(2, BUDI, DISPUTED, three(90, 41, 10)),
        _claim(3, BUDI, PHOTO, None, complete=False, files=(file[::-1],)),
        _claim(4, BUDI, SINGLE, three(10, 20, 30)),
        _claim(5, BUDI, REPEATED, three(9, 9, 9)),
        _claim(6, BUDI, REPEATED, three(7, 8, 9), round="psu"),
    ]


def add_claims(db, org, found, observed=()):
    """Store claims as the leaves of this organisation's log.

    `observed`: when the form was photographed, by index; the leaves of all others say
    nothing of times.
    """
    stamps = dict(observed)
    with db.transaction() as tx:
        log = logs.add_log(tx, f"{org}/{ELECTION}", own=False)
        leaves = [f"{org} {n}".encode() for n in range(found[-1].index + 1)]
        for index, stamp in stamps.items():
            leaves[index] = f'{{"observed_at":"{stamp}"}}\n\nsigned'.encode()
        new = leaves[log.next_index :]
        logs.append_leaves(tx, log.id, log.next_index, new, list(map(hash_leaf, new)))
        claims.save_claims(tx, log.id, bundle_claims(found))


def turnout_map(folder):
    """Stations of a kabupaten and a distant one, whose turnout is known of all."""
    db = Database.open(folder)
    register = Register(ELECTION)
    for number, code in enumerate(REGISTER):
        register.add(TpsId(code), 200 + number)
    register.names.update(NAMES)
    with db.transaction() as tx:
        registers.save_register(tx, register, "turnout")
    figures = '{"suara_sah":180,"suara_tidak_sah":%d}'
    add_claims(
        db,
        ANA,
        [
            _claim(
                n + 1, ANA, code, three(90 + n % 3, 60, 30), figures=figures % (n * 7)
            )
            for n, code in enumerate(REGISTER)
        ],
    )
    merge(db)
    return db


def save_register(db, voters=None, codes=REGISTER):
    voters = {GAP: 250} if voters is None else voters
    register = Register(ELECTION)
    for code in codes:
        register.add(TpsId(code), voters.get(code))
    register.names.update(NAMES)
    with db.transaction() as tx:
        registers.save_register(tx, register, "test")


def add_about(db, org, licence, attribution):
    node = signer(f"{org}/node")
    about = About(
        attribution=attribution,
        audience=(),
        contact=f"data@{org}",
        identity=str(signer(f"{org}/identity").key),
        issue=1,
        licence=licence,
        logs=(),
        name=org.partition(".")[0].title(),
        org=org,
        versions=(1,),
    )
    with db.transaction() as tx:
        keystatements.save_about(tx, org, 1, sign_about(about, node))


def confirm(db, org, of, size):
    """`org` confirms that it holds `size` entries of `of`."""
    with db.transaction() as tx:
        log = logs.get_log(tx, f"{of}/{ELECTION}")
        key = signer(f"{org}/mirror", ALG_COSIGNATURE).key
        cosignatures.save_cosignature(tx, log.id, size, b"line\n", key, 1)


def build(folder: Path, *, register: bool = True, voters=None) -> Database:
    """The database with everything merged; `voters`: of the stations, by code."""
    db = Database.open(folder)
    if register:
        save_register(db, voters)
    for org in (ANA, BUDI):
        add_claims(db, org, said_by(org))
    add_about(db, ANA, "CC-BY-4.0", FORMULA)
    add_about(db, BUDI, "ODbL-1.0", "Budi & Kawan")
    confirm(db, BUDI, ANA, 4)
    merge(db)
    return db


def merge(db):
    while merge_once(db, {ELECTION: profile()}):
        pass
