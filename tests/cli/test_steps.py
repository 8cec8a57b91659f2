"""What to do about a step is printed so that it can be done line by line."""

import io

import pytest

from federation.cli.output import Output, typed_in
from federation.cli.steps import print_steps
from federation.flows.steps import failed
from federation.text import Sentence, Text

COMMAND = f"`sudo {'a-long-folder/' * 9}python -m pip install --require-hashes`"
MEND = Sentence("machine.said", words=f"take heart.\n1. First\n{COMMAND}\n2. Then")


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Run:
    t = Text("en")

    def __init__(self, stream):
        self.out = Output(self.t, stdout=stream)


@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_each_step_has_its_line_and_a_command_is_never_broken(stream):
    run = Run(stream())
    seen = Sentence("machine.said", words="broken\n5 well")
    print_steps(run, "House", [failed("room", seen, MEND)])
    assert run.out.stdout.getvalue().splitlines() == [
        "House",
        " 1 room on the disk  FAILED  broken\\n5 well",
        "    → take heart.",
        "      1. First",
        f"        {COMMAND[1:-1]}",
        "      2. Then",
    ]


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("`df -h`", "df -h"),
        ("1. `df -h`", None),
        ("`df -h`, then `df -i`", None),
        ("df -h", None),
        ("``", None),
    ],
)
def test_only_a_line_that_is_one_command_is_one(line, command):
    assert (typed_in(line) or None) == command


def test_what_a_failed_command_tells_to_type_can_be_copied():
    stream = io.StringIO()
    Output(Text("en"), stderr=stream).fault(1, "x", f"No.\n{COMMAND}\n1. Wait")
    assert stream.getvalue() == f"No.\n  {COMMAND[1:-1]}\n1. Wait\n"
