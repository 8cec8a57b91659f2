"""The name of a file that says which station it shows: `{tps}_{page}.jpg`.

Rule: a pattern is a name with places in braces; a name fits it in one way or not at
all. A code is read as in a table (`sources/place.py`), so `7202011001-4_1.jpg` fits as
well as `7202011001004_1.jpg`. The ending counts only if the pattern has one, and then
any of the same kind of file does: `.jpg` takes `.JPG` and `.jpeg`. A pattern with `/`
is compared with the path in the folder, another with the name alone.

    {tps}  {kelurahan}  {number}  {page}  {contest}  {round}  {any}
"""

import re
from typing import Any, Final, NamedTuple

from federation.errors import ConfigError, PhotoError
from federation.sources.cell import join_place, parse_place
from federation.sources.member import read_member
from federation.sources.row import BadCell
from federation.text import Sentence

_PLACES: Final = {
    "tps": r"[^/]+?",
    "kelurahan": r"[^/]+?",
    "number": r"[^/]+?",
    "page": r"0{0,2}[1-9][0-9]{0,2}",
    "contest": r"[^/]+?",
    "round": r"[^/]+?",
    "any": r".*",  # as much as there is: what it says nothing of stands before
}
_PLACE: Final = re.compile(r"\{([^{}]*)\}")
_ENDING: Final = re.compile(r"\.(?:jpe?g|png|webp|hei[cf])\Z", re.IGNORECASE)
_OPTION: Final = "--pattern"


class ShownForm(NamedTuple):
    """What a photograph shows: the members of a result, as far as they are said.

    `page` 0: not said.
    """

    members: dict[str, Any]
    page: int


class NamePattern:
    """A pattern, ready to be compared."""

    def __init__(self, pattern: str) -> None:
        """Read it.

        Raises:
            ConfigError: a place is unknown or comes twice, or none says the station.
        """
        self._is_path = "/" in pattern
        ending = _ENDING.search(pattern)
        self._has_ending = ending is not None
        stem = pattern[: ending.start()] if ending else pattern
        self._names = _PLACE.findall(stem)
        self._check()
        parts = [re.escape(text) for text in _PLACE.sub("\0", stem).split("\0")]
        holes = [self._hole(name) for name in self._names]
        joined = "".join(a + b for a, b in zip(parts, [*holes, ""], strict=True))
        self._form = re.compile(joined, re.IGNORECASE | re.DOTALL)

    def _check(self) -> None:
        known = set(_PLACES)
        named = [name for name in self._names if name != "any"]
        if set(named) - known or len(set(named)) < len(named):
            places = ", ".join(f"{{{name}}}" for name in _PLACES)
            raise ConfigError(
                _OPTION, "", Sentence("photoimport.places", places=places)
            )
        if not ({"tps"} <= set(named) or {"kelurahan", "number"} <= set(named)):
            raise ConfigError(_OPTION, "", Sentence("photoimport.no-station"))

    @staticmethod
    def _hole(name: str) -> str:
        return (
            f"(?:{_PLACES[name]})" if name == "any" else f"(?P<{name}>{_PLACES[name]})"
        )

    def read(self, path: str) -> ShownForm | None:
        """What the file of this path in its folder shows; None: its name does not fit.

        Raises:
            PhotoError: It fits, but what stands there is no station, contest or round.
        """
        name = path if self._is_path else path.rpartition("/")[2]
        ending = _ENDING.search(name)
        if self._has_ending and ending is None:
            return None
        match = self._form.fullmatch(name[: ending.start()] if ending else name)
        if match is None:
            return None
        said = match.groupdict()
        try:
            return ShownForm(_members(said), int(said.get("page") or 0))
        except BadCell as bad:
            raise PhotoError(bad.reason, path) from None

    def fits_but_for_ending(self, path: str) -> bool:
        """Whether it would show a station if it were a photograph: `…_2.pdf`."""
        stem, dot, _ = path.rpartition(".")
        try:
            return bool(dot) and self.read(f"{stem}.jpg") is not None
        except PhotoError:
            return False


def _members(said: dict[str, str]) -> dict[str, Any]:
    if "tps" in said:
        members: dict[str, Any] = {"tps": parse_place(said["tps"])}
    else:
        columns = ("{kelurahan}", "{number}")
        members = {"tps": join_place(said["kelurahan"], said["number"], columns)}
    for name in ("contest", "round"):
        if name in said:
            members[name] = read_member(name, said[name], f"{{{name}}}")
    return members
