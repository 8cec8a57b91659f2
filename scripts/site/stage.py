"""The pages of `docs/` laid out for the generator: a folder for each language.

Rule: one place decides what a link leads to. A page is written once; in the folder of a
language stands its text in that language, or the English one, which then says so. What
a page links to outside of `docs/` is copied beside the pages. A link that leads nowhere
is an error here already.

    x.md, x.id.md              how-to/x in `en`, how-to/x in `id`
    README.md, README.id.md    the first page; its order of links is that of the lists
"""

import re
import shutil
from collections.abc import Callable
from os.path import relpath
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

LANGUAGES: Final = ("en", "id")
#: The sections in their order, each with its title.
SECTIONS: Final = {
    "tutorial": {"en": "Tutorial", "id": "Tutorial"},
    "how-to": {"en": "How-to", "id": "Panduan"},
    "reference": {"en": "Reference", "id": "Rujukan"},
    "explanation": {"en": "Explanation", "id": "Penjelasan"},
    "adr": {"en": "Decisions", "id": "Keputusan"},
    "examples": {"en": "Examples", "id": "Contoh"},
}
ONLY_ENGLISH: Final = "*Halaman ini hanya tersedia dalam bahasa Inggris.*"
#: Schemes of addresses that `conf.py` writes as they stand; with an anchor.
RAW: Final = "raw"
RAW_AT: Final = "raw-at"
_FENCE: Final = re.compile(r"(?m)^(```+|~~~+)[^\n]*\n.*?^\1[ \t]*$", re.DOTALL)
_SPAN: Final = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)
_LINK: Final = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^)\s]+)\)")
_OUTSIDE: Final = ("http://", "https://", "mailto:")
_TITLE: Final = re.compile(r"(?m)^# (.+)$")


class Page(NamedTuple):
    """A text in one language.

    Attributes:
        name: Its place without language and suffix (`how-to/verify`).
    """

    name: str
    language: str
    path: Path

    @property
    def title(self) -> str:
        """Its first heading."""
        found = _TITLE.search(self.path.read_text(encoding="utf-8"))
        return found[1] if found else self.name


