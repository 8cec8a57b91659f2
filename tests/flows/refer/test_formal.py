"""What papers say of themselves, and what is believed of that."""

import dataclasses
import itertools
import zlib

import msgspec
import pytest

from federation.flows.refer.dossier import find_missing
from federation.flows.refer.formal import PapersLabel, read_label, write_label
from federation.flows.refer.papers import draw_dossier
from tests.dossiers import AGENCY, ANNEX, INCIDENT, given

NAME = f"{INCIDENT.org}/{INCIDENT.id}"


def changed(**annex):
    return msgspec.structs.replace(ANNEX, **annex)


#: Each part of the annex there or not.
ANNEXES = [
    changed(reporter=reporter, accused=accused, witnesses=witnesses)
    for reporter, accused, witnesses in itertools.product(
        (ANNEX.reporter, None), (ANNEX.accused, ()), (ANNEX.witnesses, ())
    )
]


@pytest.mark.parametrize("annex", ANNEXES)
def test_drawn_papers_say_of_what_they_are_for_whom_and_what_lacks(annex):
    papers = given(annex=annex)
    label = read_label(draw_dossier(papers))
    assert label == PapersLabel(NAME, AGENCY.key, find_missing(papers))


def test_what_people_wrote_makes_no_second_line():
    line = write_label(given())
    evil = f"/Keywords ({line.replace(AGENCY.key, 'dkpp')})"
    agency = dataclasses.replace(AGENCY, name=evil, address=evil)
    papers = given(agency=agency, sender=evil, contact=evil)
    assert read_label(draw_dossier(papers)).agency == AGENCY.key


@pytest.mark.parametrize(
    "papers",
    [
        b"%PDF-1.4\nnone\n",
        b"/Keywords (federation-dossier/2 a.example/00 dkpp -)",
        b"/Keywords (federation-dossier/1 a.example/00 dkpp colour)",
        b"/Keywords (federation-dossier/1 a b -)/Keywords (federation-dossier/1 c d -)",
        zlib.compress(b"/Keywords (federation-dossier/1 a dkpp -)"),
    ],
)
def test_of_other_papers_nothing_is_known(papers):
    assert read_label(papers) is None
