"""Every door through which bytes come that others wrote, with good bytes for each.

A door is a function that takes bytes and may raise nothing but what is declared: a
`FederationError` (whose fault it is), as the command line and the web know to tell.
Signed things have two doors: as they come, and changed *before* they are signed, so
that what stands behind the signature is reached.
"""

# ruff: noqa: E501  a row of a table stays on one line

import gzip
import io
import json
import runpy
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict
from yarl import URL

from federation.cli.import_.mapping import load_mapping
from federation.config.circle import format_circle, open_circle, sign_circle
from federation.config.fingerprint import parse_fingerprint
from federation.config.keystore import load_contributor_secret
from federation.config.peers import Peer, parse_peers
from federation.config.pkcs8 import decode_private_key, encode_private_key
from federation.config.settings import parse_settings
from federation.decoding import parse_json
from federation.errors import FederationError
from federation.feeds.answer import FeedRequest, judge_answer, judge_other
from federation.feeds.shape import JSON, NOTES, is_cut, is_other, text_shape, tile_shape
from federation.feeds.status import parse_status
from federation.flows.audit.published import AscendingStations
from federation.flows.pull.basis import PeerBasis
from federation.flows.query.cursor import parse_cursor
from federation.profiles import load_regions, load_shipped
from federation.records.about import open_about, open_about_unpinned
from federation.records.canonical import decode
from federation.records.evidence import open_evidence
from federation.records.keychain import decode_keys, encode_keys, open_chain
from federation.records.profile import parse_profile
from federation.records.publishedmap import format_map, parse_map
from federation.records.receipt import open_receipt, parse_receipt
from federation.records.register import Register, decode_register, encode_register
from federation.records.sealed import open_leaf
from federation.records.tps import parse_tps
from federation.sources.draft import DraftReader
from federation.sources.kelurahan import read_codes
from federation.sources.mapping import Options, parse_flags
from federation.sources.paslon import read_paslon
from federation.sources.recognise import open_file, read_rows, recognise
from federation.sources.register import read_register
from federation.sources.stream import SourceFile
from federation.store.epoch import load_followed
from federation.text.malformed import MalformedError, decode_text
from federation.tlog.checkpoint import open_checkpoint
from federation.tlog.cosignature import open_cosignatures
from federation.tlog.fork import check_evidence, format_evidence
from federation.tlog.keys import format_vkey, parse_vkey
from federation.tlog.note import decode_notes, open_note, parse_note, sign_note
from federation.tlog.packing import pack, unpack
from federation.tlog.policy import parse_policy
from federation.tlog.proof import parse_proof
from federation.tlog.tile import Bundle, decode_bundle, parse_tile_path, split_hashes
from federation.web import intake, queries
from federation.web.dashboard import pick_page_language
from federation.web.feed import conditional
from federation.web.openapi import read_query
from federation.web.requests.records import Batch
from tests.damage import world
from tests.damage.handed import base
from tests.fakes import ELECTION
from tests.homes import make_home

TESTS = Path(__file__).parents[1]
SHAPES = runpy.run_path(str(TESTS / "sources" / "shapes.py"))
FILES = runpy.run_path(str(TESTS / "hostile" / "files.py"))
REQUESTS = runpy.run_path(str(TESTS / "hostile" / "requests.py"))
Take = Callable[[bytes], object]


class Door(NamedTuple):
    """Good bytes, and what takes them."""

    seeds: Sequence[bytes]
    take: Take


def text_of(data: bytes) -> str:
    """As a header or an argument has it: whatever is no UTF-8 is there, and marked."""
    return data.decode("utf-8", "surrogateescape")


def signed(signer: Any, take: Take) -> Take:
    """The same door for a text that the right key signs after it was changed."""
    return lambda text: take(sign_note(text, signer))


@cache
def folder() -> Path:
    """Where files are written that can only be taken by their name."""
    return Path(tempfile.mkdtemp(prefix="federation-fuzz-"))


def on_disk(name: str, take: Callable[[Path], object]) -> Take:
    """The same door for a function that opens a file."""

    def take_bytes(data: bytes) -> object:
        path = folder() / name
        path.touch(0o600)
        path.write_bytes(data)
        return take(path)

    return take_bytes


