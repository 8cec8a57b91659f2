"""From an empty folder to a node, asked or told; what exists is kept."""

import json
import os
import pty
import select
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from federation.config.fingerprint import parse_fingerprint
from federation.config.founding import load_chain_notes, load_identity_key
from federation.config.home import Home
from federation.config.keystore import load_node_keys
from federation.config.peers import load_peers
from federation.config.settings import load_settings
from federation.records.keychain import open_chain
from tests.waiting import LIMIT_S

ROOT = Path(__file__).parents[2]
PASSPHRASE = "kuda laut pagi hari"
FLAGS = (
    *("init", "--yes", "--org", "a.example", "--name", "Jaga A"),
    *(
        "--contact",
        "a@a.example",
        "--election",
        "pemilu-2024",
        "--election",
        "pilpres-2019",
    ),
)


@pytest.fixture
def passphrase(tmp_path):
    path = tmp_path / "passphrase"
    path.touch(0o600)
    path.write_text(PASSPHRASE + "\n")
    return path


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path / "new" / "home")


@pytest.fixture
def made(cli, passphrase, home):
    code, out, err = cli(
        *FLAGS, "--home", home.folder, "--passphrase-file", passphrase, "--json"
    )
    assert (code, err) == (0, "")
    return json.loads(out)


def test_flags_alone_make_a_node(made, home):
    settings = load_settings(home.settings)
    assert (settings.org, settings.name) == ("a.example", "Jaga A")
    assert settings.elections == ["pemilu-2024", "pilpres-2019"]
    assert settings.attribution == "Jaga A"
    assert load_peers(home.peers) == ()
    origins = ["a.example/pemilu-2024", "a.example/pilpres-2019"]
    keys = load_node_keys(home, "a.example", origins)
    identity = load_identity_key(home, "a.example")
    for origin in origins:
        chain = open_chain(load_chain_notes(home, origin), identity)
        assert chain.log_key(0) == keys.log[origin].key
    for folder in (home.data, home.guard):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert home.data not in home.guard.parents


def test_a_node_that_keeps_reports_begins_with_a_history_for_them(
    cli, home, passphrase
):
    code, _, _ = cli(
        *(*FLAGS, "--incidents", "--home", home.folder),
        *("--passphrase-file", passphrase),
    )
    assert code == 0
    settings = load_settings(home.settings)
    assert list(settings.incidents) == settings.elections
    for origin in settings.origins[2:]:
        assert origin.endswith("/incidents")
        assert load_chain_notes(home, origin)


def test_the_answer_for_programs_names_every_file(made, home):
    files = {str(path) for path in home.folder.rglob("*") if path.is_file()}
    assert set(made["made"]) == files
    assert made["kept"] == []
    assert parse_fingerprint(made["fingerprint"]) == made["fingerprint"]


def test_a_node_may_begin_on_a_server_if_nobody_has_its_tables_there(
    cli, passphrase, home, postgres_session, postgres
):
    words = (*FLAGS, "--home", home.folder, "--passphrase-file", passphrase)
    for address, told in (
        (postgres, "has tables of a node"),
        (postgres_session.address("none-there"), "no database of this name"),
        (postgres + "&sslmod=require", "sslmod"),
    ):
        code, _, err = cli(*words, "--database", address)
        assert code != 0
        assert told in err
        assert not home.settings.exists()
    empty = postgres_session.create("begins")
    assert cli(*words, "--database", empty)[0] == 0
    assert load_settings(home.settings).database == empty


def test_doing_it_again_keeps_everything(cli, made, home):
    before = {p: p.read_bytes() for p in home.folder.rglob("*") if p.is_file()}
    code, out, _ = cli("init", "--yes", "--home", home.folder, "--json")
    assert code == 0
    assert json.loads(out)["made"] == []
    code, out, _ = cli("init", "--yes", "--home", home.folder, "--lang", "id")
    assert "Semuanya sudah ada." in out
    assert made["fingerprint"] in out
    assert before == {p: p.read_bytes() for p in home.folder.rglob("*") if p.is_file()}


def test_another_organisation_needs_another_folder(cli, made, home):
    code, _, err = cli("init", "--yes", "--home", home.folder, "--org", "b.example")
    assert code == 6
    assert "belongs to a.example" in err


def test_an_election_added_by_hand_is_founded(cli, made, home, passphrase):
    before = set(home.guard.iterdir())
    text = home.settings.read_text(encoding="utf-8")
    home.settings.write_text(
        text.replace('"pilpres-2019"]', '"pilpres-2019", "pilkada-2024"]')
    )
    code, _, err = cli("init", "--yes", "--home", home.folder)
    assert code == 2
    assert "--passphrase-file" in err
    code, out, _ = cli(
        *("init", "--yes", "--json", "--home", home.folder),
        *("--passphrase-file", passphrase),
    )
    assert code == 0
    origin = "a.example/pilkada-2024"
    assert set(json.loads(out)["made"]) == {
        str(home.log_key(origin)),
        str(home.chain(origin)),
        *(str(path) for path in home.guard.glob("*.founded") if path not in before),
    }


