"""What a bucket tells of the map: a node's own answers, and only what changed anew."""

import contextlib
import json
from functools import partial
from pathlib import Path

import obstore
import pytest
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from obstore.store import MemoryStore

from federation.flows.publish import mapfiles
from federation.flows.publish.mapfiles import MapFiles
from federation.flows.publish.outputbucket import OutputBucket
from federation.store.db import Database
from federation.web.app import make_app
from tests import sample_map as sample
from tests.webnode import context_of, settings_of

E = sample.ELECTION
PROFILES = {E: sample.profile()}
#: Of the map as a whole, as it was when an object was made.
OF_THE_MOMENT = ("cursor", "vector")


def publish(db, store, *, is_over=lambda: False, advance=lambda _: None):
    """A turn of a process of its own; what it wrote."""
    place = OutputBucket("s3://b/site", opened=store)
    files = MapFiles(sample.ANA, PROFILES)
    with db.view() as view:
        files.write(view, place, [E], advance, is_over)
    place.sync()
    return place.written.files


def objects(store):
    found = [one["path"] for page in obstore.list(store) for one in page]
    return {path: bytes(obstore.get(store, path).bytes()) for path in found}


def told(store):
    """All of it without where the map was when each was made."""
    plain = {}
    for path, data in objects(store).items():
        if path.endswith("stand.json"):
            continue
        lines = [json.loads(line) for line in data.splitlines()]
        plain[path] = [
            {k: v for k, v in line.items() if k not in OF_THE_MOMENT} for line in lines
        ]
    return plain


def question(path):
    """What a node is asked for the same."""
    _, _, contest, kind, name = path.removesuffix(".json").split("/")
    asked = {"election": E, "contest": contest}
    code = "" if name == "nation" else name
    if kind == "region":
        return "/v1/regions" + (f"/{code}" if code else ""), asked
    return f"/v1/{kind}", {**asked, "region": code, "limit": "500"}


async def test_each_object_is_what_a_node_answers_byte_for_byte(sample_db):
    store = MemoryStore()
    publish(sample_db, store)
    site = context_of(sample_db, settings_of(), profiles=PROFILES)
    kinds = set()
    async with TestClient(TestServer(make_app(site))) as client:
        for path, data in objects(store).items():
            kinds.add(path.split("/")[-2])
            if path.endswith(".ndjson"):
                for line in data.splitlines():
                    code = json.loads(line)["tps"]
                    got = await client.get(f"/v1/tps/{code}", params={"election": E})
                    assert (got.status, await got.read()) == (200, line), path
            elif path.count("/") > 2:
                address, asked = question(path)
                got = await client.get(address, params=asked)
                assert (got.status, await got.read()) == (200, data), path
    assert kinds == {E, "region", "disputed", "gaps", "tps"}
    news = json.loads(objects(store)[f"map/{E}/news.json"])
    nation = json.loads(objects(store)[f"map/{E}/ppwp/region/nation.json"])
    assert news == {"org": sample.ANA, "election": E, "cursor": nation["cursor"]}
    tps = {path for path in objects(store) if "/tps/" in path}
    assert len(tps) == 4  # the kelurahan of the list


def test_a_turn_without_news_writes_nothing(sample_db):
    store = MemoryStore()
    assert publish(sample_db, store) == len(objects(store))
    assert publish(sample_db, store) == 0


def say(db, org, tps, votes):
    """One more statement of this organisation."""
    with db.view() as view:
        size = sample.logs.get_log(view, f"{org}/{E}").next_index
    sample.add_claims(db, org, [sample._claim(size, org, tps, sample.three(*votes))])
    sample.merge(db)


def test_a_station_changes_its_regions_and_no_others(sample_db):
    store = MemoryStore()
    publish(sample_db, store)
    before = objects(store)
    say(sample_db, sample.BUDI, sample.GAP, (1, 2, 3))
    publish(sample_db, store)
    after = objects(store)
    changed = {path for path in after if after[path] != before.get(path)}
    codes = ("nation", "13", "1371", "137101", "1371011002")
    contests = {
        f"map/{E}/{c}/region/{code}.json" for c in ("ppwp", "pdpr") for code in codes
    }
    lists = {
        f"map/{E}/{c}/{kind}/137101.json"
        for c in ("ppwp", "pdpr")
        for kind in ("gaps", "disputed")
    }
    lists |= {f"map/{E}/{c}/disputed/nation.json" for c in ("ppwp", "pdpr")}
    rest = {
        f"map/{E}/tps/1371011002.ndjson",
        f"map/{E}/news.json",
        f"map/{E}/stand.json",
    }
    assert changed == contests | lists | rest