def parts_of(book: bytes) -> list[bytes]:
    """The XML files in a workbook, each with its name before it."""
    with zipfile.ZipFile(io.BytesIO(book)) as package:
        return [
            name.encode() + b"\n" + package.read(name) for name in package.namelist()
        ]


def packed(book: bytes, take: Callable[[Path], object]) -> Callable[[Path], object]:
    """The same door for one file of a workbook, packed with all the others."""

    def take_part(path: Path) -> object:
        name, _, part = path.read_bytes().partition(b"\n")
        with (
            zipfile.ZipFile(io.BytesIO(book)) as old,
            zipfile.ZipFile(path, "w") as new,
        ):
            for one in old.namelist():
                new.writestr(one, part if one.encode() == name else old.read(one))
        return take(path)

    return take_part


def read_file(path: Path, election: str, contest: str | None = None) -> None:
    """All rows of a file of results, as `federation import` reads it."""
    options = Options(contest=contest) if contest else Options()
    with open_file(path) as source:
        kind = recognise(source)
        for _ in read_rows(source, kind, options, load_shipped()[election]):
            pass


def read_list(path: Path) -> None:
    """All stations of a list, as `federation tps-list import` reads it."""
    register = Register("pemilu-2024")
    with open_file(path) as source:
        regions = load_regions("pemilu-2024")
        for _ in read_register(source, register, {}, regions=regions):
            pass
    register.digest()


def read_candidates(path: Path) -> None:
    """All candidates of a list of KPU's."""
    with SourceFile(path) as source:
        for _ in read_paslon(source, {}):
            pass


def read_kelurahan(path: Path) -> None:
    """All codes of a table of kelurahan."""
    with SourceFile(path) as source:
        read_codes(source)


def read_batch(body: bytes) -> None:
    """What `POST /v1/records` does with a body before anything is signed."""
    request = asked("/v1/records", {"Content-Type": "application/json"})
    batch = intake.decode_body(request, body, Batch)
    reader = DraftReader(load_shipped()["pemilu-2024"])
    for record in batch.records:
        reader.read(record)


def asked(target: str, headers: dict[str, str] | None = None) -> Any:
    """A request as aiohttp hands it over."""
    url = URL(target, encoded=True)
    return make_mocked_request("GET", str(url), headers=CIMultiDict(headers or {}))


def ask_all(query: bytes) -> None:
    """These words after the `?`, of every read."""
    request = asked("/x?" + query.decode("latin-1"))
    refused = None
    for kind in QUERIES:
        try:
            found = read_query(request, kind)
            parse_cursor(getattr(found, "since", ""))
        except FederationError as error:
            refused = error
    pick_page_language(request)
    if refused is not None:
        raise refused


def ask_with(header: str) -> Take:
    """This value of a header."""

    def take(value: bytes) -> None:
        request = asked("/x", {header: value.decode("latin-1")})
        conditional(request, b"body", "text/plain", "no-store")
        pick_page_language(request)

    return take


def judge(answer: bytes) -> None:
    """An answer that is no file: its headers, its first bytes, in every status."""
    head, _, body = answer.partition(b"\n\n")
    lines = (line.partition(b":") for line in head.split(b"\n"))
    headers = CIMultiDict((text_of(n), text_of(v).strip()) for n, _, v in lines)
    for status in (301, 400, 403, 404, 429, 500, 503):
        judge_answer(
            status, headers, body, FeedRequest("http://a.example", "/logs"), 0.0
        )
    judge_other(body)
    for shape in (JSON, NOTES, text_shape(b"# "), tile_shape(Bundle(0, 2))):
        is_other(body, shape)
        is_cut(body, shape)


def in_text(take: Callable[[str], object]) -> Take:
    """The same door for a function of text."""
    return lambda data: take(text_of(data))


def parse_toml(parse: Callable[[str], object]) -> Take:
    """The same door for a function of a file of settings."""

    def take(data: bytes) -> object:
        try:
            return parse(decode_text(data))
        except MalformedError:  # told by whoever reads the file
            return None

    return take


QUERIES = [
    kind
    for kind in vars(queries).values()
    if isinstance(kind, type) and kind.__name__.endswith("Query")
]


