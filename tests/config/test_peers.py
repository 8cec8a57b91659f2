"""Partners are read strictly, written back faithfully, edited without loss."""

import runpy
from dataclasses import replace
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.config import rewrite
from federation.config.peers import (
    Peer,
    PeerEntry,
    PhotoPolicy,
    format_peer,
    load_peers,
    parse_peers,
)
from federation.config.rewrite import (
    add_election,
    add_peers,
    remove_peer,
    set_flag,
    set_paused,
)
from federation.errors import ConfigError, ConflictError, NotFoundError
from federation.text import LANGUAGES, Text
from federation.tlog.keys import Signer

ROOT = Path(__file__).parents[2]
HOSTILE = runpy.run_path(str(Path(__file__).with_name("hostile.py")))
SETTINGS_DOCS = runpy.run_path(str(Path(__file__).with_name("test_settings.py")))
KEY_B = Signer.from_seed("b.example/identity", bytes([1]) * 32).key
KEY_C = Signer.from_seed("c.example/identity", bytes([2]) * 32).key
ROLE_B = Signer.from_seed("b.example/records", bytes([3]) * 32).key
B = Peer(org="b.example", identity=KEY_B, name="B", url="https://b.example")
C = Peer(org="c.example", identity=KEY_C)

WRITTEN = f"""\
# ours, by hand

[[peer]] # the first
org = "b.example"
name = "B"   # called so
identity = "{KEY_B}"
url = "https://b.example"
paused = false # until Friday

# about the second
[[ peer ]]
org = "c.example"
identity = "{KEY_C}"
elections = [
  "pemilu-2024",
]

# the end
"""


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "peers.toml"
    file.write_text(WRITTEN)
    return file


def read(text):
    return parse_peers(text, Path("peers.toml"))


def test_no_file_means_no_partners(tmp_path):
    assert load_peers(tmp_path / "peers.toml") == ()


def test_five_lines_are_enough(tmp_path):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "b.example.vkey").write_text(f"{KEY_B}\n")
    lines = [
        "[[peer]]",
        'org = "b.example"',
        'name = "B"',
        'identity = "keys/b.example.vkey"',
        'url = "https://b.example"',
    ]
    (tmp_path / "peers.toml").write_text("\n".join(lines))
    assert load_peers(tmp_path / "peers.toml") == (B,)


def test_a_partner_without_address_is_allowed():
    assert read(format_peer(C)) == (C,)


@pytest.mark.parametrize(
    ("what", "text", "reason"), HOSTILE["PEERS"], ids=lambda v: str(v)[:40]
)
def test_what_is_wrong_is_refused_with_file_key_and_reason(what, text, reason):
    for name, key in (("{key}", KEY_B), ("{other}", KEY_C), ("{role}", ROLE_B)):
        text = text.replace(name, str(key))
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert str(caught.value).startswith(f"peers.toml: {reason}"), what


line = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)
bound = st.none() | st.integers(1, 86_400)
amount = st.integers(1, 1 << 40)
flag = st.booleans()


@pytest.mark.parametrize(
    ("line", "key", "choices"),
    [
        ('photos = "semua"', "photos", '"none", "on-demand", "all", "disputed"'),
        ('logs = ["x"]', "logs[0]", '"early", "incidents"'),
    ],
)
def test_what_is_none_of_the_choices_is_told_with_them(line, key, choices):
    text = f'[[peer]]\norg = "a.example"\nidentity = "x"\n{line}\n'
    with pytest.raises(ConfigError) as caught:
        parse_peers(text, Path("peers.toml"))
    assert caught.value.key == f"peer[1].{key}"
    for language in LANGUAGES:
        assert Text(language).say(caught.value.reason).endswith(f": {choices}")


@given(
    st.builds(
        Peer,
        org=st.just("b.example"),
        identity=st.just(KEY_B),
        name=line,
        url=st.none() | st.just("http://[::1]:8470/x"),
        elections=st.none() | st.lists(st.just("e-1"), max_size=2).map(tuple),
        interval_s=bound,
        deadline_s=bound,
        max_kbit_s=bound,
        max_bytes_per_turn=amount,
        max_rows_per_turn=amount,
        max_refused_per_turn=amount,
        max_bytes=amount,
        max_rows=amount,
        max_refused=amount,
        allow_private=flag,
        paused=flag,
        hidden=flag,
        relay=flag,
        photos=st.sampled_from(get_args(PhotoPolicy)),
    )
)
def test_what_is_formatted_is_parsed(peer):
    assert read(format_peer(peer)) == (peer,)


def test_a_partner_is_added_behind_what_is_written(path):
    remove_peer(path, "c.example")
    before = path.read_text()
    add_peers(path, [(C, None)])
    assert path.read_text() == before + "\n" + format_peer(C)
    assert load_peers(path)[1] == C


def test_a_partner_is_added_to_no_file(tmp_path):
    add_peers(tmp_path / "peers.toml", [(B, None)])
    assert load_peers(tmp_path / "peers.toml") == (B,)


def test_a_partner_is_not_added_twice_and_then_none_is(path):
    d = replace(C, org="d.example")
    with pytest.raises(ConflictError, match=r"b\.example is listed"):
        add_peers(path, [(d, None), (B, None)])
    assert path.read_text() == WRITTEN


