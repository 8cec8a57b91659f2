"""By which identity key a log is read whose organisation has another one since.

Rule: what is pinned decides. Where an identity key was lost, its logs are continued by
others that the new key signs; what is held of an old one stays what it was when it was
verified, and is read by the key that its own chain begins with, if a log that is read
by the pinned key says that it continues this one. Nothing else brings an old key back.
"""

from federation.errors import FormatError, NotFoundError
from federation.records.keystatement import KeyStatement, next_generation
from federation.records.sealed import leaf_statement
from federation.store import keystatements, logs
from federation.store.view import View
from federation.tlog.keys import VerifierKey, parse_vkey


def read_identity(view: View, origin: str, pinned: VerifierKey) -> VerifierKey:
    """The identity key by which the chain of a log is opened.

    Args:
        view: The snapshot.
        origin: Of the log.
        pinned: The identity key of its organisation, as people have compared it.
    """
    try:
        successor = next_generation(origin)
        later = logs.get_log(view, successor)
        held = logs.get_log(view, origin)
    except (FormatError, NotFoundError):
        return pinned
    theirs = keystatements.read_keys(view, later.id)
    ours = keystatements.read_keys(view, held.id)
    if not theirs or not ours:
        return pinned
    by = read_identity(view, successor, pinned)
    newest, first = _statement(theirs[-1]), _statement(ours[0])
    return parse_vkey(first.identity) if newest.identity == str(by) else pinned


def _statement(note: bytes) -> KeyStatement:
    # Verified when it was saved.
    statement = leaf_statement(note)
    assert isinstance(statement, KeyStatement), "nothing else is saved there"
    return statement
