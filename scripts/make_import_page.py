"""Write `docs/reference/import.md` and its twin: all that an importer knows.

Run it after a change of a header, a spelling or a refusal: `make docs`. A test compares
what it makes with what is there. Every example of a value is read while the page is
written: what stands beside it is what came out.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from federation.records.personal import find_personal
from federation.sources import (
    blank,
    cell,
    folder,
    headers,
    moment,
    numbered,
    place,
    words,
)  # fmt: skip
from federation.sources.mapping import TEXTS
from federation.sources.recognise import FORMATS
from federation.sources.row import BadCell, clip
from federation.text import LANGUAGES, Language, Text, load_topic

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.import_page_words import HEADS, INDONESIAN  # noqa: E402 - beside this file

PAGES: Final[Mapping[Language, Path]] = {
    "en": ROOT / "docs/reference/import.md",
    "id": ROOT / "docs/reference/import.id.md",
}

#: Topics of which every sentence is something an import may say of a file or a row.
TOPICS: Final = (
    "file", "recognise", "workbook", "folder", "columns", "cell", "row", "personal",
    "numbering", "kawalpemilu", "mapping", "intake",
)  # fmt: skip

#: What an importer calls a column in the page, where `--map` has no name for it.
WORDS: Final = {
    headers.PLAIN_TPS: "`tps`, or `number` beside a kelurahan's code",
    headers.RUNNING: "left out: it counts the rows",
    headers.PLAIN_CODE: "`tps`, or `kelurahan` beside a station's number",
    headers.PLAIN_NUMBER: "`candidate` in a table of one candidate a row, or nothing",
    "rejected": "rows that the tool's own reviewers turned down are not taken",
    "candidate": "`candidate`, in a table of one candidate a row",
    "votes": "`votes`, in a table of one candidate a row",
}
#: Headers of candidates, and what they are in an election of two.
CANDIDATES: Final = (
    "01", "1", "100025", "paslon_01", "Paslon 1", "Pas 1", "Calon No. 1", "Capres 1",
    "Suara 01", "Perolehan suara paslon 01", "Jumlah suara paslon nomor urut 1",
    "01 Anies Baswedan", "Anies Baswedan – Muhaimin Iskandar", "Anies", "candidates.01",
    "01 %", "foto paslon 01", "Suara Anies (persen)",
)  # fmt: skip
PERSONAL: Final = (
    "HP 0812-0000-0000", "kantor (0451) 421000", "NIK 7202010101800001",
    "relawan@contoh.example", "mobil DN 1234 AB", "di -1.39512, 120.75431",
    "akun @relawan.poso", "wa.me/6281200000000", "diantar Pak Budi",
)  # fmt: skip


class Page:
    """The language of a page: its own words, and those of the program."""

    def __init__(self, language: Language) -> None:
        self.language, self.text = language, Text(language)

    def say(self, english: str) -> str:
        """A sentence of the page."""
        return english if self.language == "en" else INDONESIAN[english]


def make_page(language: Language) -> str:
    """The text of the page in one of the two languages."""
    page = Page(language)
    sections = (
        ("Files", _files(page)),
        ("Headers", _headers(page)),
        ("Candidates in headers", _candidates(page)),
        ("Columns that are left out", _left_out(page)),
        ("Words for rounds, contests, forms, sources and reviews", _words(page)),
        ("Codes of polling stations", _places(page)),
        ("Numbers of polling stations beside a kelurahan", _numbers(page)),
        ("Votes and figures", _counts(page)),
        ("What is no number", _no_counts(page)),
        ("Nothing here", _nothing(page)),
        ("What may stand around a value", _guards(page)),
        ("Times", _moments(page)),
        ("Personal data in free text", _personal(page)),
        ("Everything that an import may say", _sentences(page)),
    )
    parts = (f"\n## {page.say(title)}\n\n{text}" for title, text in sections)
    return HEADS[language] + "".join(parts)


def _table(page: Page, names: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    heads = [page.say(name) for name in names]
    lines = [heads, ["---"] * len(heads), *(list(map(str, row)) for row in rows)]
    return "".join(
        "| " + " | ".join(one.replace("|", "\\|") for one in line) + " |\n"
        for line in lines
    )


def _code(value: object) -> str:
    return f"`{value}`"


def _files(page: Page) -> str:
    kinds = _table(
        page,
        ("`--format`", "what it is"),
        ((_code(kind), page.text(f"import.format-{kind}")) for kind in FORMATS),
    )
    endings = ", ".join(_code(f".{ending}") for ending in sorted(folder.READ))
    return (
        page.say(
            "A file is recognised by what it holds, plain or as `.gz`, from a disk, "
            "a pipe or `-`:"
        )
        + f"\n\n{kinds}\n"
        + page.say(
            "Of a folder these are read, in any case: {endings}, and files without an "
            "ending that hold text. Every other file is named with the reason."
        ).format(endings=endings)
        + "\n"
    )


def _headers(page: Page) -> str:
    rows = [
        (
            page.say(WORDS[target]) if target in WORDS else _code(target),
            ", ".join(map(_code, names)),
        )
        for target, names in headers.KNOWN.items()
    ]
    rows.append(
        (page.say("the member of that name"), ", ".join(map(_code, TEXTS[:-1])))
    )
    rows.append(
        (
            "`figures.…`",
            page.say("every figure of the form by its name: [domain](domain.md)"),
        )
    )
    rows.append(
        ("`parties.…`", "`partai_1`, `partai_1_partai`, `partai_1_caleg_100211`, …")
    )
    return (
        page.say(
            "A header is compared in lower case, its punctuation as `_`: `Suara Sah` "
            "is `suara_sah`. In exports of KoboToolbox and ODK Central "
            "`group/question` is the question. Title rows above the header are passed "
            "over and named. A guessed column in which no value fits is left out; "
            "`--map OURS=THEIRS` names a column, `--map OURS=` leaves one out."
        )
        + "\n\n"
        + _table(page, ("read as", "headers"), rows)
    )


def _candidates(page: Page) -> str:
    listed = {
        "01": "Anies Baswedan – Muhaimin Iskandar",
        "02": "Prabowo Subianto – Gibran Rakabuming Raka",
    }
    names = numbered.HeaderNames(
        ids={"01": "01", "1": "01", "100025": "01", "02": "02", "2": "02"},
        words={
            who: frozenset(numbered.normalise(name).split("_"))
            for who, name in listed.items()
        },
        whole={numbered.normalise(name): who for who, name in listed.items()},
    )
    return (
        page.say(
            "In the presidential election of 2024. A column whose number and name are "
            "not one candidate's stops the file, and so does a candidate without a "
            "column."
        )
        + "\n\n"
        + _table(
            page,
            ("header", "read as"),
            (
                (_code(one), _code(found) if found else page.say("left out"))
                for one in CANDIDATES
                for found in [headers.guess(one, names, parties=False).target]
            ),
        )
    )


def _left_out(page: Page) -> str:
    return _table(
        page,
        ("headers", "why"),
        (
            (
                ", ".join(map(_code, sorted(known))),
                page.text(f"columns.{why}", header="…"),
            )
            for why, known in headers.NOT_READ.items()
        ),
    )


def _words(page: Page) -> str:
    tables: tuple[tuple[str, Mapping[str, str]], ...] = (
        ("round", words.ROUND_NAMES),
        ("contest", words.CONTEST_NAMES),
        ("form", words.FORM_NAMES),
        ("source", words.SOURCE_NAMES),
        ("review", words.REVIEW_NAMES),
    )
    rows = []
    for name, known in tables:
        for value in dict.fromkeys(known.values()):
            spelt = (_code(word) for word, means in known.items() if means == value)
            rows.append((_code(name), _code(value), ", ".join(spelt)))
    said = page.say("In any case, and with any blanks between the words.")
    return f"{said}\n\n" + _table(page, ("member", "read as", "written"), rows)


def _places(page: Page) -> str:
    return _table(
        page,
        ("what it is", "written", "read as"),
        (
            (page.say(what), _code(clip(text)[1:-1]), _code(place.parse_place(text)))
            for what, text, _ in place.PLACES
        ),
    )


def _numbers(page: Page) -> str:
    return _table(
        page,
        ("written", "read as"),
        (
            (_code(text), _code(place.join_place("7202011001", text, ("", ""))))
            for text, _ in place.NUMBERS
        ),
    )


def _counts(page: Page) -> str:
    return _table(
        page,
        ("what it is", "written", "read as"),
        (
            (page.say(what), _code(text), _code(cell.parse_count(text)))
            for what, text, _ in cell.COUNTS
        ),
    )


def _no_counts(page: Page) -> str:
    return _table(
        page,
        ("written", "refused, because"),
        (
            (_code(clip(text)[1:-1]), _why_no_count(page, text))
            for text, _ in cell.NO_COUNTS
        ),
    )


def _why_no_count(page: Page, text: str) -> str:
    try:
        cell.parse_count(text)
    except BadCell as bad:
        return page.text.say(bad.reason)
    raise AssertionError(f"{text} was read")


def _nothing(page: Page) -> str:
    words = ", ".join(_code(clip(one)[1:-1]) for one in blank.NOTHING if one)
    return (
        page.say(
            "An empty cell and, in any case: {words}. It means *not read*; `0` means "
            "zero. They are not the same."
        ).format(words=words)
        + "\n"
    )


def _guards(page: Page) -> str:
    return _table(
        page,
        ("what it is", "written", "read as"),
        (
            (page.say(what), _code(clip(text)[1:-1]), _code(blank.tidy(text)))
            for what, text, _ in blank.GUARDS
        ),
    )


def _moments(page: Page) -> str:
    return (
        page.say(
            "Without a zone it is Jakarta's time (WIB). A time that could be two is "
            "left out of its row of a table; a JSON line with one is refused."
        )
        + "\n\n"
        + _table(
            page,
            ("written", "read as"),
            (
                (_code(text), _code(moment.parse_time(text)))
                for text, _ in moment.MOMENTS
            ),
        )
    )


def _personal(page: Page) -> str:
    def kind_of(text: str) -> str:
        found = find_personal(text)
        assert found is not None, text
        return page.text(f"personal.{found.kind}")

    return (
        page.say(
            "Free text is published only when it is asked for (`--map note=…`), and "
            "not where one of these is found in it:"
        )
        + "\n\n"
        + _table(
            page,
            ("text", "looks like"),
            ((_code(text), kind_of(text)) for text in PERSONAL),
        )
    )


def _sentences(page: Page) -> str:
    parts = [page.say("In both languages; `{…}` is filled in.") + "\n"]
    for topic in TOPICS:
        rows = ((said["en"], said["id"]) for said in load_topic(topic).values())
        parts.append(
            f"\n### {topic}\n\n" + _table(page, ("English", "Indonesia"), rows)
        )
    return "".join(parts)


def main() -> None:
    """Write the pages."""
    for name in LANGUAGES:
        PAGES[name].write_text(make_page(name), encoding="utf-8")


if __name__ == "__main__":
    main()
