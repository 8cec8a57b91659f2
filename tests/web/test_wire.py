"""What a command asks of a running node arrives as it was sent."""

import json
import re
from pathlib import Path

import pytest

from federation import cli
from federation.errors import FormatError
from federation.flows.ownlog.emptied import EmptiedDocument
from federation.node import commands
from federation.web.requests.records import WithdrawEmptied
from federation.web.requests.request import Request
from federation.web.requests.wire import encode_request, read_control

CONTROL = "/v1/control/"
SOURCES = [path.read_text() for path in Path(cli.__path__[0]).rglob("*.py")]
SENT = set(re.findall(r"\b([A-Z]\w+)\(", "\n".join(SOURCES)))
COMMANDS = sorted(
    kind.route.removeprefix(CONTROL)
    for kind in Request.__subclasses__()
    if kind.__name__ in SENT and kind.route.startswith(CONTROL)
)


def test_each_of_these_is_work_of_a_node():
    assert {"emptied", "sync"} <= set(COMMANDS)
    assert callable(commands.run)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_running_node_knows_what_a_command_sends(command):
    # Whether there is such a command is asked before its members are read.
    with pytest.raises(FormatError):
        read_control(command, {"unknown": 1})


def test_documents_without_figures_arrive_as_they_were_sent():
    document = EmptiedDocument(contest="ppwp", tps="3101011001001", round="reguler")
    sent = WithdrawEmptied(election="pemilu-2024", documents=[document])
    members = json.loads(encode_request(sent))
    assert read_control("emptied", members) == sent
