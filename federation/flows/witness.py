"""Being a witness of logs that we do not mirror: what a log offers is judged, signed.

Rule: of one log no two histories are ever signed. What was signed last stands in files
of its own beside the guard, written durably before anybody is answered
(`store/folderguard.py`); the key lies beside them, so that whoever loses or restores
them has lost the witness, too. Its key is none that says "I hold": a witness has seen
no record.
Offers are judged one after another, on the thread that writes.

Source: C2SP tlog-witness (draft) section add-checkpoint
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

from federation.errors import ProofError, SignatureError, VerificationError
from federation.store.guard import Guard
from federation.text import Sentence
from federation.tlog.checkpoint import (
    SignedCheckpoint,
    open_checkpoint,
    read_unverified,
)
from federation.tlog.cosignature import cosign
from federation.tlog.keys import Signer, VerifierKey
from federation.tlog.merkle import EMPTY_ROOT, check_consistency
from federation.tlog.note import format_signature
from federation.tlog.witness import CheckpointOffer, parse_offer

#: `conflict`: we signed another size last; `other-root`: this size, with another root.
WitnessVerdict: TypeAlias = Literal[
    "cosigned", "unknown", "unsigned", "conflict", "other-root", "unproved"
]
_NOTHING: Final = (0, EMPTY_ROOT)


class Witnessed(NamedTuple):
    """What a log is answered.

    Attributes:
        origin: Of the log.
        verdict: What came of it.
        size: That was cosigned last, before this offer or by it.
        line: Our cosignature, with its LF; b"": none.
    """

    origin: str
    verdict: WitnessVerdict
    size: int = 0
    line: bytes = b""


@dataclass(frozen=True)
class OfferJudge:
    """What judges offers.

    Attributes:
        signer: Our witness key.
        logs: The key of each log that is witnessed, by origin.
        memory: What was signed last, of each.
    """

    signer: Signer
    logs: Mapping[str, VerifierKey]
    memory: Guard

    def judge(self, data: bytes, now: int) -> Witnessed:
        """Judge what a log offers, and cosign it if it goes on.

        Args:
            data: The body of the request.
            now: Unix seconds.

        Raises:
            FormatError: not such a request.
            VerificationError: our memory of this log is damaged, or came out of a
                copy: more may have been signed than it says.
            OSError: the disk failed; nothing was answered.
        """
        offer = parse_offer(data)
        origin = read_unverified(offer.checkpoint).origin
        key = self.logs.get(origin)
        if key is None:
            return Witnessed(origin, "unknown")
        try:
            signed = open_checkpoint(offer.checkpoint, key)
        except SignatureError:
            return Witnessed(origin, "unsigned")
        size, root = self._read(origin)
        verdict = _compare(offer, signed, size, root)
        if verdict != "cosigned":
            return Witnessed(origin, verdict, size)
        line = format_signature(cosign(signed.text, self.signer, now))
        held = self.memory.read(origin)
        self.memory.raise_to(origin, signed.size, signed.root, after=held)
        return Witnessed(origin, verdict, signed.size, line)

    def _read(self, origin: str) -> tuple[int, bytes]:
        held = self.memory.read(origin)
        if held is not None and not self.memory.is_here(origin):
            raise VerificationError(Sentence("witness.copied", origin=origin))
        return held or _NOTHING


def _compare(
    offer: CheckpointOffer, signed: SignedCheckpoint, size: int, root: bytes
) -> WitnessVerdict:
    """What an offer is, beside the size and root that were signed last."""
    if offer.old != size:
        return "conflict"
    if signed.size == size and signed.root != root:
        return "other-root"
    if size == 0:
        return "unproved" if offer.proof else "cosigned"  # nothing is to be proved
    try:
        check_consistency(size, signed.size, root, signed.root, offer.proof)
    except ProofError:
        return "unproved"
    return "cosigned"
