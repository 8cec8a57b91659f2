"""What a page tells its reader to type is typed here, and must answer as it says."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from federation.cli.demo.stage import free_port
from tests.docs.places import holding

DOCS = Path(__file__).resolve().parents[2] / "docs"
FILE = re.compile(r"<!-- file: (\S+) -->\n```\w*\n(.*?)```\n", re.DOTALL)
CONSOLE = re.compile(r"```console\n(.*?)```\n", re.DOTALL)
FINGERPRINT = re.compile(r"\b(?:[A-Z2-7]{5}-){7}[A-Z2-7]{5}\b")
READS = (
    "coverage",
    "sync now",
    "gaps",
    "disputed",
    "show ",
    "status",
    "keys token list",
)
DONE = "== done "


class Step:
    """One command of a page and the lines that it must print."""

    def __init__(self, command: str, said: list[str]) -> None:
        self.command, self.said = command, said

    def is_answered_by(self, output: str) -> bool:
        """Whether every line of the page is there, in that order; … is anything."""
        lines = (" ".join(line.split()) for line in output.splitlines())
        return all(any(map(re.compile(one).fullmatch, lines)) for one in self.patterns)

    @property
    def patterns(self) -> list[str]:
        """The lines as patterns; one that is only … holds anyway."""
        said = [" ".join(line.split()) for line in self.said]
        return [
            ".*".join(re.escape(part.strip()) for part in line.split("…"))
            for line in said
            if line not in {"", "…"}
        ]


def steps_of(text: str) -> list[Step]:
    """The commands of the page's ```console blocks."""
    found: list[Step] = []
    for block in CONSOLE.findall(text):
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append(Step(line[2:], []))
            else:
                found[-1].said.append(line)
    return found


class Reader:
    """Somebody at a shell who does what a page says, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ports, self.print = folder, {}, ""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        kept = {k: v for k, v in os.environ.items() if not k.startswith("FEDERATION_")}
        self.log = folder.parent / "printed"
        self.printer = self.log.open("wb")
        self.shell = subprocess.Popen(
            [shutil.which("bash") or "bash", "--norc", "-m"],
            cwd=folder,
            env={**kept, "PATH": path, "PYTHONUNBUFFERED": "1", "TERM": "dumb"},
            stdin=subprocess.PIPE,
            stdout=self.printer,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.count = 0

    def follow(self, page: Path) -> None:
        """Save the page's files and type its commands."""
        text = page.read_text(encoding="utf-8")
        for name, content in FILE.findall(text):
            (self.folder / name).write_text(content, encoding="utf-8")
        for step in steps_of(text):
            self.do(step)

    def do(self, step: Step) -> None:
        """Type one command; wait until what it should print is there."""
        command = re.sub(r"\b84\d\d\b", self._port, step.command)
        command = FINGERPRINT.sub(lambda _: self.print, command)
        step.said = [re.sub(r"\b84\d\d\b", self._port, line) for line in step.said]
        again = 20 if any(word in command for word in READS) else 1
        output = ""
        for _ in range(again):
            output = self.type(command, step)
            if step.is_answered_by(output):
                break
            subprocess.run(["sleep", "0.5"], check=True)
        assert step.is_answered_by(output), f"$ {command}\n{output}"
        if found := FINGERPRINT.search(output):
            self.print = found[0]

    def type(self, command: str, step: Step) -> str:
        """What the shell printed for a command."""
        begin, self.count = self.log.stat().st_size, self.count + 1
        background = command.rstrip().endswith("&")
        done = f"{DONE}{self.count}"
        print(f"{command}\necho '{done}:'$?", file=self.shell.stdin, flush=True)
        for _ in range(600):
            output = self.log.read_bytes()[begin:].decode()
            printed, found, code = output.partition(f"{done}:")
            if found and "\n" in code:
                assert code.splitlines()[0] == "0", f"$ {command}\n{output}"
                # What goes on behind the prompt prints when it is ready.
                if not background or step.is_answered_by(output):
                    return output if background else printed
            subprocess.run(["sleep", "0.1"], check=True)
        raise AssertionError(f"no end: $ {command}\n{output}")

    def close(self) -> None:
        """End the shell and what it started."""
        if self.shell.poll() is None:
            line = "for job in $(jobs -p); do kill -- -$job; done; wait; exit"
            print(line, file=self.shell.stdin, flush=True)
        try:
            self.shell.wait(20)
        except subprocess.TimeoutExpired:
            self.shell.send_signal(signal.SIGKILL)
            self.shell.wait()
        self.shell.stdin.close()
        self.printer.close()

    def _port(self, match: re.Match[str]) -> str:
        """A free port for each port of the page."""
        if match[0] not in self.ports:
            self.ports[match[0]] = str(free_port())
        return self.ports[match[0]]


@pytest.fixture
def reader(tmp_path):
    """A reader in an empty folder."""
    folder = tmp_path / "practice"
    folder.mkdir()
    found = Reader(folder)
    yield found
    found.close()


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    """An address, fingerprints and the id of a record: what a stranger starts from."""
    with holding(tmp_path_factory.mktemp("nodes")) as found:
        yield found
