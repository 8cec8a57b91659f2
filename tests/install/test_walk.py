"""From nothing to the first record of a partner, by each way that the how-to lists.

Its lines are read out of the page and typed (`walk.py`); what each took is printed:
`pytest -s tests/install/test_walk.py`. Packages are fetched, so that without an index
there is nothing to walk. Where no systemd runs, `systemctl.py` stands in for it.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from federation.config.fingerprint import fingerprint
from federation.config.founding import load_identity_key
from tests.install.walk import PROJECT, blocks, checkout, lines_of, terminal
from tests.stories.nodes import Node, closing_all
from tests.waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.long]

PAGES = {"en": "install.md", "id": "install.id.md"}
HOW_TO = PROJECT / "docs/how-to"
IN_ALL_S = 600
HERE = Path(__file__).parent
#: The blocks of both pages, by what the walk calls them.
NAMES = {
    "An environment of its own": "environment",
    "pipx": "pipx",
    "A container": "container",
    "As a service": "service",
    "Manual and completion": "manual",
    "From nothing to the first record of a partner": "first record",
}


def page_blocks():
    found = blocks(HOW_TO / "install.md")
    return {NAMES.get(head, head): code for head, code in found.items()}


def test_both_pages_have_each_way_and_the_same_commands():
    def commands(name):
        found = [
            re.split(r"\s+#", line)[0].replace("SIDIKJARI", "FINGERPRINT").split()
            for block in blocks(HOW_TO / name).values()
            for code in block
            for line in lines_of(code)
        ]
        # The manual is of the reader's language.
        return [words for words in found if not re.search("/man/|man1", str(words))]

    assert commands("install.md") == commands("install.id.md")
    assert set(page_blocks()) >= set(NAMES.values())


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """The two files of a release, as the page says that they are made."""
    clone = checkout(tmp_path_factory.mktemp("checkout"))
    (clone / ".venv").symlink_to(sys.prefix)
    [first] = page_blocks()[""]
    subprocess.run(["bash", "-ec", first], cwd=clone, check=True)
    return clone / "dist"


@pytest.fixture
def may_walk():
    """Whether a copy of this machine can be made here."""
    for tool in ("unshare", "sudo", "bash"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    tried = ["unshare", "--mount", "true"]
    if os.geteuid() or subprocess.run(tried, check=False).returncode:
        pytest.skip("only root may lay overlays over folders of this machine")


@pytest.fixture
def partner(tmp_path):
    """A partner that already runs, with two results."""
    with closing_all() as opened:
        node = Node(tmp_path / "partner", "jagapemilu.example")
        opened.append(node)
        node.start("--alone").take(0, 2)
        yield node


@pytest.fixture
def place():
    """A folder that other accounts come to: pytest shuts its own for them."""
    folder = Path(tempfile.mkdtemp(prefix="federation-walk-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def begin(may_walk, place, release):
    """What opens a terminal, in a folder with the two files of the release."""
    with contextlib.ExitStack() as stack:

        def open_terminal(*, files=True, **environ):
            folder = place / "operator"
            folder.mkdir()
            if files:
                shutil.copytree(release, folder, dirs_exist_ok=True)
            home = place / "home"
            home.mkdir()
            (place / "run").mkdir()
            script = place / "systemctl"
            run = f"STAND_IN={place}/run exec {sys.executable} {HERE}/systemctl.py"
            script.write_text(f"#!/bin/sh\n{run} $*\n")
            script.chmod(0o755)
            path = f"{home}/.local/bin:/usr/local/sbin:{os.environ['PATH']}"
            own = {"HOME": str(home), "PATH": path}
            found = stack.enter_context(terminal(place, folder, **own, **environ))
            found.type(f"cp {script} /usr/local/sbin/systemctl")
            return found

        yield open_terminal
        pid = place / "run/pid"
        if pid.exists():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid.read_text()), signal.SIGTERM)
            wait_until(lambda: not is_there(int(pid.read_text())), "it ends")


def is_there(number):
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def walk(shell, lines, replaced=None):
    """Type these lines; each of them goes well."""
    for line in lines:
        for old, new in (replaced or {}).items():
            line = line.replace(old, new)  # noqa: PLW2901  what is typed
        done = shell.type(line)
        assert done.code == 0, f"$ {line}\n{done.said}"


def first_record(shell, partner, began):
    """The last lines of the page; then the partner's results are here, verified."""
    print_ = fingerprint(load_identity_key(partner.home, partner.org))
    replaced = {
        # On this machine and without TLS, as no partner is.
        "https://data.partner.example": f"{partner.url} --allow-private",
        "FINGERPRINT": print_,
    }
    [block] = page_blocks()["first record"][:1]
    walk(shell, lines_of(block), replaced)
    assert "up to date" in shell.typed[-1].said, shell.typed[-1].said
    seconds = time.monotonic() - began
    done = shell.type("federation status --json")
    assert f'"{partner.origin}"' in done.said
    for one in shell.typed:
        print(f"{one.seconds:7.1f} s  {one.line[:110]}")  # noqa: T201  the figures
    print(f"{seconds:7.1f} s  in all")  # noqa: T201
    assert seconds < IN_ALL_S


