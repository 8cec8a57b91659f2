"""Which place somebody means who has typed a name, or a part of a code.

Rule: one place that is called so is taken; of several, or of those that only look
alike, none is chosen for anybody: they are listed with their codes.
"""

from collections.abc import Sequence

import click
from msgspec import Struct

from federation.cli.arguments import read_code
from federation.cli.context import Run
from federation.errors import FormatError, NotFoundError
from federation.flows.query.answers import Place
from federation.flows.query.scope import parse_region
from federation.flows.query.search import MAX_TYPED, SearchAnswer, search
from federation.records.tps import regions_of
from federation.store import registers
from federation.store.namesearch import NameIndex
from federation.store.view import View
from federation.text import Sentence


class FoundPlace(Struct, frozen=True, kw_only=True):
    """A polling station (13 characters) or a region.

    `name`: of the region, of a station its village's; `places`: around it, the smallest
    first.
    """

    code: str
    name: str
    places: list[Place]


class FoundPlaces(Struct, frozen=True, kw_only=True):
    """Places that may be meant, the likeliest first.

    `is_alike`: none is called just that; `has_more`: more would fit.
    """

    found: list[FoundPlace]
    is_alike: bool
    has_more: bool


def find_place(view: View, election: str, typed: str) -> str | FoundPlaces:
    """The code of the one place that is meant, or those that may be.

    Raises:
        FormatError: It is digits, and no code.
        NotFoundError: Nothing is called so, or looks like it.
    """
    try:
        return read_code(typed)
    except FormatError:
        if not typed.strip():
            raise
        index = NameIndex(registers.list_named(view, election))
        answer = _only_named(search(view, index, election, typed))
        if answer.code:
            return answer.code
        found = _list_found(answer)
        if not found and not any(map(str.isalpha, typed)):
            raise
    if not found:
        listed = registers.is_known(view, election)
        key = "views.no-place" if listed else "views.no-place-unlisted"
        shown = repr(typed[:MAX_TYPED])
        raise NotFoundError(Sentence(key, typed=shown, election=election))
    # A region is none where a station of it was asked for that it does not have.
    is_lacking = bool(answer.number) and len(found[0].code) <= len("7202011001")
    is_alike = answer.is_alike or is_lacking
    if len(found) == 1 and not is_alike and not answer.has_more:
        return found[0].code
    return FoundPlaces(found=found, is_alike=is_alike, has_more=answer.has_more)


def find_region(
    run: Run, view: View, election: str, typed: Sequence[str]
) -> str | None:
    """The code of the region that is meant, of a station its village's; "": all.

    Returns:
        None where several may be meant: they were shown with their codes.

    Raises:
        FormatError: It is digits, and no code.
        NotFoundError: Nothing is called so, or looks like it.
    """
    words = " ".join(typed)
    try:
        # A code is one without a list of stations, too.
        return parse_region(words)
    except FormatError:
        meant = find_place(view, election, words)
    if isinstance(meant, FoundPlaces):
        run.out.show(meant, lambda: print_places(run, meant))
        return None
    return regions_of(meant)[-1] if len(meant) > 10 else meant


def _only_named(answer: SearchAnswer) -> SearchAnswer:
    """Only the one region that is called just so, where there is one."""
    exact = [one for one in answer.found if one.place.code in answer.named]
    return answer._replace(found=exact, has_more=False) if len(exact) == 1 else answer


def _list_found(answer: SearchAnswer) -> list[FoundPlace]:
    found = []
    for one in answer.found:
        inside = [one.place, *one.around]
        for tps, village in one.tps.items():
            around = inside if village else one.around
            name = village or one.place.name
            found.append(FoundPlace(code=tps, name=name, places=around))
        if not one.tps:
            region = one.place
            found.append(
                FoundPlace(code=region.code, name=region.name, places=one.around)
            )
    return found


def print_places(run: Run, answer: FoundPlaces) -> None:
    """Print them with their codes, and what helps to choose."""
    t, out = run.t, run.out
    out.line(t("page.found_alike" if answer.is_alike else "page.found"))
    rows = []
    for one in answer.found:
        number = one.code[10:]
        station = t("page.station_number", number=number) + " " if number else ""
        around = ", ".join(place.name or place.code for place in one.places)
        rows.append((one.code, f"{station}{one.name}", around))
    out.table([t("views.code"), t("views.place"), t("views.within")], rows)
    if answer.has_more:
        out.note(t("page.found_more"))
    asked = click.get_current_context().command_path
    out.note(t("views.show-one", command=asked, code=answer.found[0].code))
