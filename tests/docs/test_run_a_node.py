"""The how-to of running a node, typed: founded as it says, watched while it runs."""

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from federation.cli.output import NOT_FOUND
from federation.config.settings import load_settings
from tests.docs.test_election_night import a_night
from tests.docs.typed import PAGES, commands_of, type_line
from tests.homes import init_words

PROJECT = PAGES.parents[1]
LANGUAGES = pytest.mark.parametrize("page", ["run-a-node.md", "run-a-node.id.md"])
# What a machine has and a test may not use: each notes what it was asked for.
MACHINE = {
    "sudo": '[ "$1" = -u ] && shift 2; exec "$@"',
    "useradd": 'echo "$@" >>"$ASKED"; mkdir -p "$3"',
    "systemctl": 'echo "$@" >>"$ASKED"',
    "git": 'mkdir "$3" && ln -s "$PROJECT/docs" "$3/docs"',
    "make": 'mkdir -p .venv/bin && ln -s "$FEDERATION" .venv/bin/federation',
}
PLACES = ("/opt", "/usr/local/bin", "/etc/systemd/system", "/var/lib/federation")


def blocks(page: str, kind: str) -> list[str]:
    text = (PAGES / page).read_text(encoding="utf-8")
    return re.findall(rf"(?s)```{kind}\n(.*?)```\n", text)


def founding(page: str, folder: Path) -> str:
    """The blocks that found a node, in a machine that is this folder."""
    script = "".join(block for block in blocks(page, "sh") if "sudo" in block)
    # What `init` asks for is told to it: there is nobody at the keyboard.
    org, secret = "jagasuara.example", folder / "pass"
    words = init_words(folder / "x", org, "pilpres-2019", passphrase=secret)
    answers = " ".join(f"'{word}'" for word in words[3:])
    script, count = re.subn(r"(?m)^(.* init --home \S+)$", rf"\1 {answers}", script)
    assert count == 1
    for place in PLACES:
        assert place in script
        script = script.replace(place, f"{folder}{place}")
    return script


@pytest.mark.slow
@pytest.mark.long
@LANGUAGES
def test_a_node_is_founded_as_the_page_says_and_its_unit_finds_it(tmp_path, page):
    for place in PLACES[:3]:
        (tmp_path / place[1:]).mkdir(parents=True)
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, does in MACHINE.items():
        (tools / name).write_text(f"#!/bin/sh\n{does}\n")
        (tools / name).chmod(stat.S_IRWXU)
    done = subprocess.run(
        ["bash", "-ec", founding(page, tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={
            "PATH": f"{tools}:/usr/bin:/bin",
            "PYTHONPATH": str(PROJECT),
            "PROJECT": str(PROJECT),
            "FEDERATION": str(Path(sys.executable).parent / "federation"),
            "ASKED": str(tmp_path / "asked"),
        },
    )
    assert done.returncode == 0, done.stdout + done.stderr
    home = tmp_path / PLACES[3][1:]
    assert load_settings(home / "federation.toml").org == "jagasuara.example"
    assert (home / "identity" / "recovery.html").exists()
    unit = (tmp_path / "etc/systemd/system/federation.service").read_text()
    added, started = (tmp_path / "asked").read_text().splitlines()
    assert f"User={added.split()[-1]}\n" in unit
    assert f"FEDERATION_HOME={PLACES[3]}\n" in unit
    assert f"--home-dir {home} " in added
    assert started == "enable --now federation"
    assert (tmp_path / "usr/local/bin/federation").resolve().exists()


@pytest.mark.slow
@pytest.mark.long
@LANGUAGES
def test_every_command_about_a_node_can_be_typed(tmp_path, page):
    """Those of the blocks at a node that runs; those in sentences exist."""
    language = "id" if ".id." in page else "en"
    with a_night(tmp_path) as node:
        folder = node.home.folder
        for line, is_named in commands_of(page):
            given = re.sub(r"\b(?:CODE|KODE)\b", "disk-full", line)
            given = f"{given} --help" if is_named else given
            code, output = type_line(given, folder, folder, language)
            # Nothing was raised that could be cleared.
            allowed = {0, NOT_FOUND} if "--clear" in line else {0}
            assert code in allowed, f"{line}\n{code} {output}"
        asked = [
            line
            for block in blocks(page, "sh")
            for line in block.splitlines()
            if line.startswith("curl ")
        ]
        assert asked
        for line in asked:
            given = line.replace(":8470/", f":{node.port}/")
            assert given != line
            code, output = type_line(f"{given} -f", folder, folder, language)
            assert (code, bool(output)) == (0, True), line


@LANGUAGES
def test_the_settings_of_the_page_are_settings(tmp_path, page):
    listen, alarms = blocks(page, "toml")
    (tmp_path / "keys").mkdir()
    for name, text in (("mail.password", "x\n"), ("telegram.url", "tgram://1:a/2\n")):
        path = tmp_path / "keys" / name
        path.touch(0o600)
        path.write_text(text)
    path = tmp_path / "federation.toml"
    path.write_text(
        'org = "jagasuara.example"\nname = "J"\ncontact = "a@b.example"\n'
        f'elections = ["pilpres-2019"]\n\n{listen}\n{alarms}'
    )
    settings = load_settings(path)
    assert settings.listen.public_url == "https://data.example.org"
    assert settings.listen.trusted_proxies == ("127.0.0.1",)
    assert len(settings.alarms.to) == 2
