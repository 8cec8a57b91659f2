"""A bit is flipped in each column of each table: the doctor notices, and mends."""

import random

import pytest

from tests.attacks.bitflips import Ward

#: What follows from the records, is fetched again, or is given anew.
MENDED = (
    ("action", "subject"),
    ("about", "note"),
    ("alarm", "detail"),
    ("blob", "is_own"),
    ("checkpoint", "root"),
    ("claim_bundle", "body"),
    ("companion", "idx"),
    ("cosignature", "time"),
    ("evidence", "tps"),
    ("evidence_noted", "idx"),
    ("likeness_part", "value"),
    ("log", "next_index"),
    ("log", "stalled"),
    ("merge_election", "profile"),
    ("merged", "row"),
    ("official_change", "at"),
    ("official_due", "key"),
    ("original", "digest"),
    ("peer_seen", "sizes"),
    ("person", "until"),
    ("photo_answer", "answer"),
    ("reading_lease", "until"),
    ("recap", "body"),
    ("recap_noted", "idx"),
    ("recap_noted_twice", "idx"),
    ("record_place", "body"),
    ("register_village", "voters"),
    ("rejected", "reason"),
    ("removed_photo", "ground"),
    ("rollup", "counters"),
    ("said", "content"),
    ("said_removal", "digest"),
    ("session", "ended"),
    ("settled", "person"),
    ("schema_kept", "body"),
    ("stranger", "times"),
    ("stranger_ignored", "person"),
    ("tile", "body"),
    ("token", "digest"),
    ("wanted", "org"),
    ("wanted_try", "due"),
    ("webhook", "vector"),
)

#: What is flipped is a bit of the file.
pytestmark = pytest.mark.of_file


@pytest.fixture(scope="module")
def ward(tmp_path_factory):
    return Ward(tmp_path_factory.mktemp("ward"), is_whole=False)


def test_every_table_of_the_ward_has_rows(ward):
    # Behind what the header says, and the schema.
    assert all(ward.contents[5:]), "an empty table hides what is not examined"


@pytest.mark.slow
def test_a_flipped_bit_of_every_column_is_noticed(ward):
    chance = random.Random(8)
    columns = {}
    for cell in ward.cells:
        columns.setdefault((cell.table, cell.column), []).append(cell)
    unseen = []
    for (table, column), cells in sorted(columns.items()):
        if table.endswith("_twice") or table in {"schema_kept", "sqlite_schema"}:
            continue  # a few of them are drawn below
        if table == "hidden_photo":
            continue  # says only when to ask again; every start asks about all
        cell = chance.choice(cells)
        if ward.flip(chance.choice(cell.bytes), chance.randrange(8)).isupper():
            unseen.append(f"{table}.{column}")
    assert unseen == []
    others = [c for c in ward.cells if c.table in {"sqlite_schema", "schema_kept"}]
    others += [c for c in ward.cells if c.table.endswith("_twice")]
    for cell in chance.sample(others, 20):
        assert not ward.flip(chance.choice(cell.bytes), chance.randrange(8)).isupper()


@pytest.mark.parametrize(("table", "column"), MENDED)
def test_what_follows_or_can_be_fetched_is_mended_and_nothing_signed_lost(
    ward, table, column
):
    cells = [c for c in ward.cells if (c.table, c.column) == (table, column)]
    # The last byte: of a value, not of its type.
    at = random.Random(column).choice([c for c in cells if len(c.bytes) > 1] or cells)
    assert ward.mend(at.bytes[-1], 2) == ""
