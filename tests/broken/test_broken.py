"""Each broken set-up is told: what, where, how to mend it; in both languages."""

import contextlib
import re
import time

import pytest

from federation.cli import main
from federation.records.timezones import tell_here
from federation.text import LANGUAGES
from scripts.make_broken import PAGES, make_page
from tests.broken.cases import CASES
from tests.broken.world import make_world
from tests.homes import init_words

DAY_S = 86_400
#: Words that no Indonesian sentence has; names of these tests and of pages may.
ENGLISH = re.compile(
    r"(?<!hotel)(?<!-)\b(the|is|are|was|not|and|which|there|with|by|has)\b"
)


@pytest.fixture(scope="module")
def founded(tmp_path_factory):
    """Two organisations, a and b, each in its home."""
    folder = tmp_path_factory.mktemp("founded")
    for name in "ab":
        words = init_words(folder / name, f"{name}.example", "pemilu-2024")
        with pytest.raises(SystemExit) as end:
            main([*words, "--name", name])
        assert end.value.code == 0
    return folder


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_broken_set_up_says_what_where_and_how_to_mend_it(
    cli, founded, monkeypatch, case
):
    with make_world(founded, monkeypatch) as world, contextlib.ExitStack() as stack:
        opened = case.spoil(world)
        if opened is not None:
            stack.enter_context(opened)
        stack.enter_context(world.running())
        for language in LANGUAGES:
            words = (*case.words, "--home", world.home.folder, "--lang", language)
            code, out, err = cli(*words)
            said = out + err
            assert code == case.exit, said
            expected = case.id if language == "id" else case.en
            assert language == "en" or not ENGLISH.search(said), ENGLISH.search(said)
            tomorrow = tell_here(time.time() + DAY_S, "%Y-%m-%d")[:10]
            places = {"home": world.home.folder, "tomorrow": tomorrow}
            whole = f"{expected.what}\n{expected.mend}\n{case.where}"
            for place, value in places.items():
                whole = whole.replace(f"{{{place}}}", str(value))
            for part in whole.splitlines():
                assert part in said, said


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_made_of_this_table(language):
    page = PAGES[language].read_text(encoding="utf-8")
    assert page == make_page(language), "run `make docs`"


def test_there_are_forty_and_no_two_are_one():
    assert len({case.name for case in CASES}) == len(CASES) >= 40
