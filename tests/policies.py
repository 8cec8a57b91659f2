"""A checkpoint judged by a trust file, as whoever reads one judges it."""

from federation.errors import ProofError
from federation.tlog.checkpoint import SignedCheckpoint, open_by_any
from federation.tlog.cosignature import Cosignature, open_cosignatures
from federation.tlog.policy import Policy


def check_policy(
    policy: Policy, note: bytes
) -> tuple[SignedCheckpoint, list[Cosignature]]:
    """The verified checkpoint, and the cosignatures that count for it.

    Raises:
        SignatureError: none of the policy's logs signed it.
        ProofError: too few of the policy's witnesses cosigned it.
    """
    signed = open_by_any(note, [log.key for log in policy.logs])
    by_key = {one.key: one.name for one in policy.witnesses}
    found = open_cosignatures(note, by_key)
    if not policy.is_met({by_key[one.key] for one in found}):
        raise ProofError(f"{len(found)} cosignatures do not meet the policy")
    return signed, found
