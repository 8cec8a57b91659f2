"""`federation export --package`: parts, digests, resumed; and what `verify` says."""

import csv
import hashlib
import io
import json

import frictionless
import pytest

from federation.cli.output import CONFIG, OK, USAGE
from federation.config.fingerprint import fingerprint
from federation.config.founding import load_identity_key
from federation.flows.audit import EXITS
from tests import sample_map as sample
from tests.cli.filled_home import ORG, federation, fill
from tests.homes import make_home


class Folder:
    """A home by its folder alone, as `federation` of `filled_home` asks for one."""

    def __init__(self, folder):
        self.folder = folder


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    attribution = f"attribution = '{sample.FORMULA}'"
    folder = sample.make_home(tmp_path_factory.mktemp("home"), attribution)
    sample.build(folder / "data").close()
    return Folder(folder)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    home = make_home(tmp_path_factory.mktemp("filled"))
    fill(home, range(1, 30))
    return home


def export(home, *words):
    code, out, err = federation(home, "export", *words)
    assert code == OK, err
    return json.loads(out)


def package_of(folder):
    return json.loads((folder / "datapackage.json").read_text())


def test_a_package_lists_each_file_with_its_digest_rows_and_columns(drawn, tmp_path):
    folder = tmp_path / "data"
    said = export(drawn, "--what", "gaps", "--package", folder)
    package = package_of(folder)
    assert [part["path"] for part in package["resources"]] == [
        "gaps-13.csv",
        "gaps-72.csv",
    ]
    for part in package["resources"]:
        data = (folder / part["path"]).read_bytes()
        assert part["hash"] == f"sha256:{hashlib.sha256(data).hexdigest()}"
        rows = list(csv.DictReader(io.StringIO(data.decode())))
        assert (part["bytes"], part["rows"]) == (len(data), len(rows))
        fields = json.loads((folder / part["schema"]).read_text())["fields"]
        assert [field["name"] for field in fields] == list(rows[0])
        assert all(field["description"] and field["description_id"] for field in fields)
    assert said["rows"] == sum(part["rows"] for part in package["resources"])
    assert package["federation"]["complete"]
    assert package["federation"]["map"]["digest"] == said["map"]
    citation = (folder / "CITATION.cff").read_text()
    assert said["map"] in citation
    assert "type: dataset" in citation


@pytest.mark.parametrize("what", ["stations", "results"])
def test_a_validator_of_data_packages_finds_nothing_until_a_cell_is_changed(
    drawn, tmp_path, what
):
    folder = tmp_path / "data"
    said = export(drawn, "--what", what, "--package", folder)
    # What has no record at all is in no row, and the package says so.
    told = package_of(folder)
    for name in ("description", "description_id"):
        assert ("--what gaps" in told[name]) == (what == "stations")
    text = "".join(path.read_text() for path in folder.glob("*.csv"))
    assert sample.FAR_GAP not in text
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.flatten(["place", "type", "note"]) == []
    assert sum(task.stats.get("rows", 0) for task in report.tasks) == said["rows"] > 0
    part = max(folder.glob("*.csv"), key=lambda path: path.stat().st_size)
    part.write_text(part.read_text().replace("\nppwp,", "\npxwp,", 1))
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.flatten(["type"]) == [["hash-count"]]


def test_a_finished_part_is_kept_and_a_damaged_or_missing_one_made_again(
    drawn, tmp_path
):
    folder = tmp_path / "data"
    words = ("--what", "gaps", "--package", folder)
    assert export(drawn, *words)["made"] == 2
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert export(drawn, *words)["made"] == 0
    (folder / "gaps-13.csv").write_text("cut o")
    (folder / "gaps-72.csv").unlink()
    assert export(drawn, *words)["made"] == 2
    after = {path.name: path.read_bytes() for path in folder.iterdir()}
    for name in ("gaps-13.csv", "gaps-72.csv", "schema.json"):
        assert after[name] == before[name]


def test_another_question_leaves_no_file_of_the_one_before(drawn, tmp_path):
    folder = tmp_path / "data"
    export(drawn, "--what", "gaps", "--package", folder)
    export(drawn, "--what", "stations", "--format", "ndjson", "--package", folder)
    assert sorted(path.name for path in folder.iterdir()) == [
        "CITATION.cff",
        "datapackage.json",
        "schema.json",
        "stations-13.ndjson",
        "stations-72.ndjson",
    ]


