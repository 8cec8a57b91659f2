"""The map of an election forgotten, so that all of it is made again."""

from federation.flows.merge import once
from federation.records.profile import Profile
from federation.store.db import Database


def remake(db: Database, election: str, profile: Profile) -> None:
    """Clear the map; `merge_once` makes it again, from the leaves on."""
    with db.transaction() as tx:
        # Another profile than any: so the claims are made again, too.
        basis = once.current_basis(tx, election, profile)
        once._clear(tx, election, basis._replace(profile=""))
        once._clear(tx, election, basis)
