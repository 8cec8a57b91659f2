"""The election profiles that are shipped: data, one JSON file for each election.

Rule: what is in these files is what partners merge by; a change to one is a new
`version` of it. Elections that are not here are added by an operator from a file of
the same form (`records/profile.py`).

`exceptions` are generous on purpose: a form wrongly called implausible costs trust,
one overlooked is still compared with the others.

Beside them lie the codes of the regions, so that a code that no election can have is
told without a register (`records/regions.py`; made by `scripts/make_regions.py`).
"""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Final, NamedTuple

from federation.errors import ConfigError, FormatError, RecordError
from federation.records.profile import Profile, parse_profile
from federation.records.regions import Regions, decode_regions, gather_regions
from federation.text import Sentence
from federation.text.cause import cause_of


class _RegionList(NamedTuple):
    file: str
    abroad: bool
    complete: bool


# The codes of 2024 serve 2019 too, for whom no list is published: KPU's rows of that
# year carry them where a name led to one. But regions were renumbered since (Papua is
# six provinces now) and many names led to none: what is not listed may have existed.
_LISTS: Final = {
    "pemilu-2024": _RegionList("regions-2024.z", abroad=True, complete=True),
    "pilkada-2024": _RegionList("regions-2024.z", abroad=False, complete=True),
    "pilpres-2019": _RegionList("regions-2024.z", abroad=True, complete=False),
}


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


@cache
def load_regions(election: str) -> Regions | None:
    """The regions of an election; None: they are not known here.

    Read when first asked for (some 50 ms) and kept.
    """
    known = _LISTS.get(election)
    if known is None:
        return None
    return gather_regions(
        election,
        _read_codes(known.file),
        abroad=known.abroad,
        complete=known.complete,
    )


@cache
def _read_codes(name: str) -> frozenset[str]:
    return decode_regions((files(__name__) / name).read_bytes())


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
