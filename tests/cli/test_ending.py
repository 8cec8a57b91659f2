"""A command that is asked to end ends as at Ctrl-C, and says so by its exit code."""

import asyncio
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from federation.cli.ending import TWICE_S, Ending
from tests.waiting import LIMIT_S, is_running, unmeasured, wait_until

ROOT = Path(__file__).parents[2]
#: A command that waits in a coroutine, and needs a moment to undo what it began.
SLOW = """
import asyncio, sys
from pathlib import Path
import click
from federation.cli import main
from federation.cli.help import Command
import federation.cli.init
folder = Path(sys.argv[1])
async def work():
    (folder / "begun").touch()
    print("begun", flush=True)
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0.2)
        (folder / "begun").unlink()
@click.command("init", cls=Command)
def init():
    asyncio.run(work())
federation.cli.init.init = init
main(["init"])
"""
#: An export whose rows come slowly.
EXPORT = """
import sys, time
from pathlib import Path
from federation.cli.ending import TWICE_S, Ending
from federation.files import write_whole
def write(out):
    out.write(b"half")
    print("begun", flush=True)
    time.sleep(60)
with Ending() as ending:
    try:
        with write_whole(Path(sys.argv[1]) / "out.csv") as out: write(out)
    except KeyboardInterrupt: pass
sys.exit(ending.exit_code(0))
"""


def spawn(command, **given):
    """A process that a signal may meet anywhere; nobody reads what it says."""
    usual = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen(command, cwd=ROOT, **{"env": unmeasured()} | usual | given)


def start(program, folder, **given):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return spawn([sys.executable, "-c", program, str(folder)], **pipes, **given)


def ignore_interrupts():
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("SIGTERM", None),
        pytest.param("SIGHUP", None, marks=pytest.mark.slow),
        # So a shell starts `command &` in a script.
        ("SIGTERM", ignore_interrupts),
    ],
)
def test_what_was_begun_is_undone_whoever_asks(tmp_path, name, before):
    with start(SLOW, tmp_path, preexec_fn=before) as process:
        assert process.stdout.readline() == b"begun\n"
        number = getattr(signal, name)
        process.send_signal(number)
        # As `timeout` does: once to the process, once to its group.
        time.sleep(0.05)
        process.send_signal(number)
        assert process.wait(LIMIT_S) == 128 + number
        assert list(tmp_path.iterdir()) == []
        said = process.stderr.read()
        assert b"Traceback" not in said
        assert said.endswith(b"Stopped.\n")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_file_that_is_not_whole_is_taken_away(tmp_path, name):
    (tmp_path / "out.csv").write_text("before")
    with start(EXPORT, tmp_path) as process:
        assert process.stdout.readline() == b"begun\n"
        assert len(list(tmp_path.iterdir())) == 2
        process.send_signal(getattr(signal, name))
        assert process.wait(LIMIT_S) == 128 + getattr(signal, name)
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert (tmp_path / "out.csv").read_text() == "before"


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_the_first_request_interrupts_and_counts(name):
    number = getattr(signal, name)
    before = signal.getsignal(number)
    with Ending() as ending:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        signal.raise_signal(number)  # a second one is not another Ctrl-C
        assert ending.exit_code(130) == 128 + number
    assert signal.getsignal(number) is before
    assert Ending().exit_code(4) == 4


def test_inside_of_asyncio_the_main_task_is_cancelled():
    undone = []

    async def work():
        signal.raise_signal(signal.SIGTERM)
        try:
            await asyncio.sleep(60)
        finally:
            undone.append(asyncio.current_task())

    with Ending() as ending, pytest.raises(KeyboardInterrupt):
        asyncio.run(work())
    assert len(undone) == 1
    assert ending.exit_code(0) == 143


def test_where_ctrl_c_is_ignored_the_main_task_is_cancelled_too():
    undone = []

    async def duty():
        for _ in range(3):
            await asyncio.sleep(0.1)
        # In a step of another task: raised there, it would end that one.
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)

    async def work():
        other = asyncio.create_task(duty())
        try:
            await asyncio.sleep(60)
        finally:
            undone.append(await asyncio.wait_for(other, LIMIT_S))

    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Ending() as ending, pytest.raises(KeyboardInterrupt):
            asyncio.run(work())
        assert undone == [None]
        assert ending.exit_code(0) == 143
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_what_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with Ending() as ending:
            signal.raise_signal(signal.SIGHUP)
        assert ending.exit_code(0) == 0
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_thread_runs_commands_without_being_asked_to_end():
    found = []

    def work():
        with Ending() as ending:
            found.append(ending.exit_code(0))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [0]