@cache
def doors() -> dict[str, Door]:
    """By name."""
    owner, tree, files = world.owner(), world.grown(), base()
    chain, note = owner.chain, world.cosigned(tree.note())
    text = parse_note(note).text
    identity, node = owner.identity, owner.node
    leaf = tree.leaves[3]
    line = leaf.partition(b"\n\n")[0]
    fork = tree.fork(5, owner.results(5, 20, 7))
    evidence = format_evidence(tree.note(12), fork.note(12))
    about = next(data for path, data in files.items() if path.endswith("about"))
    receipts = [world.receipt()]
    keys = encode_keys(owner.statements)
    statement = parse_note(owner.statements[0]).text
    logs = files["logs"]
    published = world.map_of((tree, *world.small()))
    profile = load_shipped()["pemilu-2024"].text
    elections = json.dumps(
        {
            "elections": [
                {
                    "election": ELECTION,
                    "profile": "a" * 64,
                    "register_digest": "",
                    "rules": 1,
                }
            ],
            "frozen": [owner.origin],
        }
    ).encode()
    home = make_home(Path(tempfile.mkdtemp(prefix="federation-fuzz-")))
    register = Register(ELECTION)
    register.add_ranges("1371011001", [(1, 30)])
    tables = [
        one.text.encode() for one in SHAPES.values() if isinstance(one, SHAPES["Shape"])
    ]
    hostile = [case[3] for case in FILES["CASES"] if len(case[3]) < 50_000]
    books = [path.read_bytes() for path in (TESTS / "sources/workbooks").glob("*.xlsx")]
    rows = b"kode_tps,provinsi,kabupaten,kecamatan,kelurahan,dpt_l,dpt_p\n1371011001001,SB,P,PS,BP,102,105\n"
    ranges = b'{"id2name":{"13":"SB","1371":"P"},"tps":{"1371011001":[4,901,902],"1371011002":[-26],"9901010001":[3]}}'
    peers = (TESTS.parent / "peers.example.toml").read_bytes()
    members = [Peer(org=one.org, identity=one.identity.key) for one in world.partners()]
    circle = format_circle("Pemantau", identity.key, members)
    draft = {
        "tps": "1371011001001",
        "contest": "ppwp",
        "candidates": {"01": 1, "02": "2"},
        "figures": {"suara_sah": 3},
        "form": "plano",
        "note": "x",
        "recorded_at": "2024-02-14T10:00:00+07:00",
        "parties": {"1": {"votes": 2, "candidates": {"1": 5}}},
    }
    batch = json.dumps({"election": "pemilu-2024", "records": [draft, draft]}).encode()
    settings = home.settings.read_bytes()
    return {
        "note": Door([note, leaf, about], lambda data: open_note(data, [owner.log.key])),
        "checkpoint": Door([note], lambda data: open_checkpoint(data, owner.log.key)),
        "checkpoint, signed": Door([text], signed(owner.log, lambda data: open_checkpoint(data, owner.log.key))),
        "cosignatures": Door([note], lambda data: open_cosignatures(data, [one.mirror.key for one in world.orgs()])),
        "vkey": Door([format_vkey(owner.log.key).encode(), format_vkey(owner.mirror.key).encode()], in_text(parse_vkey)),
        "tile path": Door([b"tile/0/x001/x234/067", b"tile/entries/000.p/17"], in_text(parse_tile_path)),
        "hash tile": Door([bytes(64)], lambda data: split_hashes(data, 2)),
        "entry bundle": Door([(len(leaf).to_bytes(2) + leaf) * 3], decode_bundle),
        "entry bundle, packed": Door([pack((len(leaf).to_bytes(2) + leaf) * 3)], lambda data: decode_bundle(unpack(data, 1 << 20))),
        "notes": Door([keys], lambda data: decode_notes(data, 1000)),
        "trust file": Door([world.trust_file()], parse_policy),
        "fork evidence": Door([evidence], lambda data: check_evidence(data, [owner.log.key])),
        "fork evidence, of keys": Door([evidence, b"".join(owner.statements)], lambda data: open_evidence(data, chain)),
        "proof": Door(receipts, parse_proof),
        "receipt": Door(receipts, lambda data: open_receipt(parse_receipt(data), chain)),
        "key chain": Door([keys], lambda data: open_chain(decode_keys(data), identity.key)),
        "key statement, signed": Door([statement], signed(identity, lambda data: open_chain([data], identity.key))),
        "record": Door(tree.leaves[:5], lambda data: open_leaf(data, chain, 3)),
        "record, signed": Door([line + b"\n"], signed(owner.records, lambda data: open_leaf(data, chain, 3))),
        "canonical JSON": Door([line, statement[:-1]], decode),
        "about note": Door([about], lambda data: open_about(data, [node.key])),
        "about note, signed": Door([parse_note(about).text], signed(node, open_about_unpinned)),
        "published map": Door([format_map(published)], parse_map),
        "codes of a register": Door([b"1371011001001\n1371011001002\n"], AscendingStations),
        "profile": Door([profile], parse_profile),
        "status vector": Door([logs], parse_status),
        "list of elections": Door([elections], lambda data: parse_json(data, PeerBasis, what="a list of elections")),
        "answer of a node": Door([b"Location: https://b.example/logs\nRetry-After: 120\nDate: Wed, 14 Feb 2024 10:00:00 GMT\ncf-mitigated: challenge\n\n<!doctype html><title>Blocked</title>", b'Retry-After: Wed, 14 Feb 2024 10:00:00 GMT\n\n{"error":"x"}'], judge),
        "circle file": Door([sign_circle(circle, identity)], lambda data: open_circle(data, None)),
        "circle file, signed": Door([circle.encode()], signed(identity, lambda data: open_circle(data, None))),
        "peers.toml": Door([peers], parse_toml(lambda text: parse_peers(text, folder() / "peers.toml"))),
        "federation.toml": Door([settings], parse_toml(lambda text: parse_settings(text, "federation.toml"))),
        "fingerprint": Door([one.encode() for one in world.fingerprints()], in_text(parse_fingerprint)),
        "key file": Door([encode_private_key(bytes(32))], decode_private_key),
        "secret of contributors": Door([b"ab" * 32 + b"\n"], on_disk("contributor.secret", load_contributor_secret)),
        "mapping file": Door([b'delimiter = ";"\n[defaults]\ncontest = "ppwp"\n[columns]\n"figures.suara_sah" = "suara sah"\n"candidates.01" = "a"\n'], on_disk("mapping.toml", load_mapping)),
        "mapping options": Door([b"tps=kode\nfigures.suara_sah=sah\ncandidates.01=c"], in_text(lambda text: parse_flags(text.split("\n")))),
        "files of results": Door(hostile, on_disk("results", lambda path: read_file(path, "pemilu-2024", "ppwp"))),
        "tables of tools": Door(tables, on_disk("table", lambda path: read_file(path, "pilpres-2019"))),
        "gzip": Door([gzip.compress(one, mtime=0) for one in tables[:3]], on_disk("table.gz", lambda path: read_file(path, "pilpres-2019"))),
        "workbook": Door(books, on_disk("book.xlsx", lambda path: read_file(path, "pilpres-2019"))),
        "workbook, its parts": Door(parts_of(books[0]), on_disk("parts.xlsx", packed(books[0], lambda path: read_file(path, "pilpres-2019")))),
        "list of stations": Door([rows, ranges], on_disk("stations", read_list)),
        "list of stations, handed over": Door([encode_register(register)], decode_register),
        "list of candidates": Door([b'{"3207":{"1000561":{"nama":"A - B","nomor_urut":2,"ts":"x"},"1000562":{"nama":"KOLOM KOSONG - ","nomor_urut":1}}}'], on_disk("paslon.json", read_candidates)),
        "table of kelurahan": Door([b"id,kode\n1,1371011001\n2,9901010001\n"], on_disk("kelurahan", read_kelurahan)),
        "body of records": Door([batch], read_batch),
        "followed.json": Door([b'{"epoch":"abc","changes":{"pemilu-2024":7}}'], on_disk("followed.json", load_followed)),
        "TPS code": Door([b"1371011001001", b"99AB010001901"], in_text(parse_tps)),
        "cursor": Door([b"abc.17"], in_text(parse_cursor)),
        "query": Door([b"election=pemilu-2024&contest=ppwp&region=13&limit=5&after=x", b"since=abc.17&wait=0&format=csv&exclude=own", b"what=results&format=ndjson", b"lang=en"], ask_all),
        "If-None-Match": Door([b'"abc", W/"def"', b"*"], ask_with("If-None-Match")),
        "Accept-Language": Door([b"id;q=0.5, en-GB;q=1.0"], ask_with("Accept-Language")),
    }  # fmt: skip
