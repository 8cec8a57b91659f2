"""`federation export`: whole files, exact for their cursor, harmless in tables."""

import csv
import io
import json

import pytest

from federation.cli import main
from tests import sample_map as sample


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    attribution = f"attribution = '{sample.FORMULA}'"
    folder = sample.make_home(tmp_path_factory.mktemp("home"), attribution)
    sample.build(folder / "data").close()
    return folder


@pytest.fixture
def export(home, capfdbinary):
    def call(*arguments):
        with pytest.raises(SystemExit) as end:
            main(["export", *map(str, arguments), "--home", str(home)])
        said = capfdbinary.readouterr()
        return end.value.code, said.out, said.err

    return call


WHATS = ["results", "disputed", "gaps", "coverage"]


@pytest.mark.parametrize("what", WHATS)
def test_csv_and_ndjson_hold_the_same_rows(export, what):
    code, out, _ = export("--what", what)
    rows = list(csv.DictReader(io.StringIO(out.decode())))
    assert code == 0
    code, out, _ = export("--what", what, "--format", "ndjson")
    head, *values = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert head["what"] == what
    assert len(rows) == len(values) > 0
    assert {row["cursor"] for row in rows} == {head["cursor"]}
    assert [list(v) for v in values] == [sorted(row) for row in rows]


def test_no_cell_of_an_export_begins_like_a_formula(export):
    _, out, _ = export()
    cells = [cell for row in csv.reader(io.StringIO(out.decode())) for cell in row]
    assert f"'{sample.FORMULA}" in cells
    assert not [cell for cell in cells if cell[:1] in {"=", "+", "-", "@"}]


def test_a_file_has_what_standard_output_would_have(export, tmp_path):
    _, out, _ = export("--what", "gaps")
    path = tmp_path / "gaps.csv"
    path.write_text("what was there before")
    code, shown, note = export("--what", "gaps", "--out", path, "--lang", "en")
    assert (code, shown) == (0, b"")
    assert path.read_bytes() == out
    assert b"3 rows written" in note
    assert list(tmp_path.iterdir()) == [path]


def test_json_names_the_file_and_its_cursor(export, tmp_path):
    path = tmp_path / "x.ndjson"
    _, out, _ = export("--format", "ndjson", "--out", path, "--json")
    said = json.loads(out)
    assert said["rows"] == len(path.read_bytes().splitlines()) - 1
    assert said["cursor"] == json.loads(path.read_bytes().splitlines()[0])["cursor"]


def test_an_interrupted_export_leaves_what_was_there(export, tmp_path, monkeypatch):
    path = tmp_path / "results.csv"
    path.write_text("before")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("federation.flows.dataset.forms.format_csv", fail)
    code, _, err = export("--out", path, "--lang", "en")
    assert code == 3
    assert b"there is no space left on this disk" in err
    assert str(path).encode() in err
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--what", "everything"), 2),
        (("--format", "xml"), 2),
        (("--region", "1"), 2),
        (("--election", "nope"), 7),
        (("--out", "/no/such/folder/x.csv"), 3),
    ],
)
def test_a_mistake_ends_with_its_exit_code_and_no_rows(export, arguments, code):
    ended, out, err = export(*arguments)
    assert (ended, out) == (code, b"")
    assert err
