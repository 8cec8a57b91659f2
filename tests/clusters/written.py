"""The files of `docs/examples/cluster/`, for one machine of a cluster that is tried.

A file is used as it stands, but for what its head says is to be changed, and for paths:
all of them are below a folder of the machine.
"""

import re
from collections.abc import Mapping
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "docs/examples/cluster"
#: The machines as the files call them, and their addresses there.
THERE = {
    "one": "10.0.0.11",
    "two": "10.0.0.12",
    "three": "10.0.0.13",
    "four": "10.0.0.14",
}
_FIRST = "one"
_OUTSIDE = "10.0.0.10"
_NAME = re.compile(r'^(name: |ETCD_NAME=")one("?)$')


def written_for(
    name: str, file: str, addresses: Mapping[str, str], changes: Mapping[str, str]
) -> str:
    """The file on the machine of this name.

    Args:
        name: Of the machine; `one` is whose the file is.
        file: Its name in the folder.
        addresses: Of each machine, by name; "" of whoever is before them.
        changes: What else is written otherwise; each of them stands in the file.
    """
    text = (EXAMPLES / file).read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text, f"{file} has no {old!r}"
        text = text.replace(old, new)
    lines = (_line(one, name, addresses) for one in text.split("\n"))
    return "\n".join(lines)


def _line(line: str, name: str, addresses: Mapping[str, str]) -> str:
    own = THERE[_FIRST]
    if THERE["two"] not in line and not line.lstrip().startswith("server "):
        line = _NAME.sub(rf"\g<1>{name}\g<2>", line)
        line = line.replace(own, addresses[name])
    for one, address in THERE.items():
        if one in addresses:
            line = line.replace(address, addresses[one])
    if "" in addresses:
        line = line.replace(_OUTSIDE, addresses[""])
    return line
