"""What a node that writes leaves behind when it lets go."""

import msgspec

from federation.config.settings import load_settings
from federation.node.resources import open_resources
from federation.store.epoch import load_followed, read_followed
from tests.homes import ELECTION, make_home


def test_what_followers_were_told_is_written_down_at_the_end(tmp_path):
    """Also of a batch of the map behind which the node was stopped at once."""
    home = make_home(tmp_path, "jagasuara.example")
    settings = load_settings(home.settings)
    with open_resources(home, settings) as resources:
        before = load_followed(home.followed)
        with resources.db.transaction() as tx:
            tx.execute(
                "INSERT INTO merge_election (election, seq, profile, register, rules)"
                " VALUES (?, 7, '', '', 0)",
                (ELECTION,),
            )
        assert load_followed(home.followed) == before, "not by the transaction"
        with resources.db.view() as view:
            told = read_followed(view)
    assert load_followed(home.followed) == msgspec.structs.replace(
        told, changes={ELECTION: 7}
    )
