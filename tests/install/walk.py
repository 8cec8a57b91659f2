"""Somebody who installs a node as the how-to says: its lines, typed at a terminal.

The terminal is in a copy of this machine's folders that is thrown away (overlays in a
name space of mounts), so that `/opt`, `/etc` and accounts are written as they stand
there. What an operator would be asked is answered; what a line names as an example (the
partner's address, its fingerprint) is put in its place; nothing else is changed.
"""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

PROJECT = Path(__file__).resolve().parents[2]
_HEAD = re.compile(r"(?m)^(?:## (.*)|\*\*([^*]+)\*\*.*)$")
_BLOCK = re.compile(r"```sh\n(.*?)```\n", re.DOTALL)
#: Written to by an installation; all else of this machine is as it is.
_COPIED = ("/etc", "/opt", "/root", "/srv", "/usr/local", "/usr/share", "/var/lib")
_PROMPT = "@typed@"
#: What is asked at a terminal, by the words of the question.
ANSWERS = {
    "Domain name of your organisation": "walker.example",
    "Its name for people": "Walker",
    "Contact for partners": "data@walker.example",
    "Elections, separated": "pilpres-2019",
    "Address at which partners": "",
    "Passphrase for the identity key": "only for this walk",
    "Once more, to be sure": "only for this walk",
    "[y/N]": "y",
    "[Y/n]": "y",
}


def blocks(page: Path) -> dict[str, list[str]]:
    """The shell blocks of a page by what stands before: a heading, or bold words."""
    text = page.read_text(encoding="utf-8")
    heads = [(0, ""), *((h.start(), h[1] or h[2]) for h in _HEAD.finditer(text))]
    found: dict[str, list[str]] = {}
    for block in _BLOCK.finditer(text):
        head = [name for at, name in heads if at < block.start()][-1]
        found.setdefault(head, []).append(block[1])
    return found


def lines_of(block: str) -> list[str]:
    """The commands of a block: a line that ends in `\\` or `&&` goes on in the next."""
    joined = re.sub(
        r"(\\\n|&&\n)\s*", lambda m: " " if m[1][0] == "\\" else "&& ", block
    )
    return [line for line in joined.splitlines() if line.split("#")[0].strip()]


class Typed(NamedTuple):
    """One line: how long it took (seconds), its exit code, what it printed."""

    line: str
    seconds: float
    code: int
    said: str


class Terminal:
    """A shell at a terminal, in a copy of this machine."""

    def __init__(self, copy: Path, folder: Path, environ: Mapping[str, str]) -> None:
        self.typed: list[Typed] = []
        self._read = ""
        overlays = [
            f"mkdir -p {copy}{one}/u {copy}{one}/w && mount -t overlay overlay -o "
            f"lowerdir={one},upperdir={copy}{one}/u,workdir={copy}{one}/w {one}"
            for one in _COPIED
        ]
        mounts = " && ".join([f"mount -t tmpfs -o mode=755 none {copy}", *overlays])
        shell = f"{mounts} && cd {folder} && exec bash --norc --noprofile -i"
        words = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", shell]
        self.process, self._tty = pty.fork()
        if not self.process:
            os.execvpe(words[0], words, {**environ, "PS1": _PROMPT, "TERM": "dumb"})
        self._until_prompt(60)
        self._put("stty -echo cols 200")
        self._until_prompt(60)

    def type(self, line: str, limit_s: float = 900) -> Typed:
        """Type a line, answer what is asked; back when the shell waits again."""
        began = time.monotonic()
        self._put(line)
        said = self._until_prompt(limit_s)
        seconds = time.monotonic() - began
        self._put("echo code=$?")
        code = int(re.findall(r"code=(\d+)", self._until_prompt(60))[-1])
        self.typed.append(Typed(line, round(seconds, 1), code, said))
        return self.typed[-1]

    def _put(self, line: str) -> None:
        os.write(self._tty, f"{line}\n".encode())

    def _until_prompt(self, limit_s: float) -> str:
        """What is printed until the shell waits; questions on the way are answered."""
        said, seen, end = "", 0, time.monotonic() + limit_s
        while not said.endswith(_PROMPT):
            ready, _, _ = select.select([self._tty], [], [], 0.2)
            assert time.monotonic() < end, f"it goes on and on:\n{said}"
            if ready:
                said += os.read(self._tty, 65_536).decode(errors="replace")
                continue
            asked = said[seen:].splitlines()[-1] if said[seen:].strip() else ""
            for question, answer in ANSWERS.items():
                if question in asked and asked.rstrip().endswith((":", "]", "?", ")")):
                    seen = len(said)
                    self._put(answer)
                    break
        return said.removesuffix(_PROMPT)

    def close(self) -> None:
        """End the shell and what it left running."""
        os.write(self._tty, b"\x04")
        time.sleep(0.5)
        with_children = subprocess.run(
            ["pgrep", "-g", str(os.getpgid(self.process))],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        for number in {*map(int, with_children.stdout.split()), self.process}:
            try:
                os.kill(number, signal.SIGHUP)
            except ProcessLookupError:
                continue
        os.close(self._tty)
        os.waitpid(self.process, 0)


@contextmanager
def terminal(scratch: Path, folder: Path, **environ: str) -> Iterator[Terminal]:
    """A terminal in `folder`; below `scratch` lies what is written elsewhere."""
    copy = scratch / "copy"
    copy.mkdir()
    names = ("PATH", "HOME", "LANG")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    kept |= {n: v for n, v in os.environ.items() if n.startswith(("PIP_", "SSL_"))}
    # Who installs a node has none of ours on the path.
    ours = str(Path(sys.executable).parent)
    kept["PATH"] = ":".join(p for p in kept["PATH"].split(":") if p != ours)
    found = Terminal(copy, folder, {**kept, "FEDERATION_LANG": "en", **environ})
    try:
        yield found
    finally:
        found.close()


def checkout(folder: Path) -> Path:
    """The files of this checkout, as `git clone` would bring them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT, capture_output=True, check=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (PROJECT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / name, folder / name)
    return folder
