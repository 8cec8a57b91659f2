"""What was told to whom is kept as it is given, whole."""

from msgspec.structs import replace

from federation.store.notices import Notice, load_notices, save_notices

ONE = Notice(
    recipient="ops@example.org", code="fork", subject="a/e", detail="why", raised_at=7
)
OTHER = replace(ONE, recipient="https://hook.example", told_at=9, settled_at=10)


def save(db, *rows):
    with db.transaction() as tx:
        save_notices(tx, list(rows))
    with db.view() as view:
        return sorted(load_notices(view), key=lambda row: row.recipient)


def test_what_is_saved_is_what_is_loaded(db):
    assert save(db) == []
    assert save(db, OTHER, ONE) == [OTHER, ONE]
    told = replace(ONE, told_at=11, ended=1)
    assert save(db, OTHER, told) == [OTHER, told]


def test_what_is_not_given_again_is_gone(db):
    save(db, ONE, OTHER)
    assert save(db, ONE) == [ONE]
    assert save(db) == []
