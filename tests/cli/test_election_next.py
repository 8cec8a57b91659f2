"""`federation election next`: a further election, with the partners of one before."""

import json
import shutil
import tomllib

import pytest

from federation.cli import main
from federation.config.founding import load_identity_key
from federation.config.home import Home
from federation.config.peers import load_peers
from federation.config.settings import load_settings
from tests.cli.test_election import write
from tests.homes import init_words, make_home

BEFORE, NEXT = "pemilu-2024", "pilkada-padang"
LISTED, OTHER, OPEN = "b.example", "c.example", "d.example"


@pytest.fixture(scope="module")
def founded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("founded")
    with pytest.raises(SystemExit) as end:
        main(init_words(folder / "home", "a.example", BEFORE))
    assert end.value.code == 0
    tables = []
    for org, elections in (
        (LISTED, 'elections = [ "pilpres-2019", "pemilu-2024" ]  # yang dua'),
        (OTHER, 'elections = ["pilpres-2019"]'),
        (OPEN, "# semua"),
    ):
        key = load_identity_key(make_home(folder, org), org)
        tables.append(
            f'# {org}\n[[peer]]\norg = "{org}"\nidentity = "{key}"\n{elections}\n'
        )
    Home(folder / "home").peers.write_text("\n".join(tables))
    return folder


@pytest.fixture
def home(founded, tmp_path):
    shutil.copytree(founded / "home", tmp_path / "home")
    return Home(tmp_path / "home")


@pytest.fixture
def begin(founded, home, tmp_path, cli):
    def run(*words, name=NEXT, after=BEFORE, **changes):
        rules = write(tmp_path, **changes)
        words = ("--after", after, "--rules", rules, *words)
        given = ("--home", home.folder, "--passphrase-file", founded / "passphrase")
        return cli("election", "next", name, *words, *given, "--json")

    return run


def test_it_is_exchanged_with_who_exchanges_the_one_before_and_nobody_else(home, begin):
    text = home.peers.read_text()
    code, out, err = begin()
    assert code == 0, err
    said = json.loads(out)
    assert (said["partners"], said["listed"]) == ([LISTED, OPEN], [LISTED])
    assert load_settings(home.settings).elections == [BEFORE, NEXT]
    assert home.chain(f"a.example/{NEXT}").exists()
    follows = {p.org: p.elections for p in load_peers(home.peers)}
    assert follows == {
        LISTED: ("pilpres-2019", BEFORE, NEXT),
        OTHER: ("pilpres-2019",),
        OPEN: None,
    }
    # Nothing else of the operator's own file has changed.
    assert home.peers.read_text().replace(f', "{NEXT}"', "") == text.replace(
        '"pemilu-2024" ]', '"pemilu-2024"]'
    )


def test_again_it_changes_nothing_and_needs_no_identity_key(home, begin):
    begin()
    home.identity.unlink()
    before = home.peers.read_bytes(), home.settings.read_bytes()
    code, out, err = begin()
    assert code == 0, err
    assert (json.loads(out)["made"], json.loads(out)["listed"]) == ([], [])
    assert (home.peers.read_bytes(), home.settings.read_bytes()) == before


def test_without_a_file_of_partners_it_says_that_nobody_is_asked(home, begin):
    home.peers.unlink()
    code, out, err = begin()
    assert code == 0, err
    assert json.loads(out)["partners"] == []
    assert not home.peers.exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"after": "pilpres-2019"}, "takes no part in pilpres-2019"),
        ({"election": "pilkada-solok"}, "holds the rules of pilkada-solok"),
        ({"contests": {}}, "profile.json"),
    ],
)
def test_what_cannot_be_meant_is_told_and_makes_nothing(home, begin, given, said):
    before = sorted(home.folder.rglob("*"))
    code, _, err = begin(**given)
    assert code != 0
    assert said in err
    assert sorted(home.folder.rglob("*")) == before


def test_a_list_that_no_program_should_edit_is_left_to_the_operator(home, begin):
    text = home.peers.read_text().replace(
        '[ "pilpres-2019", "pemilu-2024" ]', '[\n  "pilpres-2019",\n  "pemilu-2024"\n]'
    )
    home.peers.write_text(text)
    code, _, err = begin()
    assert code != 0
    assert "peers.toml" in err
    assert home.peers.read_text() == text
    tomllib.loads(text)


def test_a_shipped_election_needs_no_rules(home, founded, cli):
    given = ("--home", home.folder, "--passphrase-file", founded / "passphrase")
    words = ("election", "next", "pilkada-2024", "--after", BEFORE, "--incidents")
    code, out, err = cli(*words, *given)
    assert code == 0, err
    assert LISTED in out
    assert load_settings(home.settings).incidents == ("pilkada-2024",)
