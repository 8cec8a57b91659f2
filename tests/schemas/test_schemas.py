"""The JSON schemas: current, and of one mind with the node about every example."""

import copy
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from federation.errors import FederationError
from federation.profiles import load_shipped
from federation.records.about import open_about_unpinned
from federation.records.canonical import encode
from federation.records.kinds import DOCUMENTS, KINDS, kind_of
from federation.records.profile import parse_profile
from federation.records.result import FIGURES
from federation.records.sealed import parse_statement
from federation.tlog.keys import ALG_COSIGNATURE, Signer
from federation.tlog.note import sign_note
from scripts import make_schemas

PROJECT = Path(__file__).parents[2]
ORG = "jagasuara.example"
ORIGIN = f"{ORG}/pemilu-2024"
TIME = "2024-02-14T13:05:00Z"
HEX = "0123456789abcdef" * 4
INCIDENT = HEX[:32]
DROP = object()


def _vkey(name, number, alg=1):
    return str(Signer.from_seed(name, bytes((number,)) * 32, alg).key)


COMMON = {"election": "pemilu-2024", "org": ORG, "recorded_at": TIME}
PLACE = {"contest": "ppwp", "round": "reguler", "tps": "3171010001001"}
PHOTO = {"media_type": "image/jpeg", "sha256": HEX, "size": 1}
LOG = {"from": 0, "role": "log", "vkey": _vkey(ORIGIN, 1)}
RECORDS = {"from": 0, "role": "records", "vkey": _vkey(f"{ORG}/records", 2)}
MIRROR = {
    "from": 0,
    "role": "mirror",
    "vkey": _vkey(f"{ORG}/mirror", 3, ALG_COSIGNATURE),
}
FOLLOWS = {"origin": ORIGIN, "reason": "restored", "size": 5}
SECOND_LOG = LOG | {"vkey": _vkey(f"{ORIGIN}/2", 1)}
REVOKED = {"from": 9, "reason": "stolen", "vkey": RECORDS["vkey"]}
GOOD = {
    "tps-result-1": COMMON
    | PLACE
    | {
        "candidates": {"01": 127},
        "form": "plano",
        "review": "reviewed",
        "source": "observer",
        "type": "tps-result/1",
    },
    "withdrawal-1": COMMON
    | PLACE
    | {"official": 0, "reason": "a mistake", "type": "withdrawal/1"},
    "recap-1": COMMON
    | {
        "candidates": {"01": 2432},
        "contest": "ppwp",
        "region": "317101",
        "source": "observer",
        "stations": {"counted": 80, "total": 82},
        "type": "recap/1",
    },
    "photo-removal-1": COMMON
    | {"ground": "request", "sha256": HEX, "type": "photo-removal/1"},
    "incident-1": COMMON
    | {
        "category": "politik_uang",
        "happened_at": "2024-02-13T22:00:00Z",
        "id": INCIDENT,
        "law": "pidana",
        "region": "317101",
        "reported_at": "2024-02-14T03:00:00Z",
        "summary": "Amplop dibagikan di depan balai warga",
        "type": "incident/1",
    },
    "incident-status-1": COMMON
    | {
        "incident": {"id": INCIDENT, "org": "jagapemilu.example"},
        "status": "verified",
        "type": "incident-status/1",
    },
    "referral-1": COMMON
    | {
        "agency": "bawaslu-dki",
        "expires_at": "2024-02-15T03:00:00Z",
        "incident": {"id": INCIDENT, "org": ORG},
        "stage": "intended",
        "type": "referral/1",
        "way": "email",
    },
    "companion-keys-1": COMMON
    | {
        "by": "a vkey",
        "identity": "another",
        "log": "a third",
        "origin": ORIGIN,
        "signatures": ["c2ln", "c2ln"],
        "type": "companion-keys/1",
        "version": 1,
    },
    "log-closed-1": COMMON
    | {"origin": ORIGIN, "reason": "it is over", "type": "log-closed/1"},
    "key-statement-1": COMMON
    | {
        "identity": _vkey(f"{ORG}/identity", 4),
        "keys": [LOG, RECORDS],
        "origin": ORIGIN,
        "type": "key-statement/1",
        "version": 1,
    },
    "about-1": {
        "attribution": "Jaga Suara",
        "audience": ["jagapemilu.example"],
        "contact": "",
        "identity": _vkey(f"{ORG}/identity", 4),
        "issue": 3,
        "licence": "CC-BY-4.0",
        "logs": [{"origin": ORIGIN, "visibility": "public"}],
        "name": "Jaga Suara",
        "org": ORG,
        "type": "about/1",
        "versions": [1],
    },
    "profile": {
        "contests": {"ppwp": {"candidates": {"01": {"name": "A", "aliases": ["1"]}}}},
        "election": "small-2024",
        "max_voters": 300,
        "name": {"en": "Small", "id": "Kecil"},
        "rounds": ["reguler"],
        "spare_per_mille": 20,
        "time_zone": "Asia/Jakarta",
        "version": 1,
        "voting_day": "2024-02-14",
    },
}
REPORTING = {
    "calendar": {
        "first": "2024-01-01",
        "holidays": {"2024-02-29": "leap"},
        "joint_leave": {},
        "last": "2024-12-31",
        "sources": ["SKB"],
    },
    "counted": "working",
    "days": 7,
    "law": "UU",
    "sources": ["UU"],
}
PARTIES = {"1": {"caleg": {"100211": 3}, "jumlah": 9, "partai": 6}}
IN_STATION = {"region": DROP, "tps": "3171010001001"}
TWIN = {"id": INCIDENT[::-1], "org": ORG}
OF_PARTIES = {"contest": "pdpr", "candidates": DROP}