class Docs:
    """All pages below a folder, by name and language."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.project = folder.resolve(), folder.resolve().parent
        self.pages: dict[tuple[str, str], Page] = {}
        for path in sorted(self.folder.rglob("*.md")):
            page = page_of(path, self.folder)
            self.pages[page.name, page.language] = page
        self.names = sorted({name for name, _ in self.pages})

    def find(self, name: str, language: str) -> Page | None:
        """The page in this language, else in English."""
        return self.pages.get((name, language)) or self.pages.get((name, "en"))

    def languages(self, name: str) -> list[str]:
        """The languages in which a page is written."""
        return [one for one in LANGUAGES if (name, one) in self.pages]

    def order(self, language: str) -> dict[str, int]:
        """At which place each page is named on the first one, from 0."""
        first = self.find("index", language)
        text = first.path.read_text(encoding="utf-8") if first else ""
        named: dict[str, int] = {}
        for match in _LINK.finditer(text):
            path = (self.folder / match[3].partition("#")[0]).resolve()
            if path.suffix == ".md" and path.is_relative_to(self.folder):
                named.setdefault(page_of(path, self.folder).name, len(named))
        return named


def stage(docs: Docs, language: str, target: Path) -> None:
    """Write the pages of one language into a new folder.

    What is no page, but linked to, goes to the folder `files` in it; images stay where
    they are, seen from their page.

    Raises:
        FileNotFoundError: a link leads nowhere.
    """
    for name in docs.names:
        page = docs.find(name, language)
        if page is None:
            continue
        text = _Rewriter(docs, page, language, target).text()
        if page.language != language:
            text = _noted(text)
        _write(target / f"{name}.md", text)
    for section in SECTIONS:
        text = _list(docs, section, language)
        _write(target / section / "index.md", text)


def page_of(path: Path, folder: Path) -> Page:
    """What a file below the folder of documents is."""
    place = PurePosixPath(path.relative_to(folder).as_posix()).with_suffix("")
    language = "id" if place.suffix == ".id" else "en"
    name = str(place.with_suffix("") if language == "id" else place)
    if name == "README":
        name = "index"
    return Page(name, language, path)


def _noted(text: str) -> str:
    """The text with a word below its heading: it is in English."""
    head, heading, rest = text.partition("\n\n")
    return f"{head}{heading}{ONLY_ENGLISH}\n\n{rest}"


def children(docs: Docs, section: str, language: str) -> list[Page]:
    """The pages right in a section: in the order of the first page, then by title."""
    order = docs.order(language)
    found = [
        page
        for name in docs.names
        if name.removesuffix("/README").rpartition("/")[0] == section
        and (page := docs.find(name, language)) is not None
    ]
    last = len(order)
    return sorted(found, key=lambda page: (order.get(page.name, last), page.title))


def _list(docs: Docs, section: str, language: str) -> str:
    """The page of a section: each of its pages with its first sentence."""
    lines = [f"# {SECTIONS[section][language]}\n"]
    lines += [
        f"- [{page.title}](/{page.name}.md)"
        for page in children(docs, section, language)
    ]
    return "\n".join(lines) + "\n"


class _Rewriter:
    """One page: each of its links leads to where its goal stands in the site."""

    def __init__(self, docs: Docs, page: Page, language: str, target: Path) -> None:
        self.docs, self.page, self.language = docs, page, language
        self.target, self.here = target, PurePosixPath(page.name).parent

    def text(self) -> str:
        """The page as the generator gets it."""
        text = self.page.path.read_text(encoding="utf-8")
        return _outside_code(text, lambda part: _LINK.sub(self._lead, part))

    def _lead(self, match: re.Match[str]) -> str:
        image, label, goal = match.groups()
        if goal.startswith((*_OUTSIDE, "#")):
            return match[0]
        file, _, heading = goal.partition("#")
        path = (self.page.path.parent / file).resolve()
        if not path.exists() or not path.is_relative_to(self.docs.project):
            where = self.page.path.relative_to(self.docs.project)
            raise FileNotFoundError(f"{where}: {goal} is not there")
        if image:
            _copy(path, self.target / self.here / file)
            return match[0]
        where = self._where(path, heading)
        return f"[{label}]({where})" if where else label

    def _where(self, path: Path, heading: str) -> str:
        """Where a file or folder of the project is in the site; "" where it is not."""
        behind = f"#{heading}" if heading else ""
        if path.is_dir():
            name = self._folder(path)
            return f"{relpath(name, self.here)}.md" if name else ""
        if path.suffix != ".md" or not path.is_relative_to(self.docs.folder):
            name = f"files/{path.relative_to(self.docs.project).as_posix()}"
            _copy(path, self.target / name)
            return f"{RAW}:{relpath(name, self.here)}"
        goal = page_of(path, self.docs.folder)
        there = self.docs.find(goal.name, self.language)
        if there is not None and there.language == goal.language:
            return relpath(f"{goal.name}.md", self.here) + behind
        other = relpath(f"../{goal.language}/{goal.name}.html", self.here)
        return f"{RAW_AT if heading else RAW}:{other}{behind}"

    def _folder(self, path: Path) -> str:
        if not path.is_relative_to(self.docs.folder):
            return ""
        place = path.relative_to(self.docs.folder).as_posix()
        if place in SECTIONS:
            return f"{place}/index"
        return f"{place}/README" if f"{place}/README" in self.docs.names else ""


def _copy(path: Path, there: Path) -> None:
    there.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(path, there)


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    """The text with what stands outside of code changed; code stays as it is."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[0])
        return f"\0{len(kept) - 1}\0"

    plain = _SPAN.sub(keep, _FENCE.sub(keep, text))
    changed = change(plain)
    while "\0" in changed:
        changed = re.sub(r"\0(\d+)\0", lambda m: kept[int(m[1])], changed)
    return changed


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
