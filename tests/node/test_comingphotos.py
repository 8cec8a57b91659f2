"""What came of a photograph in pieces goes by the clock, whoever sends or does not."""

import os

from federation.node.comingphotos import tidy_coming
from federation.store.comingphotos import EXPIRES_S, ComingPhotos

NOW = 2_000_000_000
ONE, TWO, WHO = "0" * 32, "1" * 32, "a" * 32


def put(coming, folder, name, at):
    with coming.open_end(WHO, name) as file:
        file.write(b"a piece")
    os.utime(folder / WHO / name, (at, at))


async def test_what_is_old_goes_and_what_grows_stays(tmp_path):
    folder = tmp_path / "coming"
    coming = ComingPhotos(folder)
    duty = tidy_coming(folder, lambda: NOW)
    assert (await duty.run()).outcome == "ok"  # nobody has sent one yet
    assert not folder.exists()
    put(coming, folder, ONE, NOW - EXPIRES_S)
    put(coming, folder, TWO, NOW - EXPIRES_S + 1)
    assert coming.measure(WHO) == (2, 14, 14)
    await duty.run()
    assert coming.find_size(WHO, ONE) is None
    assert coming.find_size(WHO, TWO) == 7
    coming.finish(WHO, TWO)
    assert coming.is_done(WHO, TWO)
    assert coming.measure(WHO) == (0, 0, 0)
    # A clock that goes back by years leaves nothing lying for years.
    os.utime(folder / WHO / f"{TWO}.done", (NOW + 10 * EXPIRES_S,) * 2)
    await duty.run()
    assert not coming.is_done(WHO, TWO)
    assert list(folder.iterdir()) == []
