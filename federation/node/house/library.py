"""The library of the database: new enough, and made with what is needed.

A node with a server has SQLite, too: a backup, and what an examination makes again, are
files.
"""

import contextlib
import sys

from federation.errors import ConfigError
from federation.flows.steps import CheckStep, failed, warned, well
from federation.node.house.house import House
from federation.store.enginechoice import engine_at
from federation.store.sqlite import LEAST, WAL_RESET_BUG, describe_library
from federation.text import Sentence


async def see_library(house: House) -> CheckStep:
    """Whether this SQLite does what the database needs; which others there are."""
    library = describe_library()
    facts: dict[str, object] = {"version": library.version}
    facts["lacks"] = list(library.lacks)
    told = {"version": library.version}
    least = ".".join(map(str, LEAST))
    mend = Sentence("steps.mend-library", python=sys.executable, least=least)
    if library.numbers < LEAST:
        seen = Sentence("steps.sqlite-old", least=least, **told)
        return failed("library", seen, mend, **facts)
    if library.lacks:
        seen = Sentence("steps.sqlite-lacks", lacks=", ".join(library.lacks), **told)
        return failed("library", seen, mend, **facts)
    if WAL_RESET_BUG[0] <= library.numbers <= WAL_RESET_BUG[1]:
        *line, last = WAL_RESET_BUG[1]
        good = ".".join(map(str, (*line, last + 1)))
        mend = Sentence("steps.mend-library", python=sys.executable, least=good)
        return warned("library", Sentence("steps.sqlite-slow", **told), mend, **facts)
    seen = Sentence("steps.sqlite", **told)
    # That it is not installed, or no address, the step of the database tells.
    with contextlib.suppress(ConfigError):
        engine = engine_at(house.home.data, house.home.database)
        if engine.file is None:
            facts["driver"] = engine.library
            seen = Sentence("steps.driver", driver=engine.library, **told)
    return well("library", seen, **facts)
