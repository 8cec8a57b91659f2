"""`federation status` where a settings file is broken: which, and what is known still.

Rule: the file is named first, and the exit code is that of a broken file; what the
database knows is shown all the same. Of broken settings nothing is believed: who we
are is then what our own logs are called.
"""

import asyncio
from collections.abc import Callable

from msgspec import to_builtins

from federation.cli.context import Run
from federation.cli.output import CONFIG
from federation.cli.steps import print_steps
from federation.config.settings import Settings
from federation.errors import ConfigError, FederationError
from federation.flows.query import state
from federation.flows.query.answers import StatusAnswer
from federation.node.house.examining import examine_files
from federation.node.house.house import House
from federation.records.readers import THIS_MACHINE
from federation.store import logs
from federation.store.db import Database
from federation.store.view import View


def show_broken(
    run: Run, house: House, print_status: Callable[[Run, StatusAnswer], None]
) -> int:
    """What is broken, then what is known; `print_status` prints that for people."""
    steps = asyncio.run(examine_files(house))
    answer = _read_known(house)
    known = {} if answer is None else to_builtins(answer, enc_hook=str)

    def human() -> None:
        print_steps(run, run.t("steps.title-broken"), steps)
        if answer is not None:
            run.out.line(run.t("steps.still-known"))
            print_status(run, answer)

    run.out.show({"config": steps, **known}, human)
    return CONFIG


def _read_known(house: House) -> StatusAnswer | None:
    """What the database knows; None where there is none, or who we are is not known."""
    try:
        home = house.home
        database = Database.open(home.data, home.database, readonly=True)
    except (FederationError, OSError):
        return None
    try:
        with database.view() as view:
            settings = _settings_of(house, view)
            if settings is None:
                return None
            return state.status(view, THIS_MACHINE, settings)
    except (FederationError, OSError):
        return None
    finally:
        database.close()


def _settings_of(house: House, view: View) -> Settings | None:
    """Our settings; where they are broken, what our own logs say of us."""
    if not isinstance(house.settings, ConfigError):
        return house.settings
    own = [log for log in logs.list_logs(view) if log.own]
    if not own:
        return None
    org = own[0].org
    elections = sorted({log.election for log in own})
    return Settings(org=org, name=org, contact="-", elections=elections)
