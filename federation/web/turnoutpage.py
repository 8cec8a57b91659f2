"""Turnout against share, as a page shows it: cells that open, and dots.

Rule: a cell leads to where its stations are: the parts of the region that have any, and
of a kecamatan the stations themselves. A dot leads to the page of its station.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from msgspec import UnsetType

from federation.flows.query.pictures.answers import (
    WHOSE,
    PicturesAnswer,
    TurnoutCell,
)
from federation.flows.query.pictures.dots import StationDot
from federation.records.turnout import ALL, COLUMNS, ROWS, STEP, cell_from
from federation.text import Text
from federation.web.charts.cells import CellChart, CellCount, draw_cells
from federation.web.charts.dots import PlacedDot
from federation.web.page import Page, gentle


class PictureChoice(NamedTuple):
    """Whose votes are looked at, by whose figures, in which cell; "": none chosen."""

    candidate: str
    whose: str
    turnout: str
    share: str


class CellWords(NamedTuple):
    """A cell as people read it, and where its stations are."""

    turnout: str
    share: str
    href: str


class OpenedCell(NamedTuple):
    """The cell that was chosen, and each place inside: name, how many, address."""

    words: CellWords
    stations: int
    places: Sequence[tuple[str, str, str]]


class TurnoutPage(NamedTuple):
    """What a page of pictures shows of turnout and share."""

    cells: Sequence[CellWords]
    dots: Sequence[PlacedDot]
    opened: OpenedCell | None


def show_turnout(
    page: Page,
    answer: PicturesAnswer,
    choice: PictureChoice,
    names: Mapping[str, str],
) -> TurnoutPage:
    """The words and addresses of all cells and dots.

    Args:
        page: Of the region.
        answer: What it shows.
        choice: What its reader has chosen.
        names: Of the regions around the dots.
    """
    code = answer.region.code
    cells = [_tell_cell(page, code, choice, cell) for cell in answer.turnout]
    at = cell_from(choice.turnout, choice.share)
    dots = _place_dots(page, answer.dots, names, at)
    return TurnoutPage(cells, dots, _open_cell(page, choice, answer, dots))


def draw_turnout(
    t: Text,
    answer: PicturesAnswer,
    cells: Sequence[CellWords],
    percent: Callable[[int], str],
) -> CellChart:
    """The drawing of the cells."""
    return draw_cells(
        (
            CellCount(
                column=_column(cell),
                row=cell.share_from // STEP,
                stations=cell.stations,
                told=t(
                    "pictures.cell",
                    turnout=words.turnout,
                    share=words.share,
                    count=t.number(cell.stations),
                ),
                href=words.href,
                is_open=_starts(cell) == _starts(answer.cell),
            )
            for cell, words in zip(answer.turnout, cells, strict=True)
        ),
        COLUMNS,
        ROWS,
        ALL,
        percent,
    )


def _starts(cell: TurnoutCell | UnsetType) -> tuple[int, int] | None:
    """Where a cell begins; None: there is none."""
    return (cell.turnout_from, cell.share_from) if cell else None


def _column(cell: TurnoutCell) -> int:
    return cell.turnout_from // STEP if cell.turnout_from <= 100 else ALL + 1


def _tell_cell(
    page: Page, code: str, choice: PictureChoice, cell: TurnoutCell
) -> CellWords:
    """A cell of a region; its address keeps what was chosen."""
    asked = {
        "candidate": choice.candidate,
        "whose": choice.whose if choice.whose != WHOSE[0] else "",
        "turnout": str(cell.turnout_from),
        "share": str(cell.share_from),
    }
    return CellWords(
        tell_turnout(page.t, cell),
        f"{cell.share_from}–{cell.share_to} %",
        page.link(f"/gambar/{code}" if code else "/gambar", **asked) + "#cell",
    )


def tell_turnout(t: Text, cell: TurnoutCell) -> str:
    """The turnout of a cell in words."""
    if not isinstance(cell.turnout_to, int):
        return t("pictures.above")
    if cell.turnout_from == cell.turnout_to:
        return f"{cell.turnout_from} %"
    return f"{cell.turnout_from}–{cell.turnout_to} %"


def _open_cell(
    page: Page,
    choice: PictureChoice,
    answer: PicturesAnswer,
    dots: Sequence[PlacedDot],
) -> OpenedCell | None:
    """What lies in the cell that was chosen; None: none was."""
    cell = answer.cell
    if not isinstance(cell, TurnoutCell):
        return None
    inside = [
        (
            page.name(part.region),
            page.t.number(part.stations),
            _tell_cell(page, part.region.code, choice, cell).href,
        )
        for part in answer.parts
    ]
    at = cell_from(choice.turnout, choice.share)
    inside += [
        (placed.told, "", placed.href)
        for dot, placed in zip(answer.dots, dots, strict=True)
        if dot.cell == at
    ]
    words = _tell_cell(page, answer.region.code, choice, cell)
    return OpenedCell(words, cell.stations, inside)


def _place_dots(
    page: Page,
    dots: Sequence[StationDot],
    names: Mapping[str, str],
    at: tuple[int, int] | None,
) -> list[PlacedDot]:
    return [
        PlacedDot(
            100 * dot.voted / dot.voters,
            100 * dot.votes / dot.valid,
            page.t(
                "pictures.dot",
                station=dot.tps[10:],
                village=gentle(names.get(dot.tps[:10], "")) or dot.tps[:10],
                turnout=page.t.percent(dot.voted, dot.voters),
                share=page.t.percent(dot.votes, dot.valid),
            ),
            page.link(f"/tps/{dot.tps}"),
            is_open=dot.cell == at,
        )
        for dot in dots
    ]
