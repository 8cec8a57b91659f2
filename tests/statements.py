"""Key statements that follow others, as an organisation makes them."""

import hashlib
from collections.abc import Iterable

from msgspec import UNSET
from msgspec.structs import replace

from federation.records.keychain import KeyChain
from federation.records.keystatement import (
    KeyEntry,
    KeyStatement,
    Revocation,
    Role,
)
from federation.tlog.keys import VerifierKey, format_vkey


def next_statement(
    chain: KeyChain,
    recorded_at: str,
    *,
    identity: VerifierKey | None = None,
    add: Iterable[tuple[Role, VerifierKey, int]] = (),
    revoke: Iterable[tuple[VerifierKey, int, str]] = (),
) -> KeyStatement:
    """The version that follows, with everything the newest one says and more.

    Args:
        chain: what has been said so far.
        recorded_at: when this is said.
        identity: the new identity key, where it changes.
        add: role, key, first index (or size). A new `node` or `mirror` key replaces
            the older ones of its role.
        revoke: key, first index (or size) at which it is not valid any more, reason.
    """
    newest = chain.statements[-1]
    added = list(add)
    replaced = {role for role, _, _ in added} & {"node", "mirror"}
    revoked = {} if newest.revoked is UNSET else {r.vkey: r for r in newest.revoked}
    for key, start, reason in revoke:
        vkey = format_vkey(key)
        revoked[vkey] = Revocation(from_=start, reason=reason, vkey=vkey)
    return replace(
        newest,
        identity=newest.identity if identity is None else format_vkey(identity),
        keys=(
            *(entry for entry in newest.keys if entry.role not in replaced),
            *(
                KeyEntry(from_=start, role=role, vkey=format_vkey(key))
                for role, key, start in added
            ),
        ),
        previous=hashlib.sha256(chain.notes[-1]).hexdigest(),
        recorded_at=recorded_at,
        revoked=tuple(revoked.values()) or UNSET,
        version=newest.version + 1,
    )
