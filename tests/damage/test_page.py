"""The page in a browser says of each damage what the table says."""

import pytest

from federation import verifier
from federation.flows.audit.report import EXITS
from tests.browser.chromium import Chromium
from tests.damage.cases import CASES
from tests.damage.conftest import (
    name_of,
    write_documents,
    write_one,
    write_packed,
    write_trust,
)


def files_of(given, folder):
    """What somebody puts on the page: data files and texts."""
    files = [*write_documents(folder, given)]
    if given.files:
        files.append(write_packed(folder / "one.zip", given, given.files))
    if given.second:
        files.append(write_packed(folder / "other.zip", given, given.second))
    return files


async def ask(tab, page, case, folder):
    """What the page, opened anew, answers; and which notes it does not tell."""
    folder.mkdir()
    given = case.given()
    await tab.open(page.as_uri())
    await tab.type_fingerprint(", ".join(given.fingerprints))
    trusted = next(iter(write_trust(folder, given)), None)
    report = await tab.give(*files_of(given, folder), trusted=trusted)
    told = {one["kind"] for one in report["findings"]}
    return report["verdict"], report["exit"], sorted(set(case.notes) - told)


@pytest.mark.slow
@pytest.mark.long
async def test_the_verdicts_and_their_exit_codes_are_those_of_the_table(tmp_path):
    page = write_one(tmp_path / "verify.html", verifier.page())
    expected = {name_of(one): (one.page, EXITS.get(one.page, 0), []) for one in CASES}
    async with Chromium() as browser:
        tab = await browser.tab()
        found = {
            name_of(case): await ask(tab, page, case, tmp_path / f"case-{at}")
            for at, case in enumerate(CASES)
        }
        await tab.close()
    wrong = {name: one for name, one in found.items() if one != expected[name]}
    assert not wrong
