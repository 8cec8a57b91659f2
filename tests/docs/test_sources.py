"""What the code names as its source exists, and the domain page is the code's."""

import re
from pathlib import Path

import pytest

from federation.profiles import load_shipped
from federation.records.result import CONTESTS, FIGURES, ROUNDS, RULES
from federation.records.tps import parse_tps
from federation.text import load_topic

PROJECT = Path(__file__).resolve().parents[2]
DOMAIN = PROJECT / "docs" / "reference" / "domain.md"

# A page of ours by its path from the project's folder, then headings of it, quoted.
PAGE = re.compile(r"\b[\w./-]+\.md\b")
#: What the program writes beside what it exports, and has not itself.
WRITTEN = {"README.id.md"}
NAMED = re.compile(
    r'(docs/[\w./-]+\.md),((?: and)?\s+"[^"]+"(?: steps? \d(?: to \d)?)?)+'
)
OUTSIDE = re.compile(
    r"RFC \d+|C2SP (signed-note|tlog-[a-z]+) (v[\d.]+|\(draft\))"
    r"|ECMA-376 part [12]|OpenAPI Specification [\d.]+|WHATWG Fetch|GeoReport v2"
    r"|Standard Webhooks [\d.]+|https://\S+"
)


def modules() -> list[tuple[Path, str]]:
    paths = sorted((PROJECT / "federation").rglob("*.py"))
    return [(path, path.read_text(encoding="utf-8")) for path in paths]


def headings_of(page: Path) -> dict[str, str]:
    """Heading without its number → the section, as far as the next of its level."""
    text = page.read_text(encoding="utf-8")
    parts = re.split(r"(?m)^#{1,3} (?:\d+\. )?(.+)$", text)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def broken(text: str) -> list[str]:
    """The references in a source text that lead nowhere."""
    text = re.sub(r"\n *(?:# )?", " ", text)
    named = [one for one in PAGE.findall(text) if one not in WRITTEN]
    wrong = [one for one in named if not (PROJECT / one).is_file()]
    for found in NAMED.finditer(text):
        page = PROJECT / found[1]
        headings = headings_of(page) if page.is_file() else {}
        for heading, step in re.findall(r'"([^"]+)"(?: steps? (\d))?', found[0]):
            if heading not in headings:
                wrong.append(f"{found[1]} {heading}")
            elif step and f"\n{step}. " not in headings[heading]:
                wrong.append(f"{found[1]} {heading} {step}")
    return wrong


def test_every_page_that_the_code_names_exists_with_that_heading():
    for path, text in modules():
        assert not broken(text), path


def test_every_source_is_a_page_of_ours_or_a_specification():
    seen = 0
    for path, text in modules():
        for line in re.findall(r"(?m)^\W*Source: (.+)$", text):
            assert OUTSIDE.match(line) or line.startswith("docs/"), f"{path}: {line}"
            seen += 1
    assert seen > 40


@pytest.mark.parametrize(
    "line",
    [
        'Source: docs/reference/protocol.md, "Pushing"',
        'Source: docs/reference/protocol.md, "Pulling" step 9',
        'Source: docs/reference/protocol.md, "Records" and\n    "Leaves"',
        "Source: docs/reference/protocols.md",
        "# as domain.md says",
    ],
)
def test_a_source_that_is_not_there_is_found(line):
    assert broken(line)


def rows_of(heading: str, page: Path = DOMAIN) -> list[list[str]]:
    """The cells of every row of the tables under a heading of the domain page."""
    lines = re.findall(r"(?m)^\| (.+) \|$", headings_of(page)[heading])
    return [line.split(" | ") for line in lines]


def named_in(heading: str) -> list[str]:
    return [
        name for row in rows_of(heading) for name in re.findall(r"`([^`]+)`", row[0])
    ]


def test_the_domain_page_has_every_contest_round_and_figure():
    assert set(named_in("Contests")) == set(CONTESTS)
    assert named_in("Rounds") == list(ROUNDS)
    members = {"form", "source", "review", "evidence"}
    assert set(named_in("Figures")) == set(FIGURES) | members


@pytest.mark.parametrize(
    ("language", "page", "heading"),
    [("en", DOMAIN, "Sums"), ("id", DOMAIN.with_suffix(".id.md"), "Penjumlahan")],
)
def test_the_domain_page_has_every_rule_with_its_sentence(language, page, heading):
    sentences = load_topic("rules")
    shown = {row[0].strip("`"): row[-1] for row in rows_of(heading, page)[1:]}
    assert list(shown) == list(RULES)
    assert shown == {rule: sentences[rule][language] for rule in RULES}


def test_the_domain_page_has_every_profile_with_its_contests_and_bounds():
    shown = {}
    for name, contests, bounds in rows_of("Profiles")[1:]:
        shown[name.strip("`")] = (set(re.findall(r"`(\w+)`", contests)), bounds)
    profiles = load_shipped()
    assert shown == {
        name: (
            set(one.contests),
            f"{one.file.max_voters}, {one.file.spare_per_mille / 10:g} %",
        )
        for name, one in profiles.items()
    }


def test_the_pattern_of_a_code_on_the_domain_page_is_the_one_in_use():
    pattern = re.search(r"in ASCII: `([^`]+)`", DOMAIN.read_text(encoding="utf-8"))
    assert pattern
    for code in ("3171010001001", "99AB010001901"):
        assert re.fullmatch(pattern[1], code)
        assert parse_tps(code) == code
