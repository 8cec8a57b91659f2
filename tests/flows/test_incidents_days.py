"""Days as people write them, and when they begin and end in Jakarta."""

import pytest

from federation.errors import FormatError
from federation.flows.incidents.days import day_begins, day_is_over, end_of_week


def test_a_day_lasts_from_midnight_to_midnight_in_jakarta():
    assert day_begins("2024-02-14") == "2024-02-13T17:00:00Z"
    assert day_is_over("2024-02-14") == "2024-02-14T17:00:00Z"
    assert day_is_over("2024-02-29") == day_begins("2024-03-01")
    assert day_begins("") == day_is_over("") == ""
    assert end_of_week("2024-02-26") == "2024-03-03"


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-30", "2024-2-3", "14-02-2024", "2024-02-14T00:00", " 2024-02-14",
        "2024-02-14\n", "20240214", "2024-W07-3", "\uff12024-02-14", "0001-01-01",
        "9999-12-31", "x",
    ],
)  # fmt: skip
def test_what_is_no_day_is_refused(text):
    for read in (day_begins, day_is_over):
        with pytest.raises(FormatError):
            read(text)
