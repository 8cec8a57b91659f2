"""Tables as KoboToolbox, ODK Central and Google Forms write them; see shapes.py."""

import importlib.util
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location(
    "shapes", Path(__file__).with_name("shapes.py")
)
shapes = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(shapes)

tables = pytest.mark.parametrize("shape", shapes.TABLES, ids=lambda shape: shape.name)


@tables
def test_every_column_of_a_tools_export_is_known_or_left_out(read, shape):
    assert read(shape.text, shapes.ELECTION).columns == shape.columns


@tables
def test_a_tools_export_gives_exactly_these_results(read, shape):
    found = read(shape.text, shapes.ELECTION)
    assert found.bad == []
    defaults = {"contest", "form", "review", "round", "source"}
    assert [
        {name: value for name, value in draft.fields.items() if name not in defaults}
        for draft in found.drafts
    ] == shape.drafts
