"""The page of `federation verify`, typed as it stands, and what verdicts mean."""

import json
import os
import re
import subprocess
import sys
from itertools import combinations, cycle
from pathlib import Path

import pytest

from federation.config.fingerprint import fingerprint
from federation.flows.audit.report import EXITS
from tests.docs.places import BLOCK, FINGERPRINT, ORGS, PAGES, SUARA, Place, script_of
from tests.fakes import FakeOrg

NODE = "https://data.jagasuara.example"


@pytest.fixture(scope="module")
def auditor(place, tmp_path_factory):
    """Types the pages of the program where a trust file and a bundle lie."""
    folder = tmp_path_factory.mktemp("auditor")

    def run(words: str, said: str = "en", home: str = "") -> tuple[int, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("FEDERATION_")}
        done = subprocess.run(
            ["bash", "-ec", words],
            cwd=folder,
            env={
                **kept,
                "PATH": path,
                "FEDERATION_LANG": said,
                "FEDERATION_HOME": home,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout

    exports = [
        "federation export --trust trust.txt",
        "federation export --bundle data.zip",
        "federation election archive pilpres-2019 --out archive",
    ]
    code, output = run("\n".join(exports), home=str(place.home))
    assert code == 0, output
    return run


def typed(page: str, place: Place) -> str:
    """The blocks of a page of the program, with the place's values."""
    text = script_of(page, {"node": place.url, "record": place.record})
    prints = cycle(ORGS)  # all three, then the first alone
    return FINGERPRINT.sub(lambda _: place.prints[next(prints)], text)


def pattern_of(line: str) -> str:
    """A line that a page shows, whatever the numbers; … is anything."""
    text = FINGERPRINT.sub("…", " ".join(line.split()).replace(NODE, "…"))
    text = re.sub(r"\d+", "#", text)
    parts = (re.escape(part.strip()) for part in text.split("…"))
    return ".*".join(parts).replace(r"\#", r"\d+")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("verify.id.md", "id"),
        pytest.param("verify.md", "en", marks=pytest.mark.long),
    ],
)
def test_every_command_of_the_page_is_proved_and_says_what_the_page_shows(
    place, auditor, page, said
):
    code, output = auditor(typed(page, place), said)
    assert code == 0, output
    shown = (PAGES / page).read_text(encoding="utf-8").split("```text\n")[1:]
    assert len(shown) == 2
    # Who confirmed first stands first: the order is not what the page promises.
    lines = [" ".join(line.split()) for line in output.splitlines()]
    for block in shown:
        for line in block.partition("```")[0].splitlines():
            pattern = re.compile(pattern_of(line))
            assert any(map(pattern.fullmatch, lines)), f"{line}\n{output}"


def test_a_stranger_needs_fewer_than_five_commands():
    text = BLOCK.findall((PAGES / "verify.md").read_text(encoding="utf-8"))[0]
    commands = [
        line
        for line in text.splitlines()
        if not re.match(r"\w+=|  ", line)  # a value, or more of the line above
    ]
    assert [line.split()[0] for line in commands] == ["curl", "federation"]


@pytest.mark.slow
def test_another_fingerprint_is_answered_with_the_exit_code_of_the_page(place, auditor):
    other = fingerprint(FakeOrg("other.example").identity.key)
    words = typed("verify.md", place).replace(place.prints[SUARA], other)
    code, output = auditor(words)
    assert code == EXITS["wrong-key"], output


@pytest.mark.slow
def test_with_one_fingerprint_the_receipt_alone_proves_who_signed(place, auditor):
    url = f"{place.url}/v1/records/{place.record}/receipt"
    verify = f"federation verify alone.txt --fingerprint {place.prints[SUARA]}"
    code, output = auditor(f"curl -sf {url} >alone.txt; {verify} --json")
    assert code == 0, output
    (receipt,) = json.loads(output)["documents"]
    assert receipt["holds"]
    assert receipt["record"] == place.record
    assert not receipt.get("held")


def rows_of(page: Path) -> list[list[str]]:
    """The cells of every row of the page's tables."""
    rows = re.findall(r"(?m)^\| (\d.*) \|$", page.read_text(encoding="utf-8"))
    return [row.split(" | ") for row in rows]


@pytest.mark.parametrize("page", ["verify.md", "verify.id.md"])
def test_the_page_says_what_to_do_about_every_verdict(page):
    named = [0]
    for codes in (row[0] for row in rows_of(PAGES / page)[1:]):
        for part in codes.split(", "):
            first, _, last = part.partition("–")
            named += range(int(first), int(last or first) + 1)
    assert sorted(named) == [0, *sorted(EXITS.values())]


def test_the_quorums_of_the_page_prevent_what_it_says():
    rows = rows_of(PAGES.parent / "explanation" / "auditing.md")
    assert len(rows) == 5
    for n, q, common, prevented, away in rows:
        witnesses, asked = range(int(n)), int(q)
        groups = [set(one) for one in combinations(witnesses, asked)]
        fewest = min(len(one & other) for one in groups for other in groups)
        assert fewest == max(0, 2 * asked - len(witnesses)) == int(common)
        # Two groups need so many liars; one less, and there is no second history.
        bound = re.search(r"if (none|at most (\d)) lies?|never", prevented)
        assert bound, prevented
        most = -1 if bound[0] == "never" else int(bound[2] or 0)
        assert most == fewest - 1
        assert int(away) == len(witnesses) - asked
