"""The house that a node lives in, looked at: `federation doctor` beside the data.

Rule: nothing is changed, and nothing called but this machine, unless that is asked for
(`ONLINE`). What is wrong with one thing keeps only those from being looked at that need
it.

    house       what is looked at, read once
    settings    federation.toml, peers.toml and the other files that people write
    keys        the files of keys: there, whole, named by our identity, for us alone
    library     the SQLite that is installed
    folders     the folders of the data and of the guard
    filesystem  what they lie on: a disk, a network, memory, a container
    room        how much is free there
    database    its header and tables, by whom they were made, whether it is there
    running     the node that runs here, or the port that one would have
    limits      how many files may be open
"""

from typing import Final

from federation.flows.steps import CheckStep, StepPlan, run_steps
from federation.node.house import (
    database,
    filesystem,
    folders,
    keys,
    library,
    limits,
    room,
    running,
    settings,
)
from federation.node.house.house import House, look_around

__all__ = ("House", "examine_files", "examine_house", "look_around")

OFFLINE: Final[tuple[StepPlan[House], ...]] = (
    StepPlan("settings", (), settings.read_settings),
    StepPlan("peers-file", (), settings.read_peers),
    StepPlan("rules", ("settings",), settings.read_rules),
    StepPlan("keys", ("settings", "rules"), keys.read_keys),
    StepPlan("library", (), library.see_library),
    StepPlan("folders", (), folders.see_folders),
    StepPlan("filesystem", ("folders",), filesystem.see_filesystems),
    StepPlan("room", ("folders",), room.see_room),
    StepPlan("database", ("folders",), database.see_database),
    StepPlan("node", (), running.see_node),
    StepPlan("limits", ("settings",), limits.see_limits),
)


#: What is looked at where a file of settings is broken.
FILES: Final = tuple(
    plan for plan in OFFLINE if plan.code in {"settings", "peers-file", "node"}
)


async def examine_files(house: House) -> list[CheckStep]:
    """How the files are that people write, and whether a node runs all the same."""
    return await run_steps(FILES, house)


async def examine_house(house: House) -> list[CheckStep]:
    """How the house is, step by step."""
    return await run_steps(OFFLINE, house)
