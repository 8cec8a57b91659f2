"""What is looked at of a house, read once: what cannot be read stands there as why."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from federation.config.embargo import drop_past
from federation.config.home import Home
from federation.config.peers import Peer, load_peers
from federation.config.places import guess_home, tell_missing
from federation.config.settings import Settings, load_settings
from federation.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class House:
    """One home.

    Attributes:
        home: Where things lie, as far as the settings say so.
        settings: Or why they cannot be used.
        peers: Or why the list cannot be used.
        wall: Unix seconds, and
        random: by which questions to partners are signed.
    """

    home: Home
    settings: Settings | ConfigError
    peers: tuple[Peer, ...] | ConfigError
    wall: Callable[[], float]
    random: Random

    @property
    def is_readable(self) -> bool:
        """Whether settings and partners can be used."""
        wrong = (isinstance(one, ConfigError) for one in (self.settings, self.peers))
        return not any(wrong)

    @property
    def sound(self) -> Settings:
        """The settings, for steps that need them."""
        assert not isinstance(self.settings, ConfigError)
        return self.settings


def look_around(folder: Path, wall: Callable[[], float], random: Random) -> House:
    """The house in a folder; see `House`."""
    settings = _settings(folder)
    if isinstance(settings, ConfigError):
        home = guess_home(folder)
    else:
        home = Home.of(folder, settings)
        settings = drop_past(settings, home.is_founded, wall())
    return House(
        home=home, settings=settings, peers=_peers(home), wall=wall, random=random
    )


def _settings(folder: Path) -> Settings | ConfigError:
    path = Home(folder).settings
    if not path.exists():
        return ConfigError(str(path), "", tell_missing(folder)[0])
    try:
        return load_settings(path)
    except ConfigError as error:
        return error


def _peers(home: Home) -> tuple[Peer, ...] | ConfigError:
    try:
        return load_peers(home.peers)
    except ConfigError as error:
        return error