@pytest.mark.parametrize(
    ("changed", "code", "reason"),
    [
        (["--org", "Not A Domain"], 3, "org: should be a domain name"),
        (["--election", "E 1"], 3, "elections[2]: should be small letters"),
        (["--public-url", "x"], 3, "listen.public_url: should be an address"),
        (["--name", ""], 3, "name: should be one line of text, not empty"),
        (["--port", "99999"], 2, "--port"),
        (["--passphrase-file", "/nowhere/x"], 3, "/nowhere/x: cannot be read"),
        (["--passphrase-file", os.devnull], 3, "fewer than 12 characters"),
    ],
    ids=lambda v: str(v)[:30],
)
def test_nothing_is_written_before_every_answer_is_good(
    cli, home, passphrase, changed, code, reason
):
    found, _, err = cli(
        *(*FLAGS, "--home", home.folder, "--passphrase-file", passphrase), *changed
    )
    assert found == code
    assert reason in err
    assert not home.folder.exists()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620, 0o602])
def test_a_passphrase_that_others_can_read_is_refused_with_the_command_that_mends_it(
    cli, home, passphrase, mode
):
    passphrase.chmod(mode)
    flags = [*FLAGS, "--home", home.folder, "--passphrase-file", passphrase]
    code, _, err = cli(*flags)
    assert code == 3
    assert f"(mode {mode:04o}); run: chmod 0600 {passphrase}" in err
    assert not home.folder.exists()
    passphrase.chmod(0o400)
    assert cli(*flags)[0] == 0


def test_a_passphrase_comes_through_a_pipe_too(cli, home):
    reading, writing = os.pipe()
    os.write(writing, b"a passphrase through a pipe\n")
    os.close(writing)
    # As a shell says it for `--passphrase-file <(pass show node)`.
    flags = [*FLAGS, "--home", home.folder, "--passphrase-file", f"/dev/fd/{reading}"]
    code, _, err = cli(*flags)
    os.close(reading)
    assert code == 0, err


@pytest.mark.parametrize("missing", ["--org", "--name", "--contact", "--election"])
def test_a_missing_answer_is_named(cli, home, passphrase, missing):
    at = FLAGS.index(missing)
    flags = list(FLAGS[:at] + FLAGS[at + 2 :])
    if missing == "--election":
        flags = list(FLAGS[: FLAGS.index("--election")])
    code, _, err = cli(*flags, "--home", home.folder, "--passphrase-file", passphrase)
    assert (code, missing in err) == (2, True)
    assert not home.folder.exists()


def test_without_a_passphrase_nothing_is_made(cli, home):
    code, _, err = cli(*FLAGS, "--home", home.folder)
    assert code == 2
    assert "--passphrase-file" in err
    assert not home.folder.exists()


def test_no_output_shows_a_secret(cli, passphrase, home):
    _, out, err = cli(*FLAGS, "--home", home.folder, "--passphrase-file", passphrase)
    secrets = [PASSPHRASE, home.contributor_secret.read_text().strip()]
    secrets += [path.read_text().splitlines()[1] for path in home.keys.glob("*.pem")]
    for secret in secrets:
        assert secret not in out + err
    sheet = home.recovery.read_text(encoding="utf-8")
    assert all(secret not in sheet for secret in secrets)


def test_on_a_terminal_it_asks(home):
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "federation", "init", "--home", str(home.folder)]
    answers = {
        "nama domain": "a.example",
        "namanya": "Jaga A",
        "kontak": "a@a.example",
        "pemilu, dipisahkan": "pemilu-2024 pilpres-2019",
        "alamat node": "",
        "frasa sandi untuk": PASSPHRASE,
        "sekali lagi": PASSPHRASE,
    }
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "FEDERATION_LANG": "id"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    transcript, pending = "", ""
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        if not select.select([ours], [], [], 0.1)[0]:
            if process.poll() is not None:
                break
            continue
        try:
            said = os.read(ours, 4096).decode()
        except OSError:
            break
        transcript += said
        pending += said.lower()
        for question, answer in answers.items():
            if question in pending and pending.rstrip(" ").endswith(":"):
                os.write(ours, f"{answer}\n".encode())
                pending = ""
                break
    os.close(ours)
    assert process.wait(LIMIT_S) == 0, transcript
    settings = load_settings(home.settings)
    assert settings.elections == ["pemilu-2024", "pilpres-2019"]
    assert settings.listen.public_url is None
    assert PASSPHRASE not in transcript
