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
from obstore.store import ObjectStore

from federation.blobs.bucket import open_store
from federation.blobs.probe import probe_store, try_for_photos
from federation.text import Text
from federation.text.cause import cause_of
from tests.attacks._signing import Signer, make_guarded_home
from tests.clusters.ceph import CephCluster, ceph_cluster
from tests.clusters.machines import Near
from tests.homes import ELECTION, make_home
from tests.stories.nodes import PROJECT, station

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
    cluster.own(BUCKET, "", "")
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
        "replaces by a tag in quotes": _takes(given, quoted=True),
        "replaces by a tag without": _takes(given, quoted=False),
        "a published site": _publish(folder / "site", given),
        "a guard": _sign(folder / "guard", cluster),
        "without room": _fill(cluster),
    }
    return {**said, "failures": _judge(said, takes_all=takes_guards)}


def _judge(said: dict[str, Any], *, takes_all: bool) -> list[str]:
    """A store that keeps its word is taken, any other is refused in the same words."""
    wanted = {"a published site": takes_all, "a guard": takes_all}
    found = []
    for what, is_wanted in wanted.items():
        is_taken, words = said[what]["is taken"], said[what]["words"]
        if is_taken is not is_wanted:
            found.append(f"{what}: taken" if is_taken else f"{what}: refused")
        if not is_wanted and said["in words"] not in words:
            found.append(f"{what}: refused in other words")
    if said["without room"] != "blobs.store-full":
        found.append("without room: told as something else")
    return found


def _fill(cluster: CephCluster) -> str:
    """What is said of a bucket over its quota: the name of that sentence."""
    place = f"s3://{BUCKET}/full"
    cluster.bound(1)
    try:
        try_for_photos(open_store(place, cluster.environment()), place)
    except OSError as error:
        return cause_of(error).key
    return ""


def _takes(given: dict[str, str], *, quoted: bool) -> dict[str, bool]:
    """Whether it replaces an object by its tag, and by one that is another's by now."""
    store, name = open_store(f"s3://{BUCKET}", given), f"tag-{quoted}"
    obstore.put(store, name, b"first", use_multipart=False)
    old = obstore.head(store, name)["e_tag"] or ""
    tag = old if quoted else old.strip('"')
    return {
        "its tag": _put(store, name, b"second", tag),
        "a stale one": _put(store, name, b"third", tag),
    }


def _put(store: ObjectStore, name: str, body: bytes, tag: str) -> bool:
    try:
        obstore.put(store, name, body, mode={"e_tag": tag}, use_multipart=False)
    except BaseError:
        return False
    return bytes(obstore.get(store, name).bytes()) == body


def _publish(folder: Path, given: dict[str, str]) -> dict[str, Any]:
    folder.mkdir()
    home = make_home(folder)
    words = ["export", "--static", f"s3://{BUCKET}/site", "--home", str(home.folder)]
    done = subprocess.run(
        [sys.executable, "-m", "federation", *words, "--json"],
        cwd=PROJECT,
        env={**os.environ, **given},
        capture_output=True,
        text=True,
        check=False,
    )
    said = " ".join((done.stdout + done.stderr).split())
    return {"is taken": done.returncode == 0, "words": said}


def _sign(folder: Path, cluster: CephCluster) -> dict[str, Any]:
    """A node whose guard would be there: what it answers to a record, and says."""
    folder.mkdir()
    home = make_guarded_home(folder, BUCKET)
    with contextlib.closing(Signer(home, cluster, Near())) as signer:
        signer.start("--alone")
        rows = {"election": ELECTION, "records": [station(0)]}
        status, _ = signer.post("/v1/records", rows)
        said = (home.folder / "serve.log").read_text()
    return {"is taken": status == 200, "words": " ".join(said.split())}
