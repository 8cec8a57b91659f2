"""The files of keys: there, whole, named by our identity, and for us alone.

Rule: every file is looked at, not only the first that is wrong; no key is shown.
"""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from federation.config.annexkey import load_annex_public
from federation.config.founding import chain_command
from federation.config.home import Home
from federation.config.keystore import load_contributor_secret, load_signer
from federation.config.peers import load_vkey_text
from federation.errors import ConfigError, FederationError
from federation.flows.steps import CheckStep, failed, join, warned, well
from federation.node.house.house import House
from federation.node.house.owner import name_user, owner_of, tell_owner
from federation.node.house.settings import tell_config
from federation.node.resources import load_own_keys
from federation.node.unfounded import is_unfounded
from federation.records.keychain import decode_keys, open_chain
from federation.text import Sentence
from federation.tlog.keys import ALG_COSIGNATURE, parse_vkey

_CLOSED: Final = "machine.no-permission"


async def read_keys(house: House) -> CheckStep:
    """Whether the node can sign, and nobody else can read its keys."""
    home, settings = house.home, house.sound
    if (other := _other_org(home, settings.org)) is not None:
        both = {"org": settings.org, "keys_org": other}
        seen = Sentence("steps.keys-of-other-org", **both, path=home.settings)
        mend = Sentence("steps.mend-keys-of-other-org", **both)
        return failed("keys", seen, mend, **both, files=[str(home.settings)])
    unfounded = [one for one in settings.origins if is_unfounded(home, one)]
    founded = [one for one in settings.origins if one not in unfounded]
    files = _readers(home, settings.org, founded)
    faults = [fault for read in files if (fault := _try(read)) is not None]
    if not faults:
        # Each is a key; whether it is the right one is asked of all of them together.
        chain = _try(lambda: load_own_keys(home, settings.org, founded))
        faults = [] if chain is None else [chain]
    if faults:
        told = _tell(_once(faults))
        told += [_tell_unfounded(one) for one in unfounded]
        paths = [fault.path for fault in _once(faults)]
        return failed("keys", join(told), _mend(faults[0], home), files=paths)
    if unfounded:
        mends = [
            Sentence("steps.mend-keys-unfounded", command=chain_command(one))
            for one in unfounded
        ]
        paths = [str(home.chain(one)) for one in unfounded]
        told = [_tell_unfounded(one) for one in unfounded]
        return failed("keys", join(told), join(mends), files=paths)
    seen = Sentence("steps.keys", count=len(files), folder=home.keys)
    if home.identity.exists():
        seen = Sentence("steps.identity-here", folder=home.identity_folder)
        mend = Sentence("steps.mend-identity-here", folder=home.identity_folder)
        return warned("keys", seen, mend, files=[])
    return well("keys", seen, files=[])


def _other_org(home: Home, org: str) -> str | None:
    """Whose keys lie here, if not those of the organisation that the settings name."""
    orgs = set[str]()
    chains = sorted(home.keys.glob("*.chain"))
    for path in sorted(home.keys.glob("*.vkey")):
        for chain in chains:
            with contextlib.suppress(FederationError, OSError, UnicodeError):
                key = parse_vkey(load_vkey_text(path, str(path), ""))
                orgs.add(open_chain(decode_keys(chain.read_bytes()), key).org)
    return None if org in orgs else min(orgs, default=None)


def _tell_unfounded(origin: str) -> Sentence:
    return Sentence("steps.keys-unfounded", origin=origin)


def _tell(faults: list[ConfigError]) -> list[Sentence]:
    """What is wrong; of files that this user may not read, whose they are."""
    told = [tell_config(fault) for fault in faults if _cause(fault).key != _CLOSED]
    closed: dict[str, list[str]] = {}
    for fault in faults:
        if _cause(fault).key == _CLOSED:
            closed.setdefault(owner_of(Path(fault.path)), []).append(fault.path)
    user = name_user(os.geteuid())
    for owner, paths in closed.items():
        shown = ", ".join(paths)
        told.append(Sentence("steps.not-ours", paths=shown, owner=owner, user=user))
    return told


def _cause(fault: ConfigError) -> Sentence:
    inner = fault.reason.values.get("cause")
    return inner if isinstance(inner, Sentence) else fault.reason


def _mend(fault: ConfigError, home: Home) -> Sentence:
    """What to do: what the first that is wrong asks for."""
    cause = _cause(fault)
    name = {
        "machine.key-replaced": "mend-keys-change",
        "machine.open-to-others": "mend-keys-mode",
    }.get(cause.key, "mend-keys")
    if cause.key == _CLOSED:
        return tell_owner(home, home.keys)
    # Put aside, and the new one not in its place yet: the old one would be wrong.
    path = Path(fault.path)
    if not path.exists() and (home.prepared / path.name).exists():
        name = "mend-keys-change"
    return Sentence(f"steps.{name}", folder=home.keys)


def _readers(home: Home, org: str, origins: list[str]) -> list[Callable[[], object]]:
    """What reads each file, or says why it cannot be used."""
    readers: list[Callable[[], object]] = [
        lambda: load_signer(home.role_key("node"), f"{org}/node"),
        lambda: load_signer(home.role_key("records"), f"{org}/records"),
        lambda: load_signer(home.role_key("mirror"), f"{org}/mirror", ALG_COSIGNATURE),
        lambda: load_contributor_secret(home.contributor_secret),
    ]
    for origin in origins:
        path = home.log_key(origin)
        readers.append(lambda path=path, origin=origin: load_signer(path, origin))  # type: ignore[misc]  # of this turn
    # Where there is none, annexes that lie here tell that one is missing.
    if home.annex_public.exists():
        readers.append(lambda: load_annex_public(home))
    return readers


def _try(read: Callable[[], object]) -> ConfigError | None:
    try:
        read()
    except ConfigError as error:
        return error
    return None


def _once(faults: list[ConfigError]) -> list[ConfigError]:
    """A folder that is open to others is one fault, not one of each file in it."""
    known: dict[tuple[Path, str], ConfigError] = {}
    for fault in faults:
        known.setdefault((Path(fault.path), str(fault.reason)), fault)
    return list(known.values())