def test_a_folder_of_others_is_not_written_to(drawn, tmp_path):
    (tmp_path / "letter.txt").write_text("mine")
    code, _, err = federation(drawn, "export", "--package", tmp_path)
    assert code == CONFIG
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]
    assert str(tmp_path) in err
    code, _, _ = federation(drawn, "export", "--package", drawn.folder / "data" / "x")
    assert code == CONFIG


def test_parquet_and_csv_hold_the_same_rows_and_codes_stay_text(drawn, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    for what in ("results", "stations", "gaps", "coverage"):
        path = tmp_path / what
        for form in ("csv", "parquet"):
            export(drawn, "--what", what, "--format", form, "--out", f"{path}.{form}")
        table = parquet.read_table(f"{path}.parquet").to_pylist()
        text = (tmp_path / f"{what}.csv").read_text()
        rows = list(csv.DictReader(io.StringIO(text)))
        told = [
            {name: "" if cell is None else str(cell) for name, cell in row.items()}
            for row in table
        ]
        for row in rows:
            row["attribution"] = row["attribution"].removeprefix("'")
        assert told == rows
        code = "region" if what == "coverage" else "tps"
        assert all(isinstance(row[code], str | None) for row in table)


def test_without_pyarrow_a_sentence_says_what_to_install(drawn, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    words = ("export", "--format", "parquet", "--out", tmp_path / "x")
    for language in ("en", "id"):
        code, _, err = federation(drawn, *words, language=language, is_json=False)
        assert code == CONFIG
        assert "pip install 'tps-federation[parquet]'" in err
    assert not (tmp_path / "x").exists()


def test_excel_keeps_codes_as_text_and_no_cell_is_a_formula_of_others(drawn, tmp_path):
    path = tmp_path / "results.csv"
    export(drawn, "--format", "excel", "--out", path)
    out = path.read_bytes().decode()
    assert out.startswith("\ufeffcontest;tps;")
    rows = list(csv.reader(io.StringIO(out.removeprefix("\ufeff")), delimiter=";"))
    cells = [cell for row in rows for cell in row]
    assert f'="{sample.AGREED}"' in cells
    assert f"'{sample.FORMULA}" in cells
    ours = [cell for cell in cells if cell[:1] in {"=", "+", "-", "@"}]
    assert all(cell[2:-1].isdigit() for cell in ours)
    # Excel elsewhere parts the same bytes at commas, whatever is in quotes of ours.
    elsewhere = [cell for line in out.splitlines() for cell in line.split(",")[1:]]
    assert not [cell for cell in elsewhere if cell.lstrip(' "')[:1] in set("=+-@")]


def test_a_package_follows_from_the_records_of_a_bundle(filled, tmp_path):
    pytest.importorskip("pyarrow")
    bundle = tmp_path / "out.zip"
    export(filled, "--bundle", bundle)
    identity = fingerprint(load_identity_key(filled, ORG))
    verify = ("verify", bundle, "--fingerprint", f"{ORG}={identity}", "--package")
    for what, form in (
        ("results", "csv"),
        ("stations", "ndjson"),
        ("stations", "parquet"),
    ):
        folder = tmp_path / f"{what}-{form}"
        export(filled, "--what", what, "--format", form, "--package", folder)
        code, out, err = federation(filled, *verify, folder)
        said = json.loads(out)["package"]
        assert (code, said["holds"], said["compared"]) == (OK, True, 29), (out, err)
    # A figure that was changed, with a digest that was made to fit.
    folder = tmp_path / "results-csv"
    [path] = folder.glob("*.csv")
    text = path.read_text()
    path.write_text(text.replace(",127,27,", ",128,27,", 1))
    said = judged(filled, "damaged", *verify, folder)
    assert said["damaged"] == [path.name]
    list_again(folder, path)
    said = judged(filled, "map", *verify, folder)
    assert (said["intact"], said["differing"]) == (True, ["1371011001001"])
    # The same in a line that says that it is KPU's, or that it does not count.
    for name, value in (("source", "kpu"), ("counted", "0")):
        rows = list(csv.DictReader(io.StringIO(text)))
        rows[0] |= {name: value, "votes_01": "9"}
        with path.open("w") as file:
            writer = csv.DictWriter(file, rows[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        list_again(folder, path)
        code, out, _ = federation(filled, *verify, folder)
        said = json.loads(out)["package"]
        assert (code, said["differing"]) == (EXITS["map"], [rows[0]["tps"]])
    # A line that was taken out.
    lines = text.splitlines(keepends=True)
    path.write_text("".join([*lines[:3], *lines[4:]]))
    list_again(folder, path)
    code, out, _ = federation(filled, *verify, folder)
    assert json.loads(out)["package"]["differing"] == ["1371011001003"]


def judged(home, kind, *words):
    """One verdict, the package in it: the exit code, `--json`, the last line."""
    code, out, _ = federation(home, *words)
    said = json.loads(out)
    assert (code, said["exit"], said["verdict"]) == (EXITS.get(kind, 0),) * 2 + (kind,)
    for language, line in (("en", "Verdict: "), ("id", "Putusan: ")):
        code, out, _ = federation(home, *words, language=language, is_json=False)
        verdicts = [one for one in out.splitlines() if one.startswith(line)]
        assert verdicts == out.splitlines()[-1:]
        assert verdicts[0].endswith(f" {code})"), out
        assert code == said["exit"]
    return said["package"]


def list_again(folder, path):
    """Make the list of files fit the bytes that now lie there."""
    package = package_of(folder)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    package["resources"][0]["hash"] = f"sha256:{digest}"
    (folder / "datapackage.json").write_text(json.dumps(package))


def test_a_package_of_another_map_is_not_proved(filled, drawn, tmp_path):
    bundle, folder = tmp_path / "out.zip", tmp_path / "data"
    export(filled, "--bundle", bundle)
    export(drawn, "--package", folder)
    identity = fingerprint(load_identity_key(filled, ORG))
    words = ("verify", bundle, "--fingerprint", identity, "--package", folder)
    code, out, _ = federation(filled, *words)
    assert code == EXITS["map"]
    assert not json.loads(out)["package"]["proved"]
    assert federation(filled, *words, "--no-map")[0] == USAGE


def test_an_older_package_is_told_from_a_forged_one(tmp_path):
    home = make_home(tmp_path / "home")
    fill(home, range(1, 10))
    folder, bundle = tmp_path / "older", tmp_path / "out.zip"
    export(home, "--package", folder)
    fill(home, range(10, 13))
    export(home, "--bundle", bundle)
    identity = fingerprint(load_identity_key(home, ORG))
    verify = ("verify", bundle, "--fingerprint", identity, "--package", folder)
    said = judged(home, "proved", *verify)
    assert (said["holds"], said["since"], said["compared"]) == (True, 3, 9)
    _, out, _ = federation(home, *verify, language="id", is_json=False)
    assert "lebih lama daripada peta sumbernya" in " ".join(out.split())
    # A figure of it that was changed, with a digest that was made to fit.
    [path] = folder.glob("*.csv")
    honest = path.read_text()
    path.write_text(honest.replace(",127,27,", ",128,27,", 1))
    list_again(folder, path)
    assert judged(home, "map", *verify)["differing"] == ["1371011001001"]
    # Another map than those first records come to.
    path.write_text(honest)
    list_again(folder, path)
    package = package_of(folder)
    origin = package["federation"]["map"]
    said_of(folder, package, origin | {"digest": "0" * 64})
    said = judged(home, "map", *verify)
    assert (said["refuted"], said["proved"]) == (True, False)
    # More records than the source has: nothing is shown of it.
    more = {log: size + 100 for log, size in origin["vector"].items()}
    said_of(folder, package, origin | {"vector": more, "digest": "0" * 64})
    said = judged(home, "map", *verify)
    assert (said["refuted"], said["proved"]) == (False, False)
    _, out, _ = federation(home, *verify, language="en", is_json=False)
    assert "older or changed, which cannot be told apart here" in " ".join(out.split())


def said_of(folder, package, origin):
    package["federation"]["map"] = origin
    (folder / "datapackage.json").write_text(json.dumps(package))


def test_a_folder_without_a_package_is_told_as_not_read(filled, tmp_path):
    bundle = tmp_path / "out.zip"
    export(filled, "--bundle", bundle)
    words = ("verify", bundle, "--package", tmp_path)
    for language, told in (("en", "cannot be read"), ("id", "tidak dapat dibaca")):
        code, _, err = federation(filled, *words, language=language, is_json=False)
        assert code == CONFIG
        assert f"{tmp_path / 'datapackage.json'}: {told}" in err
