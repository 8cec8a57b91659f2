"""The program in Go, which shares no code with ours, says what the table says."""

import pytest

from federation.flows.audit.report import EXITS
from federation.tlog.keys import format_vkey
from tests.damage import world
from tests.damage.cases import CASES
from tests.damage.conftest import name_of, write_folder, write_one
from tests.interop.checker import compile_checker

ASKED = [case for case in CASES if case.go]


@pytest.fixture(scope="session")
def checker(tmp_path_factory):
    return compile_checker(tmp_path_factory.mktemp("go"))


@pytest.mark.slow
@pytest.mark.parametrize("case", ASKED, ids=map(name_of, ASKED))
async def test_its_exit_code_is_that_of_the_table(case, checker, tmp_path):
    given = case.given()
    older = [
        write_one(tmp_path / f"older-{at}", note) for at, note in enumerate(given.older)
    ]
    answer = await checker.run(
        write_folder(tmp_path / "folder", given.files),
        world.owner().origin,
        given.log_key or format_vkey(world.owner().log.key),
        older=older,
        mirrors=[format_vkey(one.mirror.key) for one in world.partners()],
    )
    expected = case.go, EXITS.get(case.go, 0)
    assert (answer.verdict, answer.exit) == expected, answer.text


def test_whoever_is_not_asked_has_a_reason():
    assert all(case.remark for case in CASES if not case.go)
