"""The wheel: all that the program needs, in an environment that knows no checkout."""

import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import tomllib
import urllib.error
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

from tests.homes import PASSPHRASE
from tests.waiting import LIMIT_S

PROJECT = Path(__file__).resolve().parents[2]
REQUIREMENT = re.compile(r"^([a-zA-Z0-9_.-]+)(?:\[[a-z,]+\])?==(\S+)", re.MULTILINE)


def tracked(*folders):
    """The files of these folders that a release is made of."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(
        [*words, "--", *folders], cwd=PROJECT, capture_output=True, check=False
    )
    if listed.returncode:
        pytest.skip("no checkout of git here")
    names = listed.stdout.decode().split("\0")
    return {name for name in names if name and (PROJECT / name).exists()}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """A wheel of this checkout, built as a release is."""
    folder = tmp_path_factory.mktemp("dist")
    words = ["wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    run = [sys.executable, "-m", "pip", *words, "--wheel-dir", str(folder), "."]
    subprocess.run(run, cwd=PROJECT, check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The program in a fresh environment; only what it depends on is lent to it."""
    folder = tmp_path_factory.mktemp("fresh") / "env"
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    libraries = Path(sysconfig.get_path("purelib"))
    place = ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    said = subprocess.run([python, *place], capture_output=True, check=True)
    # A path of a path file is searched last, and its own path files are not read: the
    # link to this checkout is not followed.
    (Path(said.stdout.decode().strip()) / "lent.pth").write_text(f"{libraries}\n")
    words = ["install", "--quiet", "--no-deps", "--no-index", "--force-reinstall"]
    # Built on a machine that may have another index in its settings: none is asked.
    subprocess.run(
        [*pip_of(folder), *words, str(wheel)],
        check=True,
        cwd=folder,
        env=clean(),
    )
    return folder


def pip_of(folder):
    """Our pip, at work in that environment: none has to be unpacked there first."""
    python = str(folder / "bin" / "python")
    return [sys.executable, "-m", "pip", "--isolated", "--python", python]


def clean(**more):
    """The environment without anything of ours."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("FEDERATION_", "PYTHON", "COVERAGE", "PIP_"))
    }
    return {**kept, "LC_ALL": "C.UTF-8", **more}


def federation(installed, *words, folder, **more):
    """What the installed command prints, run somewhere else."""
    return subprocess.run(
        [installed / "bin" / "federation", *words],
        cwd=folder,
        env=clean(**more),
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_holds_each_file_of_the_package_and_no_other(wheel):
    with zipfile.ZipFile(wheel) as opened:
        names = {name for name in opened.namelist() if not name.endswith("/")}
    data = "tps_federation-0.1.0.data/data/"
    ours = {name for name in names if ".dist-info/" not in name}
    installed = {
        data + name.removeprefix("docs/installed/")
        for name in tracked("docs/installed")
    }
    assert ours == tracked("federation") | installed


def test_its_version_and_needs_are_those_of_the_project(wheel):
    with (PROJECT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    with zipfile.ZipFile(wheel) as opened:
        (name,) = (n for n in opened.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = opened.read(name).decode()
    assert f"Version: {project['version']}\n" in metadata
    for extra in ("alarms", "heif"):
        assert f"Provides-Extra: {extra}\n" in metadata


def test_every_need_of_the_wheel_is_pinned_with_a_hash(wheel):
    with zipfile.ZipFile(wheel) as opened:
        (name,) = (n for n in opened.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = opened.read(name).decode()
    needed = {
        re.split(r"[^a-zA-Z0-9._-]", line)[0].lower().replace("_", "-")
        for line in re.findall(r"(?m)^Requires-Dist: (.*)$", metadata)
        if "extra ==" not in line
    }
    pins = (PROJECT / "requirements.txt").read_text(encoding="utf-8")
    pinned = {name.lower().replace("_", "-") for name, _ in REQUIREMENT.findall(pins)}
    assert needed <= pinned
    for block in re.split(r"\n(?=[a-z])", pins.strip()):
        assert "--hash=sha256:" in block, block.splitlines()[0]


@pytest.mark.slow
def test_what_is_installed_agrees_with_what_it_needs(installed):
    run = [*pip_of(installed), "check"]
    said = subprocess.run(run, capture_output=True, text=True, env=clean(), check=False)
    assert "tps-federation" not in said.stdout, said.stdout


@pytest.mark.slow
def test_the_program_comes_from_the_wheel_with_its_manual_completion_and_unit(
    installed, tmp_path
):
    for path in (
        "share/man/man1/federation.1",
        "share/man/id/man1/federation.1",
        "share/bash-completion/completions/federation",
        "share/zsh/site-functions/_federation",
        "share/fish/vendor_completions.d/federation.fish",
        "lib/systemd/system/federation.service",
    ):
        theirs = (PROJECT / "docs" / "installed" / path).read_bytes()
        assert (installed / path).read_bytes() == theirs
    asked = "import federation; print(federation.__file__)"
    said = subprocess.run(
        [installed / "bin" / "python", "-c", asked],
        cwd=tmp_path,
        env=clean(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(said.stdout.strip()).is_relative_to(installed)
    assert "0.1.0" in federation(installed, "--version", folder=tmp_path).stdout


@pytest.mark.slow
def test_a_node_of_the_wheel_is_founded_signs_and_shows_every_kind_of_page(
    installed, tmp_path
):
    passphrase = tmp_path / "passphrase"
    passphrase.touch(0o600)
    passphrase.write_text(PASSPHRASE)
    words = ["init", "--yes", "--org", "jagasuara.example", "--port", "0"]
    words += ["--name", "Jaga Suara", "--contact", "x@jagasuara.example"]
    words += ["--election", "pemilu-2024", "--passphrase-file", "passphrase"]
    home = str(tmp_path / "home")
    made = federation(installed, *words, "--home", home, folder=tmp_path)
    assert made.returncode == 0, made.stderr
    table = "kode_tps,01,02,03,sah\n7202011001001,61,98,20,179\n"
    (tmp_path / "results.csv").write_text(table)
    more = {"FEDERATION_HOME": home}
    words = ["import", "results.csv", "--contest", "ppwp", "--form", "plano"]
    imported = federation(installed, *words, folder=tmp_path, **more)
    assert imported.returncode == 0, imported.stdout + imported.stderr
    run = [installed / "bin" / "federation", "serve", "--json"]
    with subprocess.Popen(
        run, cwd=tmp_path, env=clean(**more), stdout=subprocess.PIPE, text=True
    ) as node:
        try:
            url = json.loads(node.stdout.readline())["url"]
            for path, kind in (
                ("/", "text/html"),
                ("/tps/7202011001001", "text/html"),
                ("/verify", "text/html"),
                ("/openapi.json", "application/json"),
                ("/v1/status", "application/json"),
                ("/.well-known/tps-federation", "text/plain"),
            ):
                with urllib.request.urlopen(f"{url}{path}") as answer:
                    assert answer.headers.get_content_type() == kind
                    body = answer.read()
                assert body
                if path == "/":
                    linked = re.findall(rb'"[./]*(static/[^"]+)"', body)
                    assert linked
            for name in linked:
                with urllib.request.urlopen(f"{url}/{name.decode()}") as answer:
                    assert answer.status == 200
        finally:
            node.send_signal(signal.SIGTERM)
        assert node.wait(10 * LIMIT_S) == 0
