"""Receipts over HTTP, from whole nodes: by the id alone, before and after partners."""

import hashlib

import pytest

from federation.config.keystore import load_signer
from federation.errors import FormatError
from federation.records.keychain import open_chain
from federation.records.receipt import format_receipt, open_receipt, parse_receipt
from federation.tlog.cosignature import open_cosignatures
from federation.tlog.keys import ALG_COSIGNATURE, parse_vkey
from federation.tlog.note import decode_notes
from tests.homes import ELECTION, add_peer, draft, make_home, serving
from tests.waiting import until

ORG, OTHER = "jagasuara.example", "kawalpemilu.example"
NAME = hashlib.sha256(f"{ORG}/{ELECTION}".encode()).hexdigest()


@pytest.fixture
def home(tmp_path):
    return make_home(tmp_path, ORG)


async def post(node, *drafts):
    body = {"election": ELECTION, "records": list(drafts)}
    status, answer = await node.post("/v1/records", body)
    assert status == 200, answer
    return [one["record"] for one in answer["verdicts"]]


def opened(body, home):
    identity = parse_vkey(home.vkey(home.folder.name).read_text().strip())
    receipt = parse_receipt(body)
    return receipt, *open_receipt(receipt, open_chain(receipt.keys, identity))


async def test_a_record_has_a_receipt_at_its_id_as_soon_as_it_is_acknowledged(home):
    async with serving(home) as node:
        [old] = await post(node, draft())
        [new] = await post(node, draft(first=126))
        for record, index in ((old, 1), (new, 2)):
            status, body, headers = await node.get(f"/v1/records/{record}/receipt")
            assert status == 200
            _, checkpoint, sealed = opened(body, home)
            assert (sealed.record, sealed.index) == (record, index)
            assert checkpoint.size >= index + 1
            assert headers["Content-Type"].startswith("text/plain")
            name = f"receipt-1371011001001-ppwp-{ORG}-{index}.txt"
            assert headers["Content-Disposition"] == f'attachment; filename="{name}"'


async def test_who_has_it_already_gets_nothing_again(home):
    async with serving(home) as node:
        [record] = await post(node, draft())
        path = f"/v1/records/{record}/receipt"
        _, body, headers = await node.get(path)
        tag = headers["ETag"]
        status, empty, _ = await node.get(path, headers={"If-None-Match": tag})
        assert (status, empty) == (304, b"")
        other = {"If-None-Match": '"other"'}
        assert (await node.get(path, headers=other))[:2] == (200, body)


@pytest.mark.parametrize(
    ("given", "status"),
    [("0" * 64, 404), ("0" * 63, 400), ("A" * 64, 400), ("x", 400), ("%00", 400)],
)
async def test_what_is_no_record_here_is_refused(home, given, status):
    async with serving(home) as node:
        got, body, headers = await node.get(f"/v1/records/{given}/receipt")
        assert got == status
        assert headers["Content-Type"].startswith("application/problem+json")
        with pytest.raises(FormatError):
            parse_receipt(body)


async def test_no_parameter_is_needed_and_none_is_passed_over(home):
    async with serving(home) as node:
        status, _, _ = await node.get(f"/v1/records/{'0' * 64}/receipt?index=1")
        assert status == 400


@pytest.mark.slow
async def test_a_partner_that_holds_it_stands_in_it_and_stays_there(home, tmp_path):
    partner = make_home(tmp_path, OTHER)
    mirror = load_signer(partner.role_key("mirror"), f"{OTHER}/mirror", ALG_COSIGNATURE)
    async with serving(home) as node, serving(partner) as other:
        add_peer(home, partner, other.url)
        add_peer(partner, home, node.url)
        [record] = await post(node, draft())
        path = f"/v1/records/{record}/receipt"
        receipt = await until_held(node, path, mirror.key)
        _, own, _ = await other.get(path)
        assert parse_receipt(own).leaf == receipt.leaf, "the partner gives one too"
        # What comes later leaves the receipt with its first confirmation.
        [later] = await post(node, draft(tps="1371011001002"))
        await until_held(node, f"/v1/records/{later}/receipt", mirror.key)
        _, body, _ = await node.get(path)
        assert body == format_again(receipt)
        status, body, headers = await node.get(f"/{NAME}/cosigned")
        assert status == 200
        assert receipt.proof.checkpoint in decode_notes(body, 1000)
        etag = {"If-None-Match": headers["ETag"]}
        assert (await node.get(f"/{NAME}/cosigned", headers=etag))[0] == 304


async def until_held(node, path, key):
    async def confirmed():
        status, body, _ = await node.get(path)
        assert status == 200
        receipt = parse_receipt(body)
        return receipt if open_cosignatures(receipt.proof.checkpoint, [key]) else None

    return await until(confirmed)


def format_again(receipt):
    return format_receipt(
        receipt.leaf,
        receipt.keys,
        receipt.index,
        receipt.proof.path,
        receipt.proof.checkpoint,
    )
