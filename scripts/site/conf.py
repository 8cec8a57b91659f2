"""Settings of the generator (Sphinx) for the pages of one language: `make site`."""

import os
import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.search import SearchLanguage

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from stage import RAW, RAW_AT, SECTIONS, Docs, children  # noqa: E402

language = os.environ["SITE_LANGUAGE"]
other = {"en": "id", "id": "en"}[language]
docs = Docs(Path(os.environ["SITE_DOCS"]))

project = html_title = author = "tps-federation"
extensions = ["myst_parser"]
root_doc = "index"
exclude_patterns = ["files"]
nitpicky = True
# Headings have the anchors that code hosts give them: a link holds in both places.
myst_heading_anchors = 4
myst_url_schemes = {
    **dict.fromkeys(("http", "https", "mailto")),
    RAW: "{{path}}",
    RAW_AT: "{{path}}#{{fragment}}",
}
# The margin lists all pages by itself (`margin`); some pages leave out a level; a block
# of a kind without colours stays plain.
suppress_warnings = ["toc.not_included", "myst.header", "misc.highlighting_failure"]
html_theme = "furo"
html_theme_options = {"footer_icons": [], "top_of_page_buttons": []}
html_static_path = [str(HERE / "static")]
html_css_files = ["site.css"]
html_copy_source = html_show_sourcelink = html_use_index = False
html_show_copyright = html_show_sphinx = False
templates_path = [str(HERE / "templates")]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "margin.html",
        "sidebar/scroll-end.html",
    ]
}


class Indonesian(SearchLanguage):
    """Words as they stand: the generator brings no stemmer for Indonesian."""

    lang = "id"
    language_name = "Indonesian"
    stopwords = frozenset(
        {"ada", "adalah", "akan", "atau", "bila", "dan", "dari", "dengan", "di", "itu"}
        | {"ini", "juga", "ke", "oleh", "pada", "sebagai", "tidak", "untuk", "yang"}
    )


def margin(_: Sphinx, name: str, __: str, context: dict[str, Any], ___: object) -> None:
    """What stands in the margin: the sections, the pages of the open one."""
    section = next((one for one in SECTIONS if name.startswith(f"{one}/")), "")
    context["sections"] = [
        (
            f"{one}/index",
            titles[language],
            [(page.name, page.title.replace("`", "")) for page in open_pages(one)]
            if one == section
            else [],
        )
        for one, titles in SECTIONS.items()
    ]
    written = len(docs.languages(name)) == 2
    is_list = name.endswith("/index") or name == "index"
    root = "../" * (name.count("/") + 1)
    context["other_language"] = other if written or is_list else ""
    context["other_address"] = f"{root}{other}/{name}.html"


_pages = {one: children(docs, one, language) for one in SECTIONS}


def open_pages(section: str) -> list[Any]:
    """The pages of a section, in their order."""
    return _pages[section]


def setup(app: Sphinx) -> None:
    """What settings cannot say."""
    app.add_search_language(Indonesian)
    app.connect("html-page-context", margin)
