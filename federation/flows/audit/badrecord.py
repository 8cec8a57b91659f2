"""Why a record that stands where it was signed for does not hold: by what it is.

Rule: pure. `records/admission.py` has refused the leaf; here it is looked at again, as
far as that shows whose it is and which key signed it, never by the words of the error.
"""

from federation.errors import ForkError
from federation.flows.audit.keys import BAD
from federation.records.evidence import format_fork, open_key_fork
from federation.records.keychain import KeyChain
from federation.records.keystatement import KeyStatement
from federation.records.kinds import kind_of
from federation.records.sealed import find_foreign, parse_statement
from federation.tlog.note import Note, parse_note
from federation.tlog.tile import MAX_LEAF_BYTES

_BAD_RECORD = "bad-record"


def name_bad_record(leaf: bytes, index: int, chain: KeyChain) -> str:
    """The kind of finding that a refused leaf at this index of the chain's log is."""
    try:
        note = parse_note(leaf, MAX_LEAF_BYTES)
        statement = parse_statement(note.text[:-1])
    except BAD:
        return _BAD_RECORD
    if find_foreign(statement, chain):
        return "foreign"
    if kind_of(statement).signer == "identity":
        return "keys"
    return "revoked" if _is_by_old_key(note, index, chain) else _BAD_RECORD


def find_statement_fork(leaf: bytes, chain: KeyChain) -> ForkError | None:
    """The second history that a key statement outside the chain proves, if it does."""
    try:
        statement = parse_statement(parse_note(leaf, MAX_LEAF_BYTES).text[:-1])
        if not isinstance(statement, KeyStatement):
            return None
        if statement.origin != chain.origin or statement.version > len(chain.notes):
            return None
        ours = chain.notes[statement.version - 1]
        return open_key_fork(format_fork(ForkError(chain.origin, ours, leaf)), chain)
    except BAD:
        return None


def _is_by_old_key(note: Note, index: int, chain: KeyChain) -> bool:
    if len(note.signatures) != 1:
        return False
    line = note.signatures[0]
    valid = chain.records_key_ranges.get((line.name, line.key_id))
    return valid is not None and not valid.start <= index < valid.end