# type of schema, changes to its good example, whether the result is valid
EXAMPLES = [
    ("tps-result-1", {}, True),
    ("tps-result-1", {"candidates": {"01": 0, "kosong": 999_999}}, True),
    ("tps-result-1", {"candidates": DROP, "figures": dict.fromkeys(FIGURES, 0)}, True),
    ("tps-result-1", {"candidates": DROP, "evidence": [PHOTO]}, True),
    ("tps-result-1", {"evidence": [PHOTO | {"page": 1}, PHOTO]}, True),
    ("tps-result-1", {"evidence": [PHOTO | {"likeness": HEX}]}, True),
    ("tps-result-1", OF_PARTIES | {"parties": PARTIES}, True),
    ("tps-result-1", OF_PARTIES | {"parties": {"24": {"partai": 0}}}, True),
    ("tps-result-1", OF_PARTIES | {"figures": {"suara_sah": 1}}, True),
    ("tps-result-1", {"tps": "99AB010001901"}, True),
    ("tps-result-1", {"note": "é — 日本 😀"}, True),
    ("tps-result-1", {"ref": "x" * 300, "revision": 2**53 - 1}, True),
    ("tps-result-1", {"contributor": HEX, "derived_from": HEX}, True),
    ("tps-result-1", {"observed_at": "2024-02-29T23:59:59Z"}, True),
    ("tps-result-1", {"election": "x" * 40, "round": "hitung-ulang"}, True),
    ("tps-result-1", {"candidates": DROP}, False),
    ("tps-result-1", {"candidates": {}}, False),
    ("tps-result-1", {"candidates": {"01": -1}}, False),
    ("tps-result-1", {"candidates": {"01": 1_000_000}}, False),
    ("tps-result-1", {"candidates": {"01": "1"}}, False),
    ("tps-result-1", {"candidates": {"01": True}}, False),
    ("tps-result-1", {"candidates": {"A": 1}}, False),
    ("tps-result-1", {"candidates": {"01\n": 1}}, False),
    ("tps-result-1", {"candidates": {str(n): 1 for n in range(257)}}, False),
    ("tps-result-1", {"candidates": [1]}, False),
    ("tps-result-1", {"candidates": None}, False),
    ("tps-result-1", {"contest": "pdpr"}, False),
    ("tps-result-1", {"parties": PARTIES}, False),
    ("tps-result-1", OF_PARTIES | {"parties": {}}, False),
    ("tps-result-1", OF_PARTIES | {"parties": {"1": {}}}, False),
    ("tps-result-1", OF_PARTIES | {"parties": {"0": {"jumlah": 1}}}, False),
    ("tps-result-1", OF_PARTIES | {"parties": {"1": {"caleg": {}}}}, False),
    ("tps-result-1", OF_PARTIES | {"parties": {"1": {"sum": 1}}}, False),
    ("tps-result-1", {"figures": {}}, False),
    ("tps-result-1", {"figures": {"suara": 1}}, False),
    ("tps-result-1", {"evidence": []}, False),
    ("tps-result-1", {"evidence": [PHOTO | {"page": 0}]}, False),
    ("tps-result-1", {"evidence": [PHOTO | {"likeness": HEX.upper()}]}, False),
    ("tps-result-1", {"evidence": [PHOTO | {"likeness": HEX[1:]}]}, False),
    ("tps-result-1", {"evidence": [PHOTO | {"likeness": ""}]}, False),
    ("tps-result-1", {"evidence": [PHOTO | {"sha256": HEX.upper()}]}, False),
    ("tps-result-1", {"evidence": [PHOTO | {"media_type": "jpeg"}]}, False),
    ("tps-result-1", {"evidence": [PHOTO | {"url": "x"}]}, False),
    ("tps-result-1", {"tps": "317101000100"}, False),
    ("tps-result-1", {"tps": "3171010001001\n"}, False),
    ("tps-result-1", {"tps": "\uff13171010001001"}, False),
    ("tps-result-1", {"tps": 3171010001001}, False),
    ("tps-result-1", {"recorded_at": "2023-02-29T00:00:00Z"}, False),
    ("tps-result-1", {"recorded_at": "2024-02-14T13:05:60Z"}, False),
    ("tps-result-1", {"recorded_at": "2024-02-14T13:05:00+07:00"}, False),
    ("tps-result-1", {"org": "Jagasuara.example"}, False),
    ("tps-result-1", {"org": "jagasuara"}, False),
    ("tps-result-1", {"org": DROP}, False),
    ("tps-result-1", {"note": ""}, False),
    ("tps-result-1", {"note": "x" * 301}, False),
    ("tps-result-1", {"note": "a\u202eb"}, False),
    ("tps-result-1", {"note": "a\nb"}, False),
    ("tps-result-1", {"note": "a\U0001fffeb"}, False),
    ("tps-result-1", {"phone": "0812"}, False),
    ("tps-result-1", {"type": "tps-result/2"}, False),
    ("tps-result-1", {"type": DROP}, False),
    ("tps-result-1", {"revision": 2**53}, False),
    ("tps-result-1", {"source": "observers"}, False),
    *(("recap-1", {"region": one}, True) for one in ("0", "31", "3171", "99", "99AB")),
    ("recap-1", {"candidates": {"01": 999_999_999}, "ref": "a", "revision": 2}, True),
    ("recap-1", {"evidence": [PHOTO], "figures": {"suara_sah": 5_000_000}}, True),
    ("recap-1", {"contest": "pdpr", "parties": {"1": {"jumlah": 5}}}, False),
    (
        "recap-1",
        {"contest": "pdpr", "parties": {"1": {"jumlah": 5}}, "candidates": DROP},
        True,
    ),
    ("recap-1", {"candidates": DROP}, False),
    ("recap-1", {"candidates": {"01": 1_000_000_000}}, False),
    *(
        ("recap-1", {"region": one}, False)
        for one in ("", "3171010001", "3171010001001", "99AB01", "990101", "1")
    ),
    ("recap-1", {"stations": {"counted": 80}}, False),
    ("recap-1", {"source": "KPU"}, False),
    ("recap-1", {"tps": "3171010001001"}, False),
    ("withdrawal-1", {}, True),
    ("withdrawal-1", {"official": 1, "contest": "pkwkk"}, True),
    ("withdrawal-1", {"official": 2}, False),
    ("withdrawal-1", {"official": True}, False),
    ("withdrawal-1", {"reason": DROP}, False),
    ("withdrawal-1", {"reason": "\u2066x"}, False),
    ("withdrawal-1", {"round": "first"}, False),
    ("photo-removal-1", {}, True),
    ("photo-removal-1", {"answers": HEX, "reason": "a mistake"}, True),
    ("photo-removal-1", {"ground": "expired"}, False),
    ("photo-removal-1", {"sha256": HEX.upper()}, False),
    ("photo-removal-1", {"answers": 1}, False),
    ("photo-removal-1", {"reason": ""}, False),
    ("photo-removal-1", {"tps": "3171010001001"}, False),
    ("incident-1", {}, True),
    ("incident-1", IN_STATION, True),
    ("incident-1", IN_STATION | {"tps": "99AB010001901"}, True),
    *(("incident-1", {"region": one}, True) for one in ("31", "3171010001", "99AB")),
    ("incident-1", {"description": "x" * 4000, "evidence": [PHOTO]}, True),
    ("incident-1", {"known_at": TIME, "ref": "a", "revision": 0}, True),
    ("incident-1", {"contributor": HEX, "law": "kode_etik"}, True),
    ("incident-1", {"tps": "3171010001001"}, False),
    ("incident-1", {"region": DROP}, False),
    ("incident-1", {"region": "31710100"}, False),
    ("incident-1", {"region": "3171010001001"}, False),
    ("incident-1", {"region": "9AAB"}, False),
    ("incident-1", {"id": HEX}, False),
    ("incident-1", {"id": INCIDENT.upper()}, False),
    ("incident-1", {"category": "politik uang"}, False),
    ("incident-1", {"law": DROP}, False),
    ("incident-1", {"summary": "x" * 301}, False),
    ("incident-1", {"description": "x" * 4001}, False),
    ("incident-1", {"description": "a\nb"}, False),
    ("incident-1", {"evidence": []}, False),
    ("incident-1", {"known_at": "2024-02-14"}, False),
    ("incident-1", {"reporter": "x"}, False),
    ("incident-status-1", {}, True),
    ("incident-status-1", {"status": "duplicate", "duplicate_of": TWIN}, True),
    ("incident-status-1", {"status": "not_duplicate", "duplicate_of": TWIN}, True),
    (
        "incident-status-1",
        {
            "agency": "bawaslu-dki",
            "outcome": "violation",
            "reason": "x" * 300,
            "reference": "x" * 100,
            "status": "decided",
        },
        True,
    ),
    ("incident-status-1", {"status": "duplicate"}, False),
    ("incident-status-1", {"duplicate_of": TWIN}, False),
    ("incident-status-1", {"status": "open"}, False),
    ("incident-status-1", {"incident": INCIDENT}, False),
    ("incident-status-1", {"incident": {"id": INCIDENT}}, False),
    ("incident-status-1", {"incident": TWIN | {"name": "x"}}, False),
    ("incident-status-1", {"agency": "Bawaslu"}, False),
    ("incident-status-1", {"reference": "x" * 101}, False),
    ("incident-status-1", {"reason": ""}, False),
    ("incident-status-1", {"outcome": "guilty"}, False),
    ("referral-1", {}, True),
    ("referral-1", {"stage": "sent", "expires_at": DROP, "dossier": HEX}, True),
    (
        "referral-1",
        {"stage": "acknowledged", "expires_at": DROP, "reference": "007/LP/2024"},
        True,
    ),
    ("referral-1", {"expires_at": DROP}, False),
    ("referral-1", {"stage": "sent"}, False),
    ("referral-1", {"way": "post"}, False),
    ("referral-1", {"agency": "x" * 41}, False),
    ("referral-1", {"agency": DROP}, False),
    ("referral-1", {"dossier": INCIDENT}, False),
    ("referral-1", {"reference": ""}, False),
    ("referral-1", {"also_by": [ORG], "again": 1}, True),
    ("referral-1", {"also_by": []}, False),
    ("referral-1", {"also_by": ["Jaga Suara"]}, False),
    ("referral-1", {"again": 0}, False),
    ("companion-keys-1", {}, True),
    ("companion-keys-1", {"identity": DROP, "log": DROP, "previous": HEX}, True),
    ("companion-keys-1", {"signatures": ["a"] * 4}, False),
    ("companion-keys-1", {"log": "x" * 2_101}, False),
    ("companion-keys-1", {"by": DROP}, False),
    ("companion-keys-1", {"version": 0}, False),
    ("log-closed-1", {}, True),
    ("log-closed-1", {"successor": f"{ORIGIN}/2"}, True),
    ("log-closed-1", {"origin": f"{ORIGIN}/incidents/12"}, True),
    ("log-closed-1", {"origin": f"{ORIGIN}/1"}, False),
    ("log-closed-1", {"origin": f"{ORIGIN}/1000"}, False),
    ("log-closed-1", {"successor": None}, False),
    ("key-statement-1", {}, True),
    ("key-statement-1", {"keys": [LOG, RECORDS, MIRROR]}, True),
    ("key-statement-1", {"version": 2, "previous": HEX, "revoked": [REVOKED]}, True),
    (
        "key-statement-1",
        {"origin": f"{ORIGIN}/2", "keys": [SECOND_LOG, RECORDS], "follows": FOLLOWS},
        True,
    ),
    ("key-statement-1", {"previous": HEX}, False),
    ("key-statement-1", {"version": 2}, False),
    ("key-statement-1", {"version": 0}, False),
    ("key-statement-1", {"follows": FOLLOWS}, False),
    (
        "key-statement-1",
        {"origin": f"{ORIGIN}/2", "keys": [SECOND_LOG, RECORDS]},
        False,
    ),
    ("key-statement-1", {"keys": []}, False),
    ("key-statement-1", {"keys": [LOG]}, False),
    ("key-statement-1", {"keys": [RECORDS]}, False),
    ("key-statement-1", {"keys": [LOG, RECORDS | {"role": "all"}]}, False),
    ("key-statement-1", {"keys": [LOG, RECORDS | {"vkey": "x"}]}, False),
    ("key-statement-1", {"keys": [LOG, RECORDS | {"from": -1}]}, False),
    ("key-statement-1", {"revoked": []}, False),
    ("key-statement-1", {"identity": ""}, False),
    ("about-1", {}, True),
    ("about-1", {"logs": [], "audience": [], "issue": 0}, True),
    ("about-1", {"versions": []}, False),
    ("about-1", {"audience": ["x"]}, False),
    ("about-1", {"name": ""}, False),
    ("about-1", {"logs": [{"origin": ORIGIN, "visibility": "all"}]}, False),
    ("about-1", {"issue": "3"}, False),
    ("profile", {}, True),
    ("profile", {"contests": {"pdpr": {"parties": {"1": {"name": "P"}}}}}, True),
    ("profile", {"exceptions": [{"regions": ["94"], "reason": "noken"}]}, True),
    ("profile", {"register_digest": HEX}, True),
    ("profile", {"reporting": REPORTING}, True),
    ("profile", {"reporting": REPORTING | {"days": 0}}, False),
    ("profile", {"reporting": REPORTING | {"counted": "office"}}, False),
    ("profile", {"reporting": REPORTING | {"sources": []}}, False),
    ("profile", {"contests": {"ppwp": {"parties": {"1": {"name": "P"}}}}}, False),
    ("profile", {"contests": {"pdpr": {"candidates": {"1": {"name": "P"}}}}}, False),
    ("profile", {"contests": {"president": {}}}, False),
    ("profile", {"contests": {}}, False),
    ("profile", {"rounds": []}, False),
    ("profile", {"max_voters": 0}, False),
    ("profile", {"voting_day": "14-02-2024"}, False),
]


