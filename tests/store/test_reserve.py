"""Room that is kept for a full disk is there, and goes and comes as a whole."""

import errno
import os

import pytest

from federation.store import reserve
from federation.store.reserve import LITTLE, Reserve, free_bytes, lacks

SIZE = 1 << 20


def test_it_is_allocated_for_real_and_given_up_as_a_whole(tmp_path):
    kept = Reserve(tmp_path, SIZE)
    assert not kept.is_kept
    kept.keep()
    kept.keep()
    path = tmp_path / "reserve"
    found = path.stat()
    assert (found.st_size, found.st_mode & 0o777) == (SIZE, 0o600)
    assert found.st_blocks * 512 >= SIZE, "not by its length only"
    assert [one.name for one in tmp_path.iterdir()] == ["reserve"]
    kept.give_up()
    kept.give_up()
    assert not kept.is_kept
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_what_has_no_room_leaves_nothing_behind(tmp_path, monkeypatch, number):
    def full(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(reserve, "_allocate", full)
    with pytest.raises(OSError, match=os.strerror(number)):
        Reserve(tmp_path, SIZE).keep()
    assert not list(tmp_path.iterdir())


def test_it_asks_for_as_much_again_beside_it(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(reserve, "_allocate", lambda _, size: asked.append(size))
    Reserve(tmp_path, SIZE).keep()
    assert asked == [2 * SIZE]


def test_none_is_wanted_and_a_full_disk_is_still_known(tmp_path, monkeypatch):
    none = Reserve(tmp_path, 0)
    none.keep()
    assert none.is_kept
    assert not list(tmp_path.iterdir())
    assert not none.is_needed
    monkeypatch.setattr(reserve, "free_bytes", lambda _: LITTLE - 1)
    assert none.is_needed


def test_who_does_not_say_how_much_is_free_lacks_nothing(tmp_path, monkeypatch):
    assert free_bytes(tmp_path) > 0
    assert not lacks(tmp_path / "missing", 1 << 60)
    monkeypatch.setattr(reserve, "free_bytes", lambda _: None)
    assert not lacks(tmp_path, 1 << 60)
