"""How far the map follows each log."""

from federation.store import logs, mapstate
from federation.store.mapstate import MapInputs, Position

E = "pemilu-2024"


def test_a_cursor_is_moved_with_all_that_it_says(db):
    with db.transaction() as tx:
        log = logs.add_log(tx, f"a.example/{E}", own=False)
        number = mapstate.add_election(tx, E, MapInputs("profile", "", 1))
        for position in (Position(5, 3, None), Position(9, 1, 7), Position(10)):
            mapstate.move(tx, number, log.id, position)
            assert mapstate.read_positions(tx, E) == {log.id: position}