@pytest.fixture(scope="module")
def schemas():
    folder = PROJECT / "schemas"
    return {path.stem: json.loads(path.read_bytes()) for path in folder.iterdir()}


def example(kind, changes):
    members = copy.deepcopy(GOOD[kind]) | changes
    return {name: value for name, value in members.items() if value is not DROP}


def is_valid_here(kind, members):
    """The node's own verdict."""
    try:
        if kind == "profile":
            parse_profile(json.dumps(members).encode())
            return True
        line = encode(members)
        if kind == "about-1":
            signer = Signer.from_seed(f"{ORG}/node", bytes(32))
            open_about_unpinned(sign_note(line + b"\n", signer))
            return True
        return kind_of(parse_statement(line)).name.replace("/", "-") == kind
    except FederationError:
        return False


def test_the_schemas_are_those_that_the_types_make():
    made = make_schemas.make_schemas()
    found = {path.name: path.read_text() for path in (PROJECT / "schemas").iterdir()}
    assert found == made


def test_every_schema_is_one_by_the_standard(schemas):
    assert len(schemas) == len(KINDS) + len(DOCUMENTS) + len(["profile"])
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)


def test_the_table_is_large_and_has_both_verdicts_for_every_type(schemas):
    assert len(EXAMPLES) >= 60
    assert {kind for kind, _, valid in EXAMPLES if valid} == schemas.keys()
    assert {kind for kind, _, valid in EXAMPLES if not valid} == schemas.keys()


@pytest.mark.parametrize(
    ("kind", "changes", "valid"), EXAMPLES, ids=[str(n) for n in range(len(EXAMPLES))]
)
def test_the_schema_and_the_node_give_one_verdict(schemas, kind, changes, valid):
    members = example(kind, changes)
    assert is_valid_here(kind, members) is valid
    # As another program would see it: through JSON text.
    seen = json.loads(json.dumps(members))
    assert Draft202012Validator(schemas[kind]).is_valid(seen) is valid


def test_every_shipped_profile_is_valid_by_its_schema(schemas):
    validator = Draft202012Validator(schemas["profile"])
    for profile in load_shipped().values():
        assert validator.is_valid(json.loads(profile.text))
