"""The election profiles that are shipped: data, one JSON file for each election.

Rule: what is in these files is what partners merge by; a change to one is a new
`version` of it. Elections that are not here are added by an operator from a file of
the same form (`records/profile.py`).

`exceptions` are generous on purpose: a form wrongly called implausible costs trust,
one overlooked is still compared with the others.
"""

from importlib.resources import files
from pathlib import Path

from federation.errors import ConfigError, FormatError, RecordError
from federation.records.profile import Profile, parse_profile
from federation.text import Sentence
from federation.text.cause import cause_of


def load_shipped() -> dict[str, Profile]:
    """Every shipped profile by its election's id, sorted."""
    paths = sorted(files(__name__).iterdir(), key=lambda path: path.name)
    profiles = (
        parse_profile(path.read_bytes())
        for path in paths
        if path.name.endswith(".json")
    )
    return {profile.election: profile for profile in profiles}


def load_profiles(folder: Path) -> dict[str, Profile]:
    """The shipped profiles and those that an operator added to `folder`, by election.

    Raises:
        ConfigError: an added file cannot be used.
    """
    known = load_shipped()
    for path in sorted(folder.glob("*.json")):
        try:
            data = path.read_bytes()
        except OSError as error:
            reason = Sentence("machine.not-read", cause=cause_of(error))
            raise ConfigError(str(path), "", reason) from error
        added = read_profile(data, str(path))
        known[added.election] = added
    return known


def read_profile(data: bytes, path: str) -> Profile:
    """The profile in a file that an operator wrote.

    Raises:
        ConfigError: it cannot be used; the file, the member and the reason.
    """
    try:
        return parse_profile(data)
    except RecordError as error:
        raise ConfigError(path, error.field, error.rule) from error
    except FormatError as error:
        raise ConfigError(path, "", error.what) from error
