"""What the first start of this version would do to a home: `federation upgrade-check`.

Rule: asked of the version that is to be started, beside a node of the earlier one that
may still run; nothing is changed. What would stop the start has failed; what changes,
and what partners speak, is told.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from federation.config.agencies import AgencyEntry
from federation.config.document import list_unknown_keys, parse_document, read_file
from federation.config.peers import PeerEntry
from federation.config.settings import Settings
from federation.errors import ConfigError, FederationError
from federation.flows.steps import CheckStep, failed, warned, well
from federation.flows.visit.identity import SPOKEN
from federation.node.house.database import read_refusal
from federation.node.house.house import House
from federation.node.house.running import see_node
from federation.records.about import open_about_unpinned
from federation.store.db import FILE_NAME, Database
from federation.store.keystatements import read_about
from federation.store.upgrade import COPY_NAME, Upgrade, in_megabytes
from federation.text import Sentence


async def read_keys(house: House) -> CheckStep:
    """Whether this version knows every key of the files that people write."""
    found = [
        f"{path.name}: {key}"
        for path, table, kind, at in _tables(house)
        for key in list_unknown_keys(table, kind, at)
    ]
    if found:
        seen = Sentence("steps.keys-unknown", keys=", ".join(found))
        mend = Sentence("steps.mend-keys-unknown")
        return failed("keys-known", seen, mend, unknown=found)
    return well("keys-known", Sentence("steps.keys-known"), unknown=[])


def _tables(house: House) -> Iterator[tuple[Path, Any, type, str]]:
    """Each table of these files, with what it should be and where it stands."""
    home = house.home
    for path, name, kind in (
        (home.settings, "", Settings),
        (home.peers, "peer", PeerEntry),
        (home.agencies, "agency", AgencyEntry),
    ):
        # One that is no TOML is told by the step that reads it.
        with contextlib.suppress(ConfigError):
            document = parse_document(read_file(path), str(path))
            if not name:
                yield path, document, kind, ""
                continue
            tables = document.get(name)
            for number, table in enumerate(
                tables if isinstance(tables, list) else (), 1
            ):
                yield path, table, kind, f"{name}[{number}]"


async def plan_tables(house: House) -> CheckStep:
    """Which steps the database is short of, and which it has of a newer version."""
    upgrade = _read_plan(house)
    if upgrade is None:
        path = house.home.data / FILE_NAME
        return well("tables", Sentence("steps.no-database", path=path))
    if isinstance(upgrade, Sentence):
        return failed("tables", upgrade, Sentence("steps.mend-database"))
    now, due = upgrade.applied, upgrade.due
    needed = now - len(upgrade.unknown) + len(due)
    facts = {"now": now, "needed": needed, "due": list(due)}
    facts["unknown"] = list(upgrade.unknown)
    if upgrade.unknown:
        path = house.home.data / FILE_NAME
        seen = Sentence("steps.schema-newer", path=path, count=len(upgrade.unknown))
        mend = Sentence("steps.mend-schema-newer")
        return failed("tables", seen, mend, **facts)
    if not due:
        return well("tables", Sentence("steps.tables-current", now=now), **facts)
    seen = Sentence("steps.tables-due", now=now, needed=needed, count=len(due))
    return well("tables", seen, **facts)


async def plan_copy(house: House) -> CheckStep:
    """Whether there is room for the copy that is made first."""
    upgrade = _read_plan(house)
    copy = house.home.data / COPY_NAME
    if not isinstance(upgrade, Upgrade) or not upgrade.is_due:
        return well("copy", Sentence("steps.copy-none"), needed=0)
    free = "?" if upgrade.free is None else in_megabytes(upgrade.free)
    told = {"needed": in_megabytes(upgrade.needed), "free": free, "copy": copy}
    facts = {"needed": upgrade.needed, "free": upgrade.free, "copy": str(copy)}
    if not upgrade.has_room:
        seen = Sentence("steps.copy-no-room", **told)
        mend = Sentence("steps.mend-copy-no-room", folder=house.home.data)
        return failed("copy", seen, mend, **facts)
    return well("copy", Sentence("steps.copy", **told), **facts)


async def compare_spoken(house: House) -> CheckStep:
    """Which versions of the protocol partners said that they speak, when last heard."""
    spoken = _read_spoken(house)
    facts: dict[str, object] = {"ours": SPOKEN, "partners": spoken}
    others = [org for org, versions in spoken.items() if SPOKEN not in versions]
    if others:
        seen = Sentence("steps.spoken-others", ours=SPOKEN, partners=", ".join(others))
        return warned("spoken", seen, Sentence("steps.mend-spoken-others"), **facts)
    if not spoken:
        return well("spoken", Sentence("steps.spoken-unknown", ours=SPOKEN), **facts)
    seen = Sentence("steps.spoken", ours=SPOKEN, count=len(spoken))
    return well("spoken", seen, **facts)


async def see_stopped(house: House) -> CheckStep:
    """Whether a node runs here: it is stopped before the other version is started."""
    step = await see_node(house)
    if not step.facts.get("running"):
        return well("stopped", Sentence("steps.stopped"), running=False)
    url = step.facts.get("url", "")
    seen = Sentence("steps.running", url=url)
    return well("stopped", seen, running=True, url=url)


def _read_plan(house: House) -> Upgrade | Sentence | None:
    """What would be done; why that cannot be read; None: there is no database."""
    if not (house.home.data / FILE_NAME).exists():
        return None
    plan: list[Upgrade] = []
    refusal = read_refusal(house.home.data, lambda db: plan.append(db.plan_upgrade()))
    return refusal or plan[0]


def _read_spoken(house: House) -> dict[str, list[int]]:
    """By partner; those of whom nothing is held, or can be read, are left out."""
    if isinstance(house.peers, ConfigError):
        return {}
    spoken: dict[str, list[int]] = {}
    for peer in house.peers:
        with (
            # An earlier version may keep it elsewhere: then nobody knows.
            contextlib.suppress(FederationError, OSError),
            contextlib.closing(Database.open(house.home.data, readonly=True)) as db,
            db.view() as view,
        ):
            note = read_about(view, peer.org)
            if note is not None:
                # Verified when it came; here it only says what to expect.
                spoken[peer.org] = sorted(open_about_unpinned(note).versions)
    return spoken
