"""Evidence of two histories, of checkpoints or of key statements: written and judged.

Rule: pure. Evidence convinces by itself, whoever hands it over, with nothing but the
log's key chain; what does not convince accuses nobody. Of checkpoints: `tlog/fork.py`.
Of key statements, the one that was held first:

    tps-federation/key-fork@v1
    <empty line>
    <signed key statement>
    <empty line>
    <another signed key statement of the same version>

Source: docs/reference/protocol.md, "Pulling" step 6
"""

from typing import Final

from federation.errors import ForkError, FormatError, ProofError, RecordError
from federation.records.canonical import decode_as
from federation.records.keychain import KeyChain, open_chain
from federation.records.keystatement import KeyStatement
from federation.text import Sentence
from federation.tlog.checkpoint import read_unverified
from federation.tlog.fork import check_evidence, format_evidence, parse_evidence
from federation.tlog.keys import VerifierKey, parse_vkey
from federation.tlog.note import parse_note

_KEY_FORK: Final = b"tps-federation/key-fork@v1\n\n"


def format_fork(fork: ForkError) -> bytes:
    """The evidence of a fork, of checkpoints or of key statements."""
    # A statement is a JSON object; a checkpoint begins with its origin.
    if fork.old.startswith(b"{"):
        return _KEY_FORK + fork.old + b"\n" + fork.new
    return format_evidence(fork.old, fork.new, fork.hashes)


def open_key_fork(evidence: bytes, chain: KeyChain) -> ForkError | None:
    """The fork of the key statements of this log that the evidence proves.

    None where it is evidence of another sort.

    Raises:
        FormatError: not two signed statements.
        RecordError: a statement that breaks a rule, or another version than the other.
        SignatureError: not signed by the identity of the chain at that version.
        ProofError: twice the same statement.
    """
    if not evidence.startswith(_KEY_FORK):
        return None
    # Neither a statement's line nor a block of signatures holds an empty line.
    parts = evidence.removeprefix(_KEY_FORK).split(b"\n\n")
    if len(parts) != 4:
        raise FormatError(Sentence("chain.evidence-form"))
    old = b"%s\n\n%s\n" % tuple(parts[:2])
    new = b"%s\n\n%s" % tuple(parts[2:])
    version = decode_as(parts[0], KeyStatement).version
    # By the first key, and from there as the chain itself says: whoever could sign
    # version 5 need not be able to sign version 4.
    first = parse_vkey(chain.statements[0].identity)
    before = chain.notes[: version - 1]
    for note in (old, new):
        if open_chain([*before, note], first).origin != chain.origin:
            raise RecordError(Sentence("chain.of-other-log"), "origin")
    if parse_note(old).text == parse_note(new).text:
        raise ProofError(Sentence("chain.same-statement"))
    return ForkError(chain.origin, old, new)


def open_evidence(evidence: bytes, chain: KeyChain) -> ForkError:
    """The fork of this log that the evidence proves, of either sort.

    Raises:
        FormatError: not evidence in its one form.
        RecordError: a key statement that breaks a rule.
        SignatureError: not signed by the keys of this chain.
        ProofError: it proves nothing.
    """
    fork = open_key_fork(evidence, chain)
    return fork or check_evidence(evidence, _signers(chain, evidence))


def _signers(chain: KeyChain, evidence: bytes) -> set[VerifierKey]:
    """The keys that may have signed the two checkpoints of the evidence."""
    old, new, _ = parse_evidence(evidence)
    sizes = (read_unverified(note).size for note in (old, new))
    return {chain.log_key(size) for size in sizes}
