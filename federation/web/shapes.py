"""What many rows of a page share, drawn once: each row fills in what is its own.

Rule: a template draws a row with marks in the place of what differs (`mark.code`), a
table of forty provinces one row and not forty. What is filled in is escaped here, as a
template would do it; a mark that no row fills in is text like any other. Marks are
plain, so that they can stand in an address (`page.query_of`), where only what is plain
as well may be filled in: a code.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from markupsafe import Markup, escape

from federation.flows.query.answers import Region
from federation.text import Text
from federation.web.tilemap import DrawnTile

#: So many characters of a figure fit into a tile as they are.
_SHORT: Final = 4
_MARK: Final = re.compile(r"0each-([a-z]+)-0")


class RowMarks:
    """The marks by name, as templates ask for them."""

    def __getattr__(self, name: str) -> str:
        return f"0each-{name}-0"


class RowShape:
    """A row that was drawn with marks; `names`: those that are filled in."""

    def __init__(self, drawn: str, *names: str) -> None:
        """Nothing is filled in yet."""

        def place(found: re.Match[str]) -> str:
            return f"%({found[1]})s" if found[1] in names else found[0]

        self._form = _MARK.sub(place, str(drawn).replace("%", "%%"))

    def fill(self, **values: str | int) -> str:
        """The row with these values, which are HTML: numbers, or `escape`d."""
        return self._form % values


#: The figures that a row of a region's parts opens a list of.
FIGURES: Final = ("covered", "agreed", "disputed", "differs")


def draw_parts(  # noqa: PLR0913, PLR0917  the shapes of one table
    t: Text,
    row: str,
    of: str,
    again: str,
    figures: Mapping[str, str],
    parts: Sequence[Region],
    names: Sequence[str],
) -> Markup:
    """The rows of a region's parts.

    Args:
        t: The reader's language.
        row: The shape of one.
        of: That of how many stations there are, where a list says so.
        again: That of the code behind a name that several have.
        figures: Those of figures that are not 0, by name.
        parts: The regions.
        names: What they are called.
    """
    line = RowShape(
        row, "code", "name", "again", "of", "most", "count", "share", *FIGURES
    )
    listed, told = RowShape(of, "count"), RowShape(again, "code")
    opened = {name: RowShape(figures[name], "code", "count") for name in FIGURES}

    def draw(part: Region, name: str) -> str:
        seen, code = part.coverage, str(escape(part.code))

        def cell(figure: str, count: int) -> str:
            if not count:
                return "0"
            return opened[figure].fill(code=code, count=t.number(count))

        return line.fill(
            code=code,
            name=str(escape(name)),
            again=told.fill(code=code) if names.count(name) > 1 else "",
            of=listed.fill(count=t.number(seen.register)) if part.listed else "",
            most=seen.register or 1,
            count=seen.covered,
            share=t.percent(seen.covered, seen.register),
            covered=cell("covered", seen.covered),
            agreed=cell("agreed", seen.status.get("agreed", 0)),
            disputed=cell("disputed", seen.status.get("disputed", 0)),
            differs=cell("differs", seen.official.get("differs", 0)),
        )

    return Markup("".join(map(draw, parts, names)))  # noqa: S704  filled with HTML


def draw_faces(tile: str, linked: str, tiles: Iterable[DrawnTile]) -> Mapping[str, str]:
    """What each tile of a map shows, as HTML, by the code of its province.

    Args:
        tile: The shape of one.
        linked: That of one that leads somewhere.
        tiles: Of one of the drawings: each has all.
    """
    face = RowShape(tile, "shade", "said", "short", "long", "figure")
    link = RowShape(linked, "href", "tile")
    faces = {}
    for value, short, *_ in tiles:
        drawn = face.fill(
            shade=value.shade,
            said=str(escape(value.said)),
            short=str(escape(short)),
            long=" long" if len(value.figure) > _SHORT else "",
            figure=str(escape(value.figure)),
        )
        if value.href:
            drawn = link.fill(href=str(escape(value.href)), tile=drawn)
        faces[value.code] = drawn
    return faces


def draw_places(
    place: str, tiles: Iterable[DrawnTile], faces: Mapping[str, str]
) -> Markup:
    """The tiles of one drawing, each at its place.

    Args:
        place: The shape of one.
        tiles: Of the drawing.
        faces: Of `draw_faces`.
    """
    put = RowShape(place, "x", "y", "face")
    drawn = (put.fill(x=one.x, y=one.y, face=faces[one.value.code]) for one in tiles)
    return Markup("".join(drawn))  # noqa: S704  filled with HTML
