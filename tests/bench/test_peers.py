"""Others beside ours: what they bring is what was served, and is verified."""

import contextlib
import shutil

import pytest
from nacl.exceptions import BadSignatureError

from federation.tlog.keys import Signer
from tests.bench import peers
from tests.bench.bare import Signed

SIGNER = Signer.from_seed("b.example/records", bytes(32))
RECORDS = [
    Signed(SIGNER.key.public, SIGNER.sign(text) + text)
    for text in (f'{{"n":{n}}}\n'.encode() for n in range(600))
]


def test_what_is_cut_into_blocks_comes_out_of_them_in_order():
    blocks = peers._cut(RECORDS)
    assert len(blocks) == 3
    told = [signed for block in blocks for signed in peers._uncut(block)]
    assert told == [one.signed for one in RECORDS]


def test_a_block_with_one_changed_record_is_refused():
    peers._know(SIGNER.key.public)
    block = peers._cut(RECORDS[:10])[0]
    assert peers._verify(block) == 10
    with pytest.raises(BadSignatureError):
        peers._verify(block.replace(b'{"n":7}', b'{"n":8}'))


@pytest.mark.parametrize("name", ["git", "rsync"])
def test_what_is_fetched_is_what_was_served(tmp_path, name):
    if shutil.which(name) is None:
        pytest.skip(f"no {name} here")
    blocks = peers._cut(RECORDS)
    with contextlib.ExitStack() as stack:
        served, fetched = tmp_path / "served", tmp_path / "fetched"
        served.mkdir()
        peer = getattr(peers, f"_serve_{name}")(stack, served, blocks)
        peer.ready(fetched)
        assert list(peer.fetch(fetched)) == blocks