STATIONS = [*sample.REGISTER, sample.OUTSIDE, "7202011001777"]
SAYS = st.tuples(
    st.sampled_from([sample.ANA, sample.BUDI, sample.CITRA]),
    st.sampled_from(STATIONS),
    st.tuples(*[st.integers(0, 90)] * 3),
)
CONFIRMS = st.tuples(
    st.sampled_from([sample.ANA, sample.BUDI]),
    st.sampled_from([sample.CITRA, sample.ANA]),
)


@pytest.mark.slow
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(st.one_of(SAYS, CONFIRMS), min_size=1, max_size=6))
def test_what_was_written_bit_by_bit_is_what_is_written_at_once(
    sample_folder, tmp_path_factory, steps
):
    folder = tmp_path_factory.mktemp("steps")
    (folder / "data").mkdir()
    for file in Path(sample_folder).iterdir():
        (folder / "data" / file.name).write_bytes(file.read_bytes())
    db = Database.open(folder / "data")
    with db.transaction() as tx:
        sample.logs.add_log(tx, f"{sample.CITRA}/{E}", own=False)
    store = MemoryStore()
    publish(db, store)
    for step in steps:
        if len(step) == 3:
            say(db, *step)
        elif step[0] != step[1]:
            of, by = step
            with db.view() as view:
                size = sample.logs.get_log(view, f"{of}/{E}").next_index
            sample.confirm(db, by, of, size)
        publish(db, store)
    at_once = MemoryStore()
    publish(db, at_once)
    assert told(store) == told(at_once)
    db.close()


class _StopError(Exception):
    pass


def is_fourth(asked):
    return next(asked) >= 3


@pytest.mark.parametrize("is_killed", [True, False], ids=["killed", "gives way"])
def test_all_of_it_is_made_in_parts_and_taken_up(sample_db, monkeypatch, is_killed):
    monkeypatch.setattr(mapfiles, "STRIDE", 1)
    store, whole = MemoryStore(), MemoryStore()
    publish(sample_db, whole)
    turns = 0
    while f"map/{E}/news.json" not in objects(store):
        turns += 1
        left = [12]

        def advance(_, left=left):
            left[0] -= 1
            if is_killed and left[0] < 0:
                raise _StopError

        asked = iter(range(1000))
        with contextlib.suppress(_StopError):
            if is_killed:
                publish(sample_db, store, advance=advance)
            else:  # it is asked after each region
                publish(sample_db, store, is_over=partial(is_fourth, asked))
        assert turns < 30
    assert turns > 2
    assert told(store) == told(whole)


def test_what_changed_is_made_in_parts_and_what_changes_meanwhile_behind_it(sample_db):
    """By one process, which gives way after each region, and by one that is killed."""
    store, whole = MemoryStore(), MemoryStore()
    publish(sample_db, store)
    one = MapFiles(sample.ANA, PROFILES)
    news, turns = f"map/{E}/news.json", 0
    before = objects(store)[news]
    say(sample_db, sample.BUDI, sample.GAP, (1, 2, 3))
    rest = [(STATIONS[0], (4, 5, 6)), (STATIONS[-1], (7, 8, 9))]
    is_left = True
    while is_left:
        files = one if turns % 3 else MapFiles(sample.ANA, PROFILES)
        place = OutputBucket("s3://b/site", opened=store)
        with sample_db.view() as view:
            given = view, place, [E], lambda _: None, lambda: True
            is_left = files.write(*given)
        place.sync()
        if turns == 1:
            assert objects(store)[news] == before
        if turns % 2 and rest:
            say(sample_db, sample.BUDI, *rest.pop())
        turns += 1
        assert turns < 60
    publish(sample_db, whole)
    assert told(store) == told(whole)
    assert turns > 10


def test_a_turn_costs_what_is_new_however_large_the_country_is(tmp_path):
    costs = []
    for count in (2, 40):
        db = Database.open(tmp_path / f"{count}")
        codes = [f"13710110{n:02}001" for n in range(1, count + 1)]
        sample.save_register(db, codes=codes)
        sample.add_claims(db, sample.ANA, sample.said_by(sample.ANA)[:1])
        sample.merge(db)
        store = MemoryStore()
        publish(db, store)
        say(db, sample.ANA, codes[1], (1, 2, 3))
        costs.append(publish(db, store))
        db.close()
    assert costs[0] == costs[1]
