"""What a site tells of a map as a whole needs all its rows: not in each turn."""

import json

import pytest

from federation.flows.publish.items import Publisher
from federation.flows.query.mapcache import MapCache
from federation.store import mapreading
from tests import sample_map as sample
from tests.web.test_mapfiles import PROFILES, E, say
from tests.webnode import settings_of


@pytest.mark.parametrize("follows", [True, False], ids=["bucket", "folder"])
def test_a_bucket_has_the_digest_that_was_made_last_and_a_folder_that_of_now(
    sample_db, monkeypatch, follows
):
    walks, real = [], mapreading.map_digest
    counted = lambda *given: (walks.append(given), real(*given))[1]  # noqa: E731
    monkeypatch.setattr(mapreading, "map_digest", counted)
    maps = MapCache()
    by = Publisher(settings_of(), PROFILES, maps, follows=follows)

    def told():
        with sample_db.view() as view:
            return json.loads(by.read_map(view, E))

    first = told()
    say(sample_db, sample.BUDI, sample.GAP, (1, 2, 3))
    second = told()
    assert (second == first, len(walks)) == ((True, 1) if follows else (False, 2))
    with sample_db.view() as view:
        now = maps.read_map(view, E)
    assert told()["digest"] == now.digest != first["digest"]
    assert told()["vector"] == now.vector
    assert len(walks) == 2
