"""People of ours: what they get everywhere, and that nothing tells of them."""

import asyncio
import re
import time

import pytest

from federation.records.readers import ROLES
from federation.store import actions, people
from federation.web.sessions import cookie_form
from tests.contracts.test_readers import (
    STRANGER,
    ask_all,
    differing,
    export_all,
    home,
    told,
)

__all__ = ["home"]
NAME = "pembaca-yang-rahasia"
LINK, SECRET = "l" * 43, "s" * 64


def let_in(home, role="editor", seconds=10_000):
    """Somebody with an open session, who has done something."""
    now = int(time.time())
    with home.resources.db.transaction() as tx:
        people.save_person(tx, NAME, role, LINK, now - 1, now + seconds)
        people.open_session(tx, LINK, SECRET, now - 1)
        actions.note_action(tx, NAME, role, "read", "1371011001001", now)


def cookie(home):
    name = cookie_form(home.resources.settings).name
    return STRANGER | {"Cookie": f"{name}={SECRET}"}


@pytest.mark.slow
async def test_nothing_that_is_handed_out_tells_of_people(home, tmp_path):
    before = await ask_all(home, **STRANGER)
    files = await asyncio.to_thread(export_all, home, tmp_path / "before")
    await home.run(lambda: let_in(home))
    assert differing(await ask_all(home, **STRANGER), before) == []
    now = await asyncio.to_thread(export_all, home, tmp_path / "now")
    for name, made in now.items():
        assert differing(made, files[name]) == [], name
    machine = {"Authorization": f"Bearer {home.node.token}"} | STRANGER
    for headers in (machine, {}):
        for asked, (_, kept, body) in (await ask_all(home, **headers)).items():
            assert NAME not in body.decode(errors="replace") + str(kept), asked


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
async def test_whoever_is_signed_in_gets_answers_that_are_theirs_alone(home, role):
    await home.hold_private()
    public = await ask_all(home, **STRANGER)
    await home.run(lambda: let_in(home, role))
    for asked, (status, headers, _) in (await ask_all(home, **cookie(home))).items():
        assert status < 500, asked
        kept = headers.get("Cache-Control", "")
        assert kept == "private, no-store" or kept.startswith("public"), asked
        if kept.startswith("public"):
            assert public[asked][0] == status, asked
    found = await told(home, **cookie(home))
    assert len(found.logs) == 3, "logs for partners are there for people of ours"


@pytest.mark.slow
@pytest.mark.parametrize("end", ["revoked", "replaced", "ended", "out"])
async def test_who_is_out_gets_what_every_stranger_gets(home, end):
    await home.hold_private()
    public = await ask_all(home, **STRANGER)
    await home.run(lambda: let_in(home, seconds=0 if end == "ended" else 10_000))
    now = int(time.time())

    def finish():
        with home.resources.db.transaction() as tx:
            if end == "revoked":
                people.revoke_person(tx, NAME, now)
            elif end == "replaced":
                people.save_person(tx, NAME, "editor", "m" * 43, now, now + 9)
            elif end == "out":
                people.close_session(tx, SECRET, now)

    await home.run(finish)
    answers = await ask_all(home, **cookie(home))
    # Pages of which everybody may know: what they say to who is out is why.
    told_why = {
        one
        for one in answers
        if re.search(
            r"^/masuk$|^/antrean|^/laporan/|^/lapor$|^/lapor/|^/mitra|hapus$", one[1]
        )
    }
    for asked in told_why:
        assert answers[asked] != public[asked]
        del answers[asked], public[asked]
    # Whoever sends a cookie has pages made anew, never packed, without a tag.
    for _, headers, _ in (*answers.values(), *public.values()):
        for name in ("Etag", "Vary"):
            headers.pop(name, None)
    assert differing(answers, public) == []
