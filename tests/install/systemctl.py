"""What stands in for systemd where none runs: it starts a unit, and hears how it goes.

As much of a unit as ours needs: user, folder, environment, `Type=notify`. Nothing is
shut off (`ProtectSystem` and its like); `systemd-analyze` judges those lines.

    systemctl daemon-reload | enable --now NAME | status NAME
"""

import configparser
import os
import pwd
import socket
import subprocess
import sys
from pathlib import Path

UNITS, RUN = Path("/etc/systemd/system"), Path(os.environ["STAND_IN"])
START_S = 120


def read_unit(name: str) -> configparser.SectionProxy:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read_string((UNITS / f"{name}.service").read_text())
    return unit["Service"]


def start(name: str) -> None:
    """Start it as its user; back when it says that it is ready."""
    unit = read_unit(name)
    assert unit["Type"] == "notify"
    user = pwd.getpwnam(unit["User"])
    state = Path("/var/lib") / unit["StateDirectory"]
    state.mkdir(exist_ok=True)
    os.chown(state, user.pw_uid, user.pw_gid)
    state.chmod(int(unit["StateDirectoryMode"], 8))
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    heard.bind(str(RUN / "notify"))
    (RUN / "notify").chmod(0o666)
    heard.settimeout(START_S)
    node = subprocess.Popen(
        unit["ExecStart"].split(),
        cwd=unit["WorkingDirectory"],
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        umask=int(unit["UMask"], 8),
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=(RUN / "journal").open("wb"),
        env={
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
            "NOTIFY_SOCKET": str(RUN / "notify"),
            **dict([unit["Environment"].split("=", 1)]),
        },
    )
    (RUN / "pid").write_text(str(node.pid))
    said = {}
    while said.get("READY") != "1":
        said = dict(x.split("=", 1) for x in heard.recv(65_536).decode().splitlines())
    (RUN / "status").write_text(said["STATUS"])


match sys.argv[1:]:
    case ["daemon-reload"]:
        pass
    case ["enable", "--now", unit]:
        start(unit)
    case ["status", unit]:
        print(f"{unit}.service: active\n  Status: {(RUN / 'status').read_text()}")  # noqa: T201  what it is for
    case other:
        sys.exit(f"systemctl {other}: not stood in for")
