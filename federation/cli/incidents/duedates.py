"""What commands tell of deadlines: by the profiles of this home, now.

Rule: the clock is read here, once for each command.
"""

from federation.cli.context import Run
from federation.flows.incidents.due import DueDates
from federation.profiles import load_profiles


def due_dates(run: Run) -> DueDates:
    """Until when reports can be brought to an agency.

    Raises:
        ConfigError: a profile cannot be read.
    """
    return DueDates(load_profiles(run.home.elections), run.now())
