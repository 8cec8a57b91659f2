"""What the first start of this version would do to a home: `federation upgrade-check`.

Rule: asked of the version that is to be started, beside a node of the earlier one that
may still run; nothing is changed. What would stop the start has failed; what changes,
and what partners speak, is told.
"""

import contextlib
from pathlib import Path
from typing import Any, Final

from msgspec import UNSET

from federation.config.agencies import AgencyEntry
from federation.config.document import list_unknown_keys, parse_document, read_file
from federation.config.peers import PeerEntry
from federation.config.settings import Settings, take_old_name
from federation.errors import ConfigError, FederationError
from federation.flows.steps import CheckStep, failed, join, warned, well
from federation.flows.visit.identity import SPOKEN
from federation.node.house.database import (
    file_of,
    is_there,
    name_of,
    read_refusal,
)
from federation.node.house.house import House
from federation.node.house.running import see_node
from federation.records.about import About, open_about_unpinned
from federation.store.db import Database
from federation.store.keystatements import read_about
from federation.store.upgrade import (
    COPY_NAME,
    Upgrade,
    program_version,
    tell_ways,
)
from federation.text import Sentence
from federation.text.size import tell_size

#: Members of the about note that a version without photographs refuses.
_LATER: Final = ("incidents", "photos", "relays")


async def read_keys(house: House) -> CheckStep:
    """Whether this version knows every key of the files that people write."""
    home = house.home
    found = [f"{home.settings.name}: {key}" for key in _unknown_of(home.settings)]
    for path, name, kind in (
        (home.peers, "peer", PeerEntry),
        (home.agencies, "agency", AgencyEntry),
    ):
        unknown = _unknown_in_tables(path, name, kind)
        found += [f"{path.name}: {key}" for key in unknown]
    if found:
        seen = Sentence("steps.keys-unknown", keys=", ".join(found))
        mend = Sentence("steps.mend-keys-unknown")
        return failed("keys-known", seen, mend, unknown=found)
    return well("keys-known", Sentence("steps.keys-known"), unknown=[])


def _unknown_of(path: Path) -> list[str]:
    document = _read_document(path)
    # What is wrong below an older name is told by the step that reads the settings.
    with contextlib.suppress(ConfigError):
        take_old_name(document, str(path))
    return list_unknown_keys(document, Settings)


def _unknown_in_tables(
    path: Path, name: str, kind: type[PeerEntry | AgencyEntry]
) -> list[str]:
    """The unknown keys of a file of `[[name]]` tables, which are counted from 1."""
    document = _read_document(path)
    tables = document.pop(name, ())
    found = list(document)
    for number, table in enumerate(tables if isinstance(tables, list) else (), 1):
        found += list_unknown_keys(table, kind, f"{name}[{number}]")
    return found


def _read_document(path: Path) -> dict[str, Any]:
    """A file of TOML; of one that is none, or is not there, nothing."""
    # Why it cannot be read is told by the step that reads it.
    with contextlib.suppress(ConfigError):
        if path.exists():
            return parse_document(read_file(path), str(path))
    return {}


async def plan_tables(house: House) -> CheckStep:
    """Which steps the database is short of, and which it has of a newer version."""
    upgrade = _read_plan(house)
    if upgrade is None:
        path = name_of(house.home)
        return well("tables", Sentence("steps.no-database", path=path))
    if isinstance(upgrade, Sentence):
        return failed("tables", upgrade, Sentence("steps.mend-database"))
    now, due = upgrade.applied, upgrade.due
    needed = now - len(upgrade.unknown) + len(due)
    facts = {"now": now, "needed": needed, "due": list(due)}
    facts["unknown"] = list(upgrade.unknown)
    if upgrade.unknown:
        path = name_of(house.home)
        seen = Sentence("steps.schema-newer", path=path, version=program_version())
        return failed("tables", seen, tell_ways(file_of(house.home)), **facts)
    if not due:
        return well("tables", Sentence("steps.tables-current", now=now), **facts)
    seen = Sentence("steps.tables-due", now=now, needed=needed, count=len(due))
    return well("tables", seen, **facts)


async def plan_copy(house: House) -> CheckStep:
    """Whether there is room for the copy that is made first."""
    upgrade = _read_plan(house)
    copy = house.home.data / COPY_NAME
    if not isinstance(upgrade, Upgrade) or not upgrade.needed:
        return well("copy", Sentence("steps.copy-none"), needed=0)
    free = "?" if upgrade.free is None else tell_size(upgrade.free)
    told = {"needed": tell_size(upgrade.needed), "free": free, "copy": copy}
    facts = {"needed": upgrade.needed, "free": upgrade.free, "copy": str(copy)}
    if not upgrade.has_room:
        seen = Sentence("steps.copy-no-room", **told)
        mend = Sentence("steps.mend-copy-no-room", folder=house.home.data)
        return failed("copy", seen, mend, **facts)
    return well("copy", Sentence("steps.copy", **told), **facts)


async def compare_spoken(house: House) -> CheckStep:
    """Which versions of the protocol partners said that they speak, when last heard.

    And which members of our own note the first version does not know.
    """
    notes = _read_notes(house)
    ours = notes.pop(house.sound.org, None)
    spoken = {org: sorted(about.versions) for org, about in notes.items()}
    named = [name for name in _LATER if getattr(ours, name, UNSET) is not UNSET]
    facts: dict[str, object] = {"ours": SPOKEN, "partners": spoken, "later": named}
    others = [org for org, versions in spoken.items() if SPOKEN not in versions]
    if others:
        seen = Sentence("steps.spoken-others", ours=SPOKEN, partners=", ".join(others))
        return warned("spoken", seen, Sentence("steps.mend-spoken-others"), **facts)
    seen = Sentence("steps.spoken-unknown", ours=SPOKEN)
    if spoken:
        seen = Sentence("steps.spoken", ours=SPOKEN, count=len(spoken))
    if named:
        seen = join([seen, Sentence("steps.spoken-later", names=", ".join(named))])
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
    if not is_there(house.home):
        return None
    plan: list[Upgrade] = []
    refusal = read_refusal(house.home, lambda db: plan.append(db.plan_upgrade()))
    return refusal or plan[0]


def _read_notes(house: House) -> dict[str, About]:
    """What partners and we say of ourselves, by organisation, as far as it is held."""
    peers = () if isinstance(house.peers, ConfigError) else house.peers
    notes: dict[str, About] = {}
    for org in (house.sound.org, *(peer.org for peer in peers)):
        with (
            # An earlier version may keep it elsewhere: then nobody knows.
            contextlib.suppress(FederationError, OSError),
            contextlib.closing(
                Database.open(house.home.data, house.home.database, readonly=True)
            ) as db,
            db.view() as view,
        ):
            note = read_about(view, org)
            if note is not None:
                # Verified when it came; here it only says what to expect.
                notes[org] = open_about_unpinned(note)
    return notes
