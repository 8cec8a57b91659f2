"""A page and its twin in the other language say the same, in all that can be counted.

Words are for readers to judge. Headings, commands, rows of tables, codes and links are
compared here, for every pair that there is.
"""

import re
from collections import Counter
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
DOCS = PROJECT / "docs"
#: Pages of the reference that only programmers read: they are there in English alone.
FOR_PROGRAMMERS = {
    *("adversaries.md", "api.md", "attacks.md", "bench.md", "damage.md"),
    *("duplicates.md", "hostile-inputs.md", "likeness.md"),
    *("open311.md", "photos-images.md", "protocol.md", "records.md"),
}
TWINS = sorted(
    path
    for path in DOCS.rglob("*.md")
    if not path.name.endswith(".id.md") and path.with_suffix(".id.md").exists()
)
LINK = re.compile(r"\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^)\s]+)\)")
FENCE = re.compile(r"(?m)^(```+)(\w*)[^`\n]*\n(.*?)^\1$", re.DOTALL)
OUTSIDE = ("http://", "https://", "mailto:")

each_pair = pytest.mark.parametrize(
    "page", TWINS, ids=lambda path: path.relative_to(DOCS).as_posix()
)


def both(page: Path) -> tuple[str, str]:
    """Its text in English and in Indonesian."""
    twin = page.with_suffix(".id.md")
    return page.read_text(encoding="utf-8"), twin.read_text(encoding="utf-8")


def prose(text: str) -> str:
    """A page without its blocks and the code in its lines."""
    return re.sub(
        r"(`+)(?!`).*?(?<!`)\1(?!`)", "", FENCE.sub("", text), flags=re.DOTALL
    )


def headings(text: str) -> list[str]:
    """The headings of a page, in order."""
    return re.findall(r"(?m)^(#+ .+)$", FENCE.sub("", text))


def anchors(path: Path) -> list[str]:
    """The anchors of the headings of a page, in order, as code hosts make them."""
    named = (
        re.sub(r"[^\w\- ]", "", re.sub(r"^#+ ", "", one).lower()).replace(" ", "-")
        for one in headings(path.read_text(encoding="utf-8"))
    )
    found: Counter[str] = Counter()
    unique = []
    for name in named:
        unique.append(f"{name}-{found[name]}" if found[name] else name)
        found[name] += 1
    return unique


def blocks(text: str) -> list[tuple[str, list[list[str]]]]:
    """Of each block its kind and its commands: their words and options."""
    return [
        (kind, [typed(line) for line in body.splitlines() if "federation " in line])
        for _, kind, body in FENCE.findall(text)
    ]


def typed(line: str) -> list[str]:
    """The command and the options of a line; what people fill in is their own."""
    command = re.split(r"\s#\s", line)[0]
    words = re.search(r"federation((?: [a-z][a-z-]*(?= |$))*)", command)
    return [words[1] if words else "", *re.findall(r" (--[a-z-]+)", command)]


def tables(text: str) -> list[int]:
    """How many rows each table has."""
    return [
        table.count("\n")
        for table in re.findall(r"(?m)(?:^\|.*\n)+", FENCE.sub("", text))
    ]


def codes(text: str) -> list[str]:
    """Code or number in the first cell of each row; what is to be filled in is `…`."""
    rows = re.findall(r"(?m)^\| (.*?) \|", FENCE.sub("", text))
    found = (" ".join(re.findall(r"`[^`]+`|^\d+$", row)) for row in rows)
    return [re.sub(r"\b[A-Z]{3,}\b", "…", one) for one in found]


def cells(text: str) -> list[tuple[Counter[str], Counter[str]]]:
    """Of each row its code and its figures, in whatever order the language has them."""
    found = []
    for row in re.findall(r"(?m)^\|.*$", FENCE.sub("", text)):
        code = re.findall(r"`([^`]+)`", row)
        plain = re.sub(r"(?<=\d)[.,:](?=\d)", "", re.sub(r"`[^`]*`|\([^)]*\)", "", row))
        masked = (re.sub(r"\b[A-Z]{3,}\b", "…", one) for one in code)
        found.append((Counter(masked), Counter(re.findall(r"\d+", plain))))
    return found


