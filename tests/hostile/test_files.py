"""Every hostile file gets the answer of the table, from the command itself."""

import json
import runpy
from pathlib import Path

import pytest

TABLE = runpy.run_path(str(Path(__file__).with_name("files.py")))


def answer_of(command, home, folder, case) -> str:
    """What `federation import --dry-run` says, as the table writes it."""
    _, _, name, data, options = case
    path = folder / name
    path.write_bytes(data)
    words = ["import", "--dry-run", "--home", str(home), *options, str(path)]
    code, out, err = command(*words)
    if not out:
        said = json.loads(err)["error"]
        message = said["message"].replace(f"{path}", name)
        return f"exit {code}: {said['code']}: {message}"
    found = json.loads(out)
    assert (code, found["rows"]["logged"]) == (1, 1) or found["rows"]["logged"] == 0
    assert found["rows"]["refused"] == 1
    (row,) = found["not_logged"]
    column = f", column {row['column']}" if row["column"] else ""
    return f"row {row['row']}{column}: {row['code']}: {row['reason']}"


@pytest.mark.parametrize("case", TABLE["CASES"], ids=lambda case: " - ".join(case[:2]))
def test_a_hostile_file_gets_its_answer_and_the_good_row_goes_in(
    command, home, tmp_path, case
):
    door, name = case[:2]
    assert answer_of(command, home, tmp_path, case) == TABLE["ANSWERS"][door][name]
