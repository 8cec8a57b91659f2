"""Lists of reports by day and status, and the counts for everybody as GeoJSON."""

import json

from tests.cli.test_incidents import REPORT, WHICH
from tests.cli.test_incidents import hand_in as hand_in  # noqa: PLC0414
from tests.cli.test_incidents import home as home  # noqa: PLC0414


def test_lists_are_of_days_in_jakarta_and_of_a_status(federation, hand_in):
    times = ("2019-04-17T16:59:59Z", "2019-04-17T17:00:00Z", "2019-04-18T17:00:00Z")
    verdicts = hand_in(
        *(
            REPORT | {"ref": str(at), "reported_at": time}
            for at, time in enumerate(times)
        )
    )
    federation("incidents", "status", verdicts[0]["incident"], "verified")

    def refs(command, *words):
        ended = federation("incidents", command, *words, *WHICH)
        return len(json.loads(ended.out)["incidents"])

    for command in ("list", "merged"):
        assert refs(command) == 3
        assert refs(command, "--since", "2019-04-18") == 2
        assert refs(command, "--until", "2019-04-18") == 2
        assert refs(command, "--since", "2019-04-18", "--until", "2019-04-18") == 1
        ended = federation("incidents", command, "--since", "18-04-2019", *WHICH)
        assert ended.code != 0
        assert "18-04-2019" in str(ended)
    assert refs("merged", "--status", "verified") == 1
    assert refs("merged", "--status", "received") == 2
    assert refs("merged", "--agency", "bawaslu") == 0
    said = ("--reference", "7/LP/2019", "--outcome", "registered")
    at = ("--agency", "bawaslu-31")
    federation("incidents", "answer", verdicts[1]["incident"], *said, *at)
    assert refs("merged", "--agency", "bawaslu") == 1


def test_statistics_are_geojson_where_that_is_asked_for(federation, hand_in):
    hand_in(REPORT)
    ended = federation("incidents", "statistics", "--geojson", *WHICH[:-1])
    assert json.loads(ended.out) == {"type": "FeatureCollection", "features": []}
