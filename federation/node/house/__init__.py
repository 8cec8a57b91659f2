"""The house that a node lives in, looked at: `federation doctor` beside the data.

Rule: nothing is changed, and nothing called but this machine, unless that is asked for
(`ONLINE`). What is wrong with one thing keeps only those from being looked at that need
it.

    house       what is looked at, read once
    settings    federation.toml, peers.toml and the other files that people write
    keys        the files of keys: there, whole, named by our identity, for us alone
    owner       whose the files are, and as whom a command is run
    moving      how a folder is moved to another disk
    library     the SQLite that is installed
    folders     the folders of the data and of the guard
    filesystem  what they lie on: a disk, a network, memory, a container
    room        how much is free there
    database    its header and tables, by whom they were made, whether it is there
    running     the node that runs here, or the port that one would have
    callers     whether callers behind a proxy are told apart
    limits      how many files may be open
    early       whether results wait until everybody may read them
    backup      when the last good backup was made
    witness     witnesses from outside, and being one
    upgrading   what the first start of this version would do (`UPGRADE`)
    outside     our clock, our address and what partners say of it (`ONLINE`)
    addresses   whether callers' addresses come through our proxy (`ONLINE`)
    streams     whether events come through our proxy at once (`ONLINE`)
    waiting     whether a question that waits survives our proxy (`ONLINE`)
"""

from typing import Final

from federation.flows.steps import CheckStep, StepPlan, run_steps
from federation.node.house import (
    addresses,
    backup,
    callers,
    database,
    early,
    filesystem,
    folders,
    keys,
    library,
    limits,
    outside,
    room,
    running,
    settings,
    streams,
    upgrading,
    waiting,
    witness,
)
from federation.node.house.house import House, look_around

__all__ = (
    "House",
    "examine_files",
    "examine_house",
    "examine_upgrade",
    "look_around",
)

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
    StepPlan("callers", ("settings",), callers.see_callers),
    StepPlan("limits", ("settings",), limits.see_limits),
    StepPlan("early", ("settings", "peers-file"), early.see_early),
    StepPlan("witness", ("settings",), witness.see_witness),
    StepPlan("backup", ("settings",), backup.see_backup),
)

#: What calls others: seconds, the last one more than a minute.
ONLINE: Final[tuple[StepPlan[House], ...]] = (
    *OFFLINE,
    StepPlan("partners-clock", ("settings", "peers-file"), outside.compare_clock),
    StepPlan("public", ("settings", "keys"), outside.call_ourselves),
    StepPlan("outside", ("settings", "peers-file", "keys"), outside.ask_partners),
    StepPlan("addresses", ("settings", "public"), addresses.see_addresses),
    StepPlan("streams", ("settings", "public"), streams.see_stream),
    StepPlan("waiting", ("settings", "public"), waiting.wait_through_proxy),
)

#: What is looked at before another version is started.
UPGRADE: Final[tuple[StepPlan[House], ...]] = (
    StepPlan("keys-known", (), upgrading.read_keys),
    # A name that is not known is one fault, told once.
    StepPlan("settings", ("keys-known",), settings.read_settings),
    StepPlan("peers-file", ("keys-known",), settings.read_peers),
    StepPlan("rules", ("settings",), settings.read_rules),
    StepPlan("library", (), library.see_library),
    StepPlan("tables", (), upgrading.plan_tables),
    StepPlan("copy", ("tables",), upgrading.plan_copy),
    StepPlan("spoken", ("settings", "peers-file", "tables"), upgrading.compare_spoken),
    StepPlan("stopped", (), upgrading.see_stopped),
)


#: What is looked at where a file of settings is broken.
FILES: Final = tuple(
    plan for plan in OFFLINE if plan.code in {"settings", "peers-file", "node"}
)


async def examine_files(house: House) -> list[CheckStep]:
    """How the files are that people write, and whether a node runs all the same."""
    return await run_steps(FILES, house)


async def examine_house(house: House, *, online: bool = False) -> list[CheckStep]:
    """How the house is, step by step; `online`: as it is seen from outside, too."""
    return await run_steps(ONLINE if online else OFFLINE, house)


async def examine_upgrade(house: House) -> list[CheckStep]:
    """What the first start of this version would do, step by step."""
    return await run_steps(UPGRADE, house)
