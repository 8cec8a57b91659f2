"""Documents of sums beside the small map of the tests."""

from federation.records.canonical import convert, encode
from federation.records.recap import Recap
from federation.store import logs, mapstate, recaps
from federation.store.recaps import RecapEntry
from tests import sample_map as sample


def note_recaps(db, *said, is_shown=True):
    """Documents as they are noted behind the logs; nothing of them is signed here.

    `is_shown`: in leaves that the map holds.
    """
    with db.transaction() as tx:
        [log, *_] = [one for one in logs.list_logs(tx) if one.org == sample.ANA]
        held = mapstate.vector(tx, sample.ELECTION)[log.origin]
        assert held > len(said)
        start = 0 if is_shown else held
        entries = []
        for index, (region, votes) in enumerate(said, start):
            members = {
                "candidates": votes,
                "contest": "ppwp",
                "election": sample.ELECTION,
                "org": sample.ANA,
                "recorded_at": "2024-02-20T00:00:00Z",
                "region": region or "0",
                "source": "observer",
                "type": "recap/1",
            }
            body = encode(convert(members, Recap))
            place = log.id, index, 1, sample.ANA, sample.ELECTION, "ppwp", region
            signed = {"official": False, "record": f"{index:064x}", "body": body}
            entries.append(RecapEntry(*place, **signed))
        recaps.replace_recaps(tx, log.id, start, start + len(entries), entries)
