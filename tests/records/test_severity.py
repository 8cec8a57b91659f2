"""Each alarm has a severity, and there is none without an alarm."""

from federation.records.severity import ORDER, SEVERITIES, is_at_least, severity_of
from federation.text import LANGUAGES, Text, load_topic


def test_every_alarm_has_a_severity_and_every_severity_an_alarm():
    codes = {name for name in load_topic("alarms") if not name.startswith("do-")}
    assert set(SEVERITIES) == codes
    assert set(SEVERITIES.values()) == set(ORDER)
    for language in LANGUAGES:
        for severity in ORDER:
            assert Text(language).has(f"notices.severity-{severity}")


def test_one_is_at_least_itself_and_all_below():
    for code, severity in SEVERITIES.items():
        below = ORDER[: ORDER.index(severity) + 1]
        assert [least for least in ORDER if is_at_least(code, least)] == list(below)


def test_a_code_of_a_newer_version_is_a_warning():
    assert severity_of("what-is-this") == "warning"
