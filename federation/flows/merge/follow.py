"""The next claims of one log.

Rule: claims were made when the leaves were admitted. With another profile they are made
again as the cursor passes, from the leaves: which leaves were admitted does not depend
on a profile, and they were verified then, so signatures are not looked at again.
"""

from federation.flows.merge.plan import Step
from federation.records.admission import to_claim
from federation.records.claim import Claim, bundle_claims
from federation.records.profile import Profile
from federation.records.sealed import reopen_leaf
from federation.store import claims, leaves
from federation.store.view import Transaction


def next_claims(
    tx: Transaction, step: Step, share: int, profile: Profile
) -> tuple[list[Claim], int]:
    """At most `share` claims from the position on, and the index that follows them."""
    start, end, stale_below = step.position.index, step.end, step.position.stale_below
    if start < stale_below:
        end = min(end, stale_below, start + share)
        return _make_again(tx, step, start, end, profile), end
    page = claims.read_claims(tx, step.log.id, start, end, share)
    return page, page[-1].index + 1 if len(page) == share else end


def _make_again(
    tx: Transaction, step: Step, start: int, end: int, profile: Profile
) -> list[Claim]:
    log = step.log
    places = claims.read_places(tx, log.id, start, end, end - start)
    admitted = {place.index for place in places}
    made = []
    for index, leaf in enumerate(leaves.read_leaves(tx, log.id, start, end), start):
        if index in admitted:
            claim = to_claim(reopen_leaf(leaf, index), profile, log.rank)
            assert claim is not None, "it was a claim when it was admitted"
            made.append(claim)
    claims.replace_claims(tx, log.id, start, end, bundle_claims(made))
    return made
