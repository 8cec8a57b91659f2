"""What a log sends to a witness: a checkpoint, and the proof that it goes on.

Rule: as everything from outside, canonical or refused. Nothing of it is believed before
the log's signature and the proof were checked (`flows/witness.py`).

    old 20852014
    PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=      (a consistency proof, at most 63)
    <empty line>
    <signed checkpoint>

Source: C2SP tlog-witness (draft) section add-checkpoint
"""

from typing import Final, NamedTuple

from federation.errors import FormatError
from federation.text import Sentence
from federation.tlog.checkpoint import parse_decimal, read_unverified
from federation.tlog.keys import decode_base64, encode_base64

#: Below the submission prefix.
PATH: Final = "/add-checkpoint"
MAX_REQUEST_BYTES: Final = 1 << 16
#: The media type of the size that a witness answers where it knows another one.
SIZE_TYPE: Final = "text/x.tlog.size"

_OLD: Final = "old "
_MAX_HASHES: Final = 63


class CheckpointOffer(NamedTuple):
    """What is sent; nothing of it is verified.

    Attributes:
        old: The size that the witness is believed to have cosigned last; 0: none.
        proof: From `old` to the size of the checkpoint.
        checkpoint: The signed note.
    """

    old: int
    proof: tuple[bytes, ...]
    checkpoint: bytes


def format_offer(offer: CheckpointOffer) -> bytes:
    """The body of the request."""
    lines = [f"{_OLD}{offer.old}", *map(encode_base64, offer.proof)]
    return "".join(f"{line}\n" for line in lines).encode() + b"\n" + offer.checkpoint


def parse_offer(data: bytes) -> CheckpointOffer:
    """What the body of a request says.

    Raises:
        FormatError: not a request in its one form, too large, or of an old size above
            that of the checkpoint.
    """
    if len(data) > MAX_REQUEST_BYTES:
        raise FormatError(Sentence("witness.too-large", most=MAX_REQUEST_BYTES))
    head, gap, checkpoint = data.partition(b"\n\n")
    try:
        first, *rest = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise FormatError(Sentence("witness.form")) from None
    if not gap or not first.startswith(_OLD) or len(rest) > _MAX_HASHES:
        raise FormatError(Sentence("witness.form"))
    proof = tuple(map(decode_base64, rest))
    if any(len(digest) != 32 for digest in proof):
        raise FormatError(Sentence("protocol.hash-size"))
    offer = CheckpointOffer(parse_decimal(first.removeprefix(_OLD)), proof, checkpoint)
    if offer.old > read_unverified(checkpoint).size:
        raise FormatError(Sentence("witness.old-above"))
    return offer