def test_removing_keeps_everything_else(path):
    remove_peer(path, "b.example")
    assert path.read_text() == WRITTEN.replace(
        WRITTEN[WRITTEN.index("[[peer]]") : WRITTEN.index("# about")], ""
    )
    remove_peer(path, "c.example")
    assert path.read_text() == "# ours, by hand\n\n# about the second\n# the end\n"


def test_a_flag_that_is_written_is_changed_in_its_place(path):
    set_paused(path, "b.example", paused=True)
    assert path.read_text() == WRITTEN.replace("paused = false", "paused = true")
    assert load_peers(path)[0].paused
    set_paused(path, "b.example", paused=False)
    assert path.read_text() == WRITTEN


def test_a_flag_that_is_not_written_follows_the_last_member(path):
    set_flag(path, "c.example", "hidden", value=True)
    assert path.read_text() == WRITTEN.replace(
        "]\n\n# the end", "]\nhidden = true\n\n# the end"
    )
    assert load_peers(path)[1].hidden


def test_a_flag_is_added_to_a_last_line_without_line_feed(tmp_path):
    path = tmp_path / "peers.toml"
    path.write_text(format_peer(B).removesuffix("\n"))
    set_paused(path, "b.example", paused=True)
    assert load_peers(path) == (replace(B, paused=True),)


@pytest.mark.parametrize(
    "change",
    [
        lambda path: remove_peer(path, "x.example"),
        lambda path: set_paused(path, "x.example", paused=True),
    ],
    ids=["remove", "pause"],
)
def test_nobody_is_not_found(path, change):
    with pytest.raises(NotFoundError, match=r"x\.example is not listed"):
        change(path)
    assert path.read_text() == WRITTEN


def test_a_file_written_in_an_unforeseen_way_is_left_alone(tmp_path):
    path = tmp_path / "peers.toml"
    text = f'peer = [{{org = "b.example", identity = "{KEY_B}"}}]\n'
    path.write_text(text)
    for change in (
        lambda: set_paused(path, "b.example", paused=True),
        lambda: remove_peer(path, "b.example"),
        lambda: add_peers(path, [(C, None)]),
    ):
        with pytest.raises(ConfigError, match="edit it by hand"):
            change()
    assert path.read_text() == text


def test_a_header_inside_a_text_is_not_taken_for_one(tmp_path):
    path = tmp_path / "peers.toml"
    text = format_peer(Peer(org="b.example", identity=KEY_B))
    text += 'name = """\n[[peer]]\n"""\n'
    path.write_text(text)
    with pytest.raises(ConfigError, match="edit it by hand"):
        set_paused(path, "b.example", paused=True)
    assert path.read_text() == text


def test_a_write_that_fails_leaves_the_old_file(path, monkeypatch):
    def fail(*_):
        raise ConfigError("peers.toml", "", "cannot be written: no space")

    monkeypatch.setattr(rewrite, "replace_file", fail)
    with pytest.raises(ConfigError, match="no space"):
        remove_peer(path, "b.example")
    assert path.read_text() == WRITTEN


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('elections = ["a"] # x\n', 'elections = ["a", "e-1"] # x\n'),
        ("elections = []\n", 'elections = ["e-1"]\n'),
        ('elections = ["a",]\n', 'elections = ["a", "e-1"]\n'),
        ('elections = ["e-1"]\n', 'elections = ["e-1"]\n'),
    ],
)
def test_an_election_is_added_to_the_settings(tmp_path, before, after):
    path = tmp_path / "federation.toml"
    path.write_text("# top\n" + before + "[sync]\n")
    add_election(path, "e-1")
    assert path.read_text() == "# top\n" + after + "[sync]\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", 'incidents = ["a"]\n'),
        ("incidents = []\n", 'incidents = ["a"]\n'),
        ('incidents = ["a"] # x\n', 'incidents = ["a"] # x\n'),
    ],
    ids=["of an older home", "empty", "listed"],
)
def test_an_election_of_reports_is_added_to_a_list_of_its_own(tmp_path, before, after):
    path = tmp_path / "federation.toml"
    rest = 'elections = ["a"]\n[sync]\n'
    path.write_text("# top\n" + before + rest)
    add_election(path, "a", "incidents")
    assert path.read_text() == "# top\n" + after + rest


def test_a_list_of_elections_on_many_lines_is_left_alone(tmp_path):
    path = tmp_path / "federation.toml"
    path.write_text('elections = [\n"a"\n]\n')
    with pytest.raises(ConfigError, match='add "e-1" to it by hand'):
        add_election(path, "e-1")
    assert path.read_text() == 'elections = [\n"a"\n]\n'


def test_every_key_is_documented_with_its_default():
    table = SETTINGS_DOCS["documented"]("peers.toml")
    assert set(table) == set(PeerEntry.__struct_fields__)
    for field in msgspec.structs.fields(PeerEntry):
        if isinstance(field.default, bool):
            assert table[field.name] == f"`{str(field.default).lower()}`"


def test_the_example_works_and_shows_every_key():
    path = ROOT / "peers.example.toml"
    short, full = load_peers(path)
    assert (short.interval_s, short.relay) == (None, True)
    last = path.read_text(encoding="utf-8").split("[[peer]]")[2]
    for name in PeerEntry.__struct_fields__:
        assert f"\n{name} = " in last, name
    assert full.max_kbit_s == 2000
