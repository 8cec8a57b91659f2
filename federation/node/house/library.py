"""The SQLite that is installed: new enough, and made with what is needed."""

import sys

from federation.flows.steps import CheckStep, failed, warned, well
from federation.node.house.house import House
from federation.store.sqlite import LEAST, WAL_RESET_BUG, describe_library
from federation.text import Sentence


async def see_library(house: House) -> CheckStep:
    """Whether this SQLite does what the database needs."""
    del house
    library = describe_library()
    facts = {"version": library.version, "lacks": list(library.lacks)}
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
    return well("library", Sentence("steps.sqlite", **told), **facts)
