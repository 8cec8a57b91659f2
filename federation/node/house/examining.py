"""What is looked at of a house, step by step, and what each step needs."""

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
    photoroom,
    photostore,
    room,
    running,
    settings,
    streams,
    upgrading,
    waiting,
    witness,
)
from federation.node.house.house import House

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
    StepPlan("photo-room", ("settings", "database"), photoroom.see_photo_room),
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
    StepPlan("photo-store", ("settings",), photostore.see_photo_store),
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
