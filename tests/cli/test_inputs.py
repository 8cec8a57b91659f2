"""cli/import_/files.py: the files of one import, and its report beside them."""

import io
import json
import os
import threading
from types import SimpleNamespace

import pytest

from federation.cli.import_ import files as inputs
from federation.cli.import_ import results as importing
from federation.cli.import_.spool import Drafts
from federation.feeds.bundle import is_bundle
from federation.sources import folder, pipe

ROW = "7202011001{:03},1,2,3\n"
HEADER = "kode_tps,01,02,03\n"


@pytest.fixture
def bring(federation):
    """Imports for pemilu-2024 with --json; gives code, what was said, errors."""

    def run(*words):
        options = ("--json", "--election", "pemilu-2024", "--contest", "ppwp")
        ended = federation("import", *options, *words)
        return ended.code, json.loads(ended.out) if ended.out else {}, ended.err

    return run


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "in" / "hasil.csv"
    path.parent.mkdir()
    path.write_text(HEADER + ROW.format(1))
    return path


def logged(said):
    return said["rows"]["logged"]


def remarks(said):
    return [one["code"] for one in said["remarks"]]


@pytest.mark.parametrize("how", ["itself", "link", "hard", "mapping"])
def test_a_report_is_never_written_over_what_is_read(bring, table, how):
    report, more = table.parent / "other", ()
    if how == "itself":
        report = table
    elif how == "link":
        report.symlink_to(table)
    elif how == "hard":
        report.hardlink_to(table)
    else:
        report.write_text("[columns]\n")
        more = ("--mapping", report)
    before = report.read_bytes()
    code, said, told = bring(table, "--report", report, *more)
    assert (code, said) == (2, {})
    assert "--report" in told
    assert report.read_bytes() == before


def test_the_report_in_a_folder_is_none_of_its_files(bring, table):
    report = table.parent / "laporan.csv"
    assert logged(bring(table.parent, "--report", report, "--dry-run")[1]) == 1
    code, said, _ = bring(table.parent, "--report", report)
    assert (code, logged(said), remarks(said)) == (0, 1, ["own-report"])


def grow(monkeypatch, path, text):
    """Whoever writes that file goes on while it is read."""
    read = importing.read_rows

    def rows(source, *others, **more):
        yield from read(source, *others, **more)
        if source.path == path:
            with path.open("a") as file:
                file.write(text)

    monkeypatch.setattr(importing, "read_rows", rows)


def test_a_file_that_changes_while_it_is_read_is_refused_whole(
    bring, table, monkeypatch
):
    table.write_text(HEADER + ROW.format(1) + ROW.format(2).rstrip())
    grow(monkeypatch, table, "07\n")
    code, said, told = bring(table)
    assert (code, said) == (2, {})
    assert "changed while it was read" in told


def test_the_other_files_of_a_folder_are_taken(bring, table, monkeypatch):
    other = table.with_name("lain.csv")
    other.write_text(HEADER + ROW.format(8) + ROW.format(9))
    grow(monkeypatch, table, ROW.format(5))
    code, said, _ = bring(table.parent)
    assert (code, logged(said), said["rows"]["refused"]) == (1, 2, 1)
    assert "changed while" in said["not_logged"][0]["reason"]


def test_a_table_that_ends_within_a_line_just_now_is_waited_for(bring, table):
    table.write_text(HEADER + ROW.format(1).rstrip())

    def write():
        with table.open("a") as file:
            file.write("07\n")

    later = threading.Timer(inputs.QUIET_S / 2, write)
    later.start()
    code, _, told = bring(table)
    later.join()
    assert code == 2
    assert "changed while it was read" in told


def test_a_file_that_was_replaced_was_whole(bring, table, monkeypatch):
    new = table.with_name("baru.txt~")
    new.write_text(HEADER + ROW.format(1) + ROW.format(2))
    read = importing.read_rows

    def rows(*given, **more):
        yield from read(*given, **more)
        new.replace(table)

    monkeypatch.setattr(importing, "read_rows", rows)
    code, said, _ = bring(table)
    assert (code, logged(said)) == (0, 1)


@pytest.mark.parametrize("sign", ["", ";;", '"', "'", " ", "\n", "7", "x"])
def test_a_delimiter_is_one_character_that_no_cell_holds(bring, table, sign):
    code, said, told = bring(table, "--delimiter", sign)
    assert (code, said) == (3, {})
    assert "--delimiter: must be one character" in told
    mapping = table.with_name("kolom.toml")
    mapping.write_text(f"delimiter = {json.dumps(sign)}\n")
    code, said, told = bring(table, "--mapping", mapping)
    assert (code, said) == (3, {})
    assert "kolom.toml: delimiter: must be one character" in told


def test_a_default_of_a_mapping_file_is_told_with_its_file(bring, table):
    mapping = table.with_name("kolom.toml")
    mapping.write_text('[defaults]\nreview = "ya"\n')
    code, _, told = bring(table, "--mapping", mapping)
    assert code == 3
    assert "kolom.toml: defaults.review: 'ya' is none of" in told
    assert "--review: 'ya'" not in told


def test_what_may_not_be_asked_about_does_not_hold_up_a_folder(
    bring, table, monkeypatch
):
    link = table.with_name("link")
    link.symlink_to("/nowhere")
    asked = folder.Path.stat

    def refuse(path, **given):
        if path.name == "link":
            raise PermissionError(13, "Permission denied", str(path))
        return asked(path, **given)

    monkeypatch.setattr(folder.Path, "stat", refuse)
    code, said, _ = bring(table.parent)
    assert (code, logged(said), remarks(said)) == (0, 1, ["not-read-forbidden"])


def test_what_only_workbooks_have_is_told_of_a_table(bring, table):
    code, said, _ = bring(table, "--sheet", "X", "--format", "xlsx")
    assert (code, logged(said)) == (0, 1)
    assert remarks(said) == ["no-workbook", "not-xlsx"]


def test_a_file_that_is_not_of_the_named_format_is_named(bring, table):
    code, _, told = bring(table, "--format", "json")
    assert code == 2
    assert str(table) in told


def test_a_file_that_has_nothing_to_say_is_no_bundle(tmp_path, monkeypatch):
    path = tmp_path / "kmsg"
    path.touch()
    silent = SimpleNamespace(read=lambda _: None)
    opened = SimpleNamespace(__enter__=lambda _: silent, __exit__=lambda *_: None)
    kind = type("Opened", (), vars(opened))
    monkeypatch.setattr("federation.feeds.bundle.open_regular", lambda _: kind())
    assert not is_bundle(path)


def full(*_):
    raise OSError(28, os.strerror(28))


def test_a_full_disk_is_told_by_its_place(monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    drafts = Drafts()
    drafts._spool._file.close()
    drafts._spool._file = SimpleNamespace(seek=lambda _: 0, write=full)
    fields = {"tps": "7202011001001", "contest": "ppwp", "round": "reguler"}
    drafts.add(0, 1, {**fields, "source": "observer"})
    with pytest.raises(OSError, match="28") as error:
        list(drafts.read())
    assert error.value.filename == str(tmp_path)
    monkeypatch.setattr(pipe, "_copy", full)
    with pytest.raises(OSError, match="28") as error:
        pipe._keep(io.BytesIO(), "pipe", 1)
    assert error.value.filename == str(tmp_path)
