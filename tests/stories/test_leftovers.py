"""A command that is ended, however, lets go of its output and leaves no process.

Rule: whoever reads what a command prints (a pipe, a service manager, CI) sees its end
within seconds of the signal, and nothing that it started works on, or speaks.

`FEDERATION_SIGNALS="SIGINT SIGTERM SIGHUP SIGKILL"` is the full run; `make check` has
the signal that service managers send, `make check LONG=1` also the one nobody hears.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.homes import ELECTION
from tests.stories.nodes import PROJECT
from tests.waiting import LIMIT_S, is_running, unmeasured, wait_until

pytestmark = pytest.mark.slow
ASKED = os.environ.get("FEDERATION_SIGNALS")
SIGNALS = (
    ASKED.split()
    if ASKED
    else ["SIGTERM", pytest.param("SIGKILL", marks=pytest.mark.long)]
)
RECORDS = 4_000


def table(folder, rows=RECORDS):
    path = folder / "results.csv"
    villages = (f"{72020110 * 100 + k:010d}" for k in range(1, 99))
    codes = [f"{village}{n:03d}" for village in villages for n in range(1, 301)]
    lines = [f"{code},61,98,159" for code in codes[:rows]]
    path.write_text("kode_tps,01,02,sah\n" + "\n".join(lines) + "\n")
    return path


def importing(home, folder):
    words = ["import", str(table(folder)), "--alone", "--home", str(home)]
    return [*words, "--election", ELECTION, "--contest", "ppwp", "--allow-unlisted"]


def hear_interrupts():
    """As from a terminal: what a script starts in the background ignores Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextlib.contextmanager
def begin(words, folder):
    """The command, its output in pipes, nothing to read, as a service has it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "federation", *words],
        cwd=PROJECT,
        env={**unmeasured(), "TMPDIR": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=hear_interrupts,  # noqa: PLW1509  before any thread
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def family(pid):
    """Every process below this one."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                parents[int(entry.name)] = int(fields[1])
    found, new = set(), {pid}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - found
        found |= new
    return found


def end(process, name, least):
    """End it once it has started `least` processes; what it said until EOF."""
    started = set()

    def is_at_work():
        assert process.poll() is None, process.communicate()
        started.update(family(process.pid))
        return len(started) >= least

    wait_until(is_at_work, "its processes")
    time.sleep(0.2 if least else 0)
    started.update(family(process.pid))
    process.send_signal(getattr(signal, name))
    try:
        out, err = process.communicate(timeout=LIMIT_S)
    finally:
        until = time.monotonic() + LIMIT_S
        while (left := [*filter(is_running, started)]) and time.monotonic() < until:
            time.sleep(0.05)
        for pid in left:
            os.kill(pid, signal.SIGKILL)
    assert left == []
    return out.decode(), err.decode()


def check_quiet(err):
    for word in ("Traceback", "resource_tracker", "apscheduler", "CancelledError"):
        assert word not in err, err


@pytest.mark.parametrize("name", SIGNALS)
def test_an_import_lets_go(suara, tmp_path, name):
    with begin(importing(suara.home.folder, tmp_path), tmp_path) as process:
        _, err = end(process, name, 3)
    check_quiet(err)


@pytest.mark.parametrize("name", SIGNALS)
def test_a_node_lets_go_in_the_middle_of_its_work(suara, tmp_path, name):
    words = ["serve", "--alone", "--home", str(suara.home.folder)]
    with begin(words, tmp_path) as process:
        wait_until(suara.home.control.exists, "it serves")
        with begin(importing(suara.home.folder, tmp_path), tmp_path) as hand:
            _, err = end(process, name, 3)
            hand.kill()
            hand.communicate()
    check_quiet(err)


@pytest.mark.parametrize("name", SIGNALS)
def test_asking_partners_lets_go(pemilu, suara, tmp_path, name):
    pemilu.start("--alone")
    for start in range(0, RECORDS, 2000):
        pemilu.take(start, start + 2000)
    suara.trust(pemilu, pemilu.url)
    words = ["sync", "now", "--home", str(suara.home.folder)]
    with begin(words, tmp_path) as process:
        _, err = end(process, name, 3)
    check_quiet(err)


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("command", ["verify", "export"])
def test_what_reads_lets_go(suara, tmp_path, command, name):
    done = subprocess.run(
        [sys.executable, "-m", "federation", *importing(suara.home.folder, tmp_path)],
        cwd=PROJECT, check=False, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    bundle = tmp_path / "out" / "all.zip"
    bundle.parent.mkdir()
    words = ["export", "--bundle", str(bundle), "--home", str(suara.home.folder)]
    least = 0
    if command == "verify":
        done = subprocess.run(
            [sys.executable, "-m", "federation", *words],
            cwd=PROJECT, check=False, capture_output=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        words, least = ["verify", str(bundle)], 3
    with begin(words, tmp_path) as process:
        # Not while Python loads the program: then Ctrl-C is Python's own.
        wait_until(lambda: list(bundle.parent.iterdir()), "it has begun")
        _, err = end(process, name, least)
    check_quiet(err)


@pytest.mark.long
@pytest.mark.parametrize("name", SIGNALS)
def test_the_demonstration_lets_go_and_leaves_no_folder(tmp_path, name):
    with begin(["demo"], tmp_path) as process:
        wait_until(lambda: list(tmp_path.glob("*/*/data/control.json")), "a node")
        _, err = end(process, name, 3)
    check_quiet(err)
    if name != "SIGKILL":
        assert list(tmp_path.glob("federation-demo-*")) == []
    shutil.rmtree(tmp_path, ignore_errors=True)
