"""The site of the documents: what is laid out, what is refused, what it asks for."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
PARTS = PROJECT / "scripts" / "site"
BUILDER = PROJECT / ".venv-site" / "bin" / "python"


@pytest.fixture
def parts(monkeypatch):
    """The modules that build it, as the builder finds them."""
    monkeypatch.syspath_prepend(str(PARTS))
    import links  # noqa: PLC0415
    import stage  # noqa: PLC0415

    yield stage, links
    for name in ("links", "stage"):
        sys.modules.pop(name, None)


def write(folder, pages):
    for name, text in pages.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


#: A small house of documents: two pages in both languages, one in English alone.
PAGES = {
    "docs/README.md": "# Documents\n\n[b](how-to/b.md) [a](how-to/a.md)\n",
    "docs/README.id.md": "# Dokumen\n\n[a](how-to/a.id.md) [b](how-to/b.md)\n",
    "docs/how-to/a.md": "# Alpha\n\n[Bahasa Indonesia](a.id.md) [b](b.md#two)\n",
    "docs/how-to/a.id.md": "# Alfa\n\n[English](a.md) [b](b.md#two) `[x](no.md)`\n",
    "docs/how-to/b.md": "# Beta\n\n## Two\n\n[rules](../../LICENSE) [all](../adr)\n",
    "docs/adr/0001.md": "# One\n\nBecause.\n",
    "LICENSE": "Do as you like.\n",
}


@pytest.fixture
def house(tmp_path):
    write(tmp_path, PAGES)
    return tmp_path


def staged(parts, house, language):
    stage, _ = parts
    target = house / "out" / language
    stage.stage(stage.Docs(house / "docs"), language, target)
    return {
        path.relative_to(target).as_posix(): path.read_text(encoding="utf-8")
        for path in target.rglob("*")
        if path.is_file()
    }


def test_each_language_has_every_page_and_says_where_it_is_in_english(parts, house):
    english, indonesian = (staged(parts, house, one) for one in ("en", "id"))
    assert english.keys() == indonesian.keys()
    assert "# Alfa" in indonesian["how-to/a.md"]
    assert "hanya tersedia dalam bahasa Inggris" in indonesian["how-to/b.md"]
    assert "hanya tersedia" not in "".join(english.values())


def test_a_link_stays_in_the_language_unless_it_names_the_other(parts, house):
    indonesian = staged(parts, house, "id")["how-to/a.md"]
    assert "[English](raw:../../en/how-to/a.html)" in indonesian
    assert "[b](b.md#two)" in indonesian
    assert "`[x](no.md)`" in indonesian


def test_a_file_that_is_linked_to_goes_along_and_a_folder_is_its_list(parts, house):
    english = staged(parts, house, "en")
    assert english["files/LICENSE"] == PAGES["LICENSE"]
    assert (
        "[rules](raw:../files/LICENSE) [all](../adr/index.md)" in english["how-to/b.md"]
    )


def test_a_list_has_every_page_of_its_section_in_the_order_of_the_first(parts, house):
    write(house, {"docs/how-to/new.md": "# A new one\n"})
    for language, order in (("en", ["b", "a", "new"]), ("id", ["a", "b", "new"])):
        listed = staged(parts, house, language)["how-to/index.md"]
        assert re.findall(r"\(/how-to/(\w+)\.md\)", listed) == order


def test_a_link_that_leads_nowhere_is_named_with_its_page(parts, house):
    write(house, {"docs/how-to/b.md": "# Beta\n\n[gone](gone.md)\n"})
    with pytest.raises(FileNotFoundError, match=r"docs/how-to/b\.md: gone\.md"):
        staged(parts, house, "en")


@pytest.mark.parametrize(
    "planted",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="//cdn.example/x.css">',
        '<img src="http://cdn.example/x.png">',
        "<style>@import 'https://cdn.example/x.css';</style>",
        '<p style="background:url(https://cdn.example/x.png)">',
        "<script>import('https://cdn.example/x.js')</script>",
        '<iframe src="https://cdn.example/"></iframe>',
    ],
)
def test_what_a_page_fetches_from_another_host_is_found(parts, tmp_path, planted):
    _, links = parts
    write(tmp_path, {"a.html": f"<html>{planted}</html>", "b.html": "<p>well</p>"})
    (fault,) = links.faults(tmp_path)
    assert fault.startswith("a.html: fetches ")
    assert "cdn.example" in fault


def test_a_link_to_another_host_is_no_fault_and_one_to_nowhere_is(parts, tmp_path):
    _, links = parts
    text = '<h1 id="x">1</h1><a href="https://example.org/">1</a><a href="#x">2</a>'
    write(tmp_path, {"a.html": text, "b.html": '<a href="a.html#y">3</a>'})
    write(tmp_path, {"c.html": '<a href="d.html">4</a>'})
    assert links.faults(tmp_path) == [
        "b.html: a.html#y: no such heading",
        "c.html: d.html is not there",
    ]


@pytest.fixture
def build():
    if not BUILDER.exists() and not os.environ.get("CI"):
        pytest.skip("what builds it is not installed: make site")

    def run(docs, out):
        words = [str(BUILDER), str(PARTS / "build.py"), str(docs), str(out)]
        return subprocess.run(words, capture_output=True, text=True, check=False)

    return run


@pytest.mark.slow
def test_a_small_house_is_built_and_searched_without_anybody_else(build, house, parts):
    done = build(house / "docs", house / "site")
    assert done.returncode == 0, done.stderr
    assert parts[1].faults(house / "site") == []
    page = (house / "site/id/how-to/a.html").read_text(encoding="utf-8")
    assert '<html class="no-js" lang="id"' in page
    assert 'hreflang="en"' in page
    only_english = (house / "site/id/how-to/b.html").read_text(encoding="utf-8")
    assert "hreflang" not in only_english
    assert "alfa" in (house / "site/id/searchindex.js").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("planted", "said"),
    [
        ("[a](a.md#nowhere)", "nowhere"),
        ('<script src="https://cdn.example/x.js"></script>', "fetches"),
        ("![x](https://cdn.example/x.png)", "fetches"),
    ],
    ids=["anchor", "script", "image"],
)
def test_what_may_not_be_there_ends_the_build(build, house, planted, said):
    write(house, {"docs/how-to/b.md": f"# Beta\n\n## Two\n\n{planted}\n"})
    done = build(house / "docs", house / "site")
    assert done.returncode != 0
    assert said in done.stderr
