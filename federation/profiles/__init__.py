"""The election profiles that are shipped: data, one JSON file for each election.

Rule: what is in these files is what partners merge by; a change to one is a new
`version` of it. Elections that are not here are added by an operator from a file of
the same form (`records/profile.py`).

`exceptions` are generous on purpose: a form wrongly called implausible costs trust,
one overlooked is still compared with the others.
"""

from importlib.resources import files

from federation.records.profile import Profile, parse_profile


def load_shipped() -> dict[str, Profile]:
    """Every shipped profile by its election's id, sorted."""
    paths = sorted(files(__name__).iterdir(), key=lambda path: path.name)
    profiles = (
        parse_profile(path.read_bytes())
        for path in paths
        if path.name.endswith(".json")
    )
    return {profile.election: profile for profile in profiles}
