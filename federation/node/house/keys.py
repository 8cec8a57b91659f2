"""The files of keys: there, whole, named by our identity, and for us alone.

Rule: every file is looked at, not only the first that is wrong; no key is shown.
"""

from collections.abc import Callable
from pathlib import Path

from federation.config.annexkey import load_annex_public
from federation.config.home import Home
from federation.config.keystore import load_contributor_secret, load_signer
from federation.config.settings import Settings
from federation.errors import ConfigError
from federation.flows.steps import CheckStep, failed, join, warned, well
from federation.node.house.house import House
from federation.node.house.settings import tell_config
from federation.node.resources import load_own_keys
from federation.text import Sentence
from federation.tlog.keys import ALG_COSIGNATURE


async def read_keys(house: House) -> CheckStep:
    """Whether the node can sign, and nobody else can read its keys."""
    home, settings = house.home, house.sound
    files = _readers(home, settings)
    faults = [fault for read in files if (fault := _try(read)) is not None]
    if not faults:
        # Each is a key; whether it is the right one is asked of all of them together.
        chain = _try(lambda: load_own_keys(home, settings.org, settings.origins))
        faults = [] if chain is None else [chain]
    if faults:
        told = [tell_config(fault) for fault in _once(faults)]
        paths = [fault.path for fault in _once(faults)]
        return failed("keys", join(told), _mend(faults[0], home), files=paths)
    seen = Sentence("steps.keys", count=len(files), folder=home.keys)
    if home.identity.exists():
        seen = Sentence("steps.identity-here", folder=home.identity_folder)
        mend = Sentence("steps.mend-identity-here", folder=home.identity_folder)
        return warned("keys", seen, mend, files=[])
    return well("keys", seen, files=[])


def _mend(fault: ConfigError, home: Home) -> Sentence:
    """What to do: what the first that is wrong asks for."""
    inner = fault.reason.values.get("cause")
    cause = inner if isinstance(inner, Sentence) else fault.reason
    name = {
        "machine.key-replaced": "mend-keys-change",
        "machine.open-to-others": "mend-keys-mode",
        "machine.no-permission": "mend-keys-owner",
    }.get(cause.key, "mend-keys")
    # Put aside, and the new one not in its place yet: the old one would be wrong.
    path = Path(fault.path)
    if not path.exists() and (home.prepared / path.name).exists():
        name = "mend-keys-change"
    return Sentence(f"steps.{name}", folder=home.keys)


def _readers(home: Home, settings: Settings) -> list[Callable[[], object]]:
    """What reads each file, or says why it cannot be used."""
    org = settings.org
    readers: list[Callable[[], object]] = [
        lambda: load_signer(home.role_key("node"), f"{org}/node"),
        lambda: load_signer(home.role_key("records"), f"{org}/records"),
        lambda: load_signer(home.role_key("mirror"), f"{org}/mirror", ALG_COSIGNATURE),
        lambda: load_contributor_secret(home.contributor_secret),
    ]
    for origin in settings.origins:
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