def children_of(pid):
    words = ["ps", "-eo", "pid,ppid,stat"]
    shown = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    rows = [row.split() for row in shown.splitlines()[1:]]
    return [int(r[0]) for r in rows if int(r[1]) == pid and not r[2].startswith("Z")]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL"])
def test_an_import_that_is_ended_leaves_no_process_and_nothing_half_done(
    own_home, tmp_path, name
):
    number = getattr(signal, name)
    table = tmp_path / "results.csv"
    codes = (f"720201100{k}{n:03d}" for k in (1, 2, 3, 7) for n in range(1, 751))
    rows = (f"{code},1,2,3" for code in codes)
    table.write_text("kode_tps,01,02,03\n" + "\n".join(rows) + "\n")
    words = ["import", str(table), "--alone", "--home", str(own_home)]
    words += ["--election", "pemilu-2024", "--contest", "ppwp"]
    command = [sys.executable, "-m", "federation", *words]
    with spawn(command) as process:
        started, until = [], time.monotonic() + LIMIT_S
        while len(started) < 3 and process.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
            started = children_of(process.pid)
        process.send_signal(number)
        code = process.wait(LIMIT_S)
    assert code in {128 + number, -number, 0}  # 0: it was done before
    wait_until(lambda: not any(map(is_running, started)), "its workers end")
    again = subprocess.run(command, check=False, cwd=ROOT, capture_output=True)
    assert again.returncode == 0
    doctor = [sys.executable, "-m", "federation", "doctor", "--home", str(own_home)]
    assert subprocess.run(doctor, check=False, cwd=ROOT).returncode == 0


def wait_for(path, process):
    wait_until(lambda: path.exists() or process.poll() is not None)
    assert path.exists(), process.poll()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_node_that_is_asked_to_end_ends_in_order(own_home, name):
    command = [sys.executable, "-m", "federation", "serve", "--home", str(own_home)]
    with spawn(command) as process:
        wait_for(own_home / "data" / "control.json", process)
        process.send_signal(getattr(signal, name))
        assert process.wait(LIMIT_S) == 0
    assert not (own_home / "data" / "control.json").exists()


@pytest.mark.slow
def test_a_node_under_nohup_goes_on_when_the_terminal_closes(own_home):
    command = ["nohup", sys.executable, "-m", "federation", "serve"]
    command += ["--home", str(own_home)]
    with spawn(command) as process:
        wait_for(own_home / "data" / "control.json", process)
        process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT_S) == 0


@pytest.mark.slow
def test_a_node_of_the_demonstration_ends_when_the_demonstration_is_gone(own_home):
    command = [sys.executable, "-m", "federation.cli.demo.child", "serve"]
    command += ["--home", str(own_home)]
    with spawn(command, stdin=subprocess.PIPE) as process:
        wait_for(own_home / "data" / "control.json", process)
        process.stdin.close()
        assert process.wait(LIMIT_S) == 0
    assert not (own_home / "data" / "control.json").exists()


#: A command that does not end: what interrupts it is lost.
DEAF = """
import sys, time
from federation.cli.ending import TWICE_S, Ending
with Ending():
    try:
        print("begun", flush=True)
        time.sleep(60)
    except KeyboardInterrupt: print("asked", flush=True)
    time.sleep(60)
"""
#: A command that is asked to end within an import.
IMPORTING = """
import sys
from pathlib import Path
from federation.cli.ending import TWICE_S, Ending
folder = Path(sys.argv[1])
(folder / "slow_one.py").write_text("import time\\nprint('begun', flush=True)\\n"
    "time.sleep(0.5)\\nprint('imported', flush=True)")
sys.path.insert(0, str(folder))
with Ending() as ending:
    try:
        import slow_one, time
        time.sleep(60)
    except KeyboardInterrupt: pass
sys.exit(ending.exit_code(0))
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_who_asks_again_later_ends_a_command_that_does_not(tmp_path, name):
    number = getattr(signal, name)
    with start(DEAF, tmp_path) as process:
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(number)
        assert process.stdout.readline() == b"asked\n"
        time.sleep(TWICE_S + 0.1)
        process.send_signal(number)
        assert process.wait(LIMIT_S) == 128 + number


def test_a_request_within_an_import_is_not_lost(tmp_path):
    with start(IMPORTING, tmp_path) as process:
        assert process.stdout.readline() == b"begun\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(LIMIT_S) == 128 + signal.SIGTERM
        # Python drops what is raised at some places of an import: it is finished first.
        assert process.stdout.read() == b"imported\n"
