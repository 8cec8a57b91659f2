"""A photo that is removed leaves what was published of it, and comes in none anew."""

import json
import re

import pytest

from federation.config.home import Home
from tests.cli.filled_home import files
from tests.photos.pictures import photo

ELECTION = "pilpres-2019"


@pytest.fixture
def shown(own_home, federation, tmp_path):
    """Two photos that everybody may have; what publishes them in a bundle, a folder."""
    settings = Home(own_home).settings
    text = settings.read_text()
    text, number = re.subn(r"(?m)^\[photos\]$", "[photos]\npublic = true", text)
    assert number == 1
    settings.write_text(text)
    folder = tmp_path / "photos"
    folder.mkdir()
    for page in (1, 2):
        (folder / f"1371011001001_{page}.jpg").write_bytes(
            photo(size=(200, 150 + page))
        )
    pattern = ("--pattern", "{tps}_{page}.jpg")
    words = ("photos", "import", folder, "--election", ELECTION, *pattern)
    ended = federation(*words)
    assert ended.code == 0, ended

    def publish(number):
        bundle, static = tmp_path / f"{number}.zip", tmp_path / "static"
        for words in (("--bundle", bundle), ("--static", static)):
            ended = federation("export", *words, "--photos")
            assert ended.code == 0, ended
        in_bundle = {name for name in files(bundle) if name.startswith("blob/")}
        return in_bundle, {f"blob/{path.name}" for path in (static / "blob").iterdir()}

    return publish


def test_what_is_removed_goes_out_of_folders_and_into_no_bundle(shown, federation):
    first, there = shown(1)
    assert first == there
    assert len(there) == 2
    gone, stays = sorted(there)
    digest = gone.removeprefix("blob/")
    ended = federation("photos", "remove", digest, "--reason", "asked", "--json")
    assert json.loads(ended.out)["is_new"], ended
    assert shown(2) == ({stays}, {stays})