def goals(path: Path) -> Counter[tuple[str, int]]:
    """What a page links to, whatever the language: a file and which of its headings."""
    found: Counter[tuple[str, int]] = Counter()
    for label, address in LINK.findall(prose(path.read_text(encoding="utf-8"))):
        if label in {"English", "Bahasa Indonesia"}:
            continue
        file, _, heading = address.partition("#")
        if address.startswith(OUTSIDE):
            found[address, 0] += 1
            continue
        there = (path.parent / file).resolve() if file else path
        place = anchors(there).index(heading) if heading else 0
        name = there.as_posix().removesuffix(".md").removesuffix(".id")
        found[name, place] += 1
    return found


@each_pair
def test_both_have_the_same_headings_and_each_names_the_other(page):
    english, indonesian = both(page)
    levels = [[re.sub(" .*", "", one) for one in headings(t)] for t in both(page)]
    assert levels[0] == levels[1]
    assert f"[Bahasa Indonesia]({page.stem}.id.md" in english
    assert f"[English]({page.name}" in indonesian


@each_pair
def test_both_tell_people_to_type_the_same(page):
    english, indonesian = map(blocks, both(page))
    assert english == indonesian


@each_pair
def test_both_have_the_same_rows_and_codes_in_their_tables(page):
    english, indonesian = both(page)
    assert tables(english) == tables(indonesian)
    assert codes(english) == codes(indonesian)


@pytest.mark.parametrize(
    "page",
    # What the set-ups are said to be is told in each language's own words.
    [one for one in TWINS if one.parent.name == "reference" and one.stem != "broken"],
    ids=lambda path: path.stem,
)
def test_each_row_of_the_reference_has_the_same_code_and_figures(page):
    english, indonesian = map(cells, both(page))
    assert english == indonesian


@each_pair
def test_both_link_to_the_same_places(page):
    assert goals(page) == goals(page.with_suffix(".id.md"))


def test_each_language_links_to_pages_of_its_own_where_there_are_any():
    """Whoever reads Indonesian is not led into English by the way, nor the reverse."""
    for path in DOCS.rglob("*.md"):
        is_indonesian = path.name.endswith(".id.md")
        for label, goal in LINK.findall(prose(path.read_text(encoding="utf-8"))):
            file = goal.partition("#")[0]
            if not file.endswith(".md") or goal.startswith(OUTSIDE):
                continue
            there = (path.parent / file).resolve()
            if is_indonesian and label != "English" and not file.endswith(".id.md"):
                assert not there.with_suffix(".id.md").exists(), f"{path}: {goal}"
            if not is_indonesian and label != "Bahasa Indonesia":
                assert not file.endswith(".id.md"), f"{path}: {goal}"


@pytest.mark.parametrize("folder", ["tutorial", "explanation", "how-to", "reference"])
def test_what_partners_and_auditors_read_is_there_in_both_languages(folder):
    english = {
        path.name for path in (DOCS / folder).glob("*.md") if ".id." not in path.name
    }
    missing = {
        name for name in english if not (DOCS / folder / f"{name[:-3]}.id.md").exists()
    }
    assert missing == (FOR_PROGRAMMERS if folder == "reference" else set())


def test_the_first_page_in_indonesian_says_which_pages_are_in_english():
    first = DOCS / "README.id.md"
    text = first.read_text(encoding="utf-8")
    shown = re.findall(r"\]\(([^)#]+\.md)[^)]*\)( \(en\))?", text)
    assert len(shown) > 40
    for goal, mark in shown:
        is_english = not goal.endswith(".id.md") and goal != "README.md"
        assert bool(mark) == is_english, goal
