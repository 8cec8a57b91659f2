"""Of those who were all let through, one sends the note, whoever reckons it."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from federation.flows.refer.holding import StandingReferral, find_first
from federation.flows.refer.hook import write_hook
from federation.store.outbox import OutboxItem

INCIDENT = f"jagasuara.example/{'5f0c' * 8}"
ITEM = OutboxItem(
    incident=INCIDENT,
    agency="bawaslu",
    election="pemilu-2024",
    way="email",
    state="sent",
)
orgs = st.lists(
    st.from_regex(r"[a-z]{1,12}\.example", fullmatch=True),
    min_size=2,
    max_size=8,
    unique=True,
)


def as_read(org):
    """What the others read in its log."""
    return StandingReferral(org, INCIDENT, ITEM.agency, "sent", "2024-02-15T02:00:00Z")


@given(orgs, st.randoms(use_true_random=False))
def test_of_any_number_of_organisations_one_goes_first(names, random):
    firsts = []
    for org in names:
        twins = [as_read(one) for one in names if one != org]
        random.shuffle(twins)
        first = find_first(org, ITEM, twins)
        firsts.append(org if first is None else first.org)
    assert len(set(firsts)) == 1


def test_a_program_is_told_that_it_is_a_note():
    note = msgspec.structs.replace(ITEM, kind="note", dossier="ab" * 32, again=1)
    body, headers = write_hook(note, b"Kepada", org="a.example", name="A", contact="a")
    said = msgspec.json.decode(body)
    assert (said["type"], said["again"]) == ("referral-note/1", True)
    assert said["dossier"]["media_type"].startswith("text/plain")
    assert "Idempotency-Key" in headers
