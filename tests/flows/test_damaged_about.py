"""A damaged note about a partner, in answers about the map."""

import pytest

from federation.flows.query import state
from federation.records.readers import NOBODY
from federation.store import keystatements
from tests import sample_map as sample
from tests.webnode import settings_of

SETTINGS = settings_of(licence="CC0-1.0")


@pytest.mark.parametrize("bit", [0, 7, 100, 1000])
def test_a_damaged_note_about_a_partner_costs_its_licence_and_no_answer(tmp_path, bit):
    db = sample.build(tmp_path)
    with db.view() as view:
        before = state.sources(view, sample.ELECTION, SETTINGS)
        note = keystatements.read_about(view, sample.BUDI)
    flipped = bytearray(note)
    flipped[bit // 8] ^= 0x80 >> bit % 8
    with db.transaction() as tx:
        tx.execute(
            "UPDATE about SET note = ? WHERE org = ?", (bytes(flipped), sample.BUDI)
        )
    with db.view() as view:
        after = state.sources(view, sample.ELECTION, SETTINGS)
        profiles = {sample.ELECTION: sample.profile()}
        state.elections(view, NOBODY, profiles, [sample.ELECTION], SETTINGS)
    db.close()
    assert [one for one in after if one.org != sample.BUDI] == [
        one for one in before if one.org != sample.BUDI
    ]
    assert [one.origin for one in after] == [one.origin for one in before]
