"""`federation alarms explain`: the page about an alarm, where no node answers."""

import json

from federation.records.alarmhelp import CODES, help_for
from federation.text import Text


def test_the_command_prints_the_page_in_no_home_at_all(cli):
    code, out, _ = cli("alarms", "explain", "disk-full", "--lang", "id")
    told = help_for(Text("id"), "disk-full")
    assert code == 0
    for sentence in (told.meaning, told.why, *told.steps, told.settled, told.call):
        assert " ".join(sentence.split()) in " ".join(out.split())


def test_without_a_name_all_are_listed(cli):
    code, out, _ = cli("alarms", "explain", "--json")
    assert (code, [one["code"] for one in json.loads(out)["alarms"]]) == (0, [*CODES])
    assert cli("alarms", "explain")[1].count("\n") == 2 * len(CODES)


def test_a_name_that_is_none_is_told_with_where_all_are_listed(cli):
    code, _, err = cli("alarms", "explain", "<x>", "--lang", "en")
    assert (code, "federation alarms explain" in err) == (2, True)
