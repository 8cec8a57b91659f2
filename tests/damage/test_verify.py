"""`federation verify` says of each damage what the table says, however it comes."""

import contextlib
import io
import json

import pytest

from federation.cli import run
from federation.cli.output import Output
from federation.flows.audit.report import EXITS, UNASKED
from federation.text import Text
from tests.damage.cases import CASES
from tests.damage.conftest import (
    NAMES,
    write_documents,
    write_folder,
    write_packed,
    write_trust,
)


def verify(*words):
    """The exit code, and what was printed, as JSON."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = run(
            ["verify", *map(str, words), "--json"], Output(Text("en"), is_json=True)
        )
    return code, json.loads(out.getvalue())


def sources_of(given, folder):
    """By the way in which it comes: what is typed."""
    documents = write_documents(folder, given)
    if given.pack is None and given.files:
        first = write_folder(folder / "one", given.files)
        second = [write_folder(folder / "other", given.second)] if given.second else []
        yield "folder", [first, *second, *documents]
    if given.files:
        first = write_packed(folder / "one.zip", given, given.files)
        second = []
        if given.second:
            second = [write_packed(folder / "other.zip", given, given.second)]
        yield "data file", [first, *second, *documents]
    else:
        yield "documents", documents


@pytest.mark.slow
def test_the_verdict_and_its_exit_code_are_those_of_the_table(case, tmp_path):
    given = case.given()
    words = [word for one in given.fingerprints for word in ("--fingerprint", one)]
    words += [
        word for path in write_trust(tmp_path, given) for word in ("--trust", path)
    ]
    words += given.options
    for way, sources in sources_of(given, tmp_path):
        code, report = verify(*sources, *words)
        found = [
            (one["kind"], one["index"], one["detail"]) for one in report["findings"]
        ]
        assert (report["verdict"], code) == (
            case.verify,
            EXITS.get(case.verify, 0),
        ), (way, found)
        assert set(case.notes) <= {kind for kind, _, _ in found}, (way, found)


def test_every_word_is_a_verdict_of_some_damage_but_that_nobody_could_be_asked():
    assert {case.verify for case in CASES} == {"proved", *EXITS} - {UNASKED}


def test_no_two_cases_have_one_name():
    assert len(set(NAMES)) == len(CASES)
