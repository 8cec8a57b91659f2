"""An independent tool asks a node what its document says may be asked.

Schemathesis makes questions out of `/openapi.json`, those that it allows and those that
it does not, and holds each answer to what the document says of it: no fault of ours, no
status, media type, header or body that is not written there, nothing taken that has not
the form, nothing refused that has it. The same questions each time.
"""

import asyncio
import sys
from importlib.util import find_spec

import pytest

from tests.annexed import give_key
from tests.homes import ELECTION, draft, make_home, serving

#: Where a question that has the form may be refused, by a rule that no form can say.
RULED = {
    "GET /v1/export": "of two parameters one needs the other",
    "GET /v1/kpu": "an order that one list alone has",
    "GET /v1/pictures": "of two parameters one needs the other",
    "GET /v1/queue": "a place in the queue, which only an earlier answer knows",
    "POST /add-checkpoint": "bytes that are a signed total",
    "POST /v1/evidence": "bytes that are a photograph",
    "POST /v1/evidence/uploads": "a bucket, which this node has not",
    "POST /v1/evidence/uploaded": "a bucket, which this node has not",
}
SETTINGS = "".join(
    f"""
[[operations]]
include-name = "{name}"
checks.positive_data_acceptance.enabled = false
"""
    for name in RULED
)


@pytest.mark.skipif(not find_spec("schemathesis"), reason="not installed: make check")
@pytest.mark.slow
@pytest.mark.parametrize(
    ("phases", "examples"),
    [("fuzzing", 2), pytest.param("coverage,stateful", 3, marks=pytest.mark.long)],
)
async def test_schemathesis_finds_no_answer_that_is_not_in_the_document(
    tmp_path, phases, examples
):
    told = tmp_path / "schemathesis.toml"
    told.write_text(SETTINGS)
    home = make_home(tmp_path / "home")
    give_key(home)
    async with serving(home, alone=True) as node:
        rows = {"election": ELECTION, "records": [draft(), draft("1371011001002")]}
        assert (await node.post("/v1/records", rows))[0] == 200
        asking = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "--no-color"),
            *("--config-file", told, "run", f"{node.url}/openapi.json"),
            *("--url", node.url, "--header", f"Authorization: Bearer {node.token}"),
            *("--phases", phases, "--max-examples", str(examples), "--seed", "2024"),
            *("--continue-on-failure", "--no-shrink", "--warnings", "off"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            cwd=tmp_path,
        )
        said, _ = await asking.communicate()
    assert asking.returncode == 0, said.decode()[-8_000:]
