"""Ceph's gateway as a bucket: what the node says of it, and whether that is true.

A real radosgw on loopback. What a node does before it relies on a store is asked in its
own words: the trial of the store (`blobs/probe.py`), a guard, and a published site. A
store that would let a checkpoint go back must be refused in those words.

    make attack ARGS="gateways"
"""

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError

from federation.blobs.bucket import open_store
from federation.blobs.probe import probe_store
from federation.text import Text
from tests.attacks._signing import make_guarded_home, write_access
from tests.clusters.ceph import CephCluster, ceph_cluster
from tests.homes import make_home
from tests.stories.nodes import PROJECT

BUCKET = "federation"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has no bounds: a dozen requests."""


def run(asked: argparse.Namespace) -> int:
    """Ask, compare, print."""
    began, load = time.monotonic(), os.getloadavg()[0]
    with (
        tempfile.TemporaryDirectory(prefix="federation-gateways-") as folder,
        ceph_cluster() as cluster,
    ):
        found = _ask(cluster, Path(folder))
    found["seconds"] = round(time.monotonic() - began, 1)
    found["load before and after"] = [round(load, 1), round(os.getloadavg()[0], 1)]
    print(json.dumps(found, indent=1))  # noqa: T201  the figures
    return 1 if found["failures"] else 0


def _ask(cluster: CephCluster, folder: Path) -> dict[str, Any]:
    _make_bucket(cluster)
    given = cluster.environment()
    traits = probe_store(open_store(f"s3://{BUCKET}", given), f"s3://{BUCKET}")
    takes_guards = traits.takes_sites
    said = {
        "gateway": cluster.version(),
        "s until it answered": cluster.ready_s,
        "creates only where there is none": traits.creates,
        "swaps only what was looked at": traits.swaps,
        "lets one of 16 through": traits.is_fair,
        "in words": Text("en").say(traits.tell()),
        "swaps with an unquoted tag": _swaps_unquoted(given),
        "a published site": _publish(folder / "site", given),
        "a guard": _sign(folder / "guard", given),
    }
    return {**said, "failures": _judge(said, takes_all=takes_guards)}


def _judge(said: dict[str, Any], *, takes_all: bool) -> list[str]:
    """A store that keeps its word is taken, any other is refused in the same words."""
    wanted = {"a published site": takes_all, "a guard": takes_all}
    found = []
    for what, is_wanted in wanted.items():
        code, words = said[what]["exit code"], said[what]["words"]
        if (code == 0) is not is_wanted:
            found.append(f"{what}: exit code {code}")
        if not is_wanted and said["in words"] not in words:
            found.append(f"{what}: refused in other words")
    return found


def _make_bucket(cluster: CephCluster) -> None:
    given = cluster.environment()
    user = f"{given['AWS_ACCESS_KEY_ID']}:{given['AWS_SECRET_ACCESS_KEY']}"
    words = ["--fail", "--silent", "--show-error", "--user", user, "--request", "PUT"]
    words += ["--aws-sigv4", "aws:amz:us-east-1:s3", f"{cluster.url}/{BUCKET}"]
    subprocess.run(["curl", *words], check=True, capture_output=True)


def _swaps_unquoted(given: dict[str, str]) -> bool:
    """What no client sends: RFC 9110 has the tag in quotes."""
    store = open_store(f"s3://{BUCKET}", given)
    obstore.put(store, "unquoted", b"first", use_multipart=False)
    tag = (obstore.head(store, "unquoted")["e_tag"] or "").strip('"')
    try:
        obstore.put(store, "unquoted", b"second", mode={"e_tag": tag})
    except BaseError:
        return False
    return bytes(obstore.get(store, "unquoted").bytes()) == b"second"


def _publish(folder: Path, given: dict[str, str]) -> dict[str, Any]:
    folder.mkdir()
    home = make_home(folder)
    words = ["export", "--static", f"s3://{BUCKET}/site", "--home", home.folder]
    return _command([*map(str, words), "--json"], given)


def _sign(folder: Path, given: dict[str, str]) -> dict[str, Any]:
    """A node that starts with its guard there: it says why it does not sign."""
    folder.mkdir()
    home = make_guarded_home(folder, BUCKET)
    write_access(home, "guard.env", given)
    with contextlib.suppress(subprocess.TimeoutExpired):
        return _command(["serve", "--home", str(home.folder), "--alone"], {}, 30)
    return {"exit code": 0, "words": ""}


def _command(
    words: list[str], given: dict[str, str], limit_s: float | None = None
) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "federation", *words],
        cwd=PROJECT,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=limit_s,
    )
    words = (done.stdout + done.stderr).split()
    return {"exit code": done.returncode, "words": " ".join(words)}
