"""The files that people write: settings, partners, agencies, rules of elections.

Rule: what is wrong is told with file, line or key, as every command tells it.
"""

from federation.config.agencies import load_agencies
from federation.config.places import tell_missing
from federation.errors import ConfigError
from federation.flows.steps import CheckStep, failed, warned, well
from federation.node.house.house import House
from federation.profiles import load_profiles
from federation.text import Sentence


async def read_settings(house: House) -> CheckStep:
    """Whether federation.toml can be used."""
    settings = house.settings
    if isinstance(settings, ConfigError):
        mend = Sentence("steps.mend-settings")
        if not house.home.settings.exists():
            mend = tell_missing(house.home.folder)[1]
        return failed("settings", tell_config(settings), mend)
    told = {"org": settings.org, "elections": ", ".join(settings.elections) or "-"}
    return well("settings", Sentence("steps.settings", **told), **told)


async def read_peers(house: House) -> CheckStep:
    """Whether peers.toml can be used, and does not name ourselves."""
    peers = house.peers
    if isinstance(peers, ConfigError):
        return failed("peers-file", tell_config(peers), _mend_peers(peers))
    count = {
        "partners": len(peers),
        "asked": sum(bool(peer.url) and not peer.paused for peer in peers),
    }
    ours = None if isinstance(house.settings, ConfigError) else house.settings.org
    if any(peer.org == ours for peer in peers):
        seen = Sentence("steps.peer-ourselves", path=house.home.peers, org=ours)
        mend = Sentence("steps.mend-peer-ourselves", org=ours)
        return failed("peers-file", seen, mend, **count)
    if not peers:
        seen = Sentence("steps.no-peers", path=house.home.peers)
        return warned("peers-file", seen, Sentence("steps.mend-no-peers"), **count)
    return well("peers-file", Sentence("steps.peers-file", **count), **count)


async def read_rules(house: House) -> CheckStep:
    """Whether the agencies and the rules of our elections can be used."""
    mend = Sentence("steps.mend-rules")
    try:
        agencies = load_agencies(house.home.agencies)
        known = load_profiles(house.home.elections)
    except ConfigError as error:
        return failed("rules", tell_config(error), mend)
    for election in house.sound.elections:
        if election not in known:
            reason = Sentence("machine.election-unknown", election=election)
            wrong = ConfigError(str(house.home.settings), "elections", reason)
            mend = Sentence("steps.mend-election")
            return failed("rules", tell_config(wrong), mend)
    told = {"elections": len(known), "agencies": len(agencies)}
    return well("rules", Sentence("steps.rules", **told), **told)


def _mend_peers(error: ConfigError) -> Sentence:
    """What to do about peers.toml, by the key that is wrong; "": a line is."""
    if error.reason.key.startswith("machine.peer-twice-"):
        return Sentence("steps.mend-peers-twice", path=error.path)
    name = "table" if error.key.startswith("peer[") else "file"
    if error.key.endswith(".identity"):
        name = "identity"
    return Sentence(f"steps.mend-peers-{name}")


def tell_config(error: ConfigError) -> Sentence:
    """What is wrong with a file, with the file and the key."""
    key = "steps.file-key" if error.key else "steps.file"
    return Sentence(key, path=error.path, key=error.key, reason=error.reason)