def needs_index(shell):
    """Nothing to walk where packages cannot be fetched."""
    done = shell.type("python3 -m pip download --no-deps --quiet -d pip-tried cffi")
    if done.code:
        pytest.skip(f"no package index: {done.said[-200:]}")


def test_pipx(begin, partner):
    if shutil.which("pipx") is None:
        pytest.skip("pipx is not installed")
    shell = begin()
    needs_index(shell)
    began = time.monotonic()
    walk(shell, lines_of(page_blocks()["pipx"][0]))
    first_record(shell, partner, began)


def test_an_environment_of_its_own_as_a_service(begin, partner):
    shell = begin()
    needs_index(shell)
    began = time.monotonic()
    found = page_blocks()
    walk(shell, lines_of(found["environment"][0]))
    walk(shell, lines_of(found["service"][0]))
    assert "answers at http://127.0.0.1:8470" in shell.typed[-2].said
    first_record(shell, partner, began)
    walk(shell, lines_of(found["manual"][0]))


def test_a_checkout(begin, partner):
    shell = begin(files=False)
    needs_index(shell)
    began = time.monotonic()
    found = blocks(HOW_TO / "run-a-node.md")
    clone = {"git clone …": f"git clone --quiet file://{PROJECT}"}
    walk(shell, lines_of(found["Install and found"][0]), clone)
    walk(shell, lines_of(found["As a service"][0]))
    walk(shell, [page_blocks()["service"][0].splitlines()[-1]])
    first_record(shell, partner, began)


#: What this machine may not: raise limits, mix both versions of groups of processes.
_CONTAINERS = (
    '[containers]\ndefault_ulimits = ["nofile=8192:8192", "nproc=4096:4096"]\n'
)
_STORAGE = '[storage]\ndriver = "vfs"\ngraphroot = "{0}/graph"\nrunroot = "{0}/run"\n'
BASE = "docker.io/library/debian:12-slim"


def test_a_container(begin, partner, place):
    """`WALK_BASE`: a folder with a Debian 12, where no registry can be reached."""
    for tool in ("buildah", "podman"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    partner.stop()
    settings = partner.home.settings
    settings.write_text(
        re.sub("(?m)^host = .*$", 'host = "0.0.0.0"', settings.read_text())
    )
    partner.start("--alone")
    storage = place / "containers"
    storage.mkdir()
    (storage / "containers.conf").write_text(_CONTAINERS)
    (storage / "storage.conf").write_text(_STORAGE.format(storage))
    shell = begin(
        BUILDAH_ISOLATION="chroot",
        CONTAINERS_CONF=str(storage / "containers.conf"),
        CONTAINERS_STORAGE_CONF=str(storage / "storage.conf"),
    )
    shutil.copy(PROJECT / "docs/examples/container/Containerfile", place / "operator")
    shell.type("umount /sys/fs/cgroup/unified")
    if base := os.environ.get("WALK_BASE"):
        made = f"made=$(buildah from scratch) && buildah add -q $made {base} /"
        walk(shell, [f"{made} && buildah commit -q $made {BASE} && buildah rm $made"])
    elif shell.type(f"buildah pull -q {BASE}").code:
        pytest.skip("no registry of images, and no WALK_BASE")
    began = time.monotonic()
    try:
        walk(shell, lines_of(page_blocks()["container"][0]))
        # The way out of the container to this machine.
        form = "{{range .Subnets}}{{.Gateway}}{{end}}"
        asked = f"podman network inspect podman --format '{form}'"
        gateway = re.findall(r"\d+\.\d+\.\d+\.\d+", shell.type(asked).said)[-1]
        partner.url = partner.url.replace("127.0.0.1", gateway)
        first_record(shell, partner, began)
    finally:
        shell.type("podman stop --all; podman rm --all --force; podman volume prune -f")
