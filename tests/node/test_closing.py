"""An election that is closed while partners run: who holds it to its end."""

import asyncio
import json

from tests.cli.filled_home import federation
from tests.homes import ELECTION, add_peer, make_home, serving

OURS, THEIRS = "jagasuara.example", "kawalpemilu.example"


async def test_whoever_closes_an_election_hears_that_a_partner_holds_it_to_its_end(
    tmp_path,
):
    ours, theirs = make_home(tmp_path, OURS), make_home(tmp_path, THEIRS)
    text = ours.settings.read_text()
    ours.settings.write_text(text.replace("# quorum = 2", "quorum = 1"))
    async with serving(ours, alone=True) as node, serving(theirs, alone=True) as other:
        add_peer(theirs, ours, node.url)
        add_peer(ours, theirs, other.url)
        words = ("election", "close", ELECTION, "--reason", "selesai", "--yes")
        code, out, err = await asyncio.to_thread(federation, ours, *words)
    assert code == 0, err
    said = json.loads(out)
    assert (said["holders"], said["held"]) == ([THEIRS], True)
